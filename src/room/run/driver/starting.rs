//! What is to run next, and the question before it.

use std::sync::Arc;

use super::{Driver, Open, Outcome, open::command_action, way::Purpose};
use crate::run::{
    command::{Answer, News},
    ending::ended_without,
    prepare::Prepared,
    surroundings::{Surroundings, Waits},
};
use warroom_exec::{
    gate::{self, Decision, Wants},
    output::mask::Secrets,
};
use warroom_runbook::{
    self as runbook, Action, ActionId,
    run::{AD_HOC, Confirmation, Ending, EventKind, Mode, command_title},
    shell::Script,
};

impl Driver {
    /// What is known around an action now.
    pub(super) fn surroundings(
        &mut self,
        action: &Action,
        script: Option<Arc<Script>>,
        waits: Option<Waits>,
    ) -> Result<Surroundings, String> {
        let (room, options) = (self.room.clone(), self.options.clone());
        let open = self.open()?;
        let Some(begun) = &open.begun else { return Err("the run has no folder".to_owned()) };
        Ok(Surroundings {
            room,
            options,
            document: open.document.clone(),
            folder: begun.folder.clone(),
            mode: open.mode,
            values: open.values.clone(),
            session: open.session.clone(),
            unwritable: begun.unwritable.clone(),
            script,
            earlier: open.tried(&action.id),
            open_before: open.open_before(&action.id),
            faults: open.faults.clone(),
            waits,
        })
    }

    /// Prepares an action and asks, or starts it when nothing has to be asked.
    pub(super) fn ask_to_run(&mut self, id: ActionId) -> Outcome {
        let (action, title) = self.startable(&id)?;
        self.begin()?;
        // Nobody answers two questions at once.
        if self.asked.take().is_some() {
            self.withdraw_second();
        }
        self.set_out(Purpose::Run, action, title)
    }

    /// The action of this id and what it is called.
    pub(super) fn found(&mut self, id: &ActionId) -> Result<(Action, String), String> {
        let open = self.open()?;
        if let Some((step, action)) = open.document.action(id) {
            return Ok((action.clone(), action.name.clone().unwrap_or_else(|| step.title.clone())));
        }
        let (action, _) = open
            .ad_hoc
            .iter()
            .find(|(action, _)| action.id == *id)
            .ok_or_else(|| format!("this runbook has no action {id}"))?;
        Ok((action.clone(), command_title(&Secrets::new([]).mask(&action.code))))
    }

    /// [`Self::found`], when it may start as far as the run goes.
    pub(super) fn startable(&mut self, id: &ActionId) -> Result<(Action, String), String> {
        self.nothing_on_its_way()?;
        let (action, title) = self.found(id)?;
        let open = self.open()?;
        let document = &open.document;
        if let Some((step, _)) = document.action(id)
            && !step.undo.iter().any(|undo| undo.id == *id)
            && let Some(obstacle) = open.state.obstacle(document, step)
        {
            return Err(obstacle);
        }
        if let Some((running, _)) = open.state.all_running().next() {
            let beside = document.action(running).is_some_and(|(_, other)| other.attributes.parallel);
            if !(beside && action.attributes.parallel) {
                return Err("something runs already: wait for it, or cancel it".to_owned());
            }
        }
        Ok((action, title))
    }

    /// Starts what comes next by itself, as far as it may start now.
    pub(super) fn go_on(&mut self) {
        while self.asked.is_none()
            && self.way.is_none()
            && let Some(next) = self.queue.front().cloned()
        {
            let Some(open) = &self.open else { return };
            let parallel =
                |id: &ActionId| open.document.action(id).is_some_and(|(_, action)| action.attributes.parallel);
            let waits = open.state.all_running().any(|(running, _)| !parallel(running)) || !self.pauses.is_empty();
            let is_busy = open.state.all_running().next().is_some();
            if waits || is_busy && !parallel(&next) {
                return;
            }
            self.queue.pop_front();
            if let Err(why) = self.ask_to_run(next) {
                self.queue.clear();
                self.tell(News::Refused(why));
            }
        }
    }

    /// What is to run beside this action, as far as it has not run yet: the parallel actions right after it in its step.
    pub(super) fn beside_it(&self, id: &ActionId) -> Option<ActionId> {
        let open = self.open.as_ref()?;
        let (step, action) = open.document.action(id)?;
        let at = step.actions.iter().position(|other| other.id == *id).filter(|_| action.attributes.parallel)?;
        let next = step.actions.get(at + 1).filter(|next| next.attributes.parallel)?;
        let is_due = !open.state.has_succeeded(&next.id) && !self.queue.contains(&next.id);
        is_due.then(|| next.id.clone())
    }

    pub(super) fn ad_hoc(&mut self, code: String) -> Outcome {
        if code.trim().is_empty() {
            return Err("there is no command".to_owned().into());
        }
        if self.open.is_none() {
            let document = runbook::parse("commands.md", "# Commands\n\nCommands that are in no runbook.\n");
            let mode = self.mode(false);
            self.show(Open::new(Arc::new(document), mode, &self.room), Vec::new());
        }
        let open = self.open()?;
        let (action, script) = command_action(format!("{AD_HOC}{}", open.ad_hoc.len() + 1), code);
        let id = action.id.clone();
        open.ad_hoc.push((action, Arc::new(script)));
        self.ask_to_run(id)
    }

    /// Asks the gate, and does what it says.
    pub(super) fn decide(&mut self, prepared: Prepared, problem: Option<String>) -> Outcome {
        match gate::decide(&prepared.request) {
            Decision::Allowed(permit) => self.start(prepared, permit),
            Decision::Ask(wants) => {
                let (elsewhere, problem) = match wants {
                    Wants::SecondPerson { .. } => match self.ask_second(&prepared) {
                        Ok(elsewhere) => (elsewhere, problem),
                        // The journal is to be done without, and a second person is asked nowhere else.
                        Err(why) if prepared.request.overrides(gate::JOURNAL) => (true, Some(why)),
                        Err(why) => return Err(why.into()),
                    },
                    _ => {
                        self.withdraw_second();
                        (false, problem)
                    }
                };
                let mut question = prepared.question(wants, problem);
                question.elsewhere = elsewhere;
                self.tell(News::Asked(Box::new(question)));
                self.asked = Some(prepared);
                Ok(())
            }
            Decision::Refused(refusal) if prepared.request.mode == Mode::DryRun => {
                self.show_only(&prepared, refusal.why)
            }
            Decision::Refused(refusal) => Err(refusal),
        }
    }

    /// In a dry run the action is written down as shown.
    fn show_only(&mut self, prepared: &Prepared, why: String) -> Outcome {
        self.tell(News::Shown(Box::new(prepared.preview())));
        let attempt = self.next_attempt(prepared.id())?;
        let intended = self.intended(prepared, attempt, String::new());
        self.record(intended)?;
        let outcome = ended_without(Ending::NotStarted { why });
        self.record(EventKind::ActionEnded { action: prepared.id().clone(), attempt, outcome, late: false })
    }

    pub(super) fn intended(&self, prepared: &Prepared, attempt: u32, job: String) -> EventKind {
        EventKind::ActionIntended {
            action: prepared.id().clone(),
            attempt,
            risk: prepared.request.risk(),
            lowered: prepared.request.lowered().cloned(),
            external: prepared.request.external,
            command: prepared.action.code.clone(),
            place: prepared.place_lines(),
            job,
        }
    }

    pub(super) fn next_attempt(&mut self, action: &ActionId) -> Result<u32, String> {
        let attempts = self.open()?.attempts.entry(action.clone()).or_default();
        *attempts += 1;
        Ok(*attempts)
    }

    pub(super) fn answer(&mut self, answer: Answer) -> Outcome {
        let Some(mut prepared) = self.asked.take() else { return Err("nothing was asked".to_owned().into()) };
        let Decision::Ask(wants) = gate::decide(&prepared.request) else {
            return self.decide(prepared, None);
        };
        let said = match (wants, answer) {
            (_, Answer::No) => {
                self.withdraw_second();
                self.queue.clear();
                self.give_poll_up(prepared.id());
                return Ok(());
            }
            (Wants::Enter, Answer::Enter | Answer::Yes) => Ok(Confirmation::Enter),
            (Wants::YesOrNo, Answer::Yes) => Ok(Confirmation::Yes),
            (Wants::Type { name }, Answer::Typed(typed)) if typed == name => Ok(Confirmation::Typed { name }),
            (Wants::Type { name }, _) => Err(format!("that is not {name}")),
            (Wants::SecondPerson { .. }, Answer::Override(reason)) if !reason.trim().is_empty() => {
                Ok(Confirmation::Override { of: gate::SECOND_PERSON.to_owned(), reason })
            }
            (Wants::Reason { of, .. }, Answer::Override(reason)) if !reason.trim().is_empty() => {
                Ok(Confirmation::Override { of: of.to_owned(), reason })
            }
            (Wants::SecondPerson { .. } | Wants::Reason { .. }, _) => Err("a reason is needed".to_owned()),
            (Wants::Enter | Wants::YesOrNo, _) => Err("it takes a yes".to_owned()),
        };
        match said {
            Ok(confirmation) => {
                prepared.request.confirmations.push(confirmation);
                self.withdraw_second();
                self.go_on_with(prepared)
            }
            Err(problem) => self.decide(prepared, Some(problem)),
        }
    }

    /// Something was said. What was looked at a moment ago holds, unless the action is given something else by now.
    pub(super) fn go_on_with(&mut self, mut prepared: Prepared) -> Outcome {
        let (action, title) = self.startable(prepared.id())?;
        if !prepared.is_fresh() || !self.is_given_the_same(&prepared)? {
            return self.set_out(Purpose::Answer(prepared), action, title);
        }
        self.write_again();
        prepared.request.unwritable = self.begun().and_then(|begun| begun.unwritable.clone());
        self.decide(prepared, None)
    }
}
