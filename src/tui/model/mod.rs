//! The state of the console: all that a frame is made of.

mod activity;
mod appearance;
mod details;
mod drawn;
mod facts;
mod fetch;
mod help;
pub mod incident;
mod input;
mod log;
mod palette;
mod panes;
mod pods;
pub mod runbook;

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

pub use self::{
    activity::{Activity, Event, EventKind},
    appearance::Appearance,
    details::{Details, Sort, Tab},
    drawn::{Drawn, Target},
    facts::{Facts, Objective},
    fetch::Fetch,
    help::{Help, HelpLine},
    incident::{EntryView, Incidents, OpenIncident, Sheet, SheetKind, SheetOption, SheetPurpose, SheetRow, Timeline},
    input::Input,
    log::Log,
    palette::{Command, Item, Palette},
    panes::{Cursor, Pane, Panes},
    pods::Pods,
    runbook::{
        Ask, Choice, Field, Form, Listing, Lower, Menu, MenuItem, Opened, OutputView, Picker, PickerItem, Preparing,
        Prompt, Purpose, Row, Runbooks, Source,
    },
};
use super::{action::Context, keymap::Keymap};
use warroom_domain::health::{Alert, Board, firing};

/// A look that takes longer than this shows a spinner, in seconds.
const SLOW_LOOK: i64 = 1;
/// Least columns at which panes stand side by side instead of as tabs.
pub const SIDE_BY_SIDE: u16 = 110;
/// Least columns at which details stand beside the Health pane instead of over it.
pub const DOCKED: u16 = 150;

/// The whole state. Changed by `update` only.
#[derive(Debug, Clone)]
pub struct Model {
    pub facts: Facts,
    pub board: Board,
    pub activity: Activity,
    /// Looks in progress: probe id, and since when.
    pub looking: HashMap<String, Timestamp>,
    pub now: Timestamp,
    pub appearance: Appearance,
    pub keymap: Keymap,
    pub panes: Panes,
    pub runbooks: Runbooks,
    pub incidents: Incidents,
    /// What lies over the panes, the topmost last.
    pub overlays: Vec<Overlay>,
    /// Alerts whose banner was dismissed: id, and since when they held.
    pub dismissed: HashSet<(String, Timestamp)>,
    /// A word to the user that goes away by itself: text, and since when.
    pub notice: Option<(String, Timestamp)>,
    /// Where things stood in the last frame.
    pub drawn: Drawn,
    /// The target of the last click, for double clicks.
    pub last_click: Option<(Target, Timestamp)>,
    /// Steps of the spinner so far.
    pub spin: usize,
    next_ticket: u64,
}

/// Something that lies over the panes.
#[derive(Debug, Clone)]
pub enum Overlay {
    Details(Box<Details>),
    Log(Box<Log>),
    Palette(Box<Palette>),
    Help(Box<Help>),
    Picker(Box<Picker>),
    Menu(Box<Menu>),
    Prompt(Box<Prompt>),
    Form(Box<Form>),
    Ask(Box<Ask>),
    Sheet(Box<Sheet>),
    Entry(Box<EntryView>),
}

impl Overlay {
    /// The filter over its rows, where it has one.
    pub fn filter(&self) -> Option<&Input> {
        match self {
            Overlay::Details(details) => Some(&details.filter),
            Overlay::Log(log) => Some(&log.filter),
            Overlay::Help(help) => Some(&help.filter),
            Overlay::Entry(view) if view.shows_output => Some(&view.output.search),
            _ => None,
        }
    }

    /// [`Overlay::filter`], to type into.
    pub fn filter_mut(&mut self) -> Option<&mut Input> {
        match self {
            Overlay::Details(details) => Some(&mut details.filter),
            Overlay::Log(log) => Some(&mut log.filter),
            Overlay::Help(help) => Some(&mut help.filter),
            Overlay::Entry(view) if view.shows_output => Some(&mut view.output.search),
            _ => None,
        }
    }
}

impl Model {
    /// The console before anything was looked at.
    pub fn new(facts: Facts, board: Board, appearance: Appearance, keymap: Keymap, now: Timestamp) -> Self {
        Model {
            facts,
            board,
            activity: Activity::default(),
            looking: HashMap::new(),
            now,
            appearance,
            keymap,
            panes: Panes::default(),
            runbooks: Runbooks::default(),
            incidents: Incidents::default(),
            overlays: Vec::new(),
            dismissed: HashSet::new(),
            notice: None,
            drawn: Drawn::default(),
            last_click: None,
            spin: 0,
            next_ticket: 0,
        }
    }

    /// What has the keyboard now.
    pub fn context(&self) -> Context {
        match self.overlays.last() {
            None => self.pane_context(),
            Some(Overlay::Picker(_)) => Context::Picker,
            Some(Overlay::Menu(_)) => Context::Menu,
            Some(Overlay::Prompt(_)) => Context::Prompt,
            Some(Overlay::Form(_)) => Context::Form,
            Some(Overlay::Sheet(sheet)) if sheet.is_typed() => Context::SheetText,
            Some(Overlay::Sheet(_)) => Context::Sheet,
            Some(Overlay::Ask(ask)) if ask.is_typed() => Context::AskText,
            Some(Overlay::Ask(_)) => Context::Ask,
            Some(Overlay::Details(details)) if details.filter.editing => Context::Filter,
            Some(Overlay::Details(details)) if details.tab == Tab::Pods => Context::Pods,
            Some(Overlay::Details(_)) => Context::Details,
            Some(Overlay::Log(log)) if log.filter.editing => Context::Filter,
            Some(Overlay::Log(_)) => Context::Log,
            Some(Overlay::Help(help)) if help.filter.editing => Context::Filter,
            Some(Overlay::Help(_)) => Context::Help,
            Some(Overlay::Entry(view)) if view.output.search.editing => Context::Filter,
            Some(Overlay::Entry(_)) => Context::TimelineEntry,
            Some(Overlay::Palette(_)) => Context::Palette,
        }
    }

    /// The context below the palette: what its commands act on.
    pub fn context_below(&self) -> Context {
        match self.overlays.iter().rev().find(|overlay| !matches!(overlay, Overlay::Palette(_))) {
            Some(Overlay::Details(details)) if details.tab == Tab::Pods => Context::Pods,
            Some(Overlay::Details(_)) => Context::Details,
            Some(Overlay::Log(_)) => Context::Log,
            Some(Overlay::Help(_)) => Context::Help,
            Some(Overlay::Entry(_)) => Context::TimelineEntry,
            _ => self.pane_context(),
        }
    }

    /// What the panes do with keys when nothing lies over them.
    fn pane_context(&self) -> Context {
        match self.panes.focus {
            Pane::Runbook => match &self.runbooks.open {
                Some(opened) if opened.output.search.editing => Context::Filter,
                Some(_) => Context::Runbook,
                None => Context::Panes,
            },
            Pane::Activity => match &self.incidents.open {
                Some(open) if open.timeline.filter.text.editing => Context::Filter,
                Some(_) => Context::Timeline,
                None => Context::Panes,
            },
            Pane::Health => Context::Panes,
        }
    }

    /// The text that filters or searches in the pane that has the focus.
    pub fn pane_filter(&self) -> Option<&Input> {
        match self.panes.focus {
            Pane::Runbook => self.runbooks.open.as_ref().map(|opened| &opened.output.search),
            Pane::Activity => self.incidents.open.as_ref().map(|open| &open.timeline.filter.text),
            Pane::Health => None,
        }
    }

    /// [`Model::pane_filter`], to type into.
    pub fn pane_filter_mut(&mut self) -> Option<&mut Input> {
        match self.panes.focus {
            Pane::Runbook => self.runbooks.open.as_mut().map(|opened| &mut opened.output.search),
            Pane::Activity => self.incidents.open.as_mut().map(|open| &mut open.timeline.filter.text),
            Pane::Health => None,
        }
    }

    /// What a pane is called: with an incident open, what happened is its timeline.
    pub fn pane_title(&self, pane: Pane) -> &'static str {
        match (pane, &self.incidents.open) {
            (Pane::Activity, Some(_)) => "Timeline",
            _ => pane.title(),
        }
    }

    /// The details that lie uppermost, also below other overlays.
    pub fn details(&self) -> Option<&Details> {
        self.overlays.iter().rev().find_map(|overlay| match overlay {
            Overlay::Details(details) => Some(details.as_ref()),
            _ => None,
        })
    }

    /// The panel that the Health pane has selected.
    pub fn selected_panel(&self) -> Option<String> {
        self.board.panels(self.now).get(self.panes.health.selected).map(|panel| panel.id.to_owned())
    }

    /// Alerts that fire and whose banner was not dismissed, the gravest first.
    pub fn banner(&self) -> Vec<(&Alert, Timestamp)> {
        let dismissed = |alert: &Alert, since| self.dismissed.contains(&(alert.rule.id.clone(), since));
        let mut alerts: Vec<_> = firing(self.board.alerts()).filter(|(a, since)| !dismissed(a, *since)).collect();
        // What the open incident was declared from needs no announcement.
        let incident = self.incidents.open.as_ref().and_then(|open| open.state.alert.as_deref());
        alerts.retain(|(alert, _)| Some(alert.rule.id.as_str()) != incident);
        alerts.sort_by(|(a, _), (b, _)| self.facts.rank(&a.rule.severity).cmp(&self.facts.rank(&b.rule.severity)));
        alerts
    }

    /// Since when a look at one of the probes has been going on, when it has been for long enough to say so.
    pub fn slow_look<'a>(&self, mut probes: impl Iterator<Item = &'a str>) -> Option<Timestamp> {
        let slow = |since: &Timestamp| self.now.duration_since(*since).as_secs() >= SLOW_LOOK;
        probes.find_map(|probe| self.looking.get(probe).copied().filter(slow))
    }

    /// True while something on the screen spins.
    pub fn is_spinning(&self) -> bool {
        let slow = |since: &Timestamp| self.now.duration_since(*since).as_secs() >= SLOW_LOOK;
        let fetching = self.overlays.iter().any(|overlay| match overlay {
            Overlay::Details(details) => details.pods.fetch.is_slow(self.now),
            Overlay::Log(log) => log.fetch.is_slow(self.now),
            _ => false,
        });
        let open = self.runbooks.open.as_ref();
        let running = open.is_some_and(|opened| opened.running().is_some() || opened.preparing.is_some());
        fetching || running || self.looking.values().any(slow)
    }

    /// True while an output that may grow is on the screen.
    pub fn is_watching(&self) -> bool {
        let open = self.runbooks.open.as_ref();
        let growing = open.is_some_and(|o| o.attempt().is_some_and(|(_, attempt)| attempt.outcome.is_none()));
        growing && self.drawn.output_size.1 > 0
    }

    /// A number that no other inquiry has.
    pub fn ticket(&mut self) -> u64 {
        self.next_ticket += 1;
        self.next_ticket
    }

    /// Says something to the user for a few seconds.
    pub fn say(&mut self, text: impl Into<String>) {
        self.notice = Some((crate::text::clean(&text.into()), self.now));
    }
}
