//! Counts over the picture: pods by what they do, workloads by what they want and have.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{
    picture::Picture,
    pods::{Phase, Pod, Trouble},
    workloads::Owner,
};

/// The pods, counted. `total` leaves out pods that have finished, failed or are being deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub total: u32,
    pub ready: u32,
    pub running: u32,
    pub pending: u32,
    pub failed: u32,
    /// Failed or evicted within the last hour.
    pub failed_lately: u32,
    pub succeeded: u32,
    pub terminating: u32,
    /// Being deleted for longer than they were given.
    pub stuck: u32,
    pub crashloop: u32,
    pub image_pull: u32,
    pub config_error: u32,
    /// Within the last 15 minutes.
    pub oom_killed: u32,
    pub unschedulable: u32,
    pub restarts: u32,
}

impl Tally {
    pub(super) fn of(picture: &Picture, now: Timestamp) -> Tally {
        let mut tally = Tally::default();
        for pod in picture.pods.values() {
            tally.add(pod, now);
        }
        tally
    }

    fn add(&mut self, pod: &Pod, now: Timestamp) {
        self.restarts += pod.recent_restarts(now);
        self.oom_killed += u32::from(pod.oom_killed_lately(now));
        if pod.deleted.is_some() {
            self.terminating += 1;
            self.stuck += u32::from(pod.stuck(now));
            return;
        }
        match pod.phase {
            Phase::Pending => self.pending += 1,
            Phase::Running => self.running += 1,
            Phase::Succeeded => self.succeeded += 1,
            Phase::Failed => {
                self.failed += 1;
                self.failed_lately += u32::from(pod.failed_lately(now));
            }
            Phase::Unknown => {}
        }
        self.total += u32::from(pod.counts());
        self.ready += u32::from(pod.counts() && pod.ready);
        match pod.trouble {
            Some(Trouble::CrashLoop) => self.crashloop += 1,
            Some(Trouble::ImagePull) => self.image_pull += 1,
            Some(Trouble::Config) => self.config_error += 1,
            Some(Trouble::Unschedulable) => self.unschedulable += 1,
            Some(Trouble::OomKilled) | None => {}
        }
    }
}

/// How a workload does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Health {
    Ok,
    ScaledToZero,
    Degraded,
    Down,
}

impl Health {
    pub(super) fn word(self) -> &'static str {
        match self {
            Health::Ok => "ok",
            Health::ScaledToZero => "scaled to 0",
            Health::Degraded => "degraded",
            Health::Down => "down",
        }
    }
}

/// A workload: what the API says of it, or what its pods show when the API says nothing.
#[derive(Debug, Clone)]
pub(super) struct Row<'a> {
    pub owner: &'a Owner,
    /// None: known by its pods only.
    pub desired: Option<u32>,
    pub ready: u32,
    pub available: Option<u32>,
    pub pods: u32,
    pub health: Health,
    pub message: Option<&'a str>,
}

impl Row<'_> {
    /// Of how many: what is wanted, else how many pods there are.
    pub(super) fn wanted(&self) -> u32 {
        self.desired.unwrap_or(self.pods)
    }
}

/// What the sets of one workload come to together, and its pods.
#[derive(Default)]
struct Sum<'a> {
    /// Desired, ready, available, as the API says it.
    told: Option<(u32, u32, u32)>,
    ready: u32,
    pods: u32,
    message: Option<&'a str>,
}

/// All workloads, worst first.
pub(super) fn workloads(picture: &Picture, now: Timestamp) -> Vec<Row<'_>> {
    let mut sums: HashMap<&Owner, Sum<'_>> = HashMap::new();
    for (owner, workload) in &picture.workloads {
        // A set of a Deployment says again what the Deployment says.
        if workload.part_of.as_ref().is_some_and(|whole| picture.workloads.contains_key(whole)) {
            continue;
        }
        let sum = sums.entry(workload.part_of.as_ref().unwrap_or(owner)).or_default();
        let (desired, ready, available) = sum.told.get_or_insert_default();
        *desired += workload.desired;
        *ready += workload.ready;
        *available += workload.available;
        sum.message = sum.message.or(workload.message.as_deref());
    }
    for pod in picture.pods.values().filter(|pod| pod.counts()) {
        if let Some(owner) = pod.owner.as_deref() {
            let sum = sums.entry(whole(picture, owner)).or_default();
            sum.ready += u32::from(pod.ready);
            sum.pods += 1;
        }
    }
    for (owner, message) in picture.events.refused(now) {
        let watched = matches!(&*owner.kind, "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet");
        if let Some(sum) = sums.get_mut(whole(picture, owner)) {
            sum.message = sum.message.or(Some(message));
        } else if !watched && !picture.is_selected() {
            // A controller without one pod that is not listed is known by its failures only.
            sums.insert(owner, Sum { message: Some(message), ..Sum::default() });
        }
    }
    let mut rows: Vec<Row<'_>> = sums
        .into_iter()
        .map(|(owner, sum)| Row {
            owner,
            desired: sum.told.map(|(desired, ..)| desired),
            ready: sum.told.map_or(sum.ready, |(_, ready, _)| ready),
            available: sum.told.map(|(.., available)| available),
            pods: sum.pods,
            health: health(owner, &sum),
            message: sum.message,
        })
        .collect();
    rows.sort_by(|a, b| b.health.cmp(&a.health).then_with(|| a.owner.cmp(b.owner)));
    rows
}

/// The workload that a set is a part of, else itself.
fn whole<'p>(picture: &'p Picture, owner: &'p Owner) -> &'p Owner {
    picture.workloads.get(owner).and_then(|workload| workload.part_of.as_ref()).unwrap_or(owner)
}

/// A workload that is wanted and has not one pod that serves is down. Ready pods serve, also before `minReadySeconds` make
/// them "available". A Job has no pod when it is done; static pods belong to their node, which has a verdict of its own.
fn health(owner: &Owner, sum: &Sum<'_>) -> Health {
    match (sum.told, sum.ready, sum.pods) {
        (Some((0, ..)), ..) => Health::ScaledToZero,
        (Some((_, 0, 0)), ..) => Health::Down,
        (Some((desired, _, available)), ..) if available < desired => Health::Degraded,
        (Some(_), ..) => Health::Ok,
        (None, 0, _) if !matches!(&*owner.kind, "Job" | "CronJob" | "Node") => Health::Down,
        (None, ready, pods) if ready < pods || sum.message.is_some() => Health::Degraded,
        _ => Health::Ok,
    }
}
