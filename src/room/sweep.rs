//! A sweep: every probe once, concurrently, with the alerts that follow from what was seen.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::Room;
use warroom_domain::{
    health::{AlertStatus, Board, Reading, Status},
    platform::{AlertRule, ProbeSpec},
};
use warroom_host::clock;
use warroom_incident::Exposure;
use warroom_probe::{self as probe, Scheduled};

/// What one sweep saw.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// Name of the platform pack.
    pub platform: String,
    pub environment: String,
    /// What was seen comes from a scenario.
    pub simulated: bool,
    pub started_at: Timestamp,
    pub duration: Duration,
    /// The worst of all readings; `unknown` when nothing was looked at.
    pub status: Status,
    /// One per probe, in the pack's order.
    pub probes: Vec<(Arc<ProbeSpec>, Reading)>,
    /// Alerts whose condition is true now. A single look cannot tell for how long.
    pub alerts: Vec<SweepAlert>,
}

/// An alert rule whose condition held in a sweep.
#[derive(Debug, Clone)]
pub struct SweepAlert {
    pub rule: AlertRule,
    /// True when the rule has no hold time, so that holding once is enough.
    pub firing: bool,
}

impl Room {
    /// What each component with an RPO could be restored to when it failed, as one look at its backups and replicas says.
    pub async fn exposures(&self, failure: Timestamp) -> Vec<Exposure> {
        let has_rpo = |id: &str| self.pack.component(id).is_some_and(|component| component.rpo.is_some());
        let seen = self.sweep(|spec| spec.component.as_deref().is_some_and(has_rpo)).await;
        let mut board = Board::new(&self.pack);
        for (_, reading) in seen.probes {
            board.apply(reading);
        }
        board.restore_points(failure).into_iter().map(Exposure::from).collect()
    }
}

impl Sweep {
    pub(super) async fn run(room: &Room, scheduled: Vec<Scheduled>) -> Self {
        let started_at = clock::now();
        let started = std::time::Instant::now();
        let readings = probe::look_once(&scheduled).await;
        let duration = started.elapsed();
        let now = clock::now();
        let mut board = Board::new(&room.pack);
        for reading in &readings {
            board.apply(reading.clone());
        }
        board.tick(now);
        let alerts = board.alerts().iter().filter_map(|alert| match alert.status {
            AlertStatus::Quiet => None,
            AlertStatus::Pending { .. } => Some(SweepAlert { rule: alert.rule.clone(), firing: false }),
            AlertStatus::Firing { .. } => Some(SweepAlert { rule: alert.rule.clone(), firing: true }),
        });
        Sweep {
            platform: room.pack.name.clone(),
            environment: room.environment_name.clone(),
            simulated: room.pack.is_simulated(),
            started_at,
            duration,
            status: readings.iter().map(|r| r.status).max().unwrap_or(Status::Unknown),
            alerts: alerts.collect(),
            probes: scheduled.into_iter().map(|s| s.spec).zip(readings).collect(),
        }
    }
}
