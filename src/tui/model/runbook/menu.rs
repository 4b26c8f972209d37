//! A few things to choose from, with a word on each: after a failure, among alternatives, before leaving.

use crate::{action::Action, model::Cursor};
use warroom_incident::{EventRef, journal::IncidentId};
use warroom_runbook::{ActionId, StepId, run::RunId};

/// What choosing an item does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    Retry(ActionId),
    Skip(StepId),
    RollBackStep(StepId),
    RollBackRun,
    GoOn(StepId),
    /// One of several alternatives of the runbook.
    Take {
        group: String,
        key: String,
    },
    /// End the running action.
    CancelAction(ActionId),
    /// Close the open runbook.
    CloseRunbook,
    Quit,
    /// What an action of the registry does.
    Do(Action),
    OpenIncident(IncidentId),
    LeaveIncident,
    OpenLink(String),
    /// The word of a second person.
    AnswerSecond {
        of: EventRef,
        agreed: bool,
    },
    /// Work here on a run that another console has open.
    TakeOver(RunId),
    /// Nothing; the menu closes.
    Stay,
}

/// One line to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuItem {
    pub label: String,
    /// What it would do, in one sentence.
    pub detail: String,
    pub choice: Choice,
}

/// The state of a menu.
#[derive(Debug, Clone)]
pub struct Menu {
    pub title: String,
    /// Paragraphs above the items.
    pub text: Vec<String>,
    pub items: Vec<MenuItem>,
    pub cursor: Cursor,
    /// First row of the paragraphs that is shown.
    pub scroll: usize,
}

impl Menu {
    pub fn new(title: impl Into<String>, text: Vec<String>) -> Self {
        Menu { title: title.into(), text, items: Vec::new(), cursor: Cursor::default(), scroll: 0 }
    }

    pub fn with(mut self, label: impl Into<String>, detail: impl Into<String>, choice: Choice) -> Self {
        self.items.push(MenuItem { label: label.into(), detail: detail.into(), choice });
        self
    }

    pub fn chosen(&self) -> Option<&Choice> {
        self.items.get(self.cursor.selected).map(|item| &item.choice)
    }
}
