//! The question before an action starts, and the answer as far as it is typed.

use crate::model::Input;
use warroom_exec::gate::Wants;
use warroom_room::run::Question;

/// The dialog.
#[derive(Debug, Clone)]
pub struct Ask {
    pub question: Question,
    pub input: Input,
    /// Why the answer does not do.
    pub problem: Option<String>,
    /// First row that is shown.
    pub scroll: usize,
}

impl Ask {
    pub fn new(question: Question) -> Self {
        let problem = question.problem.clone();
        Ask { question, input: Input::opened(), problem, scroll: 0 }
    }

    /// What it takes to go on.
    pub fn wants(&self) -> &Wants {
        &self.question.wants
    }

    /// True when an answer is typed.
    pub fn is_typed(&self) -> bool {
        !matches!(self.wants(), Wants::Enter | Wants::YesOrNo)
    }
}
