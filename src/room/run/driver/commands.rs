//! What each command does.

use std::sync::Arc;

use secrecy::ExposeSecret;
use tokio::{runtime::Handle, task::spawn_blocking};

use super::{Driver, Open, Outcome};
use crate::{
    check,
    run::{
        command::{Command, News, Value},
        surroundings, variables,
    },
};
use warroom_runbook::run::{ActionOutcome, EventKind, Mark, RunOutcome};

impl Driver {
    pub(super) fn carry_out(&mut self, command: Command) -> Outcome {
        match command {
            Command::List => {
                let library = self.library();
                self.tell(News::Listed(library));
                Ok(())
            }
            Command::Open { id, dry_run } => {
                let document = Arc::new(self.shelf.open(&id)?);
                let absent = surroundings::absent(&document).join(", ");
                if !absent.is_empty() {
                    let sentence = format!("{} needs programs that are not on the PATH here: {absent}", document.title);
                    self.tell(News::Notice(sentence));
                }
                let history = self.options.history.as_ref();
                let missing = history.map(|history| history.missing_roles(&document.front, &self.room.pack));
                let missing = missing.unwrap_or_default().join(", ");
                if !missing.is_empty() {
                    self.tell(News::Notice(format!("{} needs roles that nobody has taken: {missing}", document.title)));
                }
                for (name, variable) in &document.front.vars {
                    if let Some(Err(why)) = variables::pinned(&self.room.environment, name, variable) {
                        let environment = &self.room.environment_name;
                        self.tell(News::Notice(format!("the value that {environment} pins is not taken: {why}")));
                    }
                }
                let mode = self.mode(dry_run);
                self.show(Open::new(document, mode, &self.room), Vec::new());
                Ok(())
            }
            Command::Reopen(id) => match self.reopen(&id) {
                Err(_) if self.options.history.is_some() && self.holder(&id).is_some() => {
                    let claimant = self.options.history.as_ref().and_then(|history| history.claimant(&id));
                    let by = claimant.map(|claimant| claimant.by).or_else(|| self.holder(&id)).unwrap_or_default();
                    self.tell(News::Held { run: id, by });
                    Ok(())
                }
                outcome => outcome,
            },
            Command::TakeOver(id) => self.take_over(id, None),
            Command::Yield { run, by } => self.yield_to(&run, &by),
            Command::Attach(history) => self.attach(history),
            Command::Close => {
                self.let_go();
                self.tell(News::Closed);
                Ok(())
            }
            Command::DryRun(dry_run) => self.change_mode(dry_run),
            Command::ChooseOption { group, key } => {
                let open = self.unended()?;
                let all: Vec<_> = open.document.steps().filter_map(|step| step.option.as_ref()).collect();
                let chosen = all.iter().find(|o| o.group == group && o.key.eq_ignore_ascii_case(&key));
                let Some(key) = chosen.map(|option| option.key.clone()) else {
                    let mut known: Vec<_> =
                        all.iter().map(|option| format!("{}={}", option.group, option.key)).collect();
                    known.dedup();
                    let known = known.join(", ");
                    return Err(match known.as_str() {
                        "" => format!("{} has no alternatives to choose from", open.document.id).into(),
                        known => format!("unknown option {group}={key} (available: {known})").into(),
                    });
                };
                if let Some(why) = open.state.committed(&open.document, &group, &key) {
                    return Err(why.into());
                }
                self.record(EventKind::OptionChosen { group, key })
            }
            Command::SetVariable { name, value } => self.set_variable(name, value),
            Command::ListChoices(name) => self.list_choices(name),
            Command::Check => {
                let (room, news) = (self.room.clone(), self.news.clone());
                let open = self.open()?;
                let (document, values) = (open.document.clone(), open.values.clone());
                // It takes seconds, and cannot change threads.
                spawn_blocking(move || {
                    let report = Handle::current().block_on(check::check(&room, &document, &values));
                    // Nobody listens any more when the front end ends.
                    let _ = news.send(News::Checked(Box::new(report)));
                });
                Ok(())
            }
            Command::TickCheck { step, check, ticked } => {
                let (open, found) = self.step(&step)?;
                let Some(wanted) = found.checks.get(check) else {
                    return Err(format!("{} has no check {}", found.title, check + 1).into());
                };
                if let Some(action) = &wanted.about
                    && ticked
                    && !open.state.has_succeeded(action)
                {
                    return Err(format!("this is about what {} prints: run it first", found.title).into());
                }
                self.record(EventKind::CheckTicked { step, check, ticked })
            }
            Command::TickStep { step, ticked } => {
                let (open, found) = self.step(&step)?;
                if !found.actions.is_empty() && ticked {
                    return Err(format!("{} has commands: run them, or skip it with a reason", found.title).into());
                }
                if !found.actions.is_empty() {
                    return Err(format!("{} has commands: what they did is not undone by a mark", found.title).into());
                }
                if ticked && let Some(obstacle) = open.state.obstacle(&open.document, &found) {
                    return Err(obstacle.into());
                }
                self.record(EventKind::StepTicked { step, ticked })
            }
            Command::Run(action) => {
                self.queue.clear();
                self.ask_to_run(action)
            }
            Command::Command(code) => self.ad_hoc(code),
            Command::Skip { step, reason } => {
                let reason = a_reason(reason)?;
                let (open, found) = self.step_at_rest(&step)?;
                match open.state.mark(&step) {
                    Mark::Running => Err(format!("{} is running: wait for it, or cancel it", found.title).into()),
                    Mark::Done => Err(format!("{} is done", found.title).into()),
                    // Leaving it out would say that it did nothing.
                    _ if open.state.waits_for_person(&found) => Err(format!(
                        "the commands of {} have run: tick what is left to see or to do, roll it back, or go on with a reason",
                        found.title
                    ).into()),
                    _ => self.record(EventKind::StepSkipped { step, reason }),
                }
            }
            Command::AcceptFailure { step, reason } => {
                let reason = a_reason(reason)?;
                let (open, found) = self.step_at_rest(&step)?;
                match open.state.mark(&step) {
                    Mark::Failed | Mark::Unknown => self.record(EventKind::FailureAccepted { step, reason }),
                    _ if open.state.waits_for_person(&found) => {
                        self.record(EventKind::FailureAccepted { step, reason })
                    }
                    _ => Err("this step has not failed".to_owned().into()),
                }
            }
            Command::RollBackStep(step) => self.roll_back_step(step),
            Command::RollBackRun => self.roll_back_run(),
            Command::Cancel => self.cancel(),
            Command::Abandon { reason } => {
                if self.unended()?.begun.is_none() {
                    return Ok(());
                }
                self.turn_back();
                self.record(EventKind::RunEnded { outcome: RunOutcome::Abandoned, reason: Some(reason) })
            }
            Command::EndCommands => {
                let open = self.unended()?;
                if open.document.steps().next().is_some() {
                    return Err(format!("{} ends when its steps are done", open.document.title).into());
                }
                let succeeded =
                    open.state.attempts().all(|attempt| attempt.outcome.as_ref().is_some_and(ActionOutcome::succeeded));
                let outcome = if succeeded { RunOutcome::Completed } else { RunOutcome::Failed };
                self.record(EventKind::RunEnded { outcome, reason: None })
            }
            Command::Answer(answer) => self.answer(answer),
            Command::Settle => {
                self.settling += 1;
                Ok(())
            }
        }
    }

    fn set_variable(&mut self, name: String, Value(value): Value) -> Outcome {
        let open = self.unended()?;
        let printed = open.choices.get(&name).map(Vec::as_slice).unwrap_or_default();
        let mut values = open.values.clone();
        variables::set(&mut values, &open.document, printed, &name, &value)?;
        let value = values.get(&name).filter(|(_, secret)| !secret).map(|(value, _)| value.expose_secret().to_owned());
        self.begin()?;
        self.open()?.values = values;
        self.record(EventKind::VariableSet { name, value })
    }
}

fn a_reason(reason: String) -> Result<String, String> {
    let reason = reason.trim();
    if reason.is_empty() { Err("a reason is needed".to_owned()) } else { Ok(reason.to_owned()) }
}
