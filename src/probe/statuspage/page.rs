//! What a status page says, in one vocabulary for all vendors.

use serde_json::Value;

use crate::net_error::one_line;
use warroom_domain::health::Status;

/// What a page says, in one vocabulary.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Page {
    /// Whose page it is; empty when it does not say.
    pub(super) name: String,
    /// How it was read: `statuspage`, `aws`, `google`, `generic`.
    pub(super) format: &'static str,
    pub(super) status: Status,
    /// The page's own word for it.
    pub(super) indicator: String,
    /// The page's own sentence.
    pub(super) description: String,
    /// Incidents that are not over.
    pub(super) incidents: Vec<Incident>,
    /// Every component that is not operational.
    pub(super) components: Vec<Component>,
    /// Maintenances that are going on.
    pub(super) maintenances: Vec<Incident>,
    /// RFC 3339; empty when the page does not say.
    pub(super) updated_at: String,
}

/// An incident; what the page does not say is empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Incident {
    pub(super) name: String,
    pub(super) impact: String,
    pub(super) status: String,
    /// RFC 3339.
    pub(super) started_at: String,
    pub(super) url: String,
    /// What the impact amounts to.
    pub(super) weight: Weight,
    /// Regions, services and components that it is about, for [`Page::only`].
    pub(super) about: String,
}

/// A part of the vendor's platform that is not operational.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Component {
    pub(super) name: String,
    pub(super) status: String,
    pub(super) weight: Weight,
}

/// How bad one entry is. An open incident is never ok.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Weight {
    #[default]
    Warn,
    Down,
}

impl Page {
    /// The page cut down to what is about one of these words (regions, services, components, without regard to case),
    /// and its status to what is left.
    pub(super) fn only(mut self, words: &[String]) -> Page {
        let wanted = |text: &str| words.iter().any(|word| text.to_lowercase().contains(&word.to_lowercase()));
        self.incidents.retain(|incident| wanted(&incident.name) || wanted(&incident.about));
        self.maintenances.retain(|maintenance| wanted(&maintenance.name) || wanted(&maintenance.about));
        self.components.retain(|component| wanted(&component.name));
        let weights = self.incidents.iter().map(|i| i.weight).chain(self.components.iter().map(|c| c.weight));
        (self.status, self.indicator) = match weights.max() {
            None => (Status::Ok, "none".to_owned()),
            Some(Weight::Warn) => (Status::Warn, "minor".to_owned()),
            Some(Weight::Down) => (Status::Down, "major".to_owned()),
        };
        self.description =
            if self.status == Status::Ok { format!("nothing open for {}", words.join(", ")) } else { String::new() };
        self
    }
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
