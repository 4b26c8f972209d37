//! Reads a command's JSON document into a reading's details, with bounds.

use serde_json::{Map, Value};

use warroom_domain::health::{Observation, Unit};
use warroom_host::{
    bounded::json::{self, JsonError},
    plain::{first_line, plain, shortened},
    process::Finished,
};

const MOST_ITEMS: usize = 100;
const MOST_MEMBERS: usize = 200;
const MOST_TEXT: usize = 1000;
const MOST_DEPTH: usize = 12;

pub(super) fn observe(finished: &Finished) -> Observation {
    let complaint = first_line(&plain(&finished.stderr.text()), 120);
    let with = |what: String| if complaint.is_empty() { what } else { format!("{what}: {complaint}") };
    if !finished.status.success() {
        let ending = match finished.status.code() {
            Some(127) => "exit code 127: the shell found no such program".to_owned(),
            _ => finished.ending(),
        };
        return Observation::unknown(with(ending));
    }
    if finished.stdout.cut() {
        let total = warroom_domain::health::bytes(finished.stdout.total as f64);
        return Observation::unknown(format!("{total} of output is too much, print less JSON"));
    }
    let document: Value = match json::read(&finished.stdout.kept) {
        Ok(document) => document,
        Err(_) if finished.stdout.kept.trim_ascii().is_empty() => {
            return Observation::unknown(with("no output where JSON was expected".to_owned()));
        }
        Err(JsonError::TooMuch) => return Observation::unknown("the output has too many values, print less JSON"),
        Err(error) => return Observation::unknown(format!("the output is not JSON: {error}")),
    };
    let members = match bounded(document, 0) {
        Value::Object(members) => members,
        Value::Number(number) => Map::from_iter([("value".to_owned(), Value::Number(number))]),
        other => Map::from_iter([("items".to_owned(), other)]),
    };
    let value = members.get("value").and_then(Value::as_f64);
    let unit = members.get("unit").and_then(Value::as_str).unwrap_or_default();
    let mut seen = Observation::ok(summary(&members));
    if let Some(value) = value {
        seen = seen.with_value(value, Unit::parse(unit));
    }
    seen.details = members;
    seen
}

/// The document's own `summary` or `message`, else what there is.
fn summary(members: &Map<String, Value>) -> String {
    let own = ["summary", "message"].into_iter().find_map(|name| members.get(name)?.as_str());
    match own.map(|text| first_line(text, 160)) {
        Some(text) if !text.is_empty() => text,
        _ => match (members.len(), members.get("items").and_then(Value::as_array)) {
            (1, Some(items)) => format!("JSON with {} items", items.len()),
            (1, None) => members.iter().map(|(name, value)| shortened(&format!("{name} is {value}"), 100)).collect(),
            (count, _) => format!("JSON with {count} members"),
        },
    }
}

/// The document without control characters, long texts and long lists.
fn bounded(value: Value, depth: usize) -> Value {
    match value {
        Value::String(text) => Value::String(shortened(&plain(&text), MOST_TEXT)),
        Value::Array(_) | Value::Object(_) if depth >= MOST_DEPTH => Value::from("…"),
        Value::Array(items) => items.into_iter().take(MOST_ITEMS).map(|item| bounded(item, depth + 1)).collect(),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .take(MOST_MEMBERS)
                .map(|(name, member)| (shortened(&plain(&name), 100), bounded(member, depth + 1)))
                .collect(),
        ),
        other => other,
    }
}
