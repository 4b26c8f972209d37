//! The only place that reads the wall clock. Everything else is given the time.

use jiff::Timestamp;

/// The time now, UTC.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
