//! How long phases, severities and roles lasted, and who set them.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Source, milestones::as_seconds};
use warroom_incident::{IncidentEvent, Phase, Versioned};

/// Something that held from a time to a time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Span {
    /// The phase, the level, or the role.
    pub(super) what: String,
    /// Who holds the role; empty for the others.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) who: String,
    pub(super) from: Timestamp,
    /// `None`: it still holds.
    pub(super) to: Option<Timestamp>,
    #[serde(rename = "seconds", serialize_with = "as_seconds")]
    pub(super) lasted: Option<SignedDuration>,
    /// Who wrote it down.
    pub(super) by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
}

impl Span {
    fn new(what: &str, from: Timestamp, by: &str, reason: Option<String>) -> Self {
        let (what, by) = (what.to_owned(), by.to_owned());
        Span { what, who: String::new(), from, to: None, lasted: None, by, reason }
    }

    fn end(&mut self, at: Timestamp) {
        self.to = Some(at);
    }
}

/// Each ends where the next begins.
fn in_a_row(mut spans: Vec<Span>) -> Vec<Span> {
    let starts: Vec<_> = spans.iter().skip(1).map(|span| span.from).collect();
    for (span, next) in spans.iter_mut().zip(starts) {
        span.end(next);
    }
    spans
}

/// What still holds is counted up to what is last known.
fn counted(mut spans: Vec<Span>, end: Option<Timestamp>) -> Vec<Span> {
    for span in &mut spans {
        span.lasted = span.to.or(end).map(|to| to.duration_since(span.from));
    }
    spans
}

/// The phases. A closed or resolved incident does not count on.
pub(super) fn phases(source: &Source<'_>) -> Vec<Span> {
    let mut reasons = HashMap::new();
    for item in source.items.iter().filter(|item| item.intact) {
        if let Ok(Versioned { event: IncidentEvent::PhaseChanged { phase, reason: Some(reason) }, .. }) =
            item.entry.event()
        {
            reasons.insert((item.entry.at, phase), reason);
        }
    }
    let span = |change: &warroom_incident::state::Since<Phase>| {
        let reason = reasons.get(&(change.at, change.value)).cloned();
        Span::new(change.value.word(), change.at, &change.by, reason)
    };
    let spans = in_a_row(source.state.phases.iter().map(span).collect());
    let mut spans = counted(spans, source.as_of());
    if let Some(last) = spans.last_mut().filter(|_| !source.state.phase().is_open()) {
        last.lasted = None;
    }
    spans
}

/// The severities, up to the resolution.
pub(super) fn severities(source: &Source<'_>) -> Vec<Span> {
    let changes = source.state.severities.iter();
    let spans = changes.map(|change| {
        let (level, reason) = &change.value;
        Span::new(level, change.at, &change.by, Some(reason.clone()).filter(|reason| !reason.is_empty()))
    });
    counted(in_a_row(spans.collect()), source.end())
}

/// Who held which role, in the order in which they took it.
pub(super) fn roles(source: &Source<'_>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for change in &source.state.role_history {
        let (role, who, taken) = &change.value;
        let held = spans.iter_mut().filter(|span| span.what == *role && span.to.is_none());
        // Whoever takes a role takes it from the one who has it.
        held.filter(|span| *taken || span.who == *who).for_each(|span| span.end(change.at));
        if *taken {
            spans.push(Span { who: who.clone(), ..Span::new(role, change.at, &change.by, None) });
        }
    }
    counted(spans, source.end())
}
