//! `tls`: is the certificate chain of a TLS server one that clients accept, and for how long?
//!
//! The handshake goes on when the chain is not acceptable, so that it can be shown, and what a server shows before it refuses us
//! (it asks for a client certificate) counts as well. Not acceptable (expired, not valid yet, another name, not trusted) is
//! `down`; a root in `ca_file` that has expired `warn`. The value is the days left of the server's own certificate; thresholds decide
//! when few are too few. Details: `days_left`, `trusted`, `problem`, `certificate` (`subject`, `issuer`, `not_before_at`,
//! `not_after_at`, `days_left`, `names`, `self_signed`), `chain` (table: `subject`, `issuer`, `not_after_at`, `days_left`),
//! `protocol`, `cipher`, `address`, `server_name`, `connect_ms`, `handshake_ms`, `client_certificate` (`asked for`, when it is).

use std::sync::Arc;

use futures::future::BoxFuture;
use rustls::pki_types::ServerName;
use serde_json::json;
use tokio::{net::TcpStream, time::Instant};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    Look, Probe,
    certificate::Presented,
    net_error::{NetError, Trouble},
    reach::{self, Endpoint},
    tcp::ms,
    trust::{self, Handshake},
};
use warroom_domain::{
    health::{Observation, Status, Unit},
    platform::{OnTimeout, ProbeSpec},
};

/// The port of HTTPS, when a pack gives none.
const HTTPS: u16 = 443;

pub(super) struct TlsProbe {
    endpoint: Result<Endpoint, String>,
    /// The name in the hello, and that the certificate must be for.
    server_name: String,
    files: trust::Files,
    on_timeout: OnTimeout,
}

impl TlsProbe {
    /// `address` is `HOST[:PORT]`; `server_name` is the host when none is given.
    pub(super) fn new(address: &str, server_name: Option<&str>, files: trust::Files, spec: &ProbeSpec) -> Self {
        let endpoint = Endpoint::parse(address, Some(HTTPS));
        let host = endpoint.as_ref().map(|endpoint| endpoint.host.clone()).unwrap_or_default();
        let server_name = server_name.map_or(host, str::to_owned);
        TlsProbe { endpoint, server_name, files, on_timeout: spec.on_timeout }
    }

    async fn look(&self, look: &Look) -> Result<Observation, NetError> {
        let ours = |cause: String| NetError::new(Trouble::Ours, cause);
        let endpoint = self.endpoint.as_ref().map_err(|wrong| ours(wrong.clone()))?;
        let name = ServerName::try_from(self.server_name.clone())
            .map_err(|_| ours(format!("`{}` is not a server name", self.server_name)))?;
        let tls = self.files.tls(false, Arc::new(Silent)).await?;
        let started = Instant::now();
        let (stream, address) = reach::connect(endpoint, look).await?;
        let connected = started.elapsed();
        look.stage(format!("{endpoint} accepted the connection but the TLS handshake does not end"));
        let connector = TlsConnector::from(Arc::new(tls.config.clone()));
        let stream = connector.connect(name, stream).await;
        let handshake = started.elapsed().saturating_sub(connected);
        let stream = match stream {
            Ok(stream) => Some(stream),
            // What it has shown is its certificate, whatever it thinks of us.
            Err(_) if tls.presented().is_some_and(|presented| tls.asked() || presented.problem.is_some()) => None,
            Err(error) => return Err(NetError::from_io(&error, &endpoint.to_string())),
        };
        let presented = tls.presented().ok_or_else(|| ours(format!("{endpoint} presents no certificate")))?;
        let mut observation = judge(&presented, look);
        if tls.asked() {
            observation.details.insert("client_certificate".to_owned(), "asked for".into());
            if stream.is_none() && self.files.certificate.is_some() && observation.verdict < Status::Unknown {
                observation.verdict = Status::Unknown;
                observation.summary = format!("{endpoint} refuses our client certificate");
            }
        }
        observation.details.extend(stream.iter().flat_map(session));
        observation.details.insert("address".to_owned(), address.to_string().into());
        observation.details.insert("server_name".to_owned(), self.server_name.clone().into());
        observation.details.insert("connect_ms".to_owned(), ms(connected).into());
        observation.details.insert("handshake_ms".to_owned(), ms(handshake).into());
        Ok(observation)
    }
}

impl Probe for TlsProbe {
    fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation> {
        Box::pin(async move { self.look(look).await.unwrap_or_else(|error| error.observation(self.on_timeout)) })
    }
}

fn judge(presented: &Presented, look: &Look) -> Observation {
    let Some(leaf) = presented.leaf() else { return Observation::down("certificate cannot be read") };
    let problem = presented.problem_words(look.at);
    let mut details = json!({
        "days_left": leaf.days_left(look.at),
        "trusted": problem.is_none(),
        "certificate": presented.leaf_details(look.at),
        "chain": presented.chain_details(look.at),
    });
    let ending = format!("certificate {}", leaf.expiry_words(look.at));
    let observation = match (problem, presented.doubt_words(look.at)) {
        (Some(problem), _) => {
            details["problem"] = problem.clone().into();
            Observation::down(problem)
        }
        (None, Some(doubt)) => {
            details["problem"] = doubt.clone().into();
            Observation::new(Status::Warn, format!("{ending}, but {doubt}"))
        }
        (None, None) => Observation::ok(ending),
    };
    #[expect(clippy::cast_precision_loss, reason = "days of a certificate are few")]
    observation.with_value(leaf.days_left(look.at) as f64, Unit::Days).with_details(details)
}

fn session(stream: &TlsStream<TcpStream>) -> serde_json::Map<String, serde_json::Value> {
    let (_, connection) = stream.get_ref();
    let mut details = serde_json::Map::new();
    if let Some(version) = connection.protocol_version() {
        // rustls calls it `TLSv1_3`.
        details.insert("protocol".to_owned(), format!("{version:?}").replace("TLSv1_", "TLS 1.").into());
    }
    if let Some(suite) = connection.negotiated_cipher_suite() {
        details.insert("cipher".to_owned(), format!("{:?}", suite.suite()).into());
    }
    details
}

struct Silent;
impl Handshake for Silent {}
