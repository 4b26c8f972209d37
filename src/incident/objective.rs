//! What the objectives of an incident are judged by: the restore point of its data, and what the panels say of its recovery.

use std::time::Duration;

use jiff::Timestamp;

use super::IncidentState;
use warroom_domain::health::Status;

/// What a restore loses of a component's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataAtRisk {
    /// The restore point.
    pub point: Timestamp,
    /// Everything from the restore point up to here is lost.
    pub until: Timestamp,
    /// Somebody recorded it; otherwise it was measured, and says what a restore would have lost.
    pub recorded: bool,
}

impl DataAtRisk {
    pub fn loss(&self) -> Duration {
        Duration::try_from(self.until.duration_since(self.point)).unwrap_or_default()
    }
}

/// The restore point of a component: the recorded one, else the newest copy that was there when it failed. A copy from after the
/// failure may hold what is wrong, and says nothing of what was there before. `None`: unknown.
pub fn data_at_risk(state: &IncidentState, component: &str) -> Option<DataAtRisk> {
    let failed = state.detected_at?;
    let recorded = state.data_loss.as_ref().map(|loss| &loss.value);
    if let Some((point, loss)) = recorded.and_then(|loss| Some((loss.restored_to?, loss))) {
        return Some(DataAtRisk { point, until: loss.last_write.unwrap_or(failed), recorded: true });
    }
    let measured = state.exposures.iter().find(|exposure| exposure.component == component)?.recovery_point;
    let point = measured.filter(|point| *point <= failed)?;
    Some(DataAtRisk { point, until: failed, recorded: false })
}

/// A probe that does not agree that its component was well again in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt<'s> {
    pub probe: &'s str,
    /// Down, or unknown.
    pub status: Status,
    pub since: Timestamp,
    /// When it was well again after all: too late.
    pub until: Option<Timestamp>,
}

/// The probes of components that do not agree that these were restored `within` this time of the detection. None while nobody says
/// that service is restored.
pub fn doubts<'s>(state: &'s IncidentState, components: &[String], within: Duration) -> Vec<Doubt<'s>> {
    let Some((restored, detected)) = state.restored().zip(state.detected_at) else { return Vec::new() };
    let due = detected.checked_add(within).unwrap_or(Timestamp::MAX);
    let is_well = |status: Status| matches!(status, Status::Ok | Status::Warn);
    let concerned = state
        .probes
        .iter()
        .filter(|(_, watched)| watched.component.as_ref().is_some_and(|component| components.contains(component)));
    let doubt = concerned.filter_map(|(probe, watched)| {
        let changes = &watched.changes;
        let at = changes.iter().rposition(|change| change.at <= restored)?;
        let then = changes.get(at).filter(|change| !is_well(change.value))?;
        let until = changes.iter().skip(at).find(|change| is_well(change.value)).map(|change| change.at);
        let doubt = Doubt { probe, status: then.value, since: then.at, until };
        until.is_none_or(|until| until > due).then_some(doubt)
    });
    doubt.collect()
}

/// What the probes say against it: `contradicted: api-5xx down since 03:15:00Z`. `None` when they agree.
pub fn objection(doubts: &[Doubt<'_>], time: impl Fn(Timestamp) -> String) -> Option<String> {
    let is_down = doubts.iter().any(|doubt| doubt.status == Status::Down);
    let one = |doubt: &Doubt<'_>| {
        let when = match doubt.until {
            Some(until) => format!("until {}", time(until)),
            None => format!("since {}", time(doubt.since)),
        };
        format!("{} {} {when}", doubt.probe, doubt.status)
    };
    let said: Vec<String> = doubts.iter().map(one).collect();
    let word = if is_down { "contradicted" } else { "not confirmed" };
    (!said.is_empty()).then(|| format!("{word}: {}", said.join(", ")))
}
