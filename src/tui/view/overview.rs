//! The overview tab: the verdict in words, then everything that was measured.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{
    panel,
    pieces::{between, put, scrolled, span, status, waiting},
    table::Columns,
};
use crate::{
    document,
    model::{Details, Drawn, Model},
    table,
    text::{self, clean},
    theme::Theme,
};
use warroom_domain::health::{
    ProbeHealth, Status, age,
    details::{Body, Section, Table},
    duration, quantity,
};

/// Columns of the labels of the verdict.
const LABEL: usize = 11;

pub(super) fn draw(
    model: &Model,
    details: &Details,
    probe: &ProbeHealth,
    frame: &mut Frame,
    area: Rect,
    drawn: &mut Drawn,
) {
    let theme = &model.appearance.theme;
    let width = usize::from(area.width);
    let mut lines = verdict(model, probe, width);
    let shown = document::shown(probe, model.now);
    let sections = shown.map(document::sections_of).unwrap_or_default();
    let old =
        shown.is_none_or(|shown| probe.is_stale(model.now) || probe.latest().is_none_or(|last| last.at != shown.at));
    if let Some(shown) = shown.filter(|_| old && !sections.is_empty()) {
        lines.push(Line::default());
        let text = format!("As of {}, {} ago:", model.appearance.clock(shown.at), age(between(shown.at, model.now)));
        lines.push(Line::styled(text, theme.status(Status::Unknown)));
    }
    for section in &sections {
        lines.extend(section_lines(theme, section, details, width, old));
    }
    let from = scrolled(theme, frame, area, (details.scroll, lines.len()), drawn);
    for (row, line) in lines.iter().skip(from).take(area.height.into()).enumerate() {
        put(frame, area, row as u16, line);
    }
}

/// What was seen, since when, against which threshold.
fn verdict(model: &Model, probe: &ProbeHealth, width: usize) -> Vec<Line<'static>> {
    let theme = &model.appearance.theme;
    let now = model.now;
    let verdict = probe.verdict(now);
    let current = verdict.status;
    let mut lines = Vec::new();
    let mut said = |label: &str, spans: Vec<Span<'static>>| {
        let mut all = vec![span(text::fit(label, LABEL), theme.dim())];
        all.extend(spans);
        lines.push(Line::from(all));
    };
    let mut head = vec![status(theme, current)];
    if let Some(pending) = panel::pending(model, probe) {
        head.push(span(format!(" {pending}"), theme.dim()));
    }
    said("status", head);
    let room = width.saturating_sub(LABEL);
    for (index, line) in text::wrap(&clean(&probe.summary(now)), room).into_iter().enumerate() {
        let label = match (index, current) {
            (0, Status::Ok) => "seen",
            (0, _) => "cause",
            _ => "",
        };
        said(label, vec![span(line, theme.text())]);
    }
    let fresh = current != Status::Unknown;
    if let Some(reading) = verdict.reading.filter(|_| fresh)
        && let Some(value) = reading.value
    {
        said("value", vec![span(clean(&quantity(value, reading.unit.as_ref())), theme.text())]);
    }
    if let Some(good) = probe.last_good().filter(|_| !fresh) {
        let value = good.value.map(|value| format!("{}, ", clean(&quantity(value, good.unit.as_ref()))));
        let when = format!("{} ago at {}", age(between(good.at, now)), model.appearance.clock(good.at));
        said("last good", vec![span(format!("{}{when}", value.unwrap_or_default()), theme.dim())]);
    }
    for (label, threshold, of) in
        [("warn when", &probe.spec.warn, Status::Warn), ("down when", &probe.spec.down, Status::Down)]
    {
        let Some(threshold) = threshold else { continue };
        let decided = verdict.reading.is_some_and(|r| r.threshold.as_deref() == Some(threshold.source()));
        let style = if decided { theme.status(of) } else { theme.dim() };
        for (index, line) in text::wrap(&clean(threshold.source()), room).into_iter().enumerate() {
            said(if index == 0 { label } else { "" }, vec![span(line, style)]);
        }
    }
    if let Some(exposure) = verdict.reading.and_then(|r| r.exposure.as_ref()) {
        let text = format!("data at risk: {} ({})", duration(exposure.loss), clean(&exposure.source));
        said("exposure", vec![span(text::cut(&text, room), theme.text())]);
    }
    let pace = format!("every {}, at most {}", duration(probe.spec.every), duration(probe.spec.timeout));
    let looked = match probe.latest() {
        Some(reading) => {
            let took =
                quantity(reading.latency.as_secs_f64() * 1000.0, Some(&warroom_domain::health::Unit::Milliseconds));
            format!("{} ago, took {took} · {pace}", age(between(reading.at, now)).replace("now", "0s"))
        }
        None => pace,
    };
    let mut looked = vec![span(text::cut(&looked, room), theme.dim())];
    if let Some(since) = model.slow_look(std::iter::once(probe.spec.id.as_str())) {
        looked.push(span(format!("  {}", waiting(model, since)), theme.accent()));
    }
    said("looked", looked);
    said("kind", vec![span(probe.spec.target.kind(), theme.dim())]);
    lines
}

/// A section with its heading. `old` values are dimmed.
fn section_lines(theme: &Theme, section: &Section, details: &Details, width: usize, old: bool) -> Vec<Line<'static>> {
    let style = if old { theme.dim() } else { theme.text() };
    let body = match &section.body {
        Body::Pairs(pairs) => {
            let kept = pairs
                .iter()
                .filter(|(label, text)| details.filter.matches(&format!("{} {label} {text}", section.title)));
            pair_lines(theme, &kept.collect::<Vec<_>>(), width, style)
        }
        Body::Table(table) => table_lines(theme, table, details, width),
    };
    if body.is_empty() {
        return body;
    }
    let mut lines = vec![Line::default()];
    if !section.title.is_empty() {
        lines.push(Line::styled(text::cut(&section.title, width), theme.title(true)));
    }
    lines.extend(body);
    lines
}

/// Labelled values; in several columns where they are short and the screen is wide, read downwards.
fn pair_lines(theme: &Theme, pairs: &[&(String, String)], width: usize, style: Style) -> Vec<Line<'static>> {
    let label = pairs.iter().map(|(label, _)| text::width(label)).max().unwrap_or(0).min(28);
    let value = pairs.iter().map(|(_, value)| text::width(value)).max().unwrap_or(0);
    let cell = label + 2 + value + 4;
    let columns = if pairs.len() > 4 { (width / cell).clamp(1, 3) } else { 1 };
    let rows = pairs.len().div_ceil(columns.max(1));
    let mut lines = Vec::new();
    for row in 0..rows {
        let mut spans = Vec::new();
        let mut wrapped = Vec::new();
        for column in 0..columns {
            let Some((name, text)) = pairs.get(column * rows + row) else { continue };
            spans.push(span(format!("{}  ", text::fit(name, label)), theme.dim()));
            if columns > 1 {
                spans.push(span(text::fit(text, value + 4), style));
            } else {
                wrapped = text::wrap(text, width.saturating_sub(label + 2));
                spans.push(span(wrapped.first().cloned().unwrap_or_default(), style));
            }
        }
        lines.push(Line::from(spans));
        let indent = " ".repeat(label + 2);
        lines.extend(wrapped.iter().skip(1).map(|rest| Line::styled(format!("{indent}{rest}"), style)));
    }
    lines
}

fn table_lines(theme: &Theme, table: &Table, details: &Details, width: usize) -> Vec<Line<'static>> {
    let order = table::arrange(table, &details.filter, details.sort.as_ref());
    if order.is_empty() {
        return vec![];
    }
    let columns = Columns::fit(&table.columns, &table::widths(table), width);
    let mut lines = vec![columns.header(theme, &table.columns, details.sort.as_ref())];
    lines.extend(order.iter().map(|index| columns.row(theme, &table.columns, &table.rows[*index])));
    lines
}
