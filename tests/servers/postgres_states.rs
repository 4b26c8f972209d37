//! The states of a PostgreSQL server, each produced by a real one.

use std::time::Duration;

use warroom::health::Status;

use crate::{
    lab::{self, Hanging, PgBouncer, Postgres, PostgresOptions},
    states::States,
};

const PATIENCE: Duration = Duration::from_secs(30);

fn at(url: &str, further: &str) -> String {
    format!("kind = \"postgres\"\nurl = \"{url}\"\n{further}")
}

#[test]
fn roles_and_ways_not_to_be_reached() {
    lab::require!(lab::POSTGRES);
    let mut states = States::default();
    let mut server = Postgres::start();
    let replica = server.replica();
    let standby = "expect = \"standby\"";
    states.row("primary", &at(&server.password_url(), ""), Status::Ok, "primary, ");
    states.row(
        "standby as a primary",
        &at(&replica.url(), ""),
        Status::Down,
        "in recovery: a standby, not the primary",
    );
    states.row("standby", &at(&replica.url(), standby), Status::Ok, "standby, ");
    states.row("primary as a standby", &at(&server.url(), standby), Status::Down, "not in recovery: a primary");
    states.row("wrong password", &at(&server.wrong_password_url(), ""), Status::Unknown, "refuses our password");
    let cold = server.replica_with(PostgresOptions::default().setting("hot_standby", "off"));
    let off = "up, but not accepting connections: a standby with hot_standby off";
    states.row("hot_standby off as a standby", &at(&cold.url(), standby), Status::Unknown, off);
    states.row("hot_standby off as a primary", &at(&cold.url(), ""), Status::Down, off);
    server.stop();
    states.row("stopped", &at(&server.url(), ""), Status::Down, "connection refused by 127.0.0.1:");
    let starting = PostgresOptions::default().start_without_finishing();
    states.row("starting up", &at(&starting.url(), ""), Status::Down, "the database system is starting up");
    let hanging = Hanging::start();
    let url = format!("postgresql://a:b@{}/c", hanging.address());
    states.row("silent", &at(&url, "").replace("10s", "1s"), Status::Unknown, "no answer within ");
    states.finish();
}

#[test]
fn a_service_that_refuses_its_job() {
    lab::require!(lab::POSTGRES);
    let mut states = States::default();
    let fenced = PostgresOptions::default().setting("default_transaction_read_only", "on").start();
    states.row(
        "read-only",
        &at(&fenced.url(), ""),
        Status::Down,
        "up but read-only (default_transaction_read_only is on)",
    );
    states.row("read-only, any role", &at(&fenced.url(), "expect = \"any\""), Status::Warn, "primary, read-only");
    let full = PostgresOptions::default().max_connections(10).start();
    let held = full.fill_connections(0);
    states.row("full", &at(&full.password_url(), ""), Status::Down, "refuses connections: remaining connection slots");
    drop(held);
    // Reading alone goes on with a full disk: PostgreSQL 15 to 18 let us in and answer every question about themselves.
    if let Some((server, disk)) = PostgresOptions::default().start_on_disk(160_000) {
        states.row("room on the disk", &at(&server.password_url(), ""), Status::Ok, "primary, ");
        disk.fill();
        let says = "the disk cannot be written: No space left on device";
        states.row("full disk", &at(&server.password_url(), ""), Status::Down, says);
    }
    let closed = Postgres::start();
    closed.sql("CREATE DATABASE closed ALLOW_CONNECTIONS false");
    let url = format!("postgresql://postgres@{}/closed", closed.address());
    states.row("closed database", &at(&url, ""), Status::Down, "is not currently accepting connections");
    states.finish();
}

#[test]
fn what_grows_until_it_hurts() {
    lab::require!(lab::POSTGRES);
    let mut states = States::default();
    let archive = Postgres::archive();
    let command = format!("test ! -e {0}/broken && cp %p {0}/%f", archive.path().display());
    let archiving =
        PostgresOptions::default().setting("archive_mode", "on").setting("archive_command", command).start();
    archiving.base_backup();
    // After a base backup the last name is not a segment's: 000000010000000000000003.00000028.backup
    let label = "SELECT coalesce(last_archived_wal LIKE '%.backup', false) FROM pg_stat_archiver";
    lab::wait_until("the label is archived", PATIENCE, || archiving.sql(label) == "t");
    states.row("archiving", &at(&archiving.url(), ""), Status::Ok, "primary, ");
    std::fs::write(archive.path().join("broken"), "").unwrap();
    archiving.write_wal(20 << 20);
    let failing = "SELECT coalesce(last_failed_time > last_archived_time, false) FROM pg_stat_archiver";
    lab::wait_until("archiving fails", PATIENCE, || archiving.sql(failing) == "t");
    states.row("archiver fails", &at(&archiving.url(), ""), Status::Warn, "primary, WAL archiving fails (");
    states.row("how much waits", &at(&archiving.url(), ""), Status::Warn, " MB not archived), ");

    let options = || PostgresOptions::default().setting("vacuum_freeze_min_age", 5);
    let grow = |server: &Postgres| {
        for id in 6000..6008 {
            server.sql(&format!("INSERT INTO customers VALUES ({id}, 'x')"));
        }
    };
    let server = options().setting("max_prepared_transactions", 2).start();
    server.sql("BEGIN; INSERT INTO customers VALUES (5000, 'x'); PREPARE TRANSACTION 'orphan'");
    states.row("prepared transaction", &at(&server.url(), ""), Status::Ok, "primary, ");
    grow(&server);
    let says = "prepared transaction orphan keeps VACUUM from removing dead rows for ";
    states.row("old prepared transaction", &at(&server.url(), ""), Status::Warn, says);

    let mut server = options().setting("wal_level", "logical").start();
    server.sql("SELECT pg_create_logical_replication_slot('forgotten', 'pgoutput')");
    grow(&server);
    let says = "slot forgotten keeps VACUUM from removing dead rows for ";
    states.row("forgotten slot", &at(&server.url(), ""), Status::Warn, says);
    // The slot also keeps autovacuum from ending what follows. A prepared transaction would, too, but the next start would write a page
    // of pg_subtrans for each 2048 transactions since.
    server.stop();
    server.skip_to_transaction(1_200_000_000);
    server.run();
    states.row("wraparound near", &at(&server.url(), ""), Status::Warn, "wraparound is near in database ");
    server.stop();
    server.skip_to_transaction(2_145_000_000);
    server.run();
    let refused = server.try_sql("INSERT INTO customers VALUES (7000, 'x')").unwrap_err();
    assert!(refused.contains("wraparound data loss"), "{refused}");
    let says = "writes are refused: transaction IDs are used up in database ";
    states.row("transaction IDs used up", &at(&server.url(), ""), Status::Down, says);
    states.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_our_role_may_not_see_is_unknown() {
    lab::require!(lab::POSTGRES);
    let mut states = States::default();
    let server = Postgres::start();
    server.sql("CREATE ROLE plain LOGIN PASSWORD 'plain'");
    server.sql("CREATE ROLE narrow LOGIN PASSWORD 'narrow' CONNECTION LIMIT 0");
    let (holder, connection) = tokio_postgres::connect(&server.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    holder.batch_execute("BEGIN; LOCK TABLE customers").await.unwrap();
    let (waiter, connection) = tokio_postgres::connect(&server.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let waiting = tokio::spawn(async move { waiter.batch_execute("TABLE customers").await });
    let blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    lab::wait_until("somebody is blocked", PATIENCE, || server.sql(blocked) == "1");
    let plain = format!("postgresql://plain:plain@{}/postgres", server.address());
    let grant = " sessions hidden (GRANT pg_monitor TO plain)";
    states.row("hidden sessions", &at(&plain, ""), Status::Ok, grant);
    for condition in [
        "blocked.count > 0",
        "connections.waiting > 5",
        "connections.active > 100",
        "longest_transaction.seconds > 600",
    ] {
        let warn = format!("warn = \"{condition}\"");
        states.row("condition over hidden values", &at(&plain, &warn), Status::Unknown, grant);
    }
    let warn = "warn = \"blocked.count > 0\"";
    states.row("the same with pg_monitor", &at(&server.password_url(), warn), Status::Warn, "(count > 0)");
    let narrow = format!("postgresql://narrow:narrow@{}/postgres", server.address());
    let says = "our role may open no more connections (too many connections for role \"narrow\")";
    states.row("a limit on our role", &at(&narrow, ""), Status::Unknown, says);
    holder.batch_execute("ROLLBACK").await.unwrap();
    waiting.await.unwrap().unwrap();
    states.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poolers_refusals_are_told_apart() {
    lab::require!(lab::POSTGRES, lab::PGBOUNCER);
    let mut states = States::default();
    let server = Postgres::start();
    let pooler = PgBouncer::before(&server, "max_client_conn = 2\nquery_wait_timeout = 1");
    let (role, password) = lab::PASSWORD_ROLE;
    let url = pooler.url(role, password, "postgres");
    states.row("through a pooler", &at(&url, ""), Status::Ok, "primary, ");
    // PgBouncer 1.18 says all of these with SQLSTATE 08P01, as it says that it is full.
    let refused = [
        (pooler.url(role, "wrong", "postgres"), "authentication failed"),
        (pooler.url("nobody", "x", "postgres"), "authentication failed"),
        (pooler.url(role, password, "nothing"), "no such database: nothing"),
        (format!("{url}?options=-c%20geqo%3Doff"), "unsupported startup parameter: options"),
    ];
    for (url, says) in &refused {
        states.row("a pooler that does not let us in", &at(url, ""), Status::Unknown, says);
    }
    let dead = at(&pooler.url(role, password, "dead"), "");
    states.row("a pooler without its server", &dead, Status::Down, "answers with an error: ");
    let mut held = Vec::new();
    for _ in 0..2 {
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        held.push(client);
    }
    states.row("a full pooler", &at(&url, ""), Status::Down, "no more connections allowed (max_client_conn)");
    states.finish();
}
