//! The clocks of an incident: pure functions of its state, the platform's objectives, and the time.
//!
//! | clock | from | until | due |
//! | --- | --- | --- | --- |
//! | detection | it was detected | users have their service again, or it is resolved | – |
//! | response | it was declared | somebody takes a role, or the phase changes | the severity's `respond_within` |
//! | recovery | it was detected | as detection | the severity's `recover_within` |
//! | RTO of an affected component | it was detected | as detection | the component's `rto` |
//! | RTO of a runbook that is followed | it was detected | as detection | the runbook's `rto` |
//! | RPO of an affected component | its restore point | it was detected | the component's `rpo` |
//! | update to an audience | it applies since, or the last update | it is resolved | `first_within`, then `update_every` |
//! | phase | it began | the next one begins | the severity's budget for it, `phases.investigating` and so on |
//! | escalation | it applies since | it was made, or dismissed with a reason; or it is resolved | its `after` |
//!
//! Objectives are those of the severity that holds now, and a reclassification makes new clocks of them: `response:P1`. The response
//! is counted from the declaration: nobody could answer before. What users suffer and wait for (recovery, RTO) is counted from
//! detection.
//!
//! An update or an escalation *applies since* the detection; when a reclassification or an opening again has brought it, since
//! then: nobody is late with what was not asked for. Both count until the incident is resolved, not only until service is restored:
//! people still want to hear of it, and whoever is told late can still help to keep it from coming back.
//!
//! Recovery and RTO are met only when the probes of the affected components agree ([`super::objective`]).
//!
//! An escalation is due at the declaration at the earliest. From then it is amber, "due now", for [`due::ESCALATION_GRACE`], and red
//! after that; every other clock is red when its time is over. The reports judge punctuality by the same rules ([`due`],
//! [`stretches`]).

pub mod due;
mod rules;
mod stretch;
#[cfg(test)]
mod tests;

pub use self::stretch::{Stretch, stretches};

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{IncidentEvent, IncidentState};
use warroom_domain::{health, platform::Pack};

/// Part of an objective after which its clock warns.
const AMBER: f64 = 0.75;

/// What a clock counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockKind {
    Detection,
    Response,
    Recovery,
    Rto,
    Rpo,
    Update,
    Escalation,
    Phase,
}

/// How a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockLevel {
    /// It has stopped in time, or counts without an objective.
    Met,
    Running,
    /// Three quarters of the time are gone, or what it should know is not known.
    Amber,
    /// It ran out.
    Red,
}

/// One clock.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Clock {
    /// Names it for as long as it is the same clock: `response:P1`, `rto:database`, `update:customers:2`.
    pub id: String,
    pub kind: ClockKind,
    /// What a narrow line shows before the time: `RTO database`.
    pub label: String,
    pub started: Timestamp,
    pub due: Option<Timestamp>,
    /// `None` while it runs.
    pub stopped: Option<Timestamp>,
    pub level: ClockLevel,
    /// The time in words: `3h18m left`, `12m over`, `met after 4m`.
    pub text: String,
}

impl Clock {
    /// A clock with an objective: how it stands follows from the times.
    fn with_due(
        id: String,
        kind: ClockKind,
        label: String,
        started: Timestamp,
        within: Duration,
        stopped: Option<Timestamp>,
        now: Timestamp,
    ) -> Clock {
        let taken = between(started, stopped.unwrap_or(now));
        let over = taken.checked_sub(within);
        let (level, text) = match (stopped, over) {
            (None, Some(over)) if over > Duration::ZERO => {
                (ClockLevel::Red, format!("{} over", health::duration(over)))
            }
            (None, _) => {
                let level = if taken >= within.mul_f64(AMBER) { ClockLevel::Amber } else { ClockLevel::Running };
                (level, format!("{} left", health::duration(within.saturating_sub(taken))))
            }
            (Some(_), Some(over)) if over > Duration::ZERO => {
                (ClockLevel::Red, format!("missed by {}", health::duration(over)))
            }
            (Some(_), _) => (ClockLevel::Met, format!("met after {}", health::duration(taken))),
        };
        Clock { id, kind, label, started, due: started.checked_add(within).ok(), stopped, level, text }
    }

    /// What was due and when, however late it is now: `update to customers was due at 14:02:00Z`. `None` without an objective.
    pub fn was_due(&self) -> Option<String> {
        let due = self.due?;
        let after = |word| self.label.strip_prefix(word).unwrap_or(&self.label).trim_start();
        let what = match self.kind {
            ClockKind::Rto => format!("recovery of {}", after("RTO")),
            ClockKind::Escalation => format!("escalation {}", after("escalate")),
            _ => self.label.clone(),
        };
        let utc = |at: Timestamp| at.to_zoned(TimeZone::UTC);
        // The date stands where it is not that of the clock's beginning.
        let same_day = utc(due).date() == utc(self.started).date();
        let due = due.strftime(if same_day { "%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%SZ" });
        Some(format!("{what} was due at {due}"))
    }

    /// It ran out and nobody has done what it waits for.
    pub fn is_overdue(&self) -> bool {
        self.level == ClockLevel::Red && self.stopped.is_none()
    }
}

/// Every clock of the incident, in the order of the table above. None before it was declared.
pub fn clocks(state: &IncidentState, pack: &Pack, now: Timestamp) -> Vec<Clock> {
    let Some(declared) = &state.declared else { return Vec::new() };
    let detected = state.detected_at.unwrap_or(declared.at);
    let mut clocks = vec![rules::detection(state, detected, now)];
    clocks.extend(rules::objectives(state, pack, declared.at, detected, now));
    clocks.extend(rules::phase(state, pack, detected, now));
    clocks.extend(rules::components(state, pack, detected, now));
    clocks.extend(rules::scenarios(state, detected, now));
    clocks.extend(rules::updates(state, pack, detected, now));
    clocks.extend(rules::escalations(state, pack, declared.at, detected, now));
    clocks
}

/// What has to be written down of clocks that ran out: each once.
pub fn overdue(clocks: &[Clock], state: &IncidentState) -> Vec<IncidentEvent> {
    let new = clocks.iter().filter(|clock| clock.is_overdue() && !state.overdue.contains_key(&clock.id));
    let text = |clock: &Clock| clock.was_due().unwrap_or_else(|| clock.label.clone());
    new.map(|clock| IncidentEvent::ClockOverdue { clock: clock.id.clone(), text: text(clock) }).collect()
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
