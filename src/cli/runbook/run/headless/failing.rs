//! After a failure: what can be done, asked on the terminal.

use anyhow::Result;

use super::{Headless, indented};
use crate::{Exit, runbook::run::ask::Said, signals::Signals};
use warroom_room::run::Command;
use warroom_runbook::{Step, run::Mark};

impl Headless<'_> {
    /// Nothing goes on by itself after a failure.
    pub(super) async fn after_failure(&mut self, step: &Step, signals: &mut Signals) -> Result<Option<Exit>> {
        self.say_what_helps(step);
        if self.terminal.is_none() {
            return Ok(Some(self.stop_here(Exit::Warn)));
        }
        let mark = self.state.mark(&step.id);
        let is_undone = mark == Mark::RolledBack;
        let can_roll_back = self.can_roll_back();
        let mut choices = vec![if is_undone { "r run it again" } else { "r retry" }, "s REASON skip"];
        if !is_undone {
            choices.push("g REASON go on");
        }
        if self.state.can_undo(step) && !is_undone {
            choices.push("u undo this step");
        }
        if can_roll_back {
            choices.push("b roll the run back");
        }
        choices.push("q stop here");
        let what = match mark {
            Mark::RolledBack => "was rolled back",
            Mark::Unknown => "has an unknown outcome",
            _ if self.state.was_cancelled(step) => "was cancelled",
            _ => "failed",
        };
        let line = match self.ask(&format!("\n{} {what}. {}:", step.title, choices.join(", ")), signals).await? {
            Said::Line(line) => line,
            Said::Nothing => "q".to_owned(),
            Said::Stopped(stop) => return Ok(Some(self.leave(stop.exit()))),
        };
        let (word, reason) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let step_id = step.id.clone();
        match word {
            "r" => {
                let failed = step.actions.iter().find(|action| !self.state.has_succeeded(&action.id));
                let Some(action) = failed else { return Ok(None) };
                self.runner.send(Command::Run(action.id.clone()));
                return self.wait_for_action(signals).await;
            }
            "s" => self.runner.send(Command::Skip { step: step_id, reason: reason.to_owned() }),
            "g" => self.runner.send(Command::AcceptFailure { step: step_id, reason: reason.to_owned() }),
            "u" if self.state.can_undo(step) && !is_undone => {
                self.runner.send(Command::RollBackStep(step_id));
                return self.wait_for_action(signals).await;
            }
            "b" if can_roll_back => {
                self.runner.send(Command::RollBackRun);
                return self.rolled_back(signals).await;
            }
            _ => return Ok(Some(self.stop_here(Exit::Warn))),
        }
        // A missing reason is said, and the question comes again.
        self.settle(signals).await?;
        Ok(None)
    }

    /// What the runbook says to do when the step fails.
    pub(super) fn say_what_helps(&self, step: &Step) {
        if let Some(help) = step.if_it_fails.clone().and_then(|range| self.document.source.get(range)) {
            self.say(&format!("   If it fails:\n{}", indented(help.trim())));
        }
    }

    pub(super) fn can_roll_back(&self) -> bool {
        !self.state.rolling_back
            && (self.document.rollback_steps().next().is_some() || !self.state.to_undo(&self.document).is_empty())
    }

    /// After the decision to roll back: with a rollback section its steps come next, without one the undo has begun.
    pub(super) async fn rolled_back(&mut self, signals: &mut Signals) -> Result<Option<Exit>> {
        let has_section = self.document.rollback_steps().next().is_some();
        if has_section { self.settle(signals).await } else { self.wait_for_action(signals).await }
    }
}
