//! The Runbook pane: which runbook is open, where its run stands, what of it is on the screen.

mod ask;
mod form;
mod menu;
mod output;
mod picker;
mod prompt;
mod rows;

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
};

use jiff::Timestamp;

pub use self::{
    ask::Ask,
    form::{Field, Form, Listing},
    menu::{Choice, Menu, MenuItem},
    output::OutputView,
    picker::{Picker, PickerItem, Source},
    prompt::{Prompt, Purpose},
    rows::Row,
};
use warroom_domain::platform::Environment;
use warroom_room::run::{Library, variables};
use warroom_runbook::{
    Action, ActionId, OptionKey, Runbook, Step, StepId,
    run::{Attempt, EventKind, Mark, Mode, RunEvent, RunId, RunState},
};

/// The state of the pane.
#[derive(Debug, Clone, Default)]
pub struct Runbooks {
    pub library: Library,
    /// True once the list of runbooks has come.
    pub listed: bool,
    pub open: Option<Box<Opened>>,
}

/// A runbook on the screen.
#[derive(Debug, Clone)]
pub struct Opened {
    pub document: Arc<Runbook>,
    /// The run; nothing has been done before there is one.
    pub run: Option<RunId>,
    /// The run's folder, where its jobs are.
    pub folder: Option<PathBuf>,
    pub mode: Mode,
    pub state: RunState,
    /// Commands of no runbook that were run in this run, by their ids.
    pub commands: Vec<(ActionId, String)>,
    /// Actions that are tried again by themselves, and how many more times.
    pub polls: HashMap<ActionId, u32>,
    /// Secrets that were given before the run was opened again. They are kept nowhere, so they are asked for anew.
    pub lost: HashSet<String>,
    /// The selected row.
    pub selected: Row,
    /// First row of the step's text.
    pub scroll: usize,
    pub lower: Lower,
    pub output: OutputView,
    /// What was refused or went wrong last. One sentence.
    pub problem: Option<String>,
    /// What an action that is being prepared waits for.
    pub preparing: Option<Preparing>,
}

/// What is waited for before an action can be asked about, or start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preparing {
    pub since: Timestamp,
    /// `checking the gate: probe primary`.
    pub what: String,
}

impl Preparing {
    /// From now on, for what the driver will say.
    pub fn since(since: Timestamp) -> Self {
        Preparing { since, what: "preparing the step".to_owned() }
    }
}

/// What stands below the checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lower {
    #[default]
    Step,
    Output,
}

impl Opened {
    /// The run can be rolled back: a section says how, or steps that were done have a rollback of their own.
    pub fn has_rollback(&self) -> bool {
        self.document.rollback_steps().next().is_some() || !self.state.to_undo(&self.document).is_empty()
    }

    pub fn new(document: Arc<Runbook>, mode: Mode) -> Self {
        let mut opened = Opened {
            document,
            run: None,
            folder: None,
            mode,
            state: RunState::default(),
            commands: Vec::new(),
            polls: HashMap::new(),
            lost: HashSet::new(),
            selected: Row::Section(0),
            scroll: 0,
            lower: Lower::Step,
            output: OutputView::default(),
            problem: None,
            preparing: None,
        };
        if let Some(first) = opened.rows().first() {
            opened.selected = first.clone();
        }
        opened
    }

    /// The checklist. The selected step shows its parts.
    pub fn rows(&self) -> Vec<Row> {
        let dropped = |group: &str, key: &str| self.state.is_dropped(group, key);
        let failed = |step: &Step| matches!(self.mark(&step.id), Mark::Failed | Mark::Unknown);
        let mut rows = rows::rows(&self.document, self.selected.step(), dropped, failed);
        rows.extend(self.commands.iter().map(|(id, _)| Row::Command(id.clone())));
        rows
    }

    /// The selected row's place among `rows`.
    pub fn index(&self, rows: &[Row]) -> usize {
        let exact = rows.iter().position(|row| *row == self.selected);
        let of_step = || rows.iter().position(|row| row.step().is_some() && row.step() == self.selected.step());
        exact.or_else(of_step).unwrap_or(0)
    }

    /// Selects a row and shows its step from the top.
    pub fn select(&mut self, row: Row) {
        if self.selected.step() != row.step() || row.step().is_none() {
            self.scroll = 0;
            // A command says little but what it printed.
            self.lower = if matches!(row, Row::Command(_)) { Lower::Output } else { Lower::Step };
        }
        self.selected = row;
        // An action that was not run has no output, whatever another one of the step has printed.
        if self.attempt().is_none() {
            self.lower = Lower::Step;
        }
        self.show_output();
    }

    /// Moves the selection by rows.
    pub fn step_by(&mut self, by: isize) {
        let rows = self.rows();
        let at = self.index(&rows).saturating_add_signed(by).min(rows.len().saturating_sub(1));
        if let Some(row) = rows.get(at) {
            self.select(row.clone());
        }
    }

    /// The selected step.
    pub fn step(&self) -> Option<&Step> {
        self.document.step(self.selected.step()?)
    }

    /// The action that the selection means: the selected one, else the first of the step that has not succeeded.
    pub fn action(&self) -> Option<&Action> {
        let step = self.step()?;
        match &self.selected {
            Row::Action { action, .. } => step.all_actions().find(|a| a.id == *action),
            _ => step.actions.iter().find(|a| !self.state.has_succeeded(&a.id)).or(step.actions.last()),
        }
    }

    /// The attempt whose output is shown: of the selected action, else the step's latest.
    pub fn attempt(&self) -> Option<(&ActionId, &Attempt)> {
        if let Row::Action { action, .. } | Row::Command(action) = &self.selected {
            return self.state.attempt(action).map(|attempt| (action, attempt));
        }
        let step = self.step()?;
        let attempts = step.all_actions().filter_map(|a| Some((&a.id, self.state.attempt(&a.id)?)));
        attempts.max_by_key(|(_, attempt)| (attempt.outcome.is_none(), attempt.started))
    }

    /// Points the output at what the selection means.
    pub fn show_output(&mut self) {
        // A dry run has no jobs.
        let job = self.attempt().map(|(_, attempt)| attempt.job.clone()).filter(|job| !job.is_empty());
        if let (Some(folder), Some(job)) = (&self.folder, job) {
            let path = folder.join("jobs").join(job);
            self.output.show(path);
        }
    }

    /// What stands open and comes next, in the order of the document: not in a rollback section.
    pub fn next_step(&self) -> Option<&Step> {
        if self.state.rolling_back {
            return self.document.rollback_steps().find(|step| !self.state.is_settled(&step.id));
        }
        self.state.next_step(&self.document)
    }

    /// Takes in an event of the run.
    pub fn apply(&mut self, event: &RunEvent) {
        match &event.kind {
            EventKind::ActionIntended { action, command, .. } => {
                let known = self.document.action(action).is_some() || self.commands.iter().any(|(id, _)| id == action);
                self.polls.remove(action);
                if !known {
                    self.commands.push((action.clone(), command.clone()));
                }
            }
            EventKind::VariableSet { name, .. } => {
                self.lost.remove(name);
            }
            _ => {}
        }
        self.state.apply(event, &self.document);
    }

    /// True while an action of the step waits to be tried again by itself.
    pub fn is_polling(&self, step: &Step) -> bool {
        step.all_actions().any(|action| self.polls.contains_key(&action.id))
    }

    /// Steps that are settled, and all that count.
    pub fn counts(&self) -> (usize, usize) {
        let counted = self.state.counted(&self.document);
        counted.fold((0, 0), |(settled, all), step| (settled + usize::from(self.state.is_settled(&step.id)), all + 1))
    }

    /// The action that runs now, when one does.
    pub fn running(&self) -> Option<(&ActionId, &Attempt)> {
        self.state.running()
    }

    /// The alternatives of a group, in the order of the document.
    pub fn alternatives(&self, group: &str) -> Vec<OptionKey> {
        let mut found: Vec<OptionKey> = Vec::new();
        for option in self.document.steps().filter_map(|step| step.option.as_ref()).filter(|o| o.group == group) {
            if !found.iter().any(|known| known.key == option.key) {
                found.push(option.clone());
            }
        }
        found
    }

    /// Variables that are required and have no value yet: nobody gave one, there is no default, and the environment pins none.
    pub fn missing(&self, environment: &Environment) -> Vec<String> {
        let open = self.document.front.vars.iter().filter(|(name, variable)| {
            let given = self.state.variables.contains_key(*name) && !self.lost.contains(*name);
            let pinned = || matches!(variables::pinned(environment, name, variable), Some(Ok(_)));
            variable.required && variable.default.is_none() && !given && !pinned()
        });
        open.map(|(name, _)| name.clone()).collect()
    }

    /// The step of that id, and the mark that it has.
    pub fn mark(&self, step: &StepId) -> Mark {
        self.state.mark(step)
    }
}
