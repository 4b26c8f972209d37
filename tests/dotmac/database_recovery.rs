//! `database-recovery`: a dump is restored beside the damaged database, compared, and swapped in by name.

use std::fs;

use crate::{
    lab::Postgres,
    stage::{DotMac, Part, Run, minutes_ago, seal},
};

/// The dump holds everything; since then customers 1 to 30 and all that hangs on them were lost. Gives back the rows before.
fn damaged() -> Option<(DotMac, Vec<String>)> {
    let dotmac = DotMac::start(&[Part::Cluster, Part::Database, Part::Portal])?;
    let whole = dotmac.database("portal").rows();
    dotmac.database("portal").back_up(&dotmac.path("backups/portal.dump"), 600);
    dotmac.database("portal").sql(
        "DELETE FROM tickets WHERE customer <= 30; DELETE FROM invoices WHERE customer <= 30; DELETE FROM customers WHERE id <= 30",
    );
    Some((dotmac, whole))
}

fn recovery(dotmac: &DotMac) -> Run<'_> {
    dotmac
        .run("database-recovery")
        .var("DB_SERVER", dotmac.db_server())
        .var("FAULT_TIME", minutes_ago(30))
        .var("BACKUP_DIR", dotmac.at("backups"))
        .var("BACKUP", dotmac.at("backups/portal.dump"))
        .var("MINIMUM_CUSTOMERS", "40")
        .var("SAFETY_DIR", dotmac.at("safety"))
        .var("PORTAL_HEALTH", dotmac.portal().health())
        .var("PROMETHEUS_URL", dotmac.prometheus().url())
}

#[test]
fn the_portal_gets_yesterdays_rows_back_and_the_damaged_ones_are_kept() {
    let Some((dotmac, whole)) = damaged() else { return };
    let lost = dotmac.database("portal").rows();
    recovery(&dotmac).go().completed();
    assert!(dotmac.database("portal").rows() == whole, "every row of the dump is live");
    let [live, kept] = &dotmac.databases()[..] else { panic!("{:?}", dotmac.databases()) };
    assert!(live == "portal" && kept.starts_with("portal_damaged_"), "{live} {kept}");
    // It is closed to everybody until it is opened on purpose.
    dotmac.server().sql(&format!("ALTER DATABASE {kept} ALLOW_CONNECTIONS true"));
    assert!(dotmac.database(kept).rows() == lost, "the damaged rows are kept");
    assert_eq!(dotmac.cluster().replicas(), 3);
}

#[test]
fn a_dump_that_does_not_serve_leaves_production_alone() {
    let Some((dotmac, _)) = damaged() else { return };
    let before = dotmac.database("portal").rows();
    let dump = dotmac.path("backups/portal.dump");
    let modified = fs::metadata(&dump).unwrap().modified().unwrap();
    let whole = fs::read(&dump).unwrap();
    fs::write(&dump, &whole[..whole.len() / 2]).unwrap();
    fs::File::options().write(true).open(&dump).unwrap().set_modified(modified).unwrap();
    // Its digest is right: only reading it shows what it is.
    seal(&dump);
    recovery(&dotmac).go().failed_at("Choose a backup from before the fault and check it");
    // One from after the fault would bring the fault back.
    let newer = recovery(&dotmac).var("FAULT_TIME", minutes_ago(660)).go();
    newer.failed_at("Choose a backup from before the fault and check it");
    let elsewhere = Postgres::start();
    let wrong = recovery(&dotmac).var("DB_SERVER", format!("postgresql://postgres@{}", elsewhere.address())).go();
    wrong.failed_at("It is the server that the Database panel watches");
    assert!(dotmac.database("portal").rows() == before, "production is untouched");
    assert_eq!(dotmac.databases(), ["portal"]);
    assert_eq!(dotmac.cluster().replicas(), 3);
}

#[test]
fn errors_after_the_swap_keep_the_gate_shut_and_the_swap_can_be_undone() {
    let Some((dotmac, _)) = damaged() else { return };
    let dotmac = dotmac.impatient();
    let before = dotmac.database("portal").rows();
    dotmac.portal().fail_for_customers();
    recovery(&dotmac).decide("Watch the first pods", "b").go().rolled_back();
    assert!(dotmac.database("portal").rows() == before, "the damaged database is back");
    assert_eq!(dotmac.cluster().replicas(), 3);
    let done = recovery(&dotmac).decide("Watch the first pods", "g they are test customers").go();
    done.stopped_before("Let everybody in");
    assert_eq!(dotmac.cluster().replicas(), 1);
}

#[test]
fn a_restored_table_with_a_row_too_few_is_found_before_anything_is_stopped() {
    let Some((dotmac, _)) = damaged() else { return };
    let before = dotmac.database("portal").rows();
    // A restore that loses a row on the way, and says nothing.
    dotmac.tool(
        "pg_restore",
        "#!/bin/sh
         PATH=${PATH#*:}
         pg_restore \"$@\" || exit
         while test $# -gt 1; do
           test \"$1\" != -d || psql -Xq -d \"$2\" -c 'DELETE FROM tickets WHERE id = 40'
           shift
         done",
    );
    let compare = "Compare the restored database with the dump, table by table";
    let done = recovery(&dotmac).decide(compare, "b").go();
    done.says("< public.tickets 40").says("> public.tickets 39").says("the portal was never stopped").rolled_back();
    assert!(dotmac.database("portal").rows() == before, "production is untouched");
    assert_eq!(dotmac.databases().len(), 2, "the restored database is left to be looked at");
    assert_eq!(dotmac.cluster().replicas(), 3);
    fs::remove_file(dotmac.path("bin/pg_restore")).unwrap();
    recovery(&dotmac).var("MINIMUM_CUSTOMERS", "41").go().failed_at(compare).says("40");
}

#[test]
fn each_verification_notices_what_it_is_there_for() {
    let Some((dotmac, _)) = damaged() else { return };
    let dotmac = dotmac.impatient();
    let (portal, cluster) = (dotmac.database("portal"), dotmac.cluster());
    let lose = "DELETE FROM tickets WHERE customer = 40; DELETE FROM invoices WHERE customer = 40; DELETE FROM customers WHERE id = 40";
    let [record, answers, customers, writes, ready] = [
        "Record what runs, and see what would scale it back",
        "The portal answers",
        "The live database holds the restored customers",
        "It is the primary and takes writes",
        "All pods are ready",
    ];
    let done = recovery(&dotmac)
        .meanwhile("Decide", || cluster.scale(0))
        .meanwhile(record, || cluster.scale(3))
        .decide(record, "r")
        .meanwhile("Put back what was paused", || dotmac.portal().fail())
        .meanwhile(answers, || {
            dotmac.portal().recover();
            portal.sql(lose);
        })
        .decide(answers, "r")
        .meanwhile(customers, || {
            portal.sql("INSERT INTO customers VALUES (40, 'back'); ALTER DATABASE portal SET default_transaction_read_only = on");
        })
        .decide(customers, "r")
        .meanwhile(writes, || {
            portal.sql("SET transaction_read_only = off; ALTER DATABASE portal RESET default_transaction_read_only");
            cluster.scale(0);
        })
        .decide(writes, "r")
        .meanwhile(ready, || cluster.scale(3))
        .decide(ready, "r")
        .decide("A customer sees their data", "s the last invoice is missing")
        .go();
    for title in [record, answers, customers, writes, ready] {
        assert!(done.said.contains(&format!("{title} failed.")), "{title} did not fail:\n{}", done.said);
    }
    done.ended_as_failed();
}
