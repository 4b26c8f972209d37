//! Health semantics: what a look at a target means, over time. Pure: no I/O, no clock, no async.

mod alert;
mod board;
#[cfg(test)]
mod board_tests;
mod debounce;
pub mod details;
mod exposure;
mod format;
mod history;
mod judge;
mod probe;
mod reading;
#[doc(hidden)]
pub mod testing;

pub use alert::{Alert, AlertStatus};
pub use board::{Board, Happening, Panel, firing};
pub use debounce::Debounce;
pub use exposure::{ComponentExposure, RestorePoint};
pub use format::{age, bytes, duration, number, quantity};
pub use history::{History, Sample};
pub use judge::{judge, shown_limit, timed_out};
pub use probe::{ProbeHealth, Verdict};
pub use reading::{Exposure, Observation, Reading, Status, Unit};
