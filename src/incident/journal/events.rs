//! The two events that the journal writes about itself: how a log starts, and what another log held at some moment.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Digest, LogName};

/// A line of a log that must still be there. Printed `alice@bastion-1:42:9f2c…`.
///
/// A chain cannot show that its own end was cut off. Whoever has a checkpoint (another log, an export, a photograph of
/// the screen) can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub log: LogName,
    pub seq: u64,
    pub hash: Digest,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.log, self.seq, self.hash)
    }
}

/// The text is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a checkpoint reads LOG:NUMBER:SHA-256, as alice@bastion-1:42:9f2c…")]
pub struct NotACheckpoint;

impl FromStr for Checkpoint {
    type Err = NotACheckpoint;

    fn from_str(text: &str) -> Result<Self, NotACheckpoint> {
        let mut parts = text.trim().rsplitn(3, ':');
        let hash = parts.next().and_then(|hash| hash.parse().ok()).ok_or(NotACheckpoint)?;
        let seq = parts.next().and_then(|seq| seq.parse().ok()).ok_or(NotACheckpoint)?;
        let log = parts.next().and_then(|log| LogName::of_file(&format!("{log}{}", super::name::EXTENSION)));
        Ok(Checkpoint { log: log.ok_or(NotACheckpoint)?, seq, hash })
    }
}

/// What the journal says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum JournalEvent {
    /// The first event of every log.
    LogStarted {
        version: u32,
        /// The incident's id.
        incident: String,
        /// Whose log it is, as in every line's `by`.
        responder: String,
        log: LogName,
        /// Logs that this one takes over from because they can no longer be written.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        checkpoints: Vec<Checkpoint>,
    },
    /// How far other logs went when this was written.
    Checkpoint { version: u32, checkpoints: Vec<Checkpoint> },
}

impl JournalEvent {
    /// True for the `type` of an event that is read as one of these.
    pub fn is(kind: &str) -> bool {
        matches!(kind, "log_started" | "checkpoint")
    }

    /// The other logs' lines that it vouches for.
    pub fn checkpoints(&self) -> &[Checkpoint] {
        match self {
            JournalEvent::LogStarted { checkpoints, .. } | JournalEvent::Checkpoint { checkpoints, .. } => checkpoints,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_checkpoint_can_be_given_back() {
        let checkpoint = Checkpoint { log: LogName::of("alice@[::1]", 2), seq: 42, hash: Digest::of(&[b"x"]) };
        assert_eq!(checkpoint.to_string().parse(), Ok(checkpoint));
        for wrong in ["", "a:1", "a:b:c", ":1:", "../a:1:00"] {
            assert_eq!(wrong.parse::<Checkpoint>(), Err(NotACheckpoint), "{wrong}");
        }
    }
}
