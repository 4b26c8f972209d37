//! Tables on standard output: aligned columns without borders, coloured only on a terminal.

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table};

use super::output::Output;
use crate::health::Status;

/// An empty table with these column titles. On a terminal long cells are wrapped at its width; elsewhere nothing is cut.
pub(super) fn new(output: &Output, titles: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    if let Some(width) = output.width() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    if output.colored() {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    if !titles.is_empty() {
        table.set_header(titles.iter().map(|title| Cell::new(title).add_attribute(Attribute::Dim)));
    }
    table
}

/// The finished table, one line a row, without trailing spaces.
pub(super) fn lines(mut table: Table) -> Vec<String> {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// [`lines`] as one text that ends with a line end.
pub(super) fn text(table: Table) -> String {
    lines(table).into_iter().map(|line| line + "\n").collect()
}

/// Glyph and word of a status.
pub(super) fn status(output: &Output, status: Status) -> Cell {
    let text = format!("{} {}", status.glyph(output.unicode()), status.word());
    let cell = Cell::new(text);
    match status {
        Status::Ok => cell.fg(Color::Green),
        Status::Warn => cell.fg(Color::Yellow),
        Status::Unknown => cell.fg(Color::Magenta),
        Status::Down => cell.fg(Color::Red).add_attribute(Attribute::Bold),
    }
}

/// A right-aligned cell, for numbers.
pub(super) fn number(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}
