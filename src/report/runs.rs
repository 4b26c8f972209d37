//! What ran: the runs of runbooks and commands that belong to the incident, action by action, with results.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    Source,
    estimates::{StepTime, step_times},
    milestones::as_seconds,
    words::signed,
};
use warroom_runbook::run::{
    ActionOutcome, Confirmation, Ending, EventKind, Evidence, ExpectationResult, Mode, Names, RunEvent, RunId,
    RunOutcome,
};

/// How something looks at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Tone {
    #[default]
    Plain,
    Good,
    Warn,
    Bad,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Run {
    pub(super) id: RunId,
    pub(super) title: String,
    pub(super) runbook: String,
    /// SHA-256 of the document that was followed.
    pub(super) digest: String,
    pub(super) environment: String,
    pub(super) mode: Option<Mode>,
    pub(super) by: String,
    pub(super) started: Option<Timestamp>,
    pub(super) ended: Option<Timestamp>,
    #[serde(rename = "seconds", serialize_with = "as_seconds")]
    pub(super) lasted: Option<SignedDuration>,
    /// How long its runbook says that it takes.
    #[serde(rename = "estimate_seconds", serialize_with = "as_seconds")]
    pub(super) estimate: Option<SignedDuration>,
    pub(super) outcome: Option<RunOutcome>,
    pub(super) reason: Option<String>,
    /// What was done, in order.
    pub(super) acts: Vec<Act>,
    /// How long its steps took.
    pub(super) steps: Vec<StepTime>,
}

impl Run {
    /// Its runbook says of it, or of one of its steps that were begun, how long that takes.
    pub(super) fn is_estimated(&self) -> bool {
        self.estimate.is_some() || self.steps.iter().any(|step| step.estimate.is_some())
    }

    /// One word for how it ended.
    pub(super) fn result(&self) -> (&'static str, Tone) {
        let tone = match self.outcome {
            Some(RunOutcome::Completed) => Tone::Good,
            Some(RunOutcome::Failed) => Tone::Bad,
            Some(RunOutcome::RolledBack | RunOutcome::Abandoned) => Tone::Warn,
            None => Tone::Plain,
        };
        (self.outcome.map_or("not ended", RunOutcome::word), tone)
    }
}

/// One thing that was done: an attempt of an action, or a decision about a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Act {
    /// The id of the step or action.
    pub(super) what: String,
    /// What the runbook calls it; the id where the journal does not say.
    pub(super) title: String,
    /// From 1; 0 where there are no attempts.
    pub(super) attempt: u32,
    pub(super) at: Timestamp,
    pub(super) by: String,
    #[serde(rename = "seconds", serialize_with = "as_seconds")]
    pub(super) took: Option<SignedDuration>,
    pub(super) result: String,
    pub(super) tone: Tone,
    pub(super) risk: Option<warroom_runbook::Risk>,
    /// The runbook lowered it, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lowered: Option<String>,
    /// The exact command, and where it acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) command: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) place: Vec<String>,
    /// How somebody agreed to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) agreed: Vec<String>,
    /// The end was found later, by a console that came back.
    pub(super) late: bool,
    #[serde(rename = "output", skip_serializing_if = "Option::is_none")]
    pub(super) evidence: Option<Evidence>,
}

/// Every run, the earliest first.
pub(super) fn runs(source: &Source<'_>) -> Vec<Run> {
    let mut runs: Vec<Run> = source.state.runs.iter().map(|(id, events)| run(id, events)).collect();
    runs.sort_by_key(|run| run.started);
    runs
}

fn run(id: &RunId, events: &[RunEvent]) -> Run {
    let mut run = Run {
        id: id.clone(),
        title: id.0.clone(),
        runbook: String::new(),
        digest: String::new(),
        environment: String::new(),
        mode: None,
        by: events.first().map(|event| event.by.clone()).unwrap_or_default(),
        started: events.first().map(|event| event.at),
        ended: None,
        lasted: None,
        estimate: None,
        outcome: None,
        reason: None,
        acts: Vec::new(),
        steps: step_times(events),
    };
    let names = Names::of(events);
    let mut agreed = Vec::new();
    for event in events {
        match &event.kind {
            EventKind::RunStarted { runbook, title, digest, environment, mode, estimate_seconds, .. } => {
                (run.title, run.runbook, run.digest) = (title.clone(), runbook.clone(), digest.clone());
                (run.environment, run.mode) = (environment.clone(), Some(*mode));
                run.estimate = estimate_seconds.map(|seconds| signed(std::time::Duration::from_secs(seconds)));
            }
            EventKind::Confirmed { action, attempt, confirmation } => {
                agreed.extend(agreement(confirmation).map(|how| (action.clone(), *attempt, how)));
            }
            EventKind::ActionIntended { action, attempt, risk, lowered, command, place, .. } => {
                let mine = agreed.extract_if(.., |(of, number, _)| of == action && number == attempt);
                let agreed = mine.map(|(_, _, how)| how).collect();
                let act = Act {
                    attempt: *attempt,
                    risk: Some(*risk),
                    lowered: lowered.as_ref().map(ToString::to_string),
                    command: Some(command.clone()),
                    place: place.clone(),
                    agreed,
                    ..Act::new(&action.0, names.action(action), event, "no result was recorded".to_owned(), Tone::Warn)
                };
                run.acts.push(act);
            }
            EventKind::ActionEnded { action, attempt, outcome, late } => {
                let open = |act: &&mut Act| act.what == action.0 && act.attempt == *attempt;
                if let Some(act) = run.acts.iter_mut().rev().find(open) {
                    act.end(outcome, *late);
                } else {
                    let mut act = Act {
                        attempt: *attempt,
                        ..Act::new(&action.0, names.action(action), event, String::new(), Tone::Plain)
                    };
                    act.end(outcome, *late);
                    run.acts.push(act);
                }
            }
            EventKind::OptionChosen { group, key } => {
                let option = names.option(group, key).unwrap_or_else(|| key.clone());
                run.decided(group, "the alternatives".to_owned(), event, format!("chose {option}"), Tone::Plain);
            }
            EventKind::StepTicked { step, ticked: true } => {
                run.decided(&step.0, names.step(step), event, "done".to_owned(), Tone::Good);
            }
            EventKind::StepTicked { step, .. } => {
                run.decided(&step.0, names.step(step), event, "not done after all".to_owned(), Tone::Plain);
            }
            EventKind::StepSkipped { step, reason } => {
                run.decided(&step.0, names.step(step), event, format!("skipped: {reason}"), Tone::Warn);
            }
            EventKind::FailureAccepted { step, reason } => {
                let result = format!("went on after the failure: {reason}");
                run.decided(&step.0, names.step(step), event, result, Tone::Warn);
            }
            EventKind::RollbackStarted { step } => {
                let (what, title) = match step {
                    Some(step) => (step.0.as_str(), names.step(step)),
                    None => ("the run", "the run".to_owned()),
                };
                run.decided(what, title, event, "rollback begun".to_owned(), Tone::Warn);
            }
            EventKind::RunEnded { outcome, reason } => {
                (run.outcome, run.reason, run.ended) = (Some(*outcome), reason.clone(), Some(event.at));
                run.lasted = run.started.map(|started| event.at.duration_since(started));
            }
            EventKind::VariableSet { .. } | EventKind::CheckTicked { .. } | EventKind::PriorStateSaved { .. } => {}
        }
    }
    run
}

impl Run {
    fn decided(&mut self, what: &str, title: String, event: &RunEvent, result: String, tone: Tone) {
        self.acts.push(Act::new(what, title, event, result, tone));
    }
}

impl Act {
    fn new(what: &str, title: String, event: &RunEvent, result: String, tone: Tone) -> Self {
        Act {
            what: what.to_owned(),
            title,
            attempt: 0,
            at: event.at,
            by: event.by.clone(),
            took: None,
            result,
            tone,
            risk: None,
            lowered: None,
            command: None,
            place: Vec::new(),
            agreed: Vec::new(),
            late: false,
            evidence: None,
        }
    }

    fn end(&mut self, outcome: &ActionOutcome, late: bool) {
        (self.result, self.tone) = ended(outcome);
        self.late = late;
        self.evidence = outcome.evidence.clone();
        let ran = !matches!(outcome.ending, Ending::NotStarted { .. } | Ending::Unknown { .. });
        self.took = ran.then(|| signed(std::time::Duration::from_millis(outcome.duration_ms)));
    }
}

/// What is worth saying about how somebody agreed.
fn agreement(confirmation: &Confirmation) -> Option<String> {
    match confirmation {
        Confirmation::Enter | Confirmation::Yes => None,
        Confirmation::Typed { name } => Some(format!("typed {name}")),
        Confirmation::Allowed { up_to } => Some(format!("allowed up to {up_to}")),
        Confirmation::Second { by } => Some(format!("second person: {by}")),
        Confirmation::Override { of, reason } if of == Confirmation::LINT_ERRORS => {
            Some(format!("{of} accepted: {reason}"))
        }
        Confirmation::Override { of, reason } => Some(format!("without a {of}: {reason}")),
    }
}

fn ended(outcome: &ActionOutcome) -> (String, Tone) {
    let missed = outcome.expected.iter().find_map(|result| match result {
        ExpectationResult::Missed { why } => Some(why),
        ExpectationResult::Met => None,
    });
    match (&outcome.ending, missed) {
        (Ending::Exited { code: 0 }, None) => ("succeeded".to_owned(), Tone::Good),
        (Ending::Exited { code: 0 }, Some(why)) => (format!("failed: {why}"), Tone::Bad),
        (Ending::Exited { code }, _) => (format!("failed with exit code {code}"), Tone::Bad),
        (Ending::Killed { signal }, _) => (format!("killed by signal {signal}"), Tone::Bad),
        (Ending::TimedOut, _) => ("took too long and was ended".to_owned(), Tone::Bad),
        (Ending::Cancelled, _) => ("cancelled".to_owned(), Tone::Warn),
        (Ending::NotStarted { why }, _) => (format!("did not start: {why}"), Tone::Warn),
        (Ending::Unknown { why }, _) => (format!("outcome unknown: {why}"), Tone::Warn),
    }
}
