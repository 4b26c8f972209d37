//! Moving a cursor or scrolling, in whatever has the keyboard.

use super::{incident, runbook};
use crate::{
    action::{Action, Context},
    model::{Model, Overlay, Pane, Tab},
};

/// Moves by a movement action.
pub(super) fn go(model: &mut Model, action: Action) {
    let page = model.drawn.page.max(2) as isize - 1;
    let by = match action {
        Action::Down => 1,
        Action::Up => -1,
        Action::PageDown => page,
        Action::PageUp => -page,
        Action::First => isize::MIN,
        Action::Last => isize::MAX,
        _ => return,
    };
    // In the Runbook pane pages turn what stands below the checklist.
    if model.context() == Context::Runbook && matches!(action, Action::PageDown | Action::PageUp) {
        runbook::output::scroll(model, by);
        return;
    }
    step(model, by);
}

/// Moves by rows; scrolls where there is no cursor.
pub(super) fn step(model: &mut Model, by: isize) {
    let max = model.drawn.max_scroll;
    let scrolled = |scroll: usize| scroll.min(max).saturating_add_signed(by).min(max);
    match model.overlays.last_mut() {
        Some(Overlay::Details(details)) if details.tab == Tab::Pods => {
            details.pods.cursor.step(by, details.pods.order.len());
        }
        Some(Overlay::Details(details)) => details.scroll = scrolled(details.scroll),
        Some(Overlay::Log(log)) => {
            let from = if log.follow { max } else { log.scroll };
            log.scroll = scrolled(from);
            // Moving up lets go of the end; arriving there takes hold of it again.
            log.follow = log.scroll >= max && (log.follow || by > 0);
        }
        Some(Overlay::Help(help)) => help.scroll = scrolled(help.scroll),
        Some(Overlay::Palette(palette)) => palette.cursor.step(by, palette.items.len()),
        Some(Overlay::Picker(picker)) => picker.cursor.step(by, picker.items.len()),
        Some(Overlay::Menu(menu)) => menu.cursor.step(by, menu.items.len()),
        Some(Overlay::Ask(ask)) => ask.scroll = scrolled(ask.scroll),
        Some(Overlay::Entry(view)) if view.shows_output => incident::timeline::scroll(view, by),
        Some(Overlay::Entry(view)) => view.scroll = scrolled(view.scroll),
        Some(Overlay::Sheet(sheet)) => sheet.step(by),
        Some(Overlay::Prompt(_) | Overlay::Form(_)) => {}
        None => match model.panes.focus {
            Pane::Health => {
                let len = model.board.panels(model.now).len();
                model.panes.health.step(by, len);
            }
            Pane::Activity if model.incidents.open.is_some() => incident::timeline::step(model, by),
            Pane::Activity => model.panes.activity.step(by, model.activity.len()),
            Pane::Runbook => {
                if let Some(opened) = &mut model.runbooks.open {
                    opened.step_by(by);
                }
            }
        },
    }
}
