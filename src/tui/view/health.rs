//! The Health pane: one entry a panel, as detailed as the room allows.

use ratatui::{Frame, layout::Rect, text::Line};

use super::{
    panel::{self, Columns, Density},
    pieces::{frame_of, put, scroll_marks, title},
};
use crate::model::{Cursor, Drawn, Model, Pane, Target};
use warroom_domain::health::Panel;
use warroom_host::packs::MACHINE;

/// Rows that the pane would like to have inside its frame, at most `most`.
pub(super) fn wanted_height(model: &Model, panels: &[Panel<'_>], most: u16) -> u16 {
    let density = density(model, panels, most.into());
    height(model, panels, density).max(1) as u16
}

pub(super) fn draw(model: &Model, panels: &[Panel<'_>], frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let focused = model.panes.focus == Pane::Health && model.overlays.is_empty();
    let block = frame_of(theme, title(theme, "Health", focused), String::new(), focused);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if focused {
        drawn.page = inner.height.into();
    }
    if panels.is_empty() {
        let text = match model.facts.pack.name.as_str() {
            MACHINE => " No probes. Create a pack: `warroom pack init`",
            _ => " This pack has no probes. Add some under [[probes]] in its platform.toml.",
        };
        put(frame, inner, 0, &Line::styled(text, theme.dim()));
        return;
    }
    let room = usize::from(inner.height);
    let density = density(model, panels, room);
    let columns = Columns::fit(model, panels, inner.width.into());
    let entries: Vec<Vec<Line<'static>>> =
        panels.iter().map(|panel| panel::lines(model, panel, columns, density)).collect();
    // When everything fits, nothing scrolls; otherwise every entry is one row high.
    let cursor = Cursor { selected: model.panes.health.selected.min(panels.len() - 1) };
    let offset = match height(model, panels, density) > room {
        true => cursor.offset(model.drawn.health_offset, room, panels.len()),
        false => 0,
    };
    drawn.health_offset = offset;
    let mut row = 0;
    for (index, lines) in entries.iter().enumerate().skip(offset) {
        let high = lines.len().min(room.saturating_sub(row)) as u16;
        if high == 0 {
            break;
        }
        let place = Rect { y: inner.y + row as u16, height: high, ..inner };
        drawn.target(place, Target::Panel(index));
        for (line, text) in lines.iter().enumerate() {
            put(frame, inner, (row + line) as u16, text);
        }
        if index == cursor.selected {
            let solid = lines.len() - usize::from(density == Density::Airy);
            let place = Rect { height: high.min(solid as u16), ..place };
            frame.buffer_mut().set_style(place, theme.selection(focused || model.details().is_some()));
        }
        row += lines.len();
    }
    let shown = if density == Density::Row { room.min(panels.len() - offset) } else { panels.len() };
    scroll_marks(theme, frame, inner, offset, panels.len() - offset - shown.min(panels.len() - offset));
}

/// The richest density that fits into `room` rows.
fn density(model: &Model, panels: &[Panel<'_>], room: usize) -> Density {
    Density::ALL.into_iter().rev().find(|density| height(model, panels, *density) <= room).unwrap_or(Density::Row)
}

/// Rows that the panels take; the last one needs no blank line after it.
fn height(model: &Model, panels: &[Panel<'_>], density: Density) -> usize {
    let total: usize = panels.iter().map(|panel| panel::height(model, panel, density)).sum();
    total - usize::from(density == Density::Airy && total > 0)
}
