//! Reads a status page's JSON, whichever vendor's it is.

use std::borrow::Cow;

use serde_json::Value;

use super::vendors;
use crate::{
    health::Status,
    host::bounded::json::{self, JsonError},
    probe::net_error::one_line,
};

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

/// Reads a page. The error says what it is instead, to stand after a colon.
pub(super) fn page(body: &[u8]) -> Result<Page, String> {
    let text = decode(body);
    let json: Value = json::read(text.trim_start_matches('\u{feff}').trim().as_bytes()).map_err(|error| {
        if matches!(error, JsonError::TooMuch) {
            "its JSON has too many values".to_owned()
        } else if text.trim_start().starts_with('<') {
            "it is a page for browsers, give the URL of its JSON".to_owned()
        } else {
            "it is not JSON".to_owned()
        }
    })?;
    vendors::aws(&json)
        .or_else(|| vendors::google(&json))
        .or_else(|| statuspage(&json))
        .or_else(|| vendors::generic(&json))
        .ok_or_else(|| "its JSON has no status that is known here".to_owned())
}

/// The body as text. AWS serves UTF-16 with a byte order mark.
fn decode(body: &[u8]) -> Cow<'_, str> {
    let units = |bytes: &[u8], read: fn([u8; 2]) -> u16| -> Cow<'_, str> {
        let units = bytes.as_chunks().0.iter().map(|pair| read(*pair));
        let text = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
        Cow::Owned(text.collect())
    };
    match body {
        [0xFE, 0xFF, rest @ ..] => units(rest, u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => units(rest, u16::from_le_bytes),
        [0, first, ..] if *first != 0 => units(body, u16::from_be_bytes),
        [first, 0, ..] if *first != 0 => units(body, u16::from_le_bytes),
        _ => String::from_utf8_lossy(body),
    }
}

/// Atlassian Statuspage, API v2 (<https://metastatuspage.com/api>): `summary.json` and `status.json`.
fn statuspage(json: &Value) -> Option<Page> {
    let indicator = json.pointer("/status/indicator")?.as_str()?;
    let status = match indicator {
        "none" => Status::Ok,
        "minor" | "maintenance" => Status::Warn,
        "major" | "critical" => Status::Down,
        _ => return None,
    };
    let over = |incident: &Incident| matches!(incident.status.as_str(), "resolved" | "postmortem" | "completed");
    let going_on = |incident: &Incident| matches!(incident.status.as_str(), "in_progress" | "verifying");
    Some(Page {
        name: text(json.pointer("/page/name")),
        format: "statuspage",
        status,
        indicator: indicator.to_owned(),
        description: text(json.pointer("/status/description")),
        incidents: list(json, "incidents").map(incident).filter(|incident| !over(incident)).collect(),
        components: list(json, "components")
            .filter(|component| component.get("group").and_then(Value::as_bool) != Some(true))
            .map(component)
            .filter(|component| !component.status.is_empty() && component.status != "operational")
            .collect(),
        maintenances: list(json, "scheduled_maintenances").map(incident).filter(going_on).collect(),
        updated_at: text(json.pointer("/page/updated_at")),
    })
}

fn component(json: &Value) -> Component {
    let status = text(json.get("status"));
    Component {
        name: text(json.get("name")),
        weight: if status == "major_outage" { Weight::Down } else { Weight::Warn },
        status: status.replace('_', " "),
    }
}

fn incident(json: &Value) -> Incident {
    let first = |names: &[&str]| text(names.iter().find_map(|name| json.get(*name).filter(|value| !value.is_null())));
    let impact = first(&["impact"]);
    let about: Vec<String> = list(json, "components").map(|component| text(component.get("name"))).collect();
    Incident {
        name: first(&["name", "title"]),
        weight: if matches!(impact.as_str(), "major" | "critical") { Weight::Down } else { Weight::Warn },
        about: about.join(", "),
        impact,
        status: first(&["status"]),
        started_at: first(&["started_at", "created_at"]),
        url: first(&["shortlink", "url"]),
    }
}

/// The members of an array; none when there is no such array.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_open_and_not_operational_is_kept() {
        let page = page(
            br#"{"page":{"name":"GitHub","updated_at":"2026-11-20T10:00:00Z"},
            "components":[{"name":"Git Operations","status":"operational"},{"name":"Actions","status":"partial_outage"},
                {"name":"All","group":true,"status":"partial_outage"}],
            "incidents":[{"name":"Delays in Actions","status":"investigating","impact":"major",
                "created_at":"2026-11-20T09:40:00Z","shortlink":"https://stspg.io/x"},
                {"name":"Old","status":"resolved","impact":"minor"}],
            "scheduled_maintenances":[{"name":"Later","status":"scheduled"}],
            "status":{"indicator":"major","description":"Partial System Outage"}}"#,
        )
        .unwrap();
        assert_eq!((page.status, page.incidents.len(), page.name.as_str()), (Status::Down, 1, "GitHub"));
        assert_eq!((page.components.len(), page.components[0].status.as_str()), (1, "partial outage"));
        assert!(page.maintenances.is_empty());
        let ours = page.clone().only(&["git operations".to_owned()]);
        assert_eq!((ours.status, ours.description.as_str()), (Status::Ok, "nothing open for git operations"));
        let ours = page.only(&["Codespaces".to_owned(), "actions".to_owned()]);
        assert_eq!((ours.status, ours.incidents.len(), ours.components.len()), (Status::Down, 1, 1));
    }

    #[test]
    fn utf_16_is_read_in_both_orders_with_and_without_a_mark() {
        let text = r#"[{"status":"2","service_name":"Amazon EC2","summary":"Élevé","date":"1763700000"}]"#;
        for mark in ["\u{feff}", ""] {
            let units: Vec<u16> = format!("{mark}{text}").encode_utf16().collect();
            let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            for body in [big, little] {
                assert_eq!(page(&body).unwrap().incidents[0].name, "Amazon EC2: Élevé");
            }
        }
    }

    #[test]
    fn what_is_not_a_status_page_says_what_it_is() {
        assert!(page(b"<!doctype html>").unwrap_err().contains("browsers"));
        assert_eq!(page(b"nope").unwrap_err(), "it is not JSON");
        assert!(page(b"{\"hello\":1}").unwrap_err().contains("no status"));
        assert!(page(b"{\"status\":{\"indicator\":\"purple\"}}").is_err());
    }
}
