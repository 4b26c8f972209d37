//! One line that the console asks for: a reason, a command.

use crate::model::Input;
use warroom_runbook::StepId;

/// What the line is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Why a step is left out.
    Skip(StepId),
    /// Why it goes on after a failure.
    GoOn(StepId),
    /// A command that is in no runbook.
    Command,
}

/// The question, and what was typed so far.
#[derive(Debug, Clone)]
pub struct Prompt {
    pub purpose: Purpose,
    pub title: String,
    /// What it means, in paragraphs.
    pub text: Vec<String>,
    pub input: Input,
    /// Why the line cannot be taken as it is.
    pub problem: Option<String>,
}

impl Prompt {
    pub fn new(purpose: Purpose, title: impl Into<String>, text: Vec<String>) -> Self {
        let input = if purpose == Purpose::Command { Input::of_lines() } else { Input::opened() };
        Prompt { purpose, title: title.into(), text, input, problem: None }
    }

    /// The line, when there is one.
    pub fn line(&mut self) -> Option<String> {
        let line = self.input.text().trim();
        if line.is_empty() {
            self.problem = Some(match self.purpose {
                Purpose::Command => "write a command, or press esc".to_owned(),
                _ => "write the reason: it is kept with the run".to_owned(),
            });
            return None;
        }
        Some(line.to_owned())
    }
}
