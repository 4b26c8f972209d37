//! Alert rules: conditions that must hold for a time before they propose an incident.

use std::time::Duration;

use jiff::Timestamp;

use crate::platform::{AlertRule, Members, Shared};

/// How an alert rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertStatus {
    /// The condition is false.
    Quiet,
    /// The condition holds, but not for long enough yet.
    Pending { since: Timestamp },
    /// The condition has held for the rule's time. `since` is when it began to hold.
    Firing { since: Timestamp },
}

/// One rule and how it stands.
#[derive(Debug, Clone)]
pub struct Alert {
    pub rule: AlertRule,
    pub status: AlertStatus,
    /// Why the condition has no answer now, when it has none.
    pub blind: Option<String>,
    reads: Reads,
}

/// Which parts of the board a condition reads.
#[derive(Debug, Clone)]
pub(super) struct Reads {
    pub probes: Members,
    pub panels: Members,
    pub components: Members,
}

/// A change of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Fired { since: Timestamp },
    Cleared { since: Timestamp },
}

impl Alert {
    pub(super) fn new(rule: AlertRule) -> Self {
        let reads = Reads {
            probes: rule.when.members_of("probes"),
            panels: rule.when.members_of("panels"),
            components: rule.when.members_of("components"),
        };
        Alert { rule, status: AlertStatus::Quiet, blind: None, reads }
    }

    pub(super) fn reads(&self) -> &Reads {
        &self.reads
    }

    /// Evaluates the condition at `now`. A condition without an answer (a probe it reads could not look) changes
    /// nothing: blindness neither fires an alert nor clears one.
    pub(super) fn evaluate(&mut self, variables: &[(&str, Shared)], now: Timestamp) -> Option<Change> {
        let holds = match self.rule.when.holds_for(variables) {
            Ok(holds) => holds,
            Err(error) => {
                self.blind = Some(error.to_string());
                return None;
            }
        };
        self.blind = None;
        match (holds, self.status) {
            (false, AlertStatus::Firing { since }) => {
                self.status = AlertStatus::Quiet;
                Some(Change::Cleared { since })
            }
            (false, _) => {
                self.status = AlertStatus::Quiet;
                None
            }
            (true, AlertStatus::Firing { .. }) => None,
            (true, status) => {
                let since = if let AlertStatus::Pending { since } = status { since } else { now };
                let held = Duration::try_from(now.duration_since(since)).unwrap_or_default();
                if held >= self.rule.hold {
                    self.status = AlertStatus::Firing { since };
                    Some(Change::Fired { since })
                } else {
                    self.status = AlertStatus::Pending { since };
                    None
                }
            }
        }
    }
}
