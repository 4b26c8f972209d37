//! `statuspage` probes on bodies as vendors serve them.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use warroom::{
    health::{Reading, Status, Unit},
    platform::{OnTimeout, ProbeSpec, ProbeTarget, SecretText, WebFields},
};

use crate::{
    lab::{Answer, Http, Scripted, background, closed_port},
    look,
};

fn page(url: impl Into<String>) -> ProbeTarget {
    ProbeTarget::Statuspage { url: SecretText::Literal(url.into()), web: WebFields::default() }
}

/// GitHub's `summary.json`, shortened.
fn github(indicator: &str, description: &str, component: &str, incidents: &Value) -> Value {
    json!({
        "page": {"id": "kctbh9vrtdwd", "name": "GitHub", "url": "https://www.githubstatus.com",
            "time_zone": "Etc/UTC", "updated_at": "2026-11-21T01:58:12.345Z"},
        "components": [
            {"id": "8l4ygp009s5s", "name": "Git Operations", "status": "operational", "created_at": "2017-01-31T20:05:05.370Z",
                "position": 1, "description": "Performance of git clones, pulls, pushes", "group_id": null, "group": false},
            {"id": "br0l2tvcx85d", "name": "Actions", "status": component, "position": 2, "group_id": null, "group": false},
        ],
        "incidents": incidents,
        "scheduled_maintenances": [],
        "status": {"indicator": indicator, "description": description},
    })
}

async fn look_at(server: &Http) -> Reading {
    look::at(page(server.url(""))).await
}

#[tokio::test]
async fn a_url_without_a_path_is_asked_for_its_summary() {
    let server = Http::start();
    let quiet = github("none", "All Systems Operational", "operational", &json!([]));
    server.on("/api/v2/summary.json", Answer::json(&quiet));
    let reading = look_at(&server).await;
    look::expect(&reading, Status::Ok, "All Systems Operational");
    assert_eq!((reading.value, reading.unit), (Some(0.0), Some(Unit::Of("incidents".to_owned()))));
    assert_eq!(reading.details["page"], "GitHub");
    assert_eq!(reading.details["components_not_operational"], 0);
}

#[tokio::test]
async fn an_open_incident_is_named_with_its_impact_and_state() {
    let server = Http::start();
    let incident = json!([{"id": "x", "name": "Disruption with some GitHub services", "status": "investigating",
        "created_at": "2026-11-21T01:40:00.000Z", "updated_at": "2026-11-21T01:58:00.000Z", "monitoring_at": null,
        "resolved_at": null, "impact": "major", "shortlink": "https://stspg.io/abc", "started_at": "2026-11-21T01:39:00.000Z",
        "incident_updates": [{"status": "investigating", "body": "We are investigating."}]}]);
    let body = github("major", "Partial System Outage", "partial_outage", &incident);
    server.on("/api/v2/summary.json", Answer::json(&body));
    let reading = look_at(&server).await;
    look::expect(&reading, Status::Down, "Disruption with some GitHub services (major, investigating)");
    assert_eq!(
        reading.details["incidents"][0],
        json!({"name": "Disruption with some GitHub services", "impact": "major", "status": "investigating",
            "started_at": "2026-11-21T01:39:00.000Z", "url": "https://stspg.io/abc"})
    );
    assert_eq!(reading.details["components"], json!([{"name": "Actions", "status": "partial outage"}]));

    let body = github("none", "All Systems Operational", "operational", &incident);
    server.on("/api/v2/summary.json", Answer::json(&body));
    look::expect(&look_at(&server).await, Status::Warn, "Disruption with some GitHub services");
    let body = github("minor", "Minor Service Outage", "degraded_performance", &json!([]));
    server.on("/api/v2/summary.json", Answer::json(&body));
    look::expect(&look_at(&server).await, Status::Warn, "Minor Service Outage: Actions");
    let body = github("maintenance", "Service Under Maintenance", "under_maintenance", &json!([]));
    server.on("/api/v2/summary.json", Answer::json(&body));
    look::expect(&look_at(&server).await, Status::Warn, "Service Under Maintenance: Actions");
}

#[tokio::test]
async fn aws_is_read_in_its_utf_16() {
    let server = Http::start();
    let events = json!([{"date": "1763688000", "arn": "arn:aws:health:us-east-1::event/EC2/…", "region_name": "N. Virginia",
        "status": "3", "service": "ec2-us-east-1", "service_name": "Amazon Elastic Compute Cloud",
        "summary": "Increased Error Rates", "event_log": [], "impacted_services": {}}]);
    let utf_16 =
        |text: String| -> Vec<u8> { format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect() };
    server.on("/public/currentevents", Answer::new(200, utf_16(events.to_string())));
    let reading = look::at(page(server.url("/public/currentevents"))).await;
    let words = "Amazon Elastic Compute Cloud N. Virginia: Increased Error Rates (disruption, open)";
    look::expect(&reading, Status::Down, words);
    assert_eq!(reading.details["incidents"][0]["started_at"], "2025-11-21T01:20:00Z");
    let elsewhere = look::at(page(server.url("/public/currentevents#eu-west-1,Frankfurt"))).await;
    look::expect(&elsewhere, Status::Ok, "nothing open for eu-west-1, Frankfurt");
    let here = look::at(page(server.url("/public/currentevents#us-east-1"))).await;
    look::expect(&here, Status::Down, "Increased Error Rates");
    server.on("/public/currentevents", Answer::new(200, utf_16("[]".to_owned())));
    look::expect(&look::at(page(server.url("/public/currentevents"))).await, Status::Ok, "no open events");
}

/// Bodies in the form that each vendor documents: what is read, and what a filter leaves of it.
#[tokio::test]
async fn each_state_of_each_kind_of_page_is_read() {
    let statuspage = |components: &Value, indicator: &str, maintenances: &Value| {
        json!({"page": {"name": "Forge"}, "components": components, "incidents": [], "scheduled_maintenances": maintenances,
            "status": {"indicator": indicator, "description": if indicator == "none" { "All Systems Operational" } else { "Partial System Outage" }}})
    };
    let components = json!([
        {"id": "g", "name": "Europe", "group": true, "status": "major_outage"},
        {"id": "a", "name": "Amsterdam", "group": false, "group_id": "g", "status": "major_outage"},
        {"id": "b", "name": "Frankfurt", "group": false, "group_id": "g", "status": "operational"},
        {"id": "c", "name": "Git Operations", "group": false, "group_id": null, "status": "operational"},
        {"id": "d", "name": "API Requests", "group": false, "group_id": null, "status": "partial_outage"},
    ]);
    let forge = statuspage(&components, "major", &json!([]));
    let working = json!([{"id": "c", "name": "Git Operations", "status": "under_maintenance"}, {"id": "d", "name": "API", "status": "operational"}]);
    let going_on = json!([{"name": "Storage upgrade", "status": "in_progress", "impact": "maintenance", "components": [{"name": "Git Operations"}]},
        {"name": "Next week", "status": "scheduled", "impact": "maintenance"}]);
    let maintained = statuspage(&working, "none", &going_on);
    let slack = json!({"status": "active", "date_updated": "2026-11-29T12:30:00+00:00", "active_incidents": [
        {"title": "Users can't send anything", "type": "outage", "status": "active", "services": ["Messaging", "Connectivity"]}]});
    let instatus = json!({"page": {"name": "Acme Payments", "status": "HASISSUES"}, "activeMaintenances": [], "activeIncidents": [
        {"name": "Card payments fail", "started": "2026-11-29T12:10:00.000Z", "status": "INVESTIGATING", "impact": "MAJOROUTAGE"}]});
    let instatus_parts = json!({"components": [{"name": "API", "status": "OPERATIONAL", "group": {"name": "Europe"}},
        {"name": "Web", "status": "DEGRADEDPERFORMANCE", "group": null}]});
    let cachet_2 = json!({"meta": {"pagination": {"total_pages": 1}}, "data": [{"name": "API", "status": 4, "enabled": true},
        {"name": "Web", "status": 1, "enabled": true}]});
    let cachet_3 = json!({"data": [{"type": "components", "attributes": {"name": "API", "status": {"value": 1, "human": "Operational"}}}],
        "meta": {"pagination": {"total_pages": 2}}});
    let better_stack = json!({"data": {"type": "status_page", "attributes": {"company_name": "Acme", "aggregate_state": "downtime"}}, "included": [
        {"id": "1", "type": "status_page_section", "attributes": {"name": "Europe"}},
        {"id": "9", "type": "status_page_resource", "attributes": {"public_name": "API", "status": "downtime", "status_page_section_id": 1}},
        {"id": "8", "type": "status_page_resource", "attributes": {"public_name": "Web", "status": "not_monitored", "status_page_section_id": 2}}]});
    let incident_io = json!({"page_title": "Acme", "in_progress_maintenances": [], "scheduled_maintenances": [], "ongoing_incidents": [
        {"name": "API errors", "status": "investigating", "current_worst_impact": "full_outage",
            "affected_components": [{"name": "API", "current_status": "full_outage"}]}]});
    #[rustfmt::skip]
    let cases = [
        (&forge, "", Status::Down, "Partial System Outage: Amsterdam"),
        (&forge, "#Git%20Operations", Status::Ok, "nothing open for Git Operations"),
        (&forge, "#Git Operations,API", Status::Warn, "API Requests: partial outage"),
        (&forge, "#Europe", Status::Down, "Amsterdam: major outage"),
        (&forge, "#API Request5", Status::Unknown, "no component called API Request5 (did you mean API Requests?)"),
        (&forge, "#Europe,Typo", Status::Down, "Amsterdam: major outage"),
        (&maintained, "", Status::Warn, "Storage upgrade (maintenance, in progress)"),
        (&maintained, "#Git Operations", Status::Warn, "Storage upgrade (maintenance, in progress)"),
        (&maintained, "#API", Status::Ok, "nothing open for API"),
        (&slack, "", Status::Down, "Users can't send anything (outage, active)"),
        (&slack, "#Messaging", Status::Down, "Users can't send anything (outage, active)"),
        (&slack, "#Search", Status::Ok, "nothing open for Search"),
        (&instatus, "", Status::Down, "Card payments fail (major outage, investigating)"),
        (&instatus, "#Cards", Status::Unknown, "this page names no components, so the state of Cards is not known"),
        (&instatus_parts, "", Status::Warn, "Web: degraded performance"),
        (&instatus_parts, "#Europe", Status::Ok, "nothing open for Europe"),
        (&cachet_2, "", Status::Down, "API: major outage"),
        (&cachet_2, "#Web", Status::Ok, "nothing open for Web"),
        (&cachet_3, "", Status::Unknown, "only page 1 of 2 was read: add ?per_page=100 to the URL"),
        (&better_stack, "", Status::Down, "API: downtime"),
        (&better_stack, "#Europe", Status::Down, "API: downtime"),
        (&better_stack, "#Web", Status::Unknown, "Web is \"not monitored\""),
        (&incident_io, "", Status::Down, "API errors (full outage, investigating)"),
        (&incident_io, "#API", Status::Down, "API errors (full outage, investigating)"),
    ];
    let server = Http::start();
    let mut wrong = Vec::new();
    for (body, filter, status, words) in cases {
        server.on("/page", Answer::json(body));
        let reading = look::at(page(server.url("/page") + filter)).await;
        if reading.status != status || reading.summary != words {
            wrong.push(format!("{} {filter}: {} {}", reading.details["format"], reading.status, reading.summary));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_page_that_cannot_be_read_is_unknown_whatever_the_reason() {
    let server = Http::start();
    server.on("/html", Answer::text("<!doctype html><title>Status</title>"));
    server.on("/other", Answer::json(&json!({"hello": "world"})));
    server.on("/500", Answer::new(500, "oops"));
    let port = closed_port();
    for (url, words) in [
        (server.url("/html"), "cannot read the vendor's status: it is a page for browsers"),
        (server.url("/other"), "cannot read the vendor's status: its JSON has no status that is known here"),
        (server.url("/500"), "cannot see the vendor's status: 500 Internal Server Error"),
        (server.url("/404"), "cannot see the vendor's status: 404 Not Found"),
        (format!("http://127.0.0.1:{}", port.number()), "cannot see the vendor's status: connection refused by"),
        // It does not resolve here, or not by a proxy that the environment names.
        ("https://status.invalid".to_owned(), "cannot see the vendor's status: "),
    ] {
        let spec = ProbeSpec { on_timeout: OnTimeout::Down, ..look::spec(page(url)) };
        look::expect(&look::with(spec).await, Status::Unknown, words);
    }
}

#[test]
fn random_bytes_are_never_a_good_status() {
    let server = Scripted::start("");
    let mut runner = TestRunner::new(Config { cases: 32, failure_persistence: None, ..Config::default() });
    // With a good head, so that the bytes reach the reader of pages.
    let bytes = (any::<bool>(), proptest::collection::vec(any::<u8>(), 0..300)).prop_map(|(json, bytes)| {
        let body = if json { [b"{\"status\":", &bytes[..]].concat() } else { bytes };
        [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes(), body].concat()
    });
    runner
        .run(&bytes, |bytes| {
            server.answer(bytes);
            let reading = background(look::at(page(format!("http://{}/x", server.address()))));
            prop_assert_eq!(reading.status, Status::Unknown, "{}", reading.summary);
            prop_assert!(!reading.summary.contains("defect"), "{}", reading.summary);
            Ok(())
        })
        .unwrap();
}
