//! Taking a choice of a menu.

use super::{super::incident, let_go, run, steps};
use crate::{
    effect::Effect,
    model::{Choice, Model, Overlay},
};
use warroom_room::run::Command as Wish;

/// Closes the menu and does what its selected line says.
pub(in crate::update) fn choose(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Menu(menu)) = model.overlays.last() else { return vec![] };
    let choice = menu.chosen().cloned();
    model.overlays.pop();
    let wish = match choice {
        None | Some(Choice::Stay) => return vec![],
        Some(
            choice @ (Choice::Do(_)
            | Choice::OpenIncident(_)
            | Choice::LeaveIncident
            | Choice::AnswerSecond { .. }
            | Choice::TakeOver(_)),
        ) => return incident::chosen(model, choice),
        Some(Choice::OpenLink(url)) => return vec![Effect::OpenLink(url)],
        Some(Choice::Quit) => return vec![Effect::Quit],
        Some(Choice::CloseRunbook) => return let_go(model),
        Some(Choice::Retry(action)) => return run::start(model, action),
        Some(Choice::Skip(step)) => {
            steps::ask_to_skip(model, &step);
            return vec![];
        }
        Some(Choice::GoOn(step)) => {
            steps::ask_to_go_on(model, &step);
            return vec![];
        }
        Some(Choice::RollBackStep(step)) => {
            if let Some(opened) = &mut model.runbooks.open {
                run::select_step(opened, &step);
            }
            Wish::RollBackStep(step)
        }
        Some(Choice::RollBackRun) => Wish::RollBackRun,
        Some(Choice::Take { group, key }) => Wish::ChooseOption { group, key },
        Some(Choice::CancelAction(_)) => {
            if let Some(opened) = &mut model.runbooks.open {
                opened.polls.clear();
            }
            Wish::Cancel
        }
    };
    vec![Effect::Run(wish)]
}
