//! What several people at one incident do to a run: who works on it, who takes it over, and the second person's word.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::{AbortHandle, spawn_blocking},
    time::{Instant, sleep},
};

use super::{Driver, Happened, Outcome, open::Begun};
use crate::run::{
    Claimant, RunHistory, Second, SecondWanted, command::News, history::History, prepare::Prepared, runs::Runs,
};
use warroom_exec::gate::{self, Decision, Wants};
use warroom_incident::EventRef;
use warroom_runbook::{
    ActionId, Runbook, StepId,
    run::{Confirmation, Mode, RunId, RunState},
};

/// How often the journal is asked for the second person's answer.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long another console has to let go of a run.
const LETTING_GO: Duration = Duration::from_secs(5);

/// A question to a second person that waits for its answer.
pub(super) struct Waiting {
    of: EventRef,
    /// What was asked.
    wanted: SecondWanted,
    /// Where it was asked.
    history: Arc<dyn RunHistory>,
    /// Looks for the answer until it is ended.
    look: AbortHandle,
}

impl Begun {
    /// The run and its incident; `None` for a run of no incident.
    fn shared(&self) -> Option<(&RunId, &Arc<dyn RunHistory>)> {
        Some((&self.folder.id, self.history.as_ref()?))
    }
}

impl Driver {
    /// Keeps runs in an incident's journal from now on, or in files of their own. What is open stays where it is.
    pub(super) fn attach(&mut self, history: Option<History>) -> Outcome {
        self.options.history = history.map(|History(history)| history);
        if let Some(dry_run) =
            self.open.as_ref().filter(|open| open.begun.is_none()).map(|open| open.mode == Mode::DryRun)
        {
            self.change_mode(dry_run)?;
        }
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
        let open = self.open()?;
        let Some((step, _)) = open.document.action(action) else { return Ok(()) };
        if let Some((run, history)) = open.begun.as_ref().and_then(Begun::shared) {
            let is_known = |claimant: Claimant| claimant.own && claimant.step == step.id;
            if !history.claimant(run).is_some_and(is_known) {
                say_claim(history, run, &step.id);
            }
        }
        Ok(())
    }

    /// Says to the others that this console works on the run that it has just opened, unless they know. One that is over is
    /// only looked at.
    pub(super) fn claim_open(&self) {
        let Some(open) = self.open.as_ref().filter(|open| open.state.ended.is_none()) else { return };
        let Some((run, history)) = open.begun.as_ref().and_then(Begun::shared) else { return };
        if let Some(step) = step_to_claim(&open.state, &open.document)
            && !history.claimant(run).is_some_and(|claimant| claimant.own)
        {
            say_claim(history, run, &step);
        }
    }

    /// Opens a run that another console has open: that one is told, and lets go before the `deadline`.
    pub(super) fn take_over(&mut self, id: RunId, deadline: Option<Instant>) -> Outcome {
        let Some(history) = self.options.history.clone() else { return self.reopen(&id) };
        let deadline = match deadline {
            Some(deadline) => deadline,
            None => {
                let step = self.read_step_to_claim(&id)?;
                history.claim(&id, &step)?;
                Instant::now() + LETTING_GO
            }
        };
        match self.reopen(&id) {
            Err(why) if Instant::now() < deadline && self.holder(&id).is_some() => {
                tracing::debug!(%why, "waiting for the run");
                self.happening.spawn(async move {
                    sleep(LOOK_EVERY).await;
                    Happened::TakesOver { id, deadline }
                });
                Ok(())
            }
            // It may have let go between the two looks.
            Err(_) => self.reopen(&id),
            Ok(()) => Ok(()),
        }
    }

    /// What whoever takes a run over works on.
    fn read_step_to_claim(&self, id: &RunId) -> Result<StepId, String> {
        let runs = Runs::of(&self.options);
        let cannot = |error: std::io::Error| format!("cannot read the run {}: {error}", id.0);
        let folder = runs.existing(id).map_err(cannot)?;
        let (document, recorded) = runs.read(&folder).map_err(cannot)?;
        let state = RunState::fold(&recorded.events, &document);
        step_to_claim(&state, &document).ok_or_else(|| "the runbook has no steps".to_owned())
    }

    /// Who has a run open elsewhere.
    pub(super) fn holder(&self, id: &RunId) -> Option<String> {
        let folder = Runs::of(&self.options).existing(id).ok()?;
        folder.holder()
    }

    /// Another console has taken the open run over, unless this one has said since that it works on it.
    pub(super) fn yield_to(&mut self, run: &RunId, by: &str) -> Outcome {
        let begun = self.begun().filter(|begun| begun.folder.id == *run);
        let claimant = begun.and_then(|begun| begun.history.as_ref()?.claimant(run));
        if claimant.is_some_and(|claimant| !claimant.own) {
            self.let_go();
            self.tell(News::Closed);
            self.tell(News::Notice(format!("{by} has taken this run over")));
        }
        Ok(())
    }

    /// What a second person is asked about, and where; `None` for a run of no incident.
    fn wanted(&self, prepared: &Prepared) -> Option<(SecondWanted, Arc<dyn RunHistory>)> {
        let open = self.open.as_ref()?;
        let (run, history) = open.begun.as_ref()?.shared()?;
        let wanted = SecondWanted {
            run: run.clone(),
            action: prepared.id().clone(),
            attempt: open.attempts.get(prepared.id()).copied().unwrap_or(0) + 1,
            title: prepared.title.clone(),
            command: prepared.action.code.clone(),
            place: prepared.shown_lines(),
        };
        Some((wanted, history.clone()))
    }

    /// Asks for the second person where several people are at the incident: their word comes from their own console, and true
    /// comes back. The error is one sentence: nobody can be asked, and only a reason to do without is left.
    pub(super) fn ask_second(&mut self, prepared: &Prepared) -> Result<bool, String> {
        let Some((wanted, history)) = self.wanted(prepared) else { return Ok(false) };
        if self.second.as_ref().is_some_and(|waiting| waiting.wanted == wanted) {
            return Ok(true);
        }
        self.withdraw_second();
        let of = history.ask_second(wanted.clone())?;
        let (asked, journal) = (of.clone(), history.clone());
        let look = self.happening.spawn(async move {
            loop {
                // A look reads files: a disk that hangs keeps nobody else waiting.
                let (journal, of) = (journal.clone(), asked.clone());
                if let Ok(Some(second)) = spawn_blocking(move || journal.second(&of)).await {
                    return Happened::Seconded { of: asked, second };
                }
                sleep(LOOK_EVERY).await;
            }
        });
        self.second = Some(Waiting { of, wanted, history, look });
        Ok(true)
    }

    /// The second person has answered.
    pub(super) fn seconded(&mut self, of: &EventRef, second: Second) -> Outcome {
        let Some(waiting) = self.second.take_if(|waiting| waiting.of == *of) else { return Ok(()) };
        let Some(mut prepared) = self.asked.take() else { return Ok(()) };
        // An answer is for what was shown, and for nothing that has been asked since.
        if self.wanted(&prepared).is_none_or(|(wanted, _)| wanted != waiting.wanted) {
            self.asked = Some(prepared);
            return Ok(());
        }
        self.tell(News::Answered(prepared.id().clone()));
        match second {
            Second::Agreed { by } => {
                // The gate decides whether that is another person; the others are shown no more of it than of any answer.
                if let Decision::Ask(Wants::SecondPerson { .. }) = gate::decide(&prepared.request) {
                    prepared.request.confirmations.push(Confirmation::Second { by });
                }
                self.go_on_with(prepared)
            }
            Second::Refused { by } => {
                self.queue.clear();
                Err(format!("{by} did not agree to {}: nothing was started", prepared.title).into())
            }
            Second::Void { why } => self.decide(prepared, Some(why)),
        }
    }

    /// The question is answered otherwise: nobody else needs to answer it.
    pub(super) fn withdraw_second(&mut self) {
        if let Some(waiting) = self.second.take() {
            waiting.look.abort();
            waiting.history.withdraw_second(&waiting.of);
        }
    }
}

/// What somebody works on who has a run open: what runs, else what comes next.
fn step_to_claim(state: &RunState, document: &Runbook) -> Option<StepId> {
    let running = state.running().and_then(|(action, _)| document.action(action)).map(|(step, _)| step);
    let step = running.or_else(|| state.next_step(document)).or_else(|| document.steps().next());
    step.map(|step| step.id.clone())
}

fn say_claim(history: &Arc<dyn RunHistory>, run: &RunId, step: &StepId) {
    if let Err(why) = history.claim(run, step) {
        // That it cannot be said keeps nobody from acting; that it cannot be written is the gate's to decide.
        tracing::warn!(%why, "a claim was not written");
    }
}
