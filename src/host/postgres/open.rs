//! Opens one connection to the first host of a connection string that takes us.

use std::{error::Error as _, io, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    time::timeout,
};
use tokio_postgres::{
    Client, Connection, Error,
    config::{Config, Host, SslMode, TargetSessionAttrs},
    tls::MakeTlsConnect,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::bounded::{
    Bounded, Tally,
    postgres::{BoundedTls, PostgresFrames},
};
use super::{
    target::{Address, Target},
    tls,
};

/// What a connection is made of, whatever carries it.
pub trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Socket for S {}

/// Longest row. Rows are passed on one by one, and are held as bytes, values and text at the same time.
const ROW: u64 = 16 << 20;

/// The socket, its messages bounded.
type Measured = Bounded<Box<dyn Socket>, PostgresFrames>;
/// The stream that TLS is spoken over, where it is.
type Stream = <BoundedTls as MakeTlsConnect<Measured>>::Stream;

/// An open connection. Nothing happens on it before somebody polls `driver`.
pub struct Opened {
    pub client: Client,
    pub driver: Connection<Measured, Stream>,
    /// `10.0.0.5:5432`.
    pub peer: String,
    /// What the server sent too much of, when that is why the connection broke.
    pub tally: Tally,
    /// How to reach the same server again, to cancel a query.
    pub again: Again,
}

/// The way to a server.
#[derive(Clone)]
pub struct Again {
    address: Address,
    tls: MakeRustlsConnect,
    limit: Duration,
}

impl Again {
    /// Asks the server to give up what a connection of ours does.
    pub async fn cancel(&self, token: &tokio_postgres::CancelToken) -> Result<(), String> {
        let peer = self.address.label();
        let stream = reach(&self.address, self.limit).await?;
        let asked =
            token.cancel_query_raw(stream, connector::<Box<dyn Socket>, _>(&mut self.tls.clone(), &self.address)?);
        match timeout(self.limit, asked).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(sentence(&error, &peer)),
            Err(_) => Err(format!("{peer} did not answer within {} s", self.limit.as_secs())),
        }
    }
}

/// Tries the hosts in their order, each for at most `limit`. The error is one sentence without the password. Where
/// `target_session_attrs` decides between hosts, it is obeyed.
pub async fn open(target: &Target, limit: Duration) -> Result<Opened, String> {
    let wish = target.tls.clone();
    let tls = tokio::task::spawn_blocking(move || tls::connector(&wish))
        .await
        .map_err(|_| "the root certificates could not be read".to_owned())??;
    let mut last = "the connection string names no host".to_owned();
    for address in &target.addresses {
        let attempt = shake_hands(address, &target.config, &tls, limit);
        match timeout(limit, attempt).await {
            Ok(Ok(opened)) => return Ok(opened),
            Ok(Err(why)) => last = why,
            Err(_) => last = format!("{} did not answer within {} s", address.label(), limit.as_secs()),
        }
    }
    Err(last)
}

async fn shake_hands(
    address: &Address,
    config: &Config,
    tls: &MakeRustlsConnect,
    limit: Duration,
) -> Result<Opened, String> {
    let peer = address.label();
    let mut config = config.clone();
    if matches!(address.host, Host::Unix(_)) {
        config.ssl_mode(SslMode::Disable); // as libpq: a local socket has no TLS
    }
    let stream = reach(address, limit).await?;
    let tally = Tally::endless();
    let stream = Bounded::new(stream, PostgresFrames::on_socket(&config, ROW), tally.clone());
    let mut bounded = BoundedTls { inner: tls.clone(), most: ROW, tally: tally.clone() };
    let (client, mut driver) =
        config.connect_raw(stream, connector::<Measured, _>(&mut bounded, address)?).await.map_err(|error| {
            tally.excess().map_or_else(|| sentence(&error, &peer), |excess| format!("{peer} sent {excess}"))
        })?;
    let wanted = config.get_target_session_attrs();
    if wanted != TargetSessionAttrs::Any {
        let asked = client.simple_query("SHOW transaction_read_only");
        let answer = tokio::select! {
            answer = asked => answer.map_err(|error| sentence(&error, &peer))?,
            _ = &mut driver => return Err(format!("{peer} closed the connection")),
        };
        let read_only = answer.iter().any(|message| {
            matches!(message, tokio_postgres::SimpleQueryMessage::Row(row) if row.try_get(0).ok().flatten() == Some("on"))
        });
        if read_only == (wanted == TargetSessionAttrs::ReadWrite) {
            let is = if read_only { "is read-only" } else { "accepts writes" };
            return Err(format!("{peer} {is}, and the connection string asks for another server"));
        }
    }
    let again = Again { address: address.clone(), tls: tls.clone(), limit };
    Ok(Opened { client, driver, peer, tally, again })
}

async fn reach(address: &Address, limit: Duration) -> Result<Box<dyn Socket>, String> {
    let peer = address.label();
    let connecting = async {
        Ok(match &address.host {
            Host::Tcp(host) => {
                let stream = TcpStream::connect((host.as_str(), address.port)).await?;
                stream.set_nodelay(true)?;
                Box::new(stream) as Box<dyn Socket>
            }
            Host::Unix(_) => Box::new(UnixStream::connect(&peer).await?),
        })
    };
    match timeout(limit, connecting).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(unreachable(&error, &peer)),
        Err(_) => Err(format!("{peer} did not answer within {} s", limit.as_secs())),
    }
}

fn connector<S, T: MakeTlsConnect<S>>(tls: &mut T, address: &Address) -> Result<T::TlsConnect, String>
where
    T::Error: std::fmt::Display,
{
    let name = match (&address.name, &address.host) {
        (Some(name), _) | (None, Host::Tcp(name)) => name.as_str(),
        (None, Host::Unix(_)) => "",
    };
    tls.make_tls_connect(name).map_err(|error| format!("TLS cannot be set up for {}: {error}", address.label()))
}

fn unreachable(error: &io::Error, peer: &str) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("{peer} refuses connections: no server listens there"),
        io::ErrorKind::NotFound => format!("no server listens on {peer}"),
        _ => format!("{peer} cannot be reached: {error}"),
    }
}

/// What the server, or the library, says about a failure. The words name roles and databases, never a password.
fn sentence(error: &Error, peer: &str) -> String {
    if let Some(answer) = error.as_db_error() {
        return format!("{peer} does not let us in: {}", answer.message());
    }
    match error.source() {
        Some(cause) => format!("{peer}: {error}: {cause}"),
        None => format!("{peer}: {error}"),
    }
}
