//! The board: all readings of a platform folded into panels, transitions, alerts and RPO exposure.

use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Alert, AlertStatus, ComponentExposure, ProbeHealth, Reading, RestorePoint, Status,
    alert::{Change, Reads},
    probe::elapsed,
};
use crate::platform::{Component, Pack, ProbeSpec, Shared};

/// The health of one platform. State is the fold of readings and of time: [`Board::apply`] and [`Board::tick`].
#[derive(Debug, Clone)]
pub struct Board {
    probes: IndexMap<String, ProbeHealth>,
    /// Panel id → indices into `probes`.
    panels: IndexMap<String, Vec<usize>>,
    components: Vec<Component>,
    alerts: Vec<Alert>,
}

/// One panel at a moment.
#[derive(Debug, Clone)]
pub struct Panel<'a> {
    pub id: &'a str,
    /// The id in words: `error-rate` is `Error rate`.
    pub title: String,
    /// The worst of its probes.
    pub status: Status,
    /// Since when the worst probe has its status.
    pub since: Option<Timestamp>,
    /// Worst first; equally bad ones in the pack's order.
    pub probes: Vec<&'a ProbeHealth>,
}

/// Something that belongs into the history of the platform.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// A probe settled on another status. `from` is `None` for its first reading.
    Transition {
        at: Timestamp,
        probe: String,
        title: String,
        panel: String,
        from: Option<Status>,
        to: Status,
        summary: String,
    },
    AlertFired {
        at: Timestamp,
        since: Timestamp,
        alert: String,
        title: String,
        severity: String,
        runbook: Option<String>,
    },
    AlertCleared {
        at: Timestamp,
        alert: String,
        title: String,
        severity: String,
        lasted: Duration,
    },
}

impl Happening {
    pub fn at(&self) -> Timestamp {
        match self {
            Happening::Transition { at, .. }
            | Happening::AlertFired { at, .. }
            | Happening::AlertCleared { at, .. } => *at,
        }
    }
}

impl Board {
    pub fn new(pack: &Pack) -> Self {
        let probes: IndexMap<_, _> =
            pack.probes.iter().map(|spec| (spec.id.clone(), ProbeHealth::new(spec.clone()))).collect();
        let mut panels: IndexMap<String, Vec<usize>> = IndexMap::new();
        for (index, probe) in probes.values().enumerate() {
            panels.entry(probe.spec.panel.clone()).or_default().push(index);
        }
        Board {
            probes,
            panels,
            components: pack.components.clone(),
            alerts: pack.alerts.iter().cloned().map(Alert::new).collect(),
        }
    }

    /// Takes one reading in and returns what it made happen. Readings of unknown probes are ignored.
    pub fn apply(&mut self, reading: Reading) -> Vec<Happening> {
        let mut happenings = Vec::new();
        let now = reading.at;
        let Some(probe) = self.probes.get_mut(&reading.probe) else { return happenings };
        let (id, to, summary) = (reading.probe.clone(), reading.status, reading.summary.clone());
        if let Some(from) = probe.take(reading) {
            happenings.push(transition(&probe.spec, from, to, now, &summary));
        }
        self.evaluate_alerts(now, Some(&id), &mut happenings);
        happenings
    }

    /// Lets time pass: readings become stale, alert rules reach their hold times.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Happening> {
        let mut happenings = Vec::new();
        for probe in self.probes.values_mut() {
            if let Some((from, summary)) = probe.expire(now) {
                happenings.push(transition(&probe.spec, Some(from), Status::Unknown, now, &summary));
            }
        }
        self.evaluate_alerts(now, None, &mut happenings);
        happenings
    }

    pub fn probes(&self) -> impl Iterator<Item = &ProbeHealth> {
        self.probes.values()
    }

    pub fn probe(&self, id: &str) -> Option<&ProbeHealth> {
        self.probes.get(id)
    }

    pub fn alerts(&self) -> &[Alert] {
        &self.alerts
    }

    /// Panels in the pack's order.
    pub fn panels(&self, now: Timestamp) -> Vec<Panel<'_>> {
        self.panels
            .iter()
            .map(|(id, members)| {
                let mut probes: Vec<&ProbeHealth> = members.iter().map(|i| &self.probes[*i]).collect();
                probes.sort_by_key(|p| std::cmp::Reverse(p.status(now)));
                let worst = probes.first();
                Panel {
                    id,
                    title: title(id),
                    status: worst.map_or(Status::Unknown, |p| p.status(now)),
                    since: worst.and_then(|p| p.verdict(now).since),
                    probes,
                }
            })
            .collect()
    }

    /// The worst status of all probes.
    pub fn status(&self, now: Timestamp) -> Status {
        self.probes.values().map(|p| p.status(now)).max().unwrap_or(Status::Unknown)
    }

    /// RPO exposure of every component that has an RPO, in the pack's order.
    pub fn exposures(&self, now: Timestamp) -> Vec<ComponentExposure> {
        let exposure = |(component, rpo): (&Component, Duration)| {
            let copies = || self.of(component).map(|probe| &probe.copies);
            let smallest = copies().filter_map(|copies| copies.loss(now)).min_by_key(|(loss, _)| *loss);
            ComponentExposure {
                component: component.id.clone(),
                title: component.title.clone(),
                rpo,
                loss: smallest.map(|(loss, _)| loss),
                source: smallest.map(|(_, source)| source.to_owned()),
                unverified: copies().any(|copies| copies.unverified),
            }
        };
        self.with_rpo().map(exposure).collect()
    }

    /// What every component that has an RPO could be restored to when it failed, in the pack's order.
    pub fn restore_points(&self, failure: Timestamp) -> Vec<RestorePoint> {
        let point = |(component, rpo): (&Component, Duration)| {
            let point = self.of(component).filter_map(|probe| probe.copies.before(failure)).max();
            RestorePoint { component: component.id.clone(), rpo, point }
        };
        self.with_rpo().map(point).collect()
    }

    fn with_rpo(&self) -> impl Iterator<Item = (&Component, Duration)> {
        self.components.iter().filter_map(|component| Some((component, component.rpo?)))
    }

    /// The probes of a component.
    fn of<'a>(&'a self, component: &'a Component) -> impl Iterator<Item = &'a ProbeHealth> {
        self.probes.values().filter(|probe| probe.spec.component.as_deref() == Some(&component.id))
    }

    /// What the gate of a runbook's step reads: every probe by its id, and all of them under `probes`.
    pub fn gate_variables(&self, now: Timestamp) -> Map<String, Value> {
        let probes = self.probes.values().map(|p| (p.spec.id.clone(), Value::Object(p.variables(now))));
        let mut all: Map<String, Value> = probes.collect();
        all.insert("probes".to_owned(), Value::Object(all.clone()));
        all
    }

    /// Evaluates the alerts that may read the changed probe, or all of them when time passed.
    fn evaluate_alerts(&mut self, now: Timestamp, changed: Option<&str>, happenings: &mut Vec<Happening>) {
        let mut alerts = std::mem::take(&mut self.alerts);
        for alert in &mut alerts {
            let concerned = changed.is_none_or(|id| {
                let reads = alert.reads();
                reads.probes.may_read(id) || !reads.panels.is_empty() || !reads.components.is_empty()
            });
            if !concerned {
                continue;
            }
            let variables = self.variables(alert.reads(), now);
            let rule = &alert.rule;
            let (id, title, severity) = (rule.id.clone(), rule.title.clone(), rule.severity.clone());
            let runbook = rule.runbook.clone();
            match alert.evaluate(&variables, now) {
                Some(Change::Fired { since }) => {
                    happenings.push(Happening::AlertFired { at: now, since, alert: id, title, severity, runbook });
                }
                Some(Change::Cleared { since }) => happenings.push(Happening::AlertCleared {
                    at: now,
                    alert: id,
                    title,
                    severity,
                    lasted: elapsed(since, now),
                }),
                None => {}
            }
        }
        self.alerts = alerts;
    }

    /// `probes`, `panels` and `components` as an alert condition sees them, with only what it reads.
    fn variables(&self, reads: &Reads, now: Timestamp) -> Vec<(&'static str, Shared)> {
        let read = self.probes.values().filter(|p| reads.probes.may_read(&p.spec.id));
        let mut all = vec![("probes", read.map(|p| (p.spec.id.as_str(), p.seen(now))).collect())];
        if !reads.panels.is_empty() {
            let panels = self.panels(now).into_iter().map(|panel| {
                let down = panel.probes.iter().filter(|p| p.raw_status(now) == Status::Down).count();
                let worst = panel.probes.iter().map(|p| p.raw_status(now)).max().unwrap_or(Status::Unknown);
                (panel.id.to_owned(), json!({"status": worst.word(), "probes": panel.probes.len(), "down": down}))
            });
            all.push(("panels", panels.collect::<Map<_, _>>().into()));
        }
        if !reads.components.is_empty() {
            let components = self.exposures(now).into_iter().map(|exposure| {
                let mut members = Map::new();
                members.insert("rpo_seconds".to_owned(), exposure.rpo.as_secs_f64().into());
                if let Some(loss) = exposure.loss {
                    members.insert("rpo_exposure_seconds".to_owned(), loss.as_secs_f64().into());
                }
                (exposure.component, Value::Object(members))
            });
            all.push(("components", components.collect::<Map<_, _>>().into()));
        }
        all
    }
}

fn transition(spec: &ProbeSpec, from: Option<Status>, to: Status, at: Timestamp, summary: &str) -> Happening {
    Happening::Transition {
        at,
        probe: spec.id.clone(),
        title: spec.title.clone(),
        panel: spec.panel.clone(),
        from,
        to,
        summary: summary.to_owned(),
    }
}

/// `error-rate` → `Error rate`.
fn title(id: &str) -> String {
    let words = id.replace(['-', '_'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Alerts that propose an incident now.
pub fn firing(alerts: &[Alert]) -> impl Iterator<Item = (&Alert, Timestamp)> {
    alerts.iter().filter_map(|alert| match alert.status {
        AlertStatus::Firing { since } => Some((alert, since)),
        _ => None,
    })
}
