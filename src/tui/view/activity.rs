//! The Activity pane: what happened, newest first.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::pieces::{frame_of, put, scroll_marks, span, title, width};
use crate::{
    model::{Drawn, Event, EventKind, Model, Pane, Target},
    text,
    theme::Role,
};
use warroom_domain::health::Status;

pub(super) fn draw(model: &Model, frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let focused = model.panes.focus == Pane::Activity && model.overlays.is_empty();
    let count = match model.activity.len() {
        0 => String::new(),
        1 => "1 event".to_owned(),
        many => format!("{many} events"),
    };
    let block = frame_of(theme, title(theme, "Activity", focused), count, focused);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let room = usize::from(inner.height);
    if focused {
        drawn.page = room;
    }
    if model.activity.is_empty() {
        let lines = text::wrap(
            "Nothing has happened yet. Changes of status and alerts that fire or clear will stand here, newest first.",
            usize::from(inner.width).saturating_sub(2),
        );
        for (row, line) in lines.iter().enumerate() {
            put(frame, inner, row as u16, &Line::styled(format!(" {line}"), theme.dim()));
        }
        return;
    }
    let len = model.activity.len();
    let offset = model.panes.activity.offset(model.drawn.activity_offset, room, len);
    // At the top the list follows what comes in.
    let offset = if model.panes.activity.selected == 0 { 0 } else { offset };
    drawn.activity_offset = offset;
    let who =
        model.activity.iter().skip(offset).take(room).map(|e| text::width(&e.who)).max().unwrap_or(0).clamp(7, 18);
    let change =
        model.activity.iter().skip(offset).take(room).map(|e| width(&change(model, &e.kind))).max().unwrap_or(0);
    for (row, event) in model.activity.iter().skip(offset).take(room).enumerate() {
        put(frame, inner, row as u16, &line(model, event, (who, change), inner.width.into()));
        let place = Rect { y: inner.y + row as u16, height: 1, ..inner };
        drawn.target(place, Target::Event(offset + row));
        if focused && offset + row == model.panes.activity.selected {
            frame.buffer_mut().set_style(place, theme.selection(true));
        }
    }
    scroll_marks(theme, frame, inner, offset, len.saturating_sub(offset + room));
}

/// One event, with the columns that its source and its change take.
fn line(model: &Model, event: &Event, (who, room): (usize, usize), columns: usize) -> Line<'static> {
    let theme = &model.appearance.theme;
    let time = model.appearance.clock(event.at);
    let mut spans = vec![
        span(format!(" {time}  "), theme.dim()),
        span(text::fit(&event.who, who), theme.text()),
        span("  ", theme.text()),
    ];
    let change = change(model, &event.kind);
    let gap = (room + 2).saturating_sub(width(&change));
    spans.extend(change);
    spans.push(span(" ".repeat(gap), theme.text()));
    let left = columns.saturating_sub(width(&spans) + 1);
    spans.push(span(text::cut(&event.text, left), theme.text()));
    Line::from(spans)
}

/// What has become of a status or of an alert.
fn change(model: &Model, kind: &EventKind) -> Vec<Span<'static>> {
    let theme = &model.appearance.theme;
    match kind {
        EventKind::Transition { from, to } => {
            let mut spans: Vec<_> = from.iter().map(|from| span(from.word(), theme.status(*from))).collect();
            spans.push(span(if from.is_some() { " → " } else { "→ " }, theme.dim()));
            spans.push(span(to.word(), theme.status(*to)));
            spans
        }
        EventKind::Fired { severity } => vec![
            span(format!(" {} ", text::cut(severity, 4)), theme.role(Role::Banner)),
            span(" fired", theme.status(Status::Down)),
        ],
        EventKind::Cleared { severity } => {
            vec![span(format!(" {}  cleared", text::cut(severity, 4)), theme.status(Status::Ok))]
        }
        EventKind::Note => vec![],
    }
}
