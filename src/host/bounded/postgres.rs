//! The bounds on what a PostgreSQL server may send, with TLS and without.
//!
//! A message is one byte for its type and four for its length. As libpq has it (`VALID_LONG_MESSAGE_TYPE` in
//! `fe-protocol3.c`), only rows, their description, errors, notices and notifications may be long; any other message of
//! more than 30,000 bytes is not from PostgreSQL.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::{
    config::{Config, SslMode, SslNegotiation},
    tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Bounded, Frames, Tally, TooMuch};

/// Longest message of a type that is always short.
const SHORT: u64 = 30_000;
/// Longest error, notice or description of a row: a table has at most 1,600 columns.
const MIDDLE: u64 = 1 << 20;
/// All that comes before the server is ready; the library keeps notices until then.
const GREETING: u64 = 1 << 20;
/// All settings that a server reports on one connection: the library keeps them.
const SETTINGS: u64 = 1 << 20;

/// See the module.
#[derive(Debug, Clone)]
pub struct PostgresFrames {
    /// Longest row.
    most: u64,
    state: State,
    ready: bool,
    greeting: u64,
    settings: u64,
}

#[derive(Debug, Clone)]
enum State {
    /// The answer to the wish for TLS is one byte.
    Negotiating,
    /// TLS bounds its own records; what is inside is seen by another one of these.
    Encrypted,
    Header([u8; 5], usize),
    Body(u64),
}

impl PostgresFrames {
    /// For the socket itself, on which this configuration connects. `most` bounds one row.
    pub fn on_socket(config: &Config, most: u64) -> Self {
        let state = match (config.get_ssl_mode(), config.get_ssl_negotiation()) {
            (SslMode::Disable, _) => State::Header([0; 5], 0),
            (_, SslNegotiation::Direct) => State::Encrypted,
            _ => State::Negotiating,
        };
        PostgresFrames { most, state, ready: false, greeting: 0, settings: 0 }
    }

    fn within_tls(most: u64) -> Self {
        PostgresFrames { most, state: State::Header([0; 5], 0), ready: false, greeting: 0, settings: 0 }
    }

    fn begins(&mut self, kind: u8, length: u64) -> Result<(), TooMuch> {
        let most = match kind {
            b'D' | b'd' | b'V' => self.most,
            b'T' | b'E' | b'N' | b'A' => self.most.min(MIDDLE),
            _ => self.most.min(SHORT),
        };
        if length > most {
            return Err(TooMuch::Message { bytes: length, most });
        }
        if !self.ready {
            self.greeting += length;
            if self.greeting > GREETING {
                return Err(TooMuch::Total { most: GREETING });
            }
        }
        match kind {
            b'Z' => self.ready = true,
            b'S' => {
                self.settings += length;
                if self.settings > SETTINGS {
                    return Err(TooMuch::Total { most: SETTINGS });
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Frames for PostgresFrames {
    fn see(&mut self, mut bytes: &[u8], tally: &Tally) -> Result<(), TooMuch> {
        while let Some((&first, rest)) = bytes.split_first() {
            match &mut self.state {
                State::Encrypted => return Ok(()),
                State::Negotiating => {
                    self.state = if first == b'S' { State::Encrypted } else { State::Header([0; 5], 0) };
                    bytes = rest;
                }
                State::Header(header, filled) => {
                    header[*filled] = first;
                    *filled += 1;
                    bytes = rest;
                    if let (5, [kind, length @ ..]) = (*filled, *header) {
                        // The length counts itself.
                        let length = u64::from(u32::from_be_bytes(length));
                        self.begins(kind, length)?;
                        tally.value()?;
                        self.state = State::Body(length.saturating_sub(4));
                    }
                }
                State::Body(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    *left -= taken as u64;
                    bytes = bytes.get(taken..).unwrap_or_default();
                }
            }
            if matches!(self.state, State::Body(0)) {
                self.state = State::Header([0; 5], 0);
            }
        }
        Ok(())
    }
}

/// Makes TLS connections whose inside is bounded too.
#[derive(Clone)]
pub struct BoundedTls {
    pub inner: MakeRustlsConnect,
    /// Bounds one row.
    pub most: u64,
    pub tally: Tally,
}

type RustlsStream<S> = <MakeRustlsConnect as MakeTlsConnect<S>>::Stream;
type RustlsConnect<S> = <MakeRustlsConnect as MakeTlsConnect<S>>::TlsConnect;

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for BoundedTls {
    type Stream = Bounded<RustlsStream<S>, PostgresFrames>;
    type TlsConnect = BoundedConnect<RustlsConnect<S>>;
    type Error = <MakeRustlsConnect as MakeTlsConnect<S>>::Error;

    fn make_tls_connect(&mut self, host: &str) -> Result<Self::TlsConnect, Self::Error> {
        let inner = MakeTlsConnect::<S>::make_tls_connect(&mut self.inner, host)?;
        Ok(BoundedConnect { inner, most: self.most, tally: self.tally.clone() })
    }
}

/// See [`BoundedTls`].
pub struct BoundedConnect<C> {
    inner: C,
    most: u64,
    tally: Tally,
}

impl<S, C> TlsConnect<S> for BoundedConnect<C>
where
    C: TlsConnect<S>,
    C::Future: Unpin,
{
    type Stream = Bounded<C::Stream, PostgresFrames>;
    type Error = C::Error;
    type Future = BoundedHandshake<C::Future>;

    fn connect(self, stream: S) -> Self::Future {
        BoundedHandshake { inner: self.inner.connect(stream), most: self.most, tally: self.tally }
    }
}

/// See [`BoundedTls`].
pub struct BoundedHandshake<F> {
    inner: F,
    most: u64,
    tally: Tally,
}

impl<F, S, E> Future for BoundedHandshake<F>
where
    F: Future<Output = Result<S, E>> + Unpin,
{
    type Output = Result<Bounded<S, PostgresFrames>, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let stream = ready!(Pin::new(&mut self.inner).poll(context))?;
        Poll::Ready(Ok(Bounded::new(stream, PostgresFrames::within_tls(self.most), self.tally.clone())))
    }
}

impl<S: TlsStream + Unpin> TlsStream for Bounded<S, PostgresFrames> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, announced: u32, body: &[u8]) -> Vec<u8> {
        [&[kind], announced.to_be_bytes().as_slice(), body].concat()
    }

    fn see(mode: SslMode, most: u64, bytes: &[u8]) -> Result<(), TooMuch> {
        let mut config = Config::new();
        config.ssl_mode(mode);
        PostgresFrames::on_socket(&config, most).see(bytes, &Tally::endless())
    }

    #[test]
    fn a_length_beyond_the_bound_is_refused_before_its_message_comes() {
        for (kind, announced, fits) in [
            (b'D', 1_000_000, true),
            (b'D', 1_000_001, false),
            (b'D', u32::MAX, false),
            (b'E', 500_000, true),
            (b'C', 30_000, true),
            (b'C', 30_001, false),
            (b'R', 900_000, false),
        ] {
            let seen = see(SslMode::Disable, 1_000_000, &frame(kind, announced, b""));
            assert_eq!(seen.is_ok(), fits, "{} {announced}", kind as char);
        }
    }

    #[test]
    fn what_comes_before_the_server_is_ready_is_bounded_as_a_whole() {
        let setting = frame(b'S', 20_004, &[b'a'; 20_000]);
        assert_eq!(see(SslMode::Disable, 1 << 24, &setting.repeat(53)), Err(TooMuch::Total { most: GREETING }));
        let ready = frame(b'Z', 5, b"I");
        let row = frame(b'D', 20_004, &[0; 20_000]);
        assert_eq!(see(SslMode::Disable, 1 << 24, &[ready.clone(), row.repeat(200)].concat()), Ok(()));
        assert_eq!(
            see(SslMode::Disable, 1 << 24, &[ready, setting.repeat(53)].concat()),
            Err(TooMuch::Total { most: SETTINGS })
        );
    }

    #[test]
    fn encrypted_bytes_are_left_to_the_one_inside() {
        assert_eq!(see(SslMode::Prefer, 1_000, b"S\xff\xff\xff\xff\xff\xff"), Ok(()));
        assert!(see(SslMode::Prefer, 1_000, b"ND\xff\xff\xff\xff").is_err());
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_bytes_are_cut(
            lengths in proptest::collection::vec(0..200_usize, 0..20),
            cut in 1..50_usize,
        ) {
            let whole: Vec<u8> = lengths.iter().flat_map(|length| {
                frame(b'D', *length as u32 + 4, &vec![0xff; *length])
            }).chain(frame(b'D', 1_001, b"")).collect();
            let mut config = Config::new();
            config.ssl_mode(SslMode::Disable);
            let mut frames = PostgresFrames::on_socket(&config, 1_000);
            let seen: Vec<_> = whole.chunks(cut).map(|part| frames.see(part, &Tally::endless())).collect();
            let (last, before) = seen.split_last().unwrap();
            prop_assert!(before.iter().all(Result::is_ok));
            prop_assert!(last.is_err());
        }
    }
}
