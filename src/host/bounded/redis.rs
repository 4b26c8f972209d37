//! The bounds on what a Redis server may send (RESP 2 and 3).
//!
//! A value begins with a byte for its type; the rest of its line is the value itself, or how many bytes or elements follow.

use super::{Frames, Tally, TooMuch};

/// Longest value.
pub const VALUE: u64 = 1 << 20;
/// Longest value that stands on its line.
const LINE: u64 = 64 * 1024;
/// Most elements of one list.
const ELEMENTS: u64 = 10_000;
/// Digits of a length, with blanks and a sign.
const DIGITS: usize = 24;

/// See the module.
#[derive(Debug, Default)]
pub struct RedisFrames {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Start,
    Line {
        kind: u8,
        head: Vec<u8>,
        length: u64,
        /// The byte before was a carriage return.
        returned: bool,
    },
    Bulk(u64),
}

impl Frames for RedisFrames {
    fn see(&mut self, mut bytes: &[u8], tally: &Tally) -> Result<(), TooMuch> {
        while let Some((&first, rest)) = bytes.split_first() {
            match &mut self.state {
                State::Start => {
                    tally.value()?;
                    self.state = State::Line { kind: first, head: Vec::new(), length: 0, returned: false };
                    bytes = rest;
                }
                State::Line { kind, head, length, returned } => {
                    bytes = rest;
                    if first == b'\n' && *returned {
                        self.state = after(*kind, head)?;
                        continue;
                    }
                    *returned = first == b'\r';
                    *length += 1;
                    if *length > LINE {
                        return Err(TooMuch::Message { bytes: *length, most: LINE });
                    }
                    if head.len() <= DIGITS && !*returned {
                        head.push(first);
                    }
                }
                State::Bulk(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    *left -= taken as u64;
                    bytes = bytes.get(taken..).unwrap_or_default();
                    if *left == 0 {
                        self.state = State::Start;
                    }
                }
            }
        }
        Ok(())
    }
}

/// What follows a line. A length that is no number is the library's to refuse.
fn after(kind: u8, head: &[u8]) -> Result<State, TooMuch> {
    if !b"$!=*~%>|".contains(&kind) {
        return Ok(State::Start);
    }
    let count = if head.len() > DIGITS { None } else { std::str::from_utf8(head).ok().map(str::trim) };
    let count = match count.map(str::parse::<i64>) {
        // Below zero: nothing, and nothing follows.
        Some(Ok(count)) => u64::try_from(count).unwrap_or_default(),
        Some(Err(error)) if *error.kind() == std::num::IntErrorKind::PosOverflow => u64::MAX,
        Some(Err(_)) => 0,
        None => u64::MAX,
    };
    let nothing = head.first() == Some(&b'-');
    match kind {
        b'$' | b'!' | b'=' if count > VALUE => Err(TooMuch::Message { bytes: count, most: VALUE }),
        b'$' | b'!' | b'=' if nothing => Ok(State::Start),
        b'$' | b'!' | b'=' => Ok(State::Bulk(count + 2)),
        _ if count > ELEMENTS => Err(TooMuch::Elements { count, most: ELEMENTS }),
        _ => Ok(State::Start),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn see(bytes: &[u8]) -> Result<(), TooMuch> {
        RedisFrames::default().see(bytes, &Tally::new(u64::MAX, 100))
    }

    #[test]
    fn announced_lengths_beyond_the_bounds_are_refused() {
        for text in [
            "$1048577\r\n",
            "$99999999999999999999\r\n",
            "=2000000\r\n",
            "*10001\r\n",
            "%10001\r\n",
            "*3\r\n*10001\r\n",
        ] {
            assert!(see(text.as_bytes()).is_err(), "{text}");
        }
        let padded = format!("${}\r\n", "0".repeat(30));
        assert!(see(padded.as_bytes()).is_err());
        for text in ["$1048576\r\n", "*10000\r\n", "$-1\r\n$5\r\n*9999\r\n+PONG\r\n", "*-1\r\n", "+\n\r\r\n:1\r\n"] {
            assert_eq!(see(text.as_bytes()), Ok(()), "{text}");
        }
    }

    #[test]
    fn lines_and_values_without_end_are_refused() {
        assert!(see(&[b"+".as_slice(), &[b'a'; 70_000]].concat()).is_err());
        assert_eq!(see("_\r\n".repeat(101).as_bytes()), Err(TooMuch::Values { most: 100 }));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_bytes_are_cut(
            values in proptest::collection::vec("[a*$\r\n]{0,20}", 0..20),
            cut in 1..50_usize,
        ) {
            let mut whole: Vec<u8> = values.iter().flat_map(|value| {
                format!("${}\r\n{value}\r\n", value.len()).into_bytes()
            }).collect();
            whole.extend_from_slice(b"*99999\r\n");
            let mut frames = RedisFrames::default();
            let tally = Tally::endless();
            let seen: Vec<_> = whole.chunks(cut).map(|part| frames.see(part, &tally)).collect();
            let (last, before) = seen.split_last().unwrap();
            prop_assert!(before.iter().all(Result::is_ok));
            prop_assert!(last.is_err());
        }
    }
}
