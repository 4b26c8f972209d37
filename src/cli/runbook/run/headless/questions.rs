//! What is asked on the terminal: confirmations, variables, alternatives, and what a person does by hand.

use anyhow::Result;

use super::{Headless, Heard, heading, indented};
use crate::{
    Exit,
    runbook::run::{ask::Said, show},
    signals::Signals,
};
use warroom_domain::text::line;
use warroom_exec::gate::{LINT_ERRORS, Wants};
use warroom_room::run::{Answer, Command, Question, Value, variables};
use warroom_runbook::{Step, run::Mode};

impl Headless<'_> {
    /// Answers a question of the gate on the terminal. An exit code when nobody answers, or says no.
    pub(super) async fn answer(&mut self, question: &Question, signals: &mut Signals) -> Result<Option<Exit>> {
        self.shown = Some(question.action.clone());
        if question.elsewhere {
            return self.wait_for_second(question, signals).await;
        }
        if self.terminal.is_none() {
            let risk = question.risk;
            let what = match &question.wants {
                Wants::Enter | Wants::YesOrNo | Wants::Type { .. } if question.external => {
                    "people outside see it, so it is always asked: run it on a terminal".to_owned()
                }
                Wants::YesOrNo if question.is_for_a_person => {
                    "there are only comments in it, which a person carries out: run it on a terminal".to_owned()
                }
                Wants::Enter | Wants::YesOrNo => format!("--confirm {risk} allows it"),
                Wants::Type { .. } => "--confirm destructive allows it".to_owned(),
                Wants::SecondPerson { .. } => {
                    "it takes a second person: run it with --incident ID, or on a terminal with a reason".to_owned()
                }
                Wants::Reason { of: LINT_ERRORS, why } => {
                    format!("{why}: fix the runbook, or give a reason with --accept-errors REASON")
                }
                Wants::Reason { why, .. } => format!("{why}, so run it on a terminal"),
            };
            // Why it is asked at all.
            self.say(&show::question(question));
            self.complain(&format!("{} is {risk} and there is no terminal to ask on: {what}", question.title));
            return Ok(Some(self.stop_here(Exit::Refused)));
        }
        let asked = match &question.wants {
            Wants::Enter => "  Enter runs it, n does not:".to_owned(),
            Wants::YesOrNo if question.is_for_a_person => "  Done? [y/N]".to_owned(),
            Wants::YesOrNo => "  Run it? [y/N]".to_owned(),
            Wants::Type { name } => format!("  Type {} to run it:", line(name)),
            Wants::SecondPerson { .. } => {
                "  This takes a second person, and a run of no incident can ask nobody: run it again with --incident ID.\n  \
                 Or ! and a reason to go on alone, which is kept with the run:"
                    .to_owned()
            }
            Wants::Reason { why, .. } => format!("  {why}\n  A reason to go on, or Enter not to:"),
        };
        let line = match self.ask(&format!("{}\n{asked}", show::question(question)), signals).await? {
            Said::Line(line) => line,
            Said::Nothing => "n".to_owned(),
            Said::Stopped(stop) => {
                self.runner.send(Command::Answer(Answer::No));
                return Ok(Some(self.leave(stop.exit())));
            }
        };
        let line = line.trim();
        let answer = match &question.wants {
            Wants::Enter if line.is_empty() || line.eq_ignore_ascii_case("y") => Answer::Enter,
            Wants::YesOrNo if line.eq_ignore_ascii_case("y") || line.eq_ignore_ascii_case("yes") => Answer::Yes,
            Wants::Type { .. } if !line.is_empty() && line != "n" => Answer::Typed(line.to_owned()),
            Wants::SecondPerson { .. } => match line.strip_prefix('!') {
                Some(reason) => Answer::Override(reason.trim().to_owned()),
                None => Answer::No,
            },
            Wants::Reason { .. } if !line.is_empty() && line != "n" => Answer::Override(line.to_owned()),
            _ => Answer::No,
        };
        let no = answer == Answer::No;
        self.runner.send(Command::Answer(answer));
        if no {
            self.complain(&format!("{} was not run", question.title));
            return Ok(Some(self.stop_here(Exit::Refused)));
        }
        Ok(None)
    }

    /// The second person answers in a console of their own; here a reason to do without can be given meanwhile.
    async fn wait_for_second(&mut self, question: &Question, signals: &mut Signals) -> Result<Option<Exit>> {
        let waiting = "  Waiting for a second person: they agree in their console, or with `warroom incident second`.";
        let Some(terminal) = &mut self.terminal else {
            self.complain(waiting.trim_start());
            return Ok(None);
        };
        let text = format!("{}\n{waiting}\n  Or ! and a reason to do without:", show::question(question));
        let said = tokio::select! {
            said = terminal.line(&text, signals) => said?,
            news = self.news.recv() => {
                self.heard.extend(news);
                self.say("");
                return Ok(None);
            }
        };
        let reason = match said {
            Said::Line(line) => line.trim().strip_prefix('!').map(|reason| reason.trim().to_owned()),
            Said::Nothing => None,
            Said::Stopped(stop) => {
                self.runner.send(Command::Answer(Answer::No));
                return Ok(Some(self.leave(stop.exit())));
            }
        };
        match reason {
            Some(reason) => {
                self.runner.send(Command::Answer(Answer::Override(reason)));
                Ok(None)
            }
            None => {
                self.runner.send(Command::Answer(Answer::No));
                self.complain(&format!("{} was not run", question.title));
                Ok(Some(self.stop_here(Exit::Refused)))
            }
        }
    }

    /// Required variables without a value, one after the other.
    pub(super) async fn ask_for_variables(&mut self, signals: &mut Signals) -> Result<Option<Exit>> {
        let document = self.document.clone();
        for (name, variable) in &document.front.vars {
            if !variable.required || variable.default.is_some() || self.state.variables.contains_key(name) {
                continue;
            }
            if let Some(Ok(_)) = variables::pinned(&self.environment.1, name, variable) {
                continue;
            }
            if self.terminal.is_none() {
                self.complain(&format!(
                    "{name} has no value and there is no terminal to ask on: give it with --var {name}=…"
                ));
                return Ok(Some(self.stop_here(Exit::Refused)));
            }
            let mut choices = variable.choices.clone();
            if choices.is_empty() && variable.from.is_some() {
                self.runner.send(Command::ListChoices(name.clone()));
                match self.hear(signals).await? {
                    Heard::Choices(found) => choices = found,
                    Heard::Refused(refusal) => self.complain(&refusal.why),
                    _ => {}
                }
            }
            let listed = if choices.is_empty() { String::new() } else { format!(" ({})", line(&choices.join(", "))) };
            let question = format!("{}{listed}:", line(variable.prompt.as_deref().unwrap_or(name)));
            let Some(terminal) = &mut self.terminal else { continue };
            let said = match variable.secret {
                true => terminal.secret(&question, signals).await?,
                false => terminal.line(&question, signals).await?,
            };
            let value = match said {
                Said::Line(value) => value,
                Said::Nothing => return Ok(Some(self.stop_here(Exit::Refused))),
                Said::Stopped(stop) => return Ok(Some(self.leave(stop.exit()))),
            };
            self.runner.send(Command::SetVariable { name: name.clone(), value: Value(value) });
            // A wrong value is said, and asked for again by the next round.
            self.settle(signals).await?;
            return Ok(None);
        }
        Ok(None)
    }

    pub(super) async fn choose(&mut self, step: &Step, signals: &mut Signals) -> Result<Option<Exit>> {
        let Some(option) = &step.option else { return Ok(None) };
        let document = self.document.clone();
        let mut alternatives: Vec<_> =
            document.steps().filter_map(|s| s.option.clone()).filter(|o| o.group == option.group).collect();
        alternatives.dedup();
        if self.terminal.is_none() {
            let keys = alternatives.iter().map(|o| o.key.clone()).collect::<Vec<_>>().join(" or ");
            self.complain(&format!("an alternative has to be chosen with --option {}={keys}", option.group));
            return Ok(Some(self.stop_here(Exit::Refused)));
        }
        let list: String = alternatives.iter().map(|o| format!("\n  {}  {}", line(&o.key), line(&o.title))).collect();
        let key = match self.ask(&format!("\nChoose one:{list}\n  Which?"), signals).await? {
            Said::Line(key) => key,
            Said::Nothing => return Ok(Some(self.stop_here(Exit::Refused))),
            Said::Stopped(stop) => return Ok(Some(self.leave(stop.exit()))),
        };
        self.runner.send(Command::ChooseOption { group: option.group.clone(), key: key.trim().to_owned() });
        self.settle(signals).await?;
        Ok(None)
    }

    pub(super) async fn manual(&mut self, step: &Step, signals: &mut Signals) -> Result<Option<Exit>> {
        let body = self.document.source.get(step.body.clone()).unwrap_or_default().trim().to_owned();
        self.say(&format!("\n{}\n{}", heading(step), indented(&body)));
        if self.mode != Mode::DryRun {
            if self.terminal.is_none() {
                self.complain(&format!("{} is for a person to do, and there is no terminal to ask on", step.title));
                return Ok(Some(self.stop_here(Exit::Refused)));
            }
            let line = match self.ask("  Done? [y], or s and a reason to skip:", signals).await? {
                Said::Line(line) => line,
                Said::Nothing => String::new(),
                Said::Stopped(stop) => return Ok(Some(self.leave(stop.exit()))),
            };
            match line.trim() {
                "y" | "Y" | "yes" => {}
                skip if skip.starts_with("s ") => {
                    let reason = skip[2..].trim().to_owned();
                    self.runner.send(Command::Skip { step: step.id.clone(), reason });
                    self.settle(signals).await?;
                    return Ok(None);
                }
                _ => return Ok(Some(self.stop_here(Exit::Refused))),
            }
        }
        self.runner.send(Command::TickStep { step: step.id.clone(), ticked: true });
        self.settle(signals).await
    }
}
