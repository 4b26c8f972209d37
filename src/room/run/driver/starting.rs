//! An action on its way to its start: prepared, asked for, written down, started.

use std::sync::Arc;

use super::{Driver, Open, Outcome, open::command_action};
use crate::{
    exec::{
        gate::{self, Decision, Refusal, Wants},
        output::mask::Secrets,
    },
    room::run::{
        command::{Answer, News},
        ending::ended_without,
        folder::job_name,
        prepare::{Prepared, Surroundings, prepare},
    },
    runbook::{
        self, Action, ActionId,
        run::{AD_HOC, Confirmation, Ending, EventKind, Mode, command_title},
    },
};

impl Driver {
    pub(super) async fn prepared(&mut self, action: Action, title: String) -> Result<Prepared, Refusal> {
        // What could not be written before may be possible again: the gate asks about what is.
        self.write_again();
        let Some(open) = &self.open else { return Err("no runbook is open".to_owned().into()) };
        let Some(begun) = &open.begun else { return Err("the run has no folder".to_owned().into()) };
        let around = Surroundings {
            room: &self.room,
            options: &self.options,
            document: &open.document,
            folder: &begun.folder,
            mode: open.mode,
            values: &open.values,
            session: &open.session,
            unwritable: begun.unwritable.clone(),
            earlier: open.tried().filter(|tried| tried.id != action.id).collect(),
            open_before: open.open_before(&action.id),
            faults: open.faults(&action.id, &self.room.pack),
        };
        prepare(&around, action, title).await
    }

    /// Prepares an action and asks, or starts it when nothing has to be asked.
    pub(super) async fn ask_to_run(&mut self, id: ActionId) -> Outcome {
        let (action, title) = self.startable(&id)?;
        self.begin()?;
        let prepared = self.prepared(action, title).await?;
        self.claim_step(&id)?;
        self.decide(prepared, None).await
    }

    /// The action of this id and what it is called, when it may start as far as the run goes.
    fn startable(&mut self, id: &ActionId) -> Result<(Action, String), String> {
        let open = self.open()?;
        let document = &open.document;
        let ad_hoc = open.ad_hoc.iter().find(|action| action.id == *id).cloned();
        let (action, title) = match (document.action(id), ad_hoc) {
            (Some((step, action)), _) => {
                let is_undo = step.undo.iter().any(|undo| undo.id == *id);
                if !is_undo && let Some(obstacle) = open.state.obstacle(document, step) {
                    return Err(obstacle);
                }
                (action.clone(), action.name.clone().unwrap_or_else(|| step.title.clone()))
            }
            (None, Some(action)) => {
                let title = command_title(&Secrets::new([]).mask(&action.code));
                (action, title)
            }
            (None, None) => return Err(format!("there is no action {id}")),
        };
        if let Some((running, _)) = open.state.all_running().next() {
            let beside = document.action(running).is_some_and(|(_, other)| other.attributes.parallel);
            if !(beside && action.attributes.parallel) {
                return Err("something runs already: wait for it, or cancel it".to_owned());
            }
        }
        Ok((action, title))
    }

    /// Starts what comes next by itself, as far as it may start now.
    pub(super) async fn go_on(&mut self) {
        while self.asked.is_none()
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
            if let Err(why) = self.ask_to_run(next).await {
                self.queue.clear();
                self.tell(News::Refused(why));
            }
        }
    }

    /// What is to run beside this action, as far as it has not run yet: the parallel actions right after it in its step.
    fn beside(&self, id: &ActionId) -> Option<ActionId> {
        let open = self.open.as_ref()?;
        let (step, action) = open.document.action(id)?;
        let at = step.actions.iter().position(|other| other.id == *id).filter(|_| action.attributes.parallel)?;
        let next = step.actions.get(at + 1).filter(|next| next.attributes.parallel)?;
        let is_due = !open.state.has_succeeded(&next.id) && !self.queue.contains(&next.id);
        is_due.then(|| next.id.clone())
    }

    pub(super) async fn ad_hoc(&mut self, code: String) -> Outcome {
        if code.trim().is_empty() {
            return Err("there is no command".to_owned().into());
        }
        if self.open.is_none() {
            let document = runbook::parse("commands.md", "# Commands\n\nCommands that are in no runbook.\n");
            let mode = self.mode(false);
            self.show(Open::new(Arc::new(document), mode, &self.room), Vec::new());
        }
        let open = self.open()?;
        let action = command_action(format!("{AD_HOC}{}", open.ad_hoc.len() + 1), code);
        let id = action.id.clone();
        open.ad_hoc.push(action);
        self.ask_to_run(id).await
    }

    /// Asks the gate, and does what it says.
    pub(super) async fn decide(&mut self, prepared: Prepared, problem: Option<String>) -> Outcome {
        match gate::decide(&prepared.request) {
            Decision::Allowed(permit) => self.start(prepared, permit).await,
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

    fn intended(&self, prepared: &Prepared, attempt: u32, job: String) -> EventKind {
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

    fn next_attempt(&mut self, action: &ActionId) -> Result<u32, String> {
        let attempts = self.open()?.attempts.entry(action.clone()).or_default();
        *attempts += 1;
        Ok(*attempts)
    }

    /// The intent is durable before the act.
    async fn start(&mut self, mut prepared: Prepared, permit: gate::Permit) -> Outcome {
        let action = prepared.id().clone();
        let attempt = self.next_attempt(&action)?;
        for confirmation in prepared.request.confirmations.clone().into_iter().skip(prepared.recorded) {
            self.record(EventKind::Confirmed { action: action.clone(), attempt, confirmation })?;
        }
        prepared.recorded = prepared.request.confirmations.len();
        self.save_prior_state(&prepared, attempt).await?;
        let open = self.open()?;
        open.started += 1;
        let name = job_name(open.started, &action, attempt);
        let intended = self.intended(&prepared, attempt, name.clone());
        self.record(intended)?;
        let supervisor = self.options.supervisor.clone();
        let open = self.open()?;
        // Of a change at least the output must be found again.
        if prepared.request.risk > runbook::Risk::Read
            && let Some(place) = open.begun.as_mut().and_then(|begun| begun.makeshift.take())
        {
            let _ = place.keep();
        }
        let Some(begun) = &open.begun else { return Ok(()) };
        let overridden = prepared.request.overrides(gate::JOURNAL);
        let refusal =
            begun.unwritable.as_ref().filter(|_| prepared.request.risk() > runbook::Risk::Read && !overridden);
        let started = match refusal {
            Some(why) => Err(why.clone()),
            None => {
                let order = prepared.order(&begun.folder, &open.values);
                supervisor.start(permit, order, &begun.folder.job(&name)).await.map_err(|error| error.to_string())
            }
        };
        match started {
            Ok(job) => {
                if let Some(poll) = prepared.action.attributes.poll {
                    open.polls.entry(action.clone()).or_insert((prepared, poll.retries));
                }
                let beside = self.beside(&action);
                self.follow(action, attempt, job, false);
                self.queue.extend(beside);
                Ok(())
            }
            Err(why) => {
                self.queue.clear();
                let outcome = ended_without(Ending::NotStarted { why: why.clone() });
                self.record(EventKind::ActionEnded { action, attempt, outcome, late: false })?;
                Err(why.into())
            }
        }
    }

    pub(super) async fn answer(&mut self, answer: Answer) -> Outcome {
        let Some(mut prepared) = self.asked.take() else { return Err("nothing was asked".to_owned().into()) };
        let Decision::Ask(wants) = gate::decide(&prepared.request) else {
            return self.decide(prepared, None).await;
        };
        let said = match (wants, answer) {
            (_, Answer::No) => {
                self.withdraw_second();
                self.queue.clear();
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
                self.go_on_with(prepared).await
            }
            Err(problem) => self.decide(prepared, Some(problem)).await,
        }
    }

    /// Something was said: what the action is about may have changed meanwhile.
    pub(super) async fn go_on_with(&mut self, prepared: Prepared) -> Outcome {
        self.startable(prepared.id())?;
        let fresh = self.prepared(prepared.action.clone(), prepared.title.clone()).await?;
        if !prepared.is_given_the_same(&fresh) {
            let problem = "what it is given is not what it was when this was asked: look again".to_owned();
            return self.decide(fresh, Some(problem)).await;
        }
        let (prepared, problem) = prepared.renewed(fresh);
        self.decide(prepared, problem).await
    }
}
