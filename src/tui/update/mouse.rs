//! Clicks and the wheel: what the last frame drew at that place decides.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use jiff::{SignedDuration, Timestamp};

use super::{act, details, focus, incident, movement, overlays};
use crate::{
    action::Action,
    effect::Effect,
    model::{Model, Overlay, Pane, Target},
};

/// Two clicks within this time on the same thing open it.
const DOUBLE_CLICK: SignedDuration = SignedDuration::from_millis(500);
/// Rows that a step of the wheel moves.
const WHEEL: isize = 3;

pub(super) fn event(model: &mut Model, event: MouseEvent) -> Vec<Effect> {
    let target = model.drawn.at(event.column, event.row).cloned();
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => target.map(|target| clicked(model, target)).unwrap_or_default(),
        MouseEventKind::ScrollDown => wheel(model, target, WHEEL),
        MouseEventKind::ScrollUp => wheel(model, target, -WHEEL),
        _ => vec![],
    }
}

fn clicked(model: &mut Model, target: Target) -> Vec<Effect> {
    let now = model.now;
    let double = model
        .last_click
        .take()
        .is_some_and(|(before, at): (Target, Timestamp)| before == target && now.duration_since(at) <= DOUBLE_CLICK);
    if !double {
        model.last_click = Some((target.clone(), now));
    }
    match target {
        Target::Pane(pane) => return pane_clicked(model, pane),
        Target::Panel(index) => {
            // Beside docked details, a click on another panel shows that one.
            let docked = model.details().is_some();
            let _ = pane_clicked(model, Pane::Health);
            model.panes.health.selected = index;
            if let Some(panel) = model.selected_panel().filter(|_| double || docked) {
                return details::open(model, &panel, None);
            }
        }
        Target::Event(index) => {
            let _ = pane_clicked(model, Pane::Activity);
            match &mut model.incidents.open {
                Some(open) => open.timeline.cursor.selected = index,
                None => model.panes.activity.selected = index,
            }
            if double {
                return act(model, Action::Open);
            }
        }
        Target::Tab(tab) => return details::show_tab(model, tab),
        Target::Probe(id) => return details::show_probe(model, &id),
        Target::Column(title) => details::sort_by(model, &title),
        Target::Pod(index) => {
            if let Some(Overlay::Details(details)) = model.overlays.last_mut() {
                details.pods.cursor.selected = index;
            }
            if double {
                return overlays::open_log(model);
            }
        }
        Target::Item(index) => {
            if let Some(Overlay::Palette(palette)) = model.overlays.last_mut() {
                palette.cursor.selected = index;
                return act(model, Action::Accept);
            }
            if let Some(Overlay::Picker(picker)) = model.overlays.last_mut() {
                picker.cursor.selected = index;
                return act(model, Action::Accept);
            }
            // What a menu does may matter: a click selects, a second one takes it.
            if let Some(Overlay::Menu(menu)) = model.overlays.last_mut() {
                menu.cursor.selected = index;
                if double {
                    return act(model, Action::Choose);
                }
            }
        }
        Target::Row(index) => {
            let _ = pane_clicked(model, Pane::Runbook);
            if let Some(opened) = &mut model.runbooks.open
                && let Some(row) = opened.rows().get(index).cloned()
            {
                opened.select(row);
            }
        }
        Target::Lower => {
            let _ = pane_clicked(model, Pane::Runbook);
        }
        Target::Act(action) => return act(model, action),
        Target::Details | Target::Overlay => {}
    }
    vec![]
}

/// A click on a pane beside or below what lies open closes that and goes to the pane.
fn pane_clicked(model: &mut Model, pane: Pane) -> Vec<Effect> {
    // A question is answered, not lost by a click beside it.
    let waits = |overlay: &Overlay| {
        matches!(overlay, Overlay::Ask(_) | Overlay::Menu(_) | Overlay::Form(_) | Overlay::Prompt(_))
    };
    if model.overlays.iter().any(waits) {
        return vec![];
    }
    model.overlays.clear();
    focus(model, pane);
    vec![]
}

fn wheel(model: &mut Model, target: Option<Target>, by: isize) -> Vec<Effect> {
    match target {
        Some(Target::Pane(Pane::Health) | Target::Panel(_)) => {
            let len = model.board.panels(model.now).len();
            model.panes.health.step(by.signum(), len);
        }
        Some(Target::Pane(Pane::Activity) | Target::Event(_)) => match model.incidents.open {
            Some(_) => incident::timeline::step(model, by),
            None => model.panes.activity.step(by, model.activity.len()),
        },
        Some(Target::Row(_)) => {
            if let Some(opened) = &mut model.runbooks.open {
                opened.step_by(by.signum());
            }
        }
        Some(Target::Lower) => super::runbook::output::scroll(model, by),
        Some(Target::Pane(Pane::Runbook) | Target::Act(_)) | None => {}
        Some(_) => movement::step(model, by),
    }
    vec![]
}
