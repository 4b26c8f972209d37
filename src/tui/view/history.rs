//! The history tab: a chart of the values, and every reading of the last minutes.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
};

use super::{
    pieces::{put, scrolled, span},
    sparkline,
    table::Columns,
};
use crate::{
    document,
    model::{Details, Drawn, Model},
    table,
    text::{self, clean},
};
use warroom_domain::health::{ProbeHealth, quantity};

/// Columns of the scale beside the chart.
const SCALE: usize = 9;
/// Rows of the chart.
const CHART: u16 = 5;

pub(super) fn draw(
    model: &Model,
    details: &Details,
    probe: &ProbeHealth,
    frame: &mut Frame,
    area: Rect,
    drawn: &mut Drawn,
) {
    let theme = &model.appearance.theme;
    drawn.page = usize::from(area.height.saturating_sub(2)).max(1);
    if probe.history().is_empty() {
        put(frame, area, 0, &Line::styled("No reading yet.", theme.dim()));
        return;
    }
    let charted = u16::from(area.height >= 14 && area.width >= 30) * (CHART + 1);
    let rows = [Constraint::Length(charted), Constraint::Length(1), Constraint::Fill(1)];
    let [chart, header, body] = Layout::vertical(rows).areas(area);
    if charted > 0 {
        draw_chart(model, probe, frame, chart);
    }
    let history = document::history(model, probe);
    let order = table::arrange(&history, &details.filter, details.sort.as_ref());
    let columns = Columns::fit(&history.columns, &table::widths(&history), area.width.into());
    put(frame, header, 0, &columns.header(theme, &history.columns, details.sort.as_ref()));
    columns.targets(&history.columns, header, drawn);
    let from = scrolled(theme, frame, body, (details.scroll, order.len()), drawn);
    for (row, index) in order.iter().skip(from).take(body.height.into()).enumerate() {
        put(frame, body, row as u16, &columns.row(theme, &history.columns, &history.rows[*index]));
    }
}

fn draw_chart(model: &Model, probe: &ProbeHealth, frame: &mut Frame, area: Rect) {
    let theme = &model.appearance.theme;
    let width = usize::from(area.width).saturating_sub(SCALE + 1);
    let samples = probe.history();
    let shown = samples.iter().rev().take(width);
    let (low, high) = sparkline::range(shown.filter_map(|sample| sample.value));
    let unit = probe.latest().and_then(|r| r.unit.as_ref()).or(probe.last_good().and_then(|r| r.unit.as_ref()));
    let scale = |value: f64| text::fit_right(&clean(&quantity(value, unit)), SCALE);
    let has_values = samples.iter().any(|sample| sample.value.is_some());
    for (row, spans) in sparkline::chart(theme, samples.iter(), width, CHART.into()).into_iter().enumerate() {
        let label = match row {
            0 if has_values => scale(high),
            4 if has_values => scale(low),
            _ => " ".repeat(SCALE),
        };
        let mut line = vec![span(format!("{label} "), theme.dim())];
        line.extend(spans);
        put(frame, area, row as u16, &Line::from(line));
    }
}
