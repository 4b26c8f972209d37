//! Incidents for tests, through the bytes that would stand on disk.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use jiff::Timestamp;
use serde::Serialize;

use super::{
    IncidentEvent, IncidentState, Versioned,
    journal::{Batch, Chain, Digest, Found, LogName, Union, hlc, line},
};

/// So many seconds after the tests' beginning.
pub fn second(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

/// So many minutes after the tests' beginning.
pub fn minute(minutes: i64) -> Timestamp {
    second(minutes * 60)
}

/// The lines of one log, written and read back: when, by whom, what.
pub fn log<E: Serialize>(lines: &[(Timestamp, String, E)]) -> Vec<Found> {
    let (mut bytes, mut hash, mut clock) = (Vec::new(), Digest::ZERO, hlc::Clock::default());
    for (index, (at, by, event)) in lines.iter().enumerate() {
        let event = line::EventText::of(event).unwrap();
        hash = line::write(&mut bytes, &hash, index as u64 + 1, *at, clock.tick(*at), by, &event);
    }
    let mut chain = Chain::start();
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\n").unwrap());
    lines.map(|line| Found { entry: chain.next(line).unwrap(), intact: true }).collect()
}

/// News of a log.
pub fn batch(log: &LogName, found: &[Found]) -> Batch {
    Batch { log: log.clone(), found: found.to_vec(), afresh: false, findings: Vec::new() }
}

/// The state after events of one log, in this order whatever their times are.
pub fn state(events: &[(Timestamp, IncidentEvent)]) -> IncidentState {
    let line = |(at, event): &(Timestamp, IncidentEvent)| (*at, "alice@b".to_owned(), Versioned::from(event.clone()));
    let lines: Vec<_> = events.iter().map(line).collect();
    let mut union = Union::default();
    union.take(batch(&LogName::of("alice@b", 1), &log(&lines)));
    IncidentState::fold(union.items())
}
