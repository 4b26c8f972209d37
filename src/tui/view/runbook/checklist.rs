//! The checklist: one row a step, with its mark, its risk, its time and how it ended.

use std::time::Duration;

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::risk_style;
use crate::{
    model::{Cursor, Drawn, Model, Opened, Pane, Row, Target},
    outcome,
    text::{self, clean},
    theme::Theme,
    view::pieces::{between, put, scroll_marks, span, width},
};
use warroom_domain::health::Status;
use warroom_runbook::{
    Risk, Step,
    run::{Attempt, Mark, Mode},
};

/// Columns at the right: risk, time, outcome. The last two have no room while nothing was done yet.
const RISK: usize = 11;
const TIME: usize = 7;
const OUTCOME: usize = 9;

/// The sign of a mark; its word stands at the right.
pub(super) fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Todo => "☐",
        Mark::Running => "▶",
        Mark::Done => "✔",
        Mark::Failed => "✖",
        Mark::Skipped => "–",
        Mark::Unknown => "?",
        Mark::RolledBack => "↶",
        Mark::Accepted => "!",
    }
}

pub(super) fn mark_style(theme: &Theme, mark: Mark) -> Style {
    match mark {
        Mark::Todo => theme.text(),
        Mark::Running => theme.accent(),
        Mark::Done => theme.status(Status::Ok),
        Mark::Failed => theme.status(Status::Down),
        Mark::Skipped | Mark::RolledBack => theme.dim(),
        Mark::Unknown => theme.status(Status::Unknown),
        Mark::Accepted => theme.status(Status::Warn),
    }
}

pub(super) fn draw(model: &Model, opened: &Opened, rows: &[Row], frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let focused = model.panes.focus == Pane::Runbook && model.overlays.is_empty();
    let room = usize::from(area.height);
    let cursor = Cursor { selected: opened.index(rows) };
    let offset = cursor.offset(model.drawn.checklist_offset, room, rows.len());
    drawn.checklist_offset = offset;
    let numbers = opened.document.steps().map(|step| step.number.as_ref().map_or(0, |n| text::width(n))).max();
    let layout = Columns { numbers: numbers.unwrap_or(0).min(6), all: area.width.into(), fresh: is_fresh(opened) };
    for (index, row) in rows.iter().enumerate().skip(offset).take(room) {
        let place = Rect { y: area.y + (index - offset) as u16, height: 1, ..area };
        put(frame, place, 0, &line(model, opened, row, layout));
        drawn.target(place, Target::Row(index));
        if index == cursor.selected {
            frame.buffer_mut().set_style(place, theme.selection(focused));
        }
    }
    scroll_marks(theme, frame, area, offset, rows.len().saturating_sub(offset + room));
}

/// How the columns of every row are divided.
#[derive(Clone, Copy)]
struct Columns {
    /// Width of the steps' numbers.
    numbers: usize,
    /// Width of the row.
    all: usize,
    /// Nothing was done yet, so there are no times and outcomes.
    fresh: bool,
}

/// True while no row has a time or an outcome to show.
fn is_fresh(opened: &Opened) -> bool {
    let is_fresh = |step: &Step| {
        let mut actions = step.actions.iter();
        opened.mark(&step.id) == Mark::Todo && !actions.any(|action| opened.state.has_succeeded(&action.id))
    };
    opened.commands.is_empty() && opened.document.steps().all(is_fresh)
}

fn line(model: &Model, opened: &Opened, row: &Row, layout: Columns) -> Line<'static> {
    let theme = &model.appearance.theme;
    let Columns { numbers, all: columns, .. } = layout;
    match row {
        Row::Section(index) => {
            let section = opened.document.sections.get(*index);
            let name = section.map(|section| clean(&section.title)).filter(|title| !title.is_empty());
            let name = name.unwrap_or_else(|| "About".to_owned());
            Line::styled(format!(" {}", text::cut(&name, columns.saturating_sub(2))), theme.title(false))
        }
        Row::Alternative { group, key } => {
            let alternatives = opened.alternatives(group);
            let title = alternatives.iter().find(|o| o.key == *key).map(|o| clean(&o.title)).unwrap_or_default();
            let (mark, style) = match opened.state.chosen(group) {
                Some(chosen) if chosen == key => ("◉", theme.accent()),
                Some(_) => ("–", theme.dim()),
                None => ("○", theme.text()),
            };
            let name = format!(" {mark} {}: {title}", clean(key));
            let note = if opened.state.chosen(group).is_none() { "choose  " } else { "" };
            let room = columns.saturating_sub(text::width(note) + 1);
            Line::from(vec![span(text::fit(&name, room), style), span(note, theme.dim())])
        }
        Row::Step(id) => match opened.document.step(id) {
            Some(step) => step_line(model, opened, step, layout),
            None => Line::default(),
        },
        Row::Command(id) => {
            let code = opened.commands.iter().find(|(known, _)| known == id).map(|(_, code)| code.as_str());
            let first = clean(code.and_then(|code| code.trim().lines().next()).unwrap_or_default());
            let attempt = opened.state.attempt(id);
            let mark = mark_of(attempt);
            let left = vec![
                span(format!(" {} ", sign(mark)), mark_style(theme, mark)),
                span(format!("! {first}"), theme.text()),
            ];
            joined(theme, left, right(model, attempt, None, took(model, attempt), layout), columns)
        }
        Row::Check { step, index } => {
            let check = opened.document.step(step).and_then(|step| step.checks.get(*index));
            let text = check.map(|check| clean(&check.question())).unwrap_or_default();
            let ticked = opened.state.is_ticked(step, *index);
            let (sign, style) = if ticked { ("✔", theme.status(Status::Ok)) } else { ("☐", theme.text()) };
            let indent = " ".repeat(numbers + 4);
            let room = columns.saturating_sub(numbers + 7);
            Line::from(vec![span(format!("{indent}{sign} "), style), span(text::cut(&text, room), theme.text())])
        }
        Row::Action { step, action } => {
            let found = opened.document.action(action);
            let attempt = opened.state.attempt(action);
            let number = opened.document.step(step).and_then(|s| s.actions.iter().position(|a| a.id == *action));
            let name = found.map(|(_, action)| name_of(action, number.unwrap_or(0))).unwrap_or_default();
            let name = if number.is_none() { format!("remedy: {name}") } else { name };
            let risk = found.map(|(_, action)| action.assessment.risk);
            let mark = mark_of(attempt);
            let left = vec![
                span(format!("{}{} ", " ".repeat(numbers + 4), sign(mark)), mark_style(theme, mark)),
                span(name, theme.text()),
            ];
            let right = right(model, attempt, risk.filter(|r| *r != Risk::Read), took(model, attempt), layout);
            joined(theme, left, right, columns)
        }
    }
}

/// Where an action stands by its newest attempt.
pub(super) fn mark_of(attempt: Option<&Attempt>) -> Mark {
    use warroom_runbook::run::Ending;
    match attempt.map(|attempt| &attempt.outcome) {
        None => Mark::Todo,
        Some(None) => Mark::Running,
        Some(Some(outcome)) if outcome.succeeded() => Mark::Done,
        Some(Some(outcome)) if matches!(outcome.ending, Ending::Unknown { .. }) => Mark::Unknown,
        Some(Some(_)) => Mark::Failed,
    }
}

/// An action's name, else the beginning of its command.
pub(super) fn name_of(action: &warroom_runbook::Action, index: usize) -> String {
    let first = action.code.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    match (&action.name, first) {
        (Some(name), _) => clean(name),
        (None, Some(line)) => clean(line),
        (None, None) => format!("command {}", index + 1),
    }
}

fn step_line(model: &Model, opened: &Opened, step: &Step, layout: Columns) -> Line<'static> {
    let theme = &model.appearance.theme;
    let Columns { numbers, all: columns, .. } = layout;
    let mark = opened.mark(&step.id);
    let number = step.number.as_deref().map(clean).unwrap_or_default();
    // Steps of an alternative stand below its line, further in; those without a number need no room for one.
    let (indent, numbers) = match step.option {
        Some(_) => ("   ", if number.is_empty() { 0 } else { numbers }),
        None => (" ", numbers),
    };
    let mut left = vec![
        span(format!("{indent}{} ", sign(mark)), mark_style(theme, mark)),
        span(text::fit_right(&number, numbers), theme.dim()),
    ];
    let gap = if numbers > 0 { " " } else { "" };
    let style = match mark {
        Mark::Skipped | Mark::RolledBack => theme.dim(),
        Mark::Running => theme.accent(),
        _ => theme.text(),
    };
    left.push(span(format!("{gap}{}", clean(&step.title)), style));
    let running = step.all_actions().filter_map(|a| opened.state.attempt(&a.id));
    let running = running.filter(|attempt| attempt.outcome.is_none()).last();
    let time = match running {
        Some(attempt) => Some(between(attempt.started, model.now)),
        None => opened.state.took(step.actions.iter().map(|a| &a.id)),
    };
    let risk = step.risk().filter(|risk| *risk != Risk::Read);
    let right = step_right(model, opened, step, mark, risk, time, layout);
    joined(theme, left, right, columns)
}

/// Elapsed time of an attempt.
fn took(model: &Model, attempt: Option<&Attempt>) -> Option<Duration> {
    let attempt = attempt?;
    Some(match &attempt.outcome {
        Some(outcome) => Duration::from_millis(outcome.duration_ms),
        None => between(attempt.started, model.now),
    })
}

fn step_right(
    model: &Model,
    opened: &Opened,
    step: &Step,
    mark: Mark,
    risk: Option<Risk>,
    time: Option<Duration>,
    layout: Columns,
) -> Vec<Span<'static>> {
    let theme = &model.appearance.theme;
    let word = match mark {
        Mark::Todo if opened.state.waits_for_person(step) => {
            let check = opened.state.due_check(step).and_then(|index| step.checks.get(index));
            if check.is_some_and(|check| check.about.is_some()) { "look" } else { "check" }.to_owned()
        }
        Mark::Todo | Mark::Running => String::new(),
        Mark::Done if step.actions.is_empty() => "done".to_owned(),
        Mark::Done if opened.mode == Mode::DryRun => "shown".to_owned(),
        Mark::Done => "ok".to_owned(),
        Mark::Failed if opened.is_polling(step) => "again".to_owned(),
        Mark::Failed => {
            let outcomes = step.all_actions().filter_map(|a| opened.state.attempt(&a.id)?.outcome.as_ref());
            outcomes.filter(|o| !o.succeeded()).map(outcome::word).last().unwrap_or_else(|| "failed".to_owned())
        }
        Mark::Skipped => "skipped".to_owned(),
        Mark::Unknown => "unknown".to_owned(),
        Mark::RolledBack => "undone".to_owned(),
        Mark::Accepted => "accepted".to_owned(),
    };
    columns_of(theme, risk, time, (word, mark_style(theme, mark)), layout)
}

fn right(
    model: &Model,
    attempt: Option<&Attempt>,
    risk: Option<Risk>,
    time: Option<Duration>,
    layout: Columns,
) -> Vec<Span<'static>> {
    let theme = &model.appearance.theme;
    let word = attempt.and_then(|a| a.outcome.as_ref()).map(outcome::word).unwrap_or_default();
    columns_of(theme, risk, time, (word, mark_style(theme, mark_of(attempt))), layout)
}

/// Risk, time and outcome in columns of their own. Where it is narrow, an empty one takes no room.
fn columns_of(
    theme: &Theme,
    risk: Option<Risk>,
    time: Option<Duration>,
    (word, style): (String, Style),
    layout: Columns,
) -> Vec<Span<'static>> {
    let tight = layout.all < 56;
    if layout.fresh {
        return risk.map(|risk| span(format!("{} ", risk.word()), risk_style(theme, risk))).into_iter().collect();
    }
    let mut spans = Vec::new();
    match risk {
        Some(risk) => spans.push(span(
            text::fit_right(risk.word(), if tight { 0 } else { RISK }.max(risk.word().len())),
            risk_style(theme, risk),
        )),
        None if tight => {}
        None => spans.push(span(" ".repeat(RISK), theme.text())),
    }
    let time = time.map(outcome::took).unwrap_or_default();
    if !(tight && time.is_empty()) {
        spans.push(span(text::fit_right(&time, TIME), theme.dim()));
    }
    if !(tight && word.is_empty()) {
        spans.push(span(format!("  {}", text::fit(&word, if tight { text::width(&word) } else { OUTCOME })), style));
    }
    // The columns end at the right, so blanks before them are the title's to use.
    let blank = spans.iter().take_while(|span| span.content.trim().is_empty()).count();
    spans.split_off(blank)
}

/// The left part, cut so that the right one has its room.
fn joined(theme: &Theme, left: Vec<Span<'static>>, right: Vec<Span<'static>>, columns: usize) -> Line<'static> {
    let room = columns.saturating_sub(width(&right) + 2);
    let mut spans = crate::view::pieces::cut_spans(left, room);
    spans.push(span(" ".repeat((room + 1).saturating_sub(width(&spans))), theme.text()));
    spans.extend(right);
    Line::from(spans)
}
