//! Whether people were told in time: updates to audiences and escalations, against what the pack wants.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Source, milestones::as_seconds, words::signed};
use crate::platform::{Audience, Escalation};

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
    pub(super) by: Option<String>,
    pub(super) dismissed_because: Option<String>,
    /// It was due before the end.
    pub(super) was_due: bool,
}

/// The times in which the incident was open with one of these severities; none listed: any.
fn stretches(source: &Source<'_>, severities: &[String]) -> Vec<(Timestamp, Timestamp)> {
    let state = source.state;
    let Some(end) = source.as_of() else { return Vec::new() };
    let mut turns: Vec<Timestamp> = state.severities.iter().map(|change| change.at).collect();
    turns.extend(state.phases.iter().map(|change| change.at));
    turns.sort_unstable();
    turns.dedup();
    let open =
        |at: Timestamp| state.phases.iter().rev().find(|change| change.at <= at).is_some_and(|c| c.value.is_open());
    let severity = |at: Timestamp| state.severities.iter().rev().find(|change| change.at <= at);
    let applies = |at: Timestamp| {
        open(at) && severity(at).is_some_and(|change| severities.is_empty() || severities.contains(&change.value.0))
    };
    let mut found: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (index, &from) in turns.iter().enumerate() {
        let to = turns.get(index + 1).copied().unwrap_or(end);
        if !applies(from) {
            continue;
        }
        // What was declared had begun when it was detected.
        let from = if index == 0 { state.detected_at.map_or(from, |detected| detected.min(from)) } else { from };
        match found.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ => found.push((from, to)),
        }
    }
    found
}

/// Every audience that had to be, or was, informed.
pub(super) fn updates(source: &Source<'_>) -> Vec<Informed> {
    let audiences: &[Audience] = source.pack.map_or(&[], |pack| &pack.audiences);
    let told = |id: &str| source.state.updates.get(id).cloned().unwrap_or_default();
    let mut all: Vec<Informed> = audiences
        .iter()
        .map(|audience| {
            let cadence = Cadence {
                first: audience.first_within.or(audience.update_every).map(signed),
                every: audience.update_every.map(signed),
            };
            let informed = Informed {
                audience: audience.id.clone(),
                title: audience.title.clone(),
                first_within: audience.first_within.map(signed),
                ..unplanned(&audience.id, told(&audience.id))
            };
            judged(informed, cadence, &stretches(source, &audience.severities))
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

struct Cadence {
    first: Option<SignedDuration>,
    every: Option<SignedDuration>,
}

/// Goes through the updates as they were due: the first from the beginning, each further one from the one before.
fn judged(mut informed: Informed, cadence: Cadence, stretches: &[(Timestamp, Timestamp)]) -> Informed {
    informed.every = cadence.every;
    informed.wanted = !stretches.is_empty() && cadence.first.is_some();
    let Some(&(begun, _)) = stretches.first() else { return informed };
    informed.first_after = informed.updates.first().map(|first| first.duration_since(begun));
    let updates = informed.updates.clone();
    for (index, &(from, to)) in stretches.iter().enumerate() {
        let patience = if index == 0 { cadence.first } else { cadence.every };
        let mut due = patience.and_then(|patience| from.checked_add(patience).ok());
        for &at in updates.iter().filter(|at| (from..=to).contains(at)) {
            if let Some(due) = due {
                informed.came(at.duration_since(due));
            }
            due = cadence.every.and_then(|every| at.checked_add(every).ok());
        }
        if let Some(overdue) = due.filter(|due| *due < to).map(|due| to.duration_since(due)) {
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
    let restored = state.restored().or_else(|| source.as_of());
    let matches = |to: &str, after: u64| {
        let mut done = state.escalations.iter();
        done.find(move |done| done.value.to == to && done.value.after_seconds == after)
    };
    let mut all = Vec::new();
    for plan in planned {
        let stretches = stretches(source, &plan.severities);
        let due = state.detected_at.and_then(|detected| detected.checked_add(signed(plan.after)).ok());
        let was_due = due.zip(restored).is_some_and(|(due, end)| due <= end)
            && stretches.iter().any(|(_, to)| due.is_some_and(|due| due <= *to));
        let done = matches(&plan.to, plan.after.as_secs());
        if was_due || done.is_some() {
            all.push(EscalationDue {
                to: plan.to.clone(),
                title: title_of(source, &plan.to),
                after: Some(signed(plan.after)),
                due,
                condition: plan.condition.clone(),
                done: done.map(|done| done.at),
                by: done.map(|done| done.by.to_string()),
                dismissed_because: done.and_then(|done| done.value.dismissed_because.clone()),
                was_due,
            });
        }
    }
    for done in &state.escalations {
        let is_planned =
            |plan: &Escalation| plan.to == done.value.to && plan.after.as_secs() == done.value.after_seconds;
        if planned.iter().any(is_planned) {
            continue;
        }
        let after = std::time::Duration::from_secs(done.value.after_seconds);
        all.push(EscalationDue {
            to: done.value.to.clone(),
            title: title_of(source, &done.value.to),
            after: Some(signed(after)),
            due: state.detected_at.and_then(|detected| detected.checked_add(signed(after)).ok()),
            condition: None,
            done: Some(done.at),
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
