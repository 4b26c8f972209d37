//! Since when a rule for certain severities applies to an incident.

use jiff::Timestamp;

use crate::incident::IncidentState;

/// Whether a rule for these severities applies to this one; a rule that names none applies to all.
pub(super) fn concerns(severities: &[String], level: &str) -> bool {
    severities.is_empty() || severities.iter().any(|severity| severity == level)
}

/// Since when a rule for these severities applies to the open incident without a break: since its detection, or since the
/// reclassification or the opening again that brought it. `None` when it does not apply now.
pub(super) fn since(state: &IncidentState, severities: &[String], detected: Timestamp) -> Option<Timestamp> {
    let brought = match state.severities.iter().rposition(|change| !concerns(severities, &change.value.0)) {
        Some(other) => Some(state.severities.get(other + 1)?.at),
        None => None,
    };
    let reopened = state.phases.windows(2).rev().find_map(|pair| match pair {
        [before, after] => (!before.value.is_open() && after.value.is_open()).then_some(after.at),
        _ => None,
    });
    state.phase().is_open().then(|| brought.max(reopened).unwrap_or(detected))
}
