//! Health semantics: what a look at a target means, over time. Pure: no I/O, no clock, no async.

mod format;
mod reading;

pub use format::{age, bytes, duration, number, quantity};
pub use reading::{Exposure, Observation, Reading, Status, Unit};
