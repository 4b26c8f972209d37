//! What a status page says, in one vocabulary for all vendors.

use serde_json::Value;

use crate::net_error::one_line;
use warroom_domain::{health::Status, platform::nearest};

/// What a page says, in one vocabulary.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Page {
    /// Whose page it is; empty when it does not say.
    pub(super) name: String,
    /// How it was read: `statuspage`, `aws`, `google`, `slack`, `instatus`, `cachet`, `betterstack`, `incident.io`, `generic`.
    pub(super) format: &'static str,
    pub(super) status: Status,
    /// The page's own word for it.
    pub(super) indicator: String,
    /// The page's own sentence.
    pub(super) description: String,
    /// Incidents that are not over.
    pub(super) incidents: Vec<Incident>,
    /// The components that it names, groups among them.
    pub(super) components: Vec<Component>,
    pub(super) lists: Lists,
    /// Maintenances that are going on.
    pub(super) maintenances: Vec<Incident>,
    /// RFC 3339; empty when the page does not say.
    pub(super) updated_at: String,
}

/// Which components a page names. A filter can only be checked against a page that names all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    /// All it has, whatever their state.
    All,
    /// Those of open incidents.
    Affected,
    /// None: one state for everything.
    Nothing,
}

/// An incident or a maintenance; what the page does not say is empty.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Incident {
    pub(super) name: String,
    pub(super) impact: String,
    pub(super) status: String,
    /// RFC 3339.
    pub(super) started_at: String,
    pub(super) url: String,
    /// What the impact amounts to: never `ok`.
    pub(super) weight: Status,
    /// Regions, services and components that it is about, for [`Page::only`].
    pub(super) about: Vec<String>,
}

/// A part of the vendor's platform, or a group of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Component {
    pub(super) name: String,
    /// The page's own word.
    pub(super) status: String,
    pub(super) state: Status,
    /// Name of the group that it belongs to.
    pub(super) group: Option<String>,
    /// True for a group: its state sums up its members.
    pub(super) is_group: bool,
}

impl Component {
    pub(super) fn new(name: String, status: &str) -> Self {
        let (state, status) = (state(status).unwrap_or(Status::Unknown), status.replace('_', " ").to_lowercase());
        Component { name, status, state, group: None, is_group: false }
    }

    fn affected(&self) -> bool {
        matches!(self.state, Status::Warn | Status::Down)
    }
}

impl Incident {
    /// One that is about nothing in particular, weighed by the word for its impact.
    pub(super) fn new(name: String, impact: String, status: String) -> Self {
        let weight = state(&impact).filter(|state| *state == Status::Down).unwrap_or(Status::Warn);
        let (started_at, url) = (String::new(), String::new());
        Incident { name, impact, status, started_at, url, weight, about: Vec::new() }
    }
}

impl Page {
    /// The components that are not operational; groups only where nothing else stands for them.
    pub(super) fn affected(&self) -> impl Iterator<Item = &Component> {
        let members = self.components.iter().any(|component| component.affected() && !component.is_group);
        self.components.iter().filter(move |component| component.affected() && !(members && component.is_group))
    }

    /// The page cut down to what is about these words (regions, services, components, groups; without regard to case), its
    /// status to what is left, and why that is not all: a word that the page does not have.
    pub(super) fn only(mut self, words: &[String]) -> (Page, Option<String>) {
        let holds = |text: &str, word: &str| text.to_lowercase().contains(&word.to_lowercase());
        let wanted = |text: &str| words.iter().any(|word| holds(text, word));
        let unseen = words.iter().find_map(|word| self.lacks(word, holds));
        self.components.retain(|component| wanted(&component.name) || component.group.as_deref().is_some_and(wanted));
        let members: Vec<String> = self.components.iter().map(|component| component.name.clone()).collect();
        let about = |incident: &Incident| {
            wanted(&incident.name) || incident.about.iter().any(|about| wanted(about) || members.contains(about))
        };
        self.incidents.retain(about);
        self.maintenances.retain(about);
        let weights = self.incidents.iter().chain(&self.maintenances).map(|incident| incident.weight);
        self.status = weights.chain(self.components.iter().map(|c| c.state)).max().unwrap_or(Status::Ok);
        self.indicator = match self.status {
            Status::Ok => "none",
            Status::Warn => "minor",
            Status::Unknown => "unknown",
            Status::Down => "major",
        }
        .to_owned();
        self.description = match self.components.iter().find(|component| component.state == Status::Unknown) {
            _ if self.status == Status::Ok => format!("nothing open for {}", words.join(", ")),
            Some(unclear) if self.status == Status::Unknown => format!("{} is \"{}\"", unclear.name, unclear.status),
            _ => String::new(),
        };
        (self, unseen)
    }

    /// Why a word of the filter says nothing on this page.
    fn lacks(&self, word: &str, holds: impl Fn(&str, &str) -> bool) -> Option<String> {
        let groups = self.components.iter().filter_map(|component| component.group.as_deref());
        let names: Vec<&str> = self.components.iter().map(|component| component.name.as_str()).chain(groups).collect();
        match self.lists {
            Lists::Nothing => Some(format!("this page names no components, so the state of {word} is not known")),
            Lists::Affected => None,
            Lists::All if names.iter().any(|name| holds(name, word)) => None,
            Lists::All => {
                let hint = nearest(word, names).map(|name| format!(" (did you mean {name}?)"));
                Some(format!("no component called {word}{}", hint.unwrap_or_default()))
            }
        }
    }
}

/// What a vendor's word for a state, an impact or a component's status means. None for a word that is not known.
pub(super) fn state(word: &str) -> Option<Status> {
    let word: String = word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    Some(match word.as_str() {
        "none" | "ok" | "up" | "green" | "operational" | "available" | "healthy" | "allsystemsoperational" => {
            Status::Ok
        }
        "minor"
        | "degraded"
        | "degradedperformance"
        | "performanceissues"
        | "yellow"
        | "blue"
        | "maintenance"
        | "undermaintenance"
        | "plannedmaintenance"
        | "active"
        | "hasissues"
        | "partialoutage"
        | "partialservicedisruption"
        | "notice" => Status::Warn,
        "major" | "critical" | "down" | "downtime" | "red" | "outage" | "majoroutage" | "fulloutage"
        | "servicedisruption" | "unavailable" => Status::Down,
        _ => return None,
    })
}

/// The members of an array; none without such an array.
pub(super) fn list<'a>(json: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    json.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// A string on one bounded line; a number in figures; anything else is empty.
pub(super) fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => one_line(text),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// The first of these members that says something.
pub(super) fn first(json: &Value, names: &[&str]) -> String {
    names.iter().map(|name| text(json.get(*name))).find(|text| !text.is_empty()).unwrap_or_default()
}
