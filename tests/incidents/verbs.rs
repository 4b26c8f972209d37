//! What people do to an incident on the command line, and what is refused.

use serde_json::Value;

use crate::lab::desk::{Desk, stderr, stdout};

pub(crate) const PLATFORM: &str = r#"
[[components]]
id = "database"
title = "Database"
rto = "4h"
rpo = "24h"

[[components]]
id = "web"
title = "Web"

[[severities]]
level = "P0"
title = "Everything is down"
respond_within = "15m"

[[severities]]
level = "P1"
title = "A part is down"

[[roles]]
id = "ic"
title = "Incident Commander"

[[contacts]]
id = "cto"
name = "Carol"

[[escalations]]
after = "30m"
to = "cto"
severities = ["P0"]

[[audiences]]
id = "customers"
title = "Customers"
severities = ["P0"]
first_within = "15m"
update_every = "30m"
"#;

pub(crate) fn desk() -> Desk {
    Desk::new("", "# A task\n\n## Steps\n\n### 1. Look\n```bash\necho looked\n```\n").with_pack(PLATFORM)
}

/// Declares an incident and gives its id.
pub(crate) fn declare(desk: &Desk) -> String {
    let output = desk.run(&[
        "incident",
        "declare",
        "--severity",
        "p0",
        "--title",
        "Portal is down",
        "--component",
        "database",
        "--detected",
        "10m",
        "--no-look",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    stdout(&output).trim().to_owned()
}

pub(crate) fn shown(desk: &Desk) -> Value {
    let output = desk.run(&["incident", "show", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn texts(shown: &Value) -> Vec<&str> {
    shown["timeline"].as_array().unwrap().iter().filter_map(|entry| entry["text"].as_str()).collect()
}

#[test]
fn an_incident_is_declared_driven_and_closed() {
    let desk = desk();
    let id = declare(&desk);
    assert!(id.starts_with("INC-"), "{id}");
    for words in [
        &["note", "checking", "the", "primary"][..],
        &["note", "--decision", "--author", "bob", "restore from the dump"],
        &["role", "ic", "alice"],
        &["severity", "P1", "--reason", "only writes fail"],
        &["phase", "identified"],
        &["impact", "users", "about 400"],
        &["affected", "database", "web"],
        &["escalate", "cto"],
        &["inform", "customers", "We are looking into it."],
        &["phase", "monitoring"],
        &["restored", "--at", "1m"],
        &["data-loss", "none"],
        &["todo", "--owner", "bob", "--due", "2027-01-15", "alert on lag"],
        &["phase", "resolved"],
    ] {
        let output = desk.run(&[&["incident"], words].concat());
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", stderr(&output));
    }
    let shown = shown_of(&desk, &id);
    assert_eq!((shown["severity"].as_str(), shown["phase"].as_str()), (Some("P1"), Some("resolved")));
    assert_eq!(shown["roles"][0]["who"], "alice");
    assert_eq!(shown["components"], serde_json::json!(["database", "web"]));
    let texts = texts(&shown);
    for wanted in [
        "declared P0: Portal is down",
        "checking the primary",
        "reclassified as P1: only writes fail",
        "escalated to cto",
        "service restored",
    ] {
        assert!(texts.iter().any(|text| text.starts_with(wanted)), "{wanted}: {texts:?}");
    }
    let decision = shown["timeline"].as_array().unwrap().iter().find(|entry| entry["category"] == "decision").unwrap();
    assert_eq!(decision["author"], "bob");
    // Nothing is open any more, so the incident has to be named; and a closed one is closed.
    let unnamed = desk.run(&["incident", "note", "late"]);
    assert_eq!(unnamed.status.code(), Some(64));
    assert!(stderr(&unnamed).contains("no incident is open"), "{}", stderr(&unnamed));
    let closed = desk.run(&["incident", "phase", "closed", "--incident", &id]);
    assert_eq!(closed.status.code(), Some(0), "{}", stderr(&closed));
    let reopened = desk.run(&["incident", "phase", "investigating", "--incident", &id]);
    assert!(stderr(&reopened).contains("takes a reason"), "{}", stderr(&reopened));
}

fn shown_of(desk: &Desk, id: &str) -> Value {
    let output = desk.run(&["incident", "show", id, "--json"]);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_does_not_fit_the_platform_or_the_incident_is_refused_in_one_sentence_and_writes_nothing() {
    let desk = desk();
    let nowhere = desk.run(&["incident", "declare", "--severity", "P9", "--title", "x"]);
    assert_eq!(nowhere.status.code(), Some(64));
    assert!(stderr(&nowhere).contains("severity P9"), "{}", stderr(&nowhere));
    assert!(stdout(&desk.run(&["incident", "list"])).contains("There is no incident"));
    declare(&desk);
    let before = shown(&desk)["timeline"].as_array().unwrap().len();
    for (words, sentence) in [
        (&["severity", "P0", "--reason", "x"][..], "is P0 already"),
        (&["severity", "P7", "--reason", "x"], "severity P7"),
        (&["severity", "P1", "--reason", " "], "a reason is needed"),
        (&["phase", "closed"], "resolve the incident before"),
        (&["role", "commander", "alice"], "role commander"),
        (&["role", "ic", "--release"], "nobody is ic"),
        (&["affected", "databse"], "did you mean database?"),
        (&["escalate", "ceo"], "escalation to ceo"),
        (&["inform", "press", "x"], "audience press"),
        (&["note", " "], "the text of a note is needed"),
        (&["note", "--at", "2999-01-01T00:00:00Z", "x"], "lies in the future"),
        (&["restored", "--at", "10h"], "before the incident was detected"),
        (&["todo", "--done", "nothing"], "no action item nothing"),
        (&["note", "--incident", "INC-1", "x"], "no incident INC-1"),
    ] {
        let output = desk.run(&[&["incident"], words].concat());
        assert_eq!(output.status.code(), Some(64), "{words:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(sentence), "{words:?}: {}", stderr(&output));
        assert_eq!(stderr(&output).trim().lines().count(), 1, "{}", stderr(&output));
    }
    let file = desk.path("written").display().to_string();
    for words in [
        &["incident", "note", "x"][..],
        &["incident", "declare", "--severity", "P1", "--title", "x"],
        &["incident", "second", "--agree", "a@b:1"],
        &["incident", "export", "-o", &file],
        &["incident", "export", "--bundle", "-o", &file],
        &["pack", "init", &file],
        &["runbook", "run", "task", "--incident", "INC"],
    ] {
        let read_only = desk.run(&[&["--read-only"], words].concat());
        assert_eq!(read_only.status.code(), Some(5), "{words:?}");
        assert!(stderr(&read_only).contains("this is --read-only"), "{words:?}: {}", stderr(&read_only));
    }
    assert!(!desk.path("written").exists());
    for words in [&["incident", "export"][..], &["incident", "second"], &["incident", "verify"], &["pack", "list"]] {
        assert_eq!(desk.run(&[&["--read-only"], words].concat()).status.code(), Some(0), "{words:?}");
    }
    assert_eq!(shown(&desk)["timeline"].as_array().unwrap().len(), before);
}

#[test]
fn a_correction_keeps_the_original_and_a_scribe_writes_of_earlier_times() {
    let desk = desk();
    declare(&desk);
    desk.run(&["incident", "note", "--at", "5m", "replica is at 40 s"]);
    let entry = shown(&desk)["timeline"].as_array().unwrap().last().unwrap().clone();
    assert!(entry["about"].is_string());
    let id = entry["id"].as_str().unwrap().to_owned();
    let corrected = desk.run(&["incident", "correct", &id, "replica is at 400 s"]);
    assert_eq!(corrected.status.code(), Some(0), "{}", stderr(&corrected));
    desk.run(&["incident", "key", &id]);
    let after = shown(&desk);
    let entry = after["timeline"].as_array().unwrap().iter().find(|entry| entry["id"] == id.as_str()).unwrap();
    assert_eq!(entry["text"], "replica is at 400 s");
    assert_eq!(entry["original"], "replica is at 40 s");
    assert_eq!(entry["key"], true);
}

#[test]
fn several_incidents_are_open_at_once_and_have_to_be_named() {
    let desk = desk();
    let (one, two) = (declare(&desk), declare(&desk));
    assert_ne!(one, two);
    let output = desk.run(&["incident", "note", "x"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).contains(&one) && stderr(&output).contains(&two), "{}", stderr(&output));
    let listed = stdout(&desk.run(&["incident", "list", "--json"]));
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 2);
}
