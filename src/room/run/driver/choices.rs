//! Variables of the run: their values, and what they can be when a command lists it.

use crate::{
    exec::{
        JobState, Order,
        gate::{self, Decision},
    },
    runbook::{
        self,
        run::{Confirmation, Ending, EventKind},
    },
};

use super::{Driver, Happened, Outcome, open::command_action};
use crate::room::run::{command::Value, folder::job_name, variables};

/// How many choices of a variable are kept.
const CHOICES: usize = 200;

impl Driver {
    pub(super) fn set_variable(&mut self, name: String, Value(value): Value) -> Outcome {
        let open = self.unended()?;
        let variable =
            open.document.front.vars.get(&name).ok_or_else(|| format!("this runbook has no variable {name}"))?.clone();
        let printed = open.choices.get(&name).cloned().unwrap_or_default();
        let choices = if variable.choices.is_empty() { printed } else { variable.choices.clone() };
        let value = variables::checked(&name, &variable, &choices, &value)?;
        self.begin()?;
        self.open()?.values.insert(name.clone(), (value.clone().into(), variable.secret));
        self.record(EventKind::VariableSet { name, value: (!variable.secret).then_some(value) })
    }

    /// Runs the command that lists what a variable can be. It has to be one that only reads.
    pub(super) async fn list_choices(&mut self, name: String) -> Outcome {
        self.begin()?;
        let open = self.open()?;
        let variable =
            open.document.front.vars.get(&name).ok_or_else(|| format!("this runbook has no variable {name}"))?;
        let Some(code) = variable.from.clone() else {
            return Err(format!("{name} has no command that lists values").into());
        };
        let mut action = command_action(format!("choices/{name}"), code);
        action.line = variable.line;
        if action.assessment.risk > runbook::Risk::Read {
            return Err(format!("the command that lists values for {name} does more than read, and is not run").into());
        }
        let mut prepared = self.prepared(action.clone(), format!("values for {name}")).await?;
        prepared.request.confirmations.push(Confirmation::Enter);
        let permit = match gate::decide(&prepared.request) {
            Decision::Allowed(permit) => permit,
            Decision::Refused(refusal) => return Err(refusal),
            Decision::Ask(_) => {
                return Err(format!("the command that lists values for {name} may not run by itself").into());
            }
        };
        let supervisor = self.options.supervisor.clone();
        let open = self.open()?;
        open.started += 1;
        let Some(begun) = &open.begun else { return Ok(()) };
        let folder = begun.folder.job(&job_name(open.started, &action.id, 1));
        let order: Order = prepared.order(&begun.folder, &open.values);
        let job = supervisor.start(permit, order, &folder).await.map_err(|error| error.to_string())?;
        self.happening.spawn(async move {
            let result = match job.wait().await {
                JobState::Ended(end) if end.ending == (Ending::Exited { code: 0 }) => {
                    job.stdout().map_err(|error| format!("its output cannot be read: {error}"))
                }
                JobState::Ended(end) => Err(format!("the command that lists values {}", words(&end.ending))),
                JobState::Unknown { why } => Err(why),
                JobState::Running { .. } => Err("the command that lists values did not end".to_owned()),
            };
            let lines = |text: String| {
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                lines.take(CHOICES).map(str::to_owned).collect()
            };
            Happened::Listed { name, result: result.map(lines) }
        });
        Ok(())
    }
}
/// `exited with code 3`, as the end of a sentence.
pub(super) fn words(ending: &Ending) -> String {
    match ending {
        Ending::Exited { code } => format!("exited with code {code}"),
        Ending::Killed { signal } => format!("was killed by signal {signal}"),
        Ending::TimedOut => "took too long".to_owned(),
        Ending::Cancelled => "was cancelled".to_owned(),
        Ending::NotStarted { why } => format!("did not start: {why}"),
        Ending::Unknown { why } => format!("has an unknown outcome: {why}"),
    }
}
