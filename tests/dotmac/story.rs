//! An incident from beginning to end: the database's connections run out, customers get errors, people mend it, and the
//! post-mortem tells of it.

use std::time::Duration;

use crate::{
    hands::{agree, choose, go_to, is_marked, run, selection, soon},
    lab::{Terminal, key},
    sheet::Sheet,
    stage::{DotMac, Part, Saturation},
};

/// How long the servers may take to be seen unwell, or well again.
const LONG: Duration = Duration::from_secs(60);

const ALERT: &str = "Database connection issues";
const RUNBOOK: &str = "Free the database's connections";
const KEEP: &str = "Keep it from coming back";
/// Lists what a variable may be.
const CTRL_L: &str = "\x0c";
const RESTART: &str = "Restart the portal's pods one after the other";

#[test]
fn the_connections_run_out_and_the_postmortem_tells_of_it() {
    let parts = [Part::Cluster, Part::Database, Part::Standby, Part::Redis, Part::Portal, Part::Vendors];
    let Some(dotmac) = DotMac::start(&parts) else { return };
    let dotmac = ready(dotmac);
    let terminal = dotmac.program(&[]).size(160, 60).start();
    all_is_well(&terminal);

    let saturation = Saturation::begin(&dotmac);
    alert_is_offered(&terminal);
    declare(&terminal);
    mend(&dotmac, &terminal);
    drop(saturation);
    terminal.wait_within(LONG, "the portal is well again", |screen| {
        ["Connection pool", "Portal", "Database"].iter().all(|panel| !says(screen, panel, "down"))
    });
    tell(&terminal);
    resolve(&terminal);
    terminal.keys("q");

    let id = incident(&dotmac);
    let shown = dotmac.said(&["incident", "show", &id]);
    holds(&shown, &[ALERT, "resolved", "service restored", "is rolled back", "root"]);
    postmortem(&dotmac, &id);
    exports(&dotmac, &id);
}

/// A copy of the pack whose environment knows where everything is, with a dump of an hour ago, and all measures.
fn ready(dotmac: DotMac) -> DotMac {
    dotmac.database("portal").back_up(&dotmac.path("backups/portal.dump"), 60);
    dotmac.portal().measure();
    let (health, server, evidence) = (dotmac.portal().health(), dotmac.db_server(), dotmac.at("evidence"));
    dotmac.with_var("DB_SERVER", &server).with_var("PORTAL_HEALTH", &health).with_var("EVIDENCE", &evidence)
}

/// Waits until nothing is down or unknown.
fn all_is_well(terminal: &Terminal) {
    terminal.wait_within(LONG, "no panel is down or unknown", |screen| {
        let bar = screen.lines().next().unwrap_or_default();
        bar.contains(" ok ") && !bar.contains("down") && !bar.contains("unknown")
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
        screen.contains("P1 pool-saturated since") && screen.contains("D declare")
    });
    terminal.wait_for("runbook pool-saturation");
    terminal.wait_within(LONG, "the panels are down", |screen| {
        ["Connection pool", "Error rate", "Portal"].iter().all(|panel| says(screen, panel, "down"))
    });
}

/// Chooses an alternative.
fn take(terminal: &Terminal, key: &str) {
    go_to(terminal, &format!(" {key}: "));
    terminal.keys(key::ENTER);
    terminal.wait_for("Which way?");
    choose(terminal, key);
    terminal.wait_until(&format!("{key} is chosen"), |screen| screen.contains(&format!("◉ {key}")));
}

/// Runs the two actions of a step, one after the other.
fn run_both(terminal: &Terminal, step: &str, first: &str, second: &str) {
    go_to(terminal, step);
    run(terminal, first, "✔");
    go_to(terminal, second);
    terminal.keys(key::ENTER);
    agree(terminal);
    terminal.wait_until(&format!("{second} has run"), |screen| {
        is_marked(screen, step, "✔") || is_marked(screen, second, "✔")
    });
}

/// Ticks the checks of a step, known by how they begin.
fn tick(terminal: &Terminal, step: &str, checks: [&str; 2]) {
    go_to(terminal, step);
    terminal.keys(" ");
    for check in checks {
        terminal.wait_until(&format!("{check} is selected"), |_| selection(terminal).1.contains(check));
        terminal.keys(" ");
        terminal.wait_until(&format!("{check} is ticked"), |screen| is_marked(screen, check, "✔"));
    }
}

/// Declares it from the alert, which fills the sheet in.
fn declare(terminal: &Terminal) {
    terminal.keys("D");
    let sheet = Sheet::wait(terminal, "Declare an incident");
    terminal.wait_for("Filled in from the alert pool-saturated (P1).");
    assert_eq!(sheet.said("Title"), ALERT);
    assert!(sheet.said("Detected").ends_with('Z'), "since the alert holds");
    sheet.tick("Critical functionality unavailable");
    assert!(sheet.said("Severity").contains("P1"));
    sheet.go_to("Customer portal database");
    assert!(sheet.row().starts_with("[x]"), "what is down is affected");
    sheet.go_to("Customer portal and API");
    assert!(sheet.row().starts_with("[x]"), "what is down is affected");
    sheet.submit();
    terminal.wait_until("the top bar has it", |screen| {
        let bar = screen.lines().next().unwrap_or_default();
        ["P1", "INC-", "T+", "investigating", ALERT].iter().all(|wanted| bar.contains(wanted))
    });
    terminal.wait_for("RTO database");
    terminal.wait_for("╭ Timeline");
    terminal.wait_for("declared P1: Database connection issues");
}

/// Goes through the runbook: who holds the connections, a restart that does not help and is rolled back, and what does.
fn mend(dotmac: &DotMac, terminal: &Terminal) {
    terminal.keys("o");
    terminal.wait_for(RUNBOOK);
    terminal.keys(key::ENTER);
    terminal.wait_for(&format!("Runbook ▸ {RUNBOOK}"));
    run(terminal, "The server answers, and is the primary", "✔");
    run_both(terminal, "Who holds the connections", "By client and state", "In numbers");
    run_both(terminal, "Who makes others wait", "Sessions that wait", "The oldest transactions");
    tick(terminal, "Who makes others wait", ["The longest transactions", "Backups"]);
    terminal.wait_until("its checks end the step", |screen| is_marked(screen, "Who makes others wait", "✔"));
    run(terminal, "Keep what the pods say", "✔");

    // New pods do not get ready.
    dotmac.cluster().fill_nodes();
    take(terminal, "C");
    run(terminal, "Restart the portal's pods", "✖");
    assert_eq!(dotmac.cluster().revision(), 2, "it failed half way");
    terminal.keys(key::ENTER);
    terminal.wait_for("The step failed: Restart the portal's pods");
    dotmac.cluster().free_nodes();
    choose(terminal, "roll back the step");
    agree(terminal);
    terminal.wait_until("it is rolled back", |screen| is_marked(screen, "Restart the portal", "↶"));
    assert_eq!(dotmac.cluster().revision(), 3, "the first one again");

    take(terminal, "B");
    choose_blocker(terminal);
    go_to(terminal, "☐ End one session");
    terminal.keys(key::ENTER);
    terminal.wait_for(" to run this.");
    agree(terminal);
    terminal.wait_until("the migration's session is ended", |screen| is_marked(screen, "End one session", "✔"));

    tick(terminal, KEEP, ["idle_in_transaction_session_timeout", "Pools times replicas"]);
    terminal.wait_until("the step is selected", |_| selection(terminal).1.contains(KEEP));
    terminal.keys(" ");
    terminal.wait_until("it is done", |screen| is_marked(screen, KEEP, "✔"));
    for check in ["Connections are free again", "The portal answers"] {
        go_to(terminal, check);
        terminal.keys(key::ENTER);
        agree(terminal);
        terminal.wait_within(LONG, &format!("{check} has passed"), |screen| is_marked(screen, check, "✔"));
    }
    terminal.wait_for("This run is over: completed");
}

/// Fills in whose session is to be ended: the program lists those for whom others wait.
fn choose_blocker(terminal: &Terminal) {
    terminal.keys("e");
    terminal.wait_for("Variables of");
    while !terminal.contents().contains("6 of 9") {
        terminal.keys(key::TAB);
        soon(|| terminal.contents().contains("6 of 9"));
    }
    terminal.keys(CTRL_L);
    terminal.wait_for("down choices");
    terminal.keys(key::DOWN);
    terminal.wait_for("▸ ");
    while terminal.contents().contains("Variables of") {
        let before = terminal.contents();
        terminal.keys(key::ENTER);
        soon(|| terminal.contents() != before);
    }
}

/// What people say while it goes on: who leads, what was found and decided, who was told.
fn tell(terminal: &Terminal) {
    Sheet::from_menu(terminal, "role", "Role").choose("Role", "Incident Commander").fill("Who", "alice").submit();
    terminal.wait_for("IC alice");
    Sheet::from_menu(terminal, "phase", "Phase").choose("Phase", "identified").submit();
    terminal.keys("a");
    Sheet::wait(terminal, "Write down")
        .fill("Text", "a migration holds a lock on the customers since noon")
        .choose("Kind", "finding")
        .submit();
    Sheet::from_menu(terminal, "impact", "Impact")
        .choose("Impact on", "users affected")
        .fill("What", "everybody who was signed in")
        .submit();
    Sheet::from_menu(terminal, "informed", "An audience was informed")
        .choose("Audience", "Customers")
        .fill("Told", "The portal works again; we watch it")
        .submit();
    Sheet::from_menu(terminal, "escalate", "Escalation")
        .choose("Told", "engineering-manager")
        .fill("Not told", "over before it was due")
        .submit();
}

/// Ends it.
fn resolve(terminal: &Terminal) {
    Sheet::from_menu(terminal, "restored", "Service restored").submit();
    Sheet::from_menu(terminal, "data loss", "Data loss").fill("What is lost", "nothing").submit();
    let to_do = Sheet::from_menu(terminal, "to do", "To do");
    to_do.fill("What", "Give migrations a lock_timeout").fill("Who", "dave").fill("Until", "soon");
    to_do.submit_in_vain("is no date");
    to_do.fill("Until", "2027-01-31").submit();
    terminal.keys("P");
    Sheet::wait(terminal, "Phase").choose("Phase", "resolved").submit();
    terminal.wait_until("the top bar says that it is over", |screen| {
        screen.lines().next().unwrap_or_default().contains("resolved")
    });
}

/// The id of the only incident there is.
fn incident(dotmac: &DotMac) -> String {
    let folder = dotmac.path("data/incidents");
    let mut found = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let id = found.next().unwrap().to_string_lossy().into_owned();
    assert!(found.next().is_none());
    id
}

/// The draft has everything that a machine can know, and asks for the rest.
fn postmortem(dotmac: &DotMac, id: &str) {
    let text = dotmac.said(&["incident", "export", id, "--format", "postmortem"]);
    holds(
        &text,
        &[
            "# Post-Mortem: Database connection issues",
            &format!("**Incident:** {id}"),
            "**Severity:** P1 (High)",
            "**Affected components:** Customer portal database, Customer portal and API",
            "; service restored after ",
            "**Detection to restored:** ",
            "| Incident declared |",
            "| Root cause identified |",
            "| Service restored |",
            "| Incident resolved |",
        ],
    );
    // What happened by itself.
    holds(&text, &["pool down: primary, ", "error_rate down: ", "alert P1: Database connection issues"]);
    holds(&text, &["**Declared from:** alert pool-saturated", "**First probe that was not well:** "]);
    // What was run, and how it went.
    for (step, risk, result) in [
        ("1 Who holds the connections, action 1 of 2", "read", "succeeded"),
        ("3 Keep what the pods say", "read", "succeeded"),
        (RESTART, "change", "failed with exit code 1"),
        (&format!("{RESTART}, undo"), "change", "succeeded"),
        ("End one session that others wait for", "destructive", "succeeded"),
        ("1 Connections are free again", "read", "succeeded"),
        ("2 The portal answers", "read", "succeeded"),
    ] {
        assert!(rows(&text, 1, step).any(|row| row[2] == risk && row[5] == result), "{step} {result}: {text}");
    }
    holds(&text, &[&format!("{RESTART} is rolled back"), &format!("**Step failed:** {RESTART}")]);
    assert!(rows(&text, 0, "The whole run").any(|row| row[2] == "30 min"), "against the estimate: {text}");
    // Objectives against actual.
    let database = rows(&text, 0, "Customer portal database").any(|row| row[1] == "4 h" && row[3] == "met");
    assert!(database, "against the objectives: {text}");
    // What people said.
    holds(
        &text,
        &[
            "**Users Affected:** everybody who was signed in",
            "**Data Loss:** nothing",
            "a migration holds a lock on the customers since noon",
            "| Incident Commander | alice |",
            "customers informed by https://status.dotmac.com; e-mail for high-impact incidents: The portal works again; we watch it",
            "over before it was due",
            "| Give migrations a lock_timeout | dave | 2027-01-31 | open |",
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
fn exports(dotmac: &DotMac, id: &str) {
    for format in ["md", "html", "json", "csv"] {
        let text = dotmac.said(&["incident", "export", id, "--format", format]);
        holds(&text, &[ALERT, "pods one after the other", "alice", "Give migrations a lock_timeout"]);
        holds(&text, &["a migration holds a lock on the customers since noon", "failed after", "status.dotmac.com"]);
    }
    // It was down before there was an incident.
    let states = rows_of_probe(&dotmac.said(&["incident", "export", id, "--format", "md"]), "pool");
    assert!(
        states.len() >= 2
            && states[0].contains("down")
            && states[0].contains("(written ")
            && states[states.len() - 1].contains("ok"),
        "{states:?}"
    );
    dotmac.said(&["incident", "verify", id]);
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
