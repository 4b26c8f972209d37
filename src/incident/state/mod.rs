//! Where an incident stands: the fold of its events, in the order of the union of its logs.
//!
//! Pure: nothing of it is stored, and no clock is read.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, civil::Date};

use super::{
    event::{EventRef, Exposure, ImpactField, IncidentEvent, Phase, Versioned},
    journal::{Item, LogName},
};
use warroom_domain::health::Status;
use warroom_runbook::{
    ActionId, StepId,
    run::{EventKind, Mode, RunEvent, RunId, is_another},
};

#[cfg(test)]
mod tests;

/// A change with when and by whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Since<T> {
    pub at: Timestamp,
    pub by: Arc<str>,
    pub value: T,
}

/// An action item.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionItem {
    pub id: String,
    pub text: String,
    pub owner: Option<String>,
    pub due: Option<Date>,
    /// Since when it is done.
    pub done: Option<Timestamp>,
}

/// A correction of an entry; `text` is `None` when the entry was taken back.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    pub at: Timestamp,
    pub by: Arc<str>,
    pub text: Option<String>,
}

/// What was lost, as somebody assessed it.
#[derive(Debug, Clone, PartialEq)]
pub struct DataLoss {
    pub restored_to: Option<Timestamp>,
    pub last_write: Option<Timestamp>,
    pub statement: String,
}

/// An escalation that was made, or dismissed with a reason.
#[derive(Debug, Clone, PartialEq)]
pub struct EscalationDone {
    pub to: String,
    pub after_seconds: u64,
    pub dismissed_because: Option<String>,
}

/// A destructive action that waits for, or has, the word of a second person.
#[derive(Debug, Clone, PartialEq)]
pub struct SecondRequest {
    pub asked: Since<()>,
    pub run: RunId,
    pub action: ActionId,
    pub attempt: u32,
    pub title: String,
    pub command: String,
    pub place: Vec<String>,
    /// Who answered, and what.
    pub answer: Option<Since<bool>>,
    /// No answer is needed any more.
    pub withdrawn: bool,
}

/// What the journal says of one probe.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Watched {
    pub component: Option<String>,
    /// Every status it had, the newest last, each since when it was so.
    pub changes: Vec<Since<Status>>,
}

/// A console that has the incident open.
#[derive(Debug, Clone, PartialEq)]
pub struct Presence {
    /// Who sits there.
    pub by: Arc<str>,
    pub since: Timestamp,
    pub read_only: bool,
}

/// Where an incident stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IncidentState {
    /// `None` until the log that declares it was read.
    pub declared: Option<Since<()>>,
    pub title: String,
    pub platform: String,
    pub environment: String,
    pub mode: Option<Mode>,
    pub detected_at: Option<Timestamp>,
    pub alert: Option<String>,
    pub criteria: Vec<String>,
    pub components: Vec<String>,
    pub exposures: Vec<Exposure>,
    /// Every severity it had, the newest last: level and reason.
    pub severities: Vec<Since<(String, String)>>,
    /// Every phase it was in, the newest last.
    pub phases: Vec<Since<Phase>>,
    /// Who has which role, since when.
    pub roles: BTreeMap<String, Since<String>>,
    /// Every taking and giving back of a role: role, who, taken.
    pub role_history: Vec<Since<(String, String, bool)>>,
    pub impact: BTreeMap<ImpactField, Since<String>>,
    pub data_loss: Option<Since<DataLoss>>,
    /// When users had their service again, as somebody said since the incident was opened (again).
    pub restored_at: Option<Timestamp>,
    pub probes: BTreeMap<String, Watched>,
    /// Alerts that fire.
    pub alerts: BTreeMap<String, Since<String>>,
    /// The events of each run, in order.
    pub runs: BTreeMap<RunId, Arc<Vec<RunEvent>>>,
    pub corrections: BTreeMap<EventRef, Vec<Correction>>,
    /// Entries that somebody put into the story, or took out of it.
    pub key: BTreeMap<EventRef, bool>,
    pub overdue: BTreeMap<String, Timestamp>,
    pub escalations: Vec<Since<EscalationDone>>,
    /// When each audience was informed.
    pub updates: BTreeMap<String, Vec<Timestamp>>,
    pub action_items: Vec<ActionItem>,
    /// Consoles that said that they are here and did not say that they left, by their logs. One that was killed says nothing:
    /// see [`super::journal::is_alive`].
    pub present: BTreeMap<LogName, Presence>,
    /// Who works on which step, with the log of their console.
    pub claims: BTreeMap<(RunId, StepId), Since<LogName>>,
    pub seconds: BTreeMap<EventRef, SecondRequest>,
}

impl IncidentState {
    /// The state after all of these.
    pub fn fold<'i>(items: impl IntoIterator<Item = &'i Arc<Item>>) -> Self {
        let mut state = IncidentState::default();
        for item in items {
            state.apply(item);
        }
        state
    }

    /// Takes in one more event. What does not fit its chain, and what this program does not know, says nothing here.
    pub fn apply(&mut self, item: &Item) {
        if item.intact
            && let Ok(Versioned { event, .. }) = item.entry.event()
        {
            self.apply_known(item, event);
        }
    }

    /// [`Self::apply`], for whoever has decoded the event already.
    pub fn apply_known(&mut self, item: &Item, event: IncidentEvent) {
        if item.intact {
            let of = EventRef { log: item.log.clone(), seq: item.entry.seq };
            self.take(event, of, item.entry.at, &item.entry.by);
        }
    }

    fn take(&mut self, event: IncidentEvent, of: EventRef, at: Timestamp, by: &Arc<str>) {
        use IncidentEvent as E;
        match event {
            E::Declared {
                platform,
                environment,
                mode,
                title,
                severity,
                components,
                detected_at,
                alert,
                criteria,
                exposures,
            } => {
                // An incident is declared once; a second declaration in another log came too late.
                if self.declared.is_some() {
                    return;
                }
                self.declared = Some(since(at, by, ()));
                (self.platform, self.environment, self.mode) = (platform, environment, Some(mode));
                (self.title, self.components, self.detected_at) = (title, components, Some(detected_at));
                (self.alert, self.criteria, self.exposures) = (alert, criteria, exposures);
                self.severities.push(since(at, by, (severity, "declared".to_owned())));
                self.phases.push(since(at, by, Phase::Investigating));
            }
            E::ExposuresFrozen { exposures } => self.exposures = exposures,
            E::Retitled { title } => self.title = title,
            E::Reclassified { severity, reason } => self.severities.push(since(at, by, (severity, reason))),
            E::PhaseChanged { phase, .. } => {
                // Opened again, it is not over after all: what was said about its end counts no more.
                if phase.is_open() && !self.phase().is_open() {
                    self.restored_at = None;
                }
                self.phases.push(since(at, by, phase));
            }
            E::ComponentsChanged { components } => self.components = components,
            E::RoleTaken { role, who } => {
                self.role_history.push(since(at, by, (role.clone(), who.clone(), true)));
                self.roles.insert(role, since(at, by, who));
            }
            E::RoleReleased { role, who } => {
                if self.roles.get(&role).is_some_and(|holder| holder.value == who) {
                    self.roles.remove(&role);
                }
                self.role_history.push(since(at, by, (role, who, false)));
            }
            E::Corrected { of: target, text } => {
                let correction = Correction { at, by: by.clone(), text };
                self.corrections.entry(target).or_default().push(correction);
            }
            E::MarkedKey { of: target, key } => drop(self.key.insert(target, key)),
            E::ImpactSet { field, value } => drop(self.impact.insert(field, since(at, by, value))),
            E::DataLossAssessed { restored_to, last_write, statement } => {
                self.data_loss = Some(since(at, by, DataLoss { restored_to, last_write, statement }));
            }
            E::ServiceRestored { at: restored } => self.restored_at = Some(restored),
            E::ProbeChanged { probe, component, to, since: begun, .. } => {
                let watched = self.probes.entry(probe).or_default();
                let begun = begun.unwrap_or(at).max(watched.changes.last().map_or(Timestamp::MIN, |last| last.at));
                watched.component = component.or(watched.component.take());
                watched.changes.push(since(begun, by, to));
            }
            E::AlertFired { alert, title, .. } => drop(self.alerts.insert(alert, since(at, by, title))),
            E::AlertCleared { alert } => drop(self.alerts.remove(&alert)),
            E::Run { run, kind } => self.run(run, kind, at, by),
            E::ClockOverdue { clock, .. } => drop(self.overdue.entry(clock).or_insert(at)),
            E::Escalated { to, after_seconds, dismissed_because } => {
                self.escalations.push(since(at, by, EscalationDone { to, after_seconds, dismissed_because }));
            }
            E::UpdateSent { audience, .. } => self.updates.entry(audience).or_default().push(at),
            E::ActionItemAdded { id, text, owner, due } => {
                if !self.action_items.iter().any(|item| item.id == id) {
                    self.action_items.push(ActionItem { id, text, owner, due, done: None });
                }
            }
            E::ActionItemDone { id } => {
                if let Some(item) = self.action_items.iter_mut().find(|item| item.id == id) {
                    item.done.get_or_insert(at);
                }
            }
            E::Joined { read_only } => {
                // A console that begins anew waits for no answer to what it asked before.
                for (_, old) in self.seconds.iter_mut().filter(|(asked, _)| asked.log == of.log) {
                    old.withdrawn = true;
                }
                self.present.insert(of.log, Presence { by: by.clone(), since: at, read_only });
            }
            E::Left {} => drop(self.present.remove(&of.log)),
            E::StepClaimed { run, step } => drop(self.claims.insert((run, step), since(at, by, of.log))),
            E::SecondAsked { run, action, attempt, title, command, place } => {
                // Whoever asks anew for the same has given the old question up.
                for old in self.seconds.values_mut().filter(|old| old.run == run && old.action == action) {
                    old.withdrawn = true;
                }
                let (asked, answer) = (since(at, by, ()), None);
                let request =
                    SecondRequest { asked, run, action, attempt, title, command, place, answer, withdrawn: false };
                self.seconds.insert(of, request);
            }
            E::SecondAnswered { of: target, agreed } => {
                // Nobody answers for themselves, from no machine, and the first answer counts.
                let asked = self.seconds.get_mut(&target).filter(|request| is_another(by, &request.asked.by));
                if let Some(request) = asked {
                    request.answer.get_or_insert(since(at, by, agreed));
                }
            }
            E::SecondWithdrawn { of: target } => {
                if let Some(request) = self.seconds.get_mut(&target).filter(|request| request.asked.by == *by) {
                    request.withdrawn = true;
                }
            }
            E::Noted { .. } => {}
        }
    }

    /// Questions for a second person that wait for an answer, the oldest first.
    pub fn open_seconds(&self) -> Vec<(&EventRef, &SecondRequest)> {
        let is_over = |run: &RunId| {
            let events = self.runs.get(run).into_iter().flat_map(|events| events.iter());
            events.rev().any(|event| matches!(event.kind, EventKind::RunEnded { .. }))
        };
        let mut open: Vec<_> = self.seconds.iter().collect();
        open.retain(|(_, request)| request.answer.is_none() && !request.withdrawn && !is_over(&request.run));
        open.sort_by_key(|(_, request)| request.asked.at);
        open
    }

    fn run(&mut self, run: RunId, kind: EventKind, at: Timestamp, by: &Arc<str>) {
        let event = RunEvent { at, by: by.to_string(), run: run.clone(), kind };
        Arc::make_mut(self.runs.entry(run).or_default()).push(event);
    }

    /// The severity now; empty before it was declared.
    pub fn severity(&self) -> &str {
        self.severities.last().map_or("", |severity| severity.value.0.as_str())
    }

    pub fn phase(&self) -> Phase {
        self.phases.last().map(|phase| phase.value).unwrap_or_default()
    }

    /// When it was resolved last; `None` while it is open.
    pub fn resolved_at(&self) -> Option<Timestamp> {
        if self.phase().is_open() {
            return None;
        }
        let resolved = self.phases.iter().rev().take_while(|phase| !phase.value.is_open()).last();
        resolved.map(|phase| phase.at)
    }

    /// The end of what is counted from detection: users had their service again, or else it was resolved.
    pub fn restored(&self) -> Option<Timestamp> {
        self.restored_at.or_else(|| self.resolved_at())
    }

    /// Roles that one person holds together with others, by person.
    pub fn double_roles(&self) -> Vec<(&str, Vec<&str>)> {
        let mut held = BTreeMap::<&str, Vec<&str>>::new();
        for (role, holder) in &self.roles {
            held.entry(&holder.value).or_default().push(role);
        }
        held.into_iter().filter(|(_, roles)| roles.len() > 1).collect()
    }
}

fn since<T>(at: Timestamp, by: &Arc<str>, value: T) -> Since<T> {
    Since { at, by: by.clone(), value }
}
