//! What the probes said over the time of the incident, from their transitions.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Serialize;

use super::Source;
use warroom_domain::health::Status;
use warroom_incident::{IncidentEvent, Versioned};

/// A status that a probe had for a while.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Band {
    pub(super) status: Status,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// Why, in the probe's words; empty for what was there before the first transition.
    pub(super) summary: String,
}

/// One probe.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Line {
    pub(super) probe: String,
    pub(super) title: String,
    pub(super) panel: String,
    pub(super) bands: Vec<Band>,
}

/// From the first that is known of the incident to the last.
pub(super) fn window(source: &Source<'_>) -> Option<(Timestamp, Timestamp)> {
    let first = source.items.iter().map(|item| item.entry.at).chain(source.state.detected_at).min()?;
    Some((first, source.as_of()?.max(first)))
}

/// Every probe with a transition, as the pack orders them; what the pack does not know comes last.
pub(super) fn history(source: &Source<'_>) -> Vec<Line> {
    let Some((start, end)) = window(source) else { return Vec::new() };
    let mut lines = IndexMap::<String, Vec<Band>>::new();
    for item in source.items.iter().filter(|item| item.intact) {
        let Ok(Versioned { event: IncidentEvent::ProbeChanged { probe, from, to, summary, since, .. }, .. }) =
            item.entry.event()
        else {
            continue;
        };
        let began = since.unwrap_or(item.entry.at).max(start);
        let bands = lines.entry(probe).or_default();
        let began = bands.last().map_or(began, |last| began.max(last.from));
        match (bands.last_mut(), from) {
            (Some(last), _) => last.to = began,
            (None, Some(status)) if start < began => {
                bands.push(Band { status, from: start, to: began, summary: String::new() });
            }
            (None, _) => {}
        }
        bands.push(Band { status: to, from: began, to: end, summary });
    }
    let probe = |id: &str| {
        let found = source.pack?.probes.iter().enumerate().find(|(_, probe)| probe.id == id);
        found.map(|(place, probe)| (place, probe.title.clone(), probe.panel.clone()))
    };
    let mut found: Vec<(usize, Line)> = lines
        .into_iter()
        .map(|(id, bands)| {
            let (place, title, panel) = probe(&id).unwrap_or((usize::MAX, id.clone(), String::new()));
            (place, Line { probe: id, title, panel, bands })
        })
        .collect();
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, line)| line).collect()
}
