//! What happened, written down: the one way to write history.

pub mod journal;
mod log;

pub use log::{EventLog, FileLog, LogError, MemoryLog, Recorded};
