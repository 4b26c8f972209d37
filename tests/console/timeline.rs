//! The Timeline pane: what is written stands there, and is filtered, marked, corrected and opened.

use crate::lab::{Desk, desk::stderr, key};

fn incident(desk: &Desk, arguments: &[&str]) -> String {
    let output = desk.run(&[&["incident"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_entry_is_written_filtered_marked_corrected_and_opened() {
    let desk = Desk::new("", "# A task\n\n## Steps\n\n### 1. Look\n```bash\necho looked\n```\n");
    let words = ["declare", "--severity", "P1", "--title", "Portal is down", "--no-look"];
    let id = incident(&desk, &words).trim().to_owned();
    incident(&desk, &["note", "customers", "call"]);
    let terminal = desk.options(&[]).size(120, 40).start();
    terminal.wait_for("An incident is open");
    terminal.keys("j");
    terminal.keys("k");
    terminal.keys(key::ENTER);
    terminal.wait_for("customers call");
    terminal.wait_for("declared P1: Portal is down");

    terminal.keys("a");
    terminal.wait_for("Write down");
    terminal.keys("the disk is full");
    terminal.keys("\u{13}");
    terminal.wait_until_gone("Write down");
    terminal.wait_for("the disk is full");

    terminal.keys("/");
    terminal.keys("customers");
    terminal.keys(key::ENTER);
    terminal.wait_until_gone("the disk is full");
    terminal.wait_for("\"customers\"");
    terminal.keys(key::ESCAPE);
    terminal.wait_for("the disk is full");

    terminal.keys("g");
    terminal.keys("m");
    terminal.wait_until("the entry is marked", |screen| {
        screen.lines().any(|line| line.contains('★') && line.contains("the disk is full"))
    });
    terminal.keys("E");
    terminal.wait_for("Correct an entry");
    terminal.keys(" of logs");
    terminal.keys(key::ENTER);
    terminal.wait_for("the disk is full of logs (corrected)");
    terminal.keys(key::ENTER);
    terminal.wait_for("At first it said");
    terminal.wait_for("hash");
    terminal.keys(key::ESCAPE);
    terminal.wait_until_gone("At first it said");

    let shown = incident(&desk, &["show"]);
    assert!(shown.contains("the disk is full of logs"), "{shown}");
    let exported = incident(&desk, &["export", "--format", "json", &id]);
    let exported: serde_json::Value = serde_json::from_str(&exported).unwrap();
    let entries = exported["timeline"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry.to_string().contains("the disk is full of logs")).unwrap();
    assert_eq!(entry["key"], true, "{entry}");
}

#[test]
fn a_console_that_looks_on_marks_and_corrects_nothing() {
    let desk = Desk::new("", "# A task\n\n## Steps\n\n### 1. Look\n```bash\necho looked\n```\n");
    incident(&desk, &["declare", "--severity", "P1", "--title", "Portal is down", "--no-look"]);
    let terminal = desk.options(&["--read-only"]).size(80, 24).start();
    terminal.wait_for("An incident is open");
    terminal.keys(key::ENTER);
    terminal.wait_for("2 Timeline");
    terminal.wait_for("declared P1");
    terminal.keys("m");
    terminal.wait_for("this console is read-only");
    terminal.keys("E");
    terminal.keys("*");
    terminal.wait_for(" key ");
    assert!(!terminal.contents().contains("Correct an entry"));
}
