//! The output of a step: what was read of it, and how it ended.

use std::time::Duration;

use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    model::{Drawn, Model, Opened},
    outcome, text,
    theme::Role,
    view::pieces::put,
};
use warroom_domain::health::{Status, bytes};
use warroom_runbook::run::ActionOutcome;

pub(super) fn draw(model: &Model, opened: &Opened, frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let columns = usize::from(area.width).saturating_sub(2);
    let rows = usize::from(area.height);
    let end = end_marker(model, opened, columns);
    // The end marker stands below the last row.
    drawn.output_size = (columns, rows.saturating_sub(end.len()));
    drawn.page = rows.max(2);
    let output = &opened.output;
    let inner = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(1), ..area };
    if let Some(error) = &output.error {
        put(frame, inner, 0, &Line::styled(text::cut(error, columns), theme.status(Status::Warn)));
        return;
    }
    let mut at = 0;
    for line in output.seen.rows.iter().take(rows.saturating_sub(end.len())) {
        put(frame, inner, at, line);
        at += 1;
    }
    if output.seen.rows.is_empty() && output.job().is_some() && end.is_empty() {
        put(frame, inner, at, &Line::styled("nothing printed yet", theme.dim()));
    }
    if output.seen.at_end || output.seen.rows.is_empty() {
        for line in &end {
            put(frame, inner, at, line);
            at += 1;
        }
    }
}

/// What stands at the right of the rule: how much there is, and whether the end is followed.
pub(super) fn state(model: &Model, opened: &Opened) -> String {
    let output = &opened.output;
    let mut parts = Vec::new();
    if !output.search.is_empty() && !output.search.editing {
        parts.push(format!("/{}", output.search.text()));
    }
    if let Some((_, attempt)) = opened.attempt().filter(|(_, attempt)| attempt.number > 1) {
        parts.push(format!("attempt {}", attempt.number));
    }
    if output.seen.bytes > 0 {
        parts.push(bytes(output.seen.bytes as f64));
    }
    if output.follow && opened.attempt().is_some_and(|(_, attempt)| attempt.outcome.is_none()) {
        parts.push(format!("{} following", crate::glyphs::spinner(model.spin)));
    }
    parts.join(" · ")
}

/// What is said below the last row once the action has ended.
fn end_marker(model: &Model, opened: &Opened, columns: usize) -> Vec<Line<'static>> {
    let theme = &model.appearance.theme;
    let mut lines = Vec::new();
    let Some((_, attempt)) = opened.attempt() else { return lines };
    let outcome: Option<&ActionOutcome> = attempt.outcome.as_ref();
    let evidence = outcome.and_then(|outcome| outcome.evidence.as_ref());
    let dropped = evidence.map_or(opened.output.seen.dropped_bytes, |evidence| evidence.dropped_bytes);
    if dropped > 0 {
        let text = format!("{} more were printed and are not kept", bytes(dropped as f64));
        lines.push(Line::styled(text::cut(&text, columns), theme.status(Status::Warn)));
    }
    if let Some(outcome) = outcome {
        let time = outcome::took(Duration::from_millis(outcome.duration_ms));
        let printed = evidence.is_some_and(|evidence| evidence.bytes > 0);
        let silent = if printed || evidence.is_none() { "" } else { ", printed nothing" };
        let mut text = format!("── {} after {time}{silent} ", outcome::word(outcome));
        let rest = columns.saturating_sub(text::width(&text)).min(24);
        text.push_str(&"─".repeat(rest));
        let role = if outcome.succeeded() { Role::Ok } else { Role::Down };
        lines.push(Line::styled(text::cut(&text, columns), theme.role(role)));
    }
    lines
}
