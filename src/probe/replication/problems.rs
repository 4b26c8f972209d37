//! What is wrong with a primary and its replicas.

use super::{
    ends::{Replica, State},
    node::{Node, Sender, Slot},
    pairs::Seen,
};
use warroom_domain::{
    health::{Status, bytes},
    platform::OnTimeout,
};

/// Everything one look came back with.
pub(super) struct Answers<'a> {
    pub(super) primary: Option<&'a Seen>,
    /// The primary's, or what it was when it was last seen.
    pub(super) timeline: Option<i64>,
    pub(super) replicas: Vec<Replica>,
    /// What receives from the primary and is no replica.
    pub(super) others: Vec<Sender>,
    pub(super) on_timeout: OnTimeout,
}

impl Answers<'_> {
    /// What the server that should be the primary says of itself.
    pub(super) fn node(&self) -> Option<&Node> {
        self.primary.and_then(|seen| seen.node.as_ref().ok())
    }
}

type Problem = (Status, String);

/// All of it, worst first.
pub(super) fn problems(answers: &Answers) -> Vec<Problem> {
    let mut problems: Vec<Problem> = split_brain(answers).into_iter().collect();
    problems.extend(of_primary(answers));
    problems.extend(of_replicas(answers));
    if let Some(node) = answers.node() {
        problems.extend(node.slots.iter().filter_map(of_slot));
    }
    // Stable: within a status, in the order found.
    problems.sort_by_key(|(status, _)| std::cmp::Reverse(*status));
    problems
}

/// The servers of this platform that take writes.
fn writers<'a>(answers: &'a Answers) -> Vec<&'a str> {
    let primary = answers.primary.filter(|seen| seen.node.as_ref().is_ok_and(Node::writes));
    let promoted = answers.replicas.iter().filter(|replica| replica.state == State::Promoted && replica.writes);
    primary.map(|seen| seen.name.as_str()).into_iter().chain(promoted.map(|replica| replica.name.as_str())).collect()
}

fn split_brain(answers: &Answers) -> Option<Problem> {
    match writers(answers).as_slice() {
        [] | [_] => None,
        [one, other] => Some((Status::Down, format!("split brain: {one} and {other} both accept writes"))),
        all => Some((Status::Down, format!("split brain: {} all accept writes", all.join(", ")))),
    }
}

fn of_primary(answers: &Answers) -> Option<Problem> {
    let primary = answers.primary?;
    match &primary.node {
        Err(failure) => {
            let looked_at = answers.replicas.iter().any(|replica| !matches!(replica.state, State::Unseen { .. }));
            let status = failure.status(answers.on_timeout);
            // Replicas that answer let us judge without it, but not call it well.
            let status = if looked_at && status == Status::Unknown { Status::Warn } else { status };
            let rest = if looked_at { caught_up(&answers.replicas) } else { String::new() };
            Some((status, format!("primary: {}{rest}", failure.cause)))
        }
        Ok(node) if node.in_recovery => {
            let heir = answers.replicas.iter().find(|replica| replica.state == State::Promoted);
            Some(match heir {
                Some(heir) => (Status::Warn, format!("roles have changed: {} is the primary now", heir.name)),
                None => (Status::Down, format!("no primary: {} is in recovery, a standby", primary.name)),
            })
        }
        Ok(_) => None,
    }
}

/// What to know about the replicas when the primary is gone.
fn caught_up(replicas: &[Replica]) -> String {
    let known = |replica: &Replica| replica.unreceived_bytes.or(replica.lag_bytes);
    let best = replicas.iter().filter_map(|replica| Some((known(replica)?, replica)));
    let Some((missing, replica)) = best.min_by_key(|(missing, _)| *missing) else { return String::new() };
    let name = &replica.name;
    match (missing, replica.lag_bytes) {
        (0, Some(0)) => format!("; {name} has replayed all that is known"),
        (0, _) => format!("; {name} has received all that is known"),
        (missing, _) => format!("; {name} is {} behind", bytes(missing as f64)),
    }
}

fn of_replicas(answers: &Answers) -> Vec<Problem> {
    let replicas = &answers.replicas;
    let primary_works = answers.node().is_some_and(|node| !node.in_recovery);
    let any = |holds: fn(&State) -> bool| replicas.iter().any(|replica| holds(&replica.state));
    let mut problems = Vec::new();
    if replicas.is_empty() && primary_works {
        problems.push((Status::Down, format!("no replica is streaming{}", others(answers))));
    }
    // The last one to stop streaming leaves nothing to fail over to.
    let lost = if any(State::fed) || (!primary_works && any(|state| *state == State::Promoted)) {
        Status::Warn
    } else if any(|state| matches!(state, State::Hidden | State::Unclear | State::Cold { .. })) {
        Status::Unknown
    } else {
        Status::Down
    };
    let (prefix, suffix) =
        if lost == Status::Down { ("no replica is streaming: ", others(answers)) } else { ("", String::new()) };
    for replica in replicas {
        let (name, behind) = (&replica.name, behind(replica));
        let found = match &replica.state {
            // Two that write are a problem of their own.
            State::Promoted if replica.writes && writers(answers).len() > 1 => None,
            State::Promoted if primary_works => {
                Some((lost, format!("{prefix}{name} was promoted: it is a primary now, and read-only")))
            }
            State::Promoted => {
                Some((Status::Warn, format!("{name} was promoted: it is a primary now, lag has no meaning")))
            }
            State::Foreign => Some((lost, format!("{prefix}{name} is a copy of another system, not of this primary"))),
            State::OtherTimeline(own) => {
                let of_primary = answers.timeline.map(|timeline| format!(", the primary on {timeline}"));
                let of_primary = of_primary.unwrap_or_default();
                Some((lost, format!("{prefix}{name} is on timeline {own}{of_primary}: it follows another server")))
            }
            State::Disconnected => Some((lost, format!("{prefix}{name} is disconnected{behind}{suffix}"))),
            State::Unclear => {
                let text = format!("{name} does not stream, and its primary_conninfo is hidden: GRANT pg_monitor");
                Some((Status::Unknown, text))
            }
            State::Hidden => {
                let role = answers.node().map(|node| node.role.as_str()).unwrap_or_default();
                let text = format!("what {name} receives is hidden from role {role}: GRANT pg_monitor TO {role}");
                Some((Status::Unknown, text))
            }
            State::Cold { streams: true } => None,
            State::Cold { .. } => {
                Some((Status::Unknown, format!("{name} is up with hot_standby off: whether it follows is unknown")))
            }
            State::Unseen { failure, streams: true } => {
                Some((Status::Warn, format!("{name} streams, but cannot be looked at: {}", failure.cause)))
            }
            State::Unseen { failure, .. } if primary_works => {
                Some((lost, format!("{prefix}{}{suffix}", failure.cause)))
            }
            State::Unseen { failure, .. } => Some((failure.status(answers.on_timeout), failure.cause.clone())),
            State::CatchingUp => Some((Status::Warn, format!("{name} is catching up{behind}"))),
            State::Streaming | State::ArchiveFed => None,
        };
        problems.extend(found);
        if replica.paused {
            problems.push((Status::Warn, format!("replay is paused on {name}{behind}")));
        }
    }
    problems
}

/// ` (cdc is a logical subscriber)`: what else receives.
fn others(answers: &Answers) -> String {
    match answers.others.as_slice() {
        [] => String::new(),
        [one] => format!(" ({} is a {})", one.name(), one.kind().word()),
        [one, rest @ ..] => format!(" ({} is a {}, and {} more)", one.name(), one.kind().word(), rest.len()),
    }
}

/// `, 24 MB behind`, empty when there is nothing to say.
fn behind(replica: &Replica) -> String {
    match replica.lag_bytes {
        Some(behind) if behind > 0 => format!(", {} behind", bytes(behind as f64)),
        _ => String::new(),
    }
}

fn of_slot(slot: &Slot) -> Option<Problem> {
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
