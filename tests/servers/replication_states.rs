//! The states of a primary and its replicas, each produced by real servers.

use std::time::Duration;

use warroom::health::Status;

use crate::{
    lab::{self, Postgres, PostgresOptions},
    states::States,
};

const PATIENCE: Duration = Duration::from_secs(30);

fn of(primary: &str, replicas: &[&str]) -> String {
    format!("kind = \"replication\"\nprimary = \"{primary}\"\nreplicas = {replicas:?}\n")
}

fn receivers(primary: &Postgres, condition: &str) -> String {
    primary.sql(&format!("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND {condition}"))
}

#[test]
fn replicas_that_follow_wait_and_are_gone() {
    lab::require!(lab::POSTGRES);
    let mut states = States::default();
    let mut primary = Postgres::start();
    let mut replica = primary.replica();
    let pair = of(&primary.url(), &[&replica.url()]);
    states.row("streaming", &pair, Status::Ok, "1 replica streaming, nothing behind");
    states.row("known by the primary only", &of(&primary.url(), &[]), Status::Ok, "1 replica streaming");
    primary.sql("CREATE ROLE plain LOGIN PASSWORD 'plain'");
    let hidden = format!("postgresql://plain:plain@{}/postgres", primary.address());
    states.row("hidden from our role", &of(&hidden, &[]), Status::Unknown, "GRANT pg_monitor TO plain");
    let cold = primary.replica_with(PostgresOptions::default().setting("hot_standby", "off"));
    let both = of(&primary.url(), &[&replica.url(), &cold.url()]);
    let says = "2 replicas streaming, 1 replica with hot_standby off, details unknown, ";
    states.row("hot_standby off", &both, Status::Ok, says);
    drop(cold);
    let dropped = "SELECT pg_drop_replication_slot('replica_2')";
    lab::wait_until("its slot is dropped", PATIENCE, || primary.try_sql(dropped).is_ok());
    replica.pause_replay();
    primary.write_wal(1 << 20);
    states.row("paused", &pair, Status::Warn, &format!("replay is paused on {}, ", replica.address()));
    replica.resume_replay();
    let foreign = PostgresOptions::default().start_foreign();
    let says = format!("no replica is streaming: {} is a copy of another system", foreign.address());
    let alone = Postgres::start();
    states.row("another system", &of(&alone.url(), &[&foreign.url()]), Status::Down, &says);
    primary.kill();
    let says = format!("primary: connection refused by {}; ", primary.address());
    states.row("primary gone", &pair, Status::Down, &says);
    primary.run();
    replica.stop();
    let says = format!("no replica is streaming: connection refused by {}", replica.address());
    states.row("replica gone", &pair, Status::Down, &says);
    states.finish();
}

#[test]
fn servers_that_change_their_roles() {
    lab::require!(lab::POSTGRES);
    let mut states = States::default();
    let (mut primary, other) = (Postgres::start(), Postgres::start());
    let mut replica = primary.replica();
    replica.promote();
    let pair = of(&primary.url(), &[&replica.url()]);
    let says = format!("split brain: {} and {} both accept writes", primary.address(), replica.address());
    states.row("split brain", &pair, Status::Down, &says);
    primary.stop();
    let says = format!("primary: connection refused by {}", primary.address());
    states.row("failed over", &pair, Status::Down, &says);
    let standby = other.replica();
    let says = format!("roles have changed: {} is the primary now", replica.address());
    states.row("roles changed", &of(&standby.url(), &[&replica.url()]), Status::Warn, &says);
    let says = format!("no primary: {} is in recovery, a standby", standby.address());
    states.row("no primary", &of(&standby.url(), &[]), Status::Down, &says);
    states.finish();
}

#[test]
fn a_partner_counts_only_for_what_it_proves_to_be() {
    lab::require!(lab::POSTGRES);
    let mut states = States::default();
    let primary = PostgresOptions::default().setting("wal_level", "logical").start();
    let subscriber = PostgresOptions::default().start_foreign();
    subscriber.sql("CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL)");
    primary.sql("CREATE PUBLICATION pub FOR TABLE customers");
    let conninfo = format!("host=127.0.0.1 port={} user=postgres dbname=postgres", primary.port());
    subscriber.sql(&format!("CREATE SUBSCRIPTION cdc CONNECTION '{conninfo}' PUBLICATION pub"));
    lab::wait_until("the subscriber streams", PATIENCE, || receivers(&primary, "application_name = 'cdc'") == "1");
    let port = lab::closed_port();
    let dead = format!("postgresql://postgres@localhost:{}/postgres", port.number());
    let says = "no replica is streaming (cdc is a logical subscriber)";
    states.row("a logical subscriber only", &of(&primary.url(), &[]), Status::Down, says);
    let says = format!("no replica is streaming: localhost: connection refused by 127.0.0.1:{}", port.number());
    states.row("a subscriber and a dead standby", &of(&primary.url(), &[&dead]), Status::Down, &says);
    primary.sql("CREATE ROLE plain LOGIN PASSWORD 'plain'");
    let plain = format!("postgresql://plain:plain@{}/postgres", primary.address());
    // Its name is hidden from the role; its slot is not.
    let says = "no replica is streaming (cdc is a logical subscriber)";
    states.row("the same without pg_monitor", &of(&plain, &[]), Status::Down, says);

    let primary = Postgres::start();
    let archive = Postgres::archive();
    let _receiver = primary.client("pg_receivewal", &["-D", "."], &archive);
    lab::wait_until("WAL is received", PATIENCE, || receivers(&primary, "true") == "1");
    let says = "no replica is streaming (pg_receivewal is a WAL archive)";
    states.row("pg_receivewal only", &of(&primary.url(), &[]), Status::Down, says);
    states.row(
        "pg_receivewal and a dead standby",
        &of(&primary.url(), &[&dead]),
        Status::Down,
        "no replica is streaming: ",
    );
    // A standby, too: the archive changes nothing.
    let replica = primary.replica();
    states.row("both", &of(&primary.url(), &[&replica.url()]), Status::Ok, "1 replica streaming, nothing behind");
    states.row(
        "a standby and a dead one",
        &of(&primary.url(), &[&dead]),
        Status::Warn,
        "connection refused by 127.0.0.1:",
    );
    states.finish();
}

#[test]
fn a_standby_that_is_fed_from_an_archive_is_judged_by_its_lag() {
    lab::require!(lab::POSTGRES);
    let mut states = States::default();
    let archive = Postgres::archive();
    let folder = archive.path().display();
    let primary = PostgresOptions::default()
        .setting("archive_mode", "on")
        .setting("archive_command", format!("cp %p {folder}/%f"))
        .start();
    let standby = PostgresOptions::default().setting("restore_command", format!("cp {folder}/%f %p")).standby();
    primary.sql("INSERT INTO customers VALUES (5000, 'shipped')");
    primary.sql("SELECT pg_switch_wal()");
    let arrived = "SELECT count(*) FROM customers WHERE id = 5000";
    lab::wait_until("the segment is replayed", PATIENCE, || standby.sql(arrived) == "1");
    let pair = of(&primary.url(), &[&standby.url()]);
    states.row("fed from the archive", &pair, Status::Ok, "1 replica fed from the archive, ");
    let limit = format!("{pair}warn = \"lag_seconds >= 0.0\"");
    states.row("beyond its limit", &limit, Status::Warn, "1 replica fed from the archive, ");
    primary.sql("CREATE ROLE plain LOGIN PASSWORD 'plain'");
    primary.sql("SELECT pg_switch_wal()");
    let role = "SELECT count(*) FROM pg_roles WHERE rolname = 'plain'";
    lab::wait_until("the role is there", PATIENCE, || standby.sql(role) == "1");
    let plain = |server: &Postgres| format!("postgresql://plain:plain@{}/postgres", server.address());
    let hidden = of(&plain(&primary), &[&plain(&standby)]);
    states.row("what feeds it is hidden", &hidden, Status::Unknown, "its primary_conninfo is hidden: GRANT pg_monitor");
    states.finish();
}
