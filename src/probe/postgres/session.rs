//! One PostgreSQL server and the connection that is kept to it between looks.

use std::{io, sync::Arc, time::Duration};

use futures::future::join_all;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::UnixStream,
    time::{Instant, timeout},
};
use tokio_postgres::{
    Client, SimpleQueryMessage,
    config::{Config, Host, SslMode, TargetSessionAttrs},
    tls::MakeTlsConnect,
};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::task::AbortOnDropHandle;

use super::refusal;
use crate::{
    Look,
    failure::{Failure, Sort},
    first_bytes::FirstBytes,
    net_error::NetError,
    reach::{self, Endpoint},
};
use warroom_domain::platform::SecretText;
use warroom_host::{
    bounded::{
        Bounded, Tally, json,
        postgres::{BoundedTls, PostgresFrames},
    },
    postgres::{
        target::{Address, Target, TlsWish, Verify},
        tls,
    },
    secret::SecretStore,
};

/// A connection is replaced after this time, so that "accepts connections" and what a name resolves to are checked anew.
const RENEW_AFTER: Duration = Duration::from_secs(60);

/// Longest answer to one question: most are below 50 kB.
const ANSWER: u64 = 1 << 20;
/// Bounds on what one look takes.
const LOOK_BYTES: u64 = 4 << 20;
const LOOK_MESSAGES: u64 = 10_000;

/// What a server answered to one question: a JSON document, or why not.
pub(crate) type Answer = Result<Value, Refused>;

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The server's SQLSTATE; empty when the server refused nothing.
    pub(crate) code: String,
    /// In a few words.
    pub(crate) words: String,
}

impl From<&str> for Refused {
    fn from(words: &str) -> Self {
        Refused { code: String::new(), words: words.to_owned() }
    }
}

/// A server as the pack names it.
pub(crate) struct Server {
    url: SecretText,
    secrets: Arc<SecretStore>,
    statement_timeout: Duration,
    session: Option<Session>,
}

struct Session {
    client: Client,
    peer: String,
    tally: Tally,
    opened: Instant,
    /// Reads and writes the socket; the connection is gone with it.
    _driver: AbortOnDropHandle<()>,
}

impl Server {
    /// Does no I/O. The server gives up a question after `statement_timeout`.
    pub(crate) fn new(url: SecretText, secrets: Arc<SecretStore>, statement_timeout: Duration) -> Self {
        Server { url, secrets, statement_timeout, session: None }
    }

    /// Where the server is, as people write it (`10.0.0.5:5432`); `None` when the connection string cannot be had or read.
    pub(crate) async fn label(&self) -> Option<String> {
        let labels = self.target().await.ok()?.addresses.iter().map(Address::label).collect::<Vec<_>>();
        Some(labels.join(","))
    }

    async fn target(&self) -> Result<Target, Failure> {
        let text = self.secrets.resolve(&self.url).await.map_err(|error| Failure::unknown(error.to_string()))?;
        Target::parse(text.expose_secret(), |name| std::env::var(name).ok().filter(|value| !value.is_empty()))
            .map_err(|clause| Failure::unknown(format!("the connection string from {} {clause}", self.url.origin())))
    }

    /// Asks all questions in one round trip, each in a read-only transaction of its own. A question is one `SELECT` of
    /// one JSON document, after any `SET LOCAL` that it needs. A refused question does not disturb the others.
    pub(crate) async fn ask(&mut self, look: &Look, questions: &[&str]) -> Result<Vec<Answer>, Failure> {
        // The session is put back only when the look is not dropped half way.
        let kept = self.session.take().filter(|kept| kept.opened.elapsed() < RENEW_AFTER && !kept.client.is_closed());
        if let Some(session) = kept
            && let Ok(answers) = session.ask(look, questions, self.statement_timeout).await
        {
            self.session = Some(session);
            return Ok(answers);
        }
        let session = self.open(look).await.inspect_err(|failure| {
            if failure.sort == Sort::Credentials {
                self.secrets.forget();
            }
        })?;
        let answers = session.ask(look, questions, self.statement_timeout).await?;
        self.session = Some(session);
        Ok(answers)
    }

    async fn open(&self, look: &Look) -> Result<Session, Failure> {
        let target = self.target().await?;
        let tls = connector(target.tls).await?;
        let several = target.addresses.len() > 1;
        let mut last = Failure::unknown("the connection string names no host");
        for address in &target.addresses {
            let attempt = connect(address, &target.config, tls.clone(), look);
            // With one host the whole look bounds the handshake; with several the next one must get its turn.
            let outcome = if several {
                let limit = look.connect_timeout * 2;
                timeout(limit, attempt).await.unwrap_or_else(|_| Err(Failure::no_answer(look.last_stage())))
            } else {
                attempt.await
            };
            match outcome {
                Ok(session) => return Ok(session),
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }
}

impl Session {
    async fn ask(&self, look: &Look, questions: &[&str], limit: Duration) -> Result<Vec<Answer>, Failure> {
        look.stage(format!("{} lets us in but does not answer a query", self.peer));
        self.tally.renew();
        let asked = questions.iter().map(|question| {
            // One message is one implicit transaction: nothing is left behind in a pooled session, whatever fails.
            let text = format!(
                "SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = {}; {question}",
                limit.as_millis().max(1)
            );
            async move { self.client.simple_query(&text).await }
        });
        join_all(asked).await.into_iter().map(|outcome| self.read(outcome)).collect()
    }

    fn read(&self, outcome: Result<Vec<SimpleQueryMessage>, tokio_postgres::Error>) -> Result<Answer, Failure> {
        match outcome {
            Ok(messages) => {
                let document = messages.iter().find_map(|message| match message {
                    SimpleQueryMessage::Row(row) => row.try_get(0).ok().flatten(),
                    _ => None,
                });
                Ok(match document.map(|text: &str| json::read(text.as_bytes())) {
                    Some(Ok(value)) => Ok(value),
                    Some(Err(_)) => Err("the answer is not what this server's version should give".into()),
                    None => Err("the server has no answer".into()),
                })
            }
            Err(error) => match error.as_db_error() {
                // A FATAL refusal ends the session; anything else is about this question only.
                Some(answer) if answer.severity() == "ERROR" && !self.client.is_closed() => {
                    Ok(Err(Refused { code: answer.code().code().to_owned(), words: answer.message().to_owned() }))
                }
                _ => Err(failure(&error, &self.peer, &self.tally)),
            },
        }
    }
}

/// Files are read off the async workers, and only when the wish names some.
async fn connector(wish: TlsWish) -> Result<MakeRustlsConnect, Failure> {
    if wish.verify == Verify::Nothing && wish.identity.is_none() {
        return tls::connector(&wish).map_err(Failure::unknown);
    }
    match tokio::task::spawn_blocking(move || tls::connector(&wish)).await {
        Ok(made) => made.map_err(Failure::unknown),
        Err(_) => Err(Failure::unknown("the root certificates could not be read")),
    }
}

async fn connect(address: &Address, config: &Config, tls: MakeRustlsConnect, look: &Look) -> Result<Session, Failure> {
    let peer = address.label();
    match &address.host {
        Host::Tcp(host) => {
            let endpoint = Endpoint { host: host.clone(), port: address.port };
            let (stream, _) = reach::connect(&endpoint, look).await?;
            stream.set_nodelay(true).ok();
            shake_hands(stream, address, config.clone(), tls, peer, look).await
        }
        Host::Unix(_) => {
            look.stage(format!("{peer} does not accept a connection"));
            let stream = timeout(look.connect_timeout, UnixStream::connect(&peer))
                .await
                .map_err(|_| Failure::no_answer(look.last_stage()))?
                .map_err(|error| match error.kind() {
                    io::ErrorKind::NotFound => Failure::down(format!("no server listens on {peer}")),
                    _ => NetError::from_io(&error, &peer).into(),
                })?;
            let mut config = config.clone();
            config.ssl_mode(SslMode::Disable); // as libpq: a local socket has no TLS
            shake_hands(stream, address, config, tls, peer, look).await
        }
    }
}

async fn shake_hands<S>(
    stream: S,
    address: &Address,
    config: Config,
    tls: MakeRustlsConnect,
    peer: String,
    look: &Look,
) -> Result<Session, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    look.stage(format!("{peer} accepted the connection but does not answer"));
    let name = match (&address.name, &address.host) {
        (Some(name), _) | (None, Host::Tcp(name)) => name.as_str(),
        (None, Host::Unix(_)) => "",
    };
    let tally = Tally::new(LOOK_BYTES, LOOK_MESSAGES);
    let frames = PostgresFrames::on_socket(&config, ANSWER);
    let stream = Bounded::new(FirstBytes::new(stream, begins_like_postgres), frames, tally.clone());
    let mut tls = BoundedTls { inner: tls, most: ANSWER, tally: tally.clone() };
    let tls = MakeTlsConnect::<Bounded<FirstBytes<S>, PostgresFrames>>::make_tls_connect(&mut tls, name)
        .map_err(|error| Failure::unknown(format!("TLS cannot be set up for {peer}: {error}")))?;
    let (client, connection) = config.connect_raw(stream, tls).await.map_err(|error| failure(&error, &peer, &tally))?;
    let driver = AbortOnDropHandle::new(tokio::spawn(async move {
        // Its error is also what the client says of the next question.
        let _ = connection.await;
    }));
    let session = Session { client, peer, tally, opened: Instant::now(), _driver: driver };
    session.check_attributes(config.get_target_session_attrs()).await?;
    Ok(session)
}

impl Session {
    /// `target_session_attrs`, which decides between several hosts.
    async fn check_attributes(&self, wanted: TargetSessionAttrs) -> Result<(), Failure> {
        let writable = match wanted {
            TargetSessionAttrs::ReadWrite => true,
            TargetSessionAttrs::ReadOnly => false,
            _ => return Ok(()),
        };
        let shown = self.client.simple_query("SHOW transaction_read_only").await;
        let messages = shown.map_err(|error| failure(&error, &self.peer, &self.tally))?;
        let read_only = messages.iter().any(|message| match message {
            SimpleQueryMessage::Row(row) => row.try_get(0).ok().flatten() == Some("on"),
            _ => false,
        });
        match (writable, read_only) {
            (true, true) => {
                Err(Failure::down(format!("{} is up but read-only, and the URL asks for read-write", self.peer)))
            }
            (false, false) => {
                Err(Failure::down(format!("{} accepts writes, and the URL asks for read-only", self.peer)))
            }
            _ => Ok(()),
        }
    }
}

/// The server sent more than is read, or what else the error means.
fn failure(error: &tokio_postgres::Error, peer: &str, tally: &Tally) -> Failure {
    match tally.excess() {
        Some(excess) => Failure::unknown(format!("{peer} sent {excess}")),
        None => refusal::failure(error, peer),
    }
}

/// S, N: answer to the TLS request; 0x16, 0x15: TLS itself; R, E, v, N: authentication, error, version, notice.
fn begins_like_postgres(byte: u8) -> bool {
    matches!(byte, b'S' | b'N' | b'R' | b'E' | b'v' | 0x16 | 0x15)
}
