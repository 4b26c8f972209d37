//! Scenarios: what each probe of a simulated platform says, as time goes by.
//!
//! A scenario is a TOML file (`drills/ID.toml` of a pack). It says what every probe sees at the start, and which events
//! change that, at offsets from the start:
//!
//! ```toml
//! [scenario]
//! id = "primary-outage"
//! title = "The primary database goes away"
//! duration = "6m"                       # after this everything stays as the last events left it
//!
//! [probes.replication]                  # what the probe says from the start on
//! status = "ok"                         # ok, warn, unknown, down; the pack's thresholds can still make it worse
//! summary = "{value} behind"            # `{value}` is the value with its unit
//! value = { to = 0.2, jitter = 0.3 }    # ±30 %, the same in every run
//! unit = "s"
//! latency_ms = 4                        # how long the look takes; longer than the probe's timeout = it hangs
//! exposure = { source = "replica replica-1", loss_seconds = 0.2 }   # verified = false: no restore point
//! details.replicas = [{ name = "replica-1", state = "streaming", lag_seconds = 0.2, reply_at = { ago = "1s" } }]
//!
//! [[events]]
//! at = "30s"
//! probe = "replication"
//! status = "warn"
//! value = { to = 75.0, over = "1m" }    # from what it is at 30 s, in a straight line
//! ```
//!
//! An event changes what it names and leaves the rest: members of `details` are merged, lists are replaced, and
//! `clear = ["value", "details", …]` takes away first. A number is written as it stands, or as a table of `from`, `to`,
//! `over`, `jitter` (a fraction of the number) and `per_second` (grows without end: ages, counters); it is whole when it
//! is written whole. `{ ago = "26h" }` is a time before the moment at which it was said.
//!
//! A simulated `kubernetes` probe also has `pods.NAME = { namespace = …, status = … }` for the list of all pods, and
//! `logs.NAME = ["line", …]` for the last lines of a pod's log (`logs."NAME previous"` for the container before).
//!
//! Everything is a pure function of the elapsed time: the same second always gives the same answer.

mod content;
mod number;
mod read;
mod read_content;
mod reader;

#[cfg(test)]
mod tests;

use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Diagnostic;
use content::{Content, Moment};
use number::{Seed, Track};

/// A scenario file, read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    pub id: String,
    pub title: String,
    /// Nothing changes any more after this, except jitter and what grows for ever.
    pub duration: Duration,
    /// For every probe what it says, from when on, sorted by time; never empty.
    probes: IndexMap<String, Vec<Scene>>,
}

/// What one probe says from one event to the next.
#[derive(Debug, Clone, PartialEq)]
struct Scene {
    from: Duration,
    status: ScenarioStatus,
    summary: String,
    value: Option<Track>,
    unit: Option<String>,
    latency_ms: Track,
    waiting_for: String,
    exposure: Option<(String, Track, bool)>,
    details: IndexMap<String, Content>,
    pods: IndexMap<String, Content>,
    logs: IndexMap<String, Vec<String>>,
}

/// The status that a scenario gives to a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScenarioStatus {
    Ok,
    Warn,
    Unknown,
    Down,
}

/// What a scenario says of one probe at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Saying {
    pub status: ScenarioStatus,
    /// May hold the placeholder `{value}`.
    pub summary: String,
    pub value: Option<f64>,
    pub unit: Option<String>,
    pub details: Map<String, Value>,
    /// The copy that could be restored from, how much would be lost, and whether it is verified.
    pub exposure: Option<(String, Duration, bool)>,
    /// How long the look takes.
    pub latency: Duration,
    /// What it waits for meanwhile, for a look that takes too long.
    pub waiting_for: String,
}

impl Scenario {
    /// Reads a scenario file. `file` is how the user named it. There is a scenario when there is no error among the
    /// diagnostics.
    pub fn parse(file: &str, text: &str) -> (Option<Scenario>, Vec<Diagnostic>) {
        read::scenario(file, text)
    }

    /// Ids of the probes that the scenario speaks of.
    pub fn probes(&self) -> impl Iterator<Item = &str> {
        self.probes.keys().map(String::as_str)
    }

    /// What the probe says `elapsed` after the scenario was started; None when the scenario says nothing of it.
    pub fn say(&self, probe: &str, started_at: Timestamp, elapsed: Duration) -> Option<Saying> {
        let scene = self.scene(probe, elapsed)?;
        let moment = self.moment(probe, started_at, elapsed);
        let number = |track: &Track, name: &str| track.at(elapsed, moment.seed.of(name));
        Some(Saying {
            status: scene.status,
            summary: scene.summary.clone(),
            value: scene.value.as_ref().map(|track| number(track, "value")),
            unit: scene.unit.clone(),
            details: scene.details.iter().map(|(name, content)| (name.clone(), content.at(&moment, name))).collect(),
            exposure: scene
                .exposure
                .as_ref()
                .map(|(source, loss, verified)| (source.clone(), seconds(number(loss, "loss_seconds")), *verified)),
            latency: seconds(number(&scene.latency_ms, "latency_ms") / 1000.0),
            waiting_for: scene.waiting_for.clone(),
        })
    }

    /// All pods as this probe lists them, one object each, with `name`; None when the scenario gives the probe none.
    pub fn pods(&self, probe: &str, started_at: Timestamp, elapsed: Duration) -> Option<Vec<Value>> {
        let scene = self.scene(probe, elapsed).filter(|scene| !scene.pods.is_empty())?;
        let moment = self.moment(probe, started_at, elapsed);
        Some(
            scene
                .pods
                .iter()
                .map(|(name, pod)| {
                    let mut row = Map::from_iter([("name".to_owned(), Value::from(name.as_str()))]);
                    if let Value::Object(members) = pod.at(&moment, name) {
                        row.extend(members);
                    }
                    Value::Object(row)
                })
                .collect(),
        )
    }

    /// The last lines of a pod's log; None when the scenario has no log of that pod.
    pub fn log(&self, probe: &str, elapsed: Duration, pod: &str, previous: bool) -> Option<&[String]> {
        let scene = self.scene(probe, elapsed)?;
        let lines = if previous { scene.logs.get(&format!("{pod} previous")) } else { scene.logs.get(pod) };
        lines.map(Vec::as_slice)
    }

    fn scene(&self, probe: &str, elapsed: Duration) -> Option<&Scene> {
        let scenes = self.probes.get(probe)?;
        let after = scenes.partition_point(|scene| scene.from <= elapsed);
        scenes.get(after.saturating_sub(1))
    }

    fn moment(&self, probe: &str, started_at: Timestamp, elapsed: Duration) -> Moment {
        Moment { started_at, elapsed, seed: Seed::new(&self.id).of(probe) }
    }
}

/// Never below zero, never more than a `Duration` holds.
fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value.max(0.0)).unwrap_or(Duration::MAX)
}
