//! Numbers and times as people read them, the same on every screen and in every table.

use std::time::Duration;

use super::Unit;

/// A value with its unit in at most eight columns: `38 s`, `24 MB`, `41 %`, `0.6 ms`, `12`.
pub fn quantity(value: f64, unit: Option<&Unit>) -> String {
    match unit {
        Some(Unit::Bytes) => bytes(value),
        Some(Unit::Seconds) => seconds(value),
        Some(Unit::Milliseconds) if value.abs() >= 1000.0 => seconds(value / 1000.0),
        Some(Unit::Milliseconds) => format!("{} ms", number(value)),
        Some(Unit::Percent) => format!("{} %", number(value)),
        Some(Unit::Days) => format!("{} d", number(value)),
        Some(Unit::Of(text)) if !text.is_empty() => format!("{} {text}", number(value)),
        _ => number(value),
    }
}

/// Three significant digits below 100, whole numbers above, no trailing zeros: `0.62`, `12.4`, `1200`.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "NaN".to_owned();
    }
    let decimals = match value.abs() {
        v if v == 0.0 || v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Bytes in decimal units, as disks and `df -H` count them: `512 B`, `24 MB`, `1.3 GB`.
pub fn bytes(value: f64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut scaled = value;
    let mut unit = 0;
    while scaled.abs() >= 999.5 && unit + 1 < UNITS.len() {
        scaled /= 1000.0;
        unit += 1;
    }
    format!("{} {}", number(scaled), UNITS[unit])
}

/// Seconds: with decimals below ten, whole below two minutes, then as [`duration`].
fn seconds(value: f64) -> String {
    if value.abs() < 120.0 || !value.is_finite() {
        return format!("{} s", if value.abs() >= 10.0 { number(value.round()) } else { number(value) });
    }
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{}", duration(Duration::try_from_secs_f64(value.abs()).unwrap_or(Duration::MAX)))
}

/// The two largest units: `45s`, `4m12s`, `3h18m`, `26h`, `9d`.
pub fn duration(value: Duration) -> String {
    let total = value.as_secs();
    let (days, hours, minutes, seconds) = (total / 86_400, total / 3600, total / 60, total);
    let two = |big: u64, big_unit: &str, small: u64, small_unit: &str| {
        if small == 0 { format!("{big}{big_unit}") } else { format!("{big}{big_unit}{small:02}{small_unit}") }
    };
    match total {
        0..60 => format!("{seconds}s"),
        60..3600 => two(minutes, "m", seconds % 60, "s"),
        3600..172_800 => two(hours, "h", minutes % 60, "m"),
        _ => two(days, "d", hours % 24, "h"),
    }
}

/// An age: `now` below one second, else as [`duration`].
pub fn age(value: Duration) -> String {
    if value < Duration::from_secs(1) { "now".to_owned() } else { duration(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_like_the_field_writes_them() {
        let cases = [
            (38.0, Unit::Seconds, "38 s"),
            (0.4, Unit::Seconds, "0.4 s"),
            (312.0, Unit::Seconds, "5m12s"),
            (24_000_000.0, Unit::Bytes, "24 MB"),
            (1_340_000_000.0, Unit::Bytes, "1.3 GB"),
            (12.4, Unit::Percent, "12.4 %"),
            (0.62, Unit::Milliseconds, "0.62 ms"),
            (142.3, Unit::Milliseconds, "142 ms"),
            (1532.0, Unit::Milliseconds, "1.5 s"),
            (12.0, Unit::Of("pods".into()), "12 pods"),
        ];
        for (value, unit, text) in cases {
            assert_eq!(quantity(value, Some(&unit)), text);
        }
        assert_eq!(duration(Duration::from_secs(3 * 3600 + 18 * 60)), "3h18m");
        assert_eq!(duration(Duration::from_secs(26 * 3600)), "26h");
        assert_eq!(age(Duration::from_millis(300)), "now");
    }
}
