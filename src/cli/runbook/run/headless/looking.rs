//! What an action printed, where the runbook says in prose what that should be: a person compares.

use anyhow::Result;

use super::Headless;
use crate::{Exit, runbook::run::ask::Said, signals::Signals};
use warroom_room::run::Command;
use warroom_runbook::{Check, Step};

impl Headless<'_> {
    /// Asks whether the output is what the runbook says. Nothing goes on before that is answered.
    pub(super) async fn look(
        &mut self,
        step: &Step,
        index: usize,
        check: &Check,
        signals: &mut Signals,
    ) -> Result<Option<Exit>> {
        if self.terminal.is_none() {
            self.complain(&format!(
                "what {} printed is for a person to look at, and there is no terminal to ask on: expected is {}",
                step.title, check.text
            ));
            return Ok(Some(self.stop_here(Exit::Refused)));
        }
        match self.ask(&format!("  {}? [y/n]", check.question()), signals).await? {
            Said::Line(line) if matches!(line.trim(), "y" | "Y" | "yes") => {
                self.runner.send(Command::TickCheck { step: step.id.clone(), check: index, ticked: true });
                self.settle(signals).await
            }
            Said::Line(line) if matches!(line.trim(), "n" | "N" | "no") => self.looks_wrong(step, check, signals).await,
            // Neither: the question comes again.
            Said::Line(_) => Ok(None),
            Said::Nothing => Ok(Some(self.stop_here(Exit::Refused))),
            Said::Stopped(stop) => Ok(Some(self.leave(stop.exit()))),
        }
    }

    /// The commands succeeded, and a person saw something else than the runbook says.
    async fn looks_wrong(&mut self, step: &Step, check: &Check, signals: &mut Signals) -> Result<Option<Exit>> {
        self.say_what_helps(step);
        let can_roll_back = self.can_roll_back();
        let mut choices = vec!["r run it again"];
        if self.state.waits_for_person(step) {
            choices.push("g REASON go on");
        }
        if self.state.can_undo(step) {
            choices.push("u undo this step");
        }
        if can_roll_back {
            choices.push("b roll the run back");
        }
        choices.push("q stop here");
        let question = format!("\n{} printed something else. {}:", step.title, choices.join(", "));
        let line = match self.ask(&question, signals).await? {
            Said::Line(line) => line,
            Said::Nothing => "q".to_owned(),
            Said::Stopped(stop) => return Ok(Some(self.leave(stop.exit()))),
        };
        let (word, reason) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        match (word, &check.about) {
            ("r", Some(action)) => {
                self.runner.send(Command::Run(action.clone()));
                self.wait_for_action(signals).await
            }
            ("g", _) => {
                self.runner.send(Command::AcceptFailure { step: step.id.clone(), reason: reason.to_owned() });
                // A missing reason is said, and the question comes again.
                self.settle(signals).await?;
                Ok(None)
            }
            ("u", _) if self.state.can_undo(step) => {
                self.runner.send(Command::RollBackStep(step.id.clone()));
                self.wait_for_action(signals).await
            }
            ("b", _) if can_roll_back => {
                self.runner.send(Command::RollBackRun);
                self.rolled_back(signals).await
            }
            _ => Ok(Some(self.stop_here(Exit::Warn))),
        }
    }
}
