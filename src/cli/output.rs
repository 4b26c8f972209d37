//! What standard output is: a terminal or not, how wide, with colour, with Unicode.

use std::io::{IsTerminal, Write};

use crate::host::locale;

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

    /// Writes text and flushes it. That the reader has gone (`| head`) is not an error.
    pub fn print(&self, text: &str) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }
}
