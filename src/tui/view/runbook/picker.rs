//! The list of runbooks and earlier runs.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{how_to_add, risk_style};
use crate::{
    model::{Drawn, Model, Picker, PickerItem, Source, Target},
    text,
    theme::Role,
    view::{
        blank,
        footer::typed,
        pieces::{cut_spans, frame_of, put, scroll_marks, span, title, width},
        popup,
        popup::paragraph,
    },
};
use warroom_domain::health::Status;

pub(in crate::view) fn draw(model: &Model, picker: &Picker, frame: &mut Frame, body: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let area = popup(body, 100, 70);
    blank(model, frame, area);
    let runs = picker.items.iter().filter(|item| matches!(item.source, Source::Run(_))).count();
    let number = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let count = format!("{}, {}", number(picker.items.len() - runs, "runbook"), number(runs, "run"));
    let block = frame_of(theme, title(theme, "Runbooks", true), count, true);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    drawn.target(area, Target::Overlay);
    let mut query = vec![span(" > ", theme.role(Role::Key))];
    query.extend(typed(theme, &picker.query));
    put(frame, inner, 0, &Line::from(query));
    put(frame, inner, 1, &Line::styled("─".repeat(inner.width.into()), theme.border(false)));
    let list = Rect { y: inner.y + 2.min(inner.height), height: inner.height.saturating_sub(2), ..inner };
    if picker.items.is_empty() {
        let room = usize::from(list.width).saturating_sub(2);
        let lines = if picker.is_bare() {
            how_to_add(model, room)
        } else {
            paragraph("No runbook matches what you typed.", room, theme.dim())
        };
        for (row, line) in lines.iter().enumerate() {
            put(frame, list, row as u16, line);
        }
    }
    // Two rows an item: what it is, and what it is about.
    let room = usize::from(list.height) / 2;
    drawn.page = room;
    let offset = picker.cursor.offset(model.drawn.picker_offset, room, picker.items.len());
    drawn.picker_offset = offset;
    for (row, item) in picker.items.iter().skip(offset).take(room.max(1)).enumerate() {
        let place = Rect { y: list.y + 2 * row as u16, height: 2, ..list }.intersection(list);
        for (index, line) in rows(model, item, list.width.into()).iter().enumerate() {
            put(frame, place, index as u16, line);
        }
        drawn.target(place, Target::Item(offset + row));
        if offset + row == picker.cursor.selected {
            frame.buffer_mut().set_style(place, theme.selection(true));
        }
    }
    scroll_marks(theme, frame, list, offset, picker.items.len().saturating_sub(offset + room));
}

fn rows(model: &Model, item: &PickerItem, columns: usize) -> [Line<'static>; 2] {
    let theme = &model.appearance.theme;
    let mut spans: Vec<Span<'static>> = Vec::new();
    match (&item.source, item.alerts.is_empty()) {
        (_, false) => spans.push(span(" ▲ ", theme.status(Status::Down))),
        (Source::Run(_), _) => spans.push(span(" ▶ ", theme.accent())),
        _ => spans.push(span("   ", theme.text())),
    }
    for (index, letter) in item.title.chars().enumerate() {
        let matched = item.matched.binary_search(&(index as u32)).is_ok();
        spans.push(span(letter.to_string(), if matched { theme.role(Role::Match) } else { theme.text() }));
    }
    let mut right = Vec::new();
    if let Some(risk) = item.risk {
        right.push(span(format!("{risk}  "), risk_style(theme, risk)));
    }
    right.push(span(format!("{} ", item.state), theme.dim()));
    let room = columns.saturating_sub(width(&right) + 2);
    let mut spans = cut_spans(spans, room);
    let gap = (room + 2).saturating_sub(width(&spans));
    spans.push(span(" ".repeat(gap), theme.text()));
    spans.extend(right);
    let mut about = vec![span("   ", theme.dim())];
    if !item.alerts.is_empty() {
        about.push(span(format!("{} fires now  ", text::clean(&item.alerts.join(", "))), theme.status(Status::Down)));
    }
    about.push(span(text::clean(&item.about), theme.dim()));
    [Line::from(spans), Line::from(cut_spans(about, columns.saturating_sub(1)))]
}
