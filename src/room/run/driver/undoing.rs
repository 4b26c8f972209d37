//! Rolling back: one step, or the whole run.

use std::{collections::VecDeque, io::Read};

use super::{Driver, Outcome, open::command_action};
use crate::run::ending::digest;
use warroom_incident::journal::open_plain;
use warroom_runbook::{
    ActionId, Step, StepId,
    run::{EventKind, restoring},
};

/// Bytes of what was saved that are read: a command that restores more is not read by anybody.
const LONGEST_SAVED: u64 = 1 << 20;

impl Driver {
    /// Runs the step's own undo, one action after the other; without one, restores what was saved before it.
    pub(super) fn roll_back_step(&mut self, step: StepId) -> Outcome {
        let (_, found) = self.step(&step)?;
        if found.undo.is_empty() {
            return self.restore(&found);
        }
        self.nothing_else_runs()?;
        let mut undo: VecDeque<ActionId> = found.undo.iter().map(|action| action.id.clone()).collect();
        let Some(first) = undo.pop_front() else { return Ok(()) };
        self.record(EventKind::RollbackStarted { step: Some(step) })?;
        self.queue = undo;
        self.ask_to_run(first)
    }

    /// Restores what was saved before the step changed it: one command, asked about like every other.
    fn restore(&mut self, step: &Step) -> Outcome {
        self.nothing_else_runs()?;
        let open = self.open()?;
        let saved: Vec<_> = open.state.restorable(step).collect();
        let Some(begun) = open.begun.as_ref().filter(|_| !saved.is_empty()) else {
            return Err(format!("{} has no rollback, and nothing to restore was saved before it", step.title).into());
        };
        let secrets: Vec<_> = open.values.iter().filter(|(_, value)| value.1).map(|(n, _)| format!("[{n}]")).collect();
        let mut lines = Vec::new();
        for (saving, evidence) in saved {
            let file = begun.folder.path.join(&evidence.file);
            let by_hand =
                |why: &str| format!("{} has to be restored by hand from {}: {why}", saving.what, file.display());
            let mut text = String::new();
            let read = open_plain(&file, false).and_then(|file| file.take(LONGEST_SAVED).read_to_string(&mut text));
            read.map_err(|error| by_hand(&error.to_string()))?;
            if evidence.dropped_bytes > 0 {
                return Err(by_hand("its end was not kept").into());
            }
            if digest(text.as_bytes()) != evidence.sha256 {
                return Err(by_hand("the file is not what was saved").into());
            }
            let code = saving.back.code(&text, &file.display().to_string());
            let code = code.filter(|_| !secrets.iter().any(|name| text.contains(name)));
            lines.push(code.ok_or_else(|| by_hand("no command for it can be made from that"))?);
        }
        let id = restoring(&step.id, open.ad_hoc.len() + 1);
        let (action, script) = command_action(id.0.clone(), lines.join("\n"));
        open.ad_hoc.push((action, script.into()));
        self.record(EventKind::RollbackStarted { step: Some(step.id.clone()) })?;
        self.ask_to_run(id)
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
