//! The events of a run. They are what is written down: names and shapes are a format, only added to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ListedStep;
use crate::{ActionId, Lowered, Risk, StepId};

/// Names a run; sorts by its start (UUID version 7).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

/// One thing that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEvent {
    /// UTC.
    pub at: Timestamp,
    /// `alice@bastion-1`.
    pub by: String,
    pub run: RunId,
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    /// The run exists. `digest` is the SHA-256 of the document, whose text is kept beside the events.
    /// `steps` is its checklist, empty in journals that were written before there was one; `estimate_seconds` is for the whole.
    RunStarted {
        runbook: String,
        title: String,
        file: String,
        digest: String,
        environment: String,
        mode: Mode,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        steps: Vec<ListedStep>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        estimate_seconds: Option<u64>,
        /// The RTO that the document promises.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rto_seconds: Option<u64>,
    },
    /// A variable got a value; `None` for a secret, whose value is written nowhere.
    VariableSet { name: String, value: Option<String> },
    /// One of several alternatives was chosen; the others are skipped.
    OptionChosen { group: String, key: String },
    /// A sub-check was ticked or unticked. `check` counts from 0 within the step.
    CheckTicked { step: StepId, check: usize, ticked: bool },
    /// A manual step was done, or a step's doneness taken back.
    StepTicked { step: StepId, ticked: bool },
    /// Somebody agreed to an action (or to override a refusal) before it started.
    Confirmed { action: ActionId, attempt: u32, confirmation: Confirmation },
    /// Written and synced before anything starts. `command` is the exact text; `place` is where it acts, one line a fact.
    ActionIntended {
        action: ActionId,
        attempt: u32,
        risk: Risk,
        /// The runbook lowered it to that; `None` also where that does not count, and in journals from before this was written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lowered: Option<Lowered>,
        external: bool,
        command: String,
        place: Vec<String>,
        /// The name of the job's folder in the run's folder.
        job: String,
    },
    /// It ended, or it is known that nobody can know how.
    ActionEnded {
        action: ActionId,
        attempt: u32,
        outcome: ActionOutcome,
        /// True when the end was found later, by a console that opened the run again.
        #[serde(default)]
        late: bool,
    },
    /// A step was left out.
    StepSkipped { step: StepId, reason: String },
    /// After a failure somebody chose to go on.
    FailureAccepted { step: StepId, reason: String },
    /// Rolling back began: for one step (its own undo), or for the whole run.
    RollbackStarted { step: Option<StepId> },
    /// What is needed to undo a change was saved before it: a name and the evidence that holds it.
    PriorStateSaved { action: ActionId, attempt: u32, what: String, evidence: Evidence },
    /// The run is over.
    RunEnded { outcome: RunOutcome, reason: Option<String> },
}

/// On what a run acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Live,
    /// Shows and checks everything, starts nothing.
    DryRun,
    /// An exercise: a simulated platform, where nothing starts, or an incident that was declared as a drill, which acts for
    /// real where the environment is not protected.
    Drill,
}

impl Mode {
    /// How screens, lists and exports mark what is not live: `DRILL`, `DRY RUN`.
    pub fn mark(self) -> Option<&'static str> {
        match self {
            Mode::Live => None,
            Mode::DryRun => Some("DRY RUN"),
            Mode::Drill => Some("DRILL"),
        }
    }
}

/// How somebody agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Confirmation {
    /// Enter on a read.
    Enter,
    /// `y`.
    Yes,
    /// The target's name was typed.
    Typed { name: String },
    /// `--confirm` allowed this risk without asking.
    Allowed { up_to: Risk },
    /// A second person agreed.
    Second { by: String },
    /// What was missing (a second person, a true gate, a pinned target) was overridden.
    Override { of: String, reason: String },
}

impl Confirmation {
    /// What [`Confirmation::Override`] names: the second person.
    pub const SECOND_PERSON: &'static str = "second person";
    /// The condition on the probes.
    pub const GATE: &'static str = "gate";
    /// What happens cannot be written down now.
    pub const JOURNAL: &'static str = "journal";
    /// What the linter found wrong with the step.
    pub const LINT_ERRORS: &'static str = "lint errors";
}

/// How an action ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionOutcome {
    pub ending: Ending,
    pub duration_ms: u64,
    pub evidence: Option<Evidence>,
    /// What the supervisor wrote about the end; `None` in journals from before this was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Box<Evidence>>,
    /// One for each expectation of the action, in their order.
    #[serde(default)]
    pub expected: Vec<ExpectationResult>,
    /// Captured variables; a secret's value is `None`.
    #[serde(default)]
    pub captured: BTreeMap<String, Option<String>>,
}

impl ActionOutcome {
    /// Exit code 0 and every expectation met.
    pub fn succeeded(&self) -> bool {
        self.ending == Ending::Exited { code: 0 } && self.expected.iter().all(|e| *e == ExpectationResult::Met)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ending", rename_all = "snake_case")]
pub enum Ending {
    Exited {
        code: i32,
    },
    Killed {
        signal: i32,
    },
    TimedOut,
    Cancelled,
    /// It did not start: one sentence says why.
    NotStarted {
        why: String,
    },
    /// It was started, and nothing is left that could say how it ended.
    Unknown {
        why: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum ExpectationResult {
    Met,
    /// One sentence: what was expected and what came.
    Missed {
        why: String,
    },
}

/// Captured output, stored beside the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Hexadecimal SHA-256 of the file.
    pub sha256: String,
    pub bytes: u64,
    /// Bytes that the command printed and that were not kept.
    #[serde(default)]
    pub dropped_bytes: u64,
    /// The file, from the run's folder.
    pub file: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Every step passed, or those whose failures were accepted were followed by a verification that passed.
    Completed,
    /// A step or the verification failed and nothing undid it.
    Failed,
    RolledBack,
    /// Somebody left it.
    Abandoned,
}

impl RunOutcome {
    /// How a run ended, in a word or two.
    pub fn word(self) -> &'static str {
        match self {
            RunOutcome::Completed => "completed",
            RunOutcome::Failed => "failed",
            RunOutcome::RolledBack => "rolled back",
            RunOutcome::Abandoned => "abandoned",
        }
    }
}
