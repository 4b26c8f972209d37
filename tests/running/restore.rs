//! A real dump is restored into a new database, checked and swapped in; and rolled back when the check fails.

use crate::{
    desk::{kinds, stderr, stdout},
    lab::{self, Portal},
};

#[test]
fn a_dump_is_restored_checked_and_swapped_in() {
    lab::require!(lab::POSTGRES);
    let portal = Portal::new();
    let desk = &portal.desk;
    let dump = format!("DUMP={}", portal.dump("portal.dump"));
    let arguments =
        ["runbook", "run", "restore", "--var", &dump, "--var", "EXPECTED_ROWS=2", "--confirm", "destructive"];
    let output = desk.run(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(portal.customers("portal"), "a,b");
    assert_eq!(portal.customers("portal_old"), "a", "what was there before is kept");
}

#[test]
fn a_failing_verification_leads_to_the_rollback() {
    lab::require!(lab::POSTGRES);
    let portal = Portal::new();
    let desk = &portal.desk;
    let dump = format!("DUMP={}", portal.dump("portal.dump"));
    let arguments =
        ["runbook", "run", "restore", "--var", &dump, "--var", "EXPECTED_ROWS=3", "--confirm", "destructive"];
    let mut terminal = desk.terminal(&arguments);
    terminal.wait_for("Every customer is there failed.");
    assert_eq!(portal.customers("portal"), "a,b");
    terminal.keys("b\r");
    terminal.wait_for("Restore the portal database: rolled back");
    assert_eq!(terminal.exit().code(), Some(1));
    assert_eq!(portal.customers("portal"), "a", "as it was before");
    assert_eq!(portal.customers("portal_new"), "a,b");
    let events = desk.events();
    assert!(kinds(&events).contains(&"rollback_started"), "{events:?}");
    assert_eq!(events.last().unwrap()["outcome"], "rolled_back");
}

#[test]
fn a_truncated_dump_leaves_the_live_database_alone() {
    lab::require!(lab::POSTGRES);
    let portal = Portal::new();
    let desk = &portal.desk;
    let whole = std::fs::read(desk.path("portal.dump")).unwrap();
    std::fs::write(desk.path("cut.dump"), &whole[..whole.len() / 3]).unwrap();
    let dump = format!("DUMP={}", portal.dump("cut.dump"));
    let arguments =
        ["runbook", "run", "restore", "--var", &dump, "--var", "EXPECTED_ROWS=2", "--confirm", "destructive"];
    let output = desk.run(&arguments);
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(portal.customers("portal"), "a");
    assert_eq!(portal.server.sql("SELECT count(*) FROM pg_database WHERE datname = 'portal_old'"), "0");
}
