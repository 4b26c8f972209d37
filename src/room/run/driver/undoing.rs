//! Rolling back: one step, or the whole run.

use std::collections::VecDeque;

use super::{Driver, Outcome};
use crate::runbook::{ActionId, StepId, run::EventKind};

impl Driver {
    /// Runs the step's own undo, one action after the other.
    pub(super) fn roll_back_step(&mut self, step: StepId) -> Outcome {
        let (_, found) = self.step(&step)?;
        if found.undo.is_empty() {
            return Err(format!("{} has no rollback of its own", found.title).into());
        }
        self.nothing_else_runs()?;
        let mut undo: VecDeque<ActionId> = found.undo.iter().map(|action| action.id.clone()).collect();
        let Some(first) = undo.pop_front() else { return Ok(()) };
        self.record(EventKind::RollbackStarted { step: Some(step) })?;
        self.queue = undo;
        self.ask_to_run(first)
    }

    /// From now on the rollback section counts. Without one, every step that was done and has an undo is undone, the newest
    /// first.
    pub(super) fn roll_back_run(&mut self) -> Outcome {
        let open = self.unended()?;
        if open.state.rolling_back {
            return Err("this run is being rolled back already".to_owned().into());
        }
        let has_section = open.document.rollback_steps().next().is_some();
        if !has_section && open.state.to_undo(&open.document).is_empty() {
            return Err(
                "this runbook has no rollback section to carry out, and nothing that was done has a rollback of its own".to_owned().into()
            );
        }
        self.nothing_else_runs()?;
        self.record(EventKind::RollbackStarted { step: None })?;
        self.roll_back_next()
    }

    /// The next step to undo, where the document has no rollback section.
    pub(super) fn roll_back_next(&mut self) -> Outcome {
        let open = self.open()?;
        let has_section = open.document.rollback_steps().next().is_some();
        let is_free = self.queue.is_empty() && self.asked.is_none() && self.way.is_none();
        let open = self.open()?;
        if has_section || !is_free || open.state.all_running().next().is_some() {
            return Ok(());
        }
        match open.state.to_undo(&open.document).first().map(|step| step.id.clone()) {
            Some(next) => self.roll_back_step(next),
            None => Ok(()),
        }
    }

    fn nothing_else_runs(&mut self) -> Outcome {
        self.nothing_on_its_way()?;
        match self.open()?.state.all_running().next() {
            Some(_) => Err("something runs already: wait for it, or cancel it".to_owned().into()),
            None => Ok(()),
        }
    }
}
