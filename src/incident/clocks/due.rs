//! When updates and escalations are due: the rules that the clocks on screen and the reports afterwards share.

use std::time::Duration;

use jiff::Timestamp;

use crate::{IncidentState, state::EscalationDone};
use warroom_domain::platform::{Audience, Escalation};

/// How long an escalation that is due has before it counts as late: it takes that long to call somebody.
pub const ESCALATION_GRACE: Duration = Duration::from_secs(5 * 60);

/// From when the next update of an audience is counted, and within how long it has to come. `since` is when the stretch began in
/// which the audience has to be told, `last` the last update before now. `None` when no further update is wanted.
pub fn update(audience: &Audience, since: Timestamp, last: Option<Timestamp>) -> Option<(Timestamp, Duration)> {
    match last {
        Some(last) => Some((since.max(last), audience.update_every?)),
        None => Some((since, audience.first_within.or(audience.update_every)?)),
    }
}

/// When an escalation is due that applies since then. Nobody could make it before the incident was declared. `None` beyond the
/// calendar's end.
pub fn escalation(step: &Escalation, since: Timestamp, declared: Timestamp) -> Option<Timestamp> {
    Some(since.checked_add(step.after).ok()?.max(declared))
}

/// Whether this is what was done of an escalation: the journal tells steps apart by whom and when.
pub fn is_done_by(step: &Escalation, done: &EscalationDone) -> bool {
    step.to == done.to && step.after.as_secs() == done.after_seconds
}

/// Escalations without those that the pack states a second time, on another condition.
pub fn distinct(steps: &[Escalation]) -> impl Iterator<Item = &Escalation> {
    let mut seen = std::collections::BTreeSet::new();
    steps.iter().filter(move |step| seen.insert((&step.to, step.after.as_secs())))
}

/// It was made, or dismissed with a reason.
pub(super) fn is_done(state: &IncidentState, step: &Escalation) -> bool {
    state.escalations.iter().any(|done| is_done_by(step, &done.value))
}
