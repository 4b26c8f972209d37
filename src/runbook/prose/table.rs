//! Draws a table within a width: columns as wide as they need, the widest ones wrapped first.

use pulldown_cmark::Alignment;

use super::{
    Glyphs,
    line::{Role, Style, StyledLine},
    wrap::{Inline, extent, wrap},
};

/// Columns between two cells: a space, a line, a space.
const BETWEEN: usize = 3;
/// A column is not made narrower than this; a table with no room for it is shown as a list of fields.
const NARROWEST: usize = 6;

/// A table as it is read.
#[derive(Default)]
pub(super) struct Table {
    pub(super) alignments: Vec<Alignment>,
    pub(super) head: Vec<Inline>,
    pub(super) rows: Vec<Vec<Inline>>,
}

impl Table {
    pub(super) fn draw(&self, width: usize, glyphs: &Glyphs) -> Vec<StyledLine> {
        let Some(widths) = self.widths(width) else { return self.fields(width) };
        let mut lines = Vec::new();
        if self.head.iter().any(|cell| !cell.is_empty()) {
            lines.extend(self.row(&self.head, &widths, glyphs));
            let rule: Vec<String> = widths.iter().map(|width| glyphs.rule.repeat(*width)).collect();
            let crossing = format!("{0}{1}{0}", glyphs.rule, glyphs.crossing);
            let mut line = StyledLine::default();
            line.push(&rule.join(&crossing), Style::of(Role::Mark));
            lines.push(line);
        }
        for row in &self.rows {
            lines.extend(self.row(row, &widths, glyphs));
        }
        lines
    }

    /// A width for each column; none when they do not fit.
    fn widths(&self, width: usize) -> Option<Vec<usize>> {
        let count = self.alignments.len();
        let mut widths = vec![1; count];
        let mut least = vec![1; count];
        for row in std::iter::once(&self.head).chain(&self.rows) {
            for (column, cell) in row.iter().take(count).enumerate() {
                let (word, line) = extent(cell);
                widths[column] = widths[column].max(line);
                least[column] = least[column].max(word.min(NARROWEST));
            }
        }
        let room = width.checked_sub(BETWEEN * count.saturating_sub(1))?;
        if least.iter().sum::<usize>() > room {
            return None;
        }
        while widths.iter().sum::<usize>() > room {
            let over = widths.iter().sum::<usize>() - room;
            let widest = widths.iter().enumerate().filter(|(c, w)| **w > least[*c]).max_by_key(|(_, w)| **w)?.0;
            let next = widths.iter().enumerate().filter(|(c, _)| *c != widest).map(|(_, w)| *w).max().unwrap_or(0);
            // Down to the next widest column, or as far as it needs to go.
            let down = (widths[widest].saturating_sub(next)).clamp(1, over);
            widths[widest] = (widths[widest] - down).max(least[widest]);
        }
        Some(widths)
    }

    fn row(&self, cells: &[Inline], widths: &[usize], glyphs: &Glyphs) -> Vec<StyledLine> {
        let empty = Inline::new();
        let wrapped: Vec<Vec<StyledLine>> =
            widths.iter().enumerate().map(|(c, width)| wrap(cells.get(c).unwrap_or(&empty), *width)).collect();
        let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
        (0..height)
            .map(|row| {
                let mut line = StyledLine::default();
                for (column, width) in widths.iter().enumerate() {
                    if column > 0 {
                        line.push(&format!(" {} ", glyphs.bar), Style::of(Role::Mark));
                    }
                    let cell = wrapped[column].get(row).cloned().unwrap_or_default();
                    let free = width.saturating_sub(cell.width());
                    let before = match self.alignments[column] {
                        Alignment::Right => free,
                        Alignment::Center => free / 2,
                        Alignment::Left | Alignment::None => 0,
                    };
                    line.push(&" ".repeat(before), Style::default());
                    cell.spans.iter().for_each(|span| line.push(&span.text, span.style));
                    if column + 1 < widths.len() {
                        line.push(&" ".repeat(free - before), Style::default());
                    }
                }
                line
            })
            .collect()
    }

    /// One line a cell, under the column's title: what is left when there is no room for columns.
    fn fields(&self, width: usize) -> Vec<StyledLine> {
        let mut lines = Vec::new();
        for (number, row) in self.rows.iter().enumerate() {
            if number > 0 {
                lines.push(StyledLine::default());
            }
            for (column, cell) in row.iter().enumerate() {
                let mut text = self.head.get(column).cloned().unwrap_or_default();
                if !text.is_empty() {
                    text.push((": ".to_owned(), Style { bold: true, ..Style::default() }));
                }
                text.extend(cell.iter().cloned());
                lines.extend(wrap(&text, width));
            }
        }
        lines
    }
}
