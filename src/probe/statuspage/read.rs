//! Reads a status page's JSON, whichever vendor's it is.

use std::{borrow::Cow, collections::HashMap};

use serde_json::Value;

use super::{
    hosted,
    page::{Component, Incident, Lists, Page, first, list, state, text},
    vendors,
};
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
    [vendors::aws, vendors::google, vendors::slack, statuspage, hosted::page, vendors::generic]
        .into_iter()
        .find_map(|read| read(&json))
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
    let status = state(indicator)?;
    let over = |incident: &Incident| matches!(incident.status.as_str(), "resolved" | "postmortem" | "completed");
    let going_on = |incident: &Incident| matches!(incident.status.as_str(), "in_progress" | "verifying");
    Some(Page {
        name: text(json.pointer("/page/name")),
        format: "statuspage",
        status,
        indicator: indicator.to_owned(),
        description: text(json.pointer("/status/description")),
        incidents: list(json, "incidents").map(incident).filter(|incident| !over(incident)).collect(),
        components: components(json),
        lists: if list(json, "components").next().is_some() { Lists::All } else { Lists::Nothing },
        maintenances: list(json, "scheduled_maintenances").map(incident).filter(going_on).collect(),
        updated_at: text(json.pointer("/page/updated_at")),
    })
}

fn components(json: &Value) -> Vec<Component> {
    let is_group = |component: &Value| component.get("group").and_then(Value::as_bool) == Some(true);
    let groups: HashMap<&str, String> = list(json, "components")
        .filter(|component| is_group(component))
        .filter_map(|group| Some((group.get("id")?.as_str()?, text(group.get("name")))))
        .collect();
    let component = |json: &Value| Component {
        group: json.get("group_id").and_then(Value::as_str).and_then(|id| groups.get(id)).cloned(),
        is_group: is_group(json),
        ..Component::new(text(json.get("name")), &text(json.get("status")))
    };
    list(json, "components").map(component).collect()
}

fn incident(json: &Value) -> Incident {
    Incident {
        about: list(json, "components").map(|component| text(component.get("name"))).collect(),
        started_at: first(json, &["started_at", "created_at"]),
        url: first(json, &["shortlink", "url"]),
        ..Incident::new(first(json, &["name", "title"]), text(json.get("impact")), text(json.get("status")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use warroom_domain::health::Status;

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
        let affected: Vec<&str> = page.affected().map(|component| component.status.as_str()).collect();
        assert_eq!(affected, ["partial outage"]);
        assert!(page.maintenances.is_empty());
        let (ours, unseen) = page.clone().only(&["git operations".to_owned()]);
        assert_eq!((ours.status, ours.description.as_str()), (Status::Ok, "nothing open for git operations"));
        assert_eq!(unseen, None);
        let (ours, unseen) = page.only(&["Codespaces".to_owned(), "actions".to_owned()]);
        assert_eq!((ours.status, ours.incidents.len(), ours.components.len()), (Status::Down, 1, 1));
        assert_eq!(unseen.as_deref(), Some("no component called Codespaces"));
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
