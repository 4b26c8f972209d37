//! A client of the database that stays connected: what holds connections and locks when they run short.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::PortalDatabase;
use crate::lab::wait_until;

const CONNECTED: Duration = Duration::from_secs(20);

/// Ends when it is dropped.
pub struct Session {
    psql: Child,
    database: PortalDatabase,
    /// The server's process for it.
    pub pid: u32,
}

impl Session {
    /// Connects under this name, and waits until the server sees the session in `state` (`idle in transaction`) after these statements, or
    /// waiting for a lock when the state is `active`.
    pub fn open(database: PortalDatabase, name: &str, statements: &str, state: &str) -> Session {
        let mut psql = Command::new("psql")
            .args(["-XAtq", "-d", &database.url()])
            .env("PGAPPNAME", name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = psql.stdin.as_mut().unwrap();
        writeln!(input, "SELECT pg_backend_pid();\n{statements};").unwrap();
        let mut first = String::new();
        BufReader::new(psql.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        let pid = first.trim().parse().unwrap();
        let session = Session { psql, database, pid };
        wait_until("the session is where it should be", CONNECTED, || {
            let waits = if state == "active" { "AND wait_event_type = 'Lock'" } else { "AND backend_xid IS NOT NULL" };
            let sql = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid} AND state = '{state}' {waits}");
            session.database.sql(&sql) == "1"
        });
        session
    }

    /// One that has written to this customer, and does nothing any more.
    pub fn idle(database: PortalDatabase, name: &str, customer: u32) -> Session {
        let sql = format!("BEGIN; UPDATE customers SET name = 'by {name}' WHERE id = {customer}");
        Session::open(database, name, &sql, "idle in transaction")
    }

    /// One that wants to write to this customer, and waits for another one.
    pub fn waiting(database: PortalDatabase, name: &str, customer: u32) -> Session {
        let sql = format!("UPDATE customers SET name = 'by {name}' WHERE id = {customer}");
        Session::open(database, name, &sql, "active")
    }

    /// Whether the server still has it.
    pub fn is_connected(&self) -> bool {
        self.database.sql(&format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {}", self.pid)) == "1"
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.psql.kill();
        let _ = self.psql.wait();
    }
}
