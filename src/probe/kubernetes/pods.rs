//! One pod as it is kept: a few words and numbers out of the several kilobytes that the API sends.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    cause::plain,
    interner::Interner,
    objects::{ContainerState, ContainerStatus, PodObject, Terminated},
    workloads::Owner,
};

/// The span of "recent" for restarts and OOM kills.
pub(super) const RECENT: SignedDuration = SignedDuration::from_mins(15);
/// A failed or evicted pod is a problem for this long, then a tombstone.
const FAILED_MATTERS: SignedDuration = SignedDuration::from_hours(1);
/// A pod that should have been killed this long ago is stuck.
const STUCK_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// Where a pod is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Pending,
    Running,
    Succeeded,
    Failed,
    Unknown,
}

/// What keeps a pod from being ready, when that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    CrashLoop,
    ImagePull,
    Config,
    Unschedulable,
    OomKilled,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pod {
    pub namespace: Arc<str>,
    pub owner: Option<Arc<Owner>>,
    pub node: Option<Arc<str>>,
    pub phase: Phase,
    /// The word that people know from `kubectl get pods`, or a more exact one (`Unschedulable`, `NotReady`).
    pub status: Arc<str>,
    pub message: Option<Box<str>>,
    pub trouble: Option<Trouble>,
    /// Serves; a pod that runs to an end serves as long as it runs without trouble.
    pub ready: bool,
    /// Runs to an end (of a Job, say): it is never waited for to be ready.
    ends: bool,
    pub ready_containers: u16,
    pub containers: u16,
    pub restarts: u32,
    pub created: Option<Timestamp>,
    /// Set while the pod is being deleted: when it will be killed.
    pub deleted: Option<Timestamp>,
    pub failed_at: Option<Timestamp>,
    pub oom_killed_at: Option<Timestamp>,
    /// Restarts seen lately: when and how many. Empty for most pods.
    restarted: Vec<(Timestamp, u32)>,
    /// The list in which the pod was last seen.
    pub generation: u32,
}

impl Pod {
    /// Takes from the API's object what is shown. `before` is what was kept of the same pod: it counts the restarts.
    pub(super) fn read(object: PodObject, before: Option<&Pod>, words: &mut Interner, now: Timestamp) -> Pod {
        let status = &object.status;
        let phase = match status.phase.as_str() {
            "Pending" => Phase::Pending,
            "Running" => Phase::Running,
            "Succeeded" => Phase::Succeeded,
            "Failed" => Phase::Failed,
            _ => Phase::Unknown,
        };
        let ready_condition = status.conditions.iter().find(|condition| condition.kind == "Ready");
        let deleted = object.metadata.deletion_timestamp;
        let ready = ready_condition.is_some_and(|condition| condition.status == "True") && deleted.is_none();
        let seen = word(&object, phase, ready);
        // A workload's pods can only have `Always`.
        let ends = matches!(object.spec.restart_policy.as_str(), "Never" | "OnFailure");
        let runs = phase == Phase::Running && seen.trouble.is_none() && deleted.is_none();
        let sidecars = || object.spec.init_containers.iter().filter(|init| init.is_sidecar());
        let sidecar_serves = |one: &&ContainerStatus| {
            one.ready && one.started == Some(true) && sidecars().any(|init| init.name == one.name)
        };
        let serving = status.container_statuses.iter().filter(|container| container.ready).count()
            + status.init_container_statuses.iter().filter(sidecar_serves).count();
        let all = || status.init_container_statuses.iter().chain(&status.container_statuses);
        let terminated = || all().flat_map(|one| [&one.state, &one.last_state]).filter_map(|s| s.terminated.as_ref());
        let restarts = all().map(|container| container.restart_count).sum();
        let owner = Owner::of_pod(&object.metadata).map(|owner| words.owner(owner));
        Pod {
            namespace: words.text(&object.metadata.namespace),
            owner,
            node: object.spec.node_name.as_deref().map(|node| words.text(node)),
            phase,
            status: words.text(&plain(&seen.word, 60)),
            message: seen.message.filter(|message| !message.is_empty()).map(String::into_boxed_str),
            trouble: seen.trouble,
            ready: if ends { runs } else { ready },
            ends,
            ready_containers: count(serving),
            containers: count(object.spec.containers.len().max(status.container_statuses.len()) + sidecars().count()),
            restarts,
            created: object.metadata.creation_timestamp,
            deleted,
            failed_at: (phase == Phase::Failed)
                .then(|| {
                    let ended = terminated().filter_map(|end| end.finished_at).max();
                    let changed = status.conditions.iter().filter_map(|c| c.last_transition_time).max();
                    ended.or(changed).or(object.metadata.creation_timestamp)
                })
                .flatten(),
            oom_killed_at: terminated()
                .filter(|end| end.reason == "OOMKilled")
                .map(|end| end.finished_at.unwrap_or(now))
                .max(),
            restarted: restarted(before, object.metadata.creation_timestamp, restarts, all(), now),
            generation: 0,
        }
    }

    /// Restarts within [`RECENT`]. Exact for the time that the probe has watched; of the time before, the API tells the
    /// last restart of each container only.
    pub(super) fn recent_restarts(&self, now: Timestamp) -> u32 {
        self.restarted.iter().filter(|(at, _)| is_recent(*at, now)).map(|(_, times)| times).sum()
    }

    pub(super) fn oom_killed_lately(&self, now: Timestamp) -> bool {
        self.oom_killed_at.is_some_and(|at| is_recent(at, now))
    }

    /// Pods that are meant to run: not finished, not failed (their controller makes others), not on their way out.
    pub(super) fn counts(&self) -> bool {
        let waits = self.ends && self.phase == Phase::Pending && self.trouble.is_none();
        !matches!(self.phase, Phase::Succeeded | Phase::Failed) && self.deleted.is_none() && !waits
    }

    pub(super) fn stuck(&self, now: Timestamp) -> bool {
        self.deleted.is_some_and(|at| now.duration_since(at) > STUCK_AFTER)
    }

    pub(super) fn failed_lately(&self, now: Timestamp) -> bool {
        self.failed_at.is_some_and(|at| now.duration_since(at) <= FAILED_MATTERS)
    }

    /// How much a person should care, 0 = not at all: orders tables, and picks the problems.
    pub(super) fn rank(&self, now: Timestamp) -> u8 {
        match self.trouble {
            Some(Trouble::CrashLoop) => 9,
            Some(Trouble::OomKilled) => 8,
            Some(Trouble::ImagePull | Trouble::Config) => 7,
            Some(Trouble::Unschedulable) => 6,
            None if self.failed_lately(now) => 5,
            None if self.counts() && !self.ready => 4,
            None if self.stuck(now) => 3,
            None if self.oom_killed_lately(now) => 2,
            None => 0,
        }
    }

    /// One row of the pods table. `name` is without its namespace.
    pub(super) fn row(&self, name: &str, now: Timestamp) -> Value {
        let mut row = Map::new();
        row.insert("namespace".into(), json!(&*self.namespace));
        row.insert("name".into(), json!(name));
        row.insert("ready".into(), json!(format!("{}/{}", self.ready_containers, self.containers)));
        row.insert("status".into(), json!(&*self.status));
        row.insert("restarts".into(), json!(self.restarts));
        row.insert("restarts_15m".into(), json!(self.recent_restarts(now)));
        row.insert("age_seconds".into(), json!(age(self.created, now)));
        row.insert("node".into(), json!(self.node.as_deref()));
        row.insert("workload".into(), json!(self.owner.as_deref().map(Owner::label)));
        row.insert("message".into(), json!(self.message.as_deref()));
        Value::Object(row)
    }

    /// True when a person would see no difference.
    pub(super) fn looks_like(&self, other: &Pod) -> bool {
        let comparable = Pod { generation: other.generation, ..self.clone() };
        comparable == *other
    }
}

fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) <= RECENT
}

fn count(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// Whole seconds since then, never negative (clocks differ).
pub(super) fn age(then: Option<Timestamp>, now: Timestamp) -> Option<i64> {
    then.map(|then| now.duration_since(then).as_secs().max(0))
}

fn restarted<'a>(
    before: Option<&Pod>,
    created: Option<Timestamp>,
    restarts: u32,
    containers: impl Iterator<Item = &'a ContainerStatus>,
    now: Timestamp,
) -> Vec<(Timestamp, u32)> {
    // A StatefulSet gives a new pod the old one's name.
    let Some(before) = before.filter(|before| before.created == created) else {
        return containers
            .filter(|container| container.restart_count > 0)
            .filter_map(|container| container.last_state.terminated.as_ref()?.finished_at)
            .filter(|at| is_recent(*at, now))
            .map(|at| (at, 1))
            .collect();
    };
    let mut restarted: Vec<_> = before.restarted.iter().copied().filter(|(at, _)| is_recent(*at, now)).collect();
    if restarts > before.restarts {
        restarted.push((now, restarts - before.restarts));
    }
    restarted
}

/// The word for a pod, what it means for the verdict, and the sentence that explains it.
struct Seen {
    word: String,
    trouble: Option<Trouble>,
    message: Option<String>,
}

impl Seen {
    fn new(word: impl Into<String>) -> Self {
        Seen { word: word.into(), trouble: None, message: None }
    }

    fn because(mut self, message: &str) -> Self {
        self.message = Some(plain(message, 200));
        self
    }
}

/// Follows `kubectl get pods` (kubernetes/pkg/printers/internalversion/printers.go, `printPod`), and goes on where that
/// says only `Pending` or `Running`.
fn word(object: &PodObject, phase: Phase, ready: bool) -> Seen {
    let status = &object.status;
    if !status.reason.is_empty() && phase == Phase::Failed {
        return Seen::new(&status.reason).because(&status.message);
    }
    let seen = of_init_containers(object).or_else(|| of_containers(object)).or_else(|| unschedulable(object));
    if object.metadata.deletion_timestamp.is_some() {
        let word = if status.reason == "NodeLost" { "Unknown" } else { "Terminating" };
        return Seen { word: word.into(), trouble: None, message: seen.and_then(|seen| seen.message) };
    }
    if let Some(seen) = seen {
        return seen;
    }
    let not_ready = || status.conditions.iter().find(|condition| condition.kind == "Ready");
    match phase {
        Phase::Running if !ready => {
            let because = not_ready().map(|condition| condition.message.as_str()).unwrap_or_default();
            Seen::new("NotReady").because(because)
        }
        Phase::Running => Seen::new("Running"),
        Phase::Succeeded => Seen::new("Completed"),
        _ if status.phase.is_empty() => Seen::new("Unknown"),
        _ => Seen::new(&status.phase).because(&status.message),
    }
}

fn of_init_containers(object: &PodObject) -> Option<Seen> {
    let status = &object.status;
    let total = object.spec.init_containers.len();
    for (place, container) in status.init_container_statuses.iter().enumerate() {
        let sidecar = object.spec.init_containers.iter().any(|init| init.name == container.name && init.is_sidecar());
        if sidecar && container.started == Some(true) {
            continue;
        }
        match &container.state {
            ContainerState { terminated: Some(end), .. } if end.exit_code == 0 => {}
            ContainerState { terminated: Some(end), .. } => {
                return Some(Seen { word: format!("Init:{}", end_word(end)), ..of_end(end) });
            }
            ContainerState { waiting: Some(waiting), .. }
                if !waiting.reason.is_empty() && waiting.reason != "PodInitializing" =>
            {
                let seen = of_waiting(container);
                return Some(Seen { word: format!("Init:{}", seen.word), ..seen });
            }
            _ if status.phase == "Pending" => return Some(Seen::new(format!("Init:{place}/{total}"))),
            _ => {}
        }
    }
    None
}

/// The worst of the containers speaks for the pod.
fn of_containers(object: &PodObject) -> Option<Seen> {
    let completed = matches!(object.status.phase.as_str(), "Succeeded");
    let mut worst: Option<(u8, Seen)> = None;
    for container in &object.status.container_statuses {
        let seen = match &container.state {
            ContainerState { waiting: Some(waiting), .. } if !waiting.reason.is_empty() => of_waiting(container),
            // In a pod that still runs, a finished container is news only when it failed.
            ContainerState { terminated: Some(end), .. } if !completed && end.exit_code != 0 => {
                let mut seen = of_end(end);
                // Between two back-offs a container that fails again and again is seen dead for a moment.
                if seen.trouble.is_none() && container.restart_count > 0 && object.status.phase == "Running" {
                    seen.trouble = Some(Trouble::CrashLoop);
                }
                seen
            }
            _ => continue,
        };
        let weight = match seen.trouble {
            Some(Trouble::CrashLoop) => 5,
            Some(Trouble::OomKilled) => 4,
            Some(Trouble::ImagePull | Trouble::Config) => 3,
            Some(Trouble::Unschedulable) => 2,
            None => 1,
        };
        if worst.as_ref().is_none_or(|(before, _)| weight > *before) {
            worst = Some((weight, seen));
        }
    }
    worst.map(|(_, seen)| seen)
}

fn of_waiting(container: &ContainerStatus) -> Seen {
    let Some(waiting) = &container.state.waiting else { return Seen::new("Waiting") };
    let trouble = match waiting.reason.as_str() {
        "CrashLoopBackOff" => Some(Trouble::CrashLoop),
        "ImagePullBackOff"
        | "ErrImagePull"
        | "InvalidImageName"
        | "ErrImageNeverPull"
        | "ImageInspectError"
        | "RegistryUnavailable" => Some(Trouble::ImagePull),
        "CreateContainerConfigError"
        | "CreateContainerError"
        | "RunContainerError"
        | "PreCreateHookError"
        | "PreStartHookError"
        | "PostStartHookError" => Some(Trouble::Config),
        _ => None,
    };
    let mut message = waiting.message.clone();
    if trouble == Some(Trouble::CrashLoop)
        && let Some(end) = &container.last_state.terminated
    {
        message = format!("container {}: {}", container.name, end_sentence(end));
    }
    Seen { word: waiting.reason.clone(), trouble, message: Some(plain(&message, 200)) }
}

fn of_end(end: &Terminated) -> Seen {
    let trouble = (end.reason == "OOMKilled").then_some(Trouble::OomKilled);
    Seen { word: end_word(end), trouble, message: Some(end_sentence(end)) }
}

fn end_word(end: &Terminated) -> String {
    match end {
        end if !end.reason.is_empty() => end.reason.clone(),
        end if end.signal != 0 => format!("Signal:{}", end.signal),
        end => format!("ExitCode:{}", end.exit_code),
    }
}

fn end_sentence(end: &Terminated) -> String {
    let mut sentence = format!("last exit {} ({})", end.exit_code, end_word(end));
    if !end.message.is_empty() {
        sentence.push_str(": ");
        sentence.push_str(&end.message);
    }
    plain(&sentence, 200)
}

fn unschedulable(object: &PodObject) -> Option<Seen> {
    let condition = object
        .status
        .conditions
        .iter()
        .find(|condition| condition.kind == "PodScheduled" && condition.status == "False")?;
    (condition.reason == "Unschedulable").then(|| Seen {
        trouble: Some(Trouble::Unschedulable),
        ..Seen::new("Unschedulable").because(&condition.message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `kubectl get pods` 1.29 and later: `printPod` counts restartable init containers, those that are ready once they have
    /// started. Kubernetes 1.20, the version of the tests' server, drops their `restartPolicy`.
    #[test]
    fn a_sidecar_counts_among_the_containers_as_kubectl_counts_it() {
        let ready = |sidecar_ready: bool| {
            let object = json!({
                "metadata": {"name": "web", "namespace": "shop"},
                "spec": {
                    "containers": [{"name": "app"}],
                    "initContainers": [{"name": "setup"}, {"name": "mesh", "restartPolicy": "Always"}],
                },
                "status": {
                    "phase": "Running",
                    "conditions": [{"type": "Ready", "status": if sidecar_ready { "True" } else { "False" }}],
                    "initContainerStatuses": [
                        {"name": "setup", "ready": true, "state": {"terminated": {"exitCode": 0}}},
                        {"name": "mesh", "ready": sidecar_ready, "started": true, "state": {"running": {}}},
                    ],
                    "containerStatuses": [{"name": "app", "ready": true, "state": {"running": {}}}],
                },
            });
            let now = Timestamp::UNIX_EPOCH;
            let pod = Pod::read(serde_json::from_value(object).unwrap(), None, &mut Interner::default(), now);
            (pod.row("web", now)["ready"].clone(), pod.ready)
        };
        assert_eq!(ready(true), (json!("2/2"), true));
        assert_eq!(ready(false), (json!("1/2"), false));
    }
}
