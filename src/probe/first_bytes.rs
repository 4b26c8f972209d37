//! A stream that listens to how a server begins: whether it speaks the protocol at all, and what it says before hanging up.
//!
//! Client libraries wait for the rest of a "message" when a stranger answers, and drop what a server says on its own
//! before it closes the connection ("max number of clients reached"). Here the first bytes are kept, and a first byte that
//! is not in the protocol is an error at once.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that are kept.
const KEPT: usize = 256;

/// What was heard, readable while the stream is owned by somebody else.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    /// The first bytes as text.
    pub(super) fn text(&self) -> String {
        self.0.lock().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }
}

pub(super) struct FirstBytes<S> {
    stream: S,
    heard: Heard,
    kept: usize,
    belongs: fn(u8) -> bool,
}

impl<S> FirstBytes<S> {
    /// `belongs` says whether a server of the protocol may begin with this byte.
    pub(super) fn new(stream: S, belongs: fn(u8) -> bool) -> Self {
        FirstBytes { stream, heard: Heard::default(), kept: 0, belongs }
    }

    pub(super) fn heard(&self) -> Heard {
        self.heard.clone()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FirstBytes<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if self.kept < KEPT
            && let Some(new @ [first, ..]) = buffer.filled().get(before..)
        {
            let stranger = self.kept == 0 && !(self.belongs)(*first);
            let some = &new[..new.len().min(KEPT - self.kept)];
            if let Ok(mut heard) = self.heard.0.lock() {
                heard.extend_from_slice(some);
            }
            self.kept += some.len();
            if stranger {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "not the protocol")));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FirstBytes<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
