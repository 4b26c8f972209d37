//! One line of text being typed: the editing is `ratatui-textarea`'s, the drawing is ours.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui_textarea::TextArea;

/// Stands for a line break inside the editor's one line. No text holds it: Unicode keeps it for such uses.
const BREAK: char = '\u{10ffff}';

/// A text with a cursor. It is drawn in one row; where line breaks are welcome, they are drawn as `↵`.
#[derive(Debug, Clone, Default)]
pub struct Input {
    area: TextArea<'static>,
    /// What the editor's line means.
    text: String,
    /// True while keys go to the text.
    pub editing: bool,
    /// True where a pasted text may have several lines.
    lines: bool,
}

impl Input {
    /// An empty line that has the keyboard.
    pub fn opened() -> Self {
        Input { editing: true, ..Input::default() }
    }

    /// The same, for a text that may have several lines.
    pub fn of_lines() -> Self {
        Input { lines: true, ..Input::opened() }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The cursor's place, in characters from the start.
    pub fn cursor(&self) -> usize {
        self.area.cursor().1
    }

    pub fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    /// Edits by a key, and says whether the text changed. Keys that would start a second line do nothing.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        if matches!(key.code, KeyCode::Enter | KeyCode::Tab | KeyCode::Char('\n' | '\r')) {
            return false;
        }
        self.area.input(key);
        if self.area.lines().len() > 1 {
            self.area = TextArea::from([self.area.lines().concat()]);
        }
        self.changed()
    }

    /// Inserts pasted text as it is; only line ends at its end are dropped, which copying a whole line brings along. Several
    /// lines are refused where there is one, never joined: joined, they would be another text. The error is one sentence.
    pub fn paste(&mut self, text: &str) -> Result<(), String> {
        // Terminals send the line ends of a paste as carriage returns.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = text.trim_end_matches('\n');
        let lines = text.split('\n').count();
        if lines > 1 && !self.lines {
            return Err(format!("not pasted: {lines} lines, and this field takes one"));
        }
        self.fill(text);
        Ok(())
    }

    /// Inserts a value that is there already, whatever it holds.
    pub fn fill(&mut self, value: &str) {
        self.area.insert_str(value.replace('\n', BREAK.encode_utf8(&mut [0; 4])));
        self.changed();
    }

    fn changed(&mut self) -> bool {
        let text = self.area.lines().first().map(|line| line.replace(BREAK, "\n")).unwrap_or_default();
        let changed = text != self.text;
        self.text = text;
        changed
    }

    pub fn clear(&mut self) {
        *self = Input { editing: self.editing, lines: self.lines, ..Input::default() };
    }

    /// True when every word of the text occurs in `row`, in any order, whatever the case. No text matches all.
    pub fn matches(&self, row: &str) -> bool {
        let row = row.to_lowercase();
        self.text().to_lowercase().split_whitespace().all(|word| row.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_line_breaks_are_kept_or_refused_and_never_joined() {
        let mut one = Input::opened();
        assert_eq!(one.paste("rm -rf\r/data\r").unwrap_err(), "not pasted: 2 lines, and this field takes one");
        assert!(one.is_empty());
        one.paste("uptime\r").unwrap();
        assert_eq!(one.text(), "uptime");
        let mut many = Input::of_lines();
        many.paste("one\r\ntwo\rthree\n").unwrap();
        assert_eq!(many.text(), "one\ntwo\nthree");
        many.key(KeyCode::Backspace.into());
        assert_eq!(many.text(), "one\ntwo\nthre");
    }

    #[test]
    fn a_value_stays_what_it_is() {
        let mut input = Input::opened();
        input.fill("a\u{202e}b\tc\nd\u{1b}");
        assert_eq!(input.text(), "a\u{202e}b\tc\nd\u{1b}");
        assert_eq!(input.cursor(), 8);
    }
}
