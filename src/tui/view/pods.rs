//! The pods tab: a table of which only the rows on the screen are built.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
};

use super::{
    pieces::{between, put, scroll_marks, span, waiting},
    table::Columns,
};
use crate::model::{Details, Drawn, Model, Target};
use warroom_domain::health::{Status, age};

pub(super) fn draw(model: &Model, details: &Details, frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let pods = &details.pods;
    let rows = [Constraint::Length(1), Constraint::Length(1), Constraint::Fill(1)];
    let [said, header, body] = Layout::vertical(rows).areas(area);
    put(frame, said, 0, &summary(model, details));
    drawn.page = body.height.into();
    if pods.table.rows.is_empty() {
        return;
    }
    let columns = Columns::fit(&pods.table.columns, &pods.widths, area.width.into());
    put(frame, header, 0, &columns.header(theme, &pods.table.columns, details.sort.as_ref()));
    columns.targets(&pods.table.columns, header, drawn);
    let room = usize::from(body.height);
    let offset = pods.cursor.offset(model.drawn.pods_offset, room, pods.order.len());
    drawn.pods_offset = offset;
    for (row, index) in pods.order.iter().skip(offset).take(room).enumerate() {
        put(frame, body, row as u16, &columns.row(theme, &pods.table.columns, &pods.table.rows[*index]));
        let place = Rect { y: body.y + row as u16, height: 1, ..body };
        drawn.target(place, Target::Pod(offset + row));
        if offset + row == pods.cursor.selected {
            frame.buffer_mut().set_style(place, theme.selection(true));
        }
    }
    let marks = Rect { width: body.width + 1, ..body };
    scroll_marks(theme, frame, marks, offset, pods.order.len().saturating_sub(offset + room));
}

/// How many pods there are, how old the list is, and why there is none.
fn summary(model: &Model, details: &Details) -> Line<'static> {
    let theme = &model.appearance.theme;
    let pods = &details.pods;
    let mut spans = Vec::new();
    if pods.fetch.answered.is_some() && pods.fetch.error.is_none() || !pods.table.rows.is_empty() {
        let (all, shown) = (pods.table.rows.len(), pods.order.len());
        let text = if shown == all { format!("{all} pods") } else { format!("{shown} of {all} pods") };
        spans.push(span(text, theme.text()));
    }
    if let Some(error) = &pods.fetch.error {
        spans.push(span(format!("  {error}"), theme.status(Status::Unknown)));
    }
    if pods.fetch.is_slow(model.now)
        && let Some(since) = pods.fetch.waiting_since()
    {
        spans.push(span(format!("  {} fetching", waiting(model, since)), theme.accent()));
    } else if let Some(at) = pods.fetch.answered
        && between(at, model.now).as_secs() > 5
    {
        spans.push(span(format!("  {} old", age(between(at, model.now))), theme.dim()));
    }
    Line::from(spans)
}
