//! Reduces what a program prints to text and colour: nothing of it can move the cursor, set a title or reach the clipboard.
//!
//! A streaming state machine on the table of [`anstyle_parse::state`]; where the chunks are cut makes no difference.
//!
//! | in | out |
//! | --- | --- |
//! | SGR (`ESC [ … m`) | colour and weight |
//! | other CSI, OSC, DCS, SOS, PM, APC, C0, DEL | nothing; `ESC [ K` and `ESC [ 2 K` empty a line that is being redrawn |
//! | carriage return | the line is written anew: only its last state is kept |
//! | backspace | takes the last character of the line away |
//! | line break inside an unfinished sequence | ends the sequence, so that it cannot swallow what follows |
//! | bytes that are not UTF-8 | U+FFFD |
//! | C1, BOM, bidi controls, line separators, invisible characters | shown as such: `\u{202e}` |

use anstyle_parse::state::{Action, State, state_change};

use super::{style::Style, text::Text};
use warroom_domain::text::{is_hidden, push_shown};

/// A line that is longer is passed on in parts; what was passed on cannot be redrawn any more.
const LONGEST_LINE: usize = 16 * 1024;
/// No sensible CSI sequence is longer.
const LONGEST_SEQUENCE: usize = 64;

/// The state between two chunks of one stream.
#[derive(Debug, Default)]
pub struct Neutraliser {
    state: State,
    /// Parameters of the CSI sequence that is being read.
    parameters: Vec<u8>,
    /// It has more than SGR and EL have: a private marker, an intermediate byte, or too many parameters.
    unusual: bool,
    /// The beginning of a character of several bytes.
    character: Vec<u8>,
    /// What the next character looks like.
    style: Style,
    /// What the last character passed on or in `line` looks like.
    drawn: Style,
    /// The style at the beginning of `line`.
    before_line: Style,
    line: Text,
    /// A carriage return came: the next character writes the line anew.
    returned: bool,
}

impl Neutraliser {
    /// Takes the next bytes and puts finished lines behind `out`.
    pub fn push(&mut self, chunk: &[u8], out: &mut Text) {
        let mut rest = chunk;
        while !rest.is_empty() {
            if self.state == State::Ground && self.character.is_empty() {
                let plain = rest.iter().position(|byte| !is_plain(*byte)).unwrap_or(rest.len());
                if plain > 0 {
                    self.plain(&rest[..plain], out);
                    rest = &rest[plain..];
                    continue;
                }
            }
            self.byte(rest[0], out);
            rest = &rest[1..];
        }
    }

    /// The unfinished line as it is now, for somebody who watches.
    pub fn unfinished(&self) -> &[u8] {
        &self.line.bytes
    }

    /// The stream has ended: what is left is passed on, without a line break.
    pub fn finish(&mut self, out: &mut Text) {
        if !self.character.is_empty() {
            self.character.clear();
            self.print('\u{fffd}', out);
        }
        self.state = State::Ground;
        self.pass_on(out);
    }

    /// Printable ASCII, tabs and line breaks.
    fn plain(&mut self, bytes: &[u8], out: &mut Text) {
        let mut rest = bytes;
        if let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') {
            let first = rest.iter().position(|byte| *byte == b'\n').unwrap_or(end);
            // The line that began earlier; those after it are whole and cannot be redrawn.
            self.fill(&rest[..first], out);
            self.line_break(out);
            let whole = &rest[first + 1..=end];
            if !whole.is_empty() {
                self.restyle(out);
                out.bytes.extend_from_slice(whole);
                self.before_line = self.drawn;
            }
            rest = &rest[end + 1..];
        }
        self.fill(rest, out);
    }

    /// Characters of one byte for the line.
    fn fill(&mut self, mut bytes: &[u8], out: &mut Text) {
        if bytes.is_empty() {
            return;
        }
        self.begin_anew();
        while !bytes.is_empty() {
            if self.line.bytes.len() >= LONGEST_LINE {
                self.pass_on(out);
            }
            let (now, later) = bytes.split_at(bytes.len().min(LONGEST_LINE - self.line.bytes.len()));
            self.restyle_line();
            self.line.bytes.extend_from_slice(now);
            bytes = later;
        }
    }

    fn byte(&mut self, byte: u8, out: &mut Text) {
        if self.state == State::Ground && (byte >= 0x80 || !self.character.is_empty()) {
            self.part_of_character(byte, out);
            return;
        }
        if byte >= 0x80 {
            match self.state {
                State::OscString | State::SosPmApcString | State::DcsPassthrough | State::DcsIgnore => {}
                // Not a part of any other sequence: it ends here, and this is text.
                _ => {
                    self.state = State::Ground;
                    self.part_of_character(byte, out);
                }
            }
            return;
        }
        if byte == b'\n' {
            self.state = State::Ground;
            self.line_break(out);
            return;
        }
        let (next, action) = state_change(self.state, byte);
        match action {
            Action::Print if byte != 0x7f => self.print(char::from(byte), out),
            Action::Execute => self.control(byte),
            Action::Param if self.parameters.len() < LONGEST_SEQUENCE && (byte.is_ascii_digit() || byte >= b':') => {
                self.parameters.push(byte);
            }
            Action::Param | Action::Collect => self.unusual = true,
            Action::CsiDispatch if !self.unusual => self.sequence(byte),
            _ => {}
        }
        if next != State::Anywhere {
            self.state = next;
            if matches!(next, State::CsiEntry | State::Escape) {
                self.parameters.clear();
                self.unusual = false;
            }
        }
    }

    fn sequence(&mut self, last: u8) {
        match (last, self.parameters.as_slice()) {
            (b'm', parameters) => self.style.apply(parameters),
            (b'K', b"2") => self.empty_line(),
            (b'K', b"" | b"0") if self.returned => self.empty_line(),
            _ => {}
        }
    }

    fn control(&mut self, byte: u8) {
        match byte {
            b'\r' => self.returned = true,
            b'\t' => self.line_push('\t'),
            0x08 if !self.returned => self.take_back(),
            _ => {}
        }
    }

    fn part_of_character(&mut self, byte: u8, out: &mut Text) {
        self.character.push(byte);
        match std::str::from_utf8(&self.character) {
            Ok(text) => {
                let character = text.chars().next();
                self.character.clear();
                if let Some(character) = character {
                    self.print(character, out);
                }
            }
            Err(error) => {
                let Some(wrong) = error.error_len() else { return };
                let again = self.character.len() > wrong;
                self.character.clear();
                self.print('\u{fffd}', out);
                if again {
                    self.byte(byte, out);
                }
            }
        }
    }

    fn print(&mut self, character: char, out: &mut Text) {
        if is_hidden(character) {
            let mut shown = String::new();
            push_shown(&mut shown, character);
            shown.chars().for_each(|c| self.put(c, out));
        } else {
            self.put(character, out);
        }
    }

    fn put(&mut self, character: char, out: &mut Text) {
        self.begin_anew();
        if self.line.bytes.len() + character.len_utf8() > LONGEST_LINE {
            self.pass_on(out);
        }
        self.line_push(character);
    }

    fn line_push(&mut self, character: char) {
        self.begin_anew();
        self.restyle_line();
        self.line.bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn begin_anew(&mut self) {
        if self.returned {
            self.empty_line();
        }
    }

    fn empty_line(&mut self) {
        self.returned = false;
        self.line.clear();
        self.drawn = self.before_line;
    }

    fn take_back(&mut self) {
        while let Some(byte) = self.line.bytes.pop() {
            if byte & 0xc0 != 0x80 {
                break;
            }
        }
        let end = self.line.bytes.len();
        while self.line.marks.last().is_some_and(|(at, _)| *at > end) {
            self.line.marks.pop();
        }
        self.drawn = self.line.marks.last().map_or(self.before_line, |(_, style)| *style);
    }

    fn restyle_line(&mut self) {
        if self.drawn != self.style {
            self.line.mark(self.style);
            self.drawn = self.style;
        }
    }

    fn restyle(&mut self, out: &mut Text) {
        if self.drawn != self.style {
            out.mark(self.style);
            self.drawn = self.style;
        }
    }

    fn line_break(&mut self, out: &mut Text) {
        self.returned = false;
        self.pass_on(out);
        out.bytes.push(b'\n');
    }

    fn pass_on(&mut self, out: &mut Text) {
        out.take(&mut self.line);
        self.before_line = self.drawn;
    }
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\t')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::output::text::Painter;

    fn seen(chunks: &[&[u8]]) -> Vec<u8> {
        let (mut machine, mut painter) = (Neutraliser::default(), Painter::default());
        let mut out = Vec::new();
        for chunk in chunks {
            let mut text = Text::default();
            machine.push(chunk, &mut text);
            painter.paint(&text, &mut out);
        }
        let mut text = Text::default();
        machine.finish(&mut text);
        painter.paint(&text, &mut out);
        painter.finish(&mut out);
        out
    }

    fn shown(input: &str) -> String {
        String::from_utf8(seen(&[input.as_bytes()])).unwrap()
    }

    #[test]
    fn colour_stays_and_ends_with_its_line() {
        assert_eq!(shown("a\x1b[31mred\nstill\x1b[m no\n"), "a\x1b[0;31mred\x1b[0m\n\x1b[0;31mstill\x1b[0m no\n");
        assert_eq!(shown("\x1b[1;32mok"), "\x1b[0;1;32mok\x1b[0m");
    }

    #[test]
    fn nothing_reaches_the_terminal_but_text() {
        for (input, wanted) in [
            ("a\x1b]52;c;aGk=\x07b", "ab"),
            ("a\x1b]0;title\x1b\\b", "ab"),
            ("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b", "alinkb"),
            ("a\x1b[2J\x1b[1;1H\x1b[?1049hb", "ab"),
            ("a\x1bP1$r0m\x1b\\b", "ab"),
            ("a\u{9b}31mb", "a\\u{9b}31mb"),
            ("a\x1b_secret\x1b\\b\x1bcz", "abz"),
            ("a\x07\x00\x0e\x7fb", "ab"),
            ("\u{feff}a\u{202e}b\u{2066}c", "\\u{feff}a\\u{202e}b\\u{2066}c"),
            ("a\x1b[>4;2mb\x1b[38;5;1$mc", "abc"),
        ] {
            assert_eq!(shown(input), wanted, "{input:?}");
        }
        assert_eq!(seen(&[b"a\xffb\xc3(\xe2\x82"]), "a\u{fffd}b\u{fffd}(\u{fffd}".as_bytes());
    }

    #[test]
    fn an_unfinished_sequence_does_not_swallow_the_next_line() {
        assert_eq!(shown("a\x1b]0;never ended\nb\n"), "a\nb\n");
        assert_eq!(shown("a\x1b[12;\nb"), "a\nb");
    }

    #[test]
    fn a_progress_bar_keeps_its_last_state() {
        assert_eq!(shown("10%\r50%\r100%\ndone\r\n"), "100%\ndone\n");
        assert_eq!(shown("working\r\x1b[Kdone\n"), "done\n");
        assert_eq!(shown("last words\r"), "last words");
        assert_eq!(shown("|\x08/\x08-\n"), "-\n");
        assert_eq!(shown("\x1b[31mbad\r\x1b[mgood\n"), "good\n");
    }

    /// Pieces that meet in odd ways, more often than random bytes would.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            3 => proptest::collection::vec(any::<u8>(), 0..12),
            3 => "[a-z \t]{0,9}".prop_map(String::into_bytes),
            1 => Just(b"\r".to_vec()),
            1 => Just(b"\n".to_vec()),
            1 => Just(b"\x08".to_vec()),
            1 => Just(b"\x1b[31m".to_vec()),
            1 => Just(b"\x1b[0K".to_vec()),
            1 => Just(b"\x1b[2K".to_vec()),
            1 => Just(b"\x1b]52;c;".to_vec()),
            1 => Just("ü€😀\u{202e}".as_bytes().to_vec()),
            1 => (LONGEST_LINE - 3..LONGEST_LINE + 3).prop_map(|n| vec![b'x'; n]),
        ];
        proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn where_the_chunks_are_cut_makes_no_difference(input in bytes(), cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6)) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
            cuts.extend([0, input.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|cut| &input[cut[0]..cut[1]]).collect();
            prop_assert_eq!(seen(&chunks), seen(&[&input]));
        }

        #[test]
        fn whatever_comes_only_text_and_colour_leave(input in bytes()) {
            let out = String::from_utf8(seen(&[&input])).unwrap();
            let colour = regex::Regex::new("\x1b\\[0[0-9;]*m").unwrap();
            let rest = colour.replace_all(&out, "");
            prop_assert!(rest.chars().all(|c| c == '\n' || c == '\t' || !is_hidden(c)), "{:?}", rest);
        }
    }
}
