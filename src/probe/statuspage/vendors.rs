//! Vendors with a format of their own: AWS, Google Cloud, Slack, and those that say one known word.

use jiff::Timestamp;
use serde_json::Value;

use super::page::{Component, Incident, Lists, Page, first, list, state, text};
use warroom_domain::health::Status;

/// AWS Health's public list (`health.aws.amazon.com/public/currentevents`): an array of events. `status` is 0 when the event is
/// over, 1 for information, 2 for degraded performance, 3 for a disruption.
pub(super) fn aws(json: &Value) -> Option<Page> {
    let events = json.as_array()?;
    if !events.iter().all(|event| event.get("service_name").is_some() && event.get("status").is_some()) {
        return None;
    }
    let mut incidents = Vec::new();
    for event in events {
        let (weight, impact) = match text(event.get("status")).as_str() {
            "0" => continue,
            "1" => (Status::Warn, "informational"),
            "2" => (Status::Warn, "degradation"),
            "3" => (Status::Down, "disruption"),
            _ => (Status::Warn, "unknown impact"),
        };
        let region = text(event.get("region_name"));
        let service = text(event.get("service_name"));
        let place = if region.is_empty() { service } else { format!("{service} {region}") };
        incidents.push(Incident {
            name: format!("{place}: {}", text(event.get("summary"))),
            impact: impact.to_owned(),
            status: "open".to_owned(),
            started_at: seconds(event.get("date")),
            url: "https://health.aws.amazon.com/health/status".to_owned(),
            weight,
            // `ec2-us-east-1`: the region's code is nowhere else.
            about: vec![text(event.get("service"))],
        });
    }
    Some(listed("AWS", "aws", incidents))
}

/// Google Cloud's list (`status.cloud.google.com/incidents.json`): an array of incidents, open while they have no `end`.
pub(super) fn google(json: &Value) -> Option<Page> {
    let all = json.as_array()?;
    if !all.iter().all(|incident| incident.get("begin").is_some() && incident.get("status_impact").is_some()) {
        return None;
    }
    let mut incidents = Vec::new();
    for incident in all.iter().filter(|incident| incident.get("end").is_none_or(Value::is_null)) {
        let impact = text(incident.get("status_impact"));
        let places: Vec<String> = ["affected_products", "currently_affected_locations"]
            .iter()
            .flat_map(|name| list(incident, name))
            .flat_map(|place| [text(place.get("title")), text(place.get("id"))])
            .chain([text(incident.get("service_name"))])
            .collect();
        incidents.push(Incident {
            name: text(incident.get("external_desc")),
            impact: impact.trim_start_matches("SERVICE_").to_ascii_lowercase(),
            status: "open".to_owned(),
            started_at: text(incident.get("begin")),
            url: format!("https://status.cloud.google.com/{}", text(incident.get("uri"))),
            weight: if impact == "SERVICE_OUTAGE" { Status::Down } else { Status::Warn },
            about: places,
        });
    }
    Some(listed("Google Cloud", "google", incidents))
}

/// Slack's `current` (<https://docs.slack.dev/reference/slack-status-api>): what is open, with the services that it is about.
pub(super) fn slack(json: &Value) -> Option<Page> {
    let active = json.get("active_incidents")?.as_array()?;
    json.get("status")?.as_str().filter(|status| matches!(*status, "ok" | "active"))?;
    let over = |incident: &Incident| matches!(incident.status.as_str(), "resolved" | "completed" | "cancelled");
    let incident = |incident: &Value| Incident {
        about: list(incident, "services").map(|service| text(Some(service))).collect(),
        started_at: text(incident.get("date_created")),
        url: text(incident.get("url")),
        ..Incident::new(text(incident.get("title")), text(incident.get("type")), text(incident.get("status")))
    };
    let incidents = active.iter().map(incident).filter(|incident| !over(incident) && incident.status != "scheduled");
    let page = listed("Slack", "slack", incidents.collect());
    Some(Page { updated_at: text(json.get("date_updated")), ..page })
}

/// A page that lists what is open, and nothing else.
pub(super) fn listed(name: &str, format: &'static str, incidents: Vec<Incident>) -> Page {
    let status = incidents.iter().map(|incident| incident.weight).max().unwrap_or(Status::Ok);
    Page {
        name: name.to_owned(),
        format,
        status,
        indicator: word(status).to_owned(),
        description: if incidents.is_empty() { "no open events".to_owned() } else { String::new() },
        incidents,
        components: Vec::new(),
        lists: Lists::Affected,
        maintenances: Vec::new(),
        updated_at: String::new(),
    }
}

/// Where pages keep their one word: Stripe, status.io, Slack, plain health documents.
const WORDS: [&str; 8] = [
    "/indicator",
    "/largestatus",
    "/result/status_overall/status",
    "/status/indicator",
    "/status/status",
    "/status/state",
    "/state",
    "/status",
];

/// A page whose state is one known word; Heroku's list of systems counts by its worst.
pub(super) fn generic(json: &Value) -> Option<Page> {
    let components: Vec<Component> = list(json, "status")
        .map(|system| Component::new(text(system.get("system")), &text(system.get("status"))))
        .filter(|system| system.state != Status::Unknown)
        .collect();
    let single = WORDS.iter().find_map(|place| {
        let word = json.pointer(place)?.as_str()?;
        Some((state(word)?, text(Some(&word.into()))))
    });
    let worst = components.iter().max_by_key(|system| system.state);
    let (status, indicator) = single.or_else(|| worst.map(|system| (system.state, system.status.clone())))?;
    let incident = |incident: &Value| Incident {
        started_at: first(incident, &["date_created", "created_at"]),
        url: text(incident.get("url")),
        ..Incident::new(
            first(incident, &["title", "name"]),
            first(incident, &["type", "impact"]),
            first(incident, &["status", "state"]),
        )
    };
    let open = |incident: &Incident| !matches!(incident.status.as_str(), "resolved" | "completed" | "cancelled");
    Some(Page {
        name: text(json.pointer("/page/name")),
        format: "generic",
        status,
        indicator,
        description: first(json, &["message", "description"]),
        incidents: list(json, "incidents").map(incident).filter(open).collect(),
        lists: if components.is_empty() { Lists::Nothing } else { Lists::All },
        components,
        maintenances: Vec::new(),
        updated_at: first(json, &["date_updated", "updated_at"]),
    })
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Ok => "none",
        Status::Warn => "minor",
        _ => "major",
    }
}

/// Seconds since 1970, as a string or a number, in RFC 3339; empty when it is neither.
fn seconds(value: Option<&Value>) -> String {
    text(value)
        .parse()
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map(|time| time.to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_aws_event_that_is_over_does_not_count() {
        let page = aws(&json!([
            {"service_name": "Amazon EC2", "region_name": "N. Virginia", "status": "3", "summary": "Increased errors", "date": "1763700000"},
            {"service_name": "AWS Lambda", "status": "0", "summary": "[RESOLVED] Latency", "date": "1763600000"},
        ]))
        .unwrap();
        assert_eq!((page.status, page.incidents.len()), (Status::Down, 1));
        assert_eq!(page.incidents[0].name, "Amazon EC2 N. Virginia: Increased errors");
        assert_eq!(page.incidents[0].started_at, "2025-11-21T04:40:00Z");
        assert_eq!(aws(&json!([])).unwrap().status, Status::Ok);
    }

    #[test]
    fn a_google_incident_is_open_until_it_has_an_end() {
        let page = google(&json!([
            {"begin": "2026-11-20T10:00:00+00:00", "end": null, "status_impact": "SERVICE_OUTAGE", "external_desc": "GKE down", "uri": "incidents/a"},
            {"begin": "2026-10-20T10:00:00+00:00", "end": "2026-10-20T11:00:00+00:00", "status_impact": "SERVICE_OUTAGE", "external_desc": "old"},
        ]))
        .unwrap();
        assert_eq!((page.status, page.incidents.len()), (Status::Down, 1));
        assert_eq!(page.incidents[0].impact, "outage");
    }

    #[test]
    fn one_known_word_is_enough() {
        for (page, status) in [
            (json!({"largestatus": "up", "message": "All services are online."}), Status::Ok),
            (json!({"result": {"status_overall": {"status": "Operational", "status_code": 100}}}), Status::Ok),
            (
                json!({"status": [{"system": "Apps", "status": "red"}, {"system": "Data", "status": "green"}]}),
                Status::Down,
            ),
        ] {
            assert_eq!(generic(&page).unwrap().status, status, "{page}");
        }
        assert_eq!(generic(&json!({"status": "weather"})), None);
    }
}
