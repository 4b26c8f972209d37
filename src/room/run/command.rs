//! What a front end can want of runs, and what it hears back.

use std::{fmt, path::PathBuf, sync::Arc};

use jiff::Timestamp;

use super::history::History;
use crate::check::Report;
use warroom_domain::platform::AlertRule;
use warroom_exec::{
    Job,
    gate::{Refusal, Wants},
    place::Fact,
};
use warroom_runbook::{
    ActionId, FrontMatter, Risk, Runbook, StepId,
    run::{Mode, RunEvent, RunId},
};

/// Something wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// List what can be opened.
    List,
    /// Open a runbook by its id or path. Nothing is started by that.
    Open {
        id: String,
        /// Show and check everything, start nothing.
        dry_run: bool,
    },
    /// Open a run from before.
    Reopen(RunId),
    /// Open a run that another console has open; that one lets go of it.
    TakeOver(RunId),
    /// Somebody has taken the run over: let go of it.
    Yield {
        run: RunId,
        by: String,
    },
    /// Keep runs in the journal of an incident from now on; in files of their own without one.
    Attach(Option<History>),
    /// Let go of the open run; what runs goes on.
    Close,
    /// Start nothing from now on, or leave that mode. Only before anything was done.
    DryRun(bool),
    ChooseOption {
        group: String,
        key: String,
    },
    SetVariable {
        name: String,
        value: Value,
    },
    /// Run the command that lists what a variable can be.
    ListChoices(String),
    /// Look at what the open runbook needs.
    Check,
    TickCheck {
        step: StepId,
        check: usize,
        ticked: bool,
    },
    TickStep {
        step: StepId,
        ticked: bool,
    },
    Run(ActionId),
    /// Run a command that is in no runbook.
    Command(String),
    Skip {
        step: StepId,
        reason: String,
    },
    AcceptFailure {
        step: StepId,
        reason: String,
    },
    /// Run the step's own undo.
    RollBackStep(StepId),
    /// From now on the rollback section counts.
    RollBackRun,
    /// End the running actions, and what is being prepared.
    Cancel,
    /// Leave the run for good.
    Abandon {
        reason: String,
    },
    /// End a run of commands that are in no runbook.
    EndCommands,
    /// The answer to the question that was asked last.
    Answer(Answer),
    /// Say when everything wanted before this has been dealt with, and nothing is being prepared.
    Settle,
}

/// A value that somebody typed. It may be secret, so it is never part of a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Value(pub String);

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// What somebody said to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Enter,
    Yes,
    Typed(String),
    /// Goes on without what should hold; the reason is kept.
    Override(String),
    /// Nothing is started.
    No,
}

/// The question before an action starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub action: ActionId,
    /// What the action is called.
    pub title: String,
    /// The exact command.
    pub command: String,
    /// Where it acts.
    pub place: Vec<Fact>,
    /// What is lost by it, and how much; and the way back.
    pub effects: Vec<Fact>,
    pub protected: bool,
    pub risk: Risk,
    /// The runbook lowers the risk, and whether that counts here: one sentence.
    pub lowered: Option<String>,
    /// People outside see it.
    pub external: bool,
    /// Why it has this risk, the worst first.
    pub reasons: Vec<String>,
    /// Further things to know, one sentence each.
    pub notes: Vec<String>,
    pub wants: Wants,
    /// Nothing in it runs: a person does what its comments say.
    pub is_for_a_person: bool,
    /// A second person is asked, in a console of their own. A run of no incident can ask nobody: there a reason is all there is.
    pub elsewhere: bool,
    /// Why the last answer does not do.
    pub problem: Option<String>,
}

/// What a dry run shows of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// What is to be known before it runs.
    pub question: Question,
    /// What a live run asks for, or why it refuses: the end of a sentence.
    pub gate: String,
}

/// What came of commands.
#[derive(Debug, Clone)]
pub enum News {
    Listed(Library),
    /// A runbook, or a run from before with its events, is open.
    Opened {
        document: Arc<Runbook>,
        mode: Mode,
        run: Option<(RunId, PathBuf)>,
        events: Vec<RunEvent>,
    },
    /// The open runbook has a run now, in this folder.
    Began {
        run: RunId,
        folder: PathBuf,
    },
    Event(RunEvent),
    /// An action was started (or one from before still runs). An interactive one waits for the person's terminal.
    Started {
        action: ActionId,
        job: Job,
    },
    /// The attempt that ends with the next event is not the last: it is tried again by itself, so many more times.
    TriesAgain {
        action: ActionId,
        left: u32,
    },
    /// A poll was cancelled between two tries: its last attempt was the last one.
    GaveUp {
        action: ActionId,
    },
    /// What is waited for before this action can be asked about, or start: `checking the gate: probe primary`.
    Waits {
        action: ActionId,
        what: String,
    },
    /// Something to know. One sentence.
    Notice(String),
    Asked(Box<Question>),
    /// A dry run came to an action.
    Shown(Box<Preview>),
    /// The question about this action is answered elsewhere.
    Answered(ActionId),
    /// A run that was to be opened is open in another console.
    Held {
        run: RunId,
        /// `alice@bastion-1`, and what they work on.
        by: String,
    },
    /// The choices of a variable.
    Choices {
        name: String,
        result: Result<Vec<String>, String>,
    },
    /// What the open runbook needs.
    Checked(Box<Report>),
    /// It was not done.
    Refused(Refusal),
    /// What has just happened is not kept, and why: until that is over only what reads is run.
    Unkept(String),
    /// The mode is this now.
    Mode(Mode),
    /// Nothing is open.
    Closed,
    /// Everything wanted before [`Command::Settle`] has been dealt with. What was started may still run.
    Settled,
}

/// A runbook that can be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub id: String,
    pub title: String,
    pub front: FrontMatter,
    pub steps: usize,
    /// The worst of its actions.
    pub risk: Option<Risk>,
    /// Things that are odd in the document.
    pub diagnostics: usize,
}

/// A run that began before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierRun {
    pub id: RunId,
    pub title: String,
    pub started: Timestamp,
    /// `alice@bastion-1`.
    pub by: String,
    /// `3 of 9, running`, `completed`.
    pub state: String,
    /// It is not over.
    pub open: bool,
}

/// What can be opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Library {
    pub runbooks: Vec<Known>,
    /// The latest first.
    pub runs: Vec<EarlierRun>,
    /// Where a runbook has to be put to be found, as the user would write it; `None` for a pack that is part of the program.
    pub folder: Option<String>,
    /// Why the list is not complete. One sentence each.
    pub problems: Vec<String>,
}

impl Library {
    /// The runbook for an alert: the one that it names, else the first that names it.
    pub fn for_alert(&self, rule: &AlertRule) -> Option<&Known> {
        let named = self.runbooks.iter().find(|known| rule.runbook.as_ref() == Some(&known.id));
        named.or_else(|| self.runbooks.iter().find(|known| known.front.triggers.contains(&rule.id)))
    }
}
