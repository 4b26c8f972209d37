//! `tcp`: does a port accept connections? Every address behind the name is tried.
//!
//! Ok when at least one address accepts; the value is the shortest connect time in ms. Details: `addresses` and
//! `accepting` (counts; `accepting < addresses` as a `warn` finds a dead member), `attempts` (table: `address`, `result`,
//! `connect_ms`).

use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{
    Look, Probe,
    net_error::NetError,
    reach::{self, Attempt, Endpoint},
};
use warroom_domain::{
    health::{Observation, Unit, number},
    platform::{OnTimeout, ProbeSpec},
};

pub(super) struct TcpProbe {
    endpoint: Result<Endpoint, String>,
    /// Bound on each address.
    limit: Duration,
    on_timeout: OnTimeout,
}

impl TcpProbe {
    /// `address` is `HOST:PORT`.
    pub(super) fn new(address: &str, spec: &ProbeSpec) -> Self {
        TcpProbe { endpoint: Endpoint::parse(address, None), limit: reach::limit(spec), on_timeout: spec.on_timeout }
    }
}

impl Probe for TcpProbe {
    fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation> {
        Box::pin(async move {
            let endpoint = match &self.endpoint {
                Ok(endpoint) => endpoint,
                Err(wrong) => return Observation::unknown(wrong.clone()),
            };
            match reach::connect_all(endpoint, self.limit, look).await {
                Ok(attempts) => judge(endpoint, &attempts, self.on_timeout),
                Err(error) => error.observation(self.on_timeout),
            }
        })
    }
}

fn judge(endpoint: &Endpoint, attempts: &[Attempt], on_timeout: OnTimeout) -> Observation {
    let details = json!({
        "addresses": attempts.len(),
        "accepting": attempts.iter().filter(|attempt| attempt.result.is_ok()).count(),
        "attempts": attempts.iter().map(row).collect::<Vec<Value>>(),
    });
    let fastest = attempts.iter().filter(|attempt| attempt.result.is_ok()).map(|attempt| attempt.took).min();
    let Some(fastest) = fastest else {
        let failures = attempts.iter().filter_map(|attempt| attempt.result.as_ref().err().cloned());
        let worst = failures.fold(None, |worst: Option<NetError>, error| Some(reach::worse(worst, error)));
        let Some(error) = worst else { return Observation::unknown(format!("{} has no address", endpoint.host)) };
        let named = NetError { cause: reach::with_name(&error, endpoint), ..error };
        return named.observation(on_timeout).with_details(details);
    };
    let refusing = attempts.iter().filter(|attempt| attempt.result.is_err()).count();
    let summary = if refusing == 0 {
        format!("accepts connections, {} ms", number(ms(fastest)))
    } else {
        format!("{} of {} addresses accept connections", attempts.len() - refusing, attempts.len())
    };
    Observation::ok(summary).with_value(ms(fastest), Unit::Milliseconds).with_details(details)
}

fn row(attempt: &Attempt) -> Value {
    let result = attempt.result.as_ref().map_or_else(|error| error.cause.clone(), |_| "accepts".to_owned());
    json!({ "address": attempt.address.to_string(), "result": result, "connect_ms": ms(attempt.took) })
}

/// Milliseconds, to the microsecond.
pub(super) fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
