//! Hands the person's terminal over to an interactive action, and takes it back when that has ended.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::{
    fs::OFlags,
    termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::unix::pipe,
    process::{ChildStdin, ChildStdout},
    signal::unix::{SignalKind, signal},
};

use super::supervisor::wire::Frame;

/// The console's end of an interactive action. Dropping it hangs up: the action is ended.
#[derive(Debug)]
pub struct TerminalLink {
    keys: ChildStdin,
    screen: BufReader<ChildStdout>,
}

/// How large the terminal at a path (usually `/dev/tty`) is: columns and rows.
pub fn size(path: &Path) -> io::Result<(u16, u16)> {
    let size = tcgetwinsize(File::open(path)?)?;
    Ok((size.ws_col, size.ws_row))
}

impl TerminalLink {
    /// From the pipes of a supervisor that has said `ready`.
    pub fn new(keys: ChildStdin, screen: BufReader<ChildStdout>) -> Self {
        TerminalLink { keys, screen }
    }

    /// Connects the action with the terminal at a path (usually `/dev/tty`) until it has ended. The terminal is in raw mode
    /// meanwhile; a full-screen program must have left the screen before, and nobody else may read keys.
    pub async fn hand_over(mut self, path: &Path) -> io::Result<()> {
        // Opened anew, so that "do not block" holds for this file alone.
        let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or_default();
        let terminal = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
        let _raw = Raw::enter(&terminal)?;
        // These speak to any file that epoll knows, which a terminal is.
        let mut from = pipe::Receiver::from_file_unchecked(terminal.try_clone()?)?;
        let mut to = pipe::Sender::from_file_unchecked(terminal.try_clone()?)?;
        let mut resized = signal(SignalKind::window_change())?;
        let (mut typed, mut printed) = (vec![0; 4096], vec![0; 16 * 1024]);
        self.tell_size(&terminal).await?;
        loop {
            tokio::select! {
                read = self.screen.read(&mut printed) => match read {
                    Ok(length @ 1..) => to.write_all(&printed[..length]).await?,
                    _ => return Ok(()),
                },
                read = from.read(&mut typed) => {
                    let length = read?;
                    if length == 0 {
                        return Ok(()); // hung up
                    }
                    // An error means that the action has ended; the other side says so.
                    let _ = self.keys.write_all(&Frame::Typed(typed[..length].to_vec()).bytes()).await;
                }
                _ = resized.recv() => self.tell_size(&terminal).await?,
            }
        }
    }

    async fn tell_size(&mut self, terminal: &File) -> io::Result<()> {
        let size = tcgetwinsize(terminal)?;
        let _ = self.keys.write_all(&Frame::Size { columns: size.ws_col, rows: size.ws_row }.bytes()).await;
        Ok(())
    }
}

/// A terminal in raw mode; as it was before when this is dropped.
struct Raw {
    terminal: File,
    before: Termios,
}

impl Raw {
    fn enter(terminal: &File) -> io::Result<Raw> {
        let terminal = terminal.try_clone()?;
        let before = tcgetattr(&terminal)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(&terminal, OptionalActions::Flush, &raw)?;
        Ok(Raw { terminal, before })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Nothing more can be done about a terminal that is gone.
        let _ = tcsetattr(&self.terminal, OptionalActions::Drain, &self.before);
    }
}
