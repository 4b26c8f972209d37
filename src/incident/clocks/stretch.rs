//! In which times a rule for certain severities applies to an incident.

use jiff::Timestamp;

use crate::{IncidentState, state::Since};

/// A time in which a rule applies without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub from: Timestamp,
    /// `None` while it lasts.
    pub to: Option<Timestamp>,
}

/// Whether a rule for these severities applies to this one; a rule that names none applies to all.
pub(super) fn concerns(severities: &[String], level: &str) -> bool {
    severities.is_empty() || severities.iter().any(|severity| severity == level)
}

/// Every stretch in which a rule for these severities applies, that is, in which the incident is open with one of them. The first
/// one begins with the detection when the declaration brought it, each other one with the reclassification or the opening again
/// that brought it.
pub fn stretches(state: &IncidentState, severities: &[String], detected: Timestamp) -> Vec<Stretch> {
    let open = lasting(&state.phases, detected, |phase| phase.is_open());
    let concerned = lasting(&state.severities, detected, |(level, _)| concerns(severities, level));
    let both = open.iter().flat_map(|open| {
        concerned.iter().map(move |concerned| Stretch {
            from: open.from.max(concerned.from),
            to: open.to.into_iter().chain(concerned.to).min(),
        })
    });
    let mut found: Vec<Stretch> = both.filter(|stretch| stretch.to.is_none_or(|to| stretch.from < to)).collect();
    found.sort_by_key(|stretch| stretch.from);
    found
}

/// Since when a rule for these severities applies. `None` when it does not apply now.
pub(super) fn since(state: &IncidentState, severities: &[String], detected: Timestamp) -> Option<Timestamp> {
    stretches(state, severities, detected).iter().find(|stretch| stretch.to.is_none()).map(|stretch| stretch.from)
}

/// The stretches in which this holds of what changes. What was declared had begun when it was detected.
fn lasting<T>(changes: &[Since<T>], detected: Timestamp, holds: impl Fn(&T) -> bool) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        let lasts = found.last_mut().filter(|stretch| stretch.to.is_none());
        match (lasts, holds(&change.value)) {
            (None, true) => {
                let from = if index == 0 { detected } else { change.at };
                found.push(Stretch { from, to: None });
            }
            (Some(stretch), false) => stretch.to = Some(change.at),
            _ => {}
        }
    }
    found
}
