//! Whether people were told in time: updates to audiences and escalations, against what the pack wants.
//!
//! When something is due, and until when it counts, is what the clocks say ([`warroom_incident::clocks`]).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Source, milestones::as_seconds, words::signed};
use warroom_domain::platform::{Audience, Escalation};
use warroom_incident::clocks::{due, stretches};

/// How an audience was kept informed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Informed {
    pub(super) audience: String,
    pub(super) title: String,
    #[serde(rename = "first_within_seconds", serialize_with = "as_seconds")]
    pub(super) first_within: Option<SignedDuration>,
    #[serde(rename = "update_every_seconds", serialize_with = "as_seconds")]
    pub(super) every: Option<SignedDuration>,
    pub(super) updates: Vec<Timestamp>,
    /// From when it had to be told to the first update.
    #[serde(rename = "first_after_seconds", serialize_with = "as_seconds")]
    pub(super) first_after: Option<SignedDuration>,
    /// Updates that came when they were due, and those that came later.
    pub(super) on_time: usize,
    pub(super) late: usize,
    /// An update was due before the end and did not come any more.
    pub(super) missing: bool,
    /// The most that one was late, or that the missing one is.
    #[serde(rename = "worst_late_seconds", serialize_with = "as_seconds")]
    pub(super) worst: Option<SignedDuration>,
    /// The pack asks for it at this incident's severities.
    pub(super) wanted: bool,
}

/// An escalation that the pack wants, or that was made without it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct EscalationDue {
    pub(super) to: String,
    pub(super) title: String,
    #[serde(rename = "after_seconds", serialize_with = "as_seconds")]
    pub(super) after: Option<SignedDuration>,
    pub(super) due: Option<Timestamp>,
    pub(super) condition: Option<String>,
    pub(super) done: Option<Timestamp>,
    /// How much later than due it was made, when that is more than the clocks allow.
    #[serde(rename = "late_seconds", serialize_with = "as_seconds")]
    pub(super) late: Option<SignedDuration>,
    pub(super) by: Option<String>,
    pub(super) dismissed_because: Option<String>,
    /// It was due before the end.
    pub(super) was_due: bool,
}

/// The stretches in which a rule for these severities applied, what lasts cut at the end of what is known.
fn known_stretches(source: &Source<'_>, severities: &[String]) -> Vec<(Timestamp, Timestamp)> {
    let Some((detected, end)) = source.state.detected_at.zip(source.as_of()) else { return Vec::new() };
    let all = stretches(source.state, severities, detected);
    all.iter().map(|stretch| (stretch.from, stretch.to.unwrap_or(end))).collect()
}

/// Every audience that had to be, or was, informed.
pub(super) fn updates(source: &Source<'_>) -> Vec<Informed> {
    let audiences: &[Audience] = source.pack.map_or(&[], |pack| &pack.audiences);
    let told = |id: &str| source.state.updates.get(id).cloned().unwrap_or_default();
    let mut all: Vec<Informed> = audiences
        .iter()
        .map(|audience| {
            let informed = Informed {
                title: audience.title.clone(),
                first_within: audience.first_within.map(signed),
                every: audience.update_every.map(signed),
                ..unplanned(&audience.id, told(&audience.id))
            };
            judged(informed, audience, &known_stretches(source, &audience.severities))
        })
        .filter(|informed| informed.wanted || !informed.updates.is_empty())
        .collect();
    for (id, updates) in &source.state.updates {
        if !all.iter().any(|informed| informed.audience == *id) {
            all.push(unplanned(id, updates.clone()));
        }
    }
    all
}

fn unplanned(id: &str, updates: Vec<Timestamp>) -> Informed {
    Informed {
        audience: id.to_owned(),
        title: id.to_owned(),
        first_within: None,
        every: None,
        updates,
        first_after: None,
        on_time: 0,
        late: 0,
        missing: false,
        worst: None,
        wanted: false,
    }
}

/// Goes through the updates as they came: each is held against when it was due.
fn judged(mut informed: Informed, audience: &Audience, stretches: &[(Timestamp, Timestamp)]) -> Informed {
    informed.wanted = !stretches.is_empty() && audience.first_within.or(audience.update_every).is_some();
    let Some(&(begun, _)) = stretches.first() else { return informed };
    // Of two consoles whose clocks differ, the newest update need not stand last.
    let mut updates = informed.updates.clone();
    updates.sort_unstable();
    informed.first_after = updates.first().map(|first| first.duration_since(begun));
    for &(from, to) in stretches {
        let mut last = updates.iter().rfind(|at| **at < from).copied();
        let due = |last| due::update(audience, from, last).and_then(|(from, within)| from.checked_add(within).ok());
        for &at in updates.iter().filter(|at| (from..=to).contains(at)) {
            if let Some(due) = due(last) {
                informed.came(at.duration_since(due));
            }
            last = Some(at);
        }
        if let Some(overdue) = due(last).filter(|due| *due < to).map(|due| to.duration_since(due)) {
            informed.missing = true;
            informed.worst = informed.worst.max(Some(overdue));
        }
    }
    informed
}

impl Informed {
    fn came(&mut self, after: SignedDuration) {
        if after.is_positive() {
            self.late += 1;
            self.worst = self.worst.max(Some(after));
        } else {
            self.on_time += 1;
        }
    }
}

/// Every escalation that was due, or made.
pub(super) fn escalations(source: &Source<'_>) -> Vec<EscalationDue> {
    let state = source.state;
    let planned: &[Escalation] = source.pack.map_or(&[], |pack| &pack.escalations);
    let mut all = Vec::new();
    for plan in due::distinct(planned) {
        let stretches = known_stretches(source, &plan.severities);
        let declared = state.declared.as_ref().map(|declared| declared.at);
        let due_in = |from| due::escalation(plan, from, declared?);
        let came_due = stretches.iter().find_map(|(from, to)| due_in(*from).filter(|due| due <= to));
        let due = came_due.or_else(|| due_in(stretches.first()?.0));
        let done = state.escalations.iter().find(|done| due::is_done_by(plan, &done.value));
        if came_due.is_some() || done.is_some() {
            let late = done.zip(due).map(|(done, due)| done.at.duration_since(due));
            all.push(EscalationDue {
                to: plan.to.clone(),
                title: title_of(source, &plan.to),
                after: Some(signed(plan.after)),
                due,
                condition: plan.condition.clone(),
                done: done.map(|done| done.at),
                late: late.filter(|late| *late > signed(due::ESCALATION_GRACE)),
                by: done.map(|done| done.by.to_string()),
                dismissed_because: done.and_then(|done| done.value.dismissed_because.clone()),
                was_due: came_due.is_some(),
            });
        }
    }
    for done in &state.escalations {
        if planned.iter().any(|plan| due::is_done_by(plan, &done.value)) {
            continue;
        }
        let after = Duration::from_secs(done.value.after_seconds);
        all.push(EscalationDue {
            to: done.value.to.clone(),
            title: title_of(source, &done.value.to),
            after: Some(signed(after)),
            due: state.detected_at.and_then(|detected| detected.checked_add(signed(after)).ok()),
            condition: None,
            done: Some(done.at),
            late: None,
            by: Some(done.by.to_string()),
            dismissed_because: done.value.dismissed_because.clone(),
            was_due: false,
        });
    }
    all
}

/// What the pack calls a role or a contact.
pub(super) fn title_of(source: &Source<'_>, id: &str) -> String {
    let role = source.pack.and_then(|pack| pack.roles.iter().find(|role| role.id == id)).map(|role| &role.title);
    let contact = || source.pack?.contacts.iter().find(|contact| contact.id == id).map(|contact| &contact.name);
    role.or_else(contact).map_or_else(|| id.to_owned(), Clone::clone)
}
