//! The Runbook pane: opening runbooks, and what the driver of a run says.

pub(super) mod ask;
pub(super) mod form;
pub(super) mod menu;
pub(super) mod output;
pub(super) mod run;
pub(super) mod steps;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;

use super::{focus, overlays};
use crate::{
    effect::Effect,
    model::{Ask, Choice, Lower, Menu, Model, Opened, Overlay, Pane, Picker, Preparing, Prompt, Purpose, Row, Source},
    text::clean,
};
use warroom_domain::health::{age, firing};
use warroom_exec::gate::Refusal;
use warroom_room::{
    check::Report,
    run::{Command as Wish, News},
};
use warroom_runbook::{
    Step, Variable,
    run::{EventKind, Mark, Mode, RunEvent},
};

/// Takes in what came of wishes.
pub(super) fn news(model: &mut Model, news: News) -> Vec<Effect> {
    match news {
        News::Listed(library) => {
            model.runbooks.library = library;
            model.runbooks.listed = true;
            fill_picker(model);
        }
        News::Opened { document, mode, run, events } => {
            let mut opened = Opened::new(document, mode);
            if let Some((run, folder)) = run {
                (opened.run, opened.folder) = (Some(run), Some(folder));
            }
            for event in &events {
                opened.apply(event);
            }
            let secret = |(name, variable): (&String, &Variable)| variable.secret.then(|| name.clone());
            opened.lost = opened.document.front.vars.iter().filter_map(secret).collect();
            if !events.is_empty() {
                run::select_current(&mut opened);
                // What went on without the console is what one wants to see.
                if opened.running().is_some() {
                    opened.lower = Lower::Output;
                    opened.show_output();
                }
            }
            model.runbooks.open = Some(Box::new(opened));
            model.overlays.clear();
            focus(model, Pane::Runbook);
        }
        News::Began { run, folder } => {
            if let Some(opened) = &mut model.runbooks.open {
                (opened.run, opened.folder) = (Some(run), Some(folder));
            }
        }
        News::Event(event) => took_event(model, &event),
        News::Shown(preview) => model.say(clean(&format!("dry run: a live one {}", preview.gate))),
        News::Asked(asked) => {
            if let Some(opened) = &mut model.runbooks.open {
                opened.preparing = None;
            }
            model.overlays.push(Overlay::Ask(Box::new(Ask::new(*asked))));
        }
        News::Choices { name, result } => form::listed(model, &name, result),
        News::Answered(action) => {
            model.overlays.retain(|overlay| !matches!(overlay, Overlay::Ask(ask) if ask.question.action == action));
        }
        News::Held { run, by } => super::incident::held(model, run, &by),
        News::Unkept(why) => match &mut model.runbooks.open {
            Some(opened) => opened.problem = Some(clean(&why)),
            None => model.say(why),
        },
        News::Refused(Refusal { why, .. }) => {
            let why = clean(&why);
            match &mut model.runbooks.open {
                Some(opened) => {
                    opened.preparing = None;
                    opened.problem = Some(why);
                }
                None => model.say(why),
            }
        }
        News::Waits { what, .. } => {
            if let Some(opened) = &mut model.runbooks.open {
                let since = opened.preparing.as_ref().map_or(model.now, |preparing| preparing.since);
                opened.preparing = Some(Preparing { since, what: clean(&what) });
            }
        }
        // The loop hands the terminal over to what needs it.
        News::Started { .. } => {
            if let Some(opened) = &mut model.runbooks.open {
                opened.preparing = None;
            }
        }
        News::Settled => {}
        News::TriesAgain { action, left } => {
            if let Some(opened) = &mut model.runbooks.open {
                opened.polls.insert(action, left);
            }
        }
        News::GaveUp { action } => {
            if let Some(opened) = &mut model.runbooks.open {
                opened.polls.remove(&action);
                opened.preparing = None;
            }
        }
        News::Checked(report) => checked(model, &report),
        News::Notice(sentence) => model.say(clean(&sentence)),
        News::Closed => {
            model.runbooks.open = None;
            // Somebody else has taken it over: what was asked about it is not asked here any more.
            model.overlays.retain(|overlay| !matches!(overlay, Overlay::Ask(_)));
        }
        News::Mode(mode) => {
            if let Some(opened) = &mut model.runbooks.open {
                opened.mode = mode;
            }
        }
    }
    vec![]
}

/// Looks at what the open runbook needs.
pub(super) fn check(model: &mut Model) -> Vec<Effect> {
    let Some(opened) = &model.runbooks.open else { return vec![] };
    let title = needs_of(&opened.document.title);
    overlays::await_report(model, title);
    vec![Effect::Run(Wish::Check)]
}

fn needs_of(title: &str) -> String {
    format!("Needs of {}", clean(title))
}

/// Shows what the open runbook needs.
fn checked(model: &mut Model, report: &Report) {
    let mut text = vec![report.summary()];
    text.extend(report.needs.iter().map(|need| {
        let (verdict, kind) = (need.verdict.word(), need.kind.word());
        clean(&format!("{verdict:<8} {kind}: {} – {}", need.name, need.message))
    }));
    overlays::report(model, &needs_of(&report.title), text);
}

/// An event of the open run.
fn took_event(model: &mut Model, event: &RunEvent) {
    let Some(opened) = &mut model.runbooks.open else { return };
    let document = opened.document.clone();
    opened.apply(event);
    match &event.kind {
        EventKind::ActionIntended { action, job, .. } => {
            opened.preparing = None;
            opened.problem = None;
            // What was asked to run is what the person wants to see. A dry run has no output.
            match document.action(action) {
                None => {
                    opened.select(Row::Command(action.clone()));
                    opened.lower = Lower::Output;
                    focus(model, Pane::Runbook);
                    return;
                }
                Some((step, _)) if Some(&step.id) == opened.selected.step() && !job.is_empty() => {
                    opened.lower = Lower::Output;
                }
                Some(_) => {}
            }
        }
        EventKind::ActionEnded { action, .. } => {
            opened.preparing = None;
            opened.output.refresh();
            let found = document.action(action);
            let here = found.is_some_and(|(step, _)| Some(&step.id) == opened.selected.step());
            let bad = found.is_some_and(|(step, _)| {
                matches!(opened.mark(&step.id), Mark::Failed | Mark::Unknown) && !opened.is_polling(step)
            });
            // After a failure the list of what to do then is shown.
            if here && bad {
                opened.lower = Lower::Step;
                opened.scroll = 0;
            }
        }
        EventKind::OptionChosen { group, key } => {
            let chosen = |step: &&Step| step.option.as_ref().is_some_and(|o| o.group == *group && o.key == *key);
            if let Some(first) = document.steps().find(chosen) {
                run::select_step(opened, &first.id);
            }
        }
        EventKind::RollbackStarted { step: None } => run::select_next(opened),
        EventKind::RunEnded { outcome, .. } => {
            let text = format!("the run is over: {}", outcome.word());
            model.say(text);
            return;
        }
        _ => {}
    }
    opened.show_output();
}

/// Opens the list of runbooks, and asks for a newer one.
pub(super) fn pick(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    let picker = Picker::open(&model.runbooks.library, &calls(model), |at| since(at, now));
    model.overlays.push(Overlay::Picker(Box::new(picker)));
    vec![Effect::Run(Wish::List)]
}

fn fill_picker(model: &mut Model) {
    let (calls, now) = (calls(model), model.now);
    if let Some(Overlay::Picker(picker)) = model.overlays.last_mut() {
        picker.fill(&model.runbooks.library, &calls, |at| since(at, now));
    }
}

/// The alerts that fire now, the worst first, with the runbook that each names.
fn calls(model: &Model) -> Vec<(String, Option<String>)> {
    let mut alerts: Vec<_> = firing(model.board.alerts()).map(|(alert, _)| &alert.rule).collect();
    alerts.sort_by(|a, b| model.facts.rank(&a.severity).cmp(&model.facts.rank(&b.severity)));
    alerts.into_iter().map(|rule| (rule.id.clone(), rule.runbook.clone())).collect()
}

/// `4m ago`.
pub(super) fn since(at: Timestamp, now: Timestamp) -> String {
    match age(Duration::try_from(now.duration_since(at)).unwrap_or_default()) {
        age if age == "now" => "just now".to_owned(),
        age => format!("{age} ago"),
    }
}

/// Opens what was chosen in the picker.
pub(super) fn open(model: &mut Model, source: Source) -> Vec<Effect> {
    match source {
        Source::Runbook(id) => open_named(model, &id),
        Source::Run(run) => vec![Effect::Run(Wish::Reopen(run))],
    }
}

/// Opens a runbook by its id.
pub(super) fn open_named(model: &mut Model, id: &str) -> Vec<Effect> {
    let already = model.runbooks.open.as_ref().is_some_and(|o| o.document.id == id && o.state.ended.is_none());
    if already {
        focus(model, Pane::Runbook);
        return vec![];
    }
    vec![Effect::Run(Wish::Open { id: id.to_owned(), dry_run: false })]
}

/// Lets go of the open runbook; asks first when something of it runs.
pub(super) fn close(model: &mut Model) -> Vec<Effect> {
    let Some(opened) = &model.runbooks.open else { return vec![] };
    if opened.running().is_some() {
        let text = vec!["An action of this run is running. It goes on, and the run can be opened again.".to_owned()];
        let menu = Menu::new("Close the runbook?", text).with("stay", "Keep it open.", Choice::Stay).with(
            "close",
            "Close it; what runs goes on.",
            Choice::CloseRunbook,
        );
        model.overlays.push(Overlay::Menu(Box::new(menu)));
        return vec![];
    }
    let_go(model)
}

pub(super) fn let_go(model: &mut Model) -> Vec<Effect> {
    model.runbooks.open = None;
    vec![Effect::Run(Wish::Close)]
}

/// Leaves the console; asks first when a step runs.
pub(super) fn quit(model: &mut Model) -> Vec<Effect> {
    let running = model.runbooks.open.as_ref().and_then(|opened| {
        let (action, _) = opened.running()?;
        let title = opened.document.action(action).map(|(step, _)| clean(&step.title));
        Some(title.unwrap_or_else(|| action.to_string()))
    });
    let Some(step) = running else { return vec![Effect::Quit] };
    let text = vec![
        format!("“{step}” is running. It goes on without the console: its output and its result are kept."),
        "Open the run again from the list of runbooks to see how it ended.".to_owned(),
    ];
    let menu = Menu::new("A step is running. Quit?", text).with("stay", "Keep the console open.", Choice::Stay).with(
        "quit",
        "Leave; the step goes on.",
        Choice::Quit,
    );
    model.overlays.push(Overlay::Menu(Box::new(menu)));
    vec![]
}

/// Asks for a command that is in no runbook.
pub(super) fn ad_hoc(model: &mut Model) {
    let mut text = vec![
        "It runs in bash under the same rules as a step: its risk is worked out, it is shown where it acts, and it is \
         confirmed before it starts."
            .to_owned(),
    ];
    text.push(match &model.runbooks.open {
        Some(opened) => format!("It shares folder and variables with the run of {}.", clean(&opened.document.title)),
        None => "It gets a run of its own.".to_owned(),
    });
    model.overlays.push(Overlay::Prompt(Box::new(Prompt::new(Purpose::Command, "Run a command", text))));
}

/// Copies the selected action's command.
pub(super) fn copy(model: &mut Model) -> Vec<Effect> {
    let code = model.runbooks.open.as_ref().and_then(|opened| match &opened.selected {
        Row::Command(id) => opened.commands.iter().find(|(known, _)| known == id).map(|(_, code)| code.clone()),
        _ => Some(opened.action()?.code.trim_end().to_owned()),
    });
    match code {
        Some(code) => {
            model.say("the command is on the clipboard, if this terminal allows that");
            vec![Effect::Copy(code)]
        }
        None => {
            model.say("the selected step has no command");
            vec![]
        }
    }
}

/// Switches the dry run on or off.
pub(super) fn dry_run(model: &mut Model) -> Vec<Effect> {
    let Some(opened) = &model.runbooks.open else { return vec![] };
    vec![Effect::Run(Wish::DryRun(opened.mode != Mode::DryRun))]
}
