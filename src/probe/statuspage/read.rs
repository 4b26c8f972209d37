//! Reads a status page's JSON, whichever vendor's it is.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    page::{Component, Incident, Page, Weight, list, text},
    vendors,
};
use warroom_domain::health::Status;
use warroom_host::bounded::json::{self, JsonError};

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
