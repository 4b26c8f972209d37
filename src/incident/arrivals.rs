//! What arrives in an incident by itself: what its journal does not say yet of the platform's health and of its clocks.
//!
//! Worked out from what is, not from what changed: nothing is lost while nobody writes, and whoever writes next writes it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Exposure, IncidentEvent, IncidentState,
    clocks::{Clock, overdue},
};
use warroom_domain::health::{AlertStatus, Board, RestorePoint, Status};

/// What a board says at a moment, as far as a journal may lack it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub at: Timestamp,
    probes: Vec<SeenProbe>,
    alerts: Vec<SeenAlert>,
    /// What could be restored to before the failure.
    restore_points: Vec<RestorePoint>,
    /// Every probe has answered. A watcher that has just begun to look does not know that a condition is false.
    whole: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct SeenProbe {
    id: String,
    component: Option<String>,
    status: Status,
    summary: String,
    /// What was read when the status began.
    began: String,
    since: Option<Timestamp>,
    looked_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
struct SeenAlert {
    id: String,
    title: String,
    severity: String,
    status: AlertStatus,
    /// Its condition has no answer.
    blind: bool,
}

impl Seen {
    /// `detected`: when the incident began.
    pub fn of(board: &Board, detected: Option<Timestamp>, now: Timestamp) -> Seen {
        let probes = board.probes().filter_map(|probe| {
            Some(SeenProbe {
                id: probe.spec.id.clone(),
                component: probe.spec.component.clone(),
                status: probe.status(now),
                summary: probe.summary(now),
                began: probe.began().to_owned(),
                since: probe.verdict(now).since,
                looked_at: probe.latest()?.at,
            })
        });
        let alerts = board.alerts().iter().map(|alert| SeenAlert {
            id: alert.rule.id.clone(),
            title: alert.rule.title.clone(),
            severity: alert.rule.severity.clone(),
            status: alert.status,
            blind: alert.blind.is_some(),
        });
        Seen {
            at: now,
            probes: probes.collect(),
            alerts: alerts.collect(),
            restore_points: detected.map(|failure| board.restore_points(failure)).unwrap_or_default(),
            whole: board.probes().all(|probe| !probe.is_pending()),
        }
    }

    /// Leaves out what was seen before then, and what follows from it.
    pub fn forget_before(&mut self, then: Timestamp) {
        let before = self.probes.len();
        self.probes.retain(|probe| probe.looked_at >= then);
        if self.probes.len() < before {
            self.whole = false;
            self.alerts.clear();
            self.restore_points.clear();
        }
    }
}

/// The events that the journal lacks. `sent` are on their way into it. None once nobody works on the incident any more.
pub fn arrivals(seen: &Seen, clocks: &[Clock], state: &IncidentState, sent: &[IncidentEvent]) -> Vec<IncidentEvent> {
    if state.declared.is_none() || !state.phase().is_open() {
        return Vec::new();
    }
    let mut events = probes(seen, &known_probes(state, sent), state);
    events.extend(alerts(seen, &known_alerts(state, sent), state));
    if !sent.iter().any(|event| matches!(event, IncidentEvent::ExposuresFrozen { .. })) {
        events.extend(exposures(seen, state));
    }
    let is_sent =
        |clock: &str| sent.iter().any(|e| matches!(e, IncidentEvent::ClockOverdue { clock: c, .. } if c == clock));
    events.extend(
        overdue(clocks, state)
            .into_iter()
            .filter(|event| !matches!(event, IncidentEvent::ClockOverdue { clock, .. } if is_sent(clock))),
    );
    events
}

fn known_probes<'a>(state: &'a IncidentState, sent: &'a [IncidentEvent]) -> BTreeMap<&'a str, Status> {
    let mut known: BTreeMap<&str, Status> =
        state.probes.iter().filter_map(|(id, watched)| Some((id.as_str(), watched.changes.last()?.value))).collect();
    for event in sent {
        if let IncidentEvent::ProbeChanged { probe, to, .. } = event {
            known.insert(probe, *to);
        }
    }
    known
}

/// Probes whose status is not what the journal says. That one is well from the start is no news.
fn probes(seen: &Seen, known: &BTreeMap<&str, Status>, state: &IncidentState) -> Vec<IncidentEvent> {
    let changed = seen.probes.iter().filter_map(|probe| {
        let (id, to) = (probe.id.as_str(), probe.status);
        let from = known.get(id).copied();
        let is_news = from.map_or(to != Status::Ok, |from| from != to);
        let since = before(state, probe.since);
        is_news.then(|| IncidentEvent::ProbeChanged {
            probe: id.to_owned(),
            component: probe.component.clone(),
            from,
            to,
            // The entry tells what was read at its own time.
            summary: since.map_or_else(|| probe.summary.clone(), |_| probe.began.clone()),
            since,
        })
    });
    changed.collect()
}

/// What affected components could be restored to, where nobody knew it when the incident was declared: checks may have answered
/// since, and components were added.
fn exposures(seen: &Seen, state: &IncidentState) -> Option<IncidentEvent> {
    let is_known = |id: &str| {
        let mut known = state.exposures.iter().filter(|known| known.component == id);
        known.any(|known| known.recovery_point.is_some())
    };
    let is_new = |point: &&RestorePoint| {
        point.point.is_some() && state.components.contains(&point.component) && !is_known(&point.component)
    };
    let found: Vec<Exposure> = seen.restore_points.iter().filter(is_new).cloned().map(Exposure::from).collect();
    if found.is_empty() {
        return None;
    }
    let is_new = |known: &&Exposure| !found.iter().any(|new| new.component == known.component);
    let mut exposures: Vec<Exposure> = state.exposures.iter().filter(is_new).cloned().collect();
    exposures.extend(found.iter().cloned());
    Some(IncidentEvent::ExposuresFrozen { exposures })
}

/// The time, when it is before the declaration: what came after that has come just now.
fn before(state: &IncidentState, since: Option<Timestamp>) -> Option<Timestamp> {
    since.filter(|since| state.declared.as_ref().is_some_and(|declared| *since < declared.at))
}

fn known_alerts<'a>(state: &'a IncidentState, sent: &'a [IncidentEvent]) -> BTreeSet<&'a str> {
    let mut known: BTreeSet<&str> = state.alerts.keys().map(String::as_str).collect();
    for event in sent {
        match event {
            IncidentEvent::AlertFired { alert, .. } => drop(known.insert(alert)),
            IncidentEvent::AlertCleared { alert } => drop(known.remove(alert.as_str())),
            _ => {}
        }
    }
    known
}

fn alerts(seen: &Seen, known: &BTreeSet<&str>, state: &IncidentState) -> Vec<IncidentEvent> {
    let changed = seen.alerts.iter().filter_map(|alert| match (alert.status, known.contains(alert.id.as_str())) {
        (AlertStatus::Firing { since }, false) => Some(IncidentEvent::AlertFired {
            alert: alert.id.clone(),
            title: alert.title.clone(),
            severity: alert.severity.clone(),
            since: before(state, Some(since)),
        }),
        (AlertStatus::Quiet, true) if seen.whole && !alert.blind => {
            Some(IncidentEvent::AlertCleared { alert: alert.id.clone() })
        }
        _ => None,
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::state;
    use warroom_domain::{
        health::testing::{SPEC, at, reading},
        platform::Pack,
    };
    use warroom_runbook::run::Mode;

    #[test]
    fn what_was_so_before_the_declaration_is_told_as_it_was_then() {
        let mut board = Board::new(&Pack { probes: vec![SPEC.clone()], ..Pack::default() });
        for second in (0..5000).step_by(5) {
            let status = if second < 100 { Status::Ok } else { Status::Down };
            let mut seen = reading("primary", second, status, 1.0);
            let cause = if second < 200 { "503 Service Unavailable" } else { "no answer within 3 s" };
            seen.summary = cause.to_owned();
            board.apply(seen);
        }
        let declared = IncidentEvent::Declared {
            platform: "shop".to_owned(),
            environment: "production".to_owned(),
            mode: Mode::Live,
            title: "Down".to_owned(),
            severity: "P1".to_owned(),
            components: vec!["database".to_owned()],
            detected_at: at(100),
            alert: None,
            criteria: vec![],
            exposures: vec![],
        };
        for (declared_at, expected) in
            [(4990, (Some(at(100)), "503 Service Unavailable")), (50, (None, "no answer within 3 s"))]
        {
            let state = state(&[(at(declared_at), declared.clone())]);
            let events = arrivals(&Seen::of(&board, state.detected_at, at(4996)), &[], &state, &[]);
            let [IncidentEvent::ProbeChanged { to: Status::Down, summary, since, .. }] = events.as_slice() else {
                panic!("{events:?}")
            };
            assert_eq!((*since, summary.as_str()), expected, "the time and the reading of that time");
        }
    }
}
