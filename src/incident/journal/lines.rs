//! Cuts a log into whole lines with bounded memory, whatever stands in the file.

use std::io::{self, Read};

use super::line::LONGEST_LINE;

const CHUNK: usize = 256 * 1024;

/// What was left at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rest {
    /// Bytes of whole lines, their `\n` included.
    pub(super) whole: u64,
    /// Bytes of the line that is not ended.
    pub(super) torn: u64,
}

/// Gives `each` whole line without its `\n`, and where it starts. Of a line that is too long to be one, only the beginning.
pub(super) fn each_line(mut source: impl Read, mut each: impl FnMut(u64, &[u8])) -> io::Result<Rest> {
    let mut buffer = Vec::with_capacity(CHUNK * 2);
    // Where `buffer` starts in the source, and how much of the current line was thrown away behind it.
    let (mut start, mut thrown) = (0, 0);
    loop {
        let before = buffer.len();
        let read = source.by_ref().take(CHUNK as u64).read_to_end(&mut buffer)?;
        if read == 0 {
            return Ok(Rest { whole: start, torn: buffer.len() as u64 + thrown });
        }
        let mut from = 0;
        let mut search = before;
        while let Some(at) = newline(&buffer[search..]) {
            let end = search + at;
            each(start, &buffer[from..end]);
            start += (end - from) as u64 + 1 + thrown;
            thrown = 0;
            from = end + 1;
            search = from;
        }
        buffer.drain(..from);
        if buffer.len() > LONGEST_LINE {
            thrown += (buffer.len() - LONGEST_LINE) as u64;
            buffer.truncate(LONGEST_LINE);
        }
    }
}

fn newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(bytes: &[u8]) -> (Vec<(u64, usize)>, Rest) {
        let mut lines = Vec::new();
        let rest = each_line(bytes, |start, line| lines.push((start, line.len()))).unwrap();
        (lines, rest)
    }

    #[test]
    fn only_what_is_ended_is_a_line() {
        assert_eq!(cut(b""), (vec![], Rest { whole: 0, torn: 0 }));
        assert_eq!(cut(b"ab\n\nc"), (vec![(0, 2), (3, 0)], Rest { whole: 4, torn: 1 }));
        let long = [vec![b'x'; CHUNK + 7], b"\nyz\n".to_vec()].concat();
        let starts = vec![(0, CHUNK + 7), (CHUNK as u64 + 8, 2)];
        assert_eq!(cut(&long), (starts, Rest { whole: CHUNK as u64 + 11, torn: 0 }));
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let endless = 5 * LONGEST_LINE as u64 + 3;
        let source = io::repeat(b'x').take(endless).chain(&b"\nab\n"[..]);
        let mut lines = Vec::new();
        let rest = each_line(source, |start, line| lines.push((start, line.len()))).unwrap();
        // The last chunk before the end of the line is not cut off any more.
        assert!(lines[0].1 <= LONGEST_LINE + CHUNK, "{}", lines[0].1);
        assert_eq!(lines[1], (endless + 1, 2));
        assert_eq!(rest, Rest { whole: endless + 4, torn: 0 });
    }
}
