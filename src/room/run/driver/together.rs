//! What several people at one incident do to a run: who works on it, who takes it over, and the second person's word.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Driver, Happened, Outcome};
use crate::{
    exec::gate::{self, Decision, Wants},
    incident::EventRef,
    room::run::{Second, SecondWanted, command::News, history::History, prepare::Prepared, runs::Runs},
    runbook::{
        ActionId, StepId,
        run::{Confirmation, RunId, RunState},
    },
};

/// How often the journal is asked for the second person's answer.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long another console has to let go of a run.
const LETTING_GO: Duration = Duration::from_secs(5);

impl Driver {
    /// Keeps runs in an incident's journal from now on, or in files of their own. What is open stays where it is.
    pub(super) fn attach(&mut self, history: Option<History>) -> Outcome {
        self.options.history = history.map(|History(history)| history);
        if let Some(open) = &self.open
            && open.begun.is_some()
            && open.state.ended.is_none()
        {
            let title = &open.document.title;
            let sentence =
                format!("the run of {title} that is open stays where it was begun: open it again to go on here");
            self.tell(News::Notice(sentence));
        }
        let library = self.library();
        self.tell(News::Listed(library));
        Ok(())
    }

    /// Says to the others that this console works on the action's step, unless they know.
    pub(super) fn claim_step(&mut self, action: &ActionId) -> Outcome {
        let Some(history) = self.options.history.clone() else { return Ok(()) };
        let open = self.open()?;
        let Some((step, _)) = open.document.action(action) else { return Ok(()) };
        let Some(begun) = &open.begun else { return Ok(()) };
        let known = history.claimant(&begun.folder.id).is_some_and(|claimant| claimant.own && claimant.step == step.id);
        if !known && let Err(why) = history.claim(&begun.folder.id, &step.id) {
            // That it cannot be said keeps nobody from acting; that it cannot be written is the gate's to decide.
            tracing::warn!(%why, "a claim was not written");
        }
        Ok(())
    }

    /// Opens a run that another console has open: that one is told, and lets go.
    pub(super) async fn take_over(&mut self, id: &RunId) -> Outcome {
        let Some(history) = self.options.history.clone() else { return self.reopen(id) };
        let step = self.step_to_claim(id)?;
        history.claim(id, &step)?;
        let deadline = Instant::now() + LETTING_GO;
        loop {
            match self.reopen(id) {
                Err(why) if Instant::now() < deadline && self.holder(id).is_some() => {
                    tracing::debug!(%why, "waiting for the run");
                    sleep(LOOK_EVERY).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// What whoever takes a run over works on: what runs, else what comes next.
    fn step_to_claim(&self, id: &RunId) -> Result<StepId, String> {
        let runs = Runs::of(&self.options);
        let cannot = |error: std::io::Error| format!("cannot read the run {}: {error}", id.0);
        let folder = runs.existing(id).map_err(cannot)?;
        let (document, recorded) = runs.read(&folder).map_err(cannot)?;
        let state = RunState::fold(&recorded.events, &document);
        let running = state.running().and_then(|(action, _)| document.action(action)).map(|(step, _)| step);
        let step = running.or_else(|| state.next_step(&document)).or_else(|| document.steps().next());
        step.map(|step| step.id.clone()).ok_or_else(|| "the runbook has no steps".to_owned())
    }

    /// Who has a run open elsewhere.
    pub(super) fn holder(&self, id: &RunId) -> Option<String> {
        let folder = Runs::of(&self.options).existing(id).ok()?;
        folder.holder()
    }

    /// Another console has taken the open run over.
    pub(super) fn yield_to(&mut self, run: &RunId, by: &str) -> Outcome {
        let is_open = self.open.as_ref().and_then(|open| open.begun.as_ref()).is_some_and(|b| b.folder.id == *run);
        if is_open {
            self.let_go();
            self.tell(News::Closed);
            self.tell(News::Notice(format!("{by} has taken this run over")));
        }
        Ok(())
    }

    /// Asks for the second person where several people are at the incident: their word comes from their own console.
    pub(super) fn ask_second(&mut self, prepared: &Prepared) -> Outcome {
        let Some(history) = self.options.history.clone() else { return Ok(()) };
        if self.second.is_some() {
            return Ok(());
        }
        let open = self.open()?;
        let Some(begun) = &open.begun else { return Ok(()) };
        let wanted = SecondWanted {
            run: begun.folder.id.clone(),
            action: prepared.id().clone(),
            attempt: open.attempts.get(prepared.id()).copied().unwrap_or(0) + 1,
            title: prepared.title.clone(),
            command: prepared.action.code.clone(),
            place: prepared.place_lines(),
        };
        let of = history.ask_second(wanted)?;
        self.second = Some(of.clone());
        self.happening.spawn(async move {
            loop {
                if let Some(second) = history.second(&of) {
                    return Happened::Seconded { of, second };
                }
                sleep(LOOK_EVERY).await;
            }
        });
        Ok(())
    }

    /// The second person has answered.
    pub(super) async fn seconded(&mut self, of: &EventRef, second: Second) -> Outcome {
        if self.second.as_ref() != Some(of) {
            return Ok(());
        }
        self.second = None;
        let Some(mut prepared) = self.asked.take() else { return Ok(()) };
        self.tell(News::Answered(prepared.id().clone()));
        match second {
            Second::Agreed { by } => {
                // The gate decides whether that is another person; the others are shown no more of it than of any answer.
                if let Decision::Ask(Wants::SecondPerson { .. }) = gate::decide(&prepared.request) {
                    prepared.request.confirmations.push(Confirmation::Second { by });
                }
                self.go_on_with(prepared).await
            }
            Second::Refused { by } => {
                self.queue.clear();
                Err(format!("{by} did not agree to {}: nothing was started", prepared.title))
            }
            Second::Void { why } => self.decide(prepared, Some(why)).await,
        }
    }

    /// The question is answered otherwise: nobody else needs to answer it.
    pub(super) fn withdraw_second(&mut self) {
        if let (Some(of), Some(history)) = (self.second.take(), &self.options.history) {
            history.withdraw_second(&of);
        }
    }
}
