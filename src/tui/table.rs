//! Filtering, sorting and measuring of tables.

use super::{
    model::{Input, Sort},
    text,
};
use crate::health::details::{SortKey, Table};

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

/// Shrinks widths so that they and the gaps between them fit into `room`: the widest columns give way first, none
/// below 4.
pub fn shrink(widths: &[usize], gap: usize, room: usize) -> Vec<usize> {
    let mut widths = widths.to_vec();
    let gaps = gap * widths.len().saturating_sub(1);
    loop {
        let total: usize = widths.iter().sum::<usize>() + gaps;
        let Some(excess) = total.checked_sub(room).filter(|excess| *excess > 0) else { return widths };
        let widest = widths.iter().copied().max().unwrap_or(0);
        if widest <= 4 {
            return widths;
        }
        // All of the widest shrink together, down to the next width, so that they stay alike.
        let next = widths.iter().copied().filter(|w| *w < widest).max().unwrap_or(4).max(4);
        let count = widths.iter().filter(|w| **w == widest).count();
        let step = excess.div_ceil(count).min((widest - next).max(1));
        for width in widths.iter_mut().filter(|w| **w == widest) {
            *width -= step;
        }
    }
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
        crate::health::details::table(rows.as_array().unwrap())
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
        filter.paste("WEB crash");
        assert_eq!(arrange(&pods(), &filter, None), [1]);
    }

    #[test]
    fn the_widest_columns_give_way_first() {
        assert_eq!(shrink(&[30, 5, 10], 2, 40), [21, 5, 10]);
        assert_eq!(shrink(&[20, 20], 2, 32), [15, 15]);
        assert_eq!(shrink(&[4, 4, 4], 2, 3), [4, 4, 4]);
        assert_eq!(shrink(&[8, 5], 1, 14), [8, 5]);
    }
}
