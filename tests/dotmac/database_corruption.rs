//! `database-corruption`: pages of a real server are damaged, found, and repaired or replaced.

use std::{fs, os::unix::fs::FileExt, time::Duration};

use crate::{
    lab::{PostgresOptions, wait_until},
    stage::{DotMac, Part, Run, minutes_ago},
};

const ARCHIVED: Duration = Duration::from_secs(30);
const PAGE: u64 = 8192;

/// A server whose dump is good, and of which pages have been damaged since: the first one of a table, or the root of an index.
fn damaged(relations: &[&str]) -> Option<(DotMac, Vec<String>)> {
    let mut dotmac = DotMac::start(&[Part::Database, Part::Portal])?.impatient();
    let whole = dotmac.database("portal").rows();
    dotmac.database("portal").back_up(&dotmac.path("backups/portal.dump"), 600);
    for relation in relations {
        damage(&mut dotmac, relation);
    }
    Some((dotmac, whole))
}

/// Overwrites a page's header on the disk, as a disk does that loses a sector.
fn damage(dotmac: &mut DotMac, relation: &str) {
    let portal = dotmac.database("portal");
    let file = portal.sql(&format!("SELECT pg_relation_filepath('{relation}')"));
    // An index' first page says only where its root is.
    let page: u64 = portal
        .sql(&format!("SELECT (relkind = 'i')::int FROM pg_class WHERE oid = '{relation}'::regclass"))
        .parse()
        .unwrap();
    let server = dotmac.server_mut();
    server.stop();
    let file = fs::File::options().write(true).open(server.data().join(file)).unwrap();
    file.write_all_at(&[0xff; 24], page * PAGE).unwrap();
    server.run();
}

fn recovery<'a>(dotmac: &'a DotMac, option: &str) -> Run<'a> {
    dotmac
        .run("database-corruption")
        .var("DB_SERVER", dotmac.db_server())
        .var("FAULT_TIME", minutes_ago(30))
        .var("COPY_DIR", dotmac.at("copies"))
        .var("BACKUP_DIR", dotmac.at("backups"))
        .var("BACKUP", dotmac.at("backups/portal.dump"))
        .var("MINIMUM_CUSTOMERS", "40")
        .var("PORTAL_HEALTH", dotmac.portal().health())
        .option("only-indexes-are-damaged", option)
}

#[test]
fn a_damaged_index_is_found_and_rebuilt_and_nothing_is_lost() {
    let Some((dotmac, whole)) = damaged(&["tickets_pkey"]) else { return };
    let done = recovery(&dotmac, "a").var("DAMAGED_INDEX", "public.tickets_pkey").go().completed();
    done.says("tickets_pkey: invalid page in block 1").says("damaged: 1");
    assert_eq!(dotmac.databases(), ["portal"], "nothing is restored");
    assert!(dotmac.database("portal").rows() == whole);
    let by_index = "SET enable_seqscan = off; SELECT customer FROM tickets WHERE id = 40";
    assert_eq!(dotmac.database("portal").sql(by_index), "40");
}

#[test]
fn a_damaged_table_comes_from_the_dump_and_the_damaged_server_is_kept() {
    let Some((dotmac, whole)) = damaged(&["tickets"]) else { return };
    recovery(&dotmac, "b").go().completed().says("tickets: invalid page in block 0");
    assert!(dotmac.database("portal").rows() == whole, "every row of the dump is live");
    let [live, kept] = &dotmac.databases()[..] else { panic!("{:?}", dotmac.databases()) };
    assert!(live == "portal" && kept.starts_with("portal_damaged_"), "{live} {kept}");
    let owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'portal'";
    assert_eq!(dotmac.server().sql(owner), "portal_owner");
    let copy = fs::read_dir(dotmac.path("copies")).unwrap().next().unwrap().unwrap().path();
    assert!(
        copy.join("base.tar").is_file() && copy.join("SHA256SUMS").is_file(),
        "the damaged server was copied first"
    );
}

#[test]
fn the_state_just_before_the_damage_is_replayed_from_the_transaction_logs() {
    let Some(mut dotmac) = DotMac::start(&[Part::Database, Part::Archive, Part::Portal]) else { return };
    let portal = dotmac.database("portal");
    portal.back_up(&dotmac.path("backups/portal.dump"), 600);
    let base = dotmac.server().base_backup();
    portal.sql("INSERT INTO customers VALUES (41, 'since the base backup')");
    let (whole, just_before) = (portal.rows(), portal.sql("SELECT clock_timestamp()"));
    portal.sql("UPDATE customers SET name = 'from the fault on'");
    let last = portal.sql("SELECT pg_walfile_name(pg_switch_wal())");
    wait_until("the transaction logs are archived", ARCHIVED, || {
        portal.sql("SELECT last_archived_wal FROM pg_stat_archiver") >= last
    });
    damage(&mut dotmac, "tickets");
    let second = PostgresOptions::default()
        // At least what the first one had.
        .max_connections(40)
        .setting("restore_command", format!("cp {}/%f \"%p\"", dotmac.at("archive")))
        .setting("recovery_target_time", just_before)
        .setting("recovery_target_inclusive", "off")
        .setting("recovery_target_action", "promote")
        .recover(&base);
    let recovered = format!("postgresql://postgres@{}", second.address());
    recovery(&dotmac, "c").var("RECOVERED_SERVER", recovered).go().completed();
    assert!(
        dotmac.database("portal").rows() == whole,
        "what came after the base backup is there, what came with the fault is not"
    );
    assert!(dotmac.databases()[1].starts_with("portal_damaged_"), "{:?}", dotmac.databases());
}

#[test]
fn the_damaged_database_stays_or_comes_back_when_the_new_one_is_no_better() {
    let Some((dotmac, _)) = damaged(&["tickets"]) else { return };
    let live = || dotmac.server().sql("SELECT oid, datallowconn FROM pg_database WHERE datname = 'portal'");
    let before = live();
    let newer = recovery(&dotmac, "b").var("FAULT_TIME", minutes_ago(660)).go();
    newer.failed_at("Restore the last good dump");
    let too_few = recovery(&dotmac, "b").var("MINIMUM_CUSTOMERS", "41").go();
    too_few.failed_at("See that the restored database is sound and complete");
    let unarchived = recovery(&dotmac, "c").go();
    unarchived.failed_at("Replay the transaction logs to just before the damage");
    assert_eq!(live(), before, "nothing was swapped");

    let answers = "The portal answers";
    let done = recovery(&dotmac, "b").meanwhile("Decide", || dotmac.portal().fail()).decide(answers, "b").go();
    done.says(&format!("{answers} failed.")).rolled_back();
    assert_eq!(live(), before, "the damaged database is back and open");
    dotmac.database("portal").sql("UPDATE customers SET name = 'written again' WHERE id = 1");
}

#[test]
fn each_verification_notices_what_it_is_there_for() {
    let Some((dotmac, _)) = damaged(&[]) else { return };
    let (server, portal) = (dotmac.server(), dotmac.database("portal"));
    let [writes, pages, customers, answers] = [
        "The live database takes writes",
        "No page of it fails its checksum, and no index disagrees with its table",
        "The customers are there",
        "The portal answers",
    ];
    // An index whose function has changed since it was built says something else than its table.
    portal.sql(
        "CREATE EXTENSION amcheck;
         CREATE FUNCTION shown(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
         CREATE INDEX shown_name ON customers (shown(name));
         CREATE OR REPLACE FUNCTION shown(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN reverse($1); END'",
    );
    server.sql("ALTER DATABASE portal SET default_transaction_read_only = on");
    let done = recovery(&dotmac, "a")
        .var("DAMAGED_INDEX", "public.shown_name")
        .from("verification-the-live-database-takes-writes")
        .meanwhile(writes, || drop(server.sql("ALTER DATABASE portal RESET default_transaction_read_only")))
        .decide(writes, "r")
        .meanwhile(pages, || {
            portal.sql("DROP INDEX shown_name");
            portal.sql("DELETE FROM tickets WHERE id = 40; DELETE FROM invoices WHERE id = 40; DELETE FROM customers WHERE id = 40");
        })
        .decide(pages, "r")
        .meanwhile(customers, || {
            portal.sql("INSERT INTO customers VALUES (40, 'back')");
            dotmac.portal().fail();
        })
        .decide(customers, "r")
        .go();
    for title in [writes, pages, customers] {
        assert!(done.said.contains(&format!("{title} failed.")), "{title} did not fail:\n{}", done.said);
    }
    done.failed_at(answers);
}
