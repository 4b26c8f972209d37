//! The line of clocks: what ran out first, then what runs out next.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use crate::{
    model::{Model, OpenIncident},
    text::clean,
    theme::Theme,
    view::pieces::{in_a_row, put, span, width},
};
use warroom_domain::health::Status;
use warroom_incident::clocks::{Clock, ClockKind, ClockLevel};

pub(in crate::view) fn draw(model: &Model, open: &OpenIncident, frame: &mut Frame, area: Rect) {
    let theme = &model.appearance.theme;
    let mut clocks: Vec<&Clock> = open.clocks.iter().filter(|clock| is_shown(clock)).collect();
    clocks.sort_by_key(|clock| (rank(clock), clock.due));
    let people = people(open, theme);
    let clocks = clocks.into_iter().map(|clock| parts(clock, theme)).collect();
    let line = in_a_row(theme, clocks, usize::from(area.width).saturating_sub(width(&people) + 2));
    put(frame, area, 0, &Line::from(line));
    let taken = (width(&people) as u16).min(area.width);
    let place = Rect { x: area.right() - taken, width: taken, ..area };
    put(frame, place, 0, &Line::from(people));
}

/// A clock that was met, and one that nobody can do anything about, need no room here; the timeline and the exports have them.
fn is_shown(clock: &Clock) -> bool {
    match clock.kind {
        // The top bar has it.
        ClockKind::Detection => false,
        ClockKind::Rpo => true,
        _ => clock.stopped.is_none(),
    }
}

/// What waits for somebody comes before what runs, and that before what only informs.
fn rank(clock: &Clock) -> u8 {
    match (clock.level, clock.kind) {
        (ClockLevel::Red, kind) if kind != ClockKind::Rpo => 0,
        (ClockLevel::Amber, kind) if kind != ClockKind::Rpo => 1,
        (_, ClockKind::Rto | ClockKind::Recovery) => 2,
        (_, ClockKind::Rpo) => 4,
        _ => 3,
    }
}

fn parts(clock: &Clock, theme: &Theme) -> Vec<Span<'static>> {
    let (sign, style) = level(clock.level, theme);
    vec![span(format!("{} ", clean(&clock.label)), theme.text()), span(format!("{sign}{}", clock.text), style)]
}

/// Never by colour alone.
pub(in crate::view) fn level(level: ClockLevel, theme: &Theme) -> (&'static str, Style) {
    match level {
        ClockLevel::Red => ("✖ ", theme.status(Status::Down)),
        ClockLevel::Amber => ("▲ ", theme.status(Status::Warn)),
        ClockLevel::Running => ("", theme.text()),
        ClockLevel::Met => ("", theme.dim()),
    }
}

/// Who leads, and how many are here.
fn people(open: &OpenIncident, theme: &Theme) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    if let Some((_, holder)) = open.state.roles.iter().find(|(role, _)| is_commander(role)) {
        spans.push(span(format!("IC {} ", clean(&holder.value)), theme.dim()));
    }
    let others = open.alive.iter().filter(|log| open.state.present.contains_key(log)).count();
    if others > 0 {
        spans.push(span(format!("+{others} here "), theme.accent()));
    }
    spans
}

/// The packs call the role by its usual names.
fn is_commander(role: &str) -> bool {
    let role = role.to_lowercase();
    role == "ic" || role.contains("commander")
}
