//! A sweep in the Prometheus text format, for the node exporter's textfile collector.

use std::sync::atomic::AtomicU64;

use anyhow::Result;
use prometheus_client::{
    encoding::text::encode,
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use warroom_domain::health::Status;
use warroom_room::Sweep;

type Labels = Vec<(&'static str, String)>;
type Gauges = Family<Labels, Gauge<f64, AtomicU64>>;

pub(super) fn render(sweep: &Sweep) -> Result<String> {
    let mut registry = Registry::with_prefix("warroom");
    let status = Gauges::default();
    let value = Gauges::default();
    let latency = Gauges::default();
    let alert = Gauges::default();
    let at = Gauges::default();
    let duration = Gauges::default();
    registry.register("probe_status", "1 for the status that the probe has, 0 for the others", status.clone());
    registry.register("probe_value", "Value of the reading, in the unit of the label", value.clone());
    registry.register_with_unit("probe_latency", "Time that the look took", Unit::Seconds, latency.clone());
    registry.register("alert_firing", "1 when the condition of the alert holds and needs no hold time", alert.clone());
    registry.register_with_unit("sweep_timestamp", "Unix time of the start of the sweep", Unit::Seconds, at.clone());
    registry.register_with_unit("sweep_duration", "Time that the whole sweep took", Unit::Seconds, duration.clone());

    let place = || -> Labels {
        let mut labels = vec![("platform", sweep.platform.clone()), ("environment", sweep.environment.clone())];
        // Nobody is to be woken by a scenario.
        labels.extend(sweep.simulated.then(|| ("simulated", "true".to_owned())));
        labels
    };
    for (spec, reading) in &sweep.probes {
        let labels = |more: &[(&'static str, &str)]| {
            let mut labels = place();
            labels.extend([
                ("probe", spec.id.clone()),
                ("panel", spec.panel.clone()),
                ("kind", spec.target.kind().to_owned()),
                ("component", spec.component.clone().unwrap_or_default()),
            ]);
            labels.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
            labels
        };
        for word in Status::ALL {
            let is = f64::from(u8::from(word == reading.status));
            status.get_or_create(&labels(&[("status", word.word())])).set(is);
        }
        if let Some(number) = reading.value {
            let unit = reading.unit.as_ref().map_or("", warroom_domain::health::Unit::symbol);
            value.get_or_create(&labels(&[("unit", unit)])).set(number);
        }
        latency.get_or_create(&labels(&[])).set(reading.latency.as_secs_f64());
    }
    for held in &sweep.alerts {
        let mut labels = place();
        labels.extend([("alert", held.rule.id.clone()), ("severity", held.rule.severity.clone())]);
        alert.get_or_create(&labels).set(f64::from(u8::from(held.firing)));
    }
    at.get_or_create(&place()).set(sweep.started_at.as_duration().as_secs_f64());
    duration.get_or_create(&place()).set(sweep.duration.as_secs_f64());
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}
