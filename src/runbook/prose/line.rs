//! Styled lines: what prose looks like before a front end gives it colours.

use unicode_width::UnicodeWidthStr;

/// What a piece of text is. Front ends choose colours and attributes by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Role {
    #[default]
    Text,
    /// A heading of level 1 to 6.
    Heading(u8),
    /// Code in a line, or a line of a code block.
    Code,
    /// The text of a link.
    Link,
    /// Where a link leads.
    Url,
    /// A bullet, a number, the bar of a quote, the line of a table, the sign of a wrapped line.
    Mark,
    /// The box of a task that is not done.
    Open,
    /// The box of a task that is done.
    Done,
    /// HTML, which is shown as written.
    Html,
}

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Style {
    pub role: Role,
    pub bold: bool,
    pub italic: bool,
    pub struck: bool,
}

impl Style {
    pub(super) fn of(role: Role) -> Self {
        Style { role, ..Style::default() }
    }
}

/// Text of one style. It holds no control character and no line break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub text: String,
    pub style: Style,
}

/// One line of the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StyledLine {
    pub spans: Vec<Span>,
    /// For a line of a code block: the byte of the Markdown where the line of code starts. A wrapped line has it once.
    pub code_at: Option<usize>,
}

impl StyledLine {
    /// The text without styles.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }

    /// Columns of a terminal.
    pub fn width(&self) -> usize {
        self.spans.iter().map(|span| span.text.width()).sum()
    }

    /// Adds text, to the last span when that looks the same.
    pub(super) fn push(&mut self, text: &str, style: Style) {
        if text.is_empty() {
            return;
        }
        match self.spans.last_mut() {
            Some(last) if last.style == style => last.text.push_str(text),
            _ => self.spans.push(Span { text: text.to_owned(), style }),
        }
    }
}
