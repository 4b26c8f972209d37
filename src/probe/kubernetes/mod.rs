//! Pods, workloads and nodes of a Kubernetes cluster, by watching.
//!
//! Looks at pods, Deployments, StatefulSets, DaemonSets, ReplicaSets of others than Deployments and Warning events of the chosen
//! namespaces, and at all nodes: one list in pages, then a watch that tells what changes. Other controllers are known by
//! their pods, and by their failures to make any. The sets of one Rollout are one workload. Watches start with the first look and end with the probe. A
//! sweep lists only.
//!
//! Value: ready pods in percent of the pods that are meant to run. What leads to which verdict: `verdict.rs`.
//!
//! | detail | what |
//! | --- | --- |
//! | `pods` | `total` `ready` `running` `pending` `failed` `succeeded` `terminating` `crashloop` `image_pull` `config_error` `oom_killed` `unschedulable` `restarts_15m`; `total` leaves out pods that have finished, failed or are being deleted, and pods of Jobs that have not begun; `oom_killed` and `restarts_15m` are of the last 15 minutes |
//! | `problems` | at most 50 pods, worst first: `namespace` `name` `ready` (`1/2` containers) `status` `restarts` `restarts_15m` `age_seconds` `node` `workload` `message` |
//! | `workloads` | at most 100, worst first: `kind` `namespace` `name` `ready` `desired` `available` `pods` `status` (`ok`, `scaled to 0`, `degraded`, `down`) `message`; `desired` and `available` are null for what is known by its pods only |
//! | `nodes` | `total` `ready` `pressure` `unschedulable` (cordoned); missing when nodes may not be listed |
//! | `node_list` | at most 100, worst first: `name` `status` `zone` `pods` `age_seconds` `message` |
//! | `usage` | where `metrics.k8s.io` is served: at most 50 containers, the largest first: `namespace` `pod` `container` `cpu_millicores` `memory_bytes`; `node_list` has `cpu_millicores` and `memory_bytes` too |
//! | `zones` | `zone` `nodes` `ready_nodes` `pods` `ready_pods` |
//! | `events` | at most 20 of the last hour, newest first: `age_seconds` `reason` `namespace` `object` `count` `message` |
//! | `not_seen` | what could not be looked at: `resource` `namespace` `reason` |
//! | `context` `context_chosen_by` `server` | where it looks, and who said so |
//! | `last_seen_at` | only when the API server does not answer: when the rest was true |

mod access;
mod bounded;
mod cause;
mod details;
mod events;
mod feed;
mod follow;
mod interner;
mod logs;
mod nodes;
mod objects;
mod picture;
mod pods;
mod proxy;
mod reach;
mod request;
mod session;
mod tally;
mod usage;
mod verdict;
mod workloads;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;

pub(crate) use self::access::Route;
pub use self::reach::reach_cluster;
use self::{
    access::Access,
    cause::{Failure, FailureKind},
    feed::{Feed, Resource},
    picture::{Picture, Shared},
    session::Session,
    tally::Tally,
    verdict::Sight,
};
use super::{Inquiry, Look, Probe};
use warroom_domain::{
    health::{Observation, Status, Unit},
    platform::OnTimeout,
};
use warroom_host::clock;

/// The server was heard this recently: no need to ask whether it is there.
const FRESH: Duration = Duration::from_secs(3);
/// Least time between two looks that a change asks for: twice a second is as fast as a person reads.
const LEAST_GAP: Duration = Duration::from_millis(500);

/// See the module.
pub(super) struct Kubernetes {
    plan: Result<Vec<Feed>, Failure>,
    route: Route,
    /// Watches, from the first look on.
    session: Mutex<Option<Arc<Session>>>,
    /// The beat that the last look has seen.
    seen: AtomicU64,
    looked: Mutex<Option<tokio::time::Instant>>,
}

impl Kubernetes {
    /// `namespaces`: names, or `*`. `selector`: over the labels of pods and workloads.
    pub(super) fn new(route: Route, namespaces: &[String], selector: Option<&str>) -> Self {
        let strange = namespaces.iter().find(|namespace| *namespace != "*" && !is_namespace(namespace));
        let plan = match strange {
            Some(name) => Err(Failure::setup(format!("{name:?} cannot be the name of a namespace"))),
            None => Ok(Feed::plan(namespaces, selector.filter(|selector| !selector.trim().is_empty()))),
        };
        Kubernetes { plan, route, session: Mutex::default(), seen: AtomicU64::new(0), looked: Mutex::default() }
    }

    fn running(&self) -> Option<Arc<Session>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The session, started when there is none yet.
    fn session(&self, feeds: &[Feed]) -> Arc<Session> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.get_or_insert_with(|| Arc::new(Session::start(self.route.clone(), feeds.to_vec()))).clone()
    }

    async fn look(&self, look: &Look) -> Observation {
        let feeds = match &self.plan {
            Ok(feeds) => feeds,
            Err(failure) => return Observation::unknown(failure.sentence.clone()),
        };
        if look.once {
            let shared = Shared::new(feeds);
            look.stage("reading the kubeconfig and the credentials");
            match self.route.open().await {
                Ok(access) => {
                    let lists = session::sweep(&access, feeds, &shared, look);
                    let ((), usage) = tokio::join!(lists, usage::read(&access, feeds));
                    shared.picture().usage = usage;
                }
                Err(failure) => shared.picture().no_access = Some(failure),
            }
            return self.observation(&shared.picture(), None, clock::now());
        }
        let session = self.session(feeds);
        self.seen.store(session.shared.beat(), Ordering::Relaxed);
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Some(tokio::time::Instant::now());
        session.settle(look).await;
        let unreachable = session.check(look, FRESH).await;
        session.measure(feeds).await;
        self.seen.store(session.shared.beat(), Ordering::Relaxed);
        let now = clock::now();
        let mut picture = session.shared.picture();
        if matches!(Sight::of(&picture, unreachable.as_ref()), Some(Sight::Full | Sight::Partial(_))) {
            picture.seen_at = Some(now);
        }
        self.observation(&picture, unreachable.as_ref(), now)
    }

    /// What the picture says now. `unreachable` is what the look found out about the API server.
    fn observation(&self, picture: &Picture, unreachable: Option<&Failure>, now: Timestamp) -> Observation {
        let Some(sight) = Sight::of(picture, unreachable) else {
            return Observation::unknown("the API server has not listed the pods yet");
        };
        let tally = Tally::of(picture, now);
        let workloads = tally::workloads(picture, now);
        let (status, summary) = verdict::judge(picture, &tally, &workloads, &sight, now);
        let mut observation = Observation::new(status, summary);
        if let (Sight::Lost(failure) | Sight::Never(failure), OnTimeout::Down) = (&sight, self.route.on_timeout)
            && failure.kind == FailureKind::Silent
        {
            observation.verdict = Status::Down;
        }
        match sight {
            Sight::Never(_) => {
                if let Some(access) = &picture.access {
                    observation = observation.with_details(serde_json::json!({
                        "context": access.context,
                        "context_chosen_by": access.chosen_by,
                        "server": access.server,
                    }));
                }
            }
            Sight::Full | Sight::Partial(_) | Sight::Lost(_) => {
                observation = observation.with_details(details::details(picture, &tally, &workloads, now));
                if matches!(sight, Sight::Lost(_)) {
                    let heard = picture.heard().map(|at| at.to_string());
                    observation.details.insert("last_seen_at".into(), heard.into());
                } else if tally.total > 0 {
                    let percent = 100.0 * f64::from(tally.ready) / f64::from(tally.total);
                    observation = observation.with_value(percent, Unit::Percent);
                }
            }
        }
        observation
    }

    /// Access for a question: the session's, or a new one when nothing is watched.
    async fn access(&self) -> Result<Access, String> {
        let known = self.running().and_then(|session| session.shared.picture().access.clone());
        match known {
            Some(access) => Ok(access),
            None => self.route.open().await.map_err(|failure| failure.sentence),
        }
    }

    async fn all_pods(&self) -> Result<Value, String> {
        let feeds = self.plan.as_ref().map_err(|failure| failure.sentence.clone())?;
        if let Some(session) = self.running() {
            let picture = session.shared.picture();
            if picture.feeds_of(Resource::Pods).any(|state| state.listed) {
                return Ok(details::all_pods(&picture, clock::now()));
            }
        }
        let access = self.access().await?;
        let shared = Shared::new(feeds);
        let pods = feeds.iter().filter(|feed| feed.resource == Resource::Pods);
        futures::future::join_all(pods.map(|feed| follow::list_once(&access, feed, &shared))).await;
        let picture = shared.picture();
        let failure = picture.feeds_of(Resource::Pods).find_map(|state| state.failure.clone());
        match failure {
            Some(failure) if picture.pods.is_empty() => Err(failure.sentence),
            _ => Ok(details::all_pods(&picture, clock::now())),
        }
    }
}

impl Probe for Kubernetes {
    fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation> {
        Box::pin(self.look(look))
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let Some(session) = self.running() else { return std::future::pending().await };
            let mut pulse = session.shared.pulse();
            while *pulse.borrow_and_update() == self.seen.load(Ordering::Relaxed) {
                if pulse.changed().await.is_err() {
                    return std::future::pending().await;
                }
            }
            let looked = *self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(looked) = looked {
                tokio::time::sleep_until(looked + LEAST_GAP).await;
            }
        })
    }

    fn inquire<'a>(&'a self, inquiry: &'a Inquiry) -> BoxFuture<'a, Result<Value, String>> {
        Box::pin(async move {
            match inquiry {
                Inquiry::Pods => self.all_pods().await,
                Inquiry::PodLog { namespace, pod, container, previous, lines } => {
                    let wanted = logs::Wanted {
                        namespace,
                        pod,
                        container: container.as_deref(),
                        previous: *previous,
                        lines: *lines,
                    };
                    logs::last_lines(&self.access().await?, &wanted).await.map(Value::String)
                }
            }
        })
    }
}

/// A DNS label (RFC 1123).
fn is_namespace(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}
