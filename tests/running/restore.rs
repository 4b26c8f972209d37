//! A real dump is restored into a new database, checked and swapped in; and rolled back when the check fails.

use std::process::Command;

use crate::{
    desk::{Desk, kinds, stderr, stdout},
    lab::{self, Postgres},
};

const RUNBOOK: &str = r#"---
id: restore
requires: [psql, pg_restore, createdb]
vars:
  DUMP: { prompt: "Dump to restore", type: file }
  EXPECTED_ROWS: { prompt: "Rows that customers must have", type: integer }
---
# Restore the portal database

## Overview
Restores a dump beside the live database and swaps the two by name.

## Prerequisites
- The dump, made with `pg_dump -Fc`.

## Estimated Time
5 minutes

## Steps

### 1. Check the dump
```bash
pg_restore --list "$DUMP" >/dev/null && echo readable
```

**Expected Output:** readable

### 2. Restore into a new database
```bash
createdb portal_new
pg_restore --exit-on-error --single-transaction --no-owner -d portal_new "$DUMP"
```

**If it fails:**
- The live database is untouched; drop `portal_new` and try another dump.

### 3. Swap
```bash
psql -X -v ON_ERROR_STOP=1 -d postgres -c "ALTER DATABASE portal RENAME TO portal_old"
psql -X -v ON_ERROR_STOP=1 -d postgres -c "ALTER DATABASE portal_new RENAME TO portal"
```

## Verification

### 1. Every customer is there
```bash {expect-contains="all rows"}
ROWS=$(psql -X -At -d portal -c "SELECT count(*) FROM customers")
test "$ROWS" -eq "$EXPECTED_ROWS" && echo "all rows"
```

## Rollback

### 1. Swap back
```bash
psql -X -v ON_ERROR_STOP=1 -d postgres -c "ALTER DATABASE portal RENAME TO portal_new"
psql -X -v ON_ERROR_STOP=1 -d postgres -c "ALTER DATABASE portal_old RENAME TO portal"
```
"#;

/// A server with a database of two customers, a dump of it, and then one customer lost.
fn server() -> (Postgres, Desk) {
    let server = Postgres::start();
    server.sql("CREATE DATABASE portal");
    let desk = Desk::new("", RUNBOOK);
    on(
        &server,
        "psql",
        &["-d", "portal", "-c", "CREATE TABLE customers (name text); INSERT INTO customers VALUES ('a'), ('b')"],
    );
    on(&server, "pg_dump", &["-Fc", "-d", "portal", "-f", desk.path("portal.dump").to_str().unwrap()]);
    on(&server, "psql", &["-d", "portal", "-c", "DELETE FROM customers WHERE name = 'b'"]);
    let desk = desk.with_pack(&format!(
        "vars = {{ PGHOST = \"127.0.0.1\", PGPORT = \"{}\", PGUSER = \"postgres\" }}\n",
        server.port()
    ));
    (server, desk)
}

fn on(server: &Postgres, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(["-h", "127.0.0.1", "-p", &server.port().to_string(), "-U", "postgres"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn customers(server: &Postgres, database: &str) -> String {
    on(server, "psql", &["-At", "-d", database, "-c", "SELECT string_agg(name, ',' ORDER BY name) FROM customers"])
}

#[test]
fn a_dump_is_restored_checked_and_swapped_in() {
    lab::require!(lab::POSTGRES);
    let (server, desk) = server();
    let dump = format!("DUMP={}", desk.path("portal.dump").display());
    let arguments =
        ["runbook", "run", "restore", "--var", &dump, "--var", "EXPECTED_ROWS=2", "--confirm", "destructive"];
    let output = desk.run(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(customers(&server, "portal"), "a,b");
    assert_eq!(customers(&server, "portal_old"), "a", "what was there before is kept");
}

#[test]
fn a_failing_verification_leads_to_the_rollback() {
    lab::require!(lab::POSTGRES);
    let (server, desk) = server();
    let dump = format!("DUMP={}", desk.path("portal.dump").display());
    let arguments =
        ["runbook", "run", "restore", "--var", &dump, "--var", "EXPECTED_ROWS=3", "--confirm", "destructive"];
    let mut terminal = desk.terminal(&arguments);
    terminal.wait_for("Every customer is there failed.");
    assert_eq!(customers(&server, "portal"), "a,b");
    terminal.keys("b\r");
    terminal.wait_for("Restore the portal database: rolled back");
    assert_eq!(terminal.exit().code(), Some(1));
    assert_eq!(customers(&server, "portal"), "a", "as it was before");
    assert_eq!(customers(&server, "portal_new"), "a,b");
    let events = desk.events();
    assert!(kinds(&events).contains(&"rollback_started"), "{events:?}");
    assert_eq!(events.last().unwrap()["outcome"], "rolled_back");
}

#[test]
fn a_truncated_dump_leaves_the_live_database_alone() {
    lab::require!(lab::POSTGRES);
    let (server, desk) = server();
    let whole = std::fs::read(desk.path("portal.dump")).unwrap();
    std::fs::write(desk.path("cut.dump"), &whole[..whole.len() / 3]).unwrap();
    let dump = format!("DUMP={}", desk.path("cut.dump").display());
    let arguments =
        ["runbook", "run", "restore", "--var", &dump, "--var", "EXPECTED_ROWS=2", "--confirm", "destructive"];
    let output = desk.run(&arguments);
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(customers(&server, "portal"), "a");
    assert_eq!(server.sql("SELECT count(*) FROM pg_database WHERE datname = 'portal_old'"), "0");
}
