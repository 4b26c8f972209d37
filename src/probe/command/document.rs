//! Reads a command's JSON document into a reading's details, with bounds.

use serde_json::{Map, Value};

use warroom_domain::health::{Observation, Unit};
use warroom_host::{
    bounded::json::{self, JsonError},
    plain::{first_line, plain, shortened},
    process::Finished,
};

/// Of one list or object. What is beyond cannot be judged.
const MOST_ITEMS: usize = 1000;
const MOST_TEXT: usize = 1000;
const MOST_DEPTH: usize = 12;

/// `lines`: one document a line, as a list. Without it that is so when more than one line has one.
pub(super) fn observe(finished: &Finished, lines: bool) -> Observation {
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
    let document = match read(&finished.stdout.kept, lines) {
        Ok(document) => document,
        Err(_) if finished.stdout.kept.trim_ascii().is_empty() => {
            return Observation::unknown(with("no output where JSON was expected".to_owned()));
        }
        Err(JsonError::TooMuch) => return Observation::unknown("the output has too many values, print less JSON"),
        Err(error) => return Observation::unknown(format!("the output is not JSON: {error}")),
    };
    let mut more = false;
    let members = match bounded(document, 0, &mut more) {
        Value::Object(members) => members,
        Value::Number(number) => Map::from_iter([("value".to_owned(), Value::Number(number))]),
        // What Go's encoder makes of a list that was never filled.
        Value::Null => Map::from_iter([("items".to_owned(), Value::Array(Vec::new()))]),
        other => Map::from_iter([("items".to_owned(), other)]),
    };
    if more {
        return Observation::unknown(format!("a list or object has more than {MOST_ITEMS} members, print less JSON"));
    }
    let value = members.get("value").and_then(Value::as_f64);
    let unit = members.get("unit").and_then(Value::as_str).unwrap_or_default();
    let mut seen = Observation::ok(summary(&members));
    if let Some(value) = value {
        seen = seen.with_value(value, Unit::parse(unit));
    }
    seen.details = members;
    seen
}

/// One document, or a list of those that stand on lines of their own (`docker compose ps --format json`).
fn read(text: &[u8], lines: bool) -> Result<Value, JsonError> {
    let each = || text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let list = || each().map(json::read::<Value>).collect::<Result<_, _>>().map(Value::Array);
    match json::read(text) {
        _ if lines => list(),
        Err(JsonError::Syntax(wrong)) if each().count() > 1 => list().map_err(|_| JsonError::Syntax(wrong)),
        document => document,
    }
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

/// The document without control characters and long texts. `more` says that it has more than is kept.
fn bounded(value: Value, depth: usize, more: &mut bool) -> Value {
    match value {
        Value::String(text) => Value::String(shortened(&plain(&text), MOST_TEXT)),
        Value::Array(_) | Value::Object(_) if depth >= MOST_DEPTH => Value::from("…"),
        Value::Array(items) => {
            *more |= items.len() > MOST_ITEMS;
            items.into_iter().take(MOST_ITEMS).map(|item| bounded(item, depth + 1, more)).collect()
        }
        Value::Object(members) => {
            *more |= members.len() > MOST_ITEMS;
            let kept = members.into_iter().take(MOST_ITEMS);
            Value::Object(
                kept.map(|(name, member)| (shortened(&plain(&name), 100), bounded(member, depth + 1, more))).collect(),
            )
        }
        other => other,
    }
}
