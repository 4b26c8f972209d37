//! What objectives are judged by, what is only inferred, and who an entry comes from.

use super::*;
use warroom_incident::clocks::{ClockLevel, clocks};

const RECOVERY: [&str; 7] = ["Component", "RTO", "Recovered in", "RTO is", "RPO", "Exposed at failure", "RPO is"];
const POINTS: [&str; 3] = ["Time (UTC)", "Event", "After detection"];
const TIMELINE: [&str; 4] = ["Time (UTC)", "Who", "Kind", "What"];
const ALICE: &str = "alice@bastion-1";

/// Declared in minute 14, detected in minute 12, with what the checks of the database's copies knew.
fn declared_with(recovery_point: Option<Timestamp>) -> Journal {
    let mut journal = Journal::default();
    let mut event = declared("Slow");
    if let IncidentEvent::Declared { exposures, .. } = &mut event {
        exposures[0].recovery_point = recovery_point;
    }
    journal.say(14 * 60, ALICE, event);
    journal
}

/// The row of a component, and its members in JSON.
fn recovery(journal: &Journal, title: &str) -> (Vec<String>, serde_json::Value) {
    let pack = pack();
    let rendered = Rendered::of(&journal.with(Some(&pack), markdown));
    let row = rendered.table(&RECOVERY).iter().find(|row| row[0] == title).unwrap().clone();
    let value: serde_json::Value = serde_json::from_str(&journal.with(Some(&pack), json)).unwrap();
    let rows = value["summary"]["recovery"].as_array().unwrap();
    (row, rows.iter().find(|row| row["title"] == title).unwrap().clone())
}

/// Level and text of a clock, an hour after all of it.
fn clock(journal: &Journal, id: &str) -> (ClockLevel, String) {
    journal.with(None, |source| {
        let clocks = clocks(source.state, &pack(), source.as_of().unwrap() + Duration::from_secs(3600));
        let clock = clocks.into_iter().find(|clock| clock.id == id).unwrap();
        (clock.level, clock.text)
    })
}

#[test]
fn the_restore_point_is_the_recorded_one_or_a_copy_from_before_the_failure() {
    use ClockLevel::{Amber, Met, Red};
    let hours = |hours: i64| at(hours * 3600);
    let unknown = "restore point unknown";
    #[rustfmt::skip]
    let cases = [
        // Measured, recorded (restored to, last write): exposed, verdict; clock.
        (Some(hours(-1)), None, "1 h 12 min (restore point 02:00:00)", "met", Met, "1h12m exposed of 4h"),
        (Some(hours(-3)), None, "3 h 12 min (restore point 00:00:00)", "met", Amber, "3h12m exposed of 4h"),
        (Some(at(12 * 60)), None, "0 s (restore point 03:12:00)", "met", Met, "0s exposed of 4h"),
        (Some(at(12 * 60 + 1)), None, unknown, "—", Amber, unknown),
        (Some(at(13 * 60)), None, unknown, "—", Amber, unknown),
        (None, None, unknown, "—", Amber, unknown),
        (Some(hours(-1)), Some((Some(at(0)), None)), "12 min (restored to 03:00:00)", "met", Met, "12m lost of 4h"),
        (Some(at(60)), Some((Some(hours(-3)), None)), "3 h 12 min (restored to 00:00:00)", "met", Amber, "3h12m lost of 4h"),
        (None, Some((Some(hours(-3)), Some(hours(2)))), "5 h (restored to 00:00:00)", "missed", Red, "5h lost of 4h"),
        (Some(at(13 * 60)), Some((Some(at(0)), Some(at(30)))), "30 s (restored to 03:00:00)", "met", Met, "30s lost of 4h"),
        (Some(at(0)), Some((None, Some(at(30)))), "12 min (restore point 03:00:00)", "met", Met, "12m exposed of 4h"),
    ];
    for (measured, recorded, exposed, verdict, level, text) in cases {
        let mut journal = declared_with(measured);
        if let Some((restored_to, last_write)) = recorded {
            let statement = "assessed".to_owned();
            let loss = IncidentEvent::DataLossAssessed { restored_to, last_write, statement };
            journal.say(60 * 60, ALICE, loss);
        }
        let case = format!("{measured:?} {recorded:?}");
        let (row, json) = recovery(&journal, "Database");
        assert_eq!((row[5].as_str(), row[6].as_str()), (exposed, verdict), "{case}");
        let met = match verdict {
            "met" => true.into(),
            "missed" => false.into(),
            _ => serde_json::Value::Null,
        };
        assert_eq!(json["rpo_met"], met, "{case}");
        assert_eq!(clock(&journal, "rpo:database"), (level, text.to_owned()), "{case}");
    }
}

#[test]
fn an_rto_is_met_only_when_the_panels_of_the_component_agree() {
    use Status::{Down, Ok, Unknown, Warn};
    let down = |until: &str| format!("contradicted: api-5xx down {until}");
    #[rustfmt::skip]
    let cases = [
        // Restored in minute, what the panel said (component, minute, status): verdict. Detected in minute 12, RTO 30 min.
        (36, &[][..], "met".to_owned(), Some(true)),
        (36, &[("api", 15, Down), ("api", 35, Ok)], "met".to_owned(), Some(true)),
        (36, &[("api", 15, Down), ("api", 41, Ok)], "met".to_owned(), Some(true)),
        (36, &[("api", 15, Down), ("api", 41, Warn)], "met".to_owned(), Some(true)),
        (36, &[("api", 15, Warn)], "met".to_owned(), Some(true)),
        (36, &[("api", 15, Down), ("api", 50, Ok)], down("until 03:50:00"), None),
        (36, &[("api", 15, Down)], down("since 03:15:00"), None),
        (36, &[("api", 15, Warn), ("api", 30, Down)], down("since 03:30:00"), None),
        (36, &[("api", 15, Unknown)], "not confirmed: api-5xx unknown since 03:15:00".to_owned(), None),
        (36, &[("api", 15, Down), ("api", 30, Unknown)], "not confirmed: api-5xx unknown since 03:30:00".to_owned(), None),
        (36, &[("database", 15, Down)], "met".to_owned(), Some(true)),
        (50, &[("api", 15, Down)], "missed".to_owned(), Some(false)),
        (50, &[], "missed".to_owned(), Some(false)),
    ];
    for (restored, changes, verdict, met) in cases {
        let mut journal = declared_with(None);
        let mut from = Ok;
        for (component, minute, to) in changes {
            let (probe, component) = ("api-5xx".to_owned(), Some((*component).to_owned()));
            let summary = "503 Service Unavailable".to_owned();
            let event =
                IncidentEvent::ProbeChanged { probe, component, from: Some(from), to: *to, summary, since: None };
            journal.say(minute * 60, ALICE, event);
            from = *to;
        }
        journal.say(60 * 60, ALICE, IncidentEvent::ServiceRestored { at: at(restored * 60) });
        let case = format!("restored in minute {restored}, {changes:?}");
        let (row, json) = recovery(&journal, "Public API");
        assert_eq!(row[3], verdict, "{case}");
        assert_eq!(json["rto_met"], serde_json::json!(met), "{case}");
        let (level, text) = clock(&journal, "rto:api");
        let expected = match met {
            Some(true) => ClockLevel::Met,
            Some(false) => ClockLevel::Red,
            None => ClockLevel::Amber,
        };
        assert_eq!(level, expected, "{case}: {text}");
        assert_eq!(text.contains("api-5xx"), met.is_none(), "{case}: {text}");
        let draft = journal.with(Some(&pack()), postmortem);
        assert_eq!(draft.contains("**RTO not proved:** Public API"), met.is_none(), "{case}: {draft}");
    }
}

#[test]
fn turning_points_that_are_only_inferred_say_from_what_and_all_stand_in_order() {
    let mut journal = declared_with(None);
    journal.phase(30 * 60, Phase::Monitoring);
    let taken = IncidentEvent::RoleTaken { role: "commander".to_owned(), who: "alice".to_owned() };
    journal.say(40 * 60, ALICE, taken);
    journal.phase(50 * 60, Phase::Resolved);
    let points = |journal: &Journal| {
        let rendered = Rendered::of(&journal.with(Some(&pack()), markdown));
        rendered.table(&POINTS).iter().map(|row| format!("{} {}", row[0], row[1])).collect::<Vec<_>>()
    };
    let expected = [
        "03:12:00 Incident detected",
        "03:14:00 Incident declared",
        "03:30:00 Fix deployed (inferred: phase monitoring)",
        "03:40:00 Team assembled (inferred: first role taken)",
        "03:50:00 Service restored (inferred: incident resolved)",
        "03:50:00 Incident resolved",
        "not recorded Root cause identified",
        "not recorded Incident closed",
    ];
    assert_eq!(points(&journal), expected);
    let draft = Rendered::of(&journal.with(Some(&pack()), postmortem)).text;
    assert!(draft.contains("resolved after 38 min") && !draft.contains("service restored after"), "{draft}");
    let value: serde_json::Value = serde_json::from_str(&journal.with(None, json)).unwrap();
    assert_eq!(value["summary"]["milestones"]["restored"], "2026-01-21T03:50:00Z");
    assert_eq!(value["summary"]["inferred"], serde_json::json!(["assembled", "fixed", "restored"]));

    // It was there again before its cause was known.
    journal.say(55 * 60, ALICE, IncidentEvent::ServiceRestored { at: at(20 * 60) });
    let points = points(&journal);
    assert_eq!(points[2], "03:20:00 Service restored");
    assert_eq!(points[3], "03:30:00 Fix deployed (inferred: phase monitoring)");
}

#[test]
fn what_was_noticed_has_no_person_as_its_author() {
    let mut journal = declared_with(None);
    journal.probe(15 * 60, "api-5xx", Status::Ok, Status::Down, "503 Service Unavailable");
    let alert = || "replica-lag".to_owned();
    let fired = IncidentEvent::AlertFired { alert: alert(), title: alert(), severity: "P1".to_owned(), since: None };
    journal.say(16 * 60, ALICE, fired);
    journal.say(17 * 60, ALICE, IncidentEvent::AlertCleared { alert: alert() });
    let text = "update to customers was due".to_owned();
    journal.say(18 * 60, ALICE, IncidentEvent::ClockOverdue { clock: "update:customers:1".to_owned(), text });
    journal.say(19 * 60, ALICE, IncidentEvent::ExposuresFrozen { exposures: Vec::new() });
    journal.say(20 * 60, ALICE, IncidentEvent::RoleTaken { role: "commander".to_owned(), who: "alice".to_owned() });
    let expected = [ALICE, "probe", "alert", "alert", "clock", "probe", ALICE];

    let who = |table: &[Vec<String>]| table.iter().map(|row| row[1].clone()).collect::<Vec<_>>();
    let rendered = Rendered::of(&journal.with(Some(&pack()), markdown));
    assert_eq!(who(rendered.table(&TIMELINE)), expected);
    let key = Rendered::of(&journal.with(Some(&pack()), postmortem));
    assert!(who(key.table(&TIMELINE)).contains(&"probe".to_owned()));
    assert!(!key.table(&TIMELINE).iter().any(|row| row[3].contains("503") && row[1] != "probe"));
    let value: serde_json::Value = serde_json::from_str(&journal.with(None, json)).unwrap();
    let by: Vec<_> = value["timeline"].as_array().unwrap().iter().map(|entry| entry["by"].clone()).collect();
    assert_eq!(by, expected);
    let text = journal.with(None, csv);
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let by: Vec<_> = reader.records().map(|record| record.unwrap()[2].to_owned()).collect();
    assert_eq!(by[..expected.len()], expected);
    let page = journal.with(None, html).unwrap();
    let entry = page.find("503 Service Unavailable").unwrap();
    let row = &page[page[..entry].rfind("<tr").unwrap()..entry];
    assert!(row.contains("probe") && !row.contains("alice"), "{row}");
}

#[test]
fn every_format_has_the_checkpoint_of_each_log() {
    story().with(Some(&pack()), |source| {
        let formats = [
            ("markdown", markdown(source)),
            ("html", html(source).unwrap()),
            ("json", json(source)),
            ("csv", csv(source)),
            ("postmortem", postmortem(source)),
        ];
        for (format, text) in formats {
            for checkpoint in source.checkpoints {
                assert!(
                    text.contains(&checkpoint.hash.to_string()),
                    "{format} has no checkpoint of {}",
                    checkpoint.log
                );
            }
        }
        let text = csv(source);
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let head = reader.headers().unwrap().clone();
        let place = |name: &str| head.iter().position(|field| field == name).unwrap();
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        let found: Vec<String> = records
            .iter()
            .filter(|record| &record[place("category")] == "checkpoint")
            .map(|record| ["log", "line", "line_sha256"].map(|name| &record[place(name)]).join(":"))
            .collect();
        let expected: Vec<String> = source.checkpoints.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "as `incident verify --checkpoint` takes it");
    });
}
