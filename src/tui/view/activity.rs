//! The Activity pane: what happened, newest first.

use ratatui::{Frame, layout::Rect, text::Line};

use super::pieces::{frame_of, put, scroll_marks, span, title};
use crate::tui::{
    model::{Drawn, Event, EventKind, Model, Pane, Target},
    text,
    theme::Role,
};

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
    for (row, event) in model.activity.iter().skip(offset).take(room).enumerate() {
        put(frame, inner, row as u16, &line(model, event, who, inner.width.into()));
        let place = Rect { y: inner.y + row as u16, height: 1, ..inner };
        drawn.target(place, Target::Event(offset + row));
        if focused && offset + row == model.panes.activity.selected {
            frame.buffer_mut().set_style(place, theme.selection(true));
        }
    }
    scroll_marks(theme, frame, inner, offset, len.saturating_sub(offset + room));
}

fn line(model: &Model, event: &Event, who: usize, width: usize) -> Line<'static> {
    let theme = &model.appearance.theme;
    let time = model.appearance.clock(event.at);
    let mut spans = vec![
        span(format!(" {time}  "), theme.dim()),
        span(text::fit(&event.who, who), theme.text()),
        span("  ", theme.text()),
    ];
    // `unknown → down` is the longest change.
    const CHANGE: usize = 14;
    let mut taken = 0;
    match &event.kind {
        EventKind::Transition { from, to } => {
            if let Some(from) = from {
                spans.push(span(from.word(), theme.status(*from)));
                taken += from.word().len();
            }
            let arrow = if from.is_some() { " → " } else { "→ " };
            spans.push(span(arrow, theme.dim()));
            spans.push(span(to.word(), theme.status(*to)));
            taken += text::width(arrow) + to.word().len();
        }
        EventKind::Fired { severity } => {
            let label = format!(" {} ", text::cut(severity, 4));
            taken = text::width(&label) + 6;
            spans.push(span(label, theme.role(Role::Banner)));
            spans.push(span(" fired", theme.status(crate::health::Status::Down)));
        }
        EventKind::Cleared { severity } => {
            let label = format!(" {}  cleared", text::cut(severity, 4));
            taken = text::width(&label);
            spans.push(span(label, theme.status(crate::health::Status::Ok)));
        }
        EventKind::Note => {}
    }
    spans.push(span(" ".repeat(CHANGE.saturating_sub(taken) + 2), theme.text()));
    let room = width.saturating_sub(3 + text::width(&time) + who + 2 + CHANGE + 2 + 1);
    spans.push(span(text::cut(&event.text, room), theme.text()));
    Line::from(spans)
}
