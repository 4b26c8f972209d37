//! What a change is about to change, looked at and kept before it starts.

use std::time::Duration;

use tokio::time::timeout;

use super::{Driver, Outcome, choices::words, open::command_action};
use crate::{
    exec::{
        JobState,
        gate::{self, Decision},
    },
    room::run::{command::News, folder::job_name, prepare::Prepared},
    runbook::{
        Language, Risk,
        prior::{Saving, savings},
        run::{Confirmation, Ending, EventKind, Evidence},
    },
};

/// How long one look may take: nobody waits longer before an urgent change.
const LOOK: Duration = Duration::from_secs(15);

impl Driver {
    /// Keeps what is needed to undo the action, where we know what that is. What cannot be kept is said, and stops nothing.
    pub(super) async fn save_prior_state(&mut self, prepared: &Prepared, attempt: u32) -> Outcome {
        let changes = prepared.request.risk() > Risk::Read && prepared.action.language == Language::Bash;
        let wanted = if changes { savings(&prepared.action.code) } else { Vec::new() };
        for saving in wanted {
            let action = prepared.id().clone();
            match self.look(&saving).await {
                Ok(evidence) => {
                    self.record(EventKind::PriorStateSaved { action, attempt, what: saving.what, evidence })?;
                }
                Err(why) => self.tell(News::Notice(format!("{} was not saved: {why}", saving.what))),
            }
        }
        Ok(())
    }

    /// Runs one look like every other action: through the gate, under a supervisor.
    async fn look(&mut self, saving: &Saving) -> Result<Evidence, String> {
        let action = command_action("saving".to_owned(), saving.code.clone());
        let mut prepared = self.prepared(action, saving.what.clone()).await.map_err(|refusal| refusal.why)?;
        prepared.request.confirmations.push(Confirmation::Enter);
        let permit = match gate::decide(&prepared.request) {
            Decision::Allowed(permit) => permit,
            Decision::Refused(refusal) => return Err(refusal.why),
            Decision::Ask(_) => return Err("looking at it is not only reading".to_owned()),
        };
        let supervisor = self.options.supervisor.clone();
        let open = self.open()?;
        open.started += 1;
        let Some(begun) = &open.begun else { return Err("the run has no folder".to_owned()) };
        let folder = begun.folder.job(&job_name(open.started, prepared.id(), 1));
        let mut order = prepared.order(&begun.folder, &open.values);
        order.timeout = Some(LOOK);
        let job = supervisor.start(permit, order, &folder).await.map_err(|error| error.to_string())?;
        // The supervisor ends it in time; this is for one that does not.
        match timeout(LOOK * 2, job.wait()).await {
            Ok(JobState::Ended(end)) if end.ending == (Ending::Exited { code: 0 }) => {
                end.evidence.ok_or_else(|| "its output was not kept".to_owned())
            }
            Ok(JobState::Ended(end)) => Err(format!("looking at it {}", words(&end.ending))),
            Ok(JobState::Unknown { why }) => Err(why),
            Ok(JobState::Running { .. }) | Err(_) => Err("looking at it took too long".to_owned()),
        }
    }
}
