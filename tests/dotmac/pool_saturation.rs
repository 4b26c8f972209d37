//! `pool-saturation`: who holds the connections without need is ended, and nobody else.

use std::time::Duration;

use crate::{
    lab::wait_until,
    stage::{DotMac, Part, Run, Session},
};

fn pool(dotmac: &DotMac) -> Run<'_> {
    dotmac
        .run("pool-saturation")
        .var("DB_SERVER", dotmac.db_server())
        .var("PORTAL_HEALTH", dotmac.portal().health())
        .var("EVIDENCE", dotmac.at("evidence"))
}

fn option<'a>(run: Run<'a>, key: &str) -> Run<'a> {
    run.option("end-what-is-idle-in-a-transaction", key)
}

#[test]
fn sessions_idle_in_a_transaction_are_ended_and_a_dump_and_others_are_not() {
    let Some(dotmac) = DotMac::start(&[Part::Cluster, Part::Database, Part::Portal]) else { return };
    let dotmac = dotmac.impatient();
    dotmac.server().sql("CREATE DATABASE tickets_archive");
    let portal = || dotmac.database("portal");
    let web: Vec<Session> = (1..=26).map(|n| Session::idle(portal(), &format!("web-{n}"), n)).collect();
    let dump = Session::idle(portal(), "pg_dump", 30);
    let elsewhere = Session::open(
        dotmac.database("tickets_archive"),
        "archive",
        "BEGIN; CREATE TABLE archived (id int)",
        "idle in transaction",
    );
    let waiting = Session::waiting(portal(), "web-27", 1);
    wait_until("they have been idle for a second", Duration::from_secs(20), || {
        portal()
            .sql("SELECT min(now() - state_change) > '1 s' FROM pg_stat_activity WHERE state = 'idle in transaction'")
            == "t"
    });

    // Nothing is idle for so long: nobody is ended.
    let end = "End what is idle in a transaction";
    option(pool(&dotmac), "a").var("LONGEST", "5min").go().says("0 ended").failed_at(end);
    assert!(web.iter().all(Session::is_connected));
    let full = option(pool(&dotmac), "b").var("BLOCKER", "1").from("verification-connections-are-free-again").go();
    full.failed_at("Connections are free again");

    let done = option(pool(&dotmac), "a")
        .var("LONGEST", "1s")
        .meanwhile("Keep it from coming back", || dotmac.portal().fail())
        .decide("The portal answers", "r")
        .meanwhile("The portal answers", || dotmac.portal().recover())
        .go();
    done.says("26 ended").completed();
    assert!(!web.iter().any(Session::is_connected));
    assert!(dump.is_connected() && elsewhere.is_connected() && waiting.is_connected());
    let names = "SELECT string_agg(name, ', ' ORDER BY id) FROM customers WHERE id <= 2";
    assert_eq!(
        portal().sql(names),
        "by web-27, customer 2",
        "whoever waited has written, and what was ended is undone"
    );
}

#[test]
fn one_that_blocks_is_ended_and_pods_that_leak_are_replaced_with_their_logs_kept() {
    let Some(dotmac) = DotMac::start(&[Part::Cluster, Part::Database, Part::Portal]) else { return };
    let portal = || dotmac.database("portal");
    let blocks = Session::idle(portal(), "report", 7);
    let waits = Session::waiting(portal(), "web-1", 7);
    let blocker = || blocks.pid.to_string();
    option(pool(&dotmac), "b").go().failed_at("End one session that others wait for");
    assert!(blocks.is_connected());
    option(pool(&dotmac), "b").var("BLOCKER", blocker()).go().completed();
    assert!(!blocks.is_connected() && waits.is_connected());
    wait_until("who waited has written", Duration::from_secs(10), || {
        portal().sql("SELECT name FROM customers WHERE id = 7") == "by web-1"
    });
    let gone = option(pool(&dotmac), "b").var("BLOCKER", blocker()).go();
    gone.failed_at("End one session that others wait for");

    let cluster = dotmac.cluster();
    let restart = "Restart the portal's pods one after the other";
    let before = cluster.pods();
    cluster.fill_nodes();
    option(pool(&dotmac), "c").decide(restart, "u").go();
    assert_eq!(cluster.pods(), before, "those that were there go on");
    cluster.free_nodes();
    // One that does not even give its logs is restarted too.
    cluster.kubelet.lose_logs_of(cluster.namespace(), &before[0], "portal");
    option(pool(&dotmac), "c").go().says(&format!("without the logs of pod/{}", before[0])).completed();
    let after = cluster.pods();
    assert!(after.len() == 3 && after.iter().all(|pod| !before.contains(pod)), "{before:?} {after:?}");
    let kept = std::fs::read_dir(dotmac.path("evidence")).unwrap().map(|entry| entry.unwrap().path());
    let logs: String = kept.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    assert!(before[1..].iter().all(|pod| logs.contains(&format!("GET /invoices 500 {pod}"))), "{logs}");
}
