//! Text for standard output whose only escape sequences are the colours that we gave it.

use std::fmt;

use crossterm::style::ContentStyle;

use warroom_domain::text::{is_hidden, push_shown, shown};

/// Text with our own colours in it. What is put in as text is shown as text: no hidden character of it gets through.
#[derive(Debug, Clone, Default)]
pub(super) struct Painted(String);

impl Painted {
    pub(super) fn new() -> Self {
        Painted::default()
    }

    /// The text in a style, where standard output has colours.
    pub(super) fn styled(text: &str, style: ContentStyle, colored: bool) -> Self {
        let text = shown(text);
        match colored && style != ContentStyle::new() {
            true => Painted(style.apply(text).to_string()),
            false => Painted(text.into_owned()),
        }
    }

    /// What somebody else coloured: a table, a snippet, a step's output. Everything but colours is shown as such.
    pub(super) fn colored(text: &str) -> Self {
        let mut painted = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(is_hidden) {
            let (before, from) = rest.split_at(at);
            painted.push_str(before);
            let end = color(from).unwrap_or(0);
            let (sequence, after) = from.split_at(end);
            painted.push_str(sequence);
            let mut after = after.chars();
            if end == 0
                && let Some(c) = after.next()
            {
                if matches!(c, '\n' | '\t') { painted.push(c) } else { push_shown(&mut painted, c) }
            }
            rest = after.as_str();
        }
        painted.push_str(rest);
        Painted(painted)
    }

    /// Appends text, shown as text.
    pub(super) fn push_str(&mut self, text: &str) {
        self.0.push_str(&shown(text));
    }

    pub(super) fn push(&mut self, painted: &Painted) {
        self.0.push_str(&painted.0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn ends_with(&self, end: &str) -> bool {
        self.0.ends_with(end)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Write for Painted {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}

impl FromIterator<Painted> for Painted {
    fn from_iter<I: IntoIterator<Item = Painted>>(parts: I) -> Self {
        let mut all = Painted::new();
        parts.into_iter().for_each(|part| all.push(&part));
        all
    }
}

/// The length of the colour sequence (`ESC [ … m`) that the text begins with.
fn color(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|c: char| !c.is_ascii_digit() && !matches!(c, ';' | ':'))?;
    parameters[end..].starts_with('m').then_some(end + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_are_left_of_what_others_coloured() {
        let painted = Painted::colored("\u{1b}[1;31mred\u{1b}[0m\u{1b}[2J\u{1b}]0;x\u{7}\u{202e}\n\t\u{1b}[3");
        assert_eq!(painted.as_str(), "\u{1b}[1;31mred\u{1b}[0m\\e[2J\\e]0;x\\x07\\u{202e}\n\t\\e[3");
    }

    #[test]
    fn text_is_text() {
        let mut painted = Painted::new();
        painted.push_str("a\u{1b}[31mb\n");
        assert_eq!(painted.as_str(), "a\\e[31mb\n");
    }
}
