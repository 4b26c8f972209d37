//! Reads a status page's JSON, whichever vendor's it is.

use serde_json::Value;

use super::vendors;
use crate::{health::Status, probe::net_error::one_line};

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
    /// Name and status of every component that is not operational.
    pub(super) components: Vec<(String, String)>,
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
}

/// Reads a page. The error says what it is instead, to stand after a colon.
pub(super) fn page(body: &[u8]) -> Result<Page, String> {
    let text = decode(body);
    let json: Value = serde_json::from_str(text.trim_start_matches('\u{feff}').trim()).map_err(|_| {
        if text.trim_start().starts_with('<') {
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
fn decode(body: &[u8]) -> String {
    let units = |bytes: &[u8], read: fn([u8; 2]) -> u16| -> String {
        let units: Vec<u16> = bytes.as_chunks().0.iter().map(|pair| read(*pair)).collect();
        String::from_utf16_lossy(&units)
    };
    match body {
        [0xFE, 0xFF, rest @ ..] => units(rest, u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => units(rest, u16::from_le_bytes),
        [0, first, ..] if *first != 0 => units(body, u16::from_be_bytes),
        [first, 0, ..] if *first != 0 => units(body, u16::from_le_bytes),
        _ => String::from_utf8_lossy(body).into_owned(),
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
            .map(|component| (text(component.get("name")), text(component.get("status"))))
            .filter(|(_, status)| !status.is_empty() && status != "operational")
            .map(|(name, status)| (name, status.replace('_', " ")))
            .collect(),
        maintenances: list(json, "scheduled_maintenances").map(incident).filter(going_on).collect(),
        updated_at: text(json.pointer("/page/updated_at")),
    })
}

fn incident(json: &Value) -> Incident {
    let first = |names: &[&str]| text(names.iter().find_map(|name| json.get(*name).filter(|value| !value.is_null())));
    Incident {
        name: first(&["name", "title"]),
        impact: first(&["impact"]),
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
        assert_eq!(page.components, [("Actions".to_owned(), "partial outage".to_owned())]);
        assert!(page.maintenances.is_empty());
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
