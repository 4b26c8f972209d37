//! RPO exposure: how much of a component's data would be lost if it were restored right now.

use std::time::Duration;

use jiff::Timestamp;

use super::Exposure;

/// The exposure of one component against its objective.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentExposure {
    pub component: String,
    pub title: String,
    pub rpo: Duration,
    /// The smallest loss over all copies that probes know of; `None` when no probe has seen a copy.
    pub loss: Option<Duration>,
    /// The copy that gives the smallest loss.
    pub source: Option<String>,
}

impl ComponentExposure {
    /// True when more would be lost than the objective allows.
    pub fn breached(&self) -> bool {
        self.loss.is_some_and(|loss| loss > self.rpo)
    }
}

/// A copy as it was seen, and when.
#[derive(Debug, Clone)]
pub(super) struct SeenCopy {
    pub exposure: Exposure,
    pub at: Timestamp,
}

/// The copy that would lose least at `now`. A copy seen a while ago has aged since: it holds data up to the moment
/// it was seen, so the time that has passed is added.
pub(super) fn smallest<'a>(copies: impl Iterator<Item = &'a SeenCopy>, now: Timestamp) -> Option<(Duration, &'a str)> {
    copies
        .map(|copy| {
            let aged = Duration::try_from(now.duration_since(copy.at)).unwrap_or_default();
            (copy.exposure.loss + aged, copy.exposure.source.as_str())
        })
        .min_by_key(|(loss, _)| *loss)
}
