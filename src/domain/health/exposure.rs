//! RPO exposure: how much of a component's data would be lost if it were restored, now or as it failed.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Exposure, Reading};

/// Points of one probe that are kept: as many as its readings.
const POINTS: usize = super::history::CAPACITY;

/// The exposure of one component against its objective.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentExposure {
    pub component: String,
    pub title: String,
    pub rpo: Duration,
    /// The smallest loss over all verified copies that probes know of; `None` when no probe has seen one.
    pub loss: Option<Duration>,
    /// The copy that gives the smallest loss.
    pub source: Option<String>,
    /// There is a copy, but nothing vouches for it.
    pub unverified: bool,
}

impl ComponentExposure {
    /// True when more would be lost than the objective allows.
    pub fn breached(&self) -> bool {
        self.loss.is_some_and(|loss| loss > self.rpo)
    }
}

/// What a component could be restored to when it failed.
#[derive(Debug, Clone, PartialEq)]
pub struct RestorePoint {
    pub component: String,
    pub rpo: Duration,
    /// The newest verified point from before the failure; `None`: no probe has seen one.
    pub point: Option<Timestamp>,
}

/// The copies that one probe has seen.
#[derive(Debug, Clone, Default)]
pub(super) struct SeenCopies {
    /// The newest of the verified ones, and when it was seen.
    verified: Option<(Timestamp, Exposure)>,
    /// Nothing vouches for the newest copy.
    pub unverified: bool,
    /// What could be restored to, as each look knew it: the oldest look first.
    points: std::collections::VecDeque<Timestamp>,
}

impl SeenCopies {
    pub(super) fn take(&mut self, reading: &Reading) {
        let Some(exposure) = &reading.exposure else { return };
        self.unverified = !exposure.verified;
        if self.unverified {
            return;
        }
        self.verified = Some((reading.at, exposure.clone()));
        let Ok(point) = reading.at.checked_sub(exposure.loss) else { return };
        // A backup stays where it is: its age is only as exact as a look.
        let same = |known: &Timestamp| known.duration_since(point).abs() <= SignedDuration::from_secs(1);
        if self.points.back().is_some_and(same) {
            return;
        }
        if self.points.len() == POINTS {
            self.points.pop_front();
        }
        self.points.push_back(point);
    }

    /// The newest point that is not after the failure. A copy from after it may hold what is wrong.
    pub(super) fn before(&self, failure: Timestamp) -> Option<Timestamp> {
        self.points.iter().copied().filter(|point| *point <= failure).max()
    }

    /// What the copy would lose at `now`. One that was seen a while ago has aged since: it holds data up to the moment it was seen, so
    /// the time that has passed is added.
    pub(super) fn loss(&self, now: Timestamp) -> Option<(Duration, &str)> {
        let (at, exposure) = self.verified.as_ref()?;
        let aged = Duration::try_from(now.duration_since(*at)).unwrap_or_default();
        Some((exposure.loss + aged, exposure.source.as_str()))
    }
}
