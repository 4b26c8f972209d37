//! `database-failover`: the old primary is fenced, the standby is promoted, and the portal is pointed to it.

use crate::{
    lab::Postgres,
    stage::{DotMac, DotMacCluster, Part, PortalDatabase, Run},
};

/// The primary has gone, and the standby has all that it had. Nobody waits long.
fn lost_primary(before: impl FnOnce(&DotMac, &Postgres)) -> Option<(DotMac, Postgres, Vec<String>)> {
    let mut dotmac = DotMac::start(&[Part::Cluster, Part::Database, Part::Portal])?.impatient();
    let standby = dotmac.server().replica();
    before(&dotmac, &standby);
    dotmac.database("portal").sql("INSERT INTO customers VALUES (41, 'the last one')");
    let rows = dotmac.database("portal").rows();
    dotmac.server_mut().stop();
    Some((dotmac, standby, rows))
}

fn fail_over<'a>(dotmac: &'a DotMac, standby: &Postgres) -> Run<'a> {
    dotmac
        .run("database-failover")
        .var("STANDBY_SERVER", format!("postgresql://postgres@{}", standby.address()))
        .var("PORTAL_HEALTH", dotmac.portal().health())
}

fn primaries(cluster: &DotMacCluster) -> u64 {
    cluster.get("statefulset", "postgres-primary").unwrap()["spec"]["replicas"].as_u64().unwrap()
}

#[test]
fn the_standby_takes_over_with_every_row_and_the_old_primary_stays_away() {
    let Some((dotmac, standby, rows)) = lost_primary(|_, _| {}) else { return };
    let cluster = dotmac.cluster();
    fail_over(&dotmac, &standby).go().completed();
    let portal = PortalDatabase::of(&standby, "portal");
    assert!(portal.rows() == rows, "every row of the old primary is there");
    portal.sql("INSERT INTO customers VALUES (42, 'the first one on the new primary')");
    assert_eq!(primaries(cluster), 0);
    assert!(cluster.get("pod", "postgres-primary-0").is_none(), "the old primary's pod is gone");
    let hosts = cluster.kubectl(&["set", "env", "deployment/customer-portal", "--list"]);
    assert!(hosts.contains("DATABASE_HOST=postgres-replica"), "{hosts}");

    fail_over(&dotmac, &standby).go().failed_at("This is the standby");
}

#[test]
fn nothing_is_promoted_before_the_rest_is_replayed_and_the_old_primary_is_fenced() {
    let paused = |_: &DotMac, standby: &Postgres| standby.pause_replay();
    let Some((dotmac, standby, rows)) = lost_primary(paused) else { return };
    let (cluster, portal) = (dotmac.cluster(), PortalDatabase::of(&standby, "portal"));
    let hold = |finalizers: &str| {
        let patch = format!("{{\"metadata\":{{\"finalizers\":{finalizers}}}}}");
        cluster.kubectl(&["patch", "pod", "postgres-primary-0", "--type=merge", "-p", &patch]);
    };
    // As a pod stays whose node is gone.
    hold("[\"dotmac.com/node-is-gone\"]");
    let [replayed, fence, writes, down, answers, back] = [
        "How far the standby is",
        "Fence the old primary",
        "The new primary takes writes",
        "The old primary is down",
        "The portal answers",
        "Start the old primary again, where nothing was promoted",
    ];
    let scale = |replicas: &str| drop(cluster.kubectl(&["scale", "statefulset", "postgres-primary", replicas]));
    let read_only = |on: &str| {
        standby.sql(&format!("ALTER SYSTEM SET default_transaction_read_only = {on}"));
        standby.sql("SELECT pg_reload_conf()");
    };
    let done = fail_over(&dotmac, &standby)
        .meanwhile(replayed, || standby.resume_replay())
        .decide(replayed, "r")
        .meanwhile(fence, || {
            assert_eq!(primaries(cluster), 0);
            assert_eq!(
                standby.sql("SELECT pg_is_in_recovery()"),
                "t",
                "nothing is promoted beside a primary that may live"
            );
        })
        .decide(fence, "u")
        .meanwhile(fence, || {
            assert_eq!(primaries(cluster), 1, "the undo starts it again");
            hold("null");
        })
        .decide(fence, "r")
        .meanwhile("Plan the fail-back", || read_only("on"))
        .meanwhile(writes, || {
            read_only("off");
            scale("--replicas=1");
        })
        .decide(writes, "r")
        .meanwhile(down, || {
            scale("--replicas=0");
            dotmac.portal().fail();
        })
        .decide(down, "r")
        .decide(answers, "b")
        .go();
    for title in [replayed, fence, writes, down, answers] {
        assert!(done.said.contains(&format!("{title} failed.")), "{title} did not fail:\n{}", done.said);
    }
    // There would be two primaries.
    done.failed_at(back);
    assert_eq!(primaries(cluster), 0);
    assert!(portal.rows() == rows, "what was received and not replayed is there too");
}

#[test]
fn a_fence_that_does_not_hold_is_taken_away_again() {
    let Some((dotmac, standby, _)) = lost_primary(|_, _| {}) else { return };
    let cluster = dotmac.cluster();
    let patch = "{\"metadata\":{\"finalizers\":[\"dotmac.com/node-is-gone\"]}}";
    cluster.kubectl(&["patch", "pod", "postgres-primary-0", "--type=merge", "-p", patch]);
    fail_over(&dotmac, &standby).decide("Fence the old primary", "b").go().rolled_back();
    assert_eq!(primaries(cluster), 1);
    assert_eq!(standby.sql("SELECT pg_is_in_recovery()"), "t");
    let free = "{\"metadata\":{\"finalizers\":null}}";
    cluster.kubectl(&["patch", "pod", "postgres-primary-0", "--type=merge", "-p", free]);
}
