//! What the questions to a PostgreSQL server are, and the shape of their answers.

use serde::Deserialize;

/// Role, limits and settings. Without this answer there is no reading.
pub(super) const SERVER: &str = include_str!("sql/server.sql");
/// Connections, transactions and who blocks whom.
pub(super) const SESSIONS: &str = include_str!("sql/sessions.sql");
/// Deadlocks, cache, and where `pg_stat_statements` is.
pub(super) const DATABASE: &str = include_str!("sql/database.sql");
/// WAL archiving, and how many replicas are connected.
pub(super) const ARCHIVER: &str = include_str!("sql/archiver.sql");
/// Wraparound, and what keeps VACUUM from removing rows.
pub(super) const HORIZON: &str = include_str!("sql/horizon.sql");
/// Writes a temporary file of 200 kB, as any large sort does, on a standby too: reading alone shows no full disk.
pub(super) const SPILL: &str = include_str!("sql/spill.sql");
/// Size of the database on disk: walks its files, so not for every look.
pub(super) const SIZE: &str = include_str!("sql/size.sql");

const STATEMENTS: &str = include_str!("sql/statements.sql");

/// Everything one look came back with. Parts that the server refused are `None`, with a note.
pub(super) struct Answers {
    pub(super) server: Server,
    pub(super) sessions: Option<Sessions>,
    pub(super) database: Option<Database>,
    pub(super) archiver: Option<Archiver>,
    pub(super) horizon: Option<Horizon>,
    /// Why the server cannot write its files, in the words of its system.
    pub(super) disk_problem: Option<String>,
    pub(super) size_bytes: Option<f64>,
    pub(super) statements: Option<Vec<Statement>>,
    /// `None` when there was no look before this one.
    pub(super) deadlocks_since_last_look: Option<i64>,
    pub(super) notes: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Server {
    pub(super) in_recovery: bool,
    pub(super) version: String,
    pub(super) started_at: String,
    pub(super) max_connections: i64,
    pub(super) reserved_connections: i64,
    pub(super) read_only: Option<bool>,
    pub(super) database: String,
    pub(super) role: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Sessions {
    pub(super) used: i64,
    /// Sessions whose state and query our role may not see. Where there are any, what counts states is `None`.
    pub(super) hidden: i64,
    pub(super) active: Option<i64>,
    pub(super) idle: Option<i64>,
    pub(super) idle_in_transaction: Option<i64>,
    pub(super) waiting: Option<i64>,
    pub(super) blocked: Option<i64>,
    /// The longest of those that are visible.
    pub(super) transactions: Vec<Session>,
    pub(super) blocked_sessions: Vec<Session>,
}

/// One session in a list. `seconds` is the age of its transaction, or of the query that waits.
#[derive(Debug, Deserialize)]
pub(super) struct Session {
    pub(super) seconds: Option<f64>,
    pub(super) pid: i64,
    pub(super) user: Option<String>,
    pub(super) database: Option<String>,
    pub(super) state: Option<String>,
    pub(super) waits_for: Option<String>,
    pub(super) blocked_by: Option<String>,
    pub(super) query: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Database {
    /// Of all databases, since the statistics were reset.
    pub(super) deadlocks: i64,
    pub(super) blocks_hit: i64,
    pub(super) blocks_read: i64,
    pub(super) statements: Option<StatementsView>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StatementsView {
    /// Quoted name with schema.
    pub(super) view: String,
    /// PostgreSQL 13 renamed `mean_time` to `mean_exec_time`.
    pub(super) exec_columns: bool,
}

impl StatementsView {
    /// The question for the slowest statements.
    pub(super) fn question(&self) -> String {
        let (mean, total) =
            if self.exec_columns { ("mean_exec_time", "total_exec_time") } else { ("mean_time", "total_time") };
        STATEMENTS.replace("MEAN", mean).replace("TOTAL", total).replace("VIEW", &self.view)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Archiver {
    pub(super) enabled: bool,
    pub(super) last_archived_wal: Option<String>,
    pub(super) last_archived_age_seconds: Option<f64>,
    pub(super) failed_count: i64,
    pub(super) last_failed_wal: Option<String>,
    pub(super) last_failed_age_seconds: Option<f64>,
    /// The last attempt failed.
    pub(super) failing: bool,
    /// Where a primary writes, in bytes since the beginning of WAL.
    pub(super) position_bytes: Option<f64>,
    pub(super) segment_bytes: f64,
    /// `max_wal_size`: what WAL is meant to take.
    pub(super) max_wal_bytes: f64,
    /// Standbys connected to this server; `None` when hidden from our role.
    pub(super) replicas: Option<i64>,
}

impl Archiver {
    /// Bytes of WAL that the archive does not have yet; `None` when no name tells where they begin.
    pub(super) fn unarchived_bytes(&self) -> Option<f64> {
        // What fails is the next one. Backup labels and timeline histories are archived, too, and are no segments.
        let failed = self.last_failed_wal.as_deref().filter(|_| self.failing).and_then(|name| self.start(name));
        let last = || Some(self.start(self.last_archived_wal.as_deref()?)? + self.segment_bytes);
        Some((self.position_bytes? - failed.or_else(last)?).max(0.0))
    }

    /// Where a segment begins.
    fn start(&self, name: &str) -> Option<f64> {
        let name = name.trim_end_matches(".partial");
        if name.len() != 24 {
            return None;
        }
        // TTTTTTTTLLLLLLLLSSSSSSSS: timeline, then the segment's number in units of 4 GB and of segments
        let high = u64::from_str_radix(name.get(8..16)?, 16).ok()?;
        let low = u64::from_str_radix(name.get(16..24)?, 16).ok()?;
        Some(high as f64 * 4_294_967_296.0 + low as f64 * self.segment_bytes)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Horizon {
    /// Of the database that is nearest to it.
    pub(super) wraparound: Wraparound,
    /// IDs before the end from which on the server refuses to give out new ones.
    pub(super) reserve: i64,
    /// `vacuum_freeze_min_age`: transactions after which VACUUM freezes a row, if nothing needs it as it is.
    pub(super) freeze_min_age: i64,
    /// The oldest first.
    pub(super) holders: Vec<Holder>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Wraparound {
    pub(super) database: String,
    pub(super) xid_age: i64,
    pub(super) multixact_age: i64,
}

/// What keeps rows that were deleted after it: a prepared transaction, or a replication slot.
#[derive(Debug, Deserialize)]
pub(super) struct Holder {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) database: Option<String>,
    /// In transactions.
    pub(super) age: i64,
    /// Since it was prepared.
    pub(super) seconds: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Statements {
    pub(super) statements: Vec<Statement>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Statement {
    pub(super) mean_ms: f64,
    pub(super) total_ms: f64,
    pub(super) calls: i64,
    pub(super) rows: i64,
    pub(super) query: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Size {
    pub(super) size_bytes: f64,
}
