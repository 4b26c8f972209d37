//! The log of a pod: its last lines, wrapped, at the end unless scrolled.

use ratatui::{Frame, layout::Rect, text::Line};

use super::pieces::{between, frame_of, put, scroll_marks, title, waiting};
use crate::{
    model::{Drawn, Log, Model, Overlay, Target},
    text::{self, clean},
};
use warroom_domain::health::{Status, age};

pub(super) fn draw(model: &Model, log: &Log, frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let focused = matches!(model.overlays.last(), Some(Overlay::Log(_)));
    drawn.target(area, Target::Overlay);
    let mut name = format!("{}/{}", clean(&log.namespace), clean(&log.pod));
    name.push_str(if log.previous { " log before the last restart" } else { " log" });
    let block = frame_of(theme, title(theme, &name, focused), state(model, log), focused);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let width = usize::from(inner.width).saturating_sub(2).max(1);
    let room = usize::from(inner.height);
    drawn.page = room;
    let mut lines: Vec<Line<'static>> = Vec::new();
    if let Some(error) = &log.fetch.error {
        let style = theme.status(Status::Unknown);
        lines.extend(text::wrap(error, width).into_iter().map(|line| Line::styled(format!(" {line}"), style)));
    } else if log.shown.is_empty() {
        let text = match (log.fetch.answered.is_some(), log.lines.is_empty()) {
            (false, _) => " The log is being fetched.",
            (true, true) => " The log is empty: this container has printed nothing.",
            (true, false) => " No line matches the filter.",
        };
        lines.push(Line::styled(text, theme.dim()));
    }
    for index in &log.shown {
        lines
            .extend(text::chunks(&log.lines[*index], width).map(|part| Line::styled(format!(" {part}"), theme.text())));
    }
    drawn.max_scroll = lines.len().saturating_sub(room);
    let from = if log.follow { drawn.max_scroll } else { log.scroll.min(drawn.max_scroll) };
    let below = lines.len().saturating_sub(from + room);
    for (row, line) in lines.iter().skip(from).take(room).enumerate() {
        put(frame, inner, row as u16, line);
    }
    scroll_marks(theme, frame, inner, from, below);
}

/// Following or not, how old, what is awaited.
fn state(model: &Model, log: &Log) -> String {
    let mut parts = Vec::new();
    if !log.filter.is_empty() {
        parts.push(format!("filter: {}", log.filter.text()));
    }
    if log.fetch.is_slow(model.now)
        && let Some(since) = log.fetch.waiting_since()
    {
        parts.push(format!("{} fetching", waiting(model, since)));
    } else if let Some(at) = log.fetch.answered
        && !log.follow
    {
        parts.push(format!("{} old", age(between(at, model.now))));
    }
    parts.push(if log.follow { "following".to_owned() } else { "not following".to_owned() });
    parts.join(" · ")
}
