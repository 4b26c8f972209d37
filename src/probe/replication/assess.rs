//! From both ends to an observation: the verdict, and the tables.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    ends::{Replica, State},
    node::{Kind, Sender, Slot},
    problems::{Answers, problems},
};
use crate::known::known;
use warroom_domain::health::{Observation, Status, Unit, quantity};

/// The observation.
pub(super) fn assess(answers: &Answers) -> Observation {
    let problems = problems(answers);
    let worst = worst_lag(&answers.replicas);
    let (status, summary) = match problems.as_slice() {
        // Bytes or nothing at all are known: seconds are what this probe is asked for.
        [] if worst.is_none() => (Status::Unknown, healthy(&answers.replicas, None)),
        [] => (Status::Ok, healthy(&answers.replicas, worst)),
        [(status, only)] => (*status, only.clone()),
        [(status, first), rest @ ..] => (*status, format!("{first} (and {} more)", rest.len())),
    };
    let details = details(answers, worst, &problems);
    let mut seen = Observation::new(status, summary).with_details(Value::Object(known(details)));
    if let Some(seconds) = worst {
        seen = seen.with_value(seconds, Unit::Seconds);
    }
    match least_at_risk(&answers.replicas) {
        Some((seconds, replica)) => {
            let loss = Duration::try_from_secs_f64(seconds).unwrap_or_default();
            seen.with_exposure(format!("replica {}", replica.name), loss, true)
        }
        None => seen,
    }
}

fn least_at_risk(replicas: &[Replica]) -> Option<(f64, &Replica)> {
    let known = replicas.iter().filter_map(|replica| Some((replica.at_risk_seconds?, replica)));
    known.min_by(|a, b| a.0.total_cmp(&b.0))
}

fn worst_lag(replicas: &[Replica]) -> Option<f64> {
    replicas.iter().filter_map(|replica| replica.lag_seconds).max_by(f64::total_cmp)
}

fn healthy(replicas: &[Replica], worst: Option<f64>) -> String {
    let count = |holds: fn(&State) -> bool, words: &str| match replicas.iter().filter(|it| holds(&it.state)).count() {
        0 => None,
        1 => Some(format!("1 replica {words}")),
        n => Some(format!("{n} replicas {words}")),
    };
    let counts = [
        count(State::streams, "streaming"),
        count(|state| *state == State::ArchiveFed, "fed from the archive"),
        count(|state| matches!(state, State::Cold { .. }), "with hot_standby off, details unknown"),
    ];
    let lag = match worst {
        Some(0.0) => "nothing behind".to_owned(),
        Some(seconds) => format!("{} behind", quantity(seconds, Some(&Unit::Seconds))),
        None => "lag in seconds not known".to_owned(),
    };
    counts.into_iter().flatten().chain([lag]).collect::<Vec<_>>().join(", ")
}

fn details(answers: &Answers, worst: Option<f64>, problems: &[(Status, String)]) -> Map<String, Value> {
    let replicas = &answers.replicas;
    let mut details = Map::new();
    let mut put = |name: &str, value: Value| details.insert(name.to_owned(), value);
    put("lag_seconds", worst.into());
    put("lag_bytes", replicas.iter().filter_map(|replica| replica.lag_bytes).max().into());
    put("data_at_risk_seconds", least_at_risk(replicas).map(|(seconds, _)| seconds).into());
    put("streaming", replicas.iter().filter(|replica| replica.state.streams()).count().into());
    put("expected", replicas.len().into());
    put("replicas", replicas.iter().map(row).collect());
    if !answers.others.is_empty() {
        put("other_receivers", answers.others.iter().map(other_row).collect());
    }
    if let Some(primary) = answers.primary {
        let state = match &primary.node {
            Ok(node) if node.in_recovery => "in recovery",
            Ok(_) => "primary",
            Err(_) => "not seen",
        };
        put("primary", json!({ "name": primary.name, "state": state, "timeline": answers.timeline }));
    }
    if let Some(node) = answers.node() {
        let retained = node.slots.iter().filter_map(|slot| slot.retained_wal_bytes).max().unwrap_or_default();
        put("retained_wal_bytes", retained.max(0).into());
        put("slots", node.slots.iter().map(slot_row).collect());
        if node.senders.iter().any(|sender| sender.kind() == Kind::Hidden) {
            let role = &node.role;
            put("notes", json!([format!("lag of replicas is hidden from role {role}: GRANT pg_monitor TO {role}")]));
        }
    }
    if !problems.is_empty() {
        put("problems", problems.iter().map(|(_, text)| text.as_str()).collect());
    }
    details
}

fn row(replica: &Replica) -> Value {
    let sender = replica.sender.as_ref();
    json!({
        "name": replica.name,
        "state": replica.state.word(),
        "sync_state": sender.and_then(|sender| sender.sync_state.as_deref()),
        "lag_seconds": replica.lag_seconds,
        "lag_bytes": replica.lag_bytes,
        "unreceived_bytes": replica.unreceived_bytes,
        "data_at_risk_seconds": replica.at_risk_seconds,
        "replay_paused": replica.paused,
        "receiver": replica.receiver,
        "last_commit_age_seconds": replica.replayed_age_seconds,
        "application": sender.and_then(|sender| sender.application.as_deref()),
        "slot": sender.and_then(|sender| sender.slot.as_deref()),
    })
}

fn other_row(sender: &Sender) -> Value {
    json!({ "name": sender.name(), "kind": sender.kind().word(), "state": sender.state, "slot": sender.slot })
}

fn slot_row(slot: &Slot) -> Value {
    json!({
        "name": slot.name,
        "type": slot.kind,
        "active": slot.active,
        "retained_wal_bytes": slot.retained_wal_bytes.map(|retained| retained.max(0)),
        "wal_status": slot.wal_status,
    })
}
