//! The form of a runbook's variables: one field each, checked before anything uses them.

use crate::model::Input;
use warroom_runbook::{ActionId, Variable};

/// The state of the form.
#[derive(Debug, Clone)]
pub struct Form {
    pub title: String,
    pub fields: Vec<Field>,
    /// The field that has the keyboard.
    pub at: usize,
    /// First row of the form that is shown.
    pub scroll: usize,
    /// The action that could not do without the values, and goes on with them.
    pub then: Option<ActionId>,
}

/// One variable.
#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    pub variable: Variable,
    pub input: Input,
    /// What can be chosen: the runbook's choices, or the lines of its command.
    pub choices: Vec<String>,
    pub listing: Listing,
    /// Why the value cannot be taken. One sentence.
    pub problem: Option<String>,
    /// A secret that was given before: it stays unless something is typed.
    pub kept: bool,
}

/// Where the choices of a field come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// The runbook itself, or nowhere.
    None,
    /// A read-only command that has not been run.
    Offered,
    /// The command runs.
    UnderWay,
    Done,
    /// Why the command brought none. One sentence.
    Failed(String),
}

impl Field {
    /// A field with the value that the variable has now, else its default.
    pub fn new(name: &str, variable: &Variable, value: Option<&str>, kept: bool) -> Self {
        let mut input = Input::opened();
        if let Some(value) = value.or(variable.default.as_deref()) {
            input.fill(value);
        }
        Field {
            name: name.to_owned(),
            variable: variable.clone(),
            input,
            choices: variable.choices.clone(),
            listing: if variable.from.is_some() { Listing::Offered } else { Listing::None },
            problem: None,
            kept,
        }
    }

    /// The question.
    pub fn prompt(&self) -> &str {
        self.variable.prompt.as_deref().unwrap_or(&self.name)
    }

    /// Takes a choice over, the one `by` places from the one that is typed now.
    pub fn step_choice(&mut self, by: isize) {
        let Some(last) = self.choices.len().checked_sub(1) else { return };
        let now = self.choices.iter().position(|choice| choice == self.input.text());
        let next = match now {
            Some(at) => at.saturating_add_signed(by).min(last),
            None if by < 0 => last,
            None => 0,
        };
        self.input.clear();
        self.input.fill(&self.choices[next]);
        self.problem = None;
    }

    /// The choices came. A single one is taken over where nothing is typed.
    pub fn listed(&mut self, result: Result<Vec<String>, String>) {
        match result {
            Ok(lines) => {
                self.choices = lines;
                self.listing = Listing::Done;
                if let ([only], true) = (self.choices.as_slice(), self.input.is_empty()) {
                    self.input.fill(only);
                }
            }
            Err(why) => self.listing = Listing::Failed(why),
        }
    }
}

impl Form {
    pub fn new(title: impl Into<String>, fields: Vec<Field>) -> Self {
        Form { title: title.into(), fields, at: 0, scroll: 0, then: None }
    }

    pub fn field(&self) -> Option<&Field> {
        self.fields.get(self.at)
    }

    pub fn field_mut(&mut self) -> Option<&mut Field> {
        self.fields.get_mut(self.at)
    }

    pub fn is_last(&self) -> bool {
        self.at + 1 >= self.fields.len()
    }

    pub fn step(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.fields.len().saturating_sub(1));
    }
}
