//! From both ends to an observation: what is wrong, worst first, and the tables.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    ends::{Replica, Seen, State},
    node::{Node, Slot},
};
use crate::known::known;
use warroom_domain::{
    health::{Observation, Status, Unit, bytes, quantity},
    platform::OnTimeout,
};

/// Everything one look came back with.
pub(super) struct Answers<'a> {
    pub(super) primary: Option<&'a Seen>,
    pub(super) replicas: Vec<Replica>,
    pub(super) on_timeout: OnTimeout,
}

type Problem = (Status, String);

/// The observation.
pub(super) fn assess(answers: &Answers) -> Observation {
    let node = answers.primary.and_then(|seen| seen.node.as_ref().ok());
    let mut problems = primary_problems(answers);
    problems.extend(replica_problems(answers));
    if let Some(node) = node {
        problems.extend(node.slots.iter().filter_map(slot_problem));
    }
    // Stable: within a status, in the order found.
    problems.sort_by_key(|(status, _)| std::cmp::Reverse(*status));
    let worst = worst_lag(&answers.replicas);
    let (status, summary) = match problems.as_slice() {
        // Bytes or nothing at all are known: seconds are what this probe is asked for.
        [] if worst.is_none() => (Status::Unknown, healthy(&answers.replicas, None)),
        [] => (Status::Ok, healthy(&answers.replicas, worst)),
        [(status, only)] => (*status, only.clone()),
        [(status, first), rest @ ..] => (*status, format!("{first} (and {} more)", rest.len())),
    };
    let details = details(answers, node, worst, &problems);
    let mut seen = Observation::new(status, summary).with_details(Value::Object(known(details)));
    if let Some(seconds) = worst {
        seen = seen.with_value(seconds, Unit::Seconds);
    }
    let best = answers.replicas.iter().filter_map(|replica| Some((replica.lag_seconds?, &replica.name)));
    match best.min_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((seconds, name)) => {
            let lag = Duration::try_from_secs_f64(seconds).unwrap_or_default();
            seen.with_exposure(format!("replica {name}"), lag, true)
        }
        None => seen,
    }
}

fn primary_problems(answers: &Answers) -> Vec<Problem> {
    let Some(primary) = answers.primary else { return Vec::new() };
    match &primary.node {
        Err(failure) => {
            let looked_at = answers.replicas.iter().any(|replica| !matches!(replica.state, State::Unseen { .. }));
            let status = failure.status(answers.on_timeout);
            // Replicas that answer let us judge without it, but not call it well.
            let status = if looked_at && status == Status::Unknown { Status::Warn } else { status };
            let rest = if looked_at { caught_up(&answers.replicas) } else { String::new() };
            vec![(status, format!("primary: {}{rest}", failure.cause))]
        }
        Ok(node) if node.in_recovery => {
            let heir = answers.replicas.iter().find(|replica| replica.state == State::Promoted);
            vec![match heir {
                Some(heir) => (Status::Warn, format!("roles have changed: {} is the primary now", heir.name)),
                None => (Status::Down, format!("no primary: {} is in recovery, a standby", primary.name)),
            }]
        }
        Ok(_) => Vec::new(),
    }
}

/// What to know about the replicas when the primary is gone.
fn caught_up(replicas: &[Replica]) -> String {
    let best = replicas.iter().filter_map(|replica| Some((replica.lag_bytes?, replica)));
    match best.min_by_key(|(behind, _)| *behind) {
        Some((0, replica)) => format!("; {} has replayed all that is known", replica.name),
        Some((behind, replica)) => format!("; {} is {} behind", replica.name, bytes(behind as f64)),
        None => String::new(),
    }
}

fn replica_problems(answers: &Answers) -> Vec<Problem> {
    let replicas = &answers.replicas;
    let primary = answers.primary.map(|seen| (&seen.name, seen.node.as_ref()));
    let primary_works = matches!(primary, Some((_, Ok(node))) if !node.in_recovery);
    let flows = replicas.iter().any(|replica| replica.state.connected());
    let promoted = replicas.iter().any(|replica| replica.state == State::Promoted);
    let mut problems = Vec::new();
    if replicas.is_empty() && primary_works {
        problems.push((Status::Down, "no replica is streaming".to_owned()));
    }
    for replica in replicas {
        let (name, behind) = (&replica.name, behind(replica));
        // The last one to stop streaming leaves nothing to fail over to.
        let lost = if flows || promoted { Status::Warn } else { Status::Down };
        let prefix = if lost == Status::Down { "no replica is streaming: " } else { "" };
        problems.push(match &replica.state {
            State::Promoted => {
                let split = match &primary {
                    Some((primary, Ok(node))) if !node.in_recovery => format!(", and so is {primary}"),
                    _ => ", lag has no meaning".to_owned(),
                };
                (Status::Warn, format!("{name} was promoted: it is a primary now{split}"))
            }
            State::Foreign => (lost, format!("{prefix}{name} is a copy of another system, not of this primary")),
            State::Disconnected => (lost, format!("{prefix}{name} is disconnected{behind}")),
            State::Unseen { failure, streams: true } => {
                (Status::Warn, format!("{name} streams, but cannot be looked at: {}", failure.cause))
            }
            State::Unseen { failure, .. } if primary_works => (lost, format!("{prefix}{}", failure.cause)),
            State::Unseen { failure, .. } => (failure.status(answers.on_timeout), failure.cause.clone()),
            State::CatchingUp => (Status::Warn, format!("{name} is catching up{behind}")),
            State::Streaming if replica.paused => (Status::Warn, format!("replay is paused on {name}{behind}")),
            State::Streaming => continue,
        });
        if replica.paused && replica.state != State::Streaming {
            problems.push((Status::Warn, format!("replay is paused on {name}{behind}")));
        }
    }
    problems
}

/// `, 24 MB behind`, empty when there is nothing to say.
fn behind(replica: &Replica) -> String {
    match replica.lag_bytes {
        Some(behind) if behind > 0 => format!(", {} behind", bytes(behind as f64)),
        _ => String::new(),
    }
}

fn slot_problem(slot: &Slot) -> Option<Problem> {
    let name = &slot.name;
    match slot.wal_status.as_deref() {
        Some("lost") => {
            return Some((Status::Warn, format!("slot {name} has lost WAL: its replica must be made anew")));
        }
        Some("unreserved") => {
            return Some((Status::Warn, format!("slot {name} is about to lose WAL that its replica needs")));
        }
        _ => {}
    }
    let retained = slot.retained_wal_bytes.filter(|_| !slot.active)?;
    Some((Status::Warn, format!("slot {name} is inactive and retains {} of WAL", bytes(retained.max(0) as f64))))
}

fn worst_lag(replicas: &[Replica]) -> Option<f64> {
    replicas.iter().filter_map(|replica| replica.lag_seconds).max_by(f64::total_cmp)
}

fn healthy(replicas: &[Replica], worst: Option<f64>) -> String {
    let count = match replicas.len() {
        1 => "1 replica streaming".to_owned(),
        n => format!("{n} replicas streaming"),
    };
    match worst {
        Some(0.0) => format!("{count}, nothing behind"),
        Some(seconds) => format!("{count}, {} behind", quantity(seconds, Some(&Unit::Seconds))),
        None => format!("{count}, lag in seconds not known"),
    }
}

fn details(answers: &Answers, node: Option<&Node>, worst: Option<f64>, problems: &[Problem]) -> Map<String, Value> {
    let replicas = &answers.replicas;
    let mut details = Map::new();
    let mut put = |name: &str, value: Value| details.insert(name.to_owned(), value);
    put("lag_seconds", worst.into());
    put("lag_bytes", replicas.iter().filter_map(|replica| replica.lag_bytes).max().into());
    put("streaming", replicas.iter().filter(|replica| replica.state.connected()).count().into());
    put("expected", replicas.len().into());
    put("replicas", replicas.iter().map(row).collect());
    if let Some(primary) = answers.primary {
        let state = match &primary.node {
            Ok(node) if node.in_recovery => "in recovery",
            Ok(_) => "primary",
            Err(_) => "not seen",
        };
        put("primary", json!({ "name": primary.name, "state": state }));
    }
    if let Some(node) = node {
        let retained = node.slots.iter().filter_map(|slot| slot.retained_wal_bytes).max().unwrap_or_default();
        put("retained_wal_bytes", retained.max(0).into());
        put("slots", node.slots.iter().map(slot_row).collect());
        if node.senders.iter().any(|sender| sender.state.is_none()) {
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
    let logical = sender.and_then(|sender| sender.slot_type.as_deref()) == Some("logical");
    json!({
        "name": replica.name,
        "state": replica.state.word(),
        "sync_state": sender.and_then(|sender| sender.sync_state.as_deref()),
        "lag_seconds": replica.lag_seconds,
        "lag_bytes": replica.lag_bytes,
        "replay_paused": replica.paused,
        "receiver": replica.receiver,
        "last_commit_age_seconds": replica.replayed_age_seconds,
        "application": sender.and_then(|sender| sender.application.as_deref()),
        "slot": sender.and_then(|sender| sender.slot.as_deref()),
        "logical": logical,
    })
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
