//! Tables on standard output: aligned columns without borders, coloured only on a terminal. What a cell says is shown as text,
//! wherever it comes from.

use comfy_table::{Attribute, CellAlignment, Color, ContentArrangement};

use super::{output::Output, painted::Painted};
use warroom_domain::{health::Status, text::shown};
use warroom_room::check::Verdict;

/// A table that is being filled.
pub(super) struct Table(comfy_table::Table);

/// A cell: text, which may have several lines, and how it looks.
pub(super) struct Cell(comfy_table::Cell);

impl Cell {
    pub(super) fn new(text: impl ToString) -> Self {
        // The width of a tab depends on where it stands, which the layout does not know.
        Cell(comfy_table::Cell::new_owned(shown(&text.to_string()).replace('\t', "    ")))
    }

    pub(super) fn fg(self, color: Color) -> Self {
        Cell(self.0.fg(color))
    }

    pub(super) fn bold(self) -> Self {
        Cell(self.0.add_attribute(Attribute::Bold))
    }
}

impl Table {
    pub(super) fn add_row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.0.add_row(cells.into_iter().map(|cell| cell.0).collect::<Vec<_>>());
    }
}

/// An empty table with these column titles. On a terminal long cells are wrapped at its width; elsewhere nothing is cut.
pub(super) fn new(output: &Output, titles: &[&str]) -> Table {
    let mut table = comfy_table::Table::new();
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
        table.set_header(titles.iter().map(|title| Cell::new(title).0.add_attribute(Attribute::Dim)));
    }
    Table(table)
}

/// The finished table, one line a row, without trailing spaces.
pub(super) fn lines(mut table: Table) -> Vec<Painted> {
    for column in table.0.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.0.lines().map(|line| Painted::colored(line.trim_end())).collect()
}

/// [`lines`] as one text that ends with a line end.
pub(super) fn text(table: Table) -> Painted {
    let mut text = Painted::new();
    for line in lines(table) {
        text.push(&line);
        text.push_str("\n");
    }
    text
}

/// Glyph and word of a status.
pub(super) fn status(output: &Output, status: Status) -> Cell {
    let cell = Cell::new(format!("{} {}", status.glyph(output.unicode()), status.word()));
    match status {
        Status::Ok => cell.fg(Color::Green),
        Status::Warn => cell.fg(Color::Yellow),
        Status::Unknown => cell.fg(Color::Magenta),
        Status::Down => cell.fg(Color::Red).bold(),
    }
}

/// The word for how a look at something that is needed ended.
pub(super) fn verdict(verdict: Verdict) -> Cell {
    let cell = Cell::new(verdict.word());
    match verdict {
        Verdict::Ok => cell.fg(Color::Green),
        Verdict::Unknown => cell.fg(Color::Magenta),
        Verdict::Failed => cell.fg(Color::Red).bold(),
    }
}

/// A right-aligned cell, for numbers.
pub(super) fn number(text: impl ToString) -> Cell {
    Cell(Cell::new(text).0.set_alignment(CellAlignment::Right))
}
