//! Checking off, leaving out and undoing steps.

use crate::{
    effect::Effect,
    model::{Choice, Menu, Model, Overlay, Prompt, Purpose, Row},
    text::clean,
};
use warroom_domain::text::rows;
use warroom_room::run::Command as Wish;
use warroom_runbook::{StepId, StepKind, run::Mark};

/// Checks the selected sub-check or manual step off, or takes that back.
pub(in crate::update) fn tick(model: &mut Model) -> Vec<Effect> {
    let Some(opened) = &mut model.runbooks.open else { return vec![] };
    let Some(step) = opened.step() else { return vec![] };
    let id = step.id.clone();
    if let Row::Check { index, .. } = opened.selected {
        let ticked = !opened.state.is_ticked(&id, index);
        // The next one is next.
        if ticked && index + 1 < step.checks.len() {
            opened.select(Row::Check { step: id.clone(), index: index + 1 });
        } else if ticked {
            opened.select(Row::Step(id.clone()));
        }
        return vec![Effect::Run(Wish::TickCheck { step: id, check: index, ticked })];
    }
    let done = opened.mark(&id) == Mark::Done;
    if let Some(index) = opened.state.due_check(step) {
        opened.select(Row::Check { step: id, index });
        return vec![];
    }
    let open = (0..step.checks.len()).find(|index| !opened.state.is_ticked(&id, *index));
    if step.kind() == StepKind::Executable && !done {
        match open {
            Some(index) => opened.select(Row::Check { step: id, index }),
            None => model.say("this step has commands: they say whether it is done"),
        }
        return vec![];
    }
    if let Some(index) = open.filter(|_| !done) {
        opened.select(Row::Check { step: id, index });
        return vec![];
    }
    vec![Effect::Run(Wish::TickStep { step: id, ticked: !done })]
}

/// Asks why the selected step is left out.
pub(in crate::update) fn skip(model: &mut Model) {
    let opened = model.runbooks.open.as_ref();
    let step =
        opened.and_then(|opened| opened.step().map(|step| (step.id.clone(), opened.state.waits_for_person(step))));
    match step {
        // Its commands have run, so it cannot be left out any more.
        Some((step, true)) => ask_to_go_on(model, &step),
        Some((step, false)) => ask_to_skip(model, &step),
        None => model.say("select the step to leave out"),
    }
}

pub(super) fn ask_to_skip(model: &mut Model, step: &StepId) {
    let text = vec![format!("“{}” is left out. The reason is kept with the run.", title(model, step))];
    let prompt = Prompt::new(Purpose::Skip(step.clone()), "Skip the step", text);
    model.overlays.push(Overlay::Prompt(Box::new(prompt)));
}

pub(super) fn ask_to_go_on(model: &mut Model, step: &StepId) {
    let opened = model.runbooks.open.as_ref();
    let waits = opened.and_then(|opened| {
        let step = opened.document.step(step).filter(|step| opened.state.waits_for_person(step))?;
        step.checks.get(opened.state.due_check(step)?)
    });
    let what = match waits {
        Some(check) if check.about.is_some() => "did not print what it should",
        Some(_) => "is not done to its end",
        None => "failed",
    };
    let text = vec![format!("“{}” {what}, and the run goes on. The reason is kept with the run.", title(model, step))];
    let prompt = Prompt::new(Purpose::GoOn(step.clone()), "Go on after the failure", text);
    model.overlays.push(Overlay::Prompt(Box::new(prompt)));
}

/// Offers the rollback of the selected step.
pub(in crate::update) fn undo(model: &mut Model) {
    let Some(opened) = &model.runbooks.open else { return };
    let Some(step) = opened.step().cloned() else { return };
    let saved: Vec<String> = opened.state.restorable(&step).map(|(saving, _)| clean(&saving.what)).collect();
    if step.undo.is_empty() && saved.is_empty() {
        model.say("this step has no rollback, and nothing to restore was saved before it");
        return;
    }
    let mut text = vec![match step.undo.is_empty() {
        true => format!("“{}” has no rollback. Saved before it and restored by this:", clean(&step.title)),
        false => format!("The rollback of “{}” runs these, each confirmed on its own:", clean(&step.title)),
    }];
    match step.undo.is_empty() {
        true => text.extend(saved),
        false => text.extend(step.undo.iter().flat_map(|action| rows(&action.code)).map(|l| format!("$ {}", clean(l)))),
    }
    let menu = Menu::new("Undo the step?", text).with("not now", "Close this; nothing is run.", Choice::Stay).with(
        "roll back",
        "Begin. The command is shown and confirmed first.",
        Choice::RollBackStep(step.id),
    );
    model.overlays.push(Overlay::Menu(Box::new(menu)));
}

/// Offers the rollback of the whole runbook.
pub(in crate::update) fn roll_back(model: &mut Model) {
    let Some(opened) = &model.runbooks.open else { return };
    if !opened.has_rollback() {
        model.say("there is nothing to roll back: no rollback section, and no rollback of a step that was run");
        return;
    }
    let text =
        vec!["The rollback of the whole runbook begins. Each of its commands is confirmed on its own.".to_owned()];
    let menu = Menu::new("Roll the runbook back?", text)
        .with("not now", "Close this; nothing is run.", Choice::Stay)
        .with("roll back", "Begin the rollback.", Choice::RollBackRun);
    model.overlays.push(Overlay::Menu(Box::new(menu)));
}

fn title(model: &Model, step: &StepId) -> String {
    let open = model.runbooks.open.as_ref();
    open.and_then(|o| o.document.step(step)).map_or_else(|| step.to_string(), |step| clean(&step.title))
}
