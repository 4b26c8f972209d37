//! The details of a panel: its probes, the tabs, and the tab that is shown.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
};

use super::{
    blank, header, history, overview,
    pieces::{between, frame_of, put, span},
    pods,
};
use crate::{
    glyphs,
    model::{Details, Drawn, Model, Overlay, Tab, Target},
    text::{self, clean},
};
use warroom_domain::health::{Panel, ProbeHealth, duration};

pub(super) fn draw(
    model: &Model,
    panels: &[Panel<'_>],
    details: &Details,
    frame: &mut Frame,
    area: Rect,
    drawn: &mut Drawn,
) {
    let theme = &model.appearance.theme;
    blank(model, frame, area);
    drawn.target(area, Target::Details);
    let focused = matches!(model.overlays.last(), Some(Overlay::Details(_)));
    let Some(probe) = model.board.probe(&details.probe) else { return };
    let right = match (details.filter.is_empty(), &details.sort) {
        (true, _) => String::new(),
        (false, _) => format!("filter: {}", details.filter.text()),
    };
    let block = frame_of(theme, title(model, panels, details, probe, focused), right, focused);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let probes: Vec<&ProbeHealth> = model.board.probes().filter(|p| p.spec.panel == details.panel).collect();
    let strip = u16::from(probes.len() > 1);
    let rows = [Constraint::Length(strip), Constraint::Length(1), Constraint::Length(1), Constraint::Fill(1)];
    let [strip, tabs, _, body] = Layout::vertical(rows).areas(inner);
    if strip.height > 0 {
        probe_strip(model, details, &probes, frame, strip, drawn);
    }
    tab_strip(model, details, probe, frame, tabs, drawn);
    let body = Rect { x: body.x + 1.min(body.width), width: body.width.saturating_sub(2), ..body };
    match details.tab {
        Tab::Overview => overview::draw(model, details, probe, frame, body, drawn),
        Tab::Pods => pods::draw(model, details, frame, body, drawn),
        Tab::History => history::draw(model, details, probe, frame, body, drawn),
    }
}

fn title(model: &Model, panels: &[Panel<'_>], details: &Details, probe: &ProbeHealth, focused: bool) -> Line<'static> {
    let theme = &model.appearance.theme;
    let panel = panels.iter().find(|panel| panel.id == details.panel);
    let mut name = panel.map(|panel| clean(&panel.title)).unwrap_or_default();
    if !probe.spec.title.eq_ignore_ascii_case(&name) {
        name.push_str(&format!(" ▸ {}", clean(&probe.spec.title)));
    }
    let mut spans = vec![span(format!(" {name}  "), theme.title(focused))];
    spans.push(header::status_span(model, probe.status(model.now)));
    if let Some(since) = probe.verdict(model.now).since {
        let age = duration(between(since, model.now));
        spans.push(span(format!("since {} ({age}) ", model.appearance.clock(since)), theme.dim()));
    }
    Line::from(spans)
}

/// The probes of the panel, each to be clicked; when they do not all fit, those around the shown one.
fn probe_strip(
    model: &Model,
    details: &Details,
    probes: &[&ProbeHealth],
    frame: &mut Frame,
    area: Rect,
    drawn: &mut Drawn,
) {
    let theme = &model.appearance.theme;
    let label =
        |probe: &ProbeHealth| format!("{} {}", glyphs::status(probe.status(model.now)), clean(&probe.spec.title));
    let widths: Vec<usize> = probes.iter().map(|probe| text::width(&label(probe)) + 3).collect();
    let shown = probes.iter().position(|probe| probe.spec.id == details.probe).unwrap_or(0);
    let mut first = 0;
    while first < shown && widths[first..=shown].iter().sum::<usize>() > usize::from(area.width) {
        first += 1;
    }
    let mut column = area.x;
    for (probe, width) in probes.iter().zip(&widths).skip(first) {
        let width = *width as u16;
        if column + width > area.right() {
            break;
        }
        let place = Rect { x: column, width, ..area };
        let text = Line::from(span(format!(" {} ", label(probe)), theme.status(probe.status(model.now))));
        put(frame, place, 0, &text);
        if probe.spec.id == details.probe {
            frame.buffer_mut().set_style(Rect { width: width - 1, ..place }, theme.selection(true));
        }
        drawn.target(place, Target::Probe(probe.spec.id.clone()));
        column += width;
    }
}

fn tab_strip(model: &Model, details: &Details, probe: &ProbeHealth, frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    if area.is_empty() {
        return;
    }
    let theme = &model.appearance.theme;
    let mut column = area.x;
    for tab in Tab::of(probe) {
        let label = format!(" {} ", tab.title());
        let width = text::width(&label) as u16;
        if column + width > area.right() {
            break;
        }
        let shown = *tab == details.tab;
        let style = if shown { theme.title(true).patch(theme.selection(true)) } else { theme.dim() };
        frame.buffer_mut().set_string(column, area.y, &label, style);
        drawn.target(Rect { x: column, width, height: 1, y: area.y }, Target::Tab(*tab));
        column += width + 1;
    }
}
