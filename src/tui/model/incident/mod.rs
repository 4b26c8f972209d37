//! The incident that the console works on, as far as its journal was read, and those that there are.

pub mod entry_view;
mod sheet;
pub mod timeline;

use std::{collections::HashSet, path::PathBuf, sync::Arc};

use jiff::Timestamp;

pub use self::{
    entry_view::EntryView,
    sheet::{Purpose as SheetPurpose, Row as SheetRow, Sheet, SheetKind, SheetOption},
    timeline::Timeline,
};
use crate::model::Facts;
use warroom_domain::platform::Pack;
use warroom_incident::{
    EventRef, IncidentState,
    clocks::{Clock, clocks},
    journal::{IncidentId, Item, LogName, WriterState},
    state::SecondRequest,
};
use warroom_room::incident::{Listed, desk::Told};

/// What the console knows of incidents.
#[derive(Debug, Clone, Default)]
pub struct Incidents {
    /// All that there are, the newest first.
    pub listed: Vec<Listed>,
    /// True once the list has come; the open ones are offered then.
    pub offered: bool,
    /// A list was asked for, to pick one from it.
    pub picking: bool,
    pub open: Option<Box<OpenIncident>>,
}

impl Incidents {
    /// Incidents of this platform and environment that people work on, the newest first.
    pub fn worked_on(&self, facts: &Facts) -> impl Iterator<Item = &Listed> {
        self.here(facts).filter(|listed| listed.phase.is_open())
    }

    /// Incidents of this platform and environment, the newest first.
    pub fn here(&self, facts: &Facts) -> impl Iterator<Item = &Listed> {
        let (platform, environment) = (facts.pack.name.clone(), facts.environment.clone());
        self.listed.iter().filter(move |listed| listed.platform == platform && listed.environment == environment)
    }
}

/// The incident that is open here.
#[derive(Debug, Clone)]
pub struct OpenIncident {
    pub id: IncidentId,
    pub folder: PathBuf,
    /// Every event, in the order of the union.
    items: Vec<Arc<Item>>,
    /// What the events mean.
    pub state: Arc<IncidentState>,
    pub clocks: Vec<Clock>,
    pub timeline: Timeline,
    /// Whether what happens is recorded.
    pub writing: WriterState,
    /// This console's own log.
    pub log: Option<LogName>,
    /// Logs of the other consoles that are there.
    pub alive: Vec<LogName>,
    /// Clocks whose running out was announced here.
    pub announced: HashSet<String>,
    /// True until its events have come for the first time.
    pub fresh: bool,
}

impl OpenIncident {
    pub fn new(id: IncidentId, folder: PathBuf) -> Self {
        OpenIncident {
            id,
            folder,
            items: Vec::new(),
            state: Arc::default(),
            clocks: Vec::new(),
            timeline: Timeline::default(),
            writing: WriterState::Writable,
            log: None,
            alive: Vec::new(),
            announced: HashSet::new(),
            fresh: true,
        }
    }

    /// From place `first` on, the events are these, and all of them mean this.
    pub fn take(&mut self, first: usize, items: Vec<Arc<Item>>, entries: Vec<Told>, state: Arc<IncidentState>) {
        self.items.truncate(first);
        let from = self.items.len();
        self.items.extend(items);
        self.state = state;
        self.timeline.take(from, &self.items, entries, &self.state);
    }

    /// An event, by its place in the order of the union.
    pub fn item(&self, place: usize) -> Option<&Item> {
        self.items.get(place).map(AsRef::as_ref)
    }

    /// Looks at the clocks again.
    pub fn tick(&mut self, pack: &Pack, now: Timestamp) {
        self.clocks = clocks(&self.state, pack, now);
    }

    /// Who has the incident open now, this console first; it is said of those who only look on.
    pub fn people(&self) -> Vec<String> {
        let own = self.log.iter();
        let logs = own.chain(self.alive.iter());
        let mut people = Vec::new();
        for present in logs.filter_map(|log| self.state.present.get(log)) {
            let mark = if present.read_only { " (looks on)" } else { "" };
            let name = format!("{}{mark}", present.by);
            if !people.contains(&name) {
                people.push(name);
            }
        }
        people
    }

    /// Questions of others to a second person, which this console could answer. The oldest first.
    pub fn questions(&self) -> Vec<(&EventRef, &SecondRequest)> {
        let mut open = self.state.open_seconds();
        open.retain(|(of, _)| Some(&of.log) != self.log.as_ref() && self.alive.contains(&of.log));
        open
    }
}
