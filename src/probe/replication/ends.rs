//! Brings the two ends of each replication together: what the primary sends and what the replica has.

use jiff::Timestamp;

use super::{
    history::History,
    node::{Node, Sender},
};
use crate::failure::Failure;

/// One server that was looked at.
#[derive(Debug)]
pub(super) struct Seen {
    /// `10.0.0.7:5432`.
    pub(super) name: String,
    pub(super) node: Result<Node, Failure>,
}

impl Seen {
    /// The host alone, to find the server among the primary's senders.
    fn host(&self) -> &str {
        self.name.rsplit_once(':').map_or(self.name.as_str(), |(host, _)| host)
    }
}

/// What is the matter with one replica.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum State {
    Streaming,
    /// Connected, and still reading what it missed.
    CatchingUp,
    /// A standby to which nobody sends.
    Disconnected,
    /// A primary now.
    Promoted,
    /// Not a copy of this primary.
    Foreign,
    /// We could not look at it; the primary may still say that it streams.
    Unseen {
        failure: Failure,
        streams: bool,
    },
}

impl State {
    pub(super) fn word(&self) -> &'static str {
        match self {
            State::Streaming => "streaming",
            State::CatchingUp => "catching up",
            State::Disconnected => "disconnected",
            State::Promoted => "promoted",
            State::Foreign => "not a replica",
            State::Unseen { streams: true, .. } => "streaming, not looked at",
            State::Unseen { .. } => "not seen",
        }
    }

    /// Does WAL flow to it?
    pub(super) fn connected(&self) -> bool {
        matches!(self, State::Streaming | State::CatchingUp | State::Unseen { streams: true, .. })
    }
}

/// One replica, known from both ends or from one.
#[derive(Debug, Clone)]
pub(super) struct Replica {
    pub(super) name: String,
    pub(super) state: State,
    pub(super) sender: Option<Sender>,
    pub(super) paused: bool,
    pub(super) receiver: Option<String>,
    pub(super) lag_bytes: Option<i64>,
    pub(super) lag_seconds: Option<f64>,
    pub(super) replayed_age_seconds: Option<f64>,
}

/// All replicas: those the pack names, in its order, then those that only the primary knows.
///
/// `head` is the history of the primary's position, `received` that of each named replica's.
pub(super) fn replicas(
    primary: Option<&Node>,
    seen: &[Seen],
    head: &History,
    received: &[History],
    at: Timestamp,
) -> Vec<Replica> {
    let mut senders: Vec<Sender> = primary.map(|node| node.senders.clone()).unwrap_or_default();
    let mut own: Vec<Option<Sender>> = seen.iter().map(|_| None).collect();
    // The surest sign first; who is left over alone on both sides belongs together.
    pair(seen, &mut senders, &mut own, |seen, sender| {
        let slot = seen.node.as_ref().ok().and_then(|node| node.receiver.as_ref()).and_then(|it| it.slot.as_ref());
        slot.is_some() && slot == sender.slot.as_ref()
    });
    pair(seen, &mut senders, &mut own, |seen, sender| {
        sender.address.as_deref() == Some(seen.host()) || sender.application.as_deref() == Some(seen.host())
    });
    let receives = |seen: &Seen| match &seen.node {
        Ok(node) => node.receiver.is_some(),
        Err(_) => true,
    };
    pair(seen, &mut senders, &mut own, |seen, _| receives(seen));
    let alone = seen.iter().zip(&own).filter(|(seen, sender)| sender.is_none() && receives(seen)).count();
    if senders.len() <= alone {
        // The named replicas that could not be told apart: they speak for themselves, and are not listed twice.
        senders.clear();
    }

    let named = seen.iter().zip(own).enumerate();
    let mut all: Vec<Replica> = named
        .map(|(i, (seen, sender))| {
            let received = received.get(i);
            match &seen.node {
                Ok(node) => both_ends(seen.name.clone(), node, sender, primary, (head, received), at),
                Err(failure) => {
                    let streams = sender.as_ref().is_some_and(|sender| sender.state.as_deref() != Some("startup"));
                    let (lag_bytes, lag_seconds) = sender_lag(sender.as_ref(), primary, head, at);
                    Replica {
                        name: seen.name.clone(),
                        state: State::Unseen { failure: failure.clone(), streams },
                        sender,
                        paused: false,
                        receiver: None,
                        lag_bytes,
                        lag_seconds,
                        replayed_age_seconds: None,
                    }
                }
            }
        })
        .collect();
    all.extend(senders.into_iter().map(|sender| primary_end(sender, primary, head, at)));
    all
}

/// Gives senders to replicas where exactly one of each fits the other.
fn pair(seen: &[Seen], senders: &mut Vec<Sender>, own: &mut [Option<Sender>], fits: impl Fn(&Seen, &Sender) -> bool) {
    let free: Vec<bool> = own.iter().map(Option::is_none).collect();
    for (i, replica) in seen.iter().enumerate() {
        if !free[i] {
            continue;
        }
        let mut candidates = senders.iter().enumerate().filter(|(_, sender)| fits(replica, sender));
        let (Some((place, sender)), None) = (candidates.next(), candidates.next()) else { continue };
        let rivals = seen.iter().enumerate().filter(|(j, other)| free[*j] && own[*j].is_none() && fits(other, sender));
        if rivals.count() == 1 {
            own[i] = Some(senders.remove(place));
        }
    }
}

fn both_ends(
    name: String,
    node: &Node,
    sender: Option<Sender>,
    primary: Option<&Node>,
    (head, received): (&History, Option<&History>),
    at: Timestamp,
) -> Replica {
    let foreign = primary.is_some_and(|primary| {
        primary.system_identifier.is_some()
            && node.system_identifier.is_some()
            && primary.system_identifier != node.system_identifier
    });
    let receives = node.receiver.as_ref().is_some_and(super::node::Receiver::streams);
    let state = match (node.in_recovery, &sender) {
        (false, _) => State::Promoted,
        (true, _) if foreign => State::Foreign,
        (true, Some(sender)) if sender.state.as_deref() == Some("catchup") => State::CatchingUp,
        (true, _) if receives => State::Streaming,
        (true, _) => State::Disconnected,
    };
    let mut replica = Replica {
        name,
        paused: node.paused == Some(true),
        receiver: node.receiver.as_ref().map(|it| it.status.clone().unwrap_or_else(|| "hidden".to_owned())),
        replayed_age_seconds: node.replayed_age_seconds.filter(|_| node.in_recovery),
        lag_bytes: None,
        lag_seconds: None,
        sender,
        state,
    };
    let Some(replayed) = node.replayed.filter(|_| !matches!(replica.state, State::Promoted | State::Foreign)) else {
        return replica;
    };
    let replay_lag = replica.sender.as_ref().and_then(|sender| sender.replay_lag_seconds);
    if let Some(written) = primary.and_then(|primary| primary.written) {
        let behind = (written - replayed).max(0);
        replica.lag_bytes = Some(behind);
        replica.lag_seconds = seconds(behind, head.seconds_behind(replayed, at), replay_lag, node);
    } else if let (Some(last), Some(since)) = (head.head(), head.head_since()) {
        // The primary does not answer now: compare with where it stood when it last did.
        let behind = (last - replayed).max(0);
        replica.lag_bytes = Some(behind);
        replica.lag_seconds = seconds(behind, head.seconds_behind(replayed, since), None, node);
    } else {
        let behind = (node.received_or_replayed().unwrap_or(replayed) - replayed).max(0);
        replica.lag_bytes = Some(behind);
        if behind > 0 || replica.state.connected() {
            replica.lag_seconds =
                seconds(behind, received.and_then(|received| received.seconds_behind(replayed, at)), None, node);
        }
    }
    replica
}

/// Nothing behind is no lag. Else what was observed, sharpened by what the primary measured, never more than the age of
/// the last replayed commit.
fn seconds(behind: i64, observed: Option<f64>, replay_lag: Option<f64>, node: &Node) -> Option<f64> {
    if behind == 0 {
        return Some(0.0);
    }
    let most = node.replayed_age_seconds.unwrap_or(f64::INFINITY);
    match (observed, replay_lag) {
        (Some(observed), Some(measured)) => Some(observed.max(measured).min(most)),
        (Some(one), None) | (None, Some(one)) => Some(one.min(most)),
        (None, None) => node.replayed_age_seconds,
    }
}

/// A replica that only the primary knows.
fn primary_end(sender: Sender, primary: Option<&Node>, head: &History, at: Timestamp) -> Replica {
    let (lag_bytes, lag_seconds) = sender_lag(Some(&sender), primary, head, at);
    let state = match sender.state.as_deref() {
        None | Some("streaming") => State::Streaming,
        Some("catchup") => State::CatchingUp,
        Some(_) => State::Disconnected,
    };
    // "walreceiver" is what every replica is called that nobody gave a name.
    let application = sender.application.clone().filter(|name| !name.is_empty() && name != "walreceiver");
    let name = application.or_else(|| sender.slot.clone()).or_else(|| sender.address.clone());
    Replica {
        name: name.unwrap_or_else(|| "replica".to_owned()),
        state,
        sender: Some(sender),
        paused: false,
        receiver: None,
        lag_bytes,
        lag_seconds,
        replayed_age_seconds: None,
    }
}

/// Lag as the primary knows it, from what the receiver last replied.
fn sender_lag(
    sender: Option<&Sender>,
    primary: Option<&Node>,
    head: &History,
    at: Timestamp,
) -> (Option<i64>, Option<f64>) {
    let Some((written, position)) =
        primary.and_then(|primary| primary.written).zip(sender.and_then(|sender| sender.replayed.or(sender.flushed)))
    else {
        return (None, None);
    };
    let behind = (written - position).max(0);
    if behind == 0 {
        return (Some(0), Some(0.0));
    }
    let measured = sender.and_then(|sender| sender.replay_lag_seconds);
    // A reply that is some seconds old says nothing about the seconds since.
    let reply_age = sender.and_then(|sender| sender.reply_age_seconds).unwrap_or_default();
    let observed = head.seconds_behind(position, at).map(|seconds| (seconds - reply_age).max(0.0));
    (Some(behind), measured.or(observed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replication::node::Receiver;

    fn standby(name: &str, slot: Option<&str>, replayed: i64) -> Seen {
        let receiver = Some(Receiver { status: Some("streaming".into()), slot: slot.map(Into::into) });
        let node = Node {
            in_recovery: true,
            system_identifier: Some("1".into()),
            received: Some(replayed),
            replayed: Some(replayed),
            replayed_age_seconds: Some(3600.0),
            receiver,
            ..Node::default()
        };
        Seen { name: name.into(), node: Ok(node) }
    }

    fn sender(application: &str, address: &str, slot: Option<&str>) -> Sender {
        Sender {
            application: Some(application.into()),
            address: Some(address.into()),
            slot: slot.map(Into::into),
            state: Some("streaming".into()),
            replayed: Some(100),
            ..Sender::default()
        }
    }

    fn primary(senders: Vec<Sender>) -> Node {
        Node { system_identifier: Some("1".into()), written: Some(100), senders, ..Node::default() }
    }

    fn bring_together(primary: &Node, seen: &[Seen]) -> Vec<Replica> {
        replicas(Some(primary), seen, &History::default(), &[], Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn ends_meet_by_slot_then_by_address_then_by_being_left_over() {
        let primary = primary(vec![
            sender("c", "10.9.9.9", None),
            sender("b", "10.0.0.2", None),
            sender("a", "10.8.8.8", Some("slot_a")),
        ]);
        let seen = [
            standby("db-a:5432", Some("slot_a"), 100),
            standby("10.0.0.2:5432", None, 100),
            standby("db-c:5432", None, 100),
        ];
        let found = bring_together(&primary, &seen);
        let pairs: Vec<_> =
            found.iter().map(|it| it.sender.as_ref().and_then(|it| it.application.as_deref())).collect();
        assert_eq!(pairs, [Some("a"), Some("b"), Some("c")]);
    }

    #[test]
    fn nobody_is_guessed_or_listed_twice_when_two_are_left_over() {
        let primary = primary(vec![sender("a", "10.0.0.1", None), sender("b", "10.0.0.2", None)]);
        let found = bring_together(&primary, &[standby("x:5432", None, 100), standby("y:5432", None, 100)]);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|replica| replica.lag_seconds == Some(0.0) && replica.sender.is_none()));
    }

    #[test]
    fn a_copy_of_another_system_is_no_replica() {
        let mut strange = standby("10.0.0.3:5432", None, 7);
        if let Ok(node) = &mut strange.node {
            node.system_identifier = Some("2".into());
        }
        let found = bring_together(&primary(Vec::new()), &[strange]);
        assert_eq!((&found[0].state, found[0].lag_bytes), (&State::Foreign, None));
    }
}
