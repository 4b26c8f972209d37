//! One line of text being typed: the editing is `ratatui-textarea`'s, the drawing is ours.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui_textarea::TextArea;

use crate::tui::text::clean;

/// A line of text with a cursor.
#[derive(Debug, Clone, Default)]
pub struct Input {
    area: TextArea<'static>,
    /// True while keys go to the text.
    pub editing: bool,
}

impl Input {
    /// An empty line that has the keyboard.
    pub fn opened() -> Self {
        Input { editing: true, ..Input::default() }
    }

    pub fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
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
        let before = self.text().to_owned();
        self.area.input(key);
        if self.area.lines().len() > 1 {
            self.area = TextArea::from([self.area.lines().concat()]);
        }
        self.text() != before
    }

    /// Inserts pasted text, made one line.
    pub fn paste(&mut self, text: &str) {
        self.area.insert_str(clean(text));
    }

    pub fn clear(&mut self) {
        *self = Input { editing: self.editing, ..Input::default() };
    }

    /// True when every word of the text occurs in `row`, in any order, whatever the case. No text matches all.
    pub fn matches(&self, row: &str) -> bool {
        let row = row.to_lowercase();
        self.text().to_lowercase().split_whitespace().all(|word| row.contains(word))
    }
}
