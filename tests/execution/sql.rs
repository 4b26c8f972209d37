//! SQL actions against a real PostgreSQL.

use std::time::{Duration, Instant};

use warroom::{
    exec::{Order, OrderKind},
    runbook::run::Ending,
};

use crate::{
    lab::{self, Postgres, wait_until},
    runs::{Done, PATIENCE, Run, given, output, secret},
};

fn order(run: &Run, server: &Postgres, write: bool, code: &str) -> Order {
    let mut order = run.order("");
    order.kind = OrderKind::Sql {
        code: code.to_owned(),
        url: server.url().into(),
        write,
        statement_timeout: Duration::from_secs(20),
    };
    order
}

fn read(run: &Run, server: &Postgres, code: &str) -> Done {
    run.run_order(&order(run, server, false, code))
}

#[test]
fn tables_tags_and_notices_look_as_in_psql_and_values_can_be_captured() {
    lab::require!(lab::POSTGRES);
    let (server, run) = (Postgres::start(), Run::new());
    let done =
        read(&run, &server, "SELECT id, name FROM customers ORDER BY id LIMIT 2;\nSELECT count(*) FROM customers;")
            .succeeded();
    assert_eq!(
        done.output,
        " id |    name    \n----+------------\n  1 | customer 1\n  2 | customer 2\n(2 rows)\n\n count \n-------\n  1000\n(1 row)\n\n"
    );
    assert_eq!(done.job.stdout().unwrap(), "1|customer 1\n2|customer 2\n1000\n");
    let code = "CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2); DO $$ BEGIN RAISE NOTICE 'look here'; END $$; UPDATE t SET n = 3";
    let done = run.run_order(&order(&run, &server, true, code)).succeeded();
    for line in ["CREATE TABLE", "INSERT 0 2", "NOTICE:  look here", "UPDATE 2"] {
        assert!(done.output.lines().any(|shown| shown == line), "{line}: {}", done.output);
    }
    assert_eq!(server.sql("SELECT sum(n) FROM t"), "6");
}

#[test]
fn what_only_reads_cannot_write_however_it_tries() {
    lab::require!(lab::POSTGRES);
    let (server, run) = (Postgres::start(), Run::new());
    let done = read(&run, &server, "SELECT 1;\nDELETE FROM customers;");
    assert_eq!(done.end.ending, Ending::Exited { code: 1 });
    assert!(done.output.contains("25006") && done.output.contains("attribute `write`"), "{}", done.output);
    for code in
        ["SET TRANSACTION READ WRITE; DELETE FROM customers", "SET transaction_read_only = off; DELETE FROM customers"]
    {
        assert_eq!(read(&run, &server, code).end.ending, Ending::Exited { code: 1 }, "{code}");
    }
    for code in ["COMMIT; DELETE FROM customers", "/**/ rollback; BEGIN; DELETE FROM customers; COMMIT"] {
        let Ending::NotStarted { why } = read(&run, &server, code).end.ending else { panic!("{code} ran") };
        assert!(why.contains("one transaction"), "{why}");
    }
    assert_eq!(server.sql("SELECT count(*) FROM customers"), "1000");
}

#[test]
fn an_error_names_its_code_its_line_and_its_place_and_nothing_is_committed() {
    lab::require!(lab::POSTGRES);
    let (server, run) = (Postgres::start(), Run::new());
    let done = run.run_order(&order(&run, &server, true, "DELETE FROM customers;\nSELECT 'ä', nam FROM customers;"));
    assert_eq!(done.end.ending, Ending::Exited { code: 1 });
    let wanted = "ERROR 42703 at line 2: column \"nam\" does not exist\nLINE 2: SELECT 'ä', nam FROM customers;\n                    ^\nHINT: ";
    assert!(done.output.contains(wanted), "{}", done.output);
    assert_eq!(server.sql("SELECT count(*) FROM customers"), "1000");
}

#[test]
fn what_cannot_run_in_a_transaction_runs_alone() {
    lab::require!(lab::POSTGRES);
    let (server, run) = (Postgres::start(), Run::new());
    let done = run.run_order(&order(&run, &server, true, "VACUUM customers;")).succeeded();
    assert_eq!(done.output, "VACUUM\n");
    run.run_order(&order(&run, &server, true, "CREATE INDEX CONCURRENTLY c ON customers (name)")).succeeded();
}

#[test]
fn a_transaction_that_is_left_open_fails_and_keeps_nothing() {
    lab::require!(lab::POSTGRES);
    let (server, run) = (Postgres::start(), Run::new());
    for code in [
        "BEGIN; DELETE FROM customers",
        "BEGIN; DELETE FROM customers; COMMIT; BEGIN; DELETE FROM customers WHERE false",
    ] {
        let ended = run.run_order(&order(&run, &server, true, code));
        assert_eq!(ended.end.ending, Ending::Exited { code: 1 }, "{code}: {}", ended.output);
        assert!(ended.output.contains("transaction left open"), "{}", ended.output);
        if !code.contains("COMMIT") {
            assert_eq!(server.sql("SELECT count(*) FROM customers"), "1000");
        }
    }
    run.run_order(&order(&run, &server, true, "BEGIN; SELECT 1; COMMIT")).succeeded();
}

#[test]
fn cancelling_ends_the_query_on_the_server() {
    lab::require!(lab::POSTGRES);
    let (server, run) = (Postgres::start(), Run::new());
    let started = run.start(&order(&run, &server, true, "DELETE FROM customers; SELECT pg_sleep(600);"));
    let active = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    wait_until("the query runs", PATIENCE, || server.sql(active) == "1");
    started.job.cancel().unwrap();
    let begun = Instant::now();
    assert_eq!(started.end().end.ending, Ending::Cancelled);
    assert!(begun.elapsed() < Duration::from_secs(2));
    wait_until("the query has ended", PATIENCE, || server.sql(active) == "0");
    assert_eq!(server.sql("SELECT count(*) FROM customers"), "1000");
}

#[test]
fn time_is_up_for_an_action_and_for_a_statement() {
    lab::require!(lab::POSTGRES);
    let (server, run) = (Postgres::start(), Run::new());
    let mut slow = order(&run, &server, false, "SELECT pg_sleep(600)");
    slow.timeout = Some(Duration::from_millis(200));
    assert_eq!(run.run_order(&slow).end.ending, Ending::TimedOut);
    slow.timeout = None;
    if let OrderKind::Sql { statement_timeout, .. } = &mut slow.kind {
        *statement_timeout = Duration::from_millis(200);
    }
    let done = run.run_order(&slow);
    assert_eq!(done.end.ending, Ending::Exited { code: 1 });
    assert!(done.output.starts_with("ERROR 57014: canceling statement due to statement timeout"), "{}", done.output);
}

#[test]
fn variables_arrive_as_settings_and_secrets_do_not() {
    lab::require!(lab::POSTGRES);
    let (server, run) = (Postgres::start(), Run::new());
    let mut order = order(
        &run,
        &server,
        false,
        "SELECT current_setting('runbook.TENANT') AS tenant, current_setting('runbook.PW', true) AS pw",
    );
    order.variables = vec![given("TENANT", "a'; DROP TABLE customers; --"), secret("PW", "hunter2hunter2")];
    let done = run.run_order(&order).succeeded();
    assert_eq!(done.job.stdout().unwrap(), "a'; DROP TABLE customers; --|\n");
}

#[test]
fn a_server_that_does_not_let_us_in_is_told_without_the_password() {
    lab::require!(lab::POSTGRES);
    let (server, run) = (Postgres::start(), Run::new());
    let mut order = order(&run, &server, false, "SELECT 1");
    if let OrderKind::Sql { url, .. } = &mut order.kind {
        *url = format!("postgres://app:wrong-password-here@{}/postgres", server.address()).into();
    }
    let done = run.run_order(&order);
    let Ending::NotStarted { why } = done.end.ending else { panic!("{:?}", done.end) };
    assert!(why.contains("password authentication failed") && !why.contains("wrong-password-here"), "{why}");
}

#[test]
fn many_rows_stream_with_little_memory() {
    lab::require!(lab::POSTGRES);
    let (server, run) = (Postgres::start(), Run::new());
    let mut many = order(&run, &server, false, "SELECT n, repeat('x', 100) FROM generate_series(1, 100000) n");
    many.output_limit = 1 << 20;
    let started = run.start(&many);
    let mut peak = 0;
    wait_until("it has ended", PATIENCE, || {
        peak = peak.max(crate::runs::memory_bytes(started.supervisor.id()).unwrap_or_default());
        !matches!(started.job.state(), warroom::exec::JobState::Running { .. })
    });
    assert!(peak < 64 << 20, "{peak} bytes");
    let done = started.end().succeeded();
    assert!(done.output.contains("(100000 rows)") && output(&done.job).len() < 2 << 20);
}
