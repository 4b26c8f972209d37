//! Counts over the picture: pods by what they do, workloads by what they want and have.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{
    picture::Picture,
    pods::{Phase, Pod, Trouble},
    workloads::{Owner, Workload},
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

/// All workloads, worst first.
pub(super) fn workloads(picture: &Picture) -> Vec<Row<'_>> {
    let mut by_owner: HashMap<&Owner, (u32, u32)> = HashMap::new();
    for pod in picture.pods.values().filter(|pod| pod.counts()) {
        if let Some(owner) = pod.owner.as_deref() {
            let (ready, pods) = by_owner.entry(owner).or_default();
            *ready += u32::from(pod.ready);
            *pods += 1;
        }
    }
    let mut rows: Vec<Row<'_>> = picture
        .workloads
        .iter()
        .map(|(owner, workload)| {
            let (_, pods) = by_owner.remove(owner).unwrap_or_default();
            Row {
                owner,
                desired: Some(workload.desired),
                ready: workload.ready,
                available: Some(workload.available),
                pods,
                health: health(workload),
                message: workload.message.as_deref(),
            }
        })
        .collect();
    rows.extend(by_owner.into_iter().map(|(owner, (ready, pods))| Row {
        owner,
        desired: None,
        ready,
        available: None,
        pods,
        health: match ready {
            0 if matches!(&*owner.kind, "Deployment" | "StatefulSet" | "DaemonSet") => Health::Down,
            ready if ready < pods => Health::Degraded,
            _ => Health::Ok,
        },
        message: None,
    }));
    rows.sort_by(|a, b| b.health.cmp(&a.health).then_with(|| a.owner.cmp(b.owner)));
    rows
}

/// A workload that is wanted and has not one pod that serves is down. Ready pods serve, also before `minReadySeconds` make
/// them "available".
fn health(workload: &Workload) -> Health {
    match workload {
        Workload { desired: 0, .. } => Health::ScaledToZero,
        Workload { ready: 0, available: 0, .. } => Health::Down,
        Workload { desired, available, .. } if available < desired => Health::Degraded,
        _ => Health::Ok,
    }
}
