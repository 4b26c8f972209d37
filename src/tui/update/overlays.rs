//! What lies over the panes: help, palette, logs; opening, accepting and closing them.

use super::{act, arrange, details, fetching, filter, focus, incident, runbook, switch_theme};
use crate::{
    action::Context,
    effect::Effect,
    model::{Choice, Command, Log, Menu, Model, Overlay, Pane, Purpose},
};
use warroom_room::run::Command as Wish;

pub(super) fn help(model: &mut Model) {
    model.overlays.push(Overlay::Help(Box::default()));
}

/// Closes what is on top; a kept filter goes first.
pub(super) fn close(model: &mut Model) {
    if incident::timeline::back_to_entry(model) {
        return;
    }
    if let Some(filter) = filter(model).filter(|filter| !filter.is_empty()) {
        filter.clear();
        arrange(model);
        return;
    }
    model.overlays.pop();
}

/// Ends typing: runs the chosen command of the palette, or keeps the filter.
pub(super) fn accept(model: &mut Model) -> Vec<Effect> {
    match model.overlays.last() {
        // Letters that find nothing choose nothing, and stay to be corrected.
        Some(Overlay::Palette(palette)) => {
            let Some(command) = palette.chosen().cloned() else { return vec![] };
            model.overlays.pop();
            run(model, command)
        }
        Some(Overlay::Picker(picker)) => {
            let Some(source) = picker.chosen().cloned() else { return vec![] };
            model.overlays.pop();
            runbook::open(model, source)
        }
        Some(Overlay::Prompt(_)) => prompted(model),
        Some(Overlay::Ask(_)) => runbook::ask::typed(model),
        Some(Overlay::Form(_)) => runbook::form::accept(model),
        Some(Overlay::Sheet(_)) => incident::submit(model, false),
        _ => {
            let searching = model.overlays.is_empty();
            if let Some(filter) = filter(model) {
                filter.editing = false;
            }
            if searching && model.context() == Context::Runbook {
                runbook::output::find(model, false);
            } else if model.context() == Context::TimelineEntry {
                incident::timeline::search_on(model, false);
            }
            vec![]
        }
    }
}

/// Takes the line that was asked for.
fn prompted(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Prompt(prompt)) = model.overlays.last_mut() else { return vec![] };
    let Some(line) = prompt.line() else { return vec![] };
    let wish = match prompt.purpose.clone() {
        Purpose::Skip(step) => Wish::Skip { step, reason: line },
        Purpose::GoOn(step) => Wish::AcceptFailure { step, reason: line },
        Purpose::Command => Wish::Command(line),
    };
    model.overlays.pop();
    vec![Effect::Run(wish)]
}

/// Ends typing and drops what was typed.
pub(super) fn cancel(model: &mut Model) -> Vec<Effect> {
    match model.overlays.last() {
        Some(Overlay::Ask(_)) => return runbook::ask::refuse(model),
        Some(Overlay::Palette(_) | Overlay::Picker(_) | Overlay::Prompt(_) | Overlay::Form(_) | Overlay::Sheet(_)) => {
            model.overlays.pop();
            return vec![];
        }
        _ => {}
    }
    if let Some(filter) = filter(model) {
        filter.editing = false;
        filter.clear();
    }
    arrange(model);
    vec![]
}

fn run(model: &mut Model, command: Command) -> Vec<Effect> {
    match command {
        Command::Act(action) => {
            let here = crate::action::entry(action).is_some_and(|e| e.contexts.contains(&model.context()));
            if !here {
                model.overlays.clear();
            }
            act(model, action)
        }
        Command::Theme(name) => {
            switch_theme(model, &name);
            vec![]
        }
        Command::Panel(panel) => {
            focus(model, Pane::Health);
            details::open(model, &panel, None)
        }
    }
}

pub(super) fn open_log(model: &mut Model) -> Vec<Effect> {
    let log = model.details().and_then(|details| {
        let (namespace, pod) = details.pods.selected()?;
        Some(Log::new(&details.probe, namespace, pod))
    });
    if let Some(log) = log {
        model.overlays.push(Overlay::Log(Box::new(log)));
    }
    fetching::due(model)
}

/// Switches between the running container and the one before its last restart.
pub(super) fn previous_container(model: &mut Model) -> Vec<Effect> {
    if let Some(Overlay::Log(log)) = model.overlays.last_mut() {
        log.previous = !log.previous;
        log.replace(vec![]);
        log.scroll = 0;
        log.fetch.forget();
    }
    fetching::due(model)
}

pub(super) fn follow(model: &mut Model) {
    let max = model.drawn.max_scroll;
    if let Some(Overlay::Log(log)) = model.overlays.last_mut() {
        log.follow = !log.follow;
        log.scroll = max;
    }
}

/// Opens a dialog for what takes a while to find out.
pub(super) fn await_report(model: &mut Model, title: String) {
    let menu = Menu::new(title, vec!["Checking…".to_owned()]).with("close", "Nothing is changed.", Choice::Stay);
    model.overlays.push(Overlay::Menu(Box::new(menu)));
}

/// Shows what was found out. Where the dialog was closed meanwhile nothing opens under the person's fingers: only the first line is said.
pub(super) fn report(model: &mut Model, title: &str, lines: Vec<String>) {
    let awaited = model.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Menu(menu) if menu.title == title => Some(menu),
        _ => None,
    });
    match awaited {
        Some(menu) => menu.text = lines,
        None => lines.first().into_iter().for_each(|first| model.say(first.clone())),
    }
}
