//! Answering the question before an action.

use crate::{
    effect::Effect,
    model::{Ask, Model, Overlay},
};
use warroom_exec::gate::Wants;
use warroom_room::run::{Answer, Command as Wish};

fn asked(model: &mut Model) -> Option<&mut Ask> {
    match model.overlays.last_mut() {
        Some(Overlay::Ask(ask)) => Some(ask),
        _ => None,
    }
}

fn answer(model: &mut Model, answer: Answer) -> Vec<Effect> {
    model.overlays.pop();
    vec![Effect::Run(Wish::Answer(answer))]
}

/// `y`.
pub(in crate::update) fn agree(model: &mut Model) -> Vec<Effect> {
    match asked(model).map(|ask| ask.wants()) {
        Some(Wants::YesOrNo) => answer(model, Answer::Yes),
        Some(Wants::Enter) => answer(model, Answer::Enter),
        _ => vec![],
    }
}

/// Enter: agrees to what only reads; elsewhere it is no.
pub(in crate::update) fn enter(model: &mut Model) -> Vec<Effect> {
    match asked(model).map(|ask| ask.wants()) {
        Some(Wants::Enter) => answer(model, Answer::Enter),
        Some(Wants::YesOrNo) => answer(model, Answer::No),
        _ => vec![],
    }
}

/// Starts nothing.
pub(in crate::update) fn refuse(model: &mut Model) -> Vec<Effect> {
    answer(model, Answer::No)
}

/// Takes what was typed as the answer, when it does.
pub(in crate::update) fn typed(model: &mut Model) -> Vec<Effect> {
    let Some(ask) = asked(model) else { return vec![] };
    let text = ask.input.text().trim().to_owned();
    let result = match ask.wants() {
        Wants::Type { name } if text == *name => Ok(Answer::Typed(text)),
        Wants::Type { name } if text.is_empty() => Err(format!("type {name}, or press esc to run nothing")),
        Wants::Type { name } => Err(format!("that is not {name}: nothing is run until it is typed exactly")),
        Wants::SecondPerson { .. } | Wants::Reason { .. } if text.is_empty() => {
            Err("write something, or press esc to run nothing".to_owned())
        }
        Wants::SecondPerson { .. } | Wants::Reason { .. } => Ok(Answer::Override(text)),
        Wants::Enter | Wants::YesOrNo => return vec![],
    };
    match result {
        Ok(given) => answer(model, given),
        Err(problem) => {
            ask.problem = Some(problem);
            vec![]
        }
    }
}

/// Copies the command in question.
pub(in crate::update) fn copy(model: &mut Model) -> Vec<Effect> {
    let Some(command) = asked(model).map(|ask| ask.question.command.clone()) else { return vec![] };
    model.say("the command is on the clipboard, if this terminal allows that");
    vec![Effect::Copy(command)]
}
