//! Thresholds that can never fire, or always do: told when the pack is read, and not in the outage.

use std::collections::BTreeMap;

use serde_json::Map;

use super::section::{Section, Text};
use crate::platform::{Expression, Limit, kinds::Kind, nearest::suggestion};

/// What every threshold may read beside the details.
const OF_READINGS: [&str; 3] = ["value", "latency_ms", "status"];

/// Checks `warn` and `down` of a probe of this kind.
pub(super) fn check(section: &Section<'_, '_>, key: &'static str, condition: &Expression, kind: &Kind) {
    let Some(text) = section.text(key) else { return };
    for (message, help) in faults(key, condition, kind) {
        section.findings.warning(place(section, &text, condition), message, help);
    }
}

fn place(section: &Section<'_, '_>, text: &Text<'_>, condition: &Expression) -> std::ops::Range<usize> {
    section.findings.inside(&text.at, 0..condition.source().len())
}

fn faults(key: &str, condition: &Expression, kind: &Kind) -> Vec<(String, Option<String>)> {
    let mut faults = Vec::new();
    let variables = condition.variables();
    if variables.is_empty() {
        faults.push(match condition.holds(&Map::new()) {
            Ok(answer) => (format!("`{key}` is always {answer}: it reads nothing"), None),
            Err(_) => (format!("`{key}` never has an answer"), None),
        });
    }
    let known: Vec<&str> = kind.details.iter().copied().chain(OF_READINGS).collect();
    for unknown in variables.iter().filter(|name| !kind.details.is_empty() && !known.contains(&name.as_str())) {
        let message = format!("`{unknown}` is not a detail of {} probes, so `{key}` never has an answer", kind.word);
        faults.push((message, suggestion(unknown, &known)));
    }
    let limits = condition.comparisons();
    for Limit { name, operator, bound } in &limits {
        let percent = name.ends_with("_percent") || kind.percent && name == "value";
        if percent && *bound > 0.0 && *bound < 1.0 {
            let help = format!("write `{name} {operator} {}`", bound * 100.0);
            faults.push((format!("`{name}` is a percentage, and {bound} is less than 1 %"), Some(help)));
        }
        // A change may be larger than the whole.
        if percent && name != "change_percent" && operator.starts_with('>') && *bound >= 100.0 {
            faults.push((format!("`{name}` is never {operator} {bound}: it is a percentage"), None));
        }
    }
    if let Some(limits) = condition.limits()
        && let Some(name) = contradiction(&limits)
    {
        faults.push((format!("`{key}` is never true: no `{name}` is within both limits"), None));
    }
    faults
}

/// The name of what would have to be above one limit and below a smaller one.
fn contradiction(limits: &[Limit]) -> Option<&str> {
    let mut bounds: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for Limit { name, operator, bound } in limits {
        let (least, most) = bounds.entry(name).or_insert((f64::NEG_INFINITY, f64::INFINITY));
        match operator.starts_with('>') {
            true => *least = least.max(*bound),
            false => *most = most.min(*bound),
        }
    }
    bounds.into_iter().find(|(_, (least, most))| least > most).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::kinds::{KINDS, kind_named};

    fn first(kind: &str, source: &str) -> Option<String> {
        let condition = Expression::compile(source).unwrap();
        faults("warn", &condition, kind_named(kind).unwrap()).into_iter().next().map(|(message, _)| message)
    }

    #[test]
    fn a_threshold_that_cannot_tell_anything_is_found() {
        for (kind, source, words) in [
            ("http", "true", "`warn` is always true: it reads nothing"),
            ("http", "1 > 2", "`warn` is always false"),
            ("tls", "day_left < 21", "`day_left` is not a detail of tls probes, so `warn` never has an answer"),
            ("metrics", "value > 0.05", "`value` is a percentage, and 0.05 is less than 1 %"),
            ("postgres", "connections.used_percent > 0.8 || blocked > 3", "`used_percent` is a percentage, and 0.8"),
            ("postgres", "connections.used_percent > 100", "`used_percent` is never > 100: it is a percentage"),
            ("tls", "days_left > 30 && days_left < 21", "`warn` is never true: no `days_left` is within both limits"),
        ] {
            let found = first(kind, source).unwrap_or_default();
            assert!(found.starts_with(words), "{source}: {found}");
        }
        for (kind, source) in [
            ("tls", "days_left < 21"),
            ("http", "latency_ms > 0.5 && status_code == 200"),
            ("backup", "newest.change_percent > 200"),
            ("kubernetes", "workloads.exists(w, w.name == 'api' && w.ready < 2)"),
            ("command", "anything / other > 0.8"),
            ("tls", "days_left > 3 && days_left < 21"),
        ] {
            assert_eq!(first(kind, source), None, "{source}");
        }
        for kind in &KINDS {
            for source in [kind.warn, kind.down].into_iter().flatten() {
                assert_eq!(first(kind.word, source), None, "the defaults of {}", kind.word);
            }
        }
    }
}
