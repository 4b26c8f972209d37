//! What one PostgreSQL server knows about replication. Positions are bytes since the beginning of WAL.

use serde::Deserialize;

/// The question; one document answers it on a primary and on a standby, from PostgreSQL 10 on.
pub(super) const NODE: &str = include_str!("node.sql");

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Node {
    pub(super) in_recovery: bool,
    /// The role we are logged in as.
    pub(super) role: String,
    pub(super) system_identifier: Option<String>,
    /// Writes are refused by default, although it is a primary.
    pub(super) read_only: Option<bool>,
    /// Counts up with each promotion: of a primary the one it writes, of a standby the one it receives.
    pub(super) timeline: Option<i64>,
    /// How far a primary has written; `None` on a standby.
    pub(super) written: Option<i64>,
    /// How far a standby has received by streaming.
    pub(super) received: Option<i64>,
    pub(super) replayed: Option<i64>,
    /// Age of the last replayed commit: an upper bound of the lag, and no more than that (it grows on an idle primary).
    pub(super) replayed_age_seconds: Option<f64>,
    pub(super) paused: Option<bool>,
    pub(super) receiver: Option<Receiver>,
    /// A standby that gets its WAL from an archive and from nowhere else; `None` when our role may not see that.
    pub(super) archive_fed: Option<bool>,
    pub(super) senders: Vec<Sender>,
    pub(super) slots: Vec<Slot>,
}

impl Node {
    /// A standby's position: what is on its disk, replayed or not. A restarted standby says that it has received no more than up to
    /// the start of a segment (PostgreSQL 15: the receiver begins there anew), and has replayed what came after it.
    pub(super) fn flushed(&self) -> Option<i64> {
        self.received.max(self.replayed)
    }

    /// How far the server that it receives from has written, as that one last said.
    pub(super) fn upstream(&self) -> Option<i64> {
        self.flushed().max(self.receiver.as_ref().and_then(|receiver| receiver.upstream))
    }

    pub(super) fn writes(&self) -> bool {
        !self.in_recovery && self.read_only != Some(true)
    }

    pub(super) fn receives(&self) -> bool {
        self.receiver.as_ref().is_some_and(|it| it.status.as_deref().is_none_or(|status| status == "streaming"))
    }

    /// It receives, and our role may see what.
    pub(super) fn receives_visibly(&self) -> bool {
        self.receiver.as_ref().is_some_and(|it| it.status.is_some()) && self.receives()
    }
}

/// The process of a standby that receives WAL. Without `pg_monitor` its columns are hidden, and only its existence is seen.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Receiver {
    pub(super) status: Option<String>,
    pub(super) slot: Option<String>,
    pub(super) upstream: Option<i64>,
}

/// What a receiver of WAL proves to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Reports what it replays, as only a server in recovery does.
    Standby,
    Logical,
    /// `pg_receivewal` and other archives of WAL: they replay nothing.
    WalOnly,
    /// A base backup that is being taken.
    Backup,
    /// Our role may not see what it is.
    Hidden,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Standby => "standby",
            Kind::Logical => "logical subscriber",
            Kind::WalOnly => "WAL archive",
            Kind::Backup => "base backup",
            Kind::Hidden => "hidden",
        }
    }
}

/// A primary's view of one receiver of its WAL.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Sender {
    pub(super) application: Option<String>,
    pub(super) address: Option<String>,
    /// `None` when hidden from our role.
    pub(super) state: Option<String>,
    pub(super) sync_state: Option<String>,
    pub(super) slot: Option<String>,
    pub(super) slot_type: Option<String>,
    #[serde(default)]
    pub(super) in_database: bool,
    pub(super) flushed: Option<i64>,
    /// `None` also for receivers that replay nothing (`pg_receivewal`).
    pub(super) replayed: Option<i64>,
    pub(super) flush_lag_seconds: Option<f64>,
    pub(super) replay_lag_seconds: Option<f64>,
    pub(super) reply_age_seconds: Option<f64>,
}

impl Sender {
    pub(super) fn kind(&self) -> Kind {
        match self.state.as_deref() {
            _ if self.in_database || self.slot_type.as_deref() == Some("logical") => Kind::Logical,
            None => Kind::Hidden,
            Some("backup") => Kind::Backup,
            Some(_) if self.replayed.is_some() => Kind::Standby,
            Some(_) => Kind::WalOnly,
        }
    }

    /// What people call it. "walreceiver" is what every replica is called that nobody gave a name.
    pub(super) fn name(&self) -> String {
        let application = self.application.clone().filter(|name| !name.is_empty() && name != "walreceiver");
        let name = application.or_else(|| self.slot.clone()).or_else(|| self.address.clone());
        name.unwrap_or_else(|| "replica".to_owned())
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Slot {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) active: bool,
    /// `None` when the slot was never used, or has lost its WAL.
    pub(super) retained_wal_bytes: Option<i64>,
    pub(super) wal_status: Option<String>,
}
