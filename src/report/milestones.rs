//! The turning points of an incident, and how long it took to each.

use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};

use warroom_incident::{IncidentState, Phase};

/// When the turning points were; `None`: the journal does not say (yet).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(super) struct Milestones {
    pub(super) detected: Option<Timestamp>,
    pub(super) declared: Option<Timestamp>,
    /// Somebody took a role for the first time.
    pub(super) assembled: Option<Timestamp>,
    /// The phase *identified* began, and was not taken back.
    pub(super) identified: Option<Timestamp>,
    /// The phase *monitoring* began, and was not taken back.
    pub(super) fixed: Option<Timestamp>,
    pub(super) restored: Option<Timestamp>,
    pub(super) resolved: Option<Timestamp>,
    pub(super) closed: Option<Timestamp>,
}

impl Milestones {
    pub(super) fn of(state: &IncidentState) -> Self {
        Milestones {
            detected: state.detected_at,
            declared: state.declared.as_ref().map(|declared| declared.at),
            assembled: state.role_history.iter().find(|change| change.value.2).map(|change| change.at),
            identified: stands(state, Phase::Identified),
            fixed: stands(state, Phase::Monitoring),
            restored: state.restored(),
            resolved: state.resolved_at(),
            closed: stands(state, Phase::Closed),
        }
    }
}

/// Turning points that nobody records as such, by their names in [`Milestones`], with what they are inferred from.
const INFERRED: [(&str, &str); 3] =
    [("assembled", "first role taken"), ("fixed", "phase monitoring"), ("restored", "incident resolved")];

/// What a turning point of this incident is inferred from. `None` if it was recorded, or did not happen.
pub(super) fn inferred(state: &IncidentState, name: &str) -> Option<&'static str> {
    let points = Milestones::of(state);
    let is_there = match name {
        "assembled" => points.assembled.is_some(),
        "fixed" => points.fixed.is_some(),
        _ => points.restored.is_some() && state.restored_at.is_none(),
    };
    INFERRED.iter().find(|(known, _)| *known == name && is_there).map(|(_, from)| *from)
}

/// The names of the turning points of this incident that are inferred.
pub(super) fn all_inferred(state: &IncidentState) -> Vec<&'static str> {
    INFERRED.iter().map(|(name, _)| *name).filter(|name| inferred(state, name).is_some()).collect()
}

/// When a phase was first entered and not fallen behind again: a wrong root cause sends an incident back.
fn stands(state: &IncidentState, phase: Phase) -> Option<Timestamp> {
    state.phases.iter().fold(None, |since, change| match change.value {
        now if now == phase => since.or(Some(change.at)),
        now if now < phase => None,
        _ => since,
    })
}

/// How long it took from detection, whole incidents compared by it; `None`: it did not come to that, or nobody recorded it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Metrics {
    /// To the declaration: somebody looks after it.
    #[serde(rename = "acknowledge_seconds", serialize_with = "as_seconds")]
    pub acknowledge: Option<SignedDuration>,
    /// To the phase *identified*.
    #[serde(rename = "identify_seconds", serialize_with = "as_seconds")]
    pub identify: Option<SignedDuration>,
    /// To the users having their service again (or, when nobody said so, to the resolution).
    #[serde(rename = "restore_seconds", serialize_with = "as_seconds")]
    pub restore: Option<SignedDuration>,
    /// To the phase *resolved*.
    #[serde(rename = "resolve_seconds", serialize_with = "as_seconds")]
    pub resolve: Option<SignedDuration>,
}

/// The metrics of an incident, a pure function of its state.
pub fn metrics(state: &IncidentState) -> Metrics {
    let points = Milestones::of(state);
    let since = |at: Option<Timestamp>| Some(at?.duration_since(points.detected?));
    Metrics {
        acknowledge: since(points.declared),
        identify: since(points.identified),
        restore: since(points.restored),
        resolve: since(points.resolved),
    }
}

pub(super) fn as_seconds<S: Serializer>(value: &Option<SignedDuration>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.serialize_f64((value.as_secs_f64() * 1000.0).round() / 1000.0),
        None => serializer.serialize_none(),
    }
}
