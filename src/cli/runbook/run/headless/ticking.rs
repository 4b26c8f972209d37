//! The `- [ ]` items of a step that has commands as well: a person ticks them where they stand, before the next command runs.

use anyhow::Result;

use super::{Headless, heading, indented};
use crate::{Exit, runbook::run::ask::Said, signals::Signals};
use warroom_room::run::Command;
use warroom_runbook::{Check, Step};

impl Headless<'_> {
    /// Asks whether the items that are due are done. Nothing goes on before.
    pub(super) async fn tick(&mut self, step: &Step, signals: &mut Signals) -> Result<Option<Exit>> {
        let due: Vec<(usize, &Check)> = self
            .state
            .due_checks(step)
            .filter_map(|index| Some((index, step.checks.get(index)?)))
            .take_while(|(_, check)| check.about.is_none())
            .collect();
        let list: Vec<String> = due.iter().map(|(_, check)| format!("- [ ] {}", check.text)).collect();
        self.say(&format!("\n{}\n{}", heading(step), indented(&list.join("\n"))));
        if self.terminal.is_none() {
            self.complain(&format!(
                "{} has something for a person to do, and there is no terminal to ask on",
                step.title
            ));
            return Ok(Some(self.stop_here(Exit::Refused)));
        }
        match self.ask("  Done? [y], or Enter to stop here:", signals).await? {
            Said::Line(line) if matches!(line.trim(), "y" | "Y" | "yes") => {
                for (check, _) in due {
                    self.runner.send(Command::TickCheck { step: step.id.clone(), check, ticked: true });
                }
                self.settle(signals).await
            }
            Said::Line(_) | Said::Nothing => Ok(Some(self.stop_here(Exit::Refused))),
            Said::Stopped(stop) => Ok(Some(self.leave(stop.exit()))),
        }
    }
}
