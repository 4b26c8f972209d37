//! `replication`: does every replica receive the primary's WAL, and how far behind is it?
//!
//! With the primary and the replicas given, each replica is looked at from both ends, which are matched by slot, then by
//! address; with the primary alone, from `pg_stat_replication`; with replicas alone, from what they have received and what their source
//! said it has written. Only what replays this primary's WAL on its timeline is a replica: logical subscribers, `pg_receivewal` and
//! running base backups are listed apart, and a server that refuses connections is never taken for one that streams.
//!
//! Lag is 0 when a replica has replayed all that the primary has written, however old its last commit is. Otherwise it is the time
//! since the primary was first seen beyond what the replica has replayed, sharpened by the primary's `replay_lag`; a first look, which
//! has seen nothing yet, takes `replay_lag`, then the age of the last replayed commit. When the primary is gone, lag is against where
//! it was last seen.
//!
//! Data at risk is the same time for what the replica has received and flushed: paused or delayed replay risks no data. Only a replica
//! counts that receives this primary's WAL now; when the primary is gone, every one of its timeline.
//!
//! | what is found | status |
//! | --- | --- |
//! | two servers accept writes (split brain) | down |
//! | no replica is streaming; the primary refuses connections, or is in recovery and nobody was promoted | down |
//! | some replicas are disconnected, catching up, on another timeline, or cannot be looked at; replay is paused | warn |
//! | a replica was promoted (its lag has no meaning and is not given) | warn |
//! | a slot is inactive and retains WAL, or has lost it | warn |
//! | a standby that is fed from an archive only (`restore_command`, no `primary_conninfo`) | by its lag |
//! | a standby with `hot_standby = off`: by the primary's word, and without that | unknown |
//! | what receives, or whether a standby should, is hidden from our role (`pg_monitor`) | unknown |
//! | nothing can be looked at | as the failure is: unknown or down |
//!
//! The value is the worst lag in seconds. Details:
//!
//! - `lag_seconds`, `lag_bytes` (the worst), `data_at_risk_seconds` (the smallest), `streaming` (replicas that receive from the
//!   primary), `expected` (replicas known)
//! - `replicas` (table): `name`, `state` (`streaming`, `catching up`, `from the archive`, `disconnected`, `not streaming`, `promoted`,
//!   `not a replica`, `on another timeline`, `hidden`, `hot_standby off`, `streaming, hot_standby off`, `not seen`,
//!   `streaming, not looked at`), `sync_state`, `lag_seconds`, `lag_bytes`, `unreceived_bytes`, `data_at_risk_seconds`, `replay_paused`,
//!   `receiver`, `last_commit_age_seconds`, `application`, `slot`
//! - `other_receivers` (table): `name`, `kind` (`logical subscriber`, `WAL archive`, `base backup`), `state`, `slot`
//! - `primary`: `name`, `state`, `timeline`; `slots` (table): `name`, `type`, `active`, `retained_wal_bytes`, `wal_status`;
//!   `retained_wal_bytes` (the most)
//! - `problems`: all of them, worst first; `notes`: what our role may not see
//!
//! The smallest data at risk of a replica is an exposure (`replica NAME`).

mod assess;
mod ends;
mod head;
mod history;
mod node;
mod pairs;
mod problems;

use std::{sync::Arc, time::Duration};

use futures::future::{BoxFuture, join_all};
use tokio::{sync::Mutex, time::timeout};

use self::{
    ends::{Known, Primary},
    head::Head,
    history::History,
    node::{NODE, Node},
    pairs::Seen,
    problems::Answers,
};
use super::{Look, Probe, failure::Failure, postgres::session::Server};
use warroom_domain::{
    health::Observation,
    platform::{OnTimeout, ProbeSpec, SecretText},
};
use warroom_host::secret::SecretStore;

pub(super) struct ReplicationProbe {
    on_timeout: OnTimeout,
    /// Bound on each server, a little below the bound on the look: one that hangs must not hide the others.
    each: Duration,
    kept: Mutex<Kept>,
}

struct Kept {
    primary: Option<Server>,
    replicas: Vec<Server>,
    head: Head,
    /// How far each replica's source had written at earlier looks.
    upstream: Vec<History>,
}

impl ReplicationProbe {
    pub(super) fn new(
        primary: Option<&SecretText>,
        replicas: &[SecretText],
        spec: &ProbeSpec,
        secrets: &Arc<SecretStore>,
    ) -> Self {
        let server = |url: &SecretText| Server::new(url.clone(), secrets.clone(), spec.timeout);
        let kept = Kept {
            primary: primary.map(server),
            replicas: replicas.iter().map(server).collect(),
            head: Head::default(),
            upstream: replicas.iter().map(|_| History::default()).collect(),
        };
        ReplicationProbe { on_timeout: spec.on_timeout, each: spec.timeout.mul_f64(0.9), kept: Mutex::new(kept) }
    }

    async fn see(&self, server: &mut Server, place: &str, look: &Look) -> Seen {
        let own = Look::new(look.connect_timeout, look.at, look.once);
        let name = server.label().await.unwrap_or_else(|| place.to_owned());
        let node = match timeout(self.each, server.ask(&own, &[NODE])).await {
            Err(_) => Err(Failure::no_answer(format!("no answer: {}", own.last_stage()))),
            Ok(Err(failure)) => Err(failure),
            Ok(Ok(mut answers)) => match answers.pop().map(|answer| answer.map(serde_json::from_value::<Node>)) {
                Some(Ok(Ok(node))) => Ok(node),
                Some(Err(refused)) => {
                    Err(Failure::unknown(format!("{name} does not say what it is: {}", refused.words)))
                }
                Some(Ok(Err(_))) | None => Err(Failure::unknown(format!("{name} does not say what it is"))),
            },
        };
        Seen { name, node }
    }
}

impl Probe for ReplicationProbe {
    fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation> {
        Box::pin(async move {
            let mut kept = self.kept.lock().await;
            let Kept { primary, replicas, head, upstream } = &mut *kept;
            if primary.is_none() && replicas.is_empty() {
                return Observation::unknown("the pack names neither a primary nor a replica");
            }
            look.stage("the servers have not all answered");
            let at_primary = async {
                match primary {
                    Some(server) => Some(self.see(server, "primary", look).await),
                    None => None,
                }
            };
            let at_replicas = join_all(replicas.iter_mut().map(|server| self.see(server, "replica", look)));
            let (primary, seen) = tokio::join!(at_primary, at_replicas);

            if let Some(Ok(node)) = primary.as_ref().map(|seen| &seen.node) {
                head.note(look.at, node);
            }
            for (history, seen) in upstream.iter_mut().zip(&seen) {
                if let Some(position) = seen.node.as_ref().ok().and_then(Node::upstream) {
                    history.note(look.at, position);
                }
            }
            let known = Known { primary: Primary::of(primary.as_ref()), head, upstream, at: look.at };
            let (replicas, others) = ends::replicas(&known, &seen);
            let on_timeout = self.on_timeout;
            assess::assess(&Answers {
                primary: primary.as_ref(),
                timeline: head.timeline(),
                replicas,
                others,
                on_timeout,
            })
        })
    }
}
