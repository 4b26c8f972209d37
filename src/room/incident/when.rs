//! Times as people type them in an incident.

use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};

use warroom_domain::platform::period::parse_duration;

/// A time that has passed: `2026-02-03T14:02:00Z` (any RFC 3339 time with its zone), `14:02` (UTC, the last time it was that
/// late), `10m` (so long ago), or `now`. The error is one sentence.
pub fn past(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    if text == "now" {
        return Ok(now);
    }
    let at = if let Ok(at) = text.parse::<Timestamp>() {
        at
    } else if !text.contains('-')
        && let Ok(time) = text.parse::<Time>()
    {
        let today = now.to_zoned(TimeZone::UTC).date().to_datetime(time).to_zoned(TimeZone::UTC);
        let today = today.map_err(|error| error.to_string())?.timestamp();
        if today > now { today - SignedDuration::from_hours(24) } else { today }
    } else if let Ok(ago) = parse_duration(text.trim_end_matches("ago").trim()) {
        now.checked_sub(ago).map_err(|_| format!("{text} ago is too long ago"))?
    } else {
        return Err(format!(
            "{text:?} is no time: write 14:02 (UTC), 10m (so long ago), or a time with its zone such as 2026-02-03T14:02:00Z"
        ));
    };
    if at > now { Err(format!("{at:.0} lies in the future")) } else { Ok(at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_type_them() {
        let now: Timestamp = "2026-02-03T00:10:00Z".parse().unwrap();
        for (text, at) in [
            ("now", "2026-02-03T00:10:00Z"),
            ("00:05", "2026-02-03T00:05:00Z"),
            ("23:50", "2026-02-02T23:50:00Z"),
            ("10m", "2026-02-03T00:00:00Z"),
            ("1h30m ago", "2026-02-02T22:40:00Z"),
            ("2026-02-03T01:05:00+01:00", "2026-02-03T00:05:00Z"),
        ] {
            assert_eq!(past(text, now).unwrap(), at.parse::<Timestamp>().unwrap(), "{text}");
        }
        for wrong in ["", "yesterday", "25:00", "2026-02-03T00:11:00Z", "2026-02-03 00:01"] {
            assert!(past(wrong, now).is_err(), "{wrong}");
        }
    }
}
