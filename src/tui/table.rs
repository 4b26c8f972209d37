//! Filtering, sorting and measuring of tables.

use super::{
    model::{Input, Sort},
    text,
};
use warroom_domain::health::details::{Column, SortKey, Table};

/// Columns that each table column needs for its widest cell and its title.
pub fn widths(table: &Table) -> Vec<usize> {
    let mut widths: Vec<usize> = table.columns.iter().map(|c| text::width(&c.title)).collect();
    for row in &table.rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(text::width(&cell.text));
        }
    }
    widths
}

/// Indices of the rows that the filter keeps, in the sort's order. Equal rows keep their order; rows without a value in
/// the column come last either way.
pub fn arrange(table: &Table, filter: &Input, sort: Option<&Sort>) -> Vec<usize> {
    let keeps = |index: &usize| {
        if filter.is_empty() {
            return true;
        }
        let texts: Vec<&str> = table.rows[*index].iter().map(|cell| cell.text.as_str()).collect();
        filter.matches(&texts.join(" "))
    };
    let mut order: Vec<usize> = (0..table.rows.len()).filter(keeps).collect();
    let column = sort.and_then(|sort| {
        let index = table.columns.iter().position(|column| column.title == sort.column)?;
        Some((index, sort.descending))
    });
    if let Some((column, descending)) = column {
        order.sort_by(|a, b| {
            let (a, b) = (&table.rows[*a][column].sort, &table.rows[*b][column].sort);
            match (a, b) {
                (SortKey::Empty, _) | (_, SortKey::Empty) => a.compare(b),
                _ if descending => b.compare(a),
                _ => a.compare(b),
            }
        });
    }
    order
}

/// Columns that a table column keeps before others are left out: names stay readable, texts may be cut.
fn least(title: &str, numeric: bool, width: usize) -> usize {
    match title {
        _ if numeric => width,
        "name" | "pod" | "replica" | "address" => width.min(34),
        _ => width.min(12),
    }
}

/// Widths that fit into `room` with `gap` columns between them. When not even the least widths of all fit, columns are left
/// out from the end, so there may be fewer widths than columns; there is always one.
pub fn fit(columns: &[Column], widths: &[usize], gap: usize, room: usize) -> Vec<usize> {
    let least: Vec<usize> = columns.iter().zip(widths).map(|(c, w)| least(&c.title, c.numeric, *w)).collect();
    let total = |widths: &[usize]| widths.iter().sum::<usize>() + gap * widths.len().saturating_sub(1);
    let mut count = widths.len();
    while count > 1 && total(&least[..count]) > room {
        count -= 1;
    }
    let mut widths = widths[..count].to_vec();
    while total(&widths) > room {
        // The widest of those that can still give way.
        let giving = (0..count).filter(|i| widths[*i] > least[*i]).max_by_key(|i| widths[*i]);
        let Some(index) = giving.or_else(|| (0..count).filter(|i| widths[*i] > 1).max_by_key(|i| widths[*i])) else {
            break;
        };
        widths[index] -= 1;
    }
    widths
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pods() -> Table {
        let rows = json!([
            {"name": "web-1", "restarts": 10, "status": "Running"},
            {"name": "web-2", "restarts": 9, "status": "CrashLoopBackOff"},
            {"name": "worker", "status": "Pending"},
        ]);
        warroom_domain::health::details::table(rows.as_array().unwrap())
    }

    #[test]
    fn numbers_sort_as_numbers_and_missing_ones_come_last_both_ways() {
        let sort = |descending| Some(Sort { column: "restarts".into(), descending });
        assert_eq!(arrange(&pods(), &Input::default(), sort(false).as_ref()), [1, 0, 2]);
        assert_eq!(arrange(&pods(), &Input::default(), sort(true).as_ref()), [0, 1, 2]);
    }

    #[test]
    fn a_filter_keeps_rows_that_hold_every_word() {
        let mut filter = Input::default();
        filter.fill("WEB crash");
        assert_eq!(arrange(&pods(), &filter, None), [1]);
    }

    #[test]
    fn texts_give_way_first_then_columns_at_the_end_are_left_out_and_names_stay() {
        let column = |title: &str, numeric| Column { title: title.to_owned(), numeric };
        let columns =
            [column("name", false), column("restarts", true), column("node", false), column("message", false)];
        let widths = [30, 8, 20, 60];
        assert_eq!(fit(&columns, &widths, 2, 130), [30, 8, 20, 60]);
        assert_eq!(fit(&columns, &widths, 2, 100), [30, 8, 20, 36]);
        assert_eq!(fit(&columns, &widths, 2, 68), [30, 8, 12, 12]);
        assert_eq!(fit(&columns, &widths, 2, 60), [30, 8, 18]);
        assert_eq!(fit(&columns, &widths, 2, 20), [20]);
    }
}
