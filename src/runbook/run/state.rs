//! Where a run stands: the fold of its events.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use jiff::Timestamp;

use super::event::{ActionOutcome, Ending, EventKind, Mode, RunEvent, RunOutcome};
use crate::runbook::{ActionId, OptionKey, Runbook, SectionKind, Step, StepId};

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mark {
    #[default]
    Todo,
    Running,
    Done,
    Failed,
    Skipped,
    /// It was started, and nobody can know how it ended.
    Unknown,
    RolledBack,
    /// It failed, and somebody went on.
    Accepted,
}

/// The newest attempt of an action.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    pub number: u32,
    pub started: Timestamp,
    /// The name of the job's folder.
    pub job: String,
    /// Where it acts, one line a fact.
    pub place: Vec<String>,
    /// `None` while it runs.
    pub outcome: Option<ActionOutcome>,
}

/// Where a run stands. Nothing of it is stored: it is what its events say, in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunState {
    mode: Option<Mode>,
    marks: HashMap<StepId, Mark>,
    attempts: HashMap<ActionId, Attempt>,
    ticked: HashSet<(StepId, usize)>,
    options: HashMap<String, String>,
    /// Values by name; `None` for a secret that was given.
    pub variables: HashMap<String, Option<String>>,
    /// Why steps were left out, or why it went on after them.
    reasons: HashMap<StepId, String>,
    /// Whether the run as a whole is being rolled back.
    pub rolling_back: bool,
    pub ended: Option<RunOutcome>,
}

impl RunState {
    /// The state after these events.
    pub fn fold<'e>(events: impl IntoIterator<Item = &'e RunEvent>, runbook: &Runbook) -> Self {
        let mut state = RunState::default();
        for event in events {
            state.apply(event, runbook);
        }
        state
    }

    /// Takes one more event in.
    pub fn apply(&mut self, event: &RunEvent, runbook: &Runbook) {
        match &event.kind {
            EventKind::VariableSet { name, value } => {
                self.variables.insert(name.clone(), value.clone());
            }
            EventKind::OptionChosen { group, key } => {
                self.options.insert(group.clone(), key.clone());
            }
            EventKind::CheckTicked { step, check, ticked } => {
                let key = (step.clone(), *check);
                if *ticked {
                    self.ticked.insert(key)
                } else {
                    self.ticked.remove(&key)
                };
            }
            EventKind::StepTicked { step, ticked } => {
                self.marks.insert(step.clone(), if *ticked { Mark::Done } else { Mark::Todo });
            }
            EventKind::ActionIntended { action, attempt, place, job, .. } => {
                let attempt = Attempt {
                    number: *attempt,
                    started: event.at,
                    job: job.clone(),
                    place: place.clone(),
                    outcome: None,
                };
                self.attempts.insert(action.clone(), attempt);
                self.judge(action, runbook);
            }
            EventKind::ActionEnded { action, outcome, .. } => {
                if let Some(attempt) = self.attempts.get_mut(action) {
                    attempt.outcome = Some(outcome.clone());
                }
                self.judge(action, runbook);
            }
            EventKind::StepSkipped { step, reason } => {
                self.marks.insert(step.clone(), Mark::Skipped);
                self.reasons.insert(step.clone(), reason.clone());
            }
            EventKind::FailureAccepted { step, reason } => {
                self.marks.insert(step.clone(), Mark::Accepted);
                self.reasons.insert(step.clone(), reason.clone());
            }
            EventKind::RunEnded { outcome, .. } => self.ended = Some(*outcome),
            EventKind::RunStarted { mode, .. } => self.mode = Some(*mode),
            EventKind::RollbackStarted { step: None } => self.rolling_back = true,
            EventKind::Confirmed { .. }
            | EventKind::RollbackStarted { step: Some(_) }
            | EventKind::PriorStateSaved { .. } => {}
        }
    }

    /// Works the mark of an action's step out again.
    fn judge(&mut self, action: &ActionId, runbook: &Runbook) {
        let Some((step, _)) = runbook.action(action) else { return };
        let undo = step.undo.iter().any(|a| a.id == *action);
        let actions = if undo { &step.undo } else { &step.actions };
        let ends: Vec<_> = actions.iter().map(|a| self.attempts.get(&a.id).map(|t| t.outcome.as_ref())).collect();
        let failed = |o: &ActionOutcome| !self.is_success(o);
        let unknown = |o: &ActionOutcome| matches!(o.ending, Ending::Unknown { .. });
        let outcomes = || ends.iter().flatten().flatten();
        let mark = if ends.contains(&Some(None)) {
            Mark::Running
        } else if outcomes().any(|o| unknown(o)) {
            Mark::Unknown
        } else if outcomes().any(|o| failed(o)) {
            Mark::Failed
        } else if ends.iter().all(|end| matches!(end, Some(Some(_)))) {
            if undo { Mark::RolledBack } else { Mark::Done }
        } else {
            Mark::Todo
        };
        self.marks.insert(step.id.clone(), mark);
    }

    pub fn mark(&self, step: &StepId) -> Mark {
        self.marks.get(step).copied().unwrap_or_default()
    }

    /// Nothing is to be done there any more.
    pub fn is_settled(&self, step: &StepId) -> bool {
        matches!(self.mark(step), Mark::Done | Mark::Skipped | Mark::Accepted)
    }

    pub fn attempt(&self, action: &ActionId) -> Option<&Attempt> {
        self.attempts.get(action)
    }

    pub fn has_succeeded(&self, action: &ActionId) -> bool {
        self.attempt(action).and_then(|a| a.outcome.as_ref()).is_some_and(|outcome| self.is_success(outcome))
    }

    /// In a dry run an action has done its part when it was shown.
    fn is_success(&self, outcome: &ActionOutcome) -> bool {
        let shown = self.mode == Some(Mode::DryRun) && matches!(outcome.ending, Ending::NotStarted { .. });
        shown || outcome.succeeded()
    }

    pub fn running(&self) -> Option<(&ActionId, &Attempt)> {
        self.attempts.iter().find(|(_, attempt)| attempt.outcome.is_none())
    }

    pub fn is_ticked(&self, step: &StepId, check: usize) -> bool {
        self.ticked.contains(&(step.clone(), check))
    }

    pub fn chosen(&self, group: &str) -> Option<&str> {
        self.options.get(group).map(String::as_str)
    }

    /// Another alternative of the group was chosen.
    pub fn is_dropped(&self, group: &str, key: &str) -> bool {
        self.chosen(group).is_some_and(|chosen| chosen != key)
    }

    pub fn reason(&self, step: &StepId) -> Option<&str> {
        self.reasons.get(step).map(String::as_str)
    }

    /// How long the ended attempts of these actions took together.
    pub fn took<'a>(&self, actions: impl Iterator<Item = &'a ActionId>) -> Option<Duration> {
        let outcomes = actions.filter_map(|id| self.attempt(id)?.outcome.as_ref());
        let total = outcomes.map(|o| o.duration_ms).reduce(u64::saturating_add)?;
        Some(Duration::from_millis(total))
    }

    /// Actions that run now.
    pub fn all_running(&self) -> impl Iterator<Item = (&ActionId, &Attempt)> {
        self.attempts.iter().filter(|(_, attempt)| attempt.outcome.is_none())
    }

    /// The steps that count: those of the document, without rollback sections and without alternatives that were not chosen.
    pub fn counted<'r>(&self, runbook: &'r Runbook) -> impl Iterator<Item = &'r Step> {
        let sections = runbook.sections.iter().filter(|section| section.kind != SectionKind::Rollback);
        let dropped = |option: &OptionKey| self.is_dropped(&option.group, &option.key);
        sections.flat_map(|section| &section.steps).filter(move |step| !step.option.as_ref().is_some_and(dropped))
    }

    /// The first step that counts and is not settled.
    pub fn next_step<'r>(&self, runbook: &'r Runbook) -> Option<&'r Step> {
        self.counted(runbook).find(|step| !self.is_settled(&step.id))
    }

    /// The alternatives that have to be chosen from before this step can be done: the group's name.
    pub fn undecided<'s>(&self, step: &'s Step) -> Option<&'s str> {
        let option = step.option.as_ref()?;
        self.chosen(&option.group).is_none().then_some(option.group.as_str())
    }

    /// Why this step cannot go on now, in one sentence; `None` when it can.
    pub fn obstacle(&self, runbook: &Runbook, step: &Step) -> Option<String> {
        if self.ended.is_some() {
            return Some("this run is over: open the runbook again for another one".to_owned());
        }
        if let Some(option) = &step.option {
            match self.chosen(&option.group) {
                None => return Some("choose one of the alternatives first".to_owned()),
                Some(chosen) if chosen != option.key => {
                    return Some(format!("alternative {chosen} was chosen, and this step is of {}", option.key));
                }
                Some(_) => {}
            }
        }
        let is_rollback = runbook.steps_of(SectionKind::Rollback).any(|other| other.id == step.id);
        if is_rollback {
            return None;
        }
        let mut before = self.counted(runbook).take_while(|other| other.id != step.id);
        let blocking = before.find(|other| matches!(self.mark(&other.id), Mark::Failed | Mark::Unknown))?;
        let what = if self.mark(&blocking.id) == Mark::Failed { "failed" } else { "has an unknown outcome" };
        Some(format!("{} {what}: retry it, skip it with a reason, roll back, or go on with a reason", blocking.title))
    }

    /// Steps before this one that nobody has done: worth a word before it is started out of order.
    pub fn open_before<'r>(&self, runbook: &'r Runbook, step: &Step) -> Vec<&'r Step> {
        let before = self.counted(runbook).take_while(|other| other.id != step.id);
        let open = before.filter(|other| !self.is_settled(&other.id)).collect::<Vec<_>>();
        // A rollback step has no place in the order.
        if self.counted(runbook).any(|other| other.id == step.id) { open } else { Vec::new() }
    }

    /// How the run is over, when nothing is left to do: completed when every step was done or skipped and every verification
    /// passed, failed when somebody went on after a failure.
    pub fn outcome(&self, runbook: &Runbook) -> Option<RunOutcome> {
        if self.rolling_back {
            let mut steps = runbook.steps_of(SectionKind::Rollback).peekable();
            return (steps.peek().is_some() && steps.all(|step| self.is_settled(&step.id)))
                .then_some(RunOutcome::RolledBack);
        }
        if self.next_step(runbook).is_some() {
            return None;
        }
        let failed = |step: &Step| self.mark(&step.id) == Mark::Accepted;
        let unverified = |step: &Step| self.mark(&step.id) != Mark::Done;
        let dropped = |option: &OptionKey| self.is_dropped(&option.group, &option.key);
        let mut verification = runbook.steps_of(SectionKind::Verification);
        let verification_failed =
            verification.any(|step| !step.option.as_ref().is_some_and(dropped) && unverified(step));
        let bad = self.counted(runbook).any(failed) || verification_failed;
        Some(if bad { RunOutcome::Failed } else { RunOutcome::Completed })
    }
}
