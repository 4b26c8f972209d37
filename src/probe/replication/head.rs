//! How far the primary has written, and on which line of history that is.

use jiff::Timestamp;

use super::{history::History, node::Node};

#[derive(Debug, Default)]
pub(super) struct Head {
    /// Where it stood at earlier looks.
    pub(super) positions: History,
    system: Option<String>,
    timeline: Option<i64>,
}

/// How a server's WAL belongs to the primary's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Same,
    /// A copy of another system.
    Foreign,
    /// From another timeline, by number: later, or earlier.
    Later(i64),
    Earlier(i64),
}

impl Head {
    /// Notes where a primary is now. Another system begins anew.
    pub(super) fn note(&mut self, at: Timestamp, primary: &Node) {
        let Some(written) = primary.written else { return };
        if self.system != primary.system_identifier {
            self.positions = History::default();
        }
        self.system.clone_from(&primary.system_identifier);
        self.timeline = primary.timeline;
        self.positions.note(at, written);
    }

    pub(super) fn timeline(&self) -> Option<i64> {
        self.timeline
    }

    /// What is not known differs in nothing.
    pub(super) fn line(&self, node: &Node) -> Line {
        if self.system.is_some() && node.system_identifier.is_some() && self.system != node.system_identifier {
            return Line::Foreign;
        }
        match (node.timeline, self.timeline) {
            (Some(own), Some(primary)) if own > primary => Line::Later(own),
            (Some(own), Some(primary)) if own < primary => Line::Earlier(own),
            _ => Line::Same,
        }
    }
}
