//! Questions on the terminal: read a line, read a secret without showing it, or say that nobody can be asked.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, IsTerminal, Write},
};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// Asks on the person's terminal, also when standard input or output is something else.
pub(super) struct Terminal {
    keys: BufReader<File>,
    screen: File,
}

impl Terminal {
    /// `None` when there is no terminal: then nothing can be asked.
    pub(super) fn open() -> Option<Self> {
        if !io::stdin().is_terminal() {
            return None;
        }
        let screen = OpenOptions::new().write(true).open("/dev/tty").ok()?;
        Some(Terminal { keys: BufReader::new(File::open("/dev/tty").ok()?), screen })
    }

    /// Prints the question and reads a line; `None` at the end of input.
    pub(super) fn line(&mut self, question: &str) -> io::Result<Option<String>> {
        write!(self.screen, "{question} ")?;
        self.screen.flush()?;
        let mut line = String::new();
        if self.keys.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        Ok(Some(line.trim_end_matches(['\n', '\r']).to_owned()))
    }

    /// The same, without what is typed being shown.
    pub(super) fn secret(&mut self, question: &str) -> io::Result<Option<String>> {
        let shown = tcgetattr(self.keys.get_ref())?;
        let mut hidden = shown.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(self.keys.get_ref(), OptionalActions::Now, &hidden)?;
        let line = self.line(question);
        tcsetattr(self.keys.get_ref(), OptionalActions::Now, &shown)?;
        writeln!(self.screen)?;
        line
    }
}
