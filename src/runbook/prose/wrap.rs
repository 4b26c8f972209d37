//! Breaks styled text into lines of a width.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::line::{Span, Style, StyledLine};
use warroom_domain::text::{is_hidden, push_shown};

/// Styled text without line breaks but `\n`, which forces one.
pub(super) type Inline = Vec<(String, Style)>;

/// Lines no wider than `width`, which is at least 1. Words are kept whole unless one alone is too wide. Line breaks in the text
/// stay.
pub(super) fn wrap(text: &Inline, width: usize) -> Vec<StyledLine> {
    let mut lines = Lines { width: width.max(1), ..Lines::default() };
    for (text, style) in text {
        for (number, row) in text.split('\n').enumerate() {
            if number > 0 {
                lines.end_word();
                lines.end_line();
            }
            for (number, part) in row.split(' ').enumerate() {
                if number > 0 {
                    lines.end_word();
                    lines.space = Some(*style);
                }
                if !part.is_empty() {
                    lines.word.push((part.to_owned(), *style));
                }
            }
        }
    }
    lines.end_word();
    if lines.used > 0 || lines.done.is_empty() {
        lines.end_line();
    }
    lines.done
}

/// Lines that are being filled.
#[derive(Default)]
struct Lines {
    width: usize,
    done: Vec<StyledLine>,
    line: StyledLine,
    /// Columns of `line`.
    used: usize,
    /// The pieces of the word that is being read, and the space before it.
    word: Inline,
    space: Option<Style>,
}

impl Lines {
    fn end_line(&mut self) {
        self.done.push(std::mem::take(&mut self.line));
        (self.used, self.space) = (0, None);
    }

    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        if word.is_empty() {
            return;
        }
        let wide: usize = word.iter().map(|(text, _)| text.width()).sum();
        let space = self.space.take().filter(|_| self.used > 0);
        if self.used > 0 && self.used + usize::from(space.is_some()) + wide > self.width {
            self.end_line();
        } else if let Some(style) = space {
            self.line.push(" ", style);
            self.used += 1;
        }
        for (text, style) in word {
            for c in text.chars() {
                let wide = c.width().unwrap_or(0);
                if self.used > 0 && self.used + wide > self.width {
                    self.end_line();
                }
                self.line.push(c.encode_utf8(&mut [0; 4]), style);
                self.used += wide;
            }
        }
    }
}

/// Cuts a line of code into rows of `width`; every character is kept.
pub(super) fn cut(text: &str, style: Style, width: usize) -> Vec<Vec<Span>> {
    let mut rows = vec![StyledLine::default()];
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used > 0 && used + wide > width {
            rows.push(StyledLine::default());
            used = 0;
        }
        if let Some(row) = rows.last_mut() {
            row.push(c.encode_utf8(&mut [0; 4]), style);
        }
        used += wide;
    }
    rows.into_iter().map(|row| row.spans).collect()
}

/// The text with every hidden character shown as such. Tabs become spaces, from the column where the text starts.
pub(super) fn visible(text: &str) -> String {
    if !text.chars().any(is_hidden) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => {
                let column = shown.width();
                shown.extend(std::iter::repeat_n(' ', 4 - column % 4));
            }
            c if is_hidden(c) => push_shown(&mut shown, c),
            c => shown.push(c),
        }
    }
    shown
}

/// The width of the widest word and of the widest line, in columns.
pub(super) fn extent(text: &Inline) -> (usize, usize) {
    let plain: String = text.iter().map(|(text, _)| text.as_str()).collect();
    let word = plain.split([' ', '\n']).map(UnicodeWidthStr::width).max().unwrap_or(0);
    let line = plain.split('\n').map(UnicodeWidthStr::width).max().unwrap_or(0);
    (word, line)
}
