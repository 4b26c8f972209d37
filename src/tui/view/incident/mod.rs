//! What the screen shows of the incident: its line in the top bar, its clocks, banners, and the sheets.

pub(super) mod banners;
pub(super) mod clocks;
pub(super) mod entry;
pub(super) mod sheet;
#[cfg(test)]
mod tests;
pub(super) mod timeline;

use ratatui::{style::Style, text::Span};

use super::pieces::{between, span};
use crate::{
    model::{Model, OpenIncident},
    outcome::took,
    text::{clean, cut},
    theme::Role,
};
use warroom_runbook::run::Mode;

/// Columns of the incident's title in the top bar.
const TITLE: usize = 40;

/// The incident in the top bar: which, how grave, where it stands, since when.
pub(super) fn title(model: &Model, open: &OpenIncident, bar: Style) -> Vec<Span<'static>> {
    let theme = &model.appearance.theme;
    let state = &open.state;
    let strong = bar.patch(theme.title(true));
    let mut spans = vec![span(format!("  {} ", clean(state.severity())), strong)];
    // A simulated platform says so itself.
    if let Some(mark) = state.mode.and_then(Mode::mark).filter(|_| !model.facts.simulated) {
        spans.push(span(format!(" {mark} "), theme.role(Role::Simulated)));
        spans.push(span(" ", bar));
    }
    if let Some(detected) = state.detected_at {
        let until = state.restored().unwrap_or(model.now);
        spans.push(span(format!("T+{} ", took(between(detected, until))), strong));
    }
    spans.push(span(format!("{} ", open.id), bar.patch(theme.accent())));
    spans.push(span(format!("{}  ", state.phase().word()), bar.patch(theme.accent())));
    spans.push(span(format!("{} ", cut(&clean(&state.title), TITLE)), bar));
    spans
}
