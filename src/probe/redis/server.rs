//! One Redis protocol server (Redis or Sentinel) and the connection that is kept to it between looks.

use std::{io, time::Duration};

use futures::future::join_all;
use redis::{AsyncConnectionConfig, Cmd, RedisConnectionInfo, RedisError, Value, aio::MultiplexedConnection};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::UnixStream,
    time::{Instant, timeout},
};
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

use super::{
    refusal::{self, Refused},
    target::{Login, Place, Transport},
};
use crate::{
    Look,
    failure::Failure,
    first_bytes::{FirstBytes, Heard},
    net_error::NetError,
    reach, trust,
};
use warroom_host::bounded::{Bounded, Tally, redis::RedisFrames};

/// A connection is replaced after this time, so that "accepts connections" and what a name resolves to are checked anew.
const RENEW_AFTER: Duration = Duration::from_secs(60);

/// Bounds on what one look takes: `INFO` is about 8 kB, the nodes of the largest clusters 200 kB.
const LOOK_BYTES: u64 = 4 << 20;
const LOOK_VALUES: u64 = 50_000;

/// What the server answered to one command, and how long that took.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) value: Result<Value, Refused>,
    pub(super) took: Duration,
}

impl Answer {
    /// The answer as text, when it is one.
    pub(super) fn text(&self) -> Option<String> {
        self.value.as_ref().ok().and_then(|value| redis::from_redis_value_ref(value).ok())
    }
}

pub(super) struct Server {
    place: Place,
    transport: Transport,
    login: Login,
    live: Option<Live>,
}

struct Live {
    connection: MultiplexedConnection,
    heard: Heard,
    tally: Tally,
    opened: Instant,
    /// Reads and writes the socket; the connection is gone with it.
    _driver: AbortOnDropHandle<()>,
}

/// What happens in a TLS handshake is of no interest here.
struct Unheard;
impl trust::Handshake for Unheard {}

impl Server {
    pub(super) fn new(place: Place, transport: Transport, login: Login) -> Self {
        Server { place, transport, login, live: None }
    }

    pub(super) fn label(&self) -> String {
        self.place.label()
    }

    /// Sends all commands in one round trip. A refused command does not disturb the others.
    pub(super) async fn ask(&mut self, look: &Look, commands: &[Cmd]) -> Result<Vec<Answer>, Failure> {
        let peer = self.label();
        // The connection is put back only when the look is not dropped half way.
        if let Some(live) = self.live.take().filter(|live| live.opened.elapsed() < RENEW_AFTER) {
            look.stage(format!("{peer} accepted the connection but does not answer"));
            live.tally.renew();
            if let Ok(answers) = send(&live, commands.iter()).await {
                self.live = Some(live);
                return Ok(answers);
            }
        }
        let live = self.open(look, &peer).await?;
        look.stage(format!("{peer} accepted the connection but does not answer"));
        let entry = self.entry();
        // Getting in goes in the same round trip as the questions.
        let sent = send(&live, entry.iter().chain(commands)).await;
        let mut answers = sent.map_err(|error| {
            excessive(&live.tally, &peer).unwrap_or_else(|| refusal::failure(&error, &peer, &live.heard.text()))
        })?;
        let rest = answers.split_off(entry.len());
        for (command, answer) in entry.iter().zip(&answers) {
            if let Err(refused) = &answer.value
                && !is_optional(command)
            {
                return Err(refused.meaning());
            }
        }
        self.live = Some(live);
        Ok(rest)
    }

    /// The commands that a new connection begins with.
    fn entry(&self) -> Vec<Cmd> {
        let mut entry = Vec::new();
        if let Some(password) = &self.login.password {
            let mut auth = redis::cmd("AUTH");
            if let Some(user) = &self.login.user {
                auth.arg(user);
            }
            entry.push(auth.arg(password).clone());
        }
        if self.login.db != 0 {
            entry.push(redis::cmd("SELECT").arg(self.login.db).clone());
        }
        entry.push(redis::cmd("CLIENT").arg("SETNAME").arg("warroom").clone());
        entry
    }

    async fn open(&self, look: &Look, peer: &str) -> Result<Live, Failure> {
        match &self.place {
            Place::Unix(path) => {
                look.stage(format!("{peer} does not accept a connection"));
                let stream = timeout(look.connect_timeout, UnixStream::connect(path))
                    .await
                    .map_err(|_| Failure::no_answer(format!("{peer} does not accept a connection")))?
                    .map_err(|error| match error.kind() {
                        io::ErrorKind::NotFound => Failure::down(format!("no server listens on {peer}")),
                        _ => NetError::from_io(&error, peer).into(),
                    })?;
                converse(stream, peer).await
            }
            Place::Tcp(endpoint) => {
                let (stream, _) = reach::connect(endpoint, look).await?;
                stream.set_nodelay(true).ok();
                let Transport::Tls { insecure } = self.transport else { return converse(stream, peer).await };
                look.stage(format!("{peer} accepted the connection but does not begin TLS"));
                let tls = trust::Files::default().tls(!insecure, std::sync::Arc::new(Unheard)).await?;
                let name = ServerName::try_from(endpoint.host.clone()).map_err(|_| {
                    Failure::unknown(format!("{} is not a name that a certificate can be for", endpoint.host))
                })?;
                let stream = TlsConnector::from(std::sync::Arc::new(tls.config))
                    .connect(name, stream)
                    .await
                    // A server without TLS hangs up or answers in plain text: we could not look, as we were told to.
                    .map_err(|error| Failure::unknown(NetError::from_io(&error, peer).cause))?;
                converse(stream, peer).await
            }
        }
    }
}

/// CLIENT SETNAME is a courtesy: a proxy or an ACL may refuse it.
fn is_optional(command: &Cmd) -> bool {
    command.args_iter().next().is_some_and(|first| matches!(first, redis::Arg::Simple(b"CLIENT")))
}

async fn converse<S>(stream: S, peer: &str) -> Result<Live, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = FirstBytes::new(stream, |byte| b"+-:$*_#,(!=%~>|".contains(&byte));
    let heard = stream.heard();
    let tally = Tally::new(LOOK_BYTES, LOOK_VALUES);
    let stream = Bounded::new(stream, RedisFrames::default(), tally.clone());
    // Without login, database and library name the library itself sends nothing: `ask` does, and reads every answer.
    let silent = RedisConnectionInfo::default().set_skip_set_lib_name();
    // The scheduler bounds the look.
    let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
    let (connection, driver) = MultiplexedConnection::new_with_config(&silent, stream, config)
        .await
        .map_err(|error| excessive(&tally, peer).unwrap_or_else(|| refusal::failure(&error, peer, &heard.text())))?;
    let driver = AbortOnDropHandle::new(tokio::spawn(driver));
    Ok(Live { connection, heard, tally, opened: Instant::now(), _driver: driver })
}

/// The server sent more than is read.
fn excessive(tally: &Tally, peer: &str) -> Option<Failure> {
    tally.excess().map(|excess| Failure::unknown(format!("{peer} sent {excess}")))
}

/// All commands at once. The error is that of a broken conversation; refusals are answers.
async fn send<'a>(live: &Live, commands: impl Iterator<Item = &'a Cmd>) -> Result<Vec<Answer>, RedisError> {
    let sent = commands.map(|command| {
        let mut connection = live.connection.clone();
        async move {
            let begun = Instant::now();
            let outcome = connection.send_packed_command(command).await.and_then(Value::extract_error);
            let took = begun.elapsed();
            match outcome {
                Ok(value) => Ok(Answer { value: Ok(value), took }),
                Err(error) => match Refused::of(&error) {
                    Some(refused) => Ok(Answer { value: Err(refused), took }),
                    None => Err(error),
                },
            }
        }
    });
    join_all(sent).await.into_iter().collect()
}
