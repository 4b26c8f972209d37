//! Which sender of the primary sends to which of the replicas that the pack names.

use super::node::{Kind, Node, Sender};
use crate::failure::{Failure, Sort};
use warroom_domain::health::Status;

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

    /// May it receive WAL by streaming? A server that refuses connections does not run, unless it says why.
    fn may_receive(&self) -> bool {
        match &self.node {
            Ok(node) => node.receiver.is_some(),
            Err(failure) => failure.status != Status::Down || failure.sort == Sort::ColdStandby,
        }
    }
}

/// Gives each replica its sender, the surest sign first, and leaves those in `senders` that belong to none.
///
/// Only a standby's sender is given away. A server that was not looked at proves nothing itself: it is found by what the primary says
/// of its address or name, never by being left over.
pub(super) fn pair(seen: &[Seen], senders: &mut Vec<Sender>) -> Vec<Option<Sender>> {
    let mut own: Vec<Option<Sender>> = seen.iter().map(|_| None).collect();
    fn receiver(seen: &Seen) -> Option<&super::node::Receiver> {
        seen.node.as_ref().ok().and_then(|node| node.receiver.as_ref())
    }
    give(seen, senders, &mut own, |seen, sender| {
        let slot = receiver(seen).and_then(|it| it.slot.as_ref());
        slot.is_some() && slot == sender.slot.as_ref()
    });
    give(seen, senders, &mut own, |seen, sender| {
        let host = Some(seen.host());
        sender.address.as_deref() == host || sender.application.as_deref() == host
    });
    give(seen, senders, &mut own, |seen, sender| {
        // A receiver whose slot is visible is at the end of no other.
        receiver(seen).is_some_and(|it| it.status.is_none() || it.slot == sender.slot)
    });
    let alone = seen.iter().zip(&own).filter(|(seen, sender)| sender.is_none() && receiver(seen).is_some()).count();
    if senders.iter().filter(|sender| is_standby(sender)).count() <= alone {
        // The named replicas that could not be told apart: they speak for themselves, and are not listed twice.
        senders.retain(|sender| !is_standby(sender));
    }
    own
}

fn is_standby(sender: &Sender) -> bool {
    matches!(sender.kind(), Kind::Standby | Kind::Hidden)
}

/// Gives senders to replicas where exactly one of each fits the other.
fn give(seen: &[Seen], senders: &mut Vec<Sender>, own: &mut [Option<Sender>], fits: impl Fn(&Seen, &Sender) -> bool) {
    let fits = |seen: &Seen, sender: &Sender| seen.may_receive() && is_standby(sender) && fits(seen, sender);
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
