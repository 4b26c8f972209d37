//! What the unit tests of this layer and of those above it share.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::LazyLock, time::Duration};

use jiff::Timestamp;

use super::{Observation, Reading, Status, Unit};
use crate::platform::{OnTimeout, ProbeSpec, ProbeTarget};

/// A probe that is looked at every five seconds and settles after two equal readings.
pub static SPEC: LazyLock<ProbeSpec> = LazyLock::new(|| ProbeSpec {
    id: "primary".to_owned(),
    title: "primary".to_owned(),
    panel: "database".to_owned(),
    component: Some("database".to_owned()),
    target: ProbeTarget::Tcp { address: "127.0.0.1:5432".to_owned() },
    every: Duration::from_secs(5),
    timeout: Duration::from_secs(3),
    connect_timeout: Duration::from_secs(1),
    warn: None,
    down: None,
    on_timeout: OnTimeout::Unknown,
    confirm: 2,
});

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

pub fn reading(probe: &str, second: i64, status: Status, value: f64) -> Reading {
    let observation = Observation::new(status, format!("it is {status}")).with_value(value, Unit::Percent);
    let mut reading = super::judge(&SPEC, observation, at(second), Duration::from_millis(2));
    reading.probe = probe.to_owned();
    reading
}
