//! Questions on the terminal: read a line, read a secret without showing it, and let go when a signal comes meanwhile.

use std::{
    fs::{File, OpenOptions},
    io::{self, IsTerminal, Write},
    os::unix::fs::OpenOptionsExt,
    time::Duration,
};

use rustix::{
    fs::OFlags,
    termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr},
};
use tokio::{io::AsyncReadExt, net::unix::pipe, time::timeout};

use crate::signals::{Signals, Stop};
use warroom_domain::text;

/// The person's terminal, whatever standard input is at that moment.
const TERMINAL: &str = "/dev/tty";

/// How long a signal may take to reach this process.
const ON_ITS_WAY: Duration = Duration::from_millis(30);

/// Asks on the person's terminal, also when standard output is something else.
pub(super) struct Terminal {
    /// A terminal reads like a pipe: whenever something is there.
    keys: pipe::Receiver,
    screen: File,
    /// What was typed ahead.
    typed: Vec<u8>,
}

/// What a question came to.
pub(super) enum Said {
    Line(String),
    /// The end of input.
    Nothing,
    Stopped(Stop),
}

impl Terminal {
    /// `None` when there is no terminal: then nothing can be asked.
    pub(super) fn open() -> Option<Self> {
        if !io::stdin().is_terminal() {
            return None;
        }
        let screen = OpenOptions::new().write(true).open(TERMINAL).ok()?;
        // A file description of its own: nobody else's reads stop blocking.
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).ok()?;
        let keys = OpenOptions::new().read(true).custom_flags(flags).open(TERMINAL).ok()?;
        Some(Terminal { keys: pipe::Receiver::from_file_unchecked(keys).ok()?, screen, typed: Vec::new() })
    }

    /// Prints the question and reads a line.
    pub(super) async fn line(&mut self, question: &str, signals: &mut Signals) -> io::Result<Said> {
        write!(self.screen, "{} ", text::shown(question))?;
        self.screen.flush()?;
        loop {
            if let Some(end) = self.typed.iter().position(|byte| *byte == b'\n') {
                let rest = self.typed.split_off(end + 1);
                let line = std::mem::replace(&mut self.typed, rest);
                // A Ctrl-C that was typed before the line may still be on its way.
                if let Ok(stop) = timeout(ON_ITS_WAY, signals.next()).await {
                    return Ok(Said::Stopped(stop));
                }
                return Ok(Said::Line(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned()));
            }
            let read = tokio::select! {
                // What was asked about is not done when both come together.
                biased;
                stop = signals.next() => {
                    writeln!(self.screen)?;
                    return Ok(Said::Stopped(stop));
                }
                read = self.keys.read_buf(&mut self.typed) => read,
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The end of input, or the terminal went away.
                Ok(0) | Err(_) => return Ok(Said::Nothing),
                Ok(_) => {}
            }
        }
    }

    /// The same, without what is typed being shown.
    pub(super) async fn secret(&mut self, question: &str, signals: &mut Signals) -> io::Result<Said> {
        let shown = tcgetattr(&self.keys)?;
        let mut hidden = shown.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&self.keys, OptionalActions::Now, &hidden)?;
        let said = self.line(question, signals).await;
        tcsetattr(&self.keys, OptionalActions::Now, &shown)?;
        writeln!(self.screen)?;
        said
    }
}
