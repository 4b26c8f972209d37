//! Tables: a header that can be clicked to sort, and as many rows as are seen.

use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::pieces::span;
use crate::{
    model::{Drawn, Sort, Target},
    table, text,
    theme::{Role, Theme},
};
use warroom_domain::health::{
    Status,
    details::{Cell, Column},
};

/// Columns between two table columns.
const GAP: usize = 2;

/// How the columns of a table stand in a given room.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    /// Index and width of each column that is shown.
    shown: Vec<(usize, usize)>,
    /// How many columns at the end found no room.
    hidden: usize,
}

impl Columns {
    /// Fits columns of the given natural widths into `room`.
    pub(super) fn fit(columns: &[Column], widths: &[usize], room: usize) -> Columns {
        let fitted = table::fit(columns, widths, GAP, room);
        Columns { hidden: widths.len() - fitted.len(), shown: fitted.into_iter().enumerate().collect() }
    }

    /// The header's line.
    pub(super) fn header(&self, theme: &Theme, columns: &[Column], sort: Option<&Sort>) -> Line<'static> {
        let mut spans: Vec<Span<'static>> = Vec::new();
        for (index, width) in &self.shown {
            let column = &columns[*index];
            let sorted = sort.filter(|sort| sort.column == column.title);
            let mark = match sorted {
                None => "",
                Some(sort) if sort.descending => "↓",
                Some(_) => "↑",
            };
            let title = text::cut(&column.title, width.saturating_sub(text::width(mark)));
            let title = format!("{title}{mark}");
            let style = if sorted.is_some() { theme.role(Role::Key) } else { theme.title(false) };
            let title = if column.numeric { text::fit_right(&title, *width) } else { text::fit(&title, *width) };
            spans.push(span(title, style));
            spans.push(span(" ".repeat(GAP), theme.text()));
        }
        if self.hidden > 0 {
            spans.push(span(format!("+{}…", self.hidden), theme.dim()));
        }
        Line::from(spans)
    }

    /// One row's line.
    pub(super) fn row(&self, theme: &Theme, columns: &[Column], row: &[Cell]) -> Line<'static> {
        let mut spans: Vec<Span<'static>> = Vec::new();
        for (index, width) in &self.shown {
            let text = row.get(*index).map_or("", |cell| cell.text.as_str());
            let column = &columns[*index];
            let style = style(theme, &column.title, text);
            let text = if column.numeric { text::fit_right(text, *width) } else { text::fit(text, *width) };
            spans.push(span(text, style));
            spans.push(span(" ".repeat(GAP), theme.text()));
        }
        Line::from(spans)
    }

    /// Makes the titles clickable.
    pub(super) fn targets(&self, columns: &[Column], place: Rect, drawn: &mut Drawn) {
        let mut x = place.x;
        for (index, width) in &self.shown {
            let width = *width as u16;
            if x + width <= place.right() {
                drawn.target(Rect { x, width, height: 1, y: place.y }, Target::Column(columns[*index].title.clone()));
            }
            x += width + GAP as u16;
        }
    }
}

/// Words that say how something is are coloured as a status would be.
fn style(theme: &Theme, column: &str, text: &str) -> Style {
    if !matches!(column, "status" | "state" | "phase" | "result") {
        return theme.text();
    }
    let bad =
        ["CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "OOMKilled", "Error", "Failed", "Evicted", "down"];
    let wary = ["Pending", "ContainerCreating", "Terminating", "NotReady", "catchup", "warn", "Unschedulable"];
    if bad.contains(&text) {
        theme.status(Status::Down)
    } else if wary.contains(&text) {
        theme.status(Status::Warn)
    } else if text.eq_ignore_ascii_case("unknown") {
        theme.status(Status::Unknown)
    } else {
        theme.text()
    }
}
