//! One function for each kind of clock.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{Clock, ClockKind, ClockLevel, between, due, stretch};
use crate::{
    IncidentState, Phase,
    objective::{data_at_risk, doubts, objection},
};
use warroom_domain::{
    health,
    platform::{Audience, Component, Escalation, Pack},
};
use warroom_runbook::run::{EventKind, Mode, RunEvent, RunOutcome};

pub(super) fn detection(state: &IncidentState, detected: Timestamp, now: Timestamp) -> Clock {
    let stopped = state.restored();
    Clock {
        id: "detection".to_owned(),
        kind: ClockKind::Detection,
        label: "since detection".to_owned(),
        started: detected,
        due: None,
        stopped,
        level: if stopped.is_some() { ClockLevel::Met } else { ClockLevel::Running },
        text: health::duration(between(detected, stopped.unwrap_or(now))),
    }
}

/// Response and recovery, as the severity that holds now wants them.
pub(super) fn objectives(
    state: &IncidentState,
    pack: &Pack,
    declared: Timestamp,
    detected: Timestamp,
    now: Timestamp,
) -> Vec<Clock> {
    let Some(severity) = pack.severities.iter().find(|known| known.level == state.severity()) else {
        return Vec::new();
    };
    let response = severity.respond_within.map(|within| {
        let label = format!("response {}", severity.level);
        Clock::with_due(
            format!("response:{}", severity.level),
            ClockKind::Response,
            label,
            declared,
            within,
            responded(state),
            now,
        )
    });
    let recovery = severity.recover_within.map(|within| {
        let label = format!("recovery {}", severity.level);
        let id = format!("recovery:{}", severity.level);
        let clock = Clock::with_due(id, ClockKind::Recovery, label, detected, within, state.restored(), now);
        proved(clock, state, &state.components, within)
    });
    response.into_iter().chain(recovery).collect()
}

/// The budget of the phase that the incident is in. What came before the declaration is part of the first one.
pub(super) fn phase(state: &IncidentState, pack: &Pack, detected: Timestamp, now: Timestamp) -> Option<Clock> {
    let severity = pack.severities.iter().find(|known| known.level == state.severity())?;
    let budgets = severity.phases;
    let within = match state.phase() {
        Phase::Investigating => budgets.investigating,
        Phase::Identified => budgets.identified,
        Phase::Monitoring => budgets.monitoring,
        Phase::Resolved | Phase::Closed => None,
    }?;
    let number = state.phases.len();
    let began = if number <= 1 { detected } else { state.phases.last()?.at };
    let word = state.phase().word();
    Some(Clock::with_due(format!("phase:{word}:{number}"), ClockKind::Phase, word.to_owned(), began, within, None, now))
}

/// When somebody first took the incident up: took a role, or brought it into another phase.
fn responded(state: &IncidentState) -> Option<Timestamp> {
    let role = state.role_history.iter().find(|change| change.value.2).map(|change| change.at);
    let phase = state.phases.iter().find(|phase| phase.value != Phase::Investigating).map(|phase| phase.at);
    role.into_iter().chain(phase).min()
}

/// RTO and RPO of the affected components, in the incident's order.
pub(super) fn components(state: &IncidentState, pack: &Pack, detected: Timestamp, now: Timestamp) -> Vec<Clock> {
    let mut clocks = Vec::new();
    // Whoever declares may name a component twice.
    let mut seen = BTreeSet::new();
    for component in state.components.iter().filter_map(|id| pack.component(id)) {
        if !seen.insert(&component.id) {
            continue;
        }
        if let Some(within) = component.rto {
            let (id, label) = (format!("rto:{}", component.id), format!("RTO {}", component.id));
            let clock = Clock::with_due(id, ClockKind::Rto, label, detected, within, state.restored(), now);
            clocks.push(proved(clock, state, std::slice::from_ref(&component.id), within));
        }
        clocks.extend(at_risk(state, component, detected));
    }
    clocks
}

/// The RTO of each runbook that is followed. One that somebody left was not for this incident.
pub(super) fn scenarios(state: &IncidentState, detected: Timestamp, now: Timestamp) -> Vec<Clock> {
    let left = |event: &RunEvent| matches!(event.kind, EventKind::RunEnded { outcome: RunOutcome::Abandoned, .. });
    let mut seen = BTreeSet::new();
    let clock = |events: &Arc<Vec<RunEvent>>| match &events.first()?.kind {
        EventKind::RunStarted { runbook, rto_seconds: Some(rto), mode, .. }
            if *mode != Mode::DryRun && !events.iter().any(left) && seen.insert(runbook.clone()) =>
        {
            let (id, label) = (format!("rto:runbook:{runbook}"), format!("RTO {runbook}"));
            let (within, stopped) = (Duration::from_secs(*rto), state.restored());
            let clock = Clock::with_due(id, ClockKind::Rto, label, detected, within, stopped, now);
            Some(proved(clock, state, &state.components, within))
        }
        _ => None,
    };
    state.runs.values().filter_map(clock).collect()
}

/// A recovery objective is met only when the panels agree; until then it is open who is right.
fn proved(clock: Clock, state: &IncidentState, components: &[String], within: Duration) -> Clock {
    let doubts = if clock.level == ClockLevel::Met { doubts(state, components, within) } else { Vec::new() };
    match objection(&doubts, |at| at.strftime("%H:%M:%SZ").to_string()) {
        Some(text) => Clock { level: ClockLevel::Amber, text, ..clock },
        None => clock,
    }
}

/// What is lost, or would be: it does not change any more after the failure.
fn at_risk(state: &IncidentState, component: &Component, detected: Timestamp) -> Option<Clock> {
    let frozen = state.exposures.iter().find(|exposure| exposure.component == component.id);
    let within = frozen.and_then(|exposure| exposure.rpo_seconds).map(Duration::from_secs).or(component.rpo)?;
    let (started, stopped, level, text) = match data_at_risk(state, &component.id) {
        // Nobody looked at what was affected later, or no check has answered yet.
        None => (detected, detected, ClockLevel::Amber, "restore point unknown".to_owned()),
        Some(data) => {
            let loss = data.loss();
            let level = match loss {
                loss if loss > within => ClockLevel::Red,
                loss if loss >= within.mul_f64(super::AMBER) => ClockLevel::Amber,
                _ => ClockLevel::Met,
            };
            let word = if data.recorded { "lost" } else { "exposed" };
            let text = format!("{} {word} of {}", health::duration(loss), health::duration(within));
            (data.point.min(data.until), data.until, level, text)
        }
    };
    Some(Clock {
        id: format!("rpo:{}", component.id),
        kind: ClockKind::Rpo,
        label: format!("RPO {}", component.id),
        started,
        due: started.checked_add(within).ok(),
        stopped: Some(stopped),
        level,
        text,
    })
}

/// The next update of each audience that this severity concerns. None once it is resolved.
pub(super) fn updates(state: &IncidentState, pack: &Pack, detected: Timestamp, now: Timestamp) -> Vec<Clock> {
    let next = |audience: &Audience| {
        let since = stretch::since(state, &audience.severities, detected)?;
        let sent = state.updates.get(&audience.id).map(Vec::as_slice).unwrap_or_default();
        // Of two consoles whose clocks differ, the newest update need not stand last.
        let (from, within) = due::update(audience, since, sent.iter().max().copied())?;
        let id = format!("update:{}:{}", audience.id, sent.len() + 1);
        let label = format!("update to {}", audience.id);
        Some(Clock::with_due(id, ClockKind::Update, label, from, within, None, now))
    };
    pack.audiences.iter().filter_map(next).collect()
}

/// Who has to be told when it lasts. What was made or dismissed, and what a resolved incident no longer needs, is left out.
pub(super) fn escalations(
    state: &IncidentState,
    pack: &Pack,
    declared: Timestamp,
    detected: Timestamp,
    now: Timestamp,
) -> Vec<Clock> {
    let clock = |step: &Escalation| {
        let since = stretch::since(state, &step.severities, detected)?;
        let due = due::escalation(step, since, declared)?;
        let (level, text) = match between(due, now) {
            over if over > due::ESCALATION_GRACE => (ClockLevel::Red, format!("{} over", health::duration(over))),
            _ if due <= now => (ClockLevel::Amber, "due now".to_owned()),
            _ => {
                let (whole, left) = (between(since, due), between(now, due));
                let is_near = whole.saturating_sub(left) >= whole.mul_f64(super::AMBER);
                let level = if is_near { ClockLevel::Amber } else { ClockLevel::Running };
                (level, format!("{} left", health::duration(left)))
            }
        };
        Some(Clock {
            id: format!("escalation:{}:{}", step.to, step.after.as_secs()),
            kind: ClockKind::Escalation,
            label: format!("escalate to {}", step.to),
            started: since,
            due: Some(due),
            stopped: None,
            level,
            text,
        })
    };
    due::distinct(&pack.escalations).filter(|step| !due::is_done(state, step)).filter_map(clock).collect()
}
