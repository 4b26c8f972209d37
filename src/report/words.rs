//! How times, durations and other people's text are written in a report.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::Source;
use warroom_domain::text::shown;
use warroom_host::plain::plain;

/// What is written where the journal says nothing.
pub(super) const NOT_RECORDED: &str = "not recorded";

/// Text of the incident, with every hidden character shown as such; lines stay.
pub(super) fn clean(text: &str) -> String {
    shown(&text.replace("\r\n", "\n")).trim().to_owned()
}

/// What a command printed, without its colours.
pub(super) fn output(text: &str) -> String {
    clean(&plain(text))
}

/// Writes the times of one incident: with the date where it lasted over midnight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    dates: bool,
}

impl Times {
    pub(super) fn of(source: &Source<'_>) -> Self {
        let state = source.state;
        let written = source.timeline.iter().flat_map(|entry| [entry.at, entry.time()]);
        let turns = [state.detected_at, state.restored_at, source.as_of()].into_iter().flatten();
        let mut days = written.chain(turns).map(|at| at.to_zoned(TimeZone::UTC).date());
        let first = days.next();
        Times { dates: days.any(|day| Some(day) != first) }
    }

    pub(super) fn crosses_midnight(self) -> bool {
        self.dates
    }

    /// `03:12:07`, or `2026-01-21 03:12:07`; UTC.
    pub(super) fn at(self, at: Timestamp) -> String {
        at.strftime(if self.dates { "%Y-%m-%d %H:%M:%S" } else { "%H:%M:%S" }).to_string()
    }

    pub(super) fn maybe(self, at: Option<Timestamp>) -> String {
        at.map_or_else(|| NOT_RECORDED.to_owned(), |at| self.at(at))
    }

    /// What stands at the head of a column of times.
    pub(super) fn head(self) -> &'static str {
        "Time (UTC)"
    }
}

/// `2026-01-21 03:12:07 UTC`.
pub(super) fn full(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `2026-01-21`.
pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// The two largest units: `0.4 s`, `12 s`, `4 min 12 s`, `3 h 18 min`, `2 d 4 h`.
pub(super) fn span(value: SignedDuration) -> String {
    let sign = if value.is_negative() { "−" } else { "" };
    let value = value.unsigned_abs();
    let total = value.as_secs();
    let two = |big: u64, big_unit: &str, small: u64, small_unit: &str| {
        if small == 0 { format!("{big} {big_unit}") } else { format!("{big} {big_unit} {small} {small_unit}") }
    };
    let text = match total {
        0..10 if value.subsec_millis() > 0 => format!("{:.1} s", value.as_secs_f64()),
        0..60 => format!("{total} s"),
        60..3600 => two(total / 60, "min", total % 60, "s"),
        3600..86_400 => two(total / 3600, "h", total / 60 % 60, "min"),
        _ => two(total / 86_400, "d", total / 3600 % 24, "h"),
    };
    format!("{sign}{text}")
}

pub(super) fn maybe_span(value: Option<SignedDuration>) -> String {
    value.map_or_else(|| NOT_RECORDED.to_owned(), span)
}

/// A duration of a pack or a journal, as far as it can be counted.
pub(super) fn signed(value: std::time::Duration) -> SignedDuration {
    SignedDuration::try_from(value).unwrap_or(SignedDuration::MAX)
}

/// `1 update`, `2 updates`.
pub(super) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_in_two_units() {
        let text = |ms| span(SignedDuration::from_millis(ms));
        assert_eq!(text(400), "0.4 s");
        assert_eq!(text(12_000), "12 s");
        assert_eq!(text(252_000), "4 min 12 s");
        assert_eq!(text(3 * 3_600_000 + 18 * 60_000), "3 h 18 min");
        assert_eq!(text(86_400_000), "1 d");
        assert_eq!(text(-60_000), "−1 min");
    }

    #[test]
    fn what_cannot_be_seen_or_turns_the_text_is_shown() {
        assert_eq!(
            clean("\u{1b}[31mA\u{1b}[0m\u{202e}B\u{200b}C\u{2028}D\r\n"),
            "\\e[31mA\\e[0m\\u{202e}B\\u{200b}C\\u{2028}D"
        );
        assert_eq!(output("\u{1b}[31mA\u{1b}[0m\u{202e}\r\n"), "A\\u{202e}");
    }
}
