//! Text with colour, and its way back to bytes.

use super::style::Style;

/// A piece of text; line breaks are `\n`, there are no other controls but tabs. It is valid UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    pub bytes: Vec<u8>,
    /// Where the style changes, and to what; ascending. Before the first it is what it was at the end of the piece before.
    pub marks: Vec<(usize, Style)>,
}

impl Text {
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.marks.is_empty()
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.marks.clear();
    }

    /// From here on it looks like this.
    pub fn mark(&mut self, style: Style) {
        let at = self.bytes.len();
        match self.marks.last_mut() {
            Some((last, old)) if *last == at => *old = style,
            _ => self.marks.push((at, style)),
        }
    }

    /// Puts another piece behind this one and empties it.
    pub fn take(&mut self, other: &mut Text) {
        let base = self.bytes.len();
        self.bytes.append(&mut other.bytes);
        for (at, style) in other.marks.drain(..) {
            match self.marks.last_mut() {
                Some((last, old)) if *last == base + at => *old = style,
                _ => self.marks.push((base + at, style)),
            }
        }
    }
}

/// Turns text into bytes whose only escape sequences are SGR. Every line stands for itself: a style ends with the line
/// and begins again on the next, so that any part of the file can be shown alone.
#[derive(Debug, Clone, Default)]
pub struct Painter {
    wanted: Style,
    /// What a terminal that got the bytes so far would print in.
    actual: Style,
}

impl Painter {
    pub fn paint(&mut self, text: &Text, to: &mut Vec<u8>) {
        let mut from = 0;
        for (at, style) in &text.marks {
            self.run(&text.bytes[from..*at], to);
            self.wanted = *style;
            from = *at;
        }
        self.run(&text.bytes[from..], to);
    }

    /// Ends the style at the end of the output.
    pub fn finish(&mut self, to: &mut Vec<u8>) {
        self.end(to);
    }

    fn run(&mut self, bytes: &[u8], to: &mut Vec<u8>) {
        if self.wanted == Style::default() && self.actual == Style::default() {
            to.extend_from_slice(bytes);
            return;
        }
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (words, end) = match line.split_last() {
                Some((b'\n', words)) => (words, true),
                _ => (line, false),
            };
            if !words.is_empty() && self.actual != self.wanted {
                if self.wanted == Style::default() {
                    self.end(to);
                } else {
                    self.wanted.write(to);
                }
                self.actual = self.wanted;
            }
            to.extend_from_slice(words);
            if end {
                self.end(to);
                to.push(b'\n');
            }
        }
    }

    fn end(&mut self, to: &mut Vec<u8>) {
        if self.actual != Style::default() {
            to.extend_from_slice(b"\x1b[0m");
            self.actual = Style::default();
        }
    }
}
