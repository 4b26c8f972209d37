//! Something that is wrong with a journal: where, and what.

use std::fmt;

use serde::Serialize;

use super::{Checkpoint, Digest, LogName, line::BadLineKind};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// From the incident's folder, `log/alice@bastion-1.jsonl`.
    pub file: String,
    /// From 1, where it is about a line.
    pub line: Option<u64>,
    /// From 0, where it is about a place in the file. A digest covers a whole line: the byte is where the line starts, or where
    /// it stops being JSON.
    pub byte: Option<u64>,
    #[serde(serialize_with = "as_text")]
    pub what: Wrong,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(byte) = self.byte {
            write!(f, ", byte {byte}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// What is wrong. The end of a sentence that begins with the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("{0}")]
    Line(BadLineKind),
    #[error("the last {0} bytes are not a whole line")]
    Torn(u64),
    #[error("the log is empty, and every log starts with a line that says whose it is")]
    Empty,
    #[error("the log does not start with saying that it is {responder}'s log {log} of {incident}")]
    Start { incident: String, responder: String, log: LogName },
    #[error("the log is {owner}'s, and this line says it is by {by}")]
    Author { owner: String, by: String },
    #[error("the log is gone, and {witness} saw its line {}", .checkpoint.seq)]
    Gone { checkpoint: Checkpoint, witness: String },
    #[error("the end was cut off: there are {lines} lines, and {witness} saw line {}", .checkpoint.seq)]
    Cut { checkpoint: Checkpoint, lines: u64, witness: String },
    #[error("the line is another one than {witness} saw: its digest was {} and is {found}", .checkpoint.hash)]
    Rewritten { checkpoint: Checkpoint, found: Digest, witness: String },
    #[error("the event says that it is the journal's own and is not: {0}")]
    JournalEvent(String),
    #[error("the evidence is gone, and {witness} refers to it")]
    EvidenceGone { witness: String },
    #[error("the evidence was changed: {witness} recorded SHA-256 {recorded}, and it is {found} ({bytes} bytes)")]
    EvidenceChanged { recorded: Digest, found: Digest, bytes: u64, witness: String },
    #[error("it refers to evidence outside of the incident's folder: {0:?}")]
    EvidenceOutside(String),
    #[error("it refers to evidence with a digest that is none: {0:?}")]
    EvidenceDigest(String),
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

fn as_text<S: serde::Serializer>(what: &Wrong, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(what)
}
