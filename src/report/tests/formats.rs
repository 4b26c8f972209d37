//! What each format says of an ordinary incident.

use super::*;

#[test]
fn the_markdown_tells_the_incident_in_tables() {
    let text = story().with(Some(&pack()), markdown);
    let rendered = Rendered::of(&text);
    assert_eq!(rendered.headings[0], "INC-0042: Replica lag makes checkout answer 500");
    let facts = rendered.table(&["", ""]);
    let fact = |name: &str| facts.iter().find(|row| row[0] == name).unwrap()[1].as_str();
    assert_eq!(fact("Severity"), "P1 (High)");
    assert_eq!(fact("Phase"), "closed");
    assert_eq!(fact("Affected components"), "Database, Public API");
    assert_eq!(fact("Service restored"), "2026-01-21 04:03:00 UTC, 51 min after detection");
    assert_eq!(fact("Data loss"), "30 seconds of carts (30 s of writes)");

    let timeline = rendered.table(&["Time (UTC)", "Who", "Kind", "What"]);
    assert!(timeline.len() > 30, "{}", timeline.len());
    let said = |what: &str| timeline.iter().find(|row| row[3].contains(what)).unwrap_or_else(|| panic!("{what}"));
    assert_eq!(said("declared P1")[0], "03:14:00");
    let corrected = &said("The replica's disk is full")[3];
    assert!(
        corrected.contains("corrected 03:26:00 by bob@bastion-2; before: “The primary's disk is full”"),
        "{corrected}"
    );
    let first = &timeline[0];
    assert_eq!((first[0].as_str(), first[1].as_str()), ("03:13:00", "carol (written by bob@bastion-2)"));
    assert_eq!(first[3], "First customer called (written 03:27:00)");

    let steps = rendered.table(&["Time (UTC)", "Step", "Risk", "Who", "Took", "Result", "Notes"]);
    let step = |name: &str| steps.iter().find(|row| row[1] == name).unwrap();
    assert_eq!(step("2 Drop the slot")[4..], ["1 min 35 s", "failed with exit code 3", "second person: bob"]);
    assert_eq!(step("3 Restart the replica")[4..6], ["4 min", "succeeded"]);
    assert_eq!(step("2 Drop the slot, undo")[5], "succeeded");
    assert_eq!(said("failed after")[3], "2 Drop the slot failed after 95.0 s with exit code 3");
    assert!(rendered.text.contains("psql -c 'select 2160 | 1'"));

    let checkpoints = rendered.table(&["Log", "Line", "SHA-256"]);
    assert_eq!(checkpoints.len(), 2);
    assert_eq!(checkpoints[0][0], "alice@bastion-1");
}

#[test]
fn dates_stand_where_the_incident_lasts_over_midnight() {
    let mut journal = story();
    journal.note(86_400, NoteKind::Note, "the day after");
    let text = journal.with(None, markdown);
    let rendered = Rendered::of(&text);
    let timeline = rendered.table(&["Time (UTC)", "Who", "Kind", "What"]);
    assert_eq!(timeline[0][0], "2026-01-21 03:13:00");
    assert_eq!(timeline.last().unwrap()[0], "2026-01-22 03:00:00");
}

#[test]
fn the_json_holds_every_event_as_it_is_in_the_journal() {
    let mut journal = story();
    journal.write(
        80 * 60,
        "alice@bastion-1",
        &serde_json::json!({"type": "of_later", "version": 7, "big": 12345678901234567890_u64}),
    );
    journal.with(Some(&pack()), |source| {
        let text = json(source);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["version"], JSON_VERSION);
        assert_eq!(value["incident"], "INC-0042");
        let events = value["events"].as_array().unwrap();
        assert_eq!(events.len(), source.items.len());
        for (event, item) in events.iter().zip(source.items) {
            assert_eq!(event["event"], item.entry.value());
            assert_eq!(event["hash"], item.entry.hash.to_string());
        }
        assert!(text.contains(r#"{"type":"of_later","version":7,"big":12345678901234567890}"#));
        assert_eq!(value["checkpoints"].as_array().unwrap().len(), 2);
        let metrics = &value["summary"]["metrics"];
        assert_eq!(metrics["acknowledge_seconds"], 120.0);
        assert_eq!(metrics["identify_seconds"], 18.0 * 60.0);
        assert_eq!(metrics["restore_seconds"], 51.0 * 60.0);
        assert_eq!(metrics["resolve_seconds"], 58.0 * 60.0);
        assert_eq!(value["summary"]["recovery"][1]["rto_met"], false);
        assert_eq!(value["summary"]["phase"], "closed");
    });
}

#[test]
fn the_csv_is_one_record_for_each_entry() {
    story().with(None, |source| {
        let text = csv(source);
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let head = reader.headers().unwrap().clone();
        let place = |name: &str| head.iter().position(|field| field == name).unwrap();
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), source.timeline.len() + source.checkpoints.len());
        let fixed = records.iter().find(|record| &record[place("text")] == "The replica's disk is full").unwrap();
        assert_eq!(&fixed[place("original_text")], "The primary's disk is full");
        assert_eq!(&fixed[place("corrected_by")], "bob@bastion-2");
        assert_eq!(&records[0][place("time_utc")], "2026-01-21T03:13:00Z");
        assert_eq!(&records[0][place("written_at_utc")], "2026-01-21T03:27:00Z");
        assert!(text.lines().count() > records.len() && text.contains("\r\n"));
    });
}

#[test]
fn the_page_shows_tiles_bands_and_folded_outputs() {
    let page = story().with(Some(&pack()), html).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>"), "{}", &page[..60]);
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
    assert!(page.contains("<p class=\"value\">51 min</p><p class=\"name\">Time to restore</p>"));
    assert!(page.contains("<rect class=\"band down\""));
    assert!(page.contains("down from 03:15:00 to 03:56:00 (41 min): 12.4 % of requests fail"));
    assert!(page.contains("<details><summary>Output ("));
    assert!(page.contains("ERROR: slot &quot;r1&quot; is active"), "the output stands in it, escaped");
    assert!(page.contains("@media print") && page.contains("prefers-color-scheme: dark"));
}

#[test]
fn the_same_journal_gives_the_same_bytes() {
    let render =
        |source: &Source<'_>| [markdown(source), html(source).unwrap(), json(source), csv(source), postmortem(source)];
    assert_eq!(story().with(Some(&pack()), render), story().with(Some(&pack()), render));
}

#[test]
fn nothing_is_needed_but_a_journal() {
    let nothing = Journal::default();
    let mut begun = Journal::default();
    begun.say(14 * 60, "alice@bastion-1", declared("Only declared"));
    for journal in [&nothing, &begun] {
        journal.with(None, |source| {
            assert!(!markdown(source).is_empty() && !csv(source).is_empty() && !postmortem(source).is_empty());
            html(source).unwrap();
            serde_json::from_str::<serde_json::Value>(&json(source)).unwrap();
        });
    }
    let draft = begun.with(None, postmortem);
    assert!(draft.contains("not resolved yet"), "{draft}");
}

#[test]
fn a_line_that_does_not_fit_its_log_is_shown_as_such_and_counts_for_nothing() {
    let mut journal = story();
    journal.say(90 * 60, "bob@bastion-2", IncidentEvent::Retitled { title: "Nothing happened".to_owned() });
    let forged = journal.items.pop().unwrap();
    journal.items.push(Arc::new(Item { intact: false, ..(*forged).clone() }));
    let rendered = Rendered::of(&journal.with(None, markdown));
    assert!(rendered.headings[0].ends_with("Replica lag makes checkout answer 500"));
    let facts = rendered.table(&["", ""]);
    assert!(
        facts.contains(&vec!["Journal".to_owned(), "1 line does not fit the log and changed nothing here".to_owned()])
    );
    let timeline = rendered.table(&["Time (UTC)", "Who", "Kind", "What"]);
    assert!(timeline.last().unwrap()[3].contains("NOT INTACT"));
    let page = journal.with(None, html).unwrap();
    assert!(page.contains("not intact: this line does not fit its log"));
}

#[test]
fn times_at_the_ends_of_the_calendar_are_only_times() {
    for detected_at in [Timestamp::MIN, Timestamp::MAX] {
        let mut journal = Journal::default();
        let mut event = declared("Typed wrong");
        if let IncidentEvent::Declared { detected_at: at, exposures, .. } = &mut event {
            *at = detected_at;
            exposures[0].recovery_point = Some(Timestamp::MAX);
            exposures[0].rpo_seconds = Some(u64::MAX);
        }
        journal.say(14 * 60, "alice@bastion-1", event);
        journal.probe(15 * 60, "api", Status::Ok, Status::Down, "gone");
        journal.say(16 * 60, "alice@bastion-1", IncidentEvent::ServiceRestored { at: Timestamp::MIN });
        let told = IncidentEvent::Escalated { to: "cto".to_owned(), after_seconds: u64::MAX, dismissed_because: None };
        journal.say(17 * 60, "alice@bastion-1", told);
        journal.phase(20 * 60, Phase::Resolved);
        journal.with(Some(&pack()), |source| {
            assert!(!markdown(source).is_empty() && !csv(source).is_empty() && !postmortem(source).is_empty());
            html(source).unwrap();
            serde_json::from_str::<serde_json::Value>(&json(source)).unwrap();
        });
    }
}
