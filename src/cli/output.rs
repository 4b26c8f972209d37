//! Standard output and standard error: what they are, and the one place where the command line writes to them. Whatever is
//! printed, nothing of it steers the terminal or hides from the reader.

use std::io::{IsTerminal, Write};

use super::painted::Painted;
use warroom_domain::text;
use warroom_host::locale;

/// The facts about standard output that formatting depends on.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    terminal: bool,
    colored: bool,
    unicode: bool,
}

impl Output {
    /// Looks at standard output, `NO_COLOR` and the locale. `no_color` is the command line's wish.
    pub fn detect(no_color: bool) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let refused = no_color || std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Output { terminal, colored: terminal && !refused && !dumb, unicode: locale::is_unicode() }
    }

    /// What a file is like.
    pub(super) fn of_a_file() -> Self {
        Output { terminal: false, colored: false, unicode: locale::is_unicode() }
    }

    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    pub fn colored(&self) -> bool {
        self.colored
    }

    pub fn unicode(&self) -> bool {
        self.unicode
    }

    /// Columns of the terminal; `None` when output goes elsewhere.
    pub fn width(&self) -> Option<u16> {
        if !self.terminal {
            return None;
        }
        crossterm::terminal::size().ok().map(|(columns, _)| columns.max(40))
    }

    /// Prints text in which every hidden character is shown as such.
    pub fn print(&self, text: &str) -> std::io::Result<()> {
        write(&text::shown(text))
    }

    /// Prints text with our colours.
    pub(super) fn paint(&self, painted: &Painted) -> std::io::Result<()> {
        write(painted.as_str())
    }

    /// Prints a table that takes the place of the one before it.
    pub(super) fn repaint(&self, painted: &Painted) -> std::io::Result<()> {
        // Home and clear to the end, so that a repeated table stands still.
        write(&format!("\x1b[H\x1b[J{}", painted.as_str()))
    }

    /// Prints JSON, or lines of it; hidden characters in its strings are escapes.
    pub(super) fn json(&self, json: &str) -> std::io::Result<()> {
        write(&text::json(json))
    }

    /// Prints a document of ours, byte for byte: an export, a completion script, a manual page. Whoever makes it has cleaned
    /// what came from outside.
    pub(super) fn document(&self, text: &str) -> std::io::Result<()> {
        write(text)
    }
}

/// Writes and flushes. That the reader has gone (`| head`) is not an error.
fn write(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// One sentence on standard error; further lines of it are indented. When that is closed too, there is nobody left to tell.
pub(super) fn complain(sentence: &str) {
    let sentence = text::shown(sentence).trim_end().replace('\n', "\n  ");
    let _ = writeln!(std::io::stderr(), "warroom: {sentence}");
}
