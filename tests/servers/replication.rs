//! What the `replication` probe says while replicas follow, pause, stop, and take over.

use std::time::Duration;

use warroom::{
    health::{Observation, Status, Unit},
    platform::{ProbeTarget, SecretText},
};

use crate::{
    lab::{self, Hanging, Postgres, PostgresOptions},
    looking::{Looking, assert_said, judged, number},
};

fn target(primary: Option<&str>, replicas: &[&str]) -> ProbeTarget {
    let text = |url: &str| SecretText::Literal(url.to_owned());
    ProbeTarget::Replication { primary: primary.map(text), replicas: replicas.iter().copied().map(text).collect() }
}

fn both(primary: &Postgres, replica: &Postgres) -> Looking {
    Looking::at(target(Some(&primary.password_url()), &[&replica.password_url()]))
}

fn settled(seen: &Observation) -> bool {
    seen.verdict == Status::Ok && seen.value == Some(0.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_replica_is_at_zero_seconds_however_it_is_looked_at() {
    lab::require!(lab::POSTGRES);
    let primary = Postgres::start();
    let replica = primary.replica();
    primary.sql("INSERT INTO customers VALUES (5000, 'last words')");
    let age = "SELECT coalesce(extract(epoch FROM now() - pg_last_xact_replay_timestamp()), 0) > 2";
    lab::wait_until("the last commit is seconds old", Duration::from_secs(30), || replica.sql(age) == "t");
    let ways = [
        both(&primary, &replica),
        Looking::at(target(Some(&primary.url()), &[])),
        Looking::at(target(None, &[&replica.url()])),
    ];
    for way in ways {
        let seen = way.until("it is at 0 s", settled).await;
        assert_said(&seen, Status::Ok, "1 replica streaming, nothing behind");
        assert_eq!((seen.value, seen.unit.clone()), (Some(0.0), Some(Unit::Seconds)));
        assert_eq!(number(&seen, "/lag_bytes"), 0.0);
        assert_eq!(seen.exposure.unwrap().loss, Duration::ZERO);
    }
    let reading = judged(target(Some(&primary.url()), &[&replica.url()])).await;
    assert_eq!(reading.status, Status::Ok, "{}", reading.summary);
    let seen = both(&primary, &replica).look().await;
    let row = &seen.details["replicas"][0];
    assert_eq!(
        (&row["state"], &row["slot"], &row["sync_state"]),
        (&"streaming".into(), &"replica_1".into(), &"async".into())
    );
    assert_eq!(row["name"], replica.address());
    assert_eq!(seen.details["slots"][0]["active"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn paused_replay_is_told_with_bytes_and_growing_seconds() {
    lab::require!(lab::POSTGRES);
    let primary = Postgres::start();
    let replica = primary.replica();
    let probe = both(&primary, &replica);
    probe.until("it is at 0 s", settled).await;
    replica.pause_replay();
    primary.write_wal(3 << 20);
    let seen = probe.until("the WAL is written", |seen| number(seen, "/lag_bytes") > 2e6).await;
    assert_said(&seen, Status::Warn, &format!("replay is paused on {}, ", replica.address()));
    assert!(seen.summary.ends_with(" MB behind"), "{}", seen.summary);
    assert_eq!(seen.details["replicas"][0]["replay_paused"], true);
    // All of it has arrived: nothing would be lost.
    let seen = probe.until("it is received", |seen| seen.details["replicas"][0]["unreceived_bytes"] == 0).await;
    assert_eq!(number(&seen, "/data_at_risk_seconds"), 0.0);
    assert_eq!(seen.exposure.unwrap().loss, Duration::ZERO);
    let seen = probe.until("seconds grow", |seen| seen.value > Some(1.0)).await;
    assert!(seen.value < Some(15.0), "{:?}", seen.value);
    replica.resume_replay();
    probe.until("it has caught up", settled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_after_a_long_silence_does_not_jump() {
    lab::require!(lab::POSTGRES);
    let primary = Postgres::start();
    let replica = primary.replica();
    let probe = both(&primary, &replica);
    probe.until("it is at 0 s", settled).await;
    let age = "SELECT coalesce(extract(epoch FROM now() - pg_last_xact_replay_timestamp()), 9) > 3";
    primary.sql("INSERT INTO customers VALUES (5000, 'x')");
    lab::wait_until("the last commit is seconds old", Duration::from_secs(30), || replica.sql(age) == "t");
    probe.look().await;
    replica.pause_replay();
    primary.sql("INSERT INTO customers VALUES (5001, 'x')");
    let seen = probe.until("the WAL is written", |seen| number(seen, "/lag_bytes") > 0.0).await;
    assert!(seen.value < Some(2.0), "{:?}", seen.value);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_replica_leaves_nothing_streaming_and_its_slot_retains() {
    lab::require!(lab::POSTGRES);
    let primary = Postgres::start();
    let mut replica = primary.replica();
    let probe = both(&primary, &replica);
    probe.until("it is at 0 s", settled).await;
    replica.stop();
    primary.write_wal(2 << 20);
    let seen = probe.until("the primary notices", |seen| seen.details["slots"][0]["active"] == false).await;
    assert_said(&seen, Status::Down, &format!("no replica is streaming: connection refused by {}", replica.address()));
    let problems = seen.details["problems"].to_string();
    assert!(problems.contains("slot replica_1 is inactive and retains "), "{problems}");
    probe.until("the WAL is written", |seen| number(seen, "/retained_wal_bytes") > 2e6).await;
    replica.run();
    probe.until("it is back", settled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_replicas_disconnected_is_a_warning_that_names_it() {
    lab::require!(lab::POSTGRES);
    let primary = Postgres::start();
    let (one, two) = (primary.replica(), primary.replica());
    let probe = Looking::at(target(Some(&primary.url()), &[&one.url(), &two.url()]));
    let seen = probe.until("both follow", settled).await;
    assert_said(&seen, Status::Ok, "2 replicas streaming");
    assert_eq!(seen.details["replicas"][1]["slot"], "replica_2");
    // Without its slot it cannot start streaming again.
    let gone = "SELECT pg_terminate_backend(active_pid), pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'replica_2'";
    lab::wait_until("its slot is dropped", Duration::from_secs(10), || primary.try_sql(gone).is_ok());
    let seen = probe.until("it is noticed", |seen| seen.verdict == Status::Warn).await;
    assert_said(&seen, Status::Warn, &format!("{} is disconnected", two.address()));
    assert_eq!((number(&seen, "/streaming"), number(&seen, "/expected")), (1.0, 2.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_replica_is_said_to_be_a_primary_and_has_no_lag() {
    lab::require!(lab::POSTGRES);
    let mut primary = Postgres::start();
    let mut replica = primary.replica();
    let probe = both(&primary, &replica);
    probe.until("it is at 0 s", settled).await;
    replica.promote();
    let seen = probe.until("it is noticed", |seen| seen.details["replicas"][0]["state"] == "promoted").await;
    let words = format!("split brain: {} and {} both accept writes", primary.address(), replica.address());
    assert_said(&seen, Status::Down, &words);
    assert_eq!(seen.exposure, None);
    assert_eq!(seen.details["replicas"][0]["lag_seconds"], serde_json::Value::Null);
    assert_eq!(seen.value, None);
    primary.stop();
    let seen = probe.look().await;
    assert!(
        seen.details["problems"].to_string().contains("it is a primary now, lag has no meaning"),
        "{:?}",
        seen.details
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_replica_puts_no_more_data_at_risk_than_it_missed() {
    lab::require!(lab::POSTGRES);
    let primary = Postgres::start();
    let mut replica = primary.replica();
    let probe = both(&primary, &replica);
    // Into the middle of a segment of 16 MB: PostgreSQL 15 begins receiving at its start again, and says so as what it has received.
    primary.write_wal(20 << 20);
    probe.until("it is at 0 s", settled).await;
    replica.stop();
    let seen = probe.until("it is noticed", |seen| seen.verdict == Status::Down).await;
    assert_eq!(seen.exposure, None, "a disconnected replica protects nothing that is written now");
    replica.run();
    let rewound = "SELECT pg_last_wal_receive_lsn() < pg_last_wal_replay_lsn()";
    lab::wait_until("it streams", Duration::from_secs(20), || !replica.sql(rewound).is_empty());
    probe
        .until("it is back", |seen| {
            if let Some(exposure) = &seen.exposure {
                assert!(exposure.loss < Duration::from_secs(1), "{seen:#?}");
            }
            let rows = seen.details["replicas"].to_string();
            assert!(!rows.contains("_bytes\":-"), "{rows}");
            settled(seen)
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnected_replica_is_no_restore_point() {
    lab::require!(lab::POSTGRES);
    let primary = Postgres::start();
    let replica = primary.replica();
    let probe = both(&primary, &replica);
    probe.until("it is at 0 s", settled).await;
    // Without its slot it cannot start streaming again.
    let gone = "SELECT pg_terminate_backend(active_pid), pg_drop_replication_slot(slot_name) FROM pg_replication_slots";
    lab::wait_until("its slot is dropped", Duration::from_secs(10), || primary.try_sql(gone).is_ok());
    let seen = probe.until("it is noticed", |seen| seen.verdict == Status::Down).await;
    assert_said(&seen, Status::Down, "no replica is streaming");
    assert_eq!(seen.exposure, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_primary_is_told_with_how_far_the_replica_is() {
    lab::require!(lab::POSTGRES);
    let mut primary = Postgres::start();
    let replica = primary.replica();
    let probe = both(&primary, &replica);
    probe.until("it is at 0 s", settled).await;
    primary.kill();
    let seen = probe.look().await;
    let words = format!("primary: connection refused by {}; {} has replayed all", primary.address(), replica.address());
    assert_said(&seen, Status::Down, &words);
    assert_eq!(seen.exposure.unwrap().loss, Duration::ZERO);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_to_which_no_replica_connects_is_down() {
    lab::require!(lab::POSTGRES);
    let primary = Postgres::start();
    let alone = Looking::at(target(Some(&primary.url()), &[])).look().await;
    assert_said(&alone, Status::Down, "no replica is streaming");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_replica_does_not_hide_the_others() {
    lab::require!(lab::POSTGRES);
    let primary = Postgres::start();
    let replica = primary.replica();
    let hanging = Hanging::start();
    let silent = format!("postgresql://a:secret@{}/b", hanging.address());
    let targets = target(Some(&primary.url()), &[&replica.url(), &silent]);
    let seen = Looking::within(targets, Duration::from_secs(3)).look().await;
    let words = format!("no answer: {} accepted the connection but does not answer", hanging.address());
    assert_said(&seen, Status::Warn, &words);
    assert_eq!(seen.details["replicas"][0]["state"], "streaming");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_look_at_is_unknown_with_the_cause() {
    lab::require!(lab::POSTGRES);
    let primary = Postgres::start();
    let seen = Looking::at(target(Some(&primary.wrong_password_url()), &[])).look().await;
    assert_said(&seen, Status::Unknown, "password authentication failed");
    let port = lab::closed_port();
    let refused = format!("postgresql://a@127.0.0.1:{}/b", port.number());
    assert_said(&Looking::at(target(None, &[&refused])).look().await, Status::Down, "connection refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_privileges_is_told_what_to_ask_for() {
    lab::require!(lab::POSTGRES);
    let primary = PostgresOptions::default().start();
    let replica = primary.replica();
    primary.sql("CREATE ROLE plain LOGIN PASSWORD 'plain'");
    let url = |server: &Postgres| format!("postgresql://plain:plain@{}/postgres", server.address());
    let probe = Looking::at(target(Some(&url(&primary)), &[&url(&replica)]));
    let seen = probe.until("it is at 0 s", settled).await;
    assert_said(&seen, Status::Ok, "1 replica streaming, nothing behind");
    assert!(seen.details["notes"].to_string().contains("GRANT pg_monitor TO plain"), "{:?}", seen.details);
}
