//! Streams from peers that may be hostile: what they send is measured before a client library holds it.
//!
//! Client libraries make room for what a message announces and keep what comes until it is complete, so a peer decides how
//! much memory a look costs. [`Bounded`] stands between the socket and the library, reads the lengths itself, and breaks
//! the connection at the first one beyond the bound. The library's error may be vague: [`Tally::excess`] has the reason.

pub mod json;
pub mod postgres;
pub mod redis;

use std::{
    fmt, io,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a peer sent, or announced, beyond a bound. Reads on after "the peer sent".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TooMuch {
    /// One message or value, in bytes.
    Message { bytes: u64, most: u64 },
    /// All bytes of one look or of a handshake.
    Total { most: u64 },
    /// Values in one answer.
    Values { most: u64 },
    /// A list that announces so many elements.
    Elements { count: u64, most: u64 },
}

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TooMuch::Message { bytes, most } => {
                write!(f, "an oversized message ({}, limit {})", size(*bytes), size(*most))
            }
            TooMuch::Total { most } => write!(f, "too much data (limit {})", size(*most)),
            TooMuch::Values { most } => write!(f, "too many values (limit {most})"),
            TooMuch::Elements { count, most } => write!(f, "an oversized list ({count} elements, limit {most})"),
        }
    }
}

impl std::error::Error for TooMuch {}

/// Bytes as people write them.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10),
    }
}

/// How much a peer has sent, and why its connection was broken. Clones speak of the same connection.
#[derive(Debug, Clone)]
pub struct Tally(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    bytes: AtomicU64,
    values: AtomicU64,
    most_bytes: u64,
    most_values: u64,
    excess: OnceLock<TooMuch>,
}

impl Tally {
    /// Bounds on the bytes and values that come between two calls of [`Tally::renew`].
    pub fn new(most_bytes: u64, most_values: u64) -> Self {
        let (bytes, values, excess) = (AtomicU64::new(0), AtomicU64::new(0), OnceLock::new());
        Tally(Arc::new(Counts { bytes, values, most_bytes, most_values, excess }))
    }

    /// For what is passed on as it comes, and kept by nobody.
    pub fn endless() -> Self {
        Self::new(u64::MAX, u64::MAX)
    }

    /// Begins another look.
    pub fn renew(&self) {
        self.0.bytes.store(0, Ordering::Relaxed);
        self.0.values.store(0, Ordering::Relaxed);
    }

    /// Why the connection was broken, when it was broken here.
    pub fn excess(&self) -> Option<&TooMuch> {
        self.0.excess.get()
    }

    fn bytes(&self, more: u64) -> Result<(), TooMuch> {
        let before = self.0.bytes.fetch_add(more, Ordering::Relaxed);
        if before.saturating_add(more) > self.0.most_bytes {
            return Err(TooMuch::Total { most: self.0.most_bytes });
        }
        Ok(())
    }

    fn value(&self) -> Result<(), TooMuch> {
        if self.0.values.fetch_add(1, Ordering::Relaxed) >= self.0.most_values {
            return Err(TooMuch::Values { most: self.0.most_values });
        }
        Ok(())
    }
}

/// Follows the messages of a protocol in the order of their bytes.
pub trait Frames: Send + Unpin {
    /// Sees the next bytes, cut anywhere.
    fn see(&mut self, bytes: &[u8], tally: &Tally) -> Result<(), TooMuch>;
}

/// A stream whose incoming bytes are measured.
#[derive(Debug)]
pub struct Bounded<S, F> {
    stream: S,
    frames: F,
    tally: Tally,
}

impl<S, F> Bounded<S, F> {
    pub fn new(stream: S, frames: F, tally: Tally) -> Self {
        Bounded { stream, frames, tally }
    }
}

impl<S: AsyncRead + Unpin, F: Frames> AsyncRead for Bounded<S, F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        let new = buffer.filled().get(before..).unwrap_or_default();
        let seen = this.tally.bytes(new.len() as u64).and_then(|()| this.frames.see(new, &this.tally));
        Poll::Ready(seen.map_err(|excess| {
            let _ = this.tally.0.excess.set(excess.clone());
            io::Error::new(io::ErrorKind::InvalidData, excess)
        }))
    }
}

impl<S: AsyncWrite + Unpin, F: Unpin> AsyncWrite for Bounded<S, F> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_write_them() {
        assert_eq!(
            [999, 30_000, 1_048_576, 1_999_999_999].map(size),
            ["999 B", "30 kB", "1 MB", "1.9 GB"].map(str::to_owned)
        );
    }
}
