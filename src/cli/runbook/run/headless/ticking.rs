//! The `- [ ]` items of a step that has commands as well: a person ticks them where they stand, before the next command runs.

use anyhow::Result;

use super::{Headless, heading, indented};
use crate::{
    cli::{
        Exit,
        runbook::run::ask::{Said, Signals},
    },
    room::run::Command,
    runbook::{
        Step, StepKind,
        run::{Mark, Mode},
    },
};

impl Headless<'_> {
    /// The first step with items that are due, and which they are: those above its next command, or all when its commands have run. A dry
    /// run shows commands, and asks nobody to have done anything.
    pub(super) fn due<'r>(&self, mut steps: impl Iterator<Item = &'r Step>) -> Option<(&'r Step, Vec<usize>)> {
        if self.mode == Mode::DryRun {
            return None;
        }
        steps.find_map(|step| {
            let until = match self.state.mark(&step.id) {
                _ if step.kind() == StepKind::Manual || self.is_before_start(step) => return None,
                Mark::Todo => step
                    .actions
                    .iter()
                    .find(|action| !self.state.has_succeeded(&action.id))
                    .map_or(usize::MAX, |it| it.line),
                _ => return None,
            };
            let waits = |&index: &usize| {
                step.checks.get(index).is_some_and(|check| {
                    check.about.is_none()
                        && !check.ticked
                        && check.line < until
                        && !self.state.is_ticked(&step.id, index)
                })
            };
            let due: Vec<usize> = (0..step.checks.len()).filter(waits).collect();
            (!due.is_empty()).then_some((step, due))
        })
    }

    /// Asks whether they are done. Nothing goes on before.
    pub(super) async fn tick(&mut self, step: &Step, due: &[usize], signals: &mut Signals) -> Result<Option<Exit>> {
        let items: Vec<_> = due.iter().filter_map(|index| step.checks.get(*index)).collect();
        let list: Vec<String> = items.iter().map(|check| format!("- [ ] {}", check.text)).collect();
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
                for check in due {
                    self.runner.send(Command::TickCheck { step: step.id.clone(), check: *check, ticked: true });
                }
                self.settle(signals).await
            }
            Said::Line(_) | Said::Nothing => Ok(Some(self.stop_here(Exit::Refused))),
            Said::Stopped(stop) => Ok(Some(self.leave(stop.exit()))),
        }
    }
}
