//! Recovery objectives of the affected components against what was reached.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    Source,
    milestones::as_seconds,
    words::{Times, signed},
};
use warroom_incident::objective::{data_at_risk, doubts, objection};

/// One component.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Recovery {
    pub(super) component: String,
    pub(super) title: String,
    #[serde(rename = "rto_objective_seconds", serialize_with = "as_seconds")]
    pub(super) rto: Option<SignedDuration>,
    /// From detection to the service restored; while it is not, to the last that is known.
    #[serde(rename = "recovery_seconds", serialize_with = "as_seconds")]
    pub(super) took: Option<SignedDuration>,
    /// Whether the service is there again.
    pub(super) restored: bool,
    /// `None`: without an objective, while it is still open, or if the panels do not agree.
    pub(super) rto_met: Option<bool>,
    /// What the component's probes say against an RTO that would be met.
    pub(super) rto_objection: Option<String>,
    #[serde(rename = "rpo_objective_seconds", serialize_with = "as_seconds")]
    pub(super) rpo: Option<SignedDuration>,
    /// What was restored to; else the newest point that could have been when it failed.
    pub(super) recovery_point: Option<Timestamp>,
    /// Somebody recorded that it was restored to this point.
    pub(super) recorded: bool,
    /// What a restore to that point loses.
    #[serde(rename = "exposed_seconds", serialize_with = "as_seconds")]
    pub(super) exposed: Option<SignedDuration>,
    pub(super) rpo_met: Option<bool>,
}

/// Every affected component, in the order in which they were named.
pub(super) fn recovery(source: &Source<'_>) -> Vec<Recovery> {
    let state = source.state;
    let mut ids: Vec<&str> = state.components.iter().map(String::as_str).collect();
    for exposure in &state.exposures {
        if !ids.contains(&exposure.component.as_str()) {
            ids.push(&exposure.component);
        }
    }
    let restored = state.restored();
    let until = restored.or_else(|| source.as_of());
    let took = state.detected_at.zip(until).map(|(detected, until)| until.duration_since(detected));
    let times = Times::of(source);
    let one = |id: &str| {
        let component = source.pack.and_then(|pack| pack.component(id));
        let exposure = state.exposures.iter().find(|exposure| exposure.component == id);
        let within = component.and_then(|component| component.rto);
        let rto = within.map(signed);
        // An objective can be missed before the end, but not be met.
        let in_time = rto.zip(took).and_then(|(rto, took)| match took <= rto {
            true => restored.is_some().then_some(true),
            false => Some(false),
        });
        let doubts = within.filter(|_| in_time == Some(true)).map(|within| doubts(state, &[id.to_owned()], within));
        let rto_objection = doubts.and_then(|doubts| objection(&doubts, |at| times.at(at)));
        // What was frozen at the moment of failure counts, not what the pack says by now.
        let frozen = exposure.and_then(|exposure| exposure.rpo_seconds).map(std::time::Duration::from_secs);
        let rpo = frozen.or_else(|| component.and_then(|component| component.rpo)).map(signed);
        // What was recorded says nothing of a component whose data has no objective.
        let data = data_at_risk(state, id).filter(|data| !data.recorded || rpo.is_some());
        let exposed = data.map(|data| signed(data.loss()));
        Recovery {
            component: id.to_owned(),
            title: component.map_or(id, |component| &component.title).to_owned(),
            rto,
            took,
            restored: restored.is_some(),
            rto_met: in_time.filter(|_| rto_objection.is_none()),
            rto_objection,
            rpo,
            recovery_point: data.map(|data| data.point),
            recorded: data.is_some_and(|data| data.recorded),
            exposed,
            rpo_met: rpo.zip(exposed).map(|(rpo, exposed)| exposed <= rpo),
        }
    };
    ids.into_iter().map(one).collect()
}

/// What was lost, as far as times say it: from the point that was restored to, to the last write.
pub(super) fn lost(source: &Source<'_>) -> Option<SignedDuration> {
    let loss = &source.state.data_loss.as_ref()?.value;
    Some(loss.last_write?.duration_since(loss.restored_to?))
}
