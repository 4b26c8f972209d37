//! How long the steps of a run took, against what the runbook says.
//!
//! A step takes from the start of its first action to the end of its last one: its remedies and every further attempt are part of
//! it, and so is the time in which people thought between them. Its own undo is not. What was only ticked has no duration.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{milestones::as_seconds, words::signed};
use warroom_runbook::{
    ActionId, StepId,
    run::{EventKind, Names, RunEvent, step_of},
};

/// A step that was begun, or ticked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct StepTime {
    pub(super) step: StepId,
    /// What the runbook calls it; the id where the journal does not say.
    pub(super) title: String,
    #[serde(rename = "estimate_seconds", serialize_with = "as_seconds")]
    pub(super) estimate: Option<SignedDuration>,
    /// When its first action started.
    pub(super) begun: Option<Timestamp>,
    /// `None` when nothing of it ended.
    #[serde(rename = "seconds", serialize_with = "as_seconds")]
    pub(super) took: Option<SignedDuration>,
    /// Its last action did not succeed: what it took says nothing about the estimate.
    pub(super) failed: bool,
}

/// The steps in the order in which they were begun.
pub(super) fn step_times(events: &[RunEvent]) -> Vec<StepTime> {
    let names = Names::of(events);
    let mut steps: Vec<StepTime> = Vec::new();
    for event in events {
        let Some(id) = touched(&event.kind) else { continue };
        // A command that somebody typed is no step of the runbook.
        if names.listed(&id).is_none() && !names.is_empty() {
            continue;
        }
        let index = steps.iter().position(|step| step.step == id).unwrap_or_else(|| {
            let estimate = names.listed(&id).and_then(|listed| listed.estimate_seconds).map(Duration::from_secs);
            let (title, estimate) = (names.step(&id), estimate.map(signed));
            steps.push(StepTime { step: id, title, estimate, begun: None, took: None, failed: false });
            steps.len() - 1
        });
        let Some(step) = steps.get_mut(index) else { continue };
        match &event.kind {
            EventKind::ActionIntended { .. } => step.begun = step.begun.or(Some(event.at)),
            EventKind::ActionEnded { outcome, late, .. } => {
                // What was found late ended when its program ended, which nobody wrote down: what it took itself is known.
                let took = signed(Duration::from_millis(outcome.duration_ms));
                let whole = step.begun.filter(|_| !late).map(|begun| event.at.duration_since(begun));
                step.failed = !outcome.succeeded();
                step.took = step.took.max(Some(whole.unwrap_or(took)));
            }
            _ => {}
        }
    }
    steps
}

/// The step that an event works on.
fn touched(kind: &EventKind) -> Option<StepId> {
    let forward = |action: &ActionId| action.0.rsplit_once('/').is_some_and(|(_, part)| !part.starts_with("undo-"));
    match kind {
        EventKind::ActionIntended { action, .. } | EventKind::ActionEnded { action, .. } if forward(action) => {
            step_of(action)
        }
        EventKind::StepTicked { step, ticked: true } => Some(step.clone()),
        _ => None,
    }
}
