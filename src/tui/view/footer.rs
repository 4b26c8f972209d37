//! The last line: what can be done now, what is being typed, or a word to the user.

use ratatui::{
    Frame,
    layout::Rect,
    style::Modifier,
    text::{Line, Span},
};

use super::pieces::{cut_spans, put, span};
use crate::{
    action::{Action, Context, REGISTRY},
    model::{Drawn, Input, Lower, Model, Overlay, SheetKind, Target},
    text,
    theme::{Role, Theme},
    update::has_step,
};
use warroom_domain::text::{is_hidden, push_shown};
use warroom_exec::gate::Wants;
use warroom_runbook::{Step, StepKind};

pub(super) fn draw(model: &Model, frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let context = model.context();
    let mut column = area.x + 1;
    if context == Context::Filter
        && let Some(filter) = if model.overlays.is_empty() {
            model.pane_filter()
        } else {
            model.overlays.last().and_then(Overlay::filter)
        }
    {
        let mut spans = vec![span(" / ", theme.role(Role::Key))];
        spans.extend(typed(theme, filter));
        let width: usize = spans.iter().map(|part| text::width(&part.content)).sum();
        put(frame, area, 0, &Line::from(cut_spans(spans, area.width.into())));
        column = area.x + (width as u16).saturating_add(3).min(area.width);
    } else if let Some((notice, _)) = &model.notice {
        put(
            frame,
            area,
            0,
            &Line::styled(format!(" {}", text::cut(notice, usize::from(area.width).saturating_sub(2))), theme.accent()),
        );
        return;
    }
    let hints = hints(model, context);
    let last = hints.len().saturating_sub(1);
    for (index, (action, key, label)) in hints.into_iter().enumerate() {
        let width = (text::width(&key) + 1 + text::width(label)) as u16;
        // The way to the help is always shown: the others leave it room.
        let reserve = if index == last { 0 } else { 8 };
        if column + width + reserve > area.right() {
            continue;
        }
        let place = Rect { x: column, width, ..area };
        put(
            frame,
            place,
            0,
            &Line::from(vec![span(key, theme.role(Role::Key)), span(format!(" {label}"), theme.dim())]),
        );
        drawn.target(place, Target::Act(action));
        column += width + 2;
    }
}

/// Actions with their first key and their word, in the registry's order.
fn hints(model: &Model, context: Context) -> Vec<(Action, String, &'static str)> {
    REGISTRY
        .iter()
        .filter(|entry| !entry.hint.is_empty() && entry.contexts.contains(&context))
        .filter(|entry| is_useful(model, entry.action))
        .filter_map(|entry| {
            let key = model.keymap.chords(entry.action, context).next()?;
            Some((entry.action, key.to_string(), entry.hint))
        })
        .collect()
}

/// False for what would do nothing now.
fn is_useful(model: &Model, action: Action) -> bool {
    let opened = model.runbooks.open.as_ref();
    match (action, model.overlays.last()) {
        (Action::DismissAlerts, _) => !model.banner().is_empty(),
        (Action::NextProbe, _) => several_probes(model),
        (Action::RunAsked, Some(Overlay::Ask(ask))) => *ask.wants() == Wants::Enter,
        (Action::Agree, Some(Overlay::Ask(ask))) => *ask.wants() == Wants::YesOrNo,
        (Action::NextChoice | Action::Accept, Some(Overlay::Sheet(_))) => false,
        (Action::NextValue, Some(Overlay::Sheet(sheet))) => {
            sheet.row().is_some_and(|row| matches!(row.kind, SheetKind::Choice { .. }))
        }
        (Action::TickRow, Some(Overlay::Sheet(sheet))) => {
            sheet.row().is_some_and(|row| matches!(row.kind, SheetKind::Tick(_)))
        }
        (Action::NextChoice, Some(Overlay::Form(form))) => form.field().is_some_and(|f| !f.choices.is_empty()),
        (Action::ListChoices, Some(Overlay::Form(form))) => form.field().is_some_and(|f| f.variable.from.is_some()),
        (Action::Declare, None) => model.incidents.open.is_none(),
        (Action::AddNote, None) => model.incidents.open.is_some(),
        (Action::AnswerSecond, None) => model.incidents.open.as_ref().is_some_and(|open| !open.questions().is_empty()),
        (Action::Undo, None) => opened.is_some_and(|o| o.step().is_some_and(|step| o.state.can_undo(step))),
        (Action::Tick, None) => opened.and_then(|o| o.step()).is_some_and(can_be_ticked),
        (Action::Skip, None) => opened.is_some_and(|o| o.step().is_some()),
        (Action::ShowOutput | Action::Follow, None) => opened.is_some_and(|o| o.attempt().is_some()),
        (Action::CancelStep, None) => opened.is_some_and(|o| o.running().is_some() || o.preparing.is_some()),
        (Action::Filter, None) => {
            model.context() == Context::Timeline || opened.is_some_and(|o| o.lower == Lower::Output)
        }
        (Action::ClearFilters, _) => model.incidents.open.as_ref().is_some_and(|o| !o.timeline.filter.is_empty()),
        (Action::LookNow, None) => model.context() != Context::Timeline,
        (Action::Filter | Action::NextMatch, Some(Overlay::Entry(view))) => view.shows_output,
        (Action::ShowOutput, Some(Overlay::Entry(view))) => super::incident::entry::has_output(model, &view.of),
        (Action::GoToStep, Some(Overlay::Entry(view))) => has_step(model, &view.of),
        _ => true,
    }
}

fn can_be_ticked(step: &Step) -> bool {
    step.kind() == StepKind::Manual || !step.checks.is_empty()
}

fn several_probes(model: &Model) -> bool {
    model.details().is_some_and(|d| model.board.probes().filter(|p| p.spec.panel == d.panel).count() > 1)
}

/// A text being typed, with its cursor.
pub(super) fn typed(theme: &Theme, input: &Input) -> Vec<Span<'static>> {
    let style = theme.role(Role::Input);
    let text: Vec<String> = input.text().chars().map(shown).collect();
    let at = input.cursor().min(text.len());
    let under = text.get(at).map_or(" ", String::as_str);
    let rest: String = text.iter().skip(at + 1).map(String::as_str).collect();
    vec![span(text[..at].concat(), style), span(under, style.add_modifier(Modifier::REVERSED)), span(rest, style)]
}

/// A character as it is seen while it is typed.
fn shown(c: char) -> String {
    let mut shown = String::new();
    match c {
        '\n' => shown.push('↵'),
        c if is_hidden(c) => push_shown(&mut shown, c),
        c => shown.push(c),
    }
    shown
}
