//! A database restore from the console leaves the same history as the same runbook without one.

use serde_json::Value;

use super::{choose, go_to, is_marked, pick, run, words};
use crate::lab::{self, Portal, Terminal, key};

const TITLE: &str = "Restore the portal database";

/// The console on the portal with the runbook open and its variables given.
fn console(portal: &Portal, rows: &str) -> Terminal {
    let terminal = portal.desk.options(&[]).size(160, 48).start();
    pick(&terminal, TITLE);
    go_to(&terminal, "Check the dump");
    terminal.keys(key::ENTER);
    terminal.wait_for("Dump to restore");
    terminal.keys(&portal.dump("portal.dump"));
    terminal.keys(key::ENTER);
    terminal.wait_for("2 of 2");
    terminal.keys(rows);
    terminal.keys(key::ENTER);
    terminal.wait_until_gone("2 of 2");
    // The form was opened by the step, which goes on with it.
    terminal.wait_for("run it");
    terminal.keys(key::ESCAPE);
    terminal.wait_until_gone("run it");
    terminal
}

/// A run's events without what differs from run to run: times, ids, durations, places of this portal, and what it took to be
/// let through.
fn history(portal: &Portal) -> Vec<Value> {
    let (port, folder) = (portal.server.port().to_string(), portal.desk.folder.path().display().to_string());
    let events = portal.desk.events();
    events.into_iter().map(|event| comparable(event, &port, &folder)).collect()
}

fn comparable(value: Value, port: &str, folder: &str) -> Value {
    const OF_THIS_RUN: [&str; 7] = ["at", "by", "run", "duration_ms", "sha256", "bytes", "confirmation"];
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(name, _)| !OF_THIS_RUN.contains(&name.as_str()))
            .map(|(name, value)| (name, comparable(value, port, folder)))
            .collect(),
        Value::Array(items) => items.into_iter().map(|item| comparable(item, port, folder)).collect(),
        Value::String(text) => text.replace(port, "PORT").replace(folder, "FOLDER").into(),
        other => other,
    }
}

fn arguments(portal: &Portal, rows: &str) -> Vec<String> {
    let dump = format!("DUMP={}", portal.dump("portal.dump"));
    let rows = format!("EXPECTED_ROWS={rows}");
    ["runbook", "run", "restore", "--var", &dump, "--var", &rows, "--confirm", "destructive"].map(str::to_owned).into()
}

#[test]
fn a_dump_is_restored_checked_and_swapped_in() {
    lab::require!(lab::POSTGRES);
    let portal = Portal::new();
    let terminal = console(&portal, "2");
    for step in ["Check the dump", "Restore into a new", "Swap", "Every customer is there"] {
        run(&terminal, step, "✔");
    }
    terminal.wait_for("This run is over: completed");
    assert_eq!(portal.customers("portal"), "a,b");
    assert_eq!(portal.customers("portal_old"), "a", "what was there before is kept");

    let headless = Portal::new();
    let arguments = arguments(&headless, "2");
    let output = headless.desk.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(0), "{}", lab::desk::stderr(&output));
    assert_eq!(history(&portal), history(&headless));
}

#[test]
fn a_failing_verification_leads_to_the_rollback() {
    lab::require!(lab::POSTGRES);
    let portal = Portal::new();
    let terminal = console(&portal, "3");
    for step in ["Check the dump", "Restore into a new", "Swap"] {
        run(&terminal, step, "✔");
    }
    run(&terminal, "Every customer is there", "✖");
    assert_eq!(portal.customers("portal"), "a,b");
    terminal.keys(key::ENTER);
    terminal.wait_for("The step failed: Every customer is there");
    terminal.wait_for("roll back everything");
    choose(&terminal, "roll back everything");
    terminal.wait_for("Rolling back");
    run(&terminal, "Swap back", "✔");
    terminal.wait_for("This run is over: rolled back");
    assert_eq!(portal.customers("portal"), "a", "as it was before");
    assert_eq!(portal.customers("portal_new"), "a,b");

    let headless = Portal::new();
    let arguments = arguments(&headless, "3");
    let mut shell = headless.desk.terminal(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    shell.wait_for("Every customer is there failed.");
    shell.keys("b\r");
    shell.wait_for("rolled back");
    assert_eq!(shell.exit().code(), Some(1));
    assert_eq!(history(&portal), history(&headless));
}

#[test]
fn a_truncated_dump_leaves_the_live_database_alone() {
    lab::require!(lab::POSTGRES);
    let portal = Portal::new();
    let dump = portal.desk.path("portal.dump");
    let whole = std::fs::read(&dump).unwrap();
    // The table of contents stands at the beginning, the data at the end.
    std::fs::write(&dump, &whole[..whole.len() - 8]).unwrap();
    let terminal = console(&portal, "2");
    run(&terminal, "Check the dump", "✔");
    run(&terminal, "Restore into a new", "✖");
    terminal.wait_for("The live database is untouched");
    assert_eq!(portal.customers("portal"), "a");
    // Nothing goes on by itself, and nothing past the failure by hand.
    go_to(&terminal, "Swap");
    terminal.keys(key::ENTER);
    terminal.wait_until("it is said what is in the way", |_| {
        words(&terminal).contains("Restore into a new database failed: retry it, skip it with a reason")
    });
    assert!(!is_marked(&terminal.contents(), "Swap", "✔"));
    assert_eq!(portal.customers("portal"), "a");
}
