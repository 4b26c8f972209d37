//! `accidental-deletion`: one account's rows come back, and nobody else notices.

use std::fs;

use crate::stage::{DotMac, Part, PortalDatabase, Run, minutes_ago};

const VERIFICATION: &str = "The account's rows are there, and none is marked as deleted";

/// Every account has two tickets. The dump holds all of them; others have gone on working since.
fn portal() -> Option<(DotMac, Vec<String>)> {
    let dotmac = DotMac::start(&[Part::Database])?;
    let database = dotmac.database("portal");
    database.sql(
        "ALTER TABLE tickets ADD deleted_at timestamptz;
         INSERT INTO tickets SELECT n + 100, n, 'another of ' || n FROM generate_series(1, 40) n",
    );
    database.back_up(&dotmac.path("backups/portal.dump"), 600);
    database.sql("UPDATE customers SET name = 'renamed' WHERE id = 9; INSERT INTO tickets VALUES (900, 9, 'new')");
    let whole = database.rows();
    Some((dotmac, whole))
}

/// For the tickets of account 7, by option `a` (they are marked) or `b` (they are gone).
fn recovery<'a>(dotmac: &'a DotMac, option: &str) -> Run<'a> {
    dotmac
        .run("accidental-deletion")
        .var("DB_SERVER", dotmac.db_server())
        .var("TABLE", "tickets")
        .var("KEY_COLUMN", "customer")
        .var("ACCOUNT", "7")
        .var("DELETED_AT", minutes_ago(30))
        .var("BACKUP_DIR", dotmac.at("backups"))
        .var("BACKUP", dotmac.at("backups/portal.dump"))
        .var("WORK_DIR", dotmac.at("work"))
        .option("the-rows-are-marked-as-deleted", option)
}

fn mark(database: &PortalDatabase, condition: &str) {
    database.sql(&format!("UPDATE tickets SET deleted_at = '2026-02-03 04:05:06.789+00' WHERE {condition}"));
}

#[test]
fn rows_that_are_marked_as_deleted_are_unmarked_and_rolling_back_marks_only_those() {
    let Some((dotmac, whole)) = portal() else { return };
    let database = dotmac.database("portal");
    mark(&database, "id IN (7, 8)");
    let marked = database.rows();
    let done = recovery(&dotmac, "a").go().completed();
    done.says("1 rows unmarked");
    assert_eq!(
        database.sql("SELECT id FROM tickets WHERE deleted_at IS NOT NULL"),
        "8",
        "another account's mark stays"
    );
    database.sql("UPDATE tickets SET deleted_at = NULL WHERE id = 8");
    assert!(database.rows() == whole, "the account is whole, and others are as they were");

    recovery(&dotmac, "a").go().failed_at("The rows are marked as deleted");

    mark(&database, "id IN (7, 8)");
    let marked_in_between = || mark(&database, "customer = 7");
    let mended = || drop(database.sql("UPDATE tickets SET deleted_at = NULL WHERE customer = 7"));
    let undone = recovery(&dotmac, "a")
        .meanwhile("Put the rows away", marked_in_between)
        .meanwhile(VERIFICATION, mended)
        .decide(VERIFICATION, "b")
        .go();
    undone.says(&format!("{VERIFICATION} failed.")).rolled_back();
    assert!(database.rows() == marked, "the account's other ticket, which was never marked, is not marked now");

    let doubted = recovery(&dotmac, "a").decide("Other accounts are as they were", "s two more are gone").go();
    doubted.ended_as_failed();
}

#[test]
fn rows_that_are_gone_come_from_the_dump_and_rolling_back_takes_only_those() {
    let Some((dotmac, whole)) = portal() else { return };
    let database = dotmac.database("portal");
    database.sql("DELETE FROM tickets WHERE customer = 7");
    let lost = database.rows();
    recovery(&dotmac, "b").go().completed().says("2 rows merged");
    assert!(database.rows() == whole, "the account is whole, and others are as they were");
    assert_eq!(dotmac.databases(), ["portal"], "no scratch database is left");

    database.sql("DELETE FROM tickets WHERE customer = 7");
    let worked_on = || drop(database.sql("UPDATE tickets SET deleted_at = NULL, text = 'answered' WHERE id = 107"));
    let undone = recovery(&dotmac, "b")
        .meanwhile("Put the rows away", || mark(&database, "customer = 7"))
        .meanwhile(VERIFICATION, || {
            database.sql("UPDATE tickets SET deleted_at = NULL WHERE id = 7");
            worked_on();
        })
        .decide(VERIFICATION, "b")
        .go();
    undone.says(&format!("{VERIFICATION} failed.")).says("rows gone again: 1").rolled_back();
    assert_eq!(database.sql("SELECT text FROM tickets WHERE customer = 7"), "answered", "what was worked on stays");
    database.sql("DELETE FROM tickets WHERE customer = 7");
    assert!(database.rows() == lost);
}

#[test]
fn nothing_is_merged_when_a_row_is_there_already_or_the_dump_does_not_serve() {
    let Some((dotmac, _)) = portal() else { return };
    let database = dotmac.database("portal");
    database.sql("DELETE FROM tickets WHERE id = 107");
    let before = database.rows();
    let stopped = recovery(&dotmac, "b").decide("The rows are gone", "b").go();
    stopped.says("duplicate key").says("nothing was merged").rolled_back();
    assert!(database.rows() == before, "neither a part of the rows comes in, nor does what was there go");
    assert_eq!(dotmac.databases(), ["portal"], "no scratch database is left");

    let nobody = recovery(&dotmac, "b").var("ACCOUNT", "77").go();
    nobody.failed_at("The rows are gone").says("rows to bring back: 0");
    let newer = recovery(&dotmac, "b").var("DELETED_AT", minutes_ago(660)).go();
    newer.failed_at("The rows are gone");
    let dump = dotmac.path("backups/portal.dump");
    fs::write(format!("{}.sha256", dump.display()), format!("{}  portal.dump\n", "0".repeat(64))).unwrap();
    recovery(&dotmac, "b").go().failed_at("The rows are gone").says("portal.dump: FAILED");
    assert!(database.rows() == before);
}
