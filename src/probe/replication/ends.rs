//! Brings the two ends of each replication together: what the primary sends and what the replica has.

use jiff::Timestamp;

use super::{
    head::{Head, Line},
    history::History,
    node::{Kind, Node, Sender},
    pairs::{Seen, pair},
};
use crate::failure::{Failure, Sort};

/// What is the matter with one replica.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum State {
    Streaming,
    /// Connected, and still reading what it missed.
    CatchingUp,
    /// Gets its WAL from an archive only, as it was told.
    ArchiveFed,
    /// A standby to which nobody sends.
    Disconnected,
    /// It does not stream, and our role may not see whether it is meant to.
    Unclear,
    /// A primary now.
    Promoted,
    /// Not a copy of this primary.
    Foreign,
    /// A copy that has left this primary's history, or was left behind by it: it is on this timeline.
    OtherTimeline(i64),
    /// Receives, and our role may not see what.
    Hidden,
    /// A standby that takes no connections; the primary may say that it streams.
    Cold {
        streams: bool,
    },
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
            State::ArchiveFed => "from the archive",
            State::Disconnected => "disconnected",
            State::Unclear => "not streaming",
            State::Promoted => "promoted",
            State::Foreign => "not a replica",
            State::OtherTimeline(_) => "on another timeline",
            State::Hidden => "hidden",
            State::Cold { streams: true } => "streaming, hot_standby off",
            State::Cold { .. } => "hot_standby off",
            State::Unseen { streams: true, .. } => "streaming, not looked at",
            State::Unseen { .. } => "not seen",
        }
    }

    /// Does WAL flow to it from the primary itself?
    pub(super) fn streams(&self) -> bool {
        matches!(
            self,
            State::Streaming | State::CatchingUp | State::Cold { streams: true } | State::Unseen { streams: true, .. }
        )
    }

    /// Does WAL flow to it?
    pub(super) fn fed(&self) -> bool {
        self.streams() || *self == State::ArchiveFed
    }
}

/// One replica, known from both ends or from one.
#[derive(Debug, Clone)]
pub(super) struct Replica {
    pub(super) name: String,
    pub(super) state: State,
    pub(super) sender: Option<Sender>,
    /// Takes writes.
    pub(super) writes: bool,
    pub(super) paused: bool,
    pub(super) receiver: Option<String>,
    /// Not replayed yet.
    pub(super) lag_bytes: Option<i64>,
    pub(super) lag_seconds: Option<f64>,
    /// Not on its disk yet: what would be lost with the primary. `None` unless it receives this primary's WAL.
    pub(super) unreceived_bytes: Option<i64>,
    pub(super) at_risk_seconds: Option<f64>,
    pub(super) replayed_age_seconds: Option<f64>,
}

/// What is known of the primary.
#[derive(Clone, Copy)]
pub(super) enum Primary<'a> {
    /// It writes.
    Writes(&'a Node),
    /// It does not answer now.
    Silent,
    /// It is in recovery, so it is not one.
    Recovers,
    /// The pack names none.
    Unnamed,
}

impl<'a> Primary<'a> {
    pub(super) fn of(seen: Option<&'a Seen>) -> Self {
        match seen.map(|seen| &seen.node) {
            None => Primary::Unnamed,
            Some(Err(_)) => Primary::Silent,
            Some(Ok(node)) if node.in_recovery => Primary::Recovers,
            Some(Ok(node)) => Primary::Writes(node),
        }
    }
}

/// What a look compares with.
pub(super) struct Known<'a> {
    pub(super) primary: Primary<'a>,
    /// Where the primary stood.
    pub(super) head: &'a Head,
    /// How far each named replica's own source had written.
    pub(super) upstream: &'a [History],
    pub(super) at: Timestamp,
}

/// All replicas: those the pack names, in its order, then the standbys that only the primary knows. And what else receives from it.
pub(super) fn replicas(known: &Known, seen: &[Seen]) -> (Vec<Replica>, Vec<Sender>) {
    let mut senders = match known.primary {
        Primary::Writes(node) => node.senders.clone(),
        _ => Vec::new(),
    };
    let own = pair(seen, &mut senders);
    let named = seen.iter().zip(own).enumerate();
    let mut all: Vec<Replica> = named
        .map(|(i, (seen, sender))| match &seen.node {
            Ok(node) => known.both_ends(seen.name.clone(), node, sender, known.upstream.get(i)),
            Err(failure) => {
                let streams = sender.as_ref().is_some_and(|sender| sender.state.as_deref() != Some("startup"));
                let state = match failure.sort {
                    Sort::ColdStandby => State::Cold { streams },
                    _ => State::Unseen { failure: failure.clone(), streams },
                };
                known.primary_end(seen.name.clone(), state, sender)
            }
        })
        .collect();
    let mut others = Vec::new();
    for sender in senders {
        let state = match (sender.kind(), sender.state.as_deref()) {
            (Kind::Hidden, _) => State::Hidden,
            (Kind::Standby, Some("streaming")) => State::Streaming,
            (Kind::Standby, Some("catchup")) => State::CatchingUp,
            (Kind::Standby, _) => State::Disconnected,
            _ => {
                others.push(sender);
                continue;
            }
        };
        all.push(known.primary_end(sender.name(), state, Some(sender)));
    }
    (all, others)
}

/// How far behind a position is.
type Behind = (Option<i64>, Option<f64>);

impl Known<'_> {
    fn both_ends(&self, name: String, node: &Node, sender: Option<Sender>, upstream: Option<&History>) -> Replica {
        let state = self.state(node, sender.as_ref());
        let mut replica = Replica {
            name,
            writes: node.writes(),
            paused: node.paused == Some(true),
            receiver: node.receiver.as_ref().map(|it| it.status.clone().unwrap_or_else(|| "hidden".to_owned())),
            replayed_age_seconds: node.replayed_age_seconds.filter(|_| node.in_recovery),
            lag_bytes: None,
            lag_seconds: None,
            unreceived_bytes: None,
            at_risk_seconds: None,
            sender,
            state,
        };
        if matches!(replica.state, State::Promoted | State::Foreign | State::OtherTimeline(_)) {
            return replica;
        }
        let sender = replica.sender.as_ref();
        let replay_lag = sender.and_then(|sender| sender.replay_lag_seconds);
        (replica.lag_bytes, replica.lag_seconds) = self.behind(node, node.replayed, replay_lag, upstream);
        // What the primary's end knows of this standby may be newer than what the standby said.
        let flushed = node.flushed().max(sender.and_then(|sender| sender.flushed));
        let flush_lag = sender.and_then(|sender| sender.flush_lag_seconds);
        let counts = match self.primary {
            Primary::Writes(_) | Primary::Unnamed => replica.state.fed(),
            // A primary that is gone writes no more: what counts is where it was last seen.
            Primary::Silent => self.head.positions.head().is_some(),
            Primary::Recovers => false,
        };
        if counts {
            (replica.unreceived_bytes, replica.at_risk_seconds) = self.behind(node, flushed, flush_lag, upstream);
        }
        // A server without a source has replayed what it has, and that says nothing.
        if !replica.state.fed() && replica.lag_bytes == Some(0) && self.end().is_none() {
            replica.lag_seconds = None;
        }
        replica
    }

    fn state(&self, node: &Node, sender: Option<&Sender>) -> State {
        let catches_up = sender.is_some_and(|sender| sender.state.as_deref() == Some("catchup"));
        match self.head.line(node) {
            Line::Foreign => return State::Foreign,
            _ if !node.in_recovery => return State::Promoted,
            Line::Later(timeline) => return State::OtherTimeline(timeline),
            // On its way to the primary's timeline it receives the earlier ones. What has no receiver only knows where it was.
            Line::Earlier(timeline) if node.receives_visibly() && !catches_up => return State::OtherTimeline(timeline),
            _ => {}
        }
        match (node.receives(), node.archive_fed) {
            (true, _) if catches_up => State::CatchingUp,
            (true, _) => State::Streaming,
            (false, Some(true)) => State::ArchiveFed,
            (false, Some(false)) => State::Disconnected,
            (false, None) => State::Unclear,
        }
    }

    /// Where the primary is, or was when it was last seen, and the moment that this was so.
    fn end(&self) -> Option<(i64, Timestamp)> {
        match self.primary {
            Primary::Writes(node) => Some((node.written?, self.at)),
            Primary::Silent => self.head.positions.head().zip(self.head.positions.head_since()),
            Primary::Recovers | Primary::Unnamed => None,
        }
    }

    /// How far a standby's position is behind the primary's, or else behind what its own source said.
    fn behind(&self, node: &Node, position: Option<i64>, measured: Option<f64>, upstream: Option<&History>) -> Behind {
        let Some(position) = position else { return (None, None) };
        let (end, observed) = match self.end() {
            Some((end, at)) => (end, self.head.positions.seconds_behind(position, at)),
            None => {
                let observed = upstream.and_then(|upstream| upstream.seconds_behind(position, self.at));
                (node.upstream().unwrap_or(position), observed)
            }
        };
        let behind = (end - position).max(0);
        (Some(behind), seconds(behind, observed, measured, node.replayed_age_seconds))
    }

    /// A replica as the primary alone knows it.
    fn primary_end(&self, name: String, state: State, sender: Option<Sender>) -> Replica {
        let position = |of: fn(&Sender) -> (Option<i64>, Option<f64>)| match &sender {
            Some(sender) => self.sender_behind(sender, of(sender)),
            None => (None, None),
        };
        let (lag_bytes, lag_seconds) =
            position(|sender| (sender.replayed.or(sender.flushed), sender.replay_lag_seconds));
        let (unreceived_bytes, at_risk_seconds) = position(|sender| (sender.flushed, sender.flush_lag_seconds));
        Replica {
            name,
            state,
            sender,
            writes: false,
            paused: false,
            receiver: None,
            lag_bytes,
            lag_seconds,
            unreceived_bytes,
            at_risk_seconds,
            replayed_age_seconds: None,
        }
    }

    /// How far behind a receiver is by what it last replied.
    fn sender_behind(&self, sender: &Sender, (position, measured): Behind) -> Behind {
        let Primary::Writes(Node { written: Some(written), .. }) = self.primary else { return (None, None) };
        let Some(position) = position else { return (None, None) };
        let behind = (written - position).max(0);
        if behind == 0 {
            return (Some(0), Some(0.0));
        }
        // A reply that is some seconds old says nothing about the seconds since.
        let reply_age = sender.reply_age_seconds.unwrap_or_default();
        let observed = self.head.positions.seconds_behind(position, self.at);
        (Some(behind), measured.or(observed.map(|seconds| (seconds - reply_age).max(0.0))))
    }
}

/// Nothing behind is no lag. Else what was observed, sharpened by what the primary measured, never more than the age of
/// the last replayed commit.
fn seconds(behind: i64, observed: Option<f64>, measured: Option<f64>, commit_age: Option<f64>) -> Option<f64> {
    if behind == 0 {
        return Some(0.0);
    }
    let most = commit_age.unwrap_or(f64::INFINITY);
    match (observed, measured) {
        (Some(observed), Some(measured)) => Some(observed.max(measured).min(most)),
        (Some(one), None) | (None, Some(one)) => Some(one.min(most)),
        (None, None) => commit_age,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replication::node::Receiver;

    fn standby(name: &str, slot: Option<&str>, replayed: i64) -> Seen {
        let receiver = Some(Receiver { status: Some("streaming".into()), slot: slot.map(Into::into), upstream: None });
        let node = Node {
            in_recovery: true,
            system_identifier: Some("1".into()),
            timeline: Some(1),
            received: Some(replayed),
            replayed: Some(replayed),
            replayed_age_seconds: Some(3600.0),
            receiver,
            archive_fed: Some(false),
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
            flushed: Some(100),
            replayed: Some(100),
            ..Sender::default()
        }
    }

    fn primary(senders: Vec<Sender>) -> Node {
        Node { system_identifier: Some("1".into()), timeline: Some(1), written: Some(100), senders, ..Node::default() }
    }

    fn bring_together(primary: &Node, seen: &[Seen]) -> (Vec<Replica>, Vec<Sender>) {
        let mut head = Head::default();
        head.note(Timestamp::UNIX_EPOCH, primary);
        let known = Known { primary: Primary::Writes(primary), head: &head, upstream: &[], at: Timestamp::UNIX_EPOCH };
        replicas(&known, seen)
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
        let (found, _) = bring_together(&primary, &seen);
        let pairs: Vec<_> =
            found.iter().map(|it| it.sender.as_ref().and_then(|it| it.application.as_deref())).collect();
        assert_eq!(pairs, [Some("a"), Some("b"), Some("c")]);
    }

    #[test]
    fn nobody_is_guessed_or_listed_twice_when_two_are_left_over() {
        let primary = primary(vec![sender("a", "10.0.0.1", None), sender("b", "10.0.0.2", None)]);
        let (found, _) = bring_together(&primary, &[standby("x:5432", None, 100), standby("y:5432", None, 100)]);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|replica| replica.lag_seconds == Some(0.0) && replica.sender.is_none()));
    }

    #[test]
    fn a_copy_of_another_system_or_of_another_timeline_is_no_replica() {
        let mut strange = standby("10.0.0.3:5432", None, 7);
        let mut left = standby("10.0.0.4:5432", None, 107);
        if let (Ok(strange), Ok(left)) = (&mut strange.node, &mut left.node) {
            strange.system_identifier = Some("2".into());
            left.timeline = Some(2);
        }
        let (found, _) = bring_together(&primary(Vec::new()), &[strange, left]);
        assert_eq!((&found[0].state, found[0].lag_bytes), (&State::Foreign, None));
        assert_eq!((&found[1].state, found[1].at_risk_seconds), (&State::OtherTimeline(2), None));
    }

    #[test]
    fn a_dead_standby_is_not_what_streams_to_somebody_else() {
        let dead = |name: &str| Seen { name: name.into(), node: Err(Failure::down("connection refused")) };
        let seen = [dead("10.0.0.1:5432"), dead("db:5432")];
        let (found, _) = bring_together(&primary(vec![sender("other", "10.0.0.1", None)]), &seen);
        let states: Vec<_> = found.iter().map(|replica| (replica.name.as_str(), replica.state.word())).collect();
        assert_eq!(states, [("10.0.0.1:5432", "not seen"), ("db:5432", "not seen"), ("other", "streaming")]);
    }

    #[test]
    fn what_replays_nothing_is_no_standby() {
        let mut archive = sender("pg_receivewal", "10.0.0.1", None);
        archive.replayed = None;
        let mut subscriber = sender("cdc", "10.0.0.1", Some("cdc"));
        subscriber.slot_type = Some("logical".into());
        let hidden = Sender { in_database: true, ..Sender::default() };
        let (found, others) = bring_together(&primary(vec![archive, subscriber, hidden]), &[]);
        let kinds: Vec<_> = others.iter().map(Sender::kind).collect();
        assert_eq!((found.len(), kinds), (0, vec![Kind::WalOnly, Kind::Logical, Kind::Logical]));
    }

    #[test]
    fn what_is_received_counts_and_a_receiver_that_begins_a_segment_anew_loses_nothing() {
        let mut paused = standby("a:5432", Some("a"), 40);
        if let Ok(node) = &mut paused.node {
            node.received = Some(100);
        }
        // PostgreSQL 15 after a restart: received up to the start of the segment, replayed what came after it.
        let mut restarted = standby("b:5432", Some("b"), 100);
        if let Ok(node) = &mut restarted.node {
            node.received = Some(0);
        }
        let primary = primary(vec![sender("a", "10.0.0.1", Some("a")), sender("b", "10.0.0.1", Some("b"))]);
        let (found, _) = bring_together(&primary, &[paused, restarted]);
        let found: Vec<_> = found.iter().map(|it| (it.lag_bytes, it.unreceived_bytes, it.at_risk_seconds)).collect();
        assert_eq!(found, [(Some(60), Some(0), Some(0.0)), (Some(0), Some(0), Some(0.0))]);
    }
}
