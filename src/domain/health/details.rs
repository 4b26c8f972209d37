//! A reading's details as people read them: groups of labelled values, and tables.
//!
//! Works on any JSON, so that every probe kind is shown without code of its own. The suffix of a member's name says how it
//! is printed and is not part of its label: `_percent`, `_ms`, `_seconds`, `_bytes`, `_at` (RFC 3339).

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Unit, quantity};

/// One part of the details.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Empty for the members that stand at the top.
    pub title: String,
    pub body: Body,
}

/// What a [`Section`] holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Label and text.
    Pairs(Vec<(String, String)>),
    Table(Table),
}

/// A table of equally shaped objects.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub title: String,
    /// True when all its cells are numbers, which are aligned right.
    pub numeric: bool,
}

/// One cell: what is shown, and what it is sorted by.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    pub text: String,
    pub sort: SortKey,
}

/// Numbers sort before texts; empty cells come last.
#[derive(Debug, Clone, PartialEq)]
pub enum SortKey {
    Number(f64),
    Text(String),
    Empty,
}

impl SortKey {
    pub fn compare(&self, other: &SortKey) -> std::cmp::Ordering {
        use std::cmp::Ordering;
        match (self, other) {
            (SortKey::Number(a), SortKey::Number(b)) => a.total_cmp(b),
            (SortKey::Text(a), SortKey::Text(b)) => a.cmp(b),
            (SortKey::Number(_), _) | (_, SortKey::Empty) => Ordering::Less,
            (SortKey::Empty, _) | (_, SortKey::Number(_)) => Ordering::Greater,
        }
    }
}

/// Lays the details out: loose members first, then one section a group or table, in their order.
pub fn sections(details: &Map<String, Value>) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut loose = Vec::new();
    collect("", details, &mut loose, &mut sections);
    if !loose.is_empty() {
        sections.insert(0, Section { title: String::new(), body: Body::Pairs(loose) });
    }
    sections
}

fn collect(path: &str, members: &Map<String, Value>, pairs: &mut Vec<(String, String)>, sections: &mut Vec<Section>) {
    for (name, value) in members {
        let title = || if path.is_empty() { words(name) } else { format!("{path} › {}", words(name)) };
        match value {
            Value::Object(inner) => {
                let title = title();
                let at = sections.len();
                let mut own = Vec::new();
                collect(&title, inner, &mut own, sections);
                if !own.is_empty() {
                    sections.insert(at, Section { title, body: Body::Pairs(own) });
                }
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                sections.push(Section { title: title(), body: Body::Table(table(items)) });
            }
            _ => pairs.push((label(name, members.keys()), text(name, value))),
        }
    }
}

/// A table from an array of objects. Columns stand in the order in which they first appear.
pub fn table(items: &[Value]) -> Table {
    let mut names: Vec<&str> = Vec::new();
    for item in items.iter().filter_map(Value::as_object) {
        for name in item.keys() {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    let cell = |item: &Value, name: &str| match item.get(name) {
        None | Some(Value::Null) => Cell { text: String::new(), sort: SortKey::Empty },
        Some(value) => {
            let text = text(name, value);
            let sort = value.as_f64().map_or_else(|| SortKey::Text(text.to_lowercase()), SortKey::Number);
            Cell { text, sort }
        }
    };
    let rows: Vec<Vec<Cell>> = items.iter().map(|item| names.iter().map(|name| cell(item, name)).collect()).collect();
    let columns = names.iter().enumerate().map(|(i, name)| Column {
        title: label(name, names.iter()),
        numeric: rows.iter().all(|row| !matches!(row[i].sort, SortKey::Text(_)))
            && rows.iter().any(|row| matches!(row[i].sort, SortKey::Number(_))),
    });
    Table { columns: columns.collect(), rows }
}

/// The unit that a member's name announces, and the name without it.
pub(super) fn suffix(name: &str) -> (&str, Option<Unit>) {
    let units = [
        ("_percent", Unit::Percent),
        ("_ms", Unit::Milliseconds),
        ("_seconds", Unit::Seconds),
        ("_bytes", Unit::Bytes),
    ];
    units
        .into_iter()
        .find_map(|(suffix, unit)| name.strip_suffix(suffix).map(|rest| (rest, Some(unit))))
        .unwrap_or((name.strip_suffix("_at").unwrap_or(name), None))
}

/// The label of a member: its name in words, without the unit, unless a member beside it would have the same label
/// (`lag_seconds` beside `lag_bytes`, `used_percent` beside `used`).
fn label(name: &str, siblings: impl Iterator<Item = impl AsRef<str>>) -> String {
    let (stem, _) = suffix(name);
    let alike = siblings.filter(|sibling| suffix(sibling.as_ref()).0 == stem).count();
    words(if alike > 1 { name } else { stem })
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// A value as text, by the unit of its name. Arrays of plain values are joined with commas.
fn text(name: &str, value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => {
            let (_, unit) = suffix(name);
            match (number.as_i64(), unit) {
                // Counts and identifiers are shown to the last digit.
                (Some(whole), None) => whole.to_string(),
                (_, unit) => quantity(number.as_f64().unwrap_or(f64::NAN), unit.as_ref()),
            }
        }
        Value::String(string) if name.ends_with("_at") => match string.parse::<Timestamp>() {
            Ok(at) => at.strftime("%F %TZ").to_string(),
            Err(_) => string.clone(),
        },
        Value::String(string) => string.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(|item| text(name, item)).collect::<Vec<_>>().join(", "),
        Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn laid_out(details: Value) -> Vec<Section> {
        let Value::Object(details) = details else { panic!("an object") };
        sections(&details)
    }

    #[test]
    fn groups_tables_and_loose_members_are_told_apart() {
        let sections = laid_out(json!({
            "role": "primary",
            "connections": {"used": 42, "used_percent": 41.6, "oldest": {"age_seconds": 360}},
            "replicas": [{"name": "a", "lag_bytes": 24_000_000}, {"name": "b", "lag_bytes": 0, "state": "streaming"}],
            "read_only": false,
        }));
        let titles: Vec<&str> = sections.iter().map(|s| s.title.as_str()).collect();
        assert_eq!(titles, ["", "connections", "connections › oldest", "replicas"]);
        assert_eq!(
            sections[0].body,
            Body::Pairs(vec![("role".into(), "primary".into()), ("read only".into(), "no".into())])
        );
        assert_eq!(
            sections[1].body,
            Body::Pairs(vec![("used".into(), "42".into()), ("used percent".into(), "41.6 %".into())])
        );
        assert_eq!(sections[2].body, Body::Pairs(vec![("age".into(), "6m".into())]));
        let Body::Table(table) = &sections[3].body else { panic!("a table") };
        assert_eq!(table.columns.iter().map(|c| c.title.as_str()).collect::<Vec<_>>(), ["name", "lag", "state"]);
        assert!(table.columns[1].numeric && !table.columns[0].numeric);
        assert_eq!(table.rows[0][1].text, "24 MB");
        assert_eq!(table.rows[0][2], Cell { text: String::new(), sort: SortKey::Empty });
    }

    #[test]
    fn times_are_shown_in_utc_and_nonsense_as_it_is() {
        let sections = laid_out(json!({"last_save_at": "2026-01-15T03:00:11+01:00", "seen_at": "yesterday"}));
        assert_eq!(
            sections[0].body,
            Body::Pairs(vec![("last save".into(), "2026-01-15 02:00:11Z".into()), ("seen".into(), "yesterday".into())])
        );
    }
}
