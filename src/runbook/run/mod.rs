//! A run of a runbook: every state of it is the fold of its events.

pub mod event;

pub use event::{
    ActionOutcome, Confirmation, Ending, EventKind, Evidence, ExpectationResult, Mode, RunEvent, RunId, RunOutcome,
};
