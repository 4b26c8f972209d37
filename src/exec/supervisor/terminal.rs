//! A terminal of its own for an action, and the person's terminal at the other end of two pipes.

use std::io;

use pty_process::{OwnedReadPty, OwnedWritePty, Pts, Size};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::unix::pipe,
    sync::oneshot,
};

use super::wire::Frame;

/// A new terminal: what the program prints is read from the first, what is typed is written to the second.
pub(super) fn open(columns: u16, rows: u16) -> io::Result<(OwnedReadPty, OwnedWritePty, Pts)> {
    let (terminal, end) = pty_process::open().map_err(io::Error::other)?;
    terminal.resize(Size::new(rows, columns)).map_err(io::Error::other)?;
    let (read, write) = terminal.into_split();
    Ok((read, write, end))
}

/// The person at our standard input and output.
pub(super) struct Person {
    screen: Option<pipe::Sender>,
    /// Taken when it has told.
    gone: Option<oneshot::Receiver<()>>,
    /// The terminal lives as long as somebody can type.
    _typing: tokio_util::task::AbortOnDropHandle<()>,
}

impl Person {
    /// Passes on what the person types, and how large the window is.
    pub(super) fn connect(mut terminal: OwnedWritePty) -> io::Result<Person> {
        let mut keys = pipe::Receiver::from_owned_fd(rustix::stdio::stdin().try_clone_to_owned()?)?;
        let screen = pipe::Sender::from_owned_fd(rustix::stdio::stdout().try_clone_to_owned()?)?;
        let (tell, gone) = oneshot::channel();
        let typing = tokio::spawn(async move {
            while let Ok(frame) = Frame::read(&mut keys).await {
                let passed_on = match frame {
                    Frame::Typed(bytes) => terminal.write_all(&bytes).await.is_ok(),
                    Frame::Size { columns, rows } => terminal.resize(Size::new(rows, columns)).is_ok(),
                };
                if !passed_on {
                    // The program has closed its end: its own end comes next.
                    let _ = keys.read_to_end(&mut Vec::new()).await;
                    break;
                }
            }
            // The terminal itself stays until everything printed is read.
            let _ = tell.send(());
            std::future::pending::<()>().await;
            drop(terminal);
        });
        Ok(Person { screen: Some(screen), gone: Some(gone), _typing: tokio_util::task::AbortOnDropHandle::new(typing) })
    }

    /// Shows what the program prints. A person who is gone sees nothing.
    pub(super) async fn show(&mut self, bytes: &[u8]) {
        if let Some(screen) = &mut self.screen
            && screen.write_all(bytes).await.is_err()
        {
            self.screen = None;
        }
    }

    /// Returns when the person's end was closed, once.
    pub(super) async fn gone(&mut self) {
        if let Some(gone) = &mut self.gone {
            let told = gone.await;
            self.gone = None;
            if told.is_ok() {
                self.screen = None;
                return;
            }
        }
        std::future::pending::<()>().await;
    }
}
