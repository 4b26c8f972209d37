//! Details without the members whose value is not known.

use serde_json::{Map, Value};

/// Drops `null` members of objects, so that a threshold can ask `has(memory.used_percent)`. Rows of tables keep theirs:
/// a table's rows have the same columns.
pub(super) fn known(details: Map<String, Value>) -> Map<String, Value> {
    details
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| match value {
            Value::Object(members) => (name, Value::Object(known(members))),
            other => (name, other),
        })
        .collect()
}
