//! Rows as psql prints them, with bounded memory: the first rows decide how wide the columns are.

use unicode_width::UnicodeWidthStr;

/// So many rows, or bytes of them, are held back to find the widths; later rows that are wider stand out.
const FIRST_ROWS: usize = 1000;
const FIRST_BYTES: usize = 1 << 20;

/// A table that is being printed.
#[derive(Debug)]
pub(super) struct Table {
    names: Vec<String>,
    held: Vec<Vec<String>>,
    held_bytes: usize,
    /// Known once the first rows are printed: width of each column, and whether it holds numbers.
    columns: Option<Vec<(usize, bool)>>,
    rows: u64,
}

impl Table {
    pub(super) fn new(names: Vec<String>) -> Self {
        Table { names, held: Vec::new(), held_bytes: 0, columns: None, rows: 0 }
    }

    /// Adds a row; NULL is empty, as psql has it.
    pub(super) fn row(&mut self, values: Vec<String>, out: &mut String) {
        self.rows += 1;
        if let Some(columns) = &self.columns {
            line(&values, columns, out);
            return;
        }
        self.held_bytes += values.iter().map(String::len).sum::<usize>();
        self.held.push(values);
        if self.held.len() >= FIRST_ROWS || self.held_bytes >= FIRST_BYTES {
            self.begin(out);
        }
    }

    /// The end, with the number of rows.
    pub(super) fn finish(mut self, out: &mut String) {
        if self.columns.is_none() {
            self.begin(out);
        }
        out.push_str(&if self.rows == 1 { "(1 row)\n\n".to_owned() } else { format!("({} rows)\n\n", self.rows) });
    }

    fn begin(&mut self, out: &mut String) {
        let columns: Vec<(usize, bool)> = self
            .names
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let values = || self.held.iter().filter_map(|row| row.get(index));
                let width = values().flat_map(|value| value.lines().map(width)).max().unwrap_or_default();
                let mut filled = values().filter(|value| !value.is_empty()).peekable();
                let numbers = filled.peek().is_some() && filled.all(|value| is_number(value));
                (width.max(self::width(name)), numbers)
            })
            .collect();
        let last = columns.len().saturating_sub(1);
        for (index, (name, (wide, _))) in self.names.iter().zip(&columns).enumerate() {
            let space = wide - width(name);
            out.push_str(&format!(" {}{name}{} ", " ".repeat(space / 2), " ".repeat(space - space / 2)));
            out.push(if index == last { '\n' } else { '|' });
        }
        let rule: Vec<String> = columns.iter().map(|(wide, _)| "-".repeat(wide + 2)).collect();
        out.push_str(&rule.join("+"));
        out.push('\n');
        for row in std::mem::take(&mut self.held) {
            line(&row, &columns, out);
        }
        self.columns = Some(columns);
    }
}

/// One row; values of several lines take several, marked with `+` as psql does.
fn line(values: &[String], columns: &[(usize, bool)], out: &mut String) {
    let cells: Vec<Vec<&str>> = values.iter().map(|value| value.split('\n').collect()).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(1);
    let last = columns.len().saturating_sub(1);
    for at in 0..height {
        for (index, ((wide, numbers), cell)) in columns.iter().zip(&cells).enumerate() {
            let text = cell.get(at).copied().unwrap_or_default();
            let more = at + 1 < cell.len();
            let space = " ".repeat(wide.saturating_sub(width(text)));
            match (numbers, index == last && !more) {
                (true, _) => out.push_str(&format!(" {space}{text}")),
                (false, true) => out.push_str(&format!(" {text}")),
                (false, false) => out.push_str(&format!(" {text}{space}")),
            }
            out.push_str(match (more, index == last) {
                (true, false) => "+|",
                (true, true) => "+",
                (false, false) => " |",
                (false, true) => "",
            });
        }
        out.push('\n');
    }
}

fn width(text: &str) -> usize {
    text.width()
}

/// As PostgreSQL prints integers and floating-point numbers; the protocol of plain queries does not tell types.
fn is_number(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.parse::<f64>().is_ok()
        && !(digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(names: &[&str], rows: &[&[&str]]) -> String {
        let mut out = String::new();
        let mut table = Table::new(names.iter().map(|name| (*name).to_owned()).collect());
        for row in rows {
            table.row(row.iter().map(|value| (*value).to_owned()).collect(), &mut out);
        }
        table.finish(&mut out);
        out
    }

    #[test]
    fn tables_look_like_those_of_psql() {
        assert_eq!(
            table(&["id", "name", "note"], &[&["1", "Ä. Müller", "x\ny"], &["200", "", ""]]),
            " id  |   name    | note \n-----+-----------+------\n   1 | Ä. Müller | x   +\n     |           | y\n 200 |           | \n(2 rows)\n\n"
        );
        assert_eq!(table(&["count"], &[&["42"]]), " count \n-------\n    42\n(1 row)\n\n");
        assert_eq!(table(&["a"], &[]), " a \n---\n(0 rows)\n\n");
    }
}
