//! Models for unit tests: a platform with every sort of panel.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    color::Depth,
    keymap::Keymap,
    model::{Appearance, Facts, Model, Objective},
    theme::Themes,
    update::update,
};
use crate::{
    health::{Board, Observation, Sample, Status, Unit, judge, testing::SPEC},
    platform::{AlertRule, Component, Expression, Pack, ProbeSpec, ProbeTarget},
    probe::Signal,
};

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

pub(super) fn sample(status: Status, value: Option<f64>) -> Sample {
    Sample { at: at(0), status, value, latency: Duration::from_millis(3), summary: "seen".into() }
}

pub(super) fn spec(id: &str, panel: &str, target: ProbeTarget) -> ProbeSpec {
    let mut spec = SPEC.clone();
    (spec.id, spec.title, spec.panel, spec.target) = (id.to_owned(), id.to_owned(), panel.to_owned(), target);
    spec.confirm = 1;
    spec
}

/// Panels `database` (one probe), `dependencies` (three) and `pods` (Kubernetes); one alert; one component.
pub(super) fn pack() -> Pack {
    let tcp = || ProbeTarget::Tcp { address: "127.0.0.1:1".to_owned() };
    let kubernetes = ProbeTarget::Kubernetes { context: None, kubeconfig: None, namespaces: vec![], selector: None };
    let mut primary = spec("primary", "database", tcp());
    primary.warn = Some(Expression::compile("value > 70").unwrap());
    Pack {
        name: "dotmac".to_owned(),
        components: vec![Component {
            id: "database".to_owned(),
            title: "Database".to_owned(),
            tier: Some(1),
            rto: Some(Duration::from_secs(4 * 3600)),
            rpo: Some(Duration::from_secs(24 * 3600)),
            depends_on: vec![],
        }],
        probes: vec![
            primary,
            spec("stripe", "dependencies", tcp()),
            spec("github", "dependencies", tcp()),
            spec("sendgrid", "dependencies", tcp()),
            spec("cluster", "pods", kubernetes),
        ],
        alerts: vec![AlertRule {
            id: "database-down".to_owned(),
            title: "The database is down".to_owned(),
            when: Expression::compile("probes.primary.status == 'down'").unwrap(),
            hold: Duration::ZERO,
            severity: "P0".to_owned(),
            runbook: Some("database-recovery".to_owned()),
        }],
        ..Pack::default()
    }
}

/// A console on [`pack`] before any look has ended.
pub(super) fn model() -> Model {
    let pack = pack();
    let themes = Themes::load(None, Depth::True);
    let appearance = Appearance::new(themes, None, true, TimeZone::fixed(jiff::tz::offset(2))).unwrap();
    let facts = Facts {
        platform: pack.name.clone(),
        environment: "production".to_owned(),
        protected: true,
        simulated: false,
        read_only: false,
        objectives: vec![Objective {
            component: "database".to_owned(),
            rto: pack.components[0].rto,
            rpo: pack.components[0].rpo,
        }],
        severities: vec!["P0".to_owned(), "P1".to_owned()],
    };
    Model::new(facts, Board::new(&pack), appearance, Keymap::default(), at(0))
}

/// Takes in a reading of a probe.
pub(super) fn saw(model: &mut Model, probe: &str, second: i64, status: Status, value: f64, details: Value) {
    let spec = model.board.probe(probe).unwrap().spec.clone();
    let summary = match status {
        Status::Ok => "accepting connections".to_owned(),
        _ => format!("connection refused by {probe}.example:5432"),
    };
    let seen = Observation::new(status, summary).with_value(value, Unit::Percent).with_details(details);
    let reading = judge(&spec, seen, at(second), Duration::from_millis(4));
    update(model, super::message::Message::Signal(Signal::Reading(Box::new(reading))), at(second));
}

/// [`model`] with a minute of readings: the database is down, a dependency warns, the rest is well.
pub(super) fn lived() -> Model {
    let mut model = model();
    for second in (0..60).step_by(5) {
        let load = f64::from(second as i32);
        let status = if second < 40 { Status::Ok } else { Status::Down };
        saw(
            &mut model,
            "primary",
            second,
            status,
            load,
            json!({
                "role": "primary",
                "connections": {"used": 42, "max": 100, "used_percent": 42.0},
                "replicas": [
                    {"name": "replica-1", "state": "streaming", "lag_bytes": 24_000_000, "lag_seconds": 38.0},
                    {"name": "replica-2", "state": "catchup", "lag_bytes": 1000, "lag_seconds": 0.2},
                ],
            }),
        );
        saw(&mut model, "stripe", second, Status::Ok, 14.0, json!({}));
        saw(&mut model, "github", second, if second < 50 { Status::Ok } else { Status::Warn }, 90.0, json!({}));
        saw(&mut model, "sendgrid", second, Status::Ok, 20.0, json!({}));
        saw(&mut model, "cluster", second, Status::Ok, 12.0, json!({"pods": {"ready": 12, "total": 12}}));
    }
    model
}
