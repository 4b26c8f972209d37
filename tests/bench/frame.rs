//! One frame of the whole screen at 200×60, drawn into memory.

use crate::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![]
}
