//! One look at a target: what was seen, and what it was judged to be.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The state of a target. Ordered from best to worst: the worst of several is their maximum,
/// so that `unknown` never hides a `down`, and a warning never hides that we could not look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Ok,
    Warn,
    /// We could not look. Never reported as down, never as ok.
    Unknown,
    Down,
}

impl Status {
    pub const ALL: [Status; 4] = [Status::Ok, Status::Warn, Status::Unknown, Status::Down];

    /// One column that tells the statuses apart without colour; plain ASCII when the terminal cannot show more.
    pub fn glyph(self, unicode: bool) -> &'static str {
        match (self, unicode) {
            (Status::Ok, true) => "●",
            (Status::Warn, true) => "▲",
            (Status::Unknown, _) => "?",
            (Status::Down, true) => "✖",
            (Status::Ok, false) => "+",
            (Status::Warn, false) => "!",
            (Status::Down, false) => "X",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Warn => "warn",
            Status::Unknown => "unknown",
            Status::Down => "down",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The unit of a reading's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    Percent,
    Milliseconds,
    Seconds,
    Bytes,
    Days,
    /// A bare number of something (`pods`, `requests/s`); the text is shown after the number, and may be empty.
    Of(String),
}

impl Unit {
    /// The unit as JSON output and packs write it.
    pub fn symbol(&self) -> &str {
        match self {
            Unit::Percent => "%",
            Unit::Milliseconds => "ms",
            Unit::Seconds => "s",
            Unit::Bytes => "bytes",
            Unit::Days => "days",
            Unit::Of(text) => text,
        }
    }

    pub fn parse(symbol: &str) -> Unit {
        match symbol {
            "%" | "percent" => Unit::Percent,
            "ms" | "milliseconds" => Unit::Milliseconds,
            "s" | "seconds" => Unit::Seconds,
            "B" | "bytes" => Unit::Bytes,
            "d" | "days" => Unit::Days,
            other => Unit::Of(other.to_owned()),
        }
    }
}

impl Serialize for Unit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.symbol())
    }
}

/// How much of a component's data would be lost if it were restored from this copy, as of the observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposure {
    /// What the copy is, for people: `replica 10.0.0.7`, `backup db-2026-01-15.dump`.
    pub source: String,
    pub loss: Duration,
    /// Something vouches for the copy. What nobody has verified is no restore point.
    pub verified: bool,
}

/// What a probe saw, before thresholds: the probe's own verdict and everything it measured.
///
/// `details` is shown to people as it stands: objects become groups, arrays of objects become tables, and the suffixes
/// `_percent`, `_ms`, `_seconds`, `_bytes` and `_at` (RFC 3339) say how a number or time is printed. Keep it bounded:
/// a few hundred rows at most.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// What the kind's own semantics say; thresholds can only make it worse.
    pub verdict: Status,
    pub value: Option<f64>,
    pub unit: Option<Unit>,
    /// One plain sentence without a full stop: `connection refused by 127.0.0.1:5432`.
    pub summary: String,
    pub details: Map<String, Value>,
    pub exposure: Option<Exposure>,
}

impl Observation {
    pub fn new(verdict: Status, summary: impl Into<String>) -> Self {
        Observation { verdict, value: None, unit: None, summary: summary.into(), details: Map::new(), exposure: None }
    }

    pub fn ok(summary: impl Into<String>) -> Self {
        Self::new(Status::Ok, summary)
    }

    pub fn down(summary: impl Into<String>) -> Self {
        Self::new(Status::Down, summary)
    }

    pub fn unknown(summary: impl Into<String>) -> Self {
        Self::new(Status::Unknown, summary)
    }

    pub fn with_value(mut self, value: f64, unit: Unit) -> Self {
        self.value = Some(value);
        self.unit = Some(unit);
        self
    }

    /// Sets the details. A value that is not a JSON object is a programming error and is kept under `value`.
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = match details {
            Value::Object(members) => members,
            other => Map::from_iter([("value".to_owned(), other)]),
        };
        self
    }

    pub fn with_exposure(mut self, source: impl Into<String>, loss: Duration, verified: bool) -> Self {
        self.exposure = Some(Exposure { source: source.into(), loss, verified });
        self
    }
}

/// One judged observation of one probe.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Id of the probe.
    pub probe: String,
    /// When the look ended.
    pub at: Timestamp,
    pub status: Status,
    pub value: Option<f64>,
    pub unit: Option<Unit>,
    /// One sentence: the cause when the status is not ok, with the limit when a threshold decided.
    pub summary: String,
    /// The threshold that decided the status, when one did (`connections.used_percent > 95`).
    pub threshold: Option<String>,
    /// How long the look took.
    pub latency: Duration,
    pub details: Map<String, Value>,
    pub exposure: Option<Exposure>,
}
