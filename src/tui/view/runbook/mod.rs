//! The Runbook pane: the checklist, and below it the selected step or its output.

pub(super) mod ask;
mod checklist;
pub(super) mod form;
pub(super) mod menu;
mod output;
pub(super) mod picker;
pub(super) mod prompt;
mod prose;
mod step;
#[cfg(test)]
pub(super) mod tests;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::Line,
};

use super::pieces::{frame_of, put, span, title, waiting};
use super::popup::paragraph;
use crate::{
    action::{Action, Context},
    model::{Drawn, Lower, Model, Opened, Pane, Target},
    text::{self, clean},
    theme::{Role, Theme},
};
use warroom_domain::health::{Status, firing};
use warroom_runbook::{Risk, run::Mode};

/// Least columns at which the step stands beside the checklist instead of below it.
const BESIDE: u16 = 130;
/// Rows that the part below the checklist has at least, where there are enough.
const LOWER: u16 = 8;

/// The style of a risk; its word is always shown, too.
fn risk_style(theme: &Theme, risk: Risk) -> Style {
    match risk {
        Risk::Read => theme.dim(),
        Risk::Change => theme.status(Status::Warn),
        Risk::Destructive => theme.status(Status::Down),
    }
}

pub(super) fn draw(model: &Model, frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let focused = model.panes.focus == Pane::Runbook && model.overlays.is_empty();
    let Some(opened) = &model.runbooks.open else {
        let block = frame_of(theme, title(theme, "Runbook", focused), String::new(), focused);
        let inner = block.inner(area);
        frame.render_widget(block, area);
        for (row, line) in nothing_open(model, focused, inner.width.into()).iter().enumerate() {
            put(frame, inner, row as u16, line);
        }
        return;
    };
    let (settled, all) = opened.counts();
    let room = usize::from(area.width).saturating_sub(24).max(8);
    let name = format!("Runbook ▸ {}", text::cut(&clean(&opened.document.title), room));
    let block = frame_of(theme, title(theme, &name, focused), format!("{settled}/{all}"), focused);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let [notes, body] =
        Layout::vertical([Constraint::Length(notes_height(model, opened, inner)), Constraint::Fill(1)]).areas(inner);
    draw_notes(model, opened, frame, notes);
    let rows = opened.rows();
    let wanted = u16::try_from(rows.len()).unwrap_or(u16::MAX);
    let (list, rule, lower) = if body.width >= BESIDE {
        let [list, rule, lower] =
            Layout::horizontal([Constraint::Fill(2), Constraint::Length(1), Constraint::Fill(3)]).areas(body);
        (list, rule, lower)
    } else {
        let most = (body.height / 2).max(body.height.saturating_sub(LOWER).min(body.height / 3 + 1));
        let heights = [Constraint::Length(wanted.min(most)), Constraint::Length(1), Constraint::Fill(1)];
        let [list, rule, lower] = Layout::vertical(heights).areas(body);
        (list, rule, lower)
    };
    checklist::draw(model, opened, &rows, frame, list, drawn);
    draw_rule(model, opened, frame, rule);
    drawn.target(lower, Target::Lower);
    if focused {
        drawn.page = lower.height.into();
    }
    match opened.lower {
        Lower::Step => step::draw(model, opened, frame, lower, drawn),
        Lower::Output => output::draw(model, opened, frame, lower, drawn),
    }
}

/// What stands above the checklist: the mode, what is being prepared, what was refused.
fn notes(model: &Model, opened: &Opened, columns: usize) -> Vec<Line<'static>> {
    let theme = &model.appearance.theme;
    let mut lines = Vec::new();
    let mode = match opened.mode {
        Mode::Live => None,
        Mode::DryRun => Some((" DRY RUN ", "everything is shown and checked, nothing is started")),
        Mode::Drill if model.facts.simulated => Some((" DRILL ", "a simulated platform: nothing is started for real")),
        Mode::Drill if model.facts.protected => {
            Some((" DRILL ", "an exercise on a protected environment: only read steps run"))
        }
        Mode::Drill => Some((" DRILL ", "an exercise: steps run for real")),
    };
    if let Some((badge, text)) = mode {
        let indent = badge.len() + 2;
        for (index, line) in text::wrap(text, columns.saturating_sub(indent + 1)).into_iter().enumerate() {
            let first = if index == 0 {
                vec![span(" ", theme.text()), span(badge, theme.role(Role::Simulated)), span(" ", theme.text())]
            } else {
                vec![span(" ".repeat(indent), theme.text())]
            };
            lines.push(Line::from([first, vec![span(line, theme.text())]].concat()));
        }
    }
    if let Some(outcome) = opened.state.ended {
        let remark = opened.state.remark(&opened.document).map_or_else(String::new, |remark| format!(": {remark}"));
        let text = format!(
            "This run is over: {}{remark}. {} opens the runbook again for another one.",
            outcome.word(),
            key(model, Action::PickRunbook, Context::Runbook)
        );
        lines.extend(paragraph(&text, columns.saturating_sub(2), theme.accent()));
    } else if opened.state.rolling_back {
        let text = "Rolling back: the steps of the rollback section are next.";
        lines.extend(paragraph(text, columns.saturating_sub(2), theme.accent()));
    }
    if let Some(preparing) = &opened.preparing {
        let text = format!(" {} {}", waiting(model, preparing.since), preparing.what);
        lines.push(Line::styled(text::cut(&text, columns), theme.accent()));
    }
    if let Some(problem) = &opened.problem {
        lines.extend(paragraph(problem, columns.saturating_sub(2), theme.status(Status::Warn)));
    }
    lines
}

fn notes_height(model: &Model, opened: &Opened, inner: Rect) -> u16 {
    let most = inner.height / 3;
    u16::try_from(notes(model, opened, inner.width.into()).len()).unwrap_or(u16::MAX).min(most)
}

fn draw_notes(model: &Model, opened: &Opened, frame: &mut Frame, area: Rect) {
    for (row, line) in notes(model, opened, area.width.into()).iter().enumerate() {
        put(frame, area, row as u16, line);
    }
}

/// The line between the checklist and what stands below or beside it.
fn draw_rule(model: &Model, opened: &Opened, frame: &mut Frame, area: Rect) {
    let theme = &model.appearance.theme;
    if area.width == 1 && area.height != 1 {
        for row in 0..area.height {
            put(frame, area, row, &Line::styled("│", theme.border(false)));
        }
        return;
    }
    let (label, right) = match opened.lower {
        Lower::Step => ("", String::new()),
        Lower::Output => (" output ", output::state(model, opened)),
    };
    let right = if right.is_empty() { right } else { format!(" {right} ") };
    let rest = usize::from(area.width).saturating_sub(text::width(label) + text::width(&right) + 2);
    let line = Line::from(vec![
        span("─", theme.border(false)),
        span(label, theme.dim()),
        span("─".repeat(rest), theme.border(false)),
        span(right, theme.dim()),
        span("─", theme.border(false)),
    ]);
    put(frame, area, 0, &line);
}

/// The key of an action, as the user has it.
fn key(model: &Model, action: Action, context: Context) -> String {
    model.keymap.chords(action, context).next().map(|chord| chord.to_string()).unwrap_or_default()
}

/// What the pane says while no runbook is open.
fn nothing_open(model: &Model, focused: bool, columns: usize) -> Vec<Line<'static>> {
    let theme = &model.appearance.theme;
    let room = columns.saturating_sub(2).min(72);
    let mut lines = vec![Line::default(), Line::styled(" No runbook is open.", theme.title(focused)), Line::default()];
    let called: Vec<(String, String)> = firing(model.board.alerts())
        .filter_map(|(alert, _)| Some((clean(alert.rule.runbook.as_ref()?), clean(&alert.rule.id))))
        .collect();
    for (runbook, alert) in &called {
        let known = model.runbooks.library.runbooks.iter().any(|known| known.id == *runbook);
        let text = match known {
            true => format!("▲ {alert} fires now and calls for {runbook}."),
            false => format!("▲ {alert} fires now and names {runbook}, which this pack does not hold yet."),
        };
        lines.extend(paragraph(&text, room, theme.status(Status::Warn)));
    }
    if !called.is_empty() {
        lines.push(Line::default());
    }
    let count = model.runbooks.library.runbooks.len();
    if model.runbooks.listed && count == 0 {
        lines.extend(how_to_add(model, room));
    } else {
        let what = if count == 1 { "1 runbook".to_owned() } else { format!("{count} runbooks") };
        let key = key(model, Action::PickRunbook, Context::Panes);
        let text = format!(
            "{key} lists the {what} of this pack, and the runs from before; those that fit a firing alert come first."
        );
        lines.extend(paragraph(&text, room, theme.text()));
    }
    lines.push(Line::default());
    let text = format!(
        "{} runs a command that is in no runbook, under the same rules. {} lists every key.",
        key(model, Action::AdHoc, Context::Panes),
        key(model, Action::Help, Context::Panes),
    );
    lines.extend(paragraph(&text, room, theme.dim()));
    lines
}

/// How a runbook comes into the pack.
fn how_to_add(model: &Model, columns: usize) -> Vec<Line<'static>> {
    let theme = &model.appearance.theme;
    let place = match &model.runbooks.library.folder {
        Some(folder) => format!("Put a Markdown file into {}, beside the pack's platform.toml.", clean(folder)),
        None => {
            "This pack is part of the program. For runbooks of your own write a pack with `warroom pack init DIR`, put \
                 Markdown files beside its platform.toml, and open it with --pack DIR."
                .to_owned()
        }
    };
    let mut lines = paragraph("This pack holds no runbooks yet.", columns, theme.text());
    lines.push(Line::default());
    lines.extend(paragraph(&place, columns, theme.text()));
    lines.push(Line::default());
    let form = "Its headings below “Steps” are the steps, and its bash and sql blocks are what they run. `warroom runbook \
                lint` says what would go wrong with it.";
    lines.extend(paragraph(form, columns, theme.dim()));
    for problem in &model.runbooks.library.problems {
        lines.push(Line::default());
        lines.extend(paragraph(&clean(problem), columns, theme.status(Status::Warn)));
    }
    lines
}
