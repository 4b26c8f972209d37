//! Adapters that look at real targets: one trait, one file for each probe kind, one scheduler that paces them all.
//!
//! # How to add a probe kind
//!
//! 1. Add a variant to [`warroom_domain::platform::ProbeTarget`], its word in `kind()`, and its fields to the pack loader.
//! 2. Write `src/probe/KIND.rs` with a type that implements [`Probe`]. Take what it needs from the spec in `new`; do no I/O there.
//! 3. Add its arm to [`build`].
//! 4. Give it default thresholds beside the others in `warroom_domain::health`.
//! 5. Test it in `tests/` against the real server, and what it says when that server is dead, hanging or lying.

mod backup;
pub mod certificate;
mod command;
mod dns;
mod failure;
mod first_bytes;
mod http;
mod known;
mod kubernetes;
mod masked;
mod metrics;
pub mod net_error;
mod postgres;
mod prometheus;
pub mod reach;
mod redis;
mod replication;
mod scheduler;
mod simulated;
mod statuspage;
mod tcp;
mod tls;
pub mod trust;
pub mod web;

pub use kubernetes::reach_cluster;
pub use scheduler::{Scheduled, Scheduler, Signal, look_once};
pub use simulated::{SimulatedProbe, Simulation};

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;

use warroom_domain::{
    health::Observation,
    platform::{Environment, ProbeSpec, ProbeTarget, TlsFiles, WebFields},
};
use warroom_host::secret::{SecretStore, expand_home};

/// One check of one target.
///
/// A probe never panics and never decides its own total timeout: the scheduler drops the future of a look that takes too
/// long, so `observe` must be safe to drop at any await. It reports what it is waiting for through [`Look::stage`],
/// and that is what the user reads when the time is up.
pub trait Probe: Send + Sync + 'static {
    /// Looks once. Everything that goes wrong is an observation, not an error.
    fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation>;

    /// Resolves when there is something new to observe before the interval is over (watching probes).
    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }

    /// Answers a question that is too big or too costly for every reading (all pods, a pod's log).
    /// The error is one sentence for the user.
    fn inquire<'a>(&'a self, inquiry: &'a Inquiry) -> BoxFuture<'a, Result<Value, String>> {
        Box::pin(async move { Err(format!("this kind of probe cannot answer {inquiry:?}")) })
    }
}

/// A question to one probe, asked when a person opens its details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inquiry {
    /// All pods, worst first: an array of objects, one row each (`namespace`, `name`, `ready`, `status`, `restarts`,
    /// `restarts_15m`, `age_seconds`, `node`, `workload`, `message`).
    Pods,
    /// The last lines of a pod's log: a string. `previous` asks for the container before the last restart.
    PodLog { namespace: String, pod: String, container: Option<String>, previous: bool, lines: u32 },
}

/// One look in progress: what bounds it, and how far it has come.
#[derive(Debug)]
pub struct Look {
    /// Bound on reaching the target. The bound on the whole look is the scheduler's.
    pub connect_timeout: Duration,
    /// When the look started.
    pub at: Timestamp,
    /// True in a sweep: there was no look before this one and there will be none after it.
    pub once: bool,
    stage: Stage,
}

impl Look {
    pub fn new(connect_timeout: Duration, at: Timestamp, once: bool) -> Self {
        Look { connect_timeout, at, once, stage: Stage::default() }
    }

    /// Says what the look waits for from here on, as the end of "no answer within 3 s: …"
    /// (`127.0.0.1:5432 accepted the connection but does not speak`).
    pub fn stage(&self, waiting_for: impl Into<String>) {
        self.stage.set(waiting_for);
    }

    /// The same, for what runs outside the look's own future (a connector, a certificate verifier).
    pub fn stage_setter(&self) -> Stage {
        self.stage.clone()
    }

    /// The last stage, empty when the probe reported none.
    pub fn last_stage(&self) -> String {
        self.stage.0.lock().map(|stage| stage.clone()).unwrap_or_default()
    }
}

/// What a look waits for; clones speak of the same look.
#[derive(Debug, Clone, Default)]
pub struct Stage(Arc<Mutex<String>>);

impl Stage {
    /// See [`Look::stage`].
    pub fn set(&self, waiting_for: impl Into<String>) {
        if let Ok(mut stage) = self.0.lock() {
            *stage = waiting_for.into();
        }
    }
}

/// What all probes of one opened platform share.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The chosen environment; probes act only where it says.
    pub environment: Environment,
    /// The pack's folder; relative paths start here. Empty for an embedded pack: relative to the working directory.
    pub base: PathBuf,
    pub secrets: Arc<SecretStore>,
    /// The simulated platform in progress, when there is one.
    pub simulation: Option<Simulation>,
}

impl Surroundings {
    /// A path of the pack as it can be opened: `~/` is the home directory, relative paths start at the pack's folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.base.join(expand_home(path))
    }

    /// The files that a pack names for TLS, as they can be opened.
    fn tls(&self, files: &TlsFiles) -> trust::Files {
        let path = |path: &Option<String>| path.as_deref().map(|path| self.path(path));
        trust::Files {
            ca: path(&files.ca_file),
            certificate: path(&files.client_certificate),
            key: path(&files.client_key),
        }
    }

    /// What a pack says of a probe's requests. `body_limit` is the kind's own.
    fn web(&self, fields: &WebFields, body_limit: usize) -> web::Fields {
        web::Fields { tls: self.tls(&fields.tls), body_limit: fields.body_limit.unwrap_or(body_limit) }
    }
}

/// Makes the probe for a spec. Does no I/O: what cannot work is said by the first observation. What it says holds no secret.
pub fn build(spec: &ProbeSpec, surroundings: &Surroundings) -> Box<dyn Probe> {
    surroundings.secrets.declare(spec.target.secrets());
    Box::new(masked::Masked { probe: unmasked(spec, surroundings), secrets: surroundings.secrets.clone() })
}

fn unmasked(spec: &ProbeSpec, surroundings: &Surroundings) -> Box<dyn Probe> {
    match &spec.target {
        ProbeTarget::Http(target) => Box::new(http::HttpProbe::new(target, spec, surroundings)),
        ProbeTarget::Postgres { url, expect } => {
            Box::new(postgres::PostgresProbe::new(url.clone(), *expect, spec, surroundings.secrets.clone()))
        }
        ProbeTarget::Replication { primary, replicas } => {
            Box::new(replication::ReplicationProbe::new(primary.as_ref(), replicas, spec, &surroundings.secrets))
        }
        ProbeTarget::Redis { url, expect } => {
            Box::new(redis::RedisProbe::new(url.clone(), *expect, spec, surroundings.secrets.clone()))
        }
        ProbeTarget::Tcp { address } => Box::new(tcp::TcpProbe::new(address, spec)),
        ProbeTarget::Tls { address, server_name, tls } => {
            Box::new(tls::TlsProbe::new(address, server_name.as_deref(), surroundings.tls(tls), spec))
        }
        ProbeTarget::Dns { name, record, expect, server } => {
            Box::new(dns::DnsProbe::new(name, record, expect, server.as_deref(), spec))
        }
        ProbeTarget::Statuspage { url, web } => {
            Box::new(statuspage::StatuspageProbe::new(url, web, spec, surroundings))
        }
        ProbeTarget::Command { run, format } => Box::new(command::CommandProbe::new(run, *format, spec, surroundings)),
        ProbeTarget::Prometheus { server, query, unit, web } => {
            Box::new(prometheus::PrometheusProbe::new(server, query, unit.as_deref(), web, spec, surroundings))
        }
        ProbeTarget::Metrics { url, errors, total, window, web } => {
            Box::new(metrics::MetricsProbe::new(url, errors, total, *window, web, spec, surroundings))
        }
        ProbeTarget::Backup { source, verify, max_age, keep } => {
            Box::new(backup::BackupProbe::new(source, *verify, *max_age, *keep, spec, surroundings))
        }
        ProbeTarget::Simulated { scenario } => {
            Box::new(SimulatedProbe::new(&spec.id, scenario, surroundings.simulation.as_ref()))
        }
        ProbeTarget::Kubernetes { context, kubeconfig, namespaces, selector } => {
            let route = kubernetes::Route {
                context: context.clone(),
                kubeconfig: kubeconfig.clone(),
                surroundings: surroundings.clone(),
                connect_timeout: spec.connect_timeout,
                on_timeout: spec.on_timeout,
            };
            Box::new(kubernetes::Kubernetes::new(route, namespaces, selector.as_deref()))
        }
    }
}
