//! Thresholds in words: `has(a.used_percent) && a.used_percent > 70` reads `used > 70 %`.

use crate::{
    health::{ProbeHealth, Unit, quantity, shown_threshold},
    tui::text::clean,
};

/// The threshold that matters next, in words where it is a plain comparison.
pub(super) fn shown(probe: &ProbeHealth) -> String {
    let source = shown_threshold(&probe.spec, probe.latest());
    let unit = probe.last_good().and_then(|reading| reading.unit.as_ref());
    source.map(|source| clean(&in_words(source, unit))).unwrap_or_default()
}

/// `unit` is that of `value`. What is no comparison with a number stays as it is, without the guards.
fn in_words(source: &str, unit: Option<&Unit>) -> String {
    let parts: Vec<&str> = source.split("&&").map(str::trim).filter(|part| !is_guard(part)).collect();
    if source.contains("||") {
        return source.to_owned();
    }
    parts
        .into_iter()
        .map(|part| comparison(part, unit).unwrap_or_else(|| part.to_owned()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// `has(…)` only keeps a condition from failing when the detail is missing.
fn is_guard(part: &str) -> bool {
    part.strip_prefix("has(")
        .and_then(|rest| rest.strip_suffix(')'))
        .is_some_and(|inner| !inner.contains(['(', ')', ' ']))
}

fn comparison(part: &str, unit: Option<&Unit>) -> Option<String> {
    let [path, operator, number] = part.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
    let number: f64 = number.parse().ok()?;
    if !matches!(operator, ">" | ">=" | "<" | "<=") || !path.chars().all(|c| c.is_alphanumeric() || "._".contains(c)) {
        return None;
    }
    let name = path.rsplit('.').next()?;
    let units = [
        ("_percent", Unit::Percent),
        ("_ms", Unit::Milliseconds),
        ("_seconds", Unit::Seconds),
        ("_bytes", Unit::Bytes),
        ("_days", Unit::Days),
    ];
    let own = units.into_iter().find_map(|(suffix, unit)| Some((name.strip_suffix(suffix)?, unit)));
    Some(match (name, own) {
        // A count's unit is a whole phrase; beside the value it need not be said again.
        ("value", _) => format!("{operator} {}", quantity(number, unit.filter(|u| !matches!(u, Unit::Of(_))))),
        (_, Some((label, own))) => format!("{} {operator} {}", label.replace('_', " "), quantity(number, Some(&own))),
        (_, None) => format!("{} {operator} {}", name.replace('_', " "), quantity(number, None)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_comparisons_read_as_words_and_others_stay() {
        let cases = [
            ("has(connections.used_percent) && connections.used_percent > 70", "used > 70 %"),
            ("latency_ms > 1000", "latency > 1000 ms"),
            ("lag_seconds > 60", "lag > 60 s"),
            ("value > 5", "> 5 %"),
            ("longest.age_seconds >= 300 && blocked > 2", "age >= 5m, blocked > 2"),
            ("status == 'down'", "status == 'down'"),
            ("a > 1 || b > 2", "a > 1 || b > 2"),
            ("size(pods) > 2", "size(pods) > 2"),
        ];
        for (source, words) in cases {
            assert_eq!(in_words(source, Some(&Unit::Percent)), words);
        }
    }
}
