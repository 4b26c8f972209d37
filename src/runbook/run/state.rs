//! Where a run stands: the fold of its events.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use jiff::Timestamp;

use super::{
    checklist::restored,
    event::{ActionOutcome, Ending, EventKind, Evidence, Mode, RunEvent, RunOutcome},
};
use crate::{
    Action, ActionId, Check, OptionKey, Risk, Runbook, SectionKind, Step, StepId,
    prior::{Back, Saving, savings},
};

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
    /// Its effect was taken back since: by the step's undo, or, for an undo, by the step having been run again.
    pub undone: bool,
}

/// Where a run stands. Nothing of it is stored: it is what its events say, in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunState {
    mode: Option<Mode>,
    marks: HashMap<StepId, Mark>,
    attempts: HashMap<ActionId, Attempt>,
    /// What was kept before an action changed it and can be restored by a command, the oldest first.
    saved: HashMap<ActionId, Vec<(Saving, Evidence)>>,
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
                self.judge_checks(step, runbook);
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
                    undone: false,
                };
                self.attempts.insert(action.clone(), attempt);
                if let Some((step, _)) = runbook.action(action).filter(|(step, _)| is_in(&step.actions, action)) {
                    self.take_back(&step.undo);
                    // There is another output to be looked at.
                    let about =
                        |check: &usize| step.checks.get(*check).is_some_and(|c| c.about.as_ref() == Some(action));
                    self.ticked.retain(|(of, check)| *of != step.id || !about(check));
                }
                self.judge(action, runbook);
            }
            EventKind::ActionEnded { action, outcome, .. } => {
                if let Some(attempt) = self.attempts.get_mut(action) {
                    attempt.outcome = Some(outcome.clone());
                }
                match restored(action).and_then(|step| runbook.step(&step)) {
                    Some(step) if self.is_success(outcome) => self.took_back(step),
                    _ => self.judge(action, runbook),
                }
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
            EventKind::PriorStateSaved { action, what, evidence, .. } => {
                let mut savings = runbook.scripts.get(action).into_iter().flat_map(|script| savings(script));
                let saving = savings.find(|saving| saving.what == *what && saving.back != Back::ByHand);
                let saved = self.saved.entry(action.clone()).or_default();
                // A retry sees what the first try has changed: the oldest counts.
                let new = saving.filter(|new| saved.iter().all(|(old, _)| old.what != new.what));
                saved.extend(new.map(|saving| (saving, evidence.clone())));
            }
            EventKind::Confirmed { .. } | EventKind::RollbackStarted { step: Some(_) } => {}
        }
    }

    /// Works the mark of an action's step out again. A remedy says nothing about its step.
    fn judge(&mut self, action: &ActionId, runbook: &Runbook) {
        let Some((step, _)) = runbook.action(action) else { return };
        let undo = is_in(&step.undo, action);
        if !undo && !is_in(&step.actions, action) {
            return;
        }
        let actions = if undo { &step.undo } else { &step.actions };
        let attempts = actions.iter().map(|a| self.attempts.get(&a.id).filter(|attempt| !attempt.undone));
        let ends: Vec<_> = attempts.map(|attempt| attempt.map(|attempt| attempt.outcome.as_ref())).collect();
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
            match undo {
                true => Mark::RolledBack,
                // It is done when a person has seen, and has done, what the document says.
                false if self.due_check(step).is_some() => Mark::Todo,
                false => Mark::Done,
            }
        } else if undo {
            // Half of it is taken back: that is neither done nor undone.
            Mark::Failed
        } else {
            Mark::Todo
        };
        self.marks.insert(step.id.clone(), mark);
        if mark == Mark::RolledBack {
            self.took_back(step);
        }
    }

    fn took_back(&mut self, step: &Step) {
        self.marks.insert(step.id.clone(), Mark::RolledBack);
        self.take_back(&step.actions);
        // What is saved when it runs again is what counts then.
        step.actions.iter().for_each(|action| drop(self.saved.remove(&action.id)));
    }

    /// A person has ticked something, which a step whose commands have run waits for.
    fn judge_checks(&mut self, step: &StepId, runbook: &Runbook) {
        let Some(step) = runbook.step(step).filter(|step| matches!(self.mark(&step.id), Mark::Todo | Mark::Done))
        else {
            return;
        };
        if let Some(action) = step.actions.first() {
            self.judge(&action.id, runbook);
        }
    }

    fn take_back(&mut self, actions: &[Action]) {
        for action in actions {
            if let Some(attempt) = self.attempts.get_mut(&action.id) {
                attempt.undone = true;
            }
        }
    }

    pub fn mark(&self, step: &StepId) -> Mark {
        self.marks.get(step).copied().unwrap_or_default()
    }

    /// It did not fail: somebody ended it.
    pub fn was_cancelled(&self, step: &Step) -> bool {
        let outcomes = step.actions.iter().filter_map(|action| self.attempt(&action.id)?.outcome.as_ref());
        let mut bad = outcomes.filter(|outcome| !outcome.succeeded()).peekable();
        bad.peek().is_some() && bad.all(|outcome| outcome.ending == Ending::Cancelled)
    }

    /// Nothing is to be done there any more.
    pub fn is_settled(&self, step: &StepId) -> bool {
        matches!(self.mark(step), Mark::Done | Mark::Skipped | Mark::Accepted)
    }

    pub fn attempt(&self, action: &ActionId) -> Option<&Attempt> {
        self.attempts.get(action)
    }

    /// Its newest attempt succeeded, and nothing took its effect back.
    pub fn has_succeeded(&self, action: &ActionId) -> bool {
        let standing = self.attempt(action).filter(|attempt| !attempt.undone);
        standing.and_then(|a| a.outcome.as_ref()).is_some_and(|outcome| self.is_success(outcome))
    }

    /// The first check that a step with commands waits for: of an output, once its action has succeeded; of an item, once the commands
    /// above it have. What stands below it runs afterwards, and the step is done afterwards. A dry run has no output, and asks
    /// nobody to have done anything.
    pub fn due_check(&self, step: &Step) -> Option<usize> {
        self.due_checks(step).next()
    }

    /// All checks that are due like [`Self::due_check`], in order.
    pub fn due_checks<'s>(&'s self, step: &'s Step) -> impl Iterator<Item = usize> + 's {
        let asks = self.mode != Some(Mode::DryRun) && !step.actions.is_empty();
        let waits = move |(index, check): &(usize, &Check)| {
            let is_due = match &check.about {
                Some(action) => self.has_succeeded(action),
                None => {
                    let mut above = step.actions.iter().filter(|action| action.line < check.line);
                    !check.ticked && above.all(|action| self.has_succeeded(&action.id))
                }
            };
            asks && is_due && !self.is_ticked(&step.id, *index)
        };
        step.checks.iter().enumerate().filter(waits).map(|(index, _)| index)
    }

    /// All of its commands have succeeded, and a person has not said yet that their output is what it should be, or that what is to be
    /// done by hand is done.
    pub fn waits_for_person(&self, step: &Step) -> bool {
        let all = step.actions.iter().all(|action| self.has_succeeded(&action.id));
        self.mark(&step.id) == Mark::Todo && all && self.due_check(step).is_some()
    }

    /// In a dry run an action has done its part when it was shown.
    fn is_success(&self, outcome: &ActionOutcome) -> bool {
        let shown = self.mode == Some(Mode::DryRun) && matches!(outcome.ending, Ending::NotStarted { .. });
        shown || outcome.succeeded()
    }

    pub fn running(&self) -> Option<(&ActionId, &Attempt)> {
        self.attempts.iter().find(|(_, attempt)| attempt.outcome.is_none())
    }

    /// What was saved before the step changed it and can be restored by a command, the last action's first.
    pub fn restorable(&self, step: &Step) -> impl Iterator<Item = &(Saving, Evidence)> {
        let of_actions = step.actions.iter().rev().filter_map(|action| self.saved.get(&action.id));
        of_actions.flat_map(|saved| saved.iter().rev())
    }

    /// The step says how it is undone, or what was saved before it can be restored.
    pub fn can_undo(&self, step: &Step) -> bool {
        !step.undo.is_empty() || self.restorable(step).next().is_some()
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

    /// The newest attempt of every action that was tried.
    pub fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.values()
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
        let (blocking, what) = before.find_map(|other| match self.mark(&other.id) {
            Mark::Failed => Some((other, "failed: retry it, skip it with a reason, roll back, or go on with a reason")),
            Mark::Unknown => Some((
                other,
                "has an unknown outcome: retry it, skip it with a reason, roll back, or go on with a reason",
            )),
            Mark::RolledBack => Some((other, "was rolled back: run it again, or skip it with a reason")),
            _ => None,
        })?;
        Some(format!("{} {what}", blocking.title))
    }

    /// Its undo was begun, and did not end well.
    pub fn was_undone_in_part(&self, step: &Step) -> bool {
        step.undo.iter().any(|undo| self.attempt(&undo.id).is_some_and(|attempt| !attempt.undone))
            && self.mark(&step.id) != Mark::RolledBack
    }

    /// Why the alternatives cannot be changed to another any more, in one sentence: what the chosen one did is still there.
    /// Two alternatives are never run together.
    pub fn committed(&self, runbook: &Runbook, group: &str, key: &str) -> Option<String> {
        let chosen = self.chosen(group).filter(|chosen| *chosen != key)?;
        let of_it = |step: &&Step| step.option.as_ref().is_some_and(|o| o.group == group && o.key == chosen);
        let stands = |step: &&Step| match self.mark(&step.id) {
            Mark::Running | Mark::Unknown => true,
            Mark::Done | Mark::Accepted => step.risk().is_some_and(|risk| risk > Risk::Read),
            Mark::Todo if self.waits_for_person(step) => step.risk().is_some_and(|risk| risk > Risk::Read),
            Mark::Todo | Mark::Failed | Mark::Skipped | Mark::RolledBack => false,
        };
        let step = runbook.steps().filter(of_it).find(stands)?;
        Some(format!(
            "alternative {chosen} was begun with {}: roll that back first, two alternatives are never run together",
            step.title
        ))
    }

    /// Steps whose own undo takes back what the run did, the newest first: what rolling back the run means where its document
    /// has no [rollback steps](Runbook::rollback_steps).
    pub fn to_undo<'r>(&self, runbook: &'r Runbook) -> Vec<&'r Step> {
        let did = |step: &&Step| {
            let mark = self.mark(&step.id);
            let tried = step.actions.iter().chain(&step.undo).any(|action| self.attempt(&action.id).is_some());
            tried && (!matches!(mark, Mark::Todo | Mark::RolledBack | Mark::Skipped) || self.waits_for_person(step))
        };
        let mut steps: Vec<_> = runbook.steps().filter(|step| !step.undo.is_empty()).filter(did).collect();
        steps.reverse();
        steps
    }

    /// Steps before this one that nobody has done: worth a word before it is started out of order.
    pub fn open_before<'r>(&self, runbook: &'r Runbook, step: &Step) -> Vec<&'r Step> {
        let before = self.counted(runbook).take_while(|other| other.id != step.id);
        let open = before.filter(|other| !self.is_settled(&other.id)).collect::<Vec<_>>();
        // A rollback step has no place in the order.
        if self.counted(runbook).any(|other| other.id == step.id) { open } else { Vec::new() }
    }

    /// How the run is over, when nothing is left to do: completed when every verification passed, failed when one did not, or when
    /// somebody went on after a failure and nothing was verified after it.
    pub fn outcome(&self, runbook: &Runbook) -> Option<RunOutcome> {
        if self.rolling_back {
            let mut steps = runbook.rollback_steps().peekable();
            let is_over = match steps.peek() {
                Some(_) => steps.all(|step| self.is_settled(&step.id)),
                None => self.to_undo(runbook).is_empty(),
            };
            return is_over.then_some(RunOutcome::RolledBack);
        }
        if self.next_step(runbook).is_some() {
            return None;
        }
        let failed = |step: &Step| self.mark(&step.id) == Mark::Accepted;
        let unverified = |step: &Step| self.mark(&step.id) != Mark::Done;
        let dropped = |option: &OptionKey| self.is_dropped(&option.group, &option.key);
        let verification = runbook.steps_of(SectionKind::Verification);
        let mut verification = verification.filter(|step| !step.option.as_ref().is_some_and(dropped)).peekable();
        let bad = match verification.peek() {
            Some(_) => verification.any(unverified),
            None => self.counted(runbook).any(failed),
        };
        Some(if bad { RunOutcome::Failed } else { RunOutcome::Completed })
    }

    /// What is to be known of how the run is over: the failures that somebody went on after, though all was verified in the end.
    pub fn remark(&self, runbook: &Runbook) -> Option<String> {
        let accepted = self.counted(runbook).filter(|step| self.mark(&step.id) == Mark::Accepted).count();
        let completed = self.outcome(runbook) == Some(RunOutcome::Completed);
        (completed && accepted > 0).then(|| match accepted {
            1 => "verification passed, 1 failure accepted".to_owned(),
            _ => format!("verification passed, {accepted} failures accepted"),
        })
    }
}

fn is_in(actions: &[Action], id: &ActionId) -> bool {
    actions.iter().any(|action| action.id == *id)
}
