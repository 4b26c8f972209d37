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
    /// How far a primary has written; `None` on a standby.
    pub(super) written: Option<i64>,
    /// How far a standby has received by streaming.
    pub(super) received: Option<i64>,
    pub(super) replayed: Option<i64>,
    /// Age of the last replayed commit: an upper bound of the lag, and no more than that (it grows on an idle primary).
    pub(super) replayed_age_seconds: Option<f64>,
    pub(super) paused: Option<bool>,
    pub(super) receiver: Option<Receiver>,
    pub(super) senders: Vec<Sender>,
    pub(super) slots: Vec<Slot>,
}

impl Node {
    /// A standby's position: what it has, replayed or not.
    pub(super) fn received_or_replayed(&self) -> Option<i64> {
        self.received.max(self.replayed)
    }
}

/// The process of a standby that receives WAL. Without `pg_monitor` its columns are hidden, and only its existence is seen.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Receiver {
    pub(super) status: Option<String>,
    pub(super) slot: Option<String>,
}

impl Receiver {
    pub(super) fn streams(&self) -> bool {
        self.status.as_deref().is_none_or(|status| status == "streaming")
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
    pub(super) flushed: Option<i64>,
    /// `None` also for receivers that replay nothing (`pg_receivewal`).
    pub(super) replayed: Option<i64>,
    pub(super) replay_lag_seconds: Option<f64>,
    pub(super) reply_age_seconds: Option<f64>,
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
