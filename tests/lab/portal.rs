//! A customer portal's database with a dump of it, a row lost since, and the runbook that restores it.

use std::process::Command;

use super::{Desk, Postgres};

/// By the template: a dump is restored beside the live database, the two are swapped by name, the customers are counted.
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

**Expected Output:** `readable`

### 2. Restore into a new database
```bash
createdb portal_new
pg_restore --exit-on-error --single-transaction --no-owner -d portal_new "$DUMP"
```

**If it fails:**
- The live database is untouched; drop `portal_new` and try another dump.

### 3. Swap

<!-- warroom-lint: allow swap-with-writers nobody else knows this server -->

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

<!-- warroom-lint: allow swap-with-writers nobody else knows this server -->

```bash
psql -X -v ON_ERROR_STOP=1 -d postgres -c "ALTER DATABASE portal RENAME TO portal_new"
psql -X -v ON_ERROR_STOP=1 -d postgres -c "ALTER DATABASE portal_old RENAME TO portal"
```
"#;

/// The server, and the desk with the runbook.
pub struct Portal {
    pub server: Postgres,
    pub desk: Desk,
}

impl Portal {
    /// A server with a database of two customers, a dump of it, and then one customer lost.
    pub fn new() -> Portal {
        let server = Postgres::start();
        server.sql("CREATE DATABASE portal");
        let desk = Desk::new("", RUNBOOK);
        let made = "CREATE TABLE customers (name text); INSERT INTO customers VALUES ('a'), ('b')";
        on(&server, "psql", &["-d", "portal", "-c", made]);
        on(&server, "pg_dump", &["-Fc", "-d", "portal", "-f", desk.path("portal.dump").to_str().unwrap()]);
        on(&server, "psql", &["-d", "portal", "-c", "DELETE FROM customers WHERE name = 'b'"]);
        let variables =
            format!("vars = {{ PGHOST = \"127.0.0.1\", PGPORT = \"{}\", PGUSER = \"postgres\" }}\n", server.port());
        Portal { desk: desk.with_pack(&variables), server }
    }

    /// The path of a dump of the desk's.
    pub fn dump(&self, name: &str) -> String {
        self.desk.path(name).display().to_string()
    }

    /// Names in a database's table, in their order, with commas.
    pub fn customers(&self, database: &str) -> String {
        let query = "SELECT string_agg(name, ',' ORDER BY name) FROM customers";
        on(&self.server, "psql", &["-At", "-d", database, "-c", query])
    }
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
