//! The command palette overlay.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{
    footer::typed,
    pieces::{frame_of, put, scroll_marks, span, title},
};
use crate::{
    model::{Drawn, Item, Model, Palette, Target},
    text,
    theme::{Role, Theme},
};

pub(super) fn draw(model: &Model, palette: &Palette, frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let count = format!("{} commands", palette.items.len());
    let block = frame_of(theme, title(theme, "Commands", true), count, true);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    drawn.target(area, Target::Overlay);
    let mut query = vec![span(" : ", theme.role(Role::Key))];
    query.extend(typed(theme, &palette.query));
    put(frame, inner, 0, &Line::from(query));
    let rule = Line::styled("─".repeat(inner.width.into()), theme.border(false));
    put(frame, inner, 1, &rule);
    let list = Rect { y: inner.y + 2.min(inner.height), height: inner.height.saturating_sub(2), ..inner };
    let room = usize::from(list.height);
    drawn.page = room;
    let offset = palette.cursor.offset(model.drawn.palette_offset, room, palette.items.len());
    drawn.palette_offset = offset;
    if palette.items.is_empty() {
        put(frame, list, 0, &Line::styled(" No command matches.", theme.dim()));
    }
    let names = palette.items.iter().map(|item| text::width(&item.name)).max().unwrap_or(0).clamp(20, 30);
    for (row, item) in palette.items.iter().skip(offset).take(room).enumerate() {
        put(frame, list, row as u16, &line(theme, item, names, list.width.into()));
        let place = Rect { y: list.y + row as u16, height: 1, ..list };
        drawn.target(place, Target::Item(offset + row));
        if offset + row == palette.cursor.selected {
            frame.buffer_mut().set_style(place, theme.selection(true));
        }
    }
    scroll_marks(theme, frame, list, offset, palette.items.len().saturating_sub(offset + room));
}

fn line(theme: &Theme, item: &Item, names: usize, width: usize) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = vec![span(" ", theme.text())];
    let name = text::fit(&item.name, names);
    for (index, letter) in name.chars().enumerate() {
        let matched = item.matched.binary_search(&(index as u32)).is_ok();
        spans.push(span(letter.to_string(), if matched { theme.role(Role::Match) } else { theme.text() }));
    }
    let keys = text::cut(&item.keys, 16);
    let room = width.saturating_sub(names + text::width(&keys) + 5);
    spans.push(span(format!("  {} ", text::fit(&item.description, room)), theme.dim()));
    spans.push(span(format!("{keys} "), theme.role(Role::Key)));
    Line::from(spans)
}
