//! The help overlay.

use ratatui::{Frame, layout::Rect, text::Line};

use super::pieces::{frame_of, put, scroll_marks, span, title};
use crate::{
    model::{Drawn, Help, HelpLine, Model, Target},
    text,
    theme::Role,
};

pub(super) fn draw(model: &Model, help: &Help, frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let right = if help.filter.is_empty() { String::new() } else { format!("filter: {}", help.filter.text()) };
    let block = frame_of(theme, title(theme, "Help", true), right, true);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    drawn.target(area, Target::Overlay);
    let lines = help.lines(&model.keymap);
    let room = usize::from(inner.height);
    drawn.page = room;
    drawn.max_scroll = lines.len().saturating_sub(room);
    let from = help.scroll.min(drawn.max_scroll);
    if lines.is_empty() {
        put(frame, inner, 0, &Line::styled(" No action matches the filter.", theme.dim()));
    }
    let keys = lines.iter().filter_map(|line| match line {
        HelpLine::Action { keys, .. } => Some(text::width(keys)),
        _ => None,
    });
    let keys_width = keys.max().unwrap_or(0).min(20);
    for (row, line) in lines.iter().skip(from).take(room).enumerate() {
        let line = match line {
            HelpLine::Blank => Line::default(),
            HelpLine::Heading(heading) => Line::styled(format!(" {heading}"), theme.title(true)),
            HelpLine::Action { keys, description, .. } => {
                let rest = usize::from(inner.width).saturating_sub(keys_width + 5);
                Line::from(vec![
                    span(format!("  {}", text::fit(keys, keys_width)), theme.role(Role::Key)),
                    span(format!("  {}", text::cut(description, rest)), theme.text()),
                ])
            }
        };
        put(frame, inner, row as u16, &line);
    }
    scroll_marks(theme, frame, inner, from, lines.len().saturating_sub(from + room));
}
