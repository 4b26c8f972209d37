//! Running: what Enter means on each row of the checklist, and what comes after a failure.

use crate::{
    effect::Effect,
    model::{Choice, Menu, Model, Opened, Overlay, Preparing, Row},
    text::clean,
};
use warroom_room::run::Command as Wish;
use warroom_runbook::{ActionId, Step, StepId, StepKind, run::Mark};

/// Does the next thing with the selected row.
pub(in crate::update) fn next(model: &mut Model) -> Vec<Effect> {
    let Some(opened) = &mut model.runbooks.open else { return vec![] };
    opened.problem = None;
    match opened.selected.clone() {
        Row::Section(_) => {
            select_next(opened);
            vec![]
        }
        Row::Alternative { group, .. } => {
            choose_option(model, &group);
            vec![]
        }
        Row::Check { .. } => super::steps::tick(model),
        Row::Command(_) => {
            model.say("! runs another command, and v shows what this one printed");
            vec![]
        }
        Row::Step(_) | Row::Action { .. } => act(model),
    }
}

fn act(model: &mut Model) -> Vec<Effect> {
    let Some(opened) = &mut model.runbooks.open else { return vec![] };
    let Some(step) = opened.step().cloned() else { return vec![] };
    if let Some(option) = &step.option
        && opened.state.chosen(&option.group).is_none()
    {
        let group = option.group.clone();
        choose_option(model, &group);
        return vec![];
    }
    let on_action = matches!(opened.selected, Row::Action { .. });
    let ended_well = opened.action().is_some_and(|action| opened.state.has_succeeded(&action.id));
    // What helps after a failure is run by itself.
    if let Row::Action { action, .. } = &opened.selected
        && step.remedies.iter().any(|remedy| remedy.id == *action)
    {
        let action = action.clone();
        return start(model, action);
    }
    // What was printed is looked at, and what is to be done by hand is done, before anything else is run.
    if let Some(index) = opened.state.due_check(&step).filter(|_| opened.mark(&step.id) == Mark::Todo) {
        opened.select(Row::Check { step: step.id, index });
        return vec![];
    }
    match (opened.mark(&step.id), step.kind()) {
        (Mark::Running, _) => {
            model.say("it runs already");
            vec![]
        }
        (Mark::Failed | Mark::Unknown, _) => {
            failed(model, &step);
            vec![]
        }
        (Mark::Done, StepKind::Executable) if !on_action || ended_well => {
            if on_action {
                opened.step_by(1);
            } else {
                select_next(opened);
            }
            vec![]
        }
        (Mark::Done | Mark::Skipped | Mark::Accepted, StepKind::Manual) => {
            select_next(opened);
            vec![]
        }
        (Mark::Skipped | Mark::Accepted, _) if !on_action => {
            select_next(opened);
            vec![]
        }
        (_, StepKind::Manual) => super::steps::tick(model),
        (_, StepKind::Executable) if ended_well => {
            opened.step_by(1);
            vec![]
        }
        (_, StepKind::Executable) => match opened.action().map(|action| action.id.clone()) {
            Some(action) => start(model, action),
            None => vec![],
        },
    }
}

/// Wants an action run. Variables that it cannot do without are asked for first.
pub(super) fn start(model: &mut Model, action: ActionId) -> Vec<Effect> {
    let now = model.now;
    let Some(opened) = &mut model.runbooks.open else { return vec![] };
    if let Some(preparing) = &opened.preparing {
        let text = format!("still {}", preparing.what);
        model.say(text);
        return vec![];
    }
    if !opened.missing(&model.facts.place).is_empty() {
        super::form::open_before(model, Some(action));
        return vec![];
    }
    opened.problem = None;
    opened.preparing = Some(Preparing::since(now));
    vec![Effect::Run(Wish::Run(action))]
}

/// Runs the selected action again, whatever became of it.
pub(in crate::update) fn again(model: &mut Model) -> Vec<Effect> {
    let Some(opened) = &model.runbooks.open else { return vec![] };
    let Some(action) = opened.action().map(|action| action.id.clone()) else {
        model.say("the selected step has no command");
        return vec![];
    };
    if opened.state.running().is_some_and(|(running, _)| *running == action) {
        model.say("it runs already");
        return vec![];
    }
    start(model, action)
}

/// What can be done after a failure, or when nobody knows how it ended.
fn failed(model: &mut Model, step: &Step) {
    let Some(opened) = &model.runbooks.open else { return };
    let bad = step.actions.iter().find(|action| {
        opened.state.attempt(&action.id).and_then(|a| a.outcome.as_ref()).is_some_and(|o| !o.succeeded())
    });
    let Some(action) = bad.or(step.actions.first()).map(|action| action.id.clone()) else { return };
    let unknown = opened.mark(&step.id) == Mark::Unknown;
    let mut text = Vec::new();
    if let Some(attempt) = opened.state.attempt(&action) {
        text.extend(attempt.outcome.as_ref().map(crate::outcome::sentence));
    }
    if unknown {
        text.push("It may have done all, a part or nothing of its work. Look at the platform before you go on.".into());
    }
    let advice = step.if_it_fails.clone().and_then(|range| opened.document.source.get(range));
    for line in advice.unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty()) {
        text.push(clean(line));
    }
    let title = match unknown {
        true => "How it ended is unknown",
        false if opened.state.was_cancelled(step) => "The step was cancelled",
        false => "The step failed",
    };
    let mut menu = Menu::new(format!("{title}: {}", clean(&step.title)), text)
        .with("retry", "Run the same action again; it is confirmed again.", Choice::Retry(action))
        .with("skip", "Leave the step out, with a reason, and go to the next.", Choice::Skip(step.id.clone()));
    for remedy in &step.remedies {
        let name = remedy.name.as_deref().map(clean);
        let command = clean(remedy.code.trim().lines().next().unwrap_or_default());
        let detail = format!("Run {}, {}.", name.unwrap_or(command), remedy.assessment.risk);
        menu = menu.with("try a remedy", detail, Choice::Retry(remedy.id.clone()));
    }
    if opened.state.can_undo(step) {
        let detail = match step.undo.is_empty() {
            true => "Restore what was saved before the step.",
            false => "Run the step's own rollback, action by action.",
        };
        menu = menu.with("roll back the step", detail, Choice::RollBackStep(step.id.clone()));
    }
    if opened.has_rollback() {
        menu = menu.with("roll back everything", "Go through the runbook's rollback.", Choice::RollBackRun);
    }
    menu = menu
        .with("go on", "Count the step as done although it failed, with a reason.", Choice::GoOn(step.id.clone()))
        .with("not now", "Close this; nothing changes.", Choice::Stay);
    model.overlays.push(Overlay::Menu(Box::new(menu)));
}

/// Offers the alternatives of a group.
pub(super) fn choose_option(model: &mut Model, group: &str) {
    let Some(opened) = &model.runbooks.open else { return };
    let chosen = opened.state.chosen(group).map(str::to_owned);
    let mut text = vec!["One of these is done; the others are left out. The choice is kept with the run.".to_owned()];
    if let Some(chosen) = &chosen {
        text.push(format!("{} is chosen now.", clean(chosen)));
    }
    let mut menu = Menu::new("Which way?", text);
    for option in opened.alternatives(group) {
        let steps = opened
            .document
            .steps()
            .filter(|step| step.option.as_ref().is_some_and(|o| o.group == group && o.key == option.key));
        let (count, risk) = steps.fold((0, None), |(count, risk), step| (count + 1, step.risk().max(risk)));
        let steps = if count == 1 { "1 step".to_owned() } else { format!("{count} steps") };
        let detail = risk.map_or(steps.clone(), |risk| format!("{steps}, {risk}"));
        let choice = Choice::Take { group: group.to_owned(), key: option.key.clone() };
        menu = menu.with(format!("{}: {}", clean(&option.key), clean(&option.title)), detail, choice);
    }
    menu = menu.with("not now", "Close this; nothing is chosen.", Choice::Stay);
    model.overlays.push(Overlay::Menu(Box::new(menu)));
}

/// Asks whether the running action is to end. What is only being prepared ends without a question.
pub(in crate::update) fn cancel(model: &mut Model) -> Vec<Effect> {
    let running = model.runbooks.open.as_ref().and_then(|opened| {
        let action = opened.running().map(|(action, _)| action).or(opened.polls.keys().next())?;
        let title = opened.document.action(action).map(|(step, _)| clean(&step.title));
        Some((action.clone(), title.unwrap_or_else(|| "the command".to_owned())))
    });
    let Some((action, title)) = running else {
        if model.runbooks.open.as_ref().is_some_and(|opened| opened.preparing.is_some()) {
            return vec![Effect::Run(Wish::Cancel)];
        }
        model.say("nothing of this run is running");
        return vec![];
    };
    let text = vec![
        format!("“{title}” and every process that it started get TERM now, and KILL if they do not end by themselves."),
        "What it has done until then stays done.".to_owned(),
    ];
    let menu = Menu::new("End the running action?", text).with("let it run", "Change nothing.", Choice::Stay).with(
        "end it",
        "Send TERM to the whole process group.",
        Choice::CancelAction(action),
    );
    model.overlays.push(Overlay::Menu(Box::new(menu)));
    vec![]
}

/// Goes to what comes next in the document.
pub(super) fn select_next(opened: &mut Opened) {
    let next = opened.next_step().map(|step| (step.id.clone(), step.option.clone()));
    let Some((step, option)) = next else { return };
    let row = match option.filter(|o| opened.state.chosen(&o.group).is_none()) {
        Some(option) => Row::Alternative { group: option.group, key: option.key },
        None => Row::Step(step),
    };
    opened.select(row);
}

/// Goes to what runs, else to what went wrong, else to what comes next.
pub(super) fn select_current(opened: &mut Opened) {
    let is =
        |mark: Mark| opened.document.steps().find(|step| opened.mark(&step.id) == mark).map(|step| step.id.clone());
    match is(Mark::Running).or_else(|| is(Mark::Unknown)).or_else(|| is(Mark::Failed)) {
        Some(step) => select_step(opened, &step),
        None => select_next(opened),
    }
}

/// Goes to a step.
pub(super) fn select_step(opened: &mut Opened, step: &StepId) {
    opened.select(Row::Step(step.clone()));
}
