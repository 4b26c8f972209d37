//! What arrives in an incident by itself: what its journal does not say yet of the platform's health and of its clocks.
//!
//! Worked out from what is, not from what changed: nothing is lost while nobody writes, and whoever writes next writes it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Exposure, IncidentEvent, IncidentState,
    clocks::{Clock, overdue},
};
use crate::health::{AlertStatus, Board, Status};

/// The events that the journal lacks. `sent` are on their way into it. None once nobody works on the incident any more.
pub fn arrivals(
    board: &Board,
    clocks: &[Clock],
    state: &IncidentState,
    sent: &[IncidentEvent],
    now: Timestamp,
) -> Vec<IncidentEvent> {
    if state.declared.is_none() || !state.phase().is_open() {
        return Vec::new();
    }
    let mut events = probes(board, &known_probes(state, sent), state, now);
    events.extend(alerts(board, &known_alerts(state, sent), state));
    if !sent.iter().any(|event| matches!(event, IncidentEvent::ExposuresFrozen { .. })) {
        events.extend(exposures(board, state, now));
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
        state.probes.iter().map(|(id, status)| (id.as_str(), status.value)).collect();
    for event in sent {
        if let IncidentEvent::ProbeChanged { probe, to, .. } = event {
            known.insert(probe, *to);
        }
    }
    known
}

/// Probes whose status is not what the journal says. That one is well from the start is no news.
fn probes(board: &Board, known: &BTreeMap<&str, Status>, state: &IncidentState, now: Timestamp) -> Vec<IncidentEvent> {
    let seen = board.probes().filter(|probe| !probe.is_pending());
    let changed = seen.filter_map(|probe| {
        let (id, to) = (probe.spec.id.as_str(), probe.status(now));
        let from = known.get(id).copied();
        let is_news = from.map_or(to != Status::Ok, |from| from != to);
        is_news.then(|| IncidentEvent::ProbeChanged {
            probe: id.to_owned(),
            component: probe.spec.component.clone(),
            from,
            to,
            summary: probe.summary(now),
            since: before(state, probe.since()),
        })
    });
    changed.collect()
}

/// What affected components can be restored to, where nobody knew it when the incident was declared: checks may have answered
/// since, and components were added. A copy that is newer than the failure says nothing of what was there before it.
fn exposures(board: &Board, state: &IncidentState, now: Timestamp) -> Option<IncidentEvent> {
    let detected = state.detected_at?;
    let is_known = |id: &str| {
        let mut known = state.exposures.iter().filter(|known| known.component == id);
        known.any(|known| known.recovery_point.is_some())
    };
    let found =
        board.exposures(now).into_iter().filter(|e| state.components.contains(&e.component) && !is_known(&e.component));
    let found = found.map(|exposure| Exposure::measured(exposure, now));
    let found: Vec<Exposure> =
        found.filter(|exposure| exposure.recovery_point.is_some_and(|point| point <= detected)).collect();
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

fn alerts(board: &Board, known: &BTreeSet<&str>, state: &IncidentState) -> Vec<IncidentEvent> {
    // A console that has just begun to look does not know that a condition is false.
    let knows = board.probes().all(|probe| !probe.is_pending());
    let changed = board.alerts().iter().filter_map(|alert| {
        let rule = &alert.rule;
        match (alert.status, known.contains(rule.id.as_str())) {
            (AlertStatus::Firing { since }, false) => Some(IncidentEvent::AlertFired {
                alert: rule.id.clone(),
                title: rule.title.clone(),
                severity: rule.severity.clone(),
                since: before(state, Some(since)),
            }),
            (AlertStatus::Quiet, true) if knows && alert.blind.is_none() => {
                Some(IncidentEvent::AlertCleared { alert: rule.id.clone() })
            }
            _ => None,
        }
    });
    changed.collect()
}
