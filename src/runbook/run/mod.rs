//! A run of a runbook: every state of it is the fold of its events.

pub mod checklist;
pub mod event;
pub mod person;
#[cfg(test)]
mod properties;
pub mod state;

pub use checklist::{AD_HOC, ListedStep, Names, checklist, command_title, restoring, step_of};
pub use event::{
    ActionOutcome, Confirmation, Ending, EventKind, Evidence, ExpectationResult, Mode, RunEvent, RunId, RunOutcome,
};
pub use person::{is_another, named};
pub use state::{Attempt, Mark, RunState};
