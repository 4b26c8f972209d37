//! Commands that only read, run beside the loop: what a variable can be, and what a change is about to change.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Driver, Happened, Outcome, open::command_action};
use crate::run::{folder::job_name, prepare::prepare, surroundings::Surroundings};
use warroom_exec::{
    ActionEnd, Job, JobFolder, JobState, Supervisor,
    gate::{self, Decision},
};
use warroom_runbook::{
    Action, Risk,
    run::{Confirmation, Ending},
};

/// How many choices of a variable are kept.
const CHOICES: usize = 200;
/// How long a look before a change may take: nobody waits longer before an urgent one.
const MOMENT: Duration = Duration::from_secs(15);

/// A command that only reads. It goes through the gate and under a supervisor as every other.
pub(super) struct Look {
    around: Surroundings,
    action: Action,
    title: String,
    folder: JobFolder,
    supervisor: Supervisor,
    limit: Option<Duration>,
}

/// Ends with whoever waits for it.
struct Watched(Job);

impl Drop for Watched {
    fn drop(&mut self) {
        // An error means that it has ended.
        let _ = self.0.cancel();
    }
}

impl Driver {
    /// Runs the command that lists what a variable can be. It has to be one that only reads.
    pub(super) fn list_choices(&mut self, name: String) -> Outcome {
        self.begin()?;
        let open = self.open()?;
        let variable =
            open.document.front.vars.get(&name).ok_or_else(|| format!("this runbook has no variable {name}"))?;
        let line = variable.line;
        let Some(code) = variable.from.clone() else {
            return Err(format!("{name} has no command that lists values").into());
        };
        let look = self.look(&format!("choices/{name}"), line, &format!("values for {name}"), code)?;
        let listed = name.clone();
        let lists = self.beside(async move || {
            let result = match look.run().await {
                Ok((job, _)) => job.stdout().map_err(|error| format!("its output cannot be read: {error}")),
                Err(why) => Err(why),
            };
            let lines = |text: String| {
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                lines.take(CHOICES).map(str::to_owned).collect()
            };
            let result = result.map(lines).map_err(|why| format!("cannot list values for {name}: {why}"));
            Happened::Listed { name, result }
        });
        self.open()?.lists.insert(listed, lists);
        Ok(())
    }

    pub(super) fn look(&mut self, id: &str, line: usize, title: &str, code: String) -> Result<Look, String> {
        let (mut action, script) = command_action(id.to_owned(), code);
        action.line = line;
        let around = self.surroundings(&action, Some(Arc::new(script)), None)?;
        let supervisor = self.options.supervisor.clone();
        let open = self.open()?;
        open.started += 1;
        let folder = around.folder.job(&job_name(open.started, &action.id, 1));
        Ok(Look { around, action, title: title.to_owned(), folder, supervisor, limit: None })
    }
}

impl Look {
    /// It is given up when it takes too long for somebody who is about to change something.
    pub(super) fn within_a_moment(self) -> Look {
        Look { limit: Some(MOMENT), ..self }
    }

    /// Runs it to its end, which must be a good one. The error is a sentence about `it`.
    pub(super) async fn run(self) -> Result<(Job, ActionEnd), String> {
        let mut prepared = prepare(&self.around, self.action, self.title).await.map_err(|refusal| refusal.why)?;
        prepared.request.confirmations.push(Confirmation::Enter);
        let permit = match gate::decide(&prepared.request) {
            // Whatever may run without a question elsewhere, nobody sees this before it runs.
            Decision::Allowed(permit) if prepared.request.risk() == Risk::Read => permit,
            Decision::Refused(refusal) => return Err(refusal.why),
            Decision::Allowed(_) | Decision::Ask(_) => {
                return Err("its command does more than read, and is not run".to_owned());
            }
        };
        let mut order = prepared.order(&self.around.folder, &self.around.values);
        order.timeout = self.limit.or(order.timeout);
        let started = self.supervisor.start(permit, order, &self.folder, &CancellationToken::new()).await;
        let job = Watched(started.map_err(|error| error.to_string())?);
        let state = match self.limit {
            // The supervisor ends it in time; this is for one that does not.
            Some(limit) => timeout(limit * 2, job.0.wait()).await.map_err(|_| "it took too long".to_owned())?,
            None => job.0.wait().await,
        };
        match state {
            JobState::Ended(end) if end.ending == (Ending::Exited { code: 0 }) => Ok((job.0.clone(), end)),
            JobState::Ended(end) => Err(format!("it {}", words(&end.ending))),
            JobState::Unknown { why } => Err(why),
            JobState::Running { .. } => Err("it did not end".to_owned()),
        }
    }
}

/// `exited with code 3`, as the end of a sentence.
fn words(ending: &Ending) -> String {
    match ending {
        Ending::Exited { code } => format!("exited with code {code}"),
        Ending::Killed { signal } => format!("was killed by signal {signal}"),
        Ending::TimedOut => "took too long".to_owned(),
        Ending::Cancelled => "was cancelled".to_owned(),
        Ending::NotStarted { why } => format!("did not start: {why}"),
        Ending::Unknown { why } => format!("has an unknown outcome: {why}"),
    }
}
