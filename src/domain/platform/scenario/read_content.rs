//! Reads details and numbers of a scenario file, which may move with time.

use std::time::Duration;

use indexmap::IndexMap;
use jiff::SignedDuration;
use toml_edit::{Item, TableLike, Value};

use super::{Content, Track, reader::Reader};

const NUMBER_KEYS: &[&str] = &["from", "to", "over", "per_second", "jitter"];

impl Reader<'_> {
    pub(super) fn merge(&mut self, table: &dyn TableLike, into: &mut IndexMap<String, Content>, at: Duration) {
        for (name, item) in table.iter() {
            let before = into.get(name).cloned();
            if let Some(content) = self.content(item, name, before.as_ref(), at) {
                into.insert(name.to_owned(), content);
            }
        }
    }

    pub(super) fn content(
        &mut self,
        item: &Item,
        name: &str,
        before: Option<&Content>,
        at: Duration,
    ) -> Option<Content> {
        match item {
            Item::Value(Value::String(text)) => Some(Content::Text(text.value().clone())),
            Item::Value(Value::Boolean(value)) => Some(Content::Bool(*value.value())),
            Item::Value(Value::Datetime(time)) => Some(Content::Text(time.value().to_string())),
            Item::Value(Value::Integer(_) | Value::Float(_)) => self.number(item, name, None, at).map(Content::Number),
            Item::Value(Value::Array(items)) => {
                let inner = |(index, value): (usize, &Value)| {
                    self.content(&Item::Value(value.clone()), name, nth(before, index), at)
                };
                Some(Content::List(items.iter().enumerate().filter_map(inner).collect()))
            }
            Item::ArrayOfTables(tables) => {
                let inner =
                    |(index, table): (usize, &toml_edit::Table)| self.object(table, name, nth(before, index), at);
                Some(Content::List(tables.iter().enumerate().filter_map(inner).collect()))
            }
            Item::Value(Value::InlineTable(table)) => self.object_or_number(item, table, name, before, at),
            Item::Table(table) => self.object_or_number(item, table, name, before, at),
            Item::None => None,
        }
    }

    pub(super) fn object_or_number(
        &mut self,
        item: &Item,
        table: &dyn TableLike,
        name: &str,
        before: Option<&Content>,
        at: Duration,
    ) -> Option<Content> {
        if let (1, Some(ago)) = (table.len(), table.get("ago")) {
            let ago = self.duration(ago, "ago")?;
            return Some(Content::Time(signed(at) - signed(ago)));
        }
        if is_number(table) {
            let before = match before {
                Some(Content::Number(track)) => Some(track),
                _ => None,
            };
            return self.number(item, name, before, at).map(Content::Number);
        }
        self.object(table, name, before, at)
    }

    pub(super) fn object(
        &mut self,
        table: &dyn TableLike,
        _name: &str,
        before: Option<&Content>,
        at: Duration,
    ) -> Option<Content> {
        let mut members = match before {
            Some(Content::Object(members)) => members.clone(),
            _ => IndexMap::new(),
        };
        self.merge(table, &mut members, at);
        Some(Content::Object(members))
    }

    /// A number, or a table that says how it moves. Without `from` it starts where `before` is at that time.
    pub(super) fn number(&mut self, item: &Item, name: &str, before: Option<&Track>, at: Duration) -> Option<Track> {
        if let Some((value, whole)) = plain_number(item) {
            return self.finite(item, name, value).map(|value| Track { whole, start: at, ..Track::constant(value) });
        }
        let Some(table) = item.as_table_like() else {
            self.error(item.span(), format!("{name} is not a number"))
                .help(format!("write {name} = 3 or {name} = {{ to = 3, over = \"10s\" }}"));
            return None;
        };
        self.known_keys(table, &[NUMBER_KEYS]);
        let mut read = |key: &str| -> Option<(f64, bool)> {
            let item = table.get(key)?;
            match plain_number(item) {
                Some((value, whole)) => self.finite(item, key, value).map(|value| (value, whole)),
                None => {
                    self.error(item.span(), format!("{key} of {name} is not a number"));
                    None
                }
            }
        };
        let (from, to, growth, jitter) = (read("from"), read("to"), read("per_second"), read("jitter"));
        let over = match table.get("over") {
            Some(item) => self.duration(item, "over")?,
            None => Duration::ZERO,
        };
        let Some((target, whole)) = to.or(from) else {
            self.error(item.span(), format!("{name} needs to or from"))
                .help(format!("for instance {name} = {{ to = 3, over = \"10s\" }}"));
            return None;
        };
        let jitter = jitter.map_or(0.0, |(jitter, _)| jitter);
        if !(0.0..=1.0).contains(&jitter) {
            self.error(table.get("jitter").and_then(Item::span), format!("jitter of {name} is not between 0 and 1"))
                .help("it is a fraction: 0.1 is 10 % up or down");
        }
        Some(Track {
            from: from.map(|(from, _)| from).or_else(|| before.map(|track| track.line(at))).unwrap_or(target),
            to: target,
            start: at,
            over,
            per_second: growth.map_or(0.0, |(growth, _)| growth),
            jitter,
            whole: whole && from.is_none_or(|(_, whole)| whole),
        })
    }
}

/// An integer or a float, and whether it is whole.
#[expect(clippy::cast_precision_loss, reason = "too large a number is refused afterwards")]
fn plain_number(item: &Item) -> Option<(f64, bool)> {
    item.as_integer().map(|value| (value as f64, true)).or_else(|| item.as_float().map(|value| (value, false)))
}

/// Whether a table in the details is a moving number, not an object.
fn is_number(table: &dyn TableLike) -> bool {
    let numeric = |key: &str| table.get(key).is_some_and(|item| plain_number(item).is_some());
    table.iter().all(|(key, _)| NUMBER_KEYS.contains(&key)) && (numeric("to") || numeric("from"))
}

fn nth(list: Option<&Content>, index: usize) -> Option<&Content> {
    match list {
        Some(Content::List(items)) => items.get(index),
        _ => None,
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
