//! The selected step: what the runbook says, what its commands can do, and what to do when it failed.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{checklist::name_of, key, prose::prose, risk_style};
use crate::{
    action::{Action as Key, Context},
    model::{Drawn, Model, Opened, Row},
    outcome,
    text::{self, clean},
    theme::Role,
    view::{
        pieces::{put, scroll_marks, span},
        popup::paragraph,
    },
};
use warroom_domain::health::Status;
use warroom_room::runbooks::notable;
use warroom_runbook::{
    Action, Risk, Step,
    run::{ActionOutcome, Mark},
};

/// Rows of output that a failure is shown with.
const TAIL: usize = 4;

pub(super) fn draw(model: &Model, opened: &Opened, frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let columns = usize::from(area.width).saturating_sub(3).clamp(1, 110);
    let failed = opened.step().is_some_and(|step| matches!(opened.mark(&step.id), Mark::Failed | Mark::Unknown));
    if failed {
        drawn.output_size = (columns.saturating_sub(3), TAIL);
    }
    let lines = content(model, opened, columns);
    let room = usize::from(area.height);
    drawn.step_scroll = lines.len().saturating_sub(room);
    let from = opened.scroll.min(drawn.step_scroll);
    for (row, line) in lines.iter().skip(from).take(room).enumerate() {
        put(frame, area, row as u16, line);
    }
    scroll_marks(theme, frame, area, from, lines.len().saturating_sub(from + room));
}

fn content(model: &Model, opened: &Opened, columns: usize) -> Vec<Line<'static>> {
    let theme = &model.appearance.theme;
    let source = |range: std::ops::Range<usize>| opened.document.source.get(range).unwrap_or_default();
    let step = match &opened.selected {
        Row::Section(index) => {
            let section = opened.document.sections.get(*index);
            return section.map(|section| prose(theme, source(section.body.clone()), columns)).unwrap_or_default();
        }
        Row::Command(id) => {
            let code = opened.commands.iter().find(|(known, _)| known == id).map(|(_, code)| code.as_str());
            let mut lines = super::ask::command(model, code.unwrap_or_default(), columns);
            if let Some(attempt) = opened.state.attempt(id) {
                lines.push(Line::default());
                lines.extend(
                    attempt.outcome.iter().flat_map(|o| paragraph(&outcome::sentence(o), columns, theme.text())),
                );
                lines.extend(attempt.place.iter().flat_map(|fact| paragraph(&clean(fact), columns, theme.dim())));
            }
            return lines;
        }
        Row::Alternative { group, key: chosen } => return alternative(model, opened, group, chosen, columns),
        _ => match opened.step() {
            Some(step) => step,
            None => return Vec::new(),
        },
    };
    let mut lines = standing(model, opened, step, columns);
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    // What to do after a failure stands above already, when it matters.
    let body = match (&step.if_it_fails, lines.is_empty()) {
        (Some(advice), false) if advice.start >= step.body.start && advice.end <= step.body.end => {
            let before = source(step.body.start..advice.start).trim_end();
            let before = before.rsplit_once('\n').map_or(before, |(head, _)| head);
            format!("{before}\n\n{}", source(advice.end..step.body.end))
        }
        _ => source(step.body.clone()).to_owned(),
    };
    lines.extend(prose(theme, &body, columns));
    for (index, action) in step.actions.iter().enumerate() {
        if index == 0 && !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(facts(model, opened, step, action, index, columns));
    }
    lines
}

/// What became of the step, where that has to be said.
fn standing(model: &Model, opened: &Opened, step: &Step, columns: usize) -> Vec<Line<'static>> {
    let theme = &model.appearance.theme;
    let mark = opened.mark(&step.id);
    let style = super::checklist::mark_style(theme, mark);
    let mut lines = Vec::new();
    let reason = opened.state.reason(&step.id).map(clean);
    match (mark, reason) {
        (Mark::Skipped, Some(reason)) => lines.extend(paragraph(&format!("Left out: {reason}"), columns, style)),
        (Mark::Accepted, Some(reason)) => {
            lines.extend(paragraph(&format!("It failed, and it went on: {reason}"), columns, style));
        }
        (Mark::RolledBack, _) => lines.extend(paragraph("This step was rolled back.", columns, style)),
        (Mark::Failed, _) if opened.is_polling(step) => {
            let left = step.all_actions().find_map(|action| opened.polls.get(&action.id)).copied().unwrap_or(0);
            let text = format!("Not yet as it should be; it is tried again by itself, up to {left} more times.");
            lines.extend(paragraph(&text, columns, theme.accent()));
        }
        (Mark::Failed | Mark::Unknown, _) => {
            let outcomes = step.all_actions().filter_map(|a| opened.state.attempt(&a.id)?.outcome.as_ref());
            if let Some(outcome) = outcomes.filter(|o| !o.succeeded()).last() {
                lines.extend(failure(model, opened, step, outcome, columns));
            }
        }
        (Mark::Todo, _) => {
            if let Some(check) = opened.state.due_check(step).and_then(|index| step.checks.get(index)) {
                let question = clean(&check.question());
                let text = match check.about {
                    Some(_) => format!("{question}? It is done when somebody has checked that."),
                    None => format!("Next, by hand: {question}. Tick it with space; the step goes on after that."),
                };
                lines.extend(paragraph(&text, columns, theme.accent()));
            }
        }
        _ => {}
    }
    lines
}

fn failure(model: &Model, opened: &Opened, step: &Step, ended: &ActionOutcome, columns: usize) -> Vec<Line<'static>> {
    let theme = &model.appearance.theme;
    let style = super::checklist::mark_style(theme, opened.mark(&step.id));
    let mut lines = paragraph(&outcome::sentence(ended), columns, style);
    let rows = &opened.output.seen.rows;
    for row in rows.iter().skip(rows.len().saturating_sub(TAIL)) {
        let mut spans: Vec<Span<'static>> = vec![span(" │ ", theme.dim())];
        spans.extend(row.spans.iter().cloned());
        lines.push(Line::from(crate::view::pieces::cut_spans(spans, columns)));
    }
    if let Some(advice) = step.if_it_fails.clone().and_then(|range| opened.document.source.get(range)) {
        lines.push(Line::styled(" If it fails", theme.title(true)));
        lines.extend(prose(theme, advice, columns));
    }
    let hint = |action, label: &str| {
        vec![
            span(key(model, action, Context::Runbook), theme.role(Role::Key)),
            span(format!(" {label}   "), theme.dim()),
        ]
    };
    let mut spans = vec![span(" ", theme.text())];
    spans.extend(hint(Key::RunNext, "retry, skip, roll back or go on"));
    spans.extend(hint(Key::ShowOutput, "whole output"));
    lines.push(Line::from(spans));
    lines
}

/// What an action can do and how it is run.
fn facts(
    model: &Model,
    opened: &Opened,
    step: &Step,
    action: &Action,
    index: usize,
    columns: usize,
) -> Vec<Line<'static>> {
    let theme = &model.appearance.theme;
    let assessment = &action.assessment;
    let mut head = vec![span(format!(" {}", assessment.risk), risk_style(theme, assessment.risk))];
    if step.actions.len() > 1 {
        head.push(span(format!("  {}", text::cut(&name_of(action, index), columns / 2)), theme.text()));
    }
    if assessment.external {
        head.push(span("  seen from outside", theme.status(Status::Warn)));
    }
    let mut lines = vec![Line::from(head)];
    if assessment.risk > Risk::Read || assessment.external {
        for reason in &assessment.reasons {
            lines.extend(indented(&clean(&reason.text), columns, theme.dim()));
        }
    }
    if let Some(lowered) = assessment.lowered() {
        lines.extend(indented(&clean(&lowered.to_string()), columns, theme.status(Status::Warn)));
    }
    let attributes = clean(&notable(action).join(" · "));
    if !attributes.is_empty() {
        lines.extend(indented(&attributes, columns, theme.dim()));
    }
    if let Some(attempt) = opened.state.attempt(&action.id) {
        for fact in &attempt.place {
            lines.extend(indented(&clean(fact), columns, theme.dim()));
        }
    }
    lines
}

fn indented(sentence: &str, columns: usize, style: ratatui::style::Style) -> Vec<Line<'static>> {
    let lines = text::wrap(sentence, columns.saturating_sub(3));
    lines.into_iter().map(|line| Line::styled(format!("   {line}"), style)).collect()
}

fn alternative(model: &Model, opened: &Opened, group: &str, chosen: &str, columns: usize) -> Vec<Line<'static>> {
    let theme = &model.appearance.theme;
    let text = match opened.state.chosen(group) {
        None => format!(
            "One of these ways is taken, the others are left out. {} chooses.",
            key(model, Key::RunNext, Context::Runbook)
        ),
        Some(taken) if taken == chosen => "This way was chosen.".to_owned(),
        Some(taken) => format!("{} was chosen instead of this one.", clean(taken)),
    };
    let mut lines = paragraph(&text, columns, theme.text());
    let steps = opened
        .document
        .steps()
        .filter(|step| step.option.as_ref().is_some_and(|option| option.group == group && option.key == chosen));
    lines.push(Line::default());
    for step in steps {
        let number = step.number.as_deref().map(|n| format!("{} ", clean(n))).unwrap_or_default();
        let mut spans = vec![span(format!("   {number}{}", clean(&step.title)), theme.text())];
        if let Some(risk) = step.risk() {
            spans.push(span(format!("  {risk}"), risk_style(theme, risk)));
        }
        lines.push(Line::from(spans));
    }
    lines
}
