//! The Timeline pane: the entries of the incident, newest first.

use std::sync::Arc;

use crate::incident::{
    EventRef, IncidentEvent, IncidentState, Versioned,
    journal::Item,
    timeline::{TimelineEntry, entry},
};

/// The state of the pane.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// Every entry, the oldest first.
    entries: Vec<TimelineEntry>,
    /// How many of the events they are made of.
    taken: usize,
}

impl Timeline {
    /// Makes the entries of the events from `first` on.
    pub fn take(&mut self, first: usize, items: &[Arc<Item>], state: &IncidentState) {
        if first < self.taken {
            self.entries.clear();
            self.taken = 0;
        }
        let new = items.get(self.taken..).unwrap_or_default();
        self.entries.extend(new.iter().filter_map(|item| entry(item, state)));
        // What is said about earlier entries changes them.
        for changed in new.iter().filter_map(|item| concerned(item)) {
            let item = items.iter().rev().find(|item| item.log == changed.log && item.entry.seq == changed.seq);
            let place = self.entries.iter().rposition(|entry| entry.of == changed);
            if let (Some(place), Some(renewed)) = (place, item.and_then(|item| entry(item, state))) {
                self.entries[place] = renewed;
            }
        }
        self.taken = items.len();
    }

    pub fn entries(&self) -> &[TimelineEntry] {
        &self.entries
    }
}

/// The earlier entry that an event says something about.
fn concerned(item: &Item) -> Option<EventRef> {
    match item.entry.event::<Versioned>().ok()?.event {
        IncidentEvent::Corrected { of, .. } | IncidentEvent::MarkedKey { of, .. } => Some(of),
        _ => None,
    }
}
