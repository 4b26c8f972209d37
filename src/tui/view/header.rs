//! The top of the screen: where we are, how it stands, objectives, alerts, tabs.

use std::time::Duration;

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::pieces::{between, coarse, cut_spans, in_a_row, put, span, status, width};
use crate::{
    action::Action,
    glyphs,
    model::{Drawn, Model, Pane, Target},
    text::{self, clean},
    theme::Role,
};
use warroom_domain::health::{Panel, Status, duration};

/// The columns from which on the environment is shown with its title.
const WIDE: u16 = 120;

/// The top bar.
pub(super) fn bar(model: &Model, panels: &[Panel<'_>], frame: &mut Frame, area: Rect) {
    let theme = &model.appearance.theme;
    let facts = &model.facts;
    let style = theme.role(Role::Bar);
    frame.buffer_mut().set_style(area, style);
    let on_bar = |role: Style| style.patch(role);

    let mut left = vec![span(" warroom ", on_bar(theme.accent()).patch(theme.title(true)))];
    left.push(span(format!(" {}", clean(&facts.platform)), style));
    if !facts.environment.is_empty() {
        left.push(span(format!(" ▸ {}", clean(&facts.environment)), style));
        let says_more = |title: &&String| area.width >= WIDE && !title.eq_ignore_ascii_case(&facts.environment);
        let title = facts.place.title.as_ref().filter(says_more);
        left.extend(title.map(|title| span(format!(" ({})", clean(title)), style)));
    }
    left.push(span(" ", style));
    let badges = [
        (facts.simulated, " SIMULATED ", theme.role(Role::Simulated)),
        (facts.protected, " PROTECTED ", theme.role(Role::Protected)),
        (facts.read_only, " READ-ONLY ", on_bar(theme.role(Role::Key))),
    ];
    for (_, text, badge) in badges.into_iter().filter(|(on, ..)| *on) {
        left.push(span(" ", style));
        left.push(span(text, badge));
    }
    // Last, because its end is what a narrow screen can do without.
    if let Some(open) = &model.incidents.open {
        left.extend(super::incident::title(model, open, style));
    }
    let whole = usize::from(area.width);
    let needed = width(&left) + 2;
    let richest = [(true, true), (true, false), (false, false)]
        .map(|(counts, date)| bar_right(model, panels, counts, date, style))
        .into_iter()
        .find(|right| needed + width(right) <= whole);
    let right = richest.unwrap_or_else(|| bar_right(model, panels, false, false, style));
    let taken = width(&right);
    let room = whole.saturating_sub(taken + 1);
    put(frame, area, 0, &Line::from(cut_spans(left, room)));
    let start = whole.saturating_sub(taken) as u16;
    let place = Rect { x: area.x + start, width: area.width - start, ..area };
    put(frame, place, 0, &Line::from(right));
}

/// How many panels have each status, or the worst alone; and the clock, with the date or without.
fn bar_right(model: &Model, panels: &[Panel<'_>], counts: bool, date: bool, style: Style) -> Vec<Span<'static>> {
    let theme = &model.appearance.theme;
    let on_bar = |status| style.patch(theme.status(status));
    let mut parts = Vec::new();
    if model.board.probes().any(|probe| !probe.is_pending()) {
        let worst = model.board.status(model.now);
        if counts {
            for status in [Status::Down, Status::Unknown, Status::Warn, Status::Ok] {
                let count = panels.iter().filter(|panel| panel.status == status).count();
                if count > 0 {
                    parts.push(span(format!("{} {count} {status}", glyphs::status(status)), on_bar(status)));
                    parts.push(span("   ", style));
                }
            }
        } else {
            parts.push(span(format!("{} {worst}", glyphs::status(worst)), on_bar(worst)));
            parts.push(span("  ", style));
        }
    } else if model.board.probes().next().is_some() {
        parts.push(span("looking…  ", style.patch(theme.dim())));
    }
    if model.appearance.local.is_some() {
        parts.push(span(format!("{}  ", model.appearance.clock(model.now)), style));
    }
    let clock = if date { "%F %H:%M:%SZ " } else { "%H:%M:%SZ " };
    parts.push(span(model.now.strftime(clock).to_string(), style));
    parts
}

/// Recovery objectives, and what would be lost if a restore began now.
pub(super) fn objectives(model: &Model, frame: &mut Frame, area: Rect) {
    let theme = &model.appearance.theme;
    let exposures = model.board.exposures(model.now);
    let mut items: Vec<(bool, Vec<Span<'static>>)> = Vec::new();
    for objective in &model.facts.objectives {
        let mut parts = vec![span(clean(&objective.component), theme.text())];
        let mut breached = false;
        if let Some(rto) = objective.rto {
            parts.push(span(format!(" RTO {}", duration(rto)), theme.dim()));
        }
        if let Some(rpo) = objective.rpo {
            parts.push(span(format!(" RPO {}", duration(rpo)), theme.dim()));
            let exposure = exposures.iter().find(|e| e.component == objective.component);
            let unverified = exposure.is_some_and(|e| e.unverified);
            match exposure.and_then(|e| e.loss.map(|loss| (loss, e.breached()))) {
                Some((loss, over)) => {
                    breached = over;
                    let status = if over { Status::Down } else { Status::Ok };
                    let sign = if over { "✖ " } else { "" };
                    parts.push(span(format!(" {sign}{} exposed", exposed(loss)), theme.status(status)));
                }
                None if unverified => parts.push(span(" backup not verified", theme.dim())),
                None => parts.push(span(" not measured", theme.dim())),
            }
        }
        items.push((breached, parts));
    }
    items.sort_by_key(|(breached, _)| !breached);
    let items = items.into_iter().map(|(_, parts)| parts).collect();
    let line = in_a_row(theme, items, usize::from(area.width).saturating_sub(2));
    put(frame, area, 0, &Line::from(cut_spans(line, area.width.into())));
}

/// An exposure, to the minute where it is one: it grows every second, and the line need not.
fn exposed(loss: Duration) -> String {
    if loss < Duration::from_secs(60) {
        "<1m".to_owned()
    } else {
        duration(Duration::from_secs(loss.as_secs() / 60 * 60))
    }
}

/// The gravest alert that fires, and how many others do.
pub(super) fn banner(model: &Model, frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let style = theme.role(Role::Banner);
    let alerts = model.banner();
    let Some((alert, since)) = alerts.first().filter(|_| !area.is_empty()) else { return };
    let rule = &alert.rule;
    let mut text = format!(
        " {} {} since {} ({}) — {}",
        clean(&rule.severity),
        clean(&rule.id),
        model.appearance.clock(*since),
        coarse(between(*since, model.now)),
        clean(&rule.title),
    );
    if let Some(runbook) = &rule.runbook {
        text.push_str(&format!(" · runbook {}", clean(runbook)));
    }
    let key = model.keymap.chords(Action::DismissAlerts, model.context()).next();
    let mut right = key.map(|key| format!(" {key} dismiss ")).unwrap_or_default();
    if model.incidents.open.is_none() && !model.facts.read_only {
        let key = model.keymap.chords(Action::Declare, model.context()).next();
        right = key.map(|key| format!(" {key} declare ")).unwrap_or_default() + &right;
    }
    if alerts.len() > 1 {
        right = format!(" +{} more {right}", alerts.len() - 1);
    }
    let room = usize::from(area.width).saturating_sub(text::width(&right));
    frame.buffer_mut().set_style(area, style);
    put(frame, area, 0, &Line::styled(format!("{}{right}", text::fit(&text, room)), style));
    let place = Rect { x: area.x + room as u16, width: area.width - room as u16, ..area };
    drawn.target(place, Target::Act(Action::DismissAlerts));
}

/// The panes as tabs, for narrow screens.
pub(super) fn tabs(model: &Model, frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    if area.is_empty() {
        return;
    }
    let theme = &model.appearance.theme;
    let mut column = area.x + 1;
    for (index, pane) in Pane::ALL.into_iter().enumerate() {
        let focused = pane == model.panes.focus;
        let count = match (pane, &model.incidents.open) {
            (Pane::Activity, Some(open)) => open.timeline.entries().len(),
            (Pane::Activity, None) => model.activity.len(),
            _ => 0,
        };
        let count = if count > 0 { format!("{count} ") } else { String::new() };
        let label = format!(" {} {} {count}", index + 1, model.pane_title(pane));
        let width = text::width(&label) as u16;
        if column + width > area.right() {
            break;
        }
        let style = if focused { theme.title(true).patch(theme.selection(true)) } else { theme.dim() };
        frame.buffer_mut().set_string(column, area.y, &label, style);
        drawn.target(Rect { x: column, width, ..area }, Target::Pane(pane));
        column += width + 1;
    }
}

/// The status with its word, for titles.
pub(super) fn status_span(model: &Model, of: Status) -> Span<'static> {
    status(&model.appearance.theme, of)
}
