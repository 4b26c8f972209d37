//! What the `postgres` probe says of servers that work, suffer, hang and lie.

use std::time::Duration;

use proptest::prelude::*;
use warroom::{
    health::{Status, Unit},
    platform::{PostgresRole, ProbeTarget, SecretText},
};

use crate::{
    lab::{self, Hanging, PgBouncer, Postgres, PostgresOptions, Scripted},
    looking::{Looking, assert_said, judged, number},
};

fn target(url: &str, expect: PostgresRole) -> ProbeTarget {
    ProbeTarget::Postgres { url: SecretText::Literal(url.to_owned()), expect }
}

fn primary(url: &str) -> Looking {
    Looking::at(target(url, PostgresRole::Primary))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_primary_shows_its_connections_and_keeps_one() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    let probe = primary(&server.password_url());
    let seen = probe.look().await;
    assert_said(&seen, Status::Ok, "primary, 1 of 20 connections");
    assert_eq!((seen.value, seen.unit.clone()), (Some(5.0), Some(Unit::Percent)));
    assert_eq!(seen.details["role"], "primary");
    assert_eq!(seen.details["read_only"], false);
    assert!(number(&seen, "/database/size_bytes") > 1e6);
    assert!(number(&seen, "/cache_hit_percent") > 1.0);
    assert!(seen.details["slow_statements"].is_array(), "{:?}", seen.details);
    assert!(seen.details.get("notes").is_none(), "{:?}", seen.details["notes"]);
    let first = server.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'warroom'");
    let again = probe.look().await;
    assert_eq!(number(&again, "/deadlocks_since_last_look"), 0.0);
    assert_eq!(server.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'warroom'"), first);
    // A connection that somebody ends is replaced within the same look.
    server.sql(&format!("SELECT pg_terminate_backend({first})"));
    assert_said(&probe.look().await, Status::Ok, "primary");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_probe_writes_nothing_and_leaves_no_setting_behind() {
    lab::require!(lab::POSTGRES);
    let server = PostgresOptions::default()
        .setting("log_statement", "all")
        .setting("default_transaction_read_only", "off")
        .start();
    let probe = primary(&server.url());
    probe.look().await;
    let text = "SELECT string_agg(DISTINCT setting, ',') FROM pg_settings WHERE name = 'statement_timeout'";
    assert_eq!(server.sql(text), "0");
    assert_said(&probe.look().await, Status::Ok, "primary");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_transactions_and_blocked_sessions_are_shown_without_their_literals() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    let (holder, connection) = tokio_postgres::connect(&server.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    holder.batch_execute("BEGIN; UPDATE customers SET name = 'top-secret' WHERE id = 1").await.unwrap();
    let (waiter, connection) = tokio_postgres::connect(&server.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let waiting =
        tokio::spawn(async move { waiter.batch_execute("DELETE FROM customers WHERE name = 'hush' OR id = 1").await });
    let probe = primary(&server.password_url());
    let seen = probe.until("somebody is blocked", |seen| seen.details["blocked"]["count"] == 1).await;
    assert_eq!(seen.details["blocked_sessions"][0]["query"], "DELETE FROM customers WHERE name = '…' OR id = 1");
    assert_eq!(number(&seen, "/connections/idle_in_transaction"), 1.0);
    assert_eq!(number(&seen, "/connections/waiting"), 1.0);
    assert_eq!(seen.details["longest_transaction"]["state"], "idle in transaction");
    let all = serde_json::to_string(&seen.details).unwrap();
    assert!(!all.contains("top-secret") && !all.contains("hush"), "{all}");
    holder.batch_execute("ROLLBACK").await.unwrap();
    waiting.await.unwrap().unwrap();
    probe.until("nobody is blocked", |seen| seen.details["blocked"]["count"] == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_is_counted_once() {
    lab::require!(lab::POSTGRES);
    let server = PostgresOptions::default().setting("deadlock_timeout", "50ms").start();
    let probe = primary(&server.password_url());
    probe.look().await;
    let mut clients = Vec::new();
    for id in [1, 2] {
        let (client, connection) = tokio_postgres::connect(&server.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&format!("BEGIN; UPDATE customers SET name = 'x' WHERE id = {id}")).await.unwrap();
        clients.push(client);
    }
    let crossed = [2, 1].map(|id| format!("UPDATE customers SET name = 'y' WHERE id = {id}"));
    let (one, two) = tokio::join!(clients[0].batch_execute(&crossed[0]), clients[1].batch_execute(&crossed[1]));
    assert!(one.is_err() != two.is_err());
    // The victim's session reports it when it is next idle.
    drop(clients);
    probe.until("it is counted", |seen| number(seen, "/deadlocks_since_last_look") == 1.0).await;
    assert_eq!(number(&probe.look().await, "/deadlocks_since_last_look"), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_refuses_and_comes_back_by_itself() {
    lab::require!(lab::POSTGRES);
    let mut server = Postgres::start();
    let probe = primary(&server.url());
    assert_said(&probe.look().await, Status::Ok, "primary");
    server.stop();
    assert_said(&probe.look().await, Status::Down, &format!("connection refused by {}", server.address()));
    server.run();
    assert_said(&probe.look().await, Status::Ok, "primary");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_usual_thresholds_fit_a_healthy_server_also_when_sessions_are_not_visible() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    let reading = judged(target(&server.password_url(), PostgresRole::Primary)).await;
    assert_eq!(reading.status, Status::Ok, "{}", reading.summary);
    server.sql("REVOKE SELECT ON pg_stat_activity FROM PUBLIC");
    let reading = judged(target(&server.password_url(), PostgresRole::Primary)).await;
    assert_eq!((reading.status, reading.summary.as_str()), (Status::Ok, "primary, connections not visible"));
}

#[tokio::test(flavor = "multi_thread")]
async fn up_but_read_only_is_not_the_primary_it_should_be() {
    lab::require!(lab::POSTGRES);
    let server = PostgresOptions::default().setting("default_transaction_read_only", "on").start();
    assert_said(&primary(&server.url()).look().await, Status::Down, "up but read-only");
    let any = Looking::at(target(&server.url(), PostgresRole::Any)).look().await;
    assert_said(&any, Status::Warn, "primary, read-only (default_transaction_read_only is on), ");
    assert_eq!(any.details["read_only"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitoring_role_that_is_read_only_itself_is_no_alarm() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    server.sql("ALTER ROLE app SET default_transaction_read_only = on");
    assert_said(&primary(&server.password_url()).look().await, Status::Ok, "primary");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_is_down_as_a_primary_and_ok_as_a_standby() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    let replica = server.replica();
    assert_said(&primary(&replica.url()).look().await, Status::Down, "in recovery: a standby, not the primary");
    let standby = |url: &str| Looking::at(target(url, PostgresRole::Standby));
    assert_said(&standby(&replica.url()).look().await, Status::Ok, "standby, ");
    assert_said(&standby(&server.url()).look().await, Status::Down, "not in recovery: a primary");
    assert_eq!(number(&primary(&server.url()).look().await, "/replication/replicas"), 1.0);
    // Several hosts: the URL's own wish picks the primary.
    let both = format!(
        "postgresql://postgres@{},{}/postgres?target_session_attrs=primary",
        replica.address(),
        server.address()
    );
    assert_said(&primary(&both).look().await, Status::Ok, "primary");
}

#[tokio::test(flavor = "multi_thread")]
async fn full_connections_are_said_with_and_without_a_foot_in_the_door() {
    lab::require!(lab::POSTGRES);
    let server = PostgresOptions::default().max_connections(10).start();
    let inside = primary(&server.password_url());
    assert_said(&inside.look().await, Status::Ok, "of 10 connections");
    let held = server.fill_connections(0);
    assert_said(&inside.look().await, Status::Down, "refuses new connections: 7 of 10 used, 3 reserved");
    assert_said(
        &primary(&server.password_url()).look().await,
        Status::Down,
        "refuses connections: remaining connection slots",
    );
    drop(held);
    inside.until("it is ok again", |seen| seen.verdict == Status::Ok).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_unknown_and_show_no_password() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    let seen = primary(&server.wrong_password_url()).look().await;
    assert_said(&seen, Status::Unknown, "refuses our password (password authentication failed for user \"app\")");
    assert!(!seen.summary.contains("not-the-password"));
    let without = format!("postgresql://app@{}/postgres", server.address());
    assert_said(&primary(&without).look().await, Status::Unknown, "wants a password");
    let nowhere = format!("postgresql://postgres@{}/nothing", server.address());
    assert_said(&primary(&nowhere).look().await, Status::Unknown, "database \"nothing\" does not exist");
    let nobody = format!("postgresql://nobody:x@{}/postgres", server.address());
    assert_said(&primary(&nobody).look().await, Status::Unknown, "password authentication failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_refuses_a_password_has_it_looked_up_again() {
    lab::require!(lab::POSTGRES, lab::PGBOUNCER);
    let server = Postgres::start();
    let pooler = PgBouncer::before(&server, "");
    let (role, password) = lab::PASSWORD_ROLE;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pooler.url(role, "the-old-one", "postgres")).unwrap();
    let url = SecretText::Command(format!("cat {}", file.path().display()));
    let probe = Looking::at(ProbeTarget::Postgres { url, expect: PostgresRole::Primary });
    assert_said(&probe.look().await, Status::Unknown, "SASL authentication failed");
    std::fs::write(file.path(), pooler.url(role, password, "postgres")).unwrap();
    assert_said(&probe.look().await, Status::Ok, "primary, ");
}

#[tokio::test(flavor = "multi_thread")]
async fn starting_up_and_no_hot_standby_are_told_in_the_servers_words() {
    lab::require!(lab::POSTGRES);
    let starting = PostgresOptions::default().start_without_finishing();
    assert_said(&primary(&starting.url()).look().await, Status::Down, "the database system is starting up");
    let server = Postgres::start();
    let cold = server.replica_with(PostgresOptions::default().setting("hot_standby", "off"));
    let cold = primary(&cold.url()).look().await;
    assert_said(&cold, Status::Down, "up, but not accepting connections: a standby with hot_standby off");
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_after_accept_is_told_from_no_server() {
    let hanging = Hanging::start();
    let url = format!("postgresql://a:secret@{}/b", hanging.address());
    let seen = Looking::within(target(&url, PostgresRole::Primary), Duration::from_millis(300)).look().await;
    let words = format!("{} accepted the connection but does not answer", hanging.address());
    assert_said(&seen, Status::Unknown, &words);
    assert_said(&primary("postgresql://nosuchhost.invalid/b").look().await, Status::Unknown, "does not resolve here");
    let socket = "postgresql:///b?host=/nonexistent";
    assert_said(&primary(socket).look().await, Status::Down, "no server listens on /nonexistent/.s.PGSQL.5432");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_costs_the_look_and_a_thawed_one_is_ok() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    let probe = Looking::within(target(&server.url(), PostgresRole::Primary), Duration::from_millis(1500));
    server.freeze();
    assert_said(&probe.look().await, Status::Unknown, "accepted the connection but does not answer");
    server.thaw();
    probe.until("it is ok again", |seen| seen.verdict == Status::Ok).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_protocol_is_recognised() {
    for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", "-ERR unknown command\r\n", "\x00\x01\x02"] {
        let server = Scripted::start(answer);
        let seen = primary(&format!("postgresql://a:b@{}/c", server.address())).look().await;
        assert_said(&seen, Status::Down, "answers, but not in the PostgreSQL protocol");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_unknown_when_tls_is_required() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    let seen = primary(&format!("{}?sslmode=require", server.url())).look().await;
    assert_said(&seen, Status::Unknown, "does not offer TLS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_archive_warns_and_a_working_one_is_an_exposure() {
    lab::require!(lab::POSTGRES);
    let server = PostgresOptions::default()
        .setting("archive_mode", "on")
        .setting("archive_command", "test -e archive_works")
        .start();
    let probe = primary(&server.url());
    server.sql("SELECT pg_switch_wal()");
    let seen = probe.until("archiving fails", |seen| seen.verdict == Status::Warn).await;
    assert_said(&seen, Status::Warn, "WAL archiving fails");
    assert_eq!(seen.exposure, None);
    std::fs::write(server.data().join("archive_works"), "").unwrap();
    // A new segment wakes the archiver from its pause after three failures.
    server.write_wal(1 << 16);
    server.sql("SELECT pg_switch_wal()");
    let seen = probe.until("archiving works", |seen| seen.exposure.is_some()).await;
    assert_said(&seen, Status::Ok, "primary");
    assert_eq!(seen.exposure.unwrap().source, "WAL archive");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_archive_says_how_much_wal_waits_for_it() {
    lab::require!(lab::POSTGRES);
    let server = PostgresOptions::default().setting("archive_mode", "on").setting("archive_command", "false").start();
    let probe = primary(&server.url());
    server.write_wal(40 << 20);
    let seen = probe.until("it has failed", |seen| seen.details["archiver"]["failing"] == true).await;
    assert!((40e6..80e6).contains(&number(&seen, "/archiver/unarchived_bytes")), "{:?}", seen.details["archiver"]);
    assert!(seen.details["problems"][0].as_str().unwrap().contains(" MB not archived"), "{}", seen.summary);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_privileges_still_gets_a_reading_with_notes() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    server.sql("CREATE ROLE plain LOGIN PASSWORD 'plain'");
    server.sql("REVOKE SELECT ON pg_stat_archiver FROM PUBLIC");
    server.sql("DROP EXTENSION pg_stat_statements");
    let (_other, connection) = tokio_postgres::connect(&server.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let seen = primary(&format!("postgresql://plain:plain@{}/postgres", server.address())).look().await;
    assert_said(&seen, Status::Ok, "primary, 2 of 20 connections");
    let notes = seen.details["notes"].to_string();
    for words in
        ["permission denied for view pg_stat_archiver", "pg_stat_statements is not in", "GRANT pg_monitor TO plain"]
    {
        assert!(notes.contains(words), "{notes}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_a_socket_answers_is_never_ok(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 1..400),
            // Plausible starts: authentication ok, then anything.
            proptest::collection::vec(any::<u8>(), 0..200).prop_map(|tail| [b"NR\0\0\0\x08\0\0\0\0".to_vec(), tail].concat()),
            proptest::collection::vec(any::<u8>(), 0..200)
                .prop_map(|tail| [b"NR\0\0\0\x08\0\0\0\0Z\0\0\0\x05I".to_vec(), tail].concat()),
        ]
    ) {
        let server = Scripted::start(bytes);
        let url = format!("postgresql://a:b@{}/c", server.address());
        let seen = lab::background(async move {
            Looking::within(target(&url, PostgresRole::Primary), Duration::from_secs(1)).look().await
        });
        prop_assert!(matches!(seen.verdict, Status::Down | Status::Unknown), "{}", seen.summary);
    }
}
