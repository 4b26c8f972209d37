//! Where the events of runs are kept when that is not a file of each run, and what several people at one incident tell each
//! other about them.

use std::{fmt, path::PathBuf, sync::Arc};

use warroom_domain::platform::Pack;
use warroom_incident::{EventLog, EventRef};
use warroom_runbook::{
    ActionId, FrontMatter, StepId,
    run::{RunEvent, RunId},
};

/// The journal of an incident, as its runs see it.
pub trait RunHistory: EventLog {
    /// Below it is `runs/RUN/` of each run.
    fn folder(&self) -> PathBuf;

    /// The incident is an exercise.
    fn is_drill(&self) -> bool;

    /// The roles that the runbook needs and nobody in the incident has; empty when nobody is missing.
    fn missing_roles(&self, front: &FrontMatter, pack: &Pack) -> Vec<String>;

    /// The runs so far.
    fn runs(&self) -> Vec<RunId>;

    /// What happened in a run, in order; nothing for one that is not known.
    fn events(&self, run: &RunId) -> Vec<RunEvent>;

    /// Who works on the run, and on which step they said so last.
    fn claimant(&self, run: &RunId) -> Option<Claimant>;

    /// Says that this console works on the step now. The error is one sentence.
    fn claim(&self, run: &RunId, step: &StepId) -> Result<(), String>;

    /// Asks for a second person. The error is one sentence.
    fn ask_second(&self, wanted: SecondWanted) -> Result<EventRef, String>;

    /// What a second person has said so far. Only who acts under a Unix user of their own is a second person.
    fn second(&self, of: &EventRef) -> Option<Second>;

    /// No second person is needed any more.
    fn withdraw_second(&self, of: &EventRef);
}

/// Who works on a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimant {
    /// `alice@bastion-1`.
    pub by: String,
    pub step: StepId,
    /// It is this console.
    pub own: bool,
}

/// What a second person is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondWanted {
    pub run: RunId,
    pub action: ActionId,
    pub attempt: u32,
    pub title: String,
    /// The exact command.
    pub command: String,
    /// Where it acts, one line a fact.
    pub place: Vec<String>,
}

/// What a second person said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Second {
    Agreed {
        by: String,
    },
    Refused {
        by: String,
    },
    /// An answer that does not count. One sentence says why.
    Void {
        why: String,
    },
}

/// A history that can be part of a command.
#[derive(Clone)]
pub struct History(pub Arc<dyn RunHistory>);

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("History").field(&self.0.folder()).finish()
    }
}

/// The same journal, not the same content.
impl PartialEq for History {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for History {}
