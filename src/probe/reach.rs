//! Reaching a host and port: name to addresses, addresses to connections, each attempt remembered.

use std::{fmt, net::SocketAddr, time::Duration};

use futures::{
    future::join_all,
    stream::{FuturesUnordered, StreamExt},
};
use tokio::{net::TcpStream, time::Instant};

use super::{
    Look,
    net_error::{NetError, Trouble},
};
use warroom_domain::platform::ProbeSpec;

/// Addresses of one name that are tried; more is a misconfiguration, or a content network that has better to offer.
const TRIED: usize = 16;

/// A host (name or address) and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Without the brackets of an IPv6 address.
    pub host: String,
    pub port: u16,
}

impl Endpoint {
    /// Reads `HOST:PORT`, `ADDRESS:PORT`, `[ADDRESS]:PORT`, and without a port when there is a default.
    /// The error is one sentence.
    pub fn parse(text: &str, default_port: Option<u16>) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an address: write HOST:PORT");
        let text = text.trim();
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Endpoint { host: address.ip().to_string(), port: address.port() });
        }
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        if bare.parse::<std::net::IpAddr>().is_ok() {
            return Ok(Endpoint { host: bare.to_owned(), port: default_port.ok_or_else(wrong)? });
        }
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| wrong())?),
            None => (text, default_port.ok_or_else(wrong)?),
        };
        let legal = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
        if host.is_empty() || !host.chars().all(legal) || port == 0 {
            return Err(wrong());
        }
        Ok(Endpoint { host: host.to_owned(), port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The connect timeout, and less than the whole look's: what is learned when it ends can still be told.
pub fn limit(spec: &ProbeSpec) -> Duration {
    spec.connect_timeout.min(spec.timeout.mul_f64(0.8))
}

/// How one address answered a connection attempt.
#[derive(Debug)]
pub struct Attempt {
    pub address: SocketAddr,
    pub took: Duration,
    pub result: Result<TcpStream, NetError>,
}

/// The addresses behind an endpoint, in the order the machine prefers, without duplicates.
pub async fn resolve(endpoint: &Endpoint, look: &Look) -> Result<Vec<SocketAddr>, NetError> {
    look.stage(format!("{} is being resolved", endpoint.host));
    let found = tokio::net::lookup_host((endpoint.host.as_str(), endpoint.port));
    let found = tokio::time::timeout(look.connect_timeout, found)
        .await
        .map_err(|_| {
            NetError::new(Trouble::NoName, format!("{} does not resolve here: no name server answers", endpoint.host))
        })?
        .map_err(|error| match NetError::from_io(&error, &endpoint.to_string()) {
            NetError { trouble: Trouble::Other, .. } => {
                NetError::new(Trouble::NoName, format!("{} does not resolve here", endpoint.host))
            }
            known => known,
        })?;
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address) && addresses.len() < TRIED {
            addresses.push(address);
        }
    }
    if addresses.is_empty() {
        return Err(NetError::new(Trouble::NoName, format!("{} has no address", endpoint.host)));
    }
    Ok(addresses)
}

/// Tries every address at the same time, each within `limit`, and waits for all of them.
pub async fn connect_all(endpoint: &Endpoint, limit: Duration, look: &Look) -> Result<Vec<Attempt>, NetError> {
    let addresses = resolve(endpoint, look).await?;
    look.stage(format!("{endpoint} does not answer the connection attempt"));
    Ok(join_all(addresses.into_iter().map(|address| attempt(address, limit))).await)
}

/// The first connection that stands, with its address. Addresses are tried at the same time.
pub async fn connect(endpoint: &Endpoint, look: &Look) -> Result<(TcpStream, SocketAddr), NetError> {
    let addresses = resolve(endpoint, look).await?;
    look.stage(format!("{endpoint} does not answer the connection attempt"));
    let mut attempts: FuturesUnordered<_> =
        addresses.into_iter().map(|address| attempt(address, look.connect_timeout)).collect();
    let mut worst: Option<NetError> = None;
    while let Some(Attempt { address, result, .. }) = attempts.next().await {
        match result {
            Ok(stream) => return Ok((stream, address)),
            Err(error) => worst = Some(worse(worst, error)),
        }
    }
    Err(worst.map_or_else(
        || NetError::new(Trouble::NoName, format!("{} has no address", endpoint.host)),
        |error| NetError { cause: with_name(&error, endpoint), ..error },
    ))
}

/// Of the failures of several addresses, the one that says most about the target.
pub fn worse(before: Option<NetError>, error: NetError) -> NetError {
    match before {
        Some(before) if before.status() >= error.status() => before,
        _ => error,
    }
}

async fn attempt(address: SocketAddr, limit: Duration) -> Attempt {
    let started = Instant::now();
    let result = match tokio::time::timeout(limit, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(NetError::from_io(&error, &address.to_string())),
        Err(_) => Err(NetError::no_answer(format!(
            "{address} does not answer the connection attempt within {} s",
            warroom_domain::health::number(limit.as_secs_f64())
        ))),
    };
    Attempt { address, took: started.elapsed(), result }
}

/// The cause, with the name that the user wrote beside the address.
pub fn with_name(error: &NetError, endpoint: &Endpoint) -> String {
    if error.cause.contains(&endpoint.host) {
        error.cause.clone()
    } else {
        format!("{}: {}", endpoint.host, error.cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_every_usual_form() {
        for (text, default, shown) in [
            ("db.example.com:5432", None, "db.example.com:5432"),
            ("127.0.0.1:80", None, "127.0.0.1:80"),
            ("[::1]:443", None, "[::1]:443"),
            ("::1", Some(443), "[::1]:443"),
            ("shop.example", Some(443), "shop.example:443"),
        ] {
            assert_eq!(Endpoint::parse(text, default).unwrap().to_string(), shown);
        }
        for text in ["", "db", "db:0", "db:http", "db:99999", "https://x:1", "a b:1"] {
            assert!(Endpoint::parse(text, None).is_err(), "{text}");
        }
    }
}
