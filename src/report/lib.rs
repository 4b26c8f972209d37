//! What leaves an incident for people and other programs, rendered from its journal.
//!
//! Pure, and the same bytes for the same journal: no clock is read, "as of" is the time of the last event. All text of an incident
//! is hostile here (it comes from commands, servers and anybody with a keyboard): each format makes it harmless in its own way.
//! Only [`bundle`] reads and writes files. To add a format: write its file here, a function of [`Source`]; then its variant of `Format` in
//! `warroom_room::incident::export`, from which command line, palette and bundle take it.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`bundle`] | all of it as one archive that checks itself |
//! | `milestones` | when the turning points were, and how long it took to them ([`Metrics`]) |
//! | `spans` | how long phases, severities and roles lasted |
//! | `runs` | what ran, with results |
//! | `estimates` | how long steps took, against what their runbook says |
//! | `recovery` | objectives against what was reached |
//! | `punctuality` | updates and escalations against the pack |
//! | `history` | what the probes said over time |
//! | `tables` | all of these as tables of text, for the formats that people read |
//! | `markdown`, `html`, `json`, `csv`, `postmortem` | the formats |

pub mod bundle;
mod csv;
mod estimates;
mod history;
mod html;
mod json;
mod markdown;
mod milestones;
mod postmortem;
mod punctuality;
mod recovery;
mod runs;
mod spans;
mod tables;
mod words;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;

pub use self::{
    csv::csv,
    html::html,
    json::{VERSION as JSON_VERSION, json},
    markdown::markdown,
    milestones::{Metrics, metrics},
    postmortem::postmortem,
};
use warroom_domain::platform::Pack;
use warroom_incident::{
    IncidentState,
    journal::{Checkpoint, Item},
    timeline::TimelineEntry,
};
use warroom_runbook::run::{Evidence, RunId};

/// Everything that an export is made from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The incident's id.
    pub id: &'a str,
    pub state: &'a IncidentState,
    /// In the order in which it was written.
    pub timeline: &'a [TimelineEntry],
    pub items: &'a [Arc<Item>],
    /// For titles and objectives; without it the journal's own words stand.
    pub pack: Option<&'a Pack>,
    /// The last line of each log.
    pub checkpoints: &'a [Checkpoint],
    /// The kept output of a run, masked; `None` when it is not there.
    pub outputs: &'a dyn Fn(&RunId, &Evidence) -> Option<String>,
}

impl Source<'_> {
    /// The time of the last event; `None` for an empty journal.
    fn as_of(&self) -> Option<Timestamp> {
        self.items.iter().map(|item| item.entry.at).max()
    }

    /// The end of what is counted: it was resolved, or else the last that is known of it.
    fn end(&self) -> Option<Timestamp> {
        self.state.resolved_at().or_else(|| self.as_of())
    }
}
