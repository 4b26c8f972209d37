//! `redis`: does it answer, in the role it should have, and does it take writes? Standalone, behind Sentinel, or a Cluster.
//!
//! URL forms: see [`target`]. One connection per server is kept (named `warroom`) and renewed every minute; a look is one
//! round trip of `PING` and `INFO`. Nothing is ever written.
//!
//! | what is found | status |
//! | --- | --- |
//! | connection refused, max number of clients, loading the dataset, busy with a script | down |
//! | a replica where a master is expected, or the other way round | down |
//! | writes are refused: out of memory (OOM), last save failed (MISCONF), too few replicas in time (NOREPLICAS) | down |
//! | link to the master down or copying: down when a replica is expected, else | warn |
//! | last save or rewrite of the append-only file failed while writes go on; a cluster node failed | warn |
//! | Sentinels without quorum or in disagreement; fewer of them than the quorum hold the master for down | warn |
//! | the quorum of the Sentinels holds the master for down (`o_down`) | down |
//! | a master came back after a failover and is one still: two servers accept writes | down, warn where a replica is expected |
//! | cluster state `fail`, or slots that nobody owns or whose master failed | down |
//! | how many replicas a write needs is hidden (`CONFIG` refused), and there are some | unknown |
//! | wants a password (NOAUTH), refuses ours (WRONGPASS), not allowed (NOPERM), protected mode; TLS fails | unknown |
//! | does not answer, no route, name does not resolve here | unknown |
//!
//! The value is the latency of `PING` in ms (of the slowest node of a cluster). Details:
//!
//! - `role` (`master`, `replica`, `cluster`), `server` (`Redis`, `Valkey`, `KeyDB`, `Dragonfly`, `Garnet`), `version` (its own),
//!   `ping_ms`, `uptime_seconds`, `keys`
//! - `memory`: `used_bytes`, `max_bytes` and `used_percent` (absent without a limit), `policy`, `fragmentation`, `peak_bytes`
//! - `clients`: `connected`, `blocked`, `max`; `hit_percent` (since start)
//! - `evictions_since_last_look`, `refused_for_memory_since_last_look` (absent on the first look)
//! - `persistence`: `last_save_age_seconds`, `last_save_ok`, `changes_since_last_save`, `aof_enabled`, `aof_ok`,
//!   `aof_rewrite_ok`, `loading`
//! - `replication` of a replica: `master`, `link`, `last_io_seconds`, `link_down_seconds`, `sync_in_progress`,
//!   `offset_lag_bytes`; of a master: `connected_replicas`, `replicas_in_time`, `offset_lag_bytes` (the worst), `replicas` (table): `address`,
//!   `state`, `offset_lag_bytes`, `last_ack_seconds`
//! - `databases` (table): `db`, `keys`, `expires`
//! - `sentinel`: `master`, `address`, `held_for_down`, `voices_for_down`, `other_masters`, `quorum`, `quorum_ok`, `known_sentinels`, `asked`, `answering`, `replicas`
//! - `cluster`: `state`, `slots_assigned`, `slots_ok`, `slots_failed`, `nodes`, `failed`, `masters`; `nodes` (table): `address`,
//!   `role`, `state`, `slots`, `ping_ms`, `used_bytes`, `max_bytes`, `clients`, `hit_percent`

mod assess;
mod cluster;
mod info;
mod refusal;
mod sentinel;
mod server;
mod target;

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::sync::Mutex;

use self::{
    assess::{Counters, Seen},
    cluster::Cluster,
    server::Server,
    target::{Login, Place, Target, Transport},
};
use super::{
    Look, Probe,
    failure::{Failure, Sort},
    known::known,
};
use warroom_domain::{
    health::{Observation, Status, Unit},
    platform::{OnTimeout, ProbeSpec, RedisRole, SecretText},
};
use warroom_host::secret::SecretStore;

pub(super) struct RedisProbe {
    url: SecretText,
    secrets: Arc<SecretStore>,
    expect: RedisRole,
    on_timeout: OnTimeout,
    /// Bound on one node of several, a little below the bound on the look.
    each: Duration,
    kept: Mutex<Kept>,
}

/// What one look leaves for the next.
#[derive(Default)]
struct Kept {
    /// The connections, and the URL they were made for.
    open: Option<(Target, Connections)>,
    counters: Counters,
}

enum Connections {
    One(Server),
    Sentinel {
        sentinels: Vec<Server>,
        master: String,
        data: Option<(Place, Server)>,
        transport: Transport,
        login: Login,
    },
    Cluster(Cluster),
}

impl Connections {
    fn new(target: Target) -> Self {
        match target {
            Target::One { place, transport, login } => Connections::One(Server::new(place, transport, login)),
            Target::Sentinel { sentinels, transport, own, master, login } => Connections::Sentinel {
                sentinels: sentinels.into_iter().map(|place| Server::new(place, transport, own.clone())).collect(),
                master,
                data: None,
                transport,
                login,
            },
            Target::Cluster { seeds, transport, login } => Connections::Cluster(Cluster::new(seeds, transport, login)),
        }
    }
}

impl RedisProbe {
    pub(super) fn new(url: SecretText, expect: RedisRole, spec: &ProbeSpec, secrets: Arc<SecretStore>) -> Self {
        RedisProbe {
            url,
            secrets,
            expect,
            on_timeout: spec.on_timeout,
            each: spec.timeout.mul_f64(0.8),
            kept: Mutex::default(),
        }
    }
}

impl Probe for RedisProbe {
    fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation> {
        Box::pin(async move {
            let mut kept = self.kept.lock().await;
            match self.look(&mut kept, look).await {
                Ok(seen) => seen,
                Err(failure) => {
                    if failure.sort == Sort::Credentials {
                        self.secrets.forget();
                    }
                    failure.observation(self.on_timeout)
                }
            }
        })
    }
}

impl RedisProbe {
    async fn look(&self, kept: &mut Kept, look: &Look) -> Result<Observation, Failure> {
        let text = self.secrets.resolve(&self.url).await.map_err(|error| Failure::unknown(error.to_string()))?;
        let target = Target::parse(text.expose_secret())
            .map_err(|clause| Failure::unknown(format!("the Redis URL from {} {clause}", self.url.origin())))?;
        // A secret that has changed means new connections.
        let open = match kept.open.take() {
            Some(open) if open.0 == target => open,
            _ => (target.clone(), Connections::new(target)),
        };
        let (_, connections) = kept.open.insert(open);
        match connections {
            Connections::One(server) => {
                let seen = see(server, look, &mut kept.counters).await?;
                Ok(observation(&seen, self.expect, look, None))
            }
            Connections::Sentinel { sentinels, master, data, transport, login } => {
                let found = sentinel::find(sentinels, master, self.expect, look).await?;
                if data.as_ref().is_none_or(|(place, _)| *place != found.place) {
                    *data = Some((found.place.clone(), Server::new(found.place.clone(), *transport, login.clone())));
                }
                let Some((_, server)) = data else { return Err(Failure::unknown("Sentinel names no server")) };
                match see(server, look, &mut kept.counters).await {
                    Ok(seen) => Ok(observation(&seen, self.expect, look, Some(found))),
                    Err(failure) => {
                        let mut seen = failure.observation(self.on_timeout);
                        seen.details.insert("sentinel".to_owned(), found.details);
                        Ok(seen)
                    }
                }
            }
            Connections::Cluster(cluster) => cluster.look(look, self.each, &mut kept.counters).await,
        }
    }
}

async fn see(server: &mut Server, look: &Look, counters: &mut Counters) -> Result<Seen, Failure> {
    let answers = assess::ask(server, look).await?;
    Ok(Seen::read(server.label(), answers, counters))
}

/// The observation of one server, with what Sentinels say of it.
fn observation(seen: &Seen, expect: RedisRole, look: &Look, sentinel: Option<sentinel::Finding>) -> Observation {
    let mut details = seen.details(look.at);
    let mut problem = seen.problem(expect);
    let mut summary = seen.summary();
    if let Some(found) = sentinel {
        details.insert("sentinel".to_owned(), found.details);
        summary = format!("{} at {}", summary, seen.peer);
        // The server itself is the better witness, unless it has nothing to complain about.
        problem = match (problem, found.problem) {
            (Some(own), Some(theirs)) if theirs.0 > own.0 => Some(theirs),
            (own, theirs) => own.or(theirs),
        };
    }
    let (status, summary) = problem.unwrap_or((Status::Ok, summary));
    Observation::new(status, summary)
        .with_value(seen.ping_ms, Unit::Milliseconds)
        .with_details(Value::Object(known(details)))
}
