//! A piece of a scenario's details: JSON in which numbers and times may move.

use std::time::Duration;

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::number::{Seed, Track};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Bool(bool),
    Text(String),
    Number(Track),
    /// A time, by its distance from the start of the scenario.
    Time(SignedDuration),
    List(Vec<Content>),
    Object(IndexMap<String, Content>),
}

/// When something is said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) started_at: Timestamp,
    pub(super) elapsed: Duration,
    pub(super) seed: Seed,
}

impl Content {
    /// As it stands at a moment. `name` tells its noise from that of its siblings.
    pub(super) fn at(&self, moment: &Moment, name: &str) -> Value {
        let inner = Moment { seed: moment.seed.of(name), ..*moment };
        match self {
            Content::Bool(value) => Value::from(*value),
            Content::Text(text) => Value::from(text.as_str()),
            Content::Number(track) => number(track.at(moment.elapsed, inner.seed), track.whole),
            Content::Time(offset) => {
                let time = moment.started_at.checked_add(*offset).unwrap_or(moment.started_at);
                Value::from(format!("{time:.0}"))
            }
            Content::List(items) => {
                items.iter().enumerate().map(|(index, item)| item.at(&inner, &index.to_string())).collect()
            }
            Content::Object(members) => Value::Object(
                members.iter().map(|(name, member)| (name.clone(), member.at(&inner, name))).collect::<Map<_, _>>(),
            ),
        }
    }
}

/// Whole numbers become JSON integers, so that they are shown and compared as such.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn number(value: f64, whole: bool) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    if whole && value.abs() <= EXACT { Value::from(value as i64) } else { Value::from(value) }
}
