//! A sweep as JSON, by its contract (`version` 1).

use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value};

use warroom_domain::{
    health::{Reading, Status, Unit},
    platform::ProbeSpec,
};
use warroom_room::Sweep;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    platform: &'a str,
    environment: &'a str,
    /// What was seen comes from a scenario.
    simulated: bool,
    started_at: String,
    duration_ms: f64,
    status: Status,
    probes: Vec<Probe<'a>>,
    alerts: Vec<Alert<'a>>,
}

/// One probe and its reading, as `sweep` and `probe run` print it.
#[derive(Serialize)]
pub(crate) struct Probe<'a> {
    id: &'a str,
    title: &'a str,
    panel: &'a str,
    kind: &'static str,
    component: Option<&'a str>,
    status: Status,
    value: Option<f64>,
    unit: Option<&'a Unit>,
    summary: &'a str,
    threshold: Option<&'a str>,
    latency_ms: f64,
    at: String,
    details: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct Alert<'a> {
    id: &'a str,
    title: &'a str,
    severity: &'a str,
    when: &'a str,
    /// False: the condition holds now, but the rule wants it to hold for `for_seconds`.
    firing: bool,
    for_seconds: f64,
    runbook: Option<&'a str>,
}

impl<'a> Probe<'a> {
    pub(crate) fn new(spec: &'a ProbeSpec, reading: &'a Reading) -> Self {
        Probe {
            id: &spec.id,
            title: &spec.title,
            panel: &spec.panel,
            kind: spec.target.kind(),
            component: spec.component.as_deref(),
            status: reading.status,
            // JSON has no NaN.
            value: reading.value.filter(|v| v.is_finite()),
            unit: reading.unit.as_ref(),
            summary: &reading.summary,
            threshold: reading.threshold.as_deref(),
            latency_ms: milliseconds(reading.latency),
            at: reading.at.to_string(),
            details: &reading.details,
        }
    }
}

pub(super) fn render(sweep: &Sweep) -> Result<String> {
    let document = Document {
        version: 1,
        platform: &sweep.platform,
        environment: &sweep.environment,
        simulated: sweep.simulated,
        started_at: sweep.started_at.to_string(),
        duration_ms: milliseconds(sweep.duration),
        status: sweep.status,
        probes: sweep.probes.iter().map(|(spec, reading)| Probe::new(spec, reading)).collect(),
        alerts: sweep
            .alerts
            .iter()
            .map(|alert| Alert {
                id: &alert.rule.id,
                title: &alert.rule.title,
                severity: &alert.rule.severity,
                when: alert.rule.when.source(),
                firing: alert.firing,
                for_seconds: alert.rule.hold.as_secs_f64(),
                runbook: alert.rule.runbook.as_deref(),
            })
            .collect(),
    };
    Ok(serde_json::to_string(&document)? + "\n")
}

/// Milliseconds with microsecond precision.
fn milliseconds(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}
