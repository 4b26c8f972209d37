//! The dialog with a few things to choose from.

use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    model::{Drawn, Menu, Model, Target},
    text,
    view::{
        pieces::span,
        popup::{Popup, columns, paragraph},
    },
};

pub(in crate::view) fn draw(model: &Model, menu: &Menu, frame: &mut Frame, body: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let room = columns(body);
    let mut lines: Vec<Line<'static>> = Vec::new();
    for sentence in &menu.text {
        lines.extend(paragraph(sentence, room, theme.text()));
    }
    let labels = menu.items.iter().map(|item| text::width(&item.label)).max().unwrap_or(0);
    // Explanations stand beside the labels, or below where there is no room.
    let beside = labels + 30 <= room;
    let mut standing: Vec<Line<'static>> = Vec::new();
    let mut rows = Vec::new();
    for item in &menu.items {
        let first = standing.len();
        if beside {
            let details = text::wrap(&item.detail, room.saturating_sub(labels + 4));
            for (index, detail) in details.iter().enumerate().take(2) {
                let label = if index == 0 { item.label.as_str() } else { "" };
                standing.push(Line::from(vec![
                    span(format!("  {}  ", text::fit(label, labels)), theme.text()),
                    span(detail.clone(), theme.dim()),
                ]));
            }
        }
        if standing.len() == first {
            standing.push(Line::styled(format!("  {}", item.label), theme.text()));
        }
        rows.push(first..standing.len());
    }
    let popup = Popup { title: &menu.title, right: String::new(), text: lines, standing, scroll: menu.scroll };
    let area = popup.draw(model, frame, body, drawn);
    for (index, rows) in rows.into_iter().enumerate() {
        let place = Rect { y: area.y + rows.start as u16, height: rows.len() as u16, ..area }.intersection(area);
        drawn.target(place, Target::Item(index));
        if index == menu.cursor.selected {
            frame.buffer_mut().set_style(place, theme.selection(true));
        }
    }
}
