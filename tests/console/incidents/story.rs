//! An incident from beginning to end, on real servers: a replica falls behind, customers get errors, people mend it, and the
//! post-mortem tells of it.

use std::time::Duration;

use super::Sheet;
use crate::{
    hands::{agree, choose, go_to, is_marked, run},
    lab::{self, Outage, Terminal, desk::stdout, key},
};

/// How long the servers may take to fall behind, or to be seen well again.
const LONG: Duration = Duration::from_secs(60);

const RUNBOOK: &str = "The replica falls behind";

#[test]
fn a_replica_falls_behind_and_the_postmortem_tells_of_it() {
    lab::require!(lab::POSTGRES);
    let outage = Outage::start();
    let terminal = outage.desk.options(&[]).size(160, 48).start();
    all_is_well(&terminal);

    outage.begin();
    alert_is_offered(&terminal);
    declare(&terminal);
    mend(&outage, &terminal);
    all_is_well(&terminal);
    tell(&terminal);
    resolve(&terminal);
    terminal.keys("q");

    let id = incident(&outage);
    let shown = said(&outage, &["incident", "show", &id]);
    holds(&shown, &["The replica lags and orders fail", "resolved", "service restored", "is rolled back", "alice"]);
    postmortem(&outage, &id);
    exports(&outage, &id);
}

/// Waits until every panel is ok.
fn all_is_well(terminal: &Terminal) {
    terminal.wait_within(LONG, "every panel is ok", |screen| {
        ["Replication", "Error rate", "Backups"].iter().all(|panel| says(screen, panel, "ok"))
    });
}

/// True when the panel's row has the word.
fn says(screen: &str, panel: &str, word: &str) -> bool {
    // The first pane from the left, without its frame.
    let mut health = screen.lines().filter_map(|line| line.strip_prefix('│')?.split('│').next());
    health.find(|row| row.contains(panel)).is_some_and(|row| row.split_whitespace().any(|found| found == word))
}

/// The panels and the banner show what is wrong, and what to do.
fn alert_is_offered(terminal: &Terminal) {
    terminal.wait_within(LONG, "the alert is offered", |screen| {
        screen.contains("P1 replica-lag since") && screen.contains("D declare")
    });
    terminal.wait_for("runbook replica-lag");
    terminal.wait_for("replica-lag fires now and calls for replica-lag.");
    terminal.wait_until("the panels are down", |screen| {
        says(screen, "Replication", "down") && says(screen, "Error rate", "down")
    });
}

/// Declares it from the alert, which fills the sheet in.
fn declare(terminal: &Terminal) {
    terminal.keys("D");
    let sheet = Sheet::wait(terminal, "Declare an incident");
    terminal.wait_for("Filled in from the alert replica-lag (P1).");
    assert_eq!(sheet.said("Title"), "The replica lags and orders fail");
    assert!(sheet.said("Detected").ends_with('Z'), "since the alert holds");
    sheet.tick("Customers see errors when they order");
    assert!(sheet.said("Severity").contains("P1"));
    sheet.go_to("Orders database");
    assert!(sheet.row().starts_with("[x]"), "what is down is affected");
    sheet.go_to("Web shop");
    assert!(sheet.row().starts_with("[x]"), "what is down is affected");
    sheet.submit();
    terminal.wait_until("the top bar has it", |screen| {
        let bar = screen.lines().next().unwrap_or_default();
        ["P1", "INC-", "T+", "investigating", "The replica lags"].iter().all(|wanted| bar.contains(wanted))
    });
    terminal.wait_for("RTO shop");
    terminal.wait_for("update to customers");
    terminal.wait_for("╭ Timeline");
    terminal.wait_for("declared P1: The replica lags");
}

/// Goes through the runbook: three steps with their confirmations, one of which fails and is rolled back, and the right one.
fn mend(outage: &Outage, terminal: &Terminal) {
    terminal.keys("o");
    terminal.wait_for(RUNBOOK);
    terminal.keys(key::ENTER);
    terminal.wait_for(&format!("Runbook ▸ {RUNBOOK}"));
    run(terminal, "Look at the replica", "✔");
    terminal.wait_for("replay is paused");
    run(terminal, "End long queries", "✔");

    run(terminal, "Send the reads", "✖");
    assert_eq!(outage.reads_from(), "primary", "it failed half way");
    terminal.keys(key::ENTER);
    terminal.wait_for("The step failed: Send the reads to the primary");
    choose(terminal, "roll back the step");
    agree(terminal);
    terminal.wait_until("it is rolled back", |screen| is_marked(screen, "Send the reads", "↶"));
    assert_eq!(outage.reads_from(), "replica");
    terminal.wait_for("is rolled back");
    // Nothing after it runs before somebody says why it does without.
    terminal.keys("s");
    terminal.wait_for("Skip the step");
    terminal.keys("the primary has no room for reads");
    terminal.keys(key::ENTER);
    terminal.wait_until("it is left out", |screen| is_marked(screen, "Send the reads", "–"));

    go_to(terminal, "Let the replica replay");
    terminal.keys(key::ENTER);
    terminal.wait_for(&format!("Type {}/postgres to run this. It cannot be taken back", outage.replica.address()));
    agree(terminal);
    terminal.wait_until("replay goes on", |screen| is_marked(screen, "Let the replica replay", "✔"));

    for check in ["The replica has caught up", "Customers can order"] {
        go_to(terminal, check);
        terminal.keys(key::ENTER);
        agree(terminal);
        terminal.wait_within(LONG, &format!("{check} has passed"), |screen| is_marked(screen, check, "✔"));
    }
    terminal.wait_for("This run is over: completed");
    assert!(outage.can_order());
}

/// What people say while it goes on: who leads, what was found and decided, who was told.
fn tell(terminal: &Terminal) {
    Sheet::from_menu(terminal, "role", "Role").choose("Role", "Incident Commander").fill("Who", "alice").submit();
    terminal.wait_for("IC alice");
    Sheet::from_menu(terminal, "phase", "Phase").choose("Phase", "identified").submit();
    terminal.keys("a");
    Sheet::wait(terminal, "Write down")
        .fill("Text", "replay was paused for a report, and forgotten")
        .choose("Kind", "finding")
        .submit();
    Sheet::from_menu(terminal, "impact", "Impact")
        .choose("Impact on", "users affected")
        .fill("What", "everybody who ordered")
        .submit();
    Sheet::from_menu(terminal, "informed", "An audience was informed")
        .choose("Audience", "Customers")
        .fill("Told", "Ordering works again; we watch it")
        .submit();
    Sheet::from_menu(terminal, "escalate", "Escalation")
        .choose("Told", "cto")
        .fill("Not told", "over before it was due")
        .submit();
}

/// Ends it.
fn resolve(terminal: &Terminal) {
    Sheet::from_menu(terminal, "restored", "Service restored").submit();
    Sheet::from_menu(terminal, "data loss", "Data loss").fill("What is lost", "nothing").submit();
    let to_do = Sheet::from_menu(terminal, "to do", "To do");
    to_do.fill("What", "Alert on paused replay").fill("Who", "dave").fill("Until", "soon");
    to_do.submit_in_vain("is no date");
    to_do.fill("Until", "2027-01-31").submit();
    terminal.keys("P");
    Sheet::wait(terminal, "Phase").choose("Phase", "resolved").submit();
    terminal.wait_until("the top bar says that it is over", |screen| {
        screen.lines().next().unwrap_or_default().contains("resolved")
    });
}

/// The id of the only incident there is.
fn incident(outage: &Outage) -> String {
    let folder = outage.desk.path("data/incidents");
    let mut found = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let id = found.next().unwrap().to_string_lossy().into_owned();
    assert!(found.next().is_none());
    id
}

/// What a command prints, when it succeeds.
fn said(outage: &Outage, arguments: &[&str]) -> String {
    let output = outage.desk.run(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", lab::desk::stderr(&output));
    stdout(&output)
}

/// The draft has everything that a machine can know, and asks for the rest.
fn postmortem(outage: &Outage, id: &str) {
    let text = said(outage, &["incident", "export", id, "--format", "postmortem"]);
    holds(
        &text,
        &[
            "# Post-Mortem: The replica lags and orders fail",
            &format!("**Incident:** {id}"),
            "**Severity:** P1 (High)",
            "**Affected components:** Orders database, Web shop",
            "; service restored after ",
            "**Detection to restored:** ",
            "| Incident declared |",
            "| Root cause identified |",
            "| Service restored |",
            "| Incident resolved |",
        ],
    );
    // What happened by itself.
    holds(
        &text,
        &["replication down: replay is paused on", "errors down: ", "alert P1: The replica lags and orders fail"],
    );
    holds(&text, &["**Declared from:** alert replica-lag", "**First probe that was not well:** "]);
    // What was run, and how it went.
    for (step, risk, result) in [
        ("1 Look at the replica", "read", "succeeded"),
        ("2 End long queries on the replica", "change", "succeeded"),
        ("3 Send the reads to the primary", "change", "failed with exit code 22"),
        ("3 Send the reads to the primary, undo", "change", "succeeded"),
        ("3 Send the reads to the primary", "", "skipped: the primary has no room for reads"),
        ("4 Let the replica replay", "destructive", "succeeded"),
        ("5 The replica has caught up", "read", "succeeded"),
        ("6 Customers can order", "read", "succeeded"),
    ] {
        assert!(rows(&text, 1, step).any(|row| row[2] == risk && row[5] == result), "{step} {result}: {text}");
    }
    holds(
        &text,
        &["3 Send the reads to the primary is rolled back", "**Step failed:** 3 Send the reads to the primary"],
    );
    assert!(rows(&text, 0, "1 Look at the replica").any(|row| row[2] == "1 min"), "against the estimate: {text}");
    assert!(rows(&text, 0, "The whole run").any(|row| row[2] == "10 min"), "against the estimate: {text}");
    // Objectives against actual.
    let recovered = |component, rto, met| rows(&text, 0, component).any(|row| row[1] == rto && row[3] == met);
    assert!(recovered("Orders database", "1 h", "met") && recovered("Web shop", "30 min", "met"), "{text}");
    assert!(rows(&text, 0, "Orders database").any(|row| row[4] == "4 h" && row[6] == "met"), "{text}");
    // What people said.
    holds(
        &text,
        &[
            "**Users Affected:** everybody who ordered",
            "**Data Loss:** nothing",
            "replay was paused for a report, and forgotten",
            "| Incident Commander | alice |",
            "customers informed by status page: Ordering works again; we watch it",
            "over before it was due",
            "| Alert on paused replay | dave | 2027-01-31 | open |",
        ],
    );
    assert!(rows(&text, 0, "Customers").any(|row| row[4] == "1 on time"), "{text}");
    // What only people can write.
    for heading in ["Executive Summary", "Root Cause", "Detection", "What Went Well", "Lessons Learned", "Prevention"] {
        let section = text.split(&format!("\n## {heading}\n")).nth(1).expect(heading);
        let section = section.split("\n## ").next().unwrap_or_default();
        assert!(section.contains("_To be written: "), "{heading} asks for nothing: {section}");
    }
}

/// Every other export has the story too, and the journal is whole.
fn exports(outage: &Outage, id: &str) {
    for format in ["md", "html", "json", "csv"] {
        let text = said(outage, &["incident", "export", id, "--format", format]);
        holds(
            &text,
            &["The replica lags and orders fail", "Send the reads to the primary", "alice", "Alert on paused replay"],
        );
        holds(&text, &["replay was paused for a report, and forgotten", "failed after", "status page"]);
    }
    // It was down before there was an incident.
    let states = rows_of_probe(&said(outage, &["incident", "export", id, "--format", "md"]), "replication");
    assert!(
        states.len() >= 2
            && states[0].contains("down")
            && states[0].contains("(written ")
            && states[states.len() - 1].contains("ok"),
        "{states:?}"
    );
    said(outage, &["incident", "verify", id]);
}

/// Lines of the timeline on which a probe changes.
fn rows_of_probe(text: &str, probe: &str) -> Vec<String> {
    let row = |line: &&str| line.contains("| health |") && line.contains(&format!("{probe} "));
    text.lines().filter(row).map(str::to_owned).collect()
}

#[track_caller]
fn holds(text: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(text.contains(wanted), "no {wanted:?} in\n{text}");
    }
}

/// The rows of Markdown tables as their cells.
fn cells(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.map(|row| row.split(" | ").map(str::trim).collect())
}

/// Rows of which the cell in that column is this one.
fn rows<'t>(text: &'t str, column: usize, cell: &str) -> impl Iterator<Item = Vec<&'t str>> {
    cells(text).filter(move |row| row.len() > 4 && row[column] == cell)
}
