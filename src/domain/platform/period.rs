//! Lengths of time as packs write them: `15m`, `1d12h`, `quarterly`.

use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo, civil::Date};

/// A length of time such as `500ms`, `15m`, `4h`, `7d`, `1d12h`. A day is 24 hours. The error is what is wrong with it.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let span = parse_span(text)?;
    if span.get_months() != 0 || span.get_years() != 0 {
        return Err("months and years differ in length".to_owned());
    }
    exact(&span, SpanRelativeTo::days_are_24_hours())
}

/// Like [`parse_duration`], and months and years are allowed: they count from a first of January, so that `12 months`
/// is a year of 365 days. For retention times and other long spans, where a day more or less does not matter.
pub fn parse_long_duration(text: &str) -> Result<Duration, String> {
    let span = parse_span(text)?;
    exact(&span, Date::constant(2025, 1, 1).into())
}

/// The time from one occasion to the next: `daily`, `weekly`, `monthly`, `quarterly`, `half-yearly`, `annually`, or a length.
pub fn parse_period(text: &str) -> Result<Span, String> {
    let span = match text.trim().to_ascii_lowercase().as_str() {
        "daily" => Span::new().days(1),
        "weekly" => Span::new().weeks(1),
        "biweekly" | "fortnightly" => Span::new().weeks(2),
        "monthly" => Span::new().months(1),
        "quarterly" => Span::new().months(3),
        "half-yearly" | "semi-annually" | "semiannually" | "biannually" => Span::new().months(6),
        "yearly" | "annually" | "annual" => Span::new().years(1),
        _ => parse_span(text)?,
    };
    Ok(span)
}

/// When the next occasion is due. `None` beyond the calendar's end.
pub fn next_due(last: Date, every: &Span) -> Option<Date> {
    last.checked_add(*every).ok()
}

/// A length of time for people: `45m`, `1h 30m`, `24h`, and from two whole days on `7d`.
pub fn in_words(length: Duration) -> String {
    const DAY: u64 = 24 * 60 * 60;
    match length.as_secs() {
        whole if whole >= 2 * DAY && whole % DAY == 0 && length.subsec_nanos() == 0 => format!("{}d", whole / DAY),
        _ => SignedDuration::try_from(length).map_or_else(|_| "for ever".to_owned(), |length| format!("{length:#}")),
    }
}

fn parse_span(text: &str) -> Result<Span, String> {
    let span: Span = text.trim().parse().map_err(|_| "it is no number with a unit".to_owned())?;
    if span.is_negative() {
        return Err("it is negative".to_owned());
    }
    Ok(span)
}

fn exact(span: &Span, relative: SpanRelativeTo<'_>) -> Result<Duration, String> {
    let exact = span.to_duration(relative).map_err(|_| "it is too long".to_owned())?;
    Duration::try_from(exact).map_err(|_| "it is negative".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_operations_people_write_them() {
        let seconds = |text: &str| parse_duration(text).map(|d| d.as_secs_f64());
        assert_eq!(seconds("15m"), Ok(900.0));
        assert_eq!(seconds("1d12h"), Ok(129_600.0));
        assert_eq!(seconds("7d"), Ok(604_800.0));
        assert_eq!(seconds("500ms"), Ok(0.5));
        assert_eq!(seconds("0s"), Ok(0.0));
        assert_eq!(seconds("1 hour 30 minutes"), Ok(5400.0));
        for wrong in ["", "5", "fast", "-5m", "5m ago", "2 months", "99999999999d"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_long_duration("7y").unwrap().as_secs() / 86_400, 2556);
    }

    #[test]
    fn a_quarter_after_the_end_of_november_is_the_end_of_february() {
        let every = parse_period("quarterly").unwrap();
        assert_eq!(next_due(jiff::civil::date(2025, 11, 30), &every), Some(jiff::civil::date(2026, 2, 28)));
    }
}
