//! `postgres`: does the server accept connections, in the role it should have, and how busy is it?
//!
//! One connection is kept and renewed every minute, as `warroom`; every question is a read-only transaction with a
//! statement timeout, all questions of a look go out in one round trip, and nothing is left behind in a pooled session
//! (PgBouncer's transaction mode included). Works from PostgreSQL 10 on. Connection strings: see [`target`].
//!
//! | what is found | status |
//! | --- | --- |
//! | connection refused; starting up, shutting down, in crash recovery; no free connection | down |
//! | in recovery or read-only where a primary is expected, or a primary where a standby is | down |
//! | the disk cannot be written; transaction or multixact IDs are used up | down |
//! | answers, but does not let us in (password, role, `pg_hba.conf`, no such database, a limit on our role); TLS fails | unknown |
//! | a standby with `hot_standby = off` where none but a primary would be wrong | unknown |
//! | does not answer, no route, name does not resolve here | unknown |
//! | the last attempt to archive WAL failed, or more than `max_wal_size` waits for it | warn |
//! | wraparound: half of all transaction or multixact IDs are used in a database | warn |
//! | a prepared transaction is older than 5 minutes, or one, or a slot, than `vacuum_freeze_min_age` transactions | warn |
//! | read-only where any role is expected | warn |
//!
//! The value is the use of connections in %. Details:
//!
//! - `role` (`primary`, `standby`), `read_only`, `version`, `started_at`
//! - `connections`: `used`, `max`, `reserved` (for superusers), `used_percent`, `active`, `idle`, `idle_in_transaction`,
//!   `waiting` (for a lock), `hidden` (sessions that our role may not see: with any of those, the counts before this, `blocked` and
//!   `longest_transaction` are absent)
//! - `longest_transaction` and `transactions` (table, ten longest): `seconds`, `pid`, `user`, `database`, `state`,
//!   `waits_for`, `query` (literals masked)
//! - `blocked`: `count`; `blocked_sessions` (table): `pid`, `blocked_by`, `seconds`, `user`, `database`, `query`
//! - `deadlocks_since_last_look` (absent on the first look), `cache_hit_percent` (since the statistics were reset)
//! - `database`: `name`, `size_bytes`
//! - `archiver`: `enabled`, `failing`, `last_archived_age_seconds`, `unarchived_bytes`, `failed_count`, …
//! - `replication`: `replicas` (connected standbys)
//! - `wraparound`: `database` (nearest to it), `used_percent`, `xid_age`, `multixact_age`; `horizon_holders` (table): `kind`, `name`,
//!   `database`, `age_transactions`, `seconds`
//! - `problems`: all of them, worst first
//! - `slow_statements` (table, ten slowest by mean time): `mean_ms`, `calls`, `total_ms`, `rows`, `query`
//! - `notes`: what could not be seen, and why (`pg_stat_statements` not installed, a view our role may not read)
//!
//! Size, slow statements and the disk are looked at once a minute at most: nothing but writing shows a full disk, so that one
//! question sorts 200 kB through a temporary file. On a primary that archives, the time since the last
//! archived segment is an exposure (`WAL archive`).

mod assess;
mod documents;
mod literals;
mod problems;
mod refusal;
pub(super) mod session;

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use tokio::{sync::Mutex, time::Instant};

use self::{
    documents::{
        ARCHIVER, Answers, DATABASE, HORIZON, SERVER, SESSIONS, SIZE, SPILL, Size, Statement, Statements,
        StatementsView,
    },
    session::{Answer, Refused, Server},
};
use super::{
    Look, Probe,
    failure::{Failure, Sort},
};
use warroom_domain::{
    health::{Observation, Status},
    platform::{OnTimeout, PostgresRole, ProbeSpec, SecretText},
};
use warroom_host::secret::SecretStore;

/// Costly questions are asked this often at most.
const COSTLY_EVERY: Duration = Duration::from_secs(60);

pub(super) struct PostgresProbe {
    expect: PostgresRole,
    on_timeout: OnTimeout,
    timeout: Duration,
    kept: Mutex<Kept>,
}

/// What one look leaves for the next.
struct Kept {
    server: Server,
    deadlocks: Option<i64>,
    max_connections: Option<i64>,
    costly: Option<Costly>,
}

struct Costly {
    at: Instant,
    size_bytes: Option<f64>,
    disk_problem: Option<String>,
    statements: Option<Vec<Statement>>,
    notes: Vec<String>,
}

impl PostgresProbe {
    pub(super) fn new(url: SecretText, expect: PostgresRole, spec: &ProbeSpec, secrets: Arc<SecretStore>) -> Self {
        let server = Server::new(url, secrets, spec.timeout);
        PostgresProbe {
            expect,
            on_timeout: spec.on_timeout,
            timeout: spec.timeout,
            kept: Mutex::new(Kept { server, deadlocks: None, max_connections: None, costly: None }),
        }
    }
}

impl Probe for PostgresProbe {
    fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation> {
        Box::pin(async move {
            let mut kept = self.kept.lock().await;
            match self.look(&mut kept, look).await {
                Ok(seen) => seen,
                Err(failure) => {
                    with_limit(self.as_expected(failure), kept.max_connections).observation(self.on_timeout)
                }
            }
        })
    }
}

impl PostgresProbe {
    /// A standby that takes no connections is a server nobody can look into, and no primary.
    fn as_expected(&self, failure: Failure) -> Failure {
        match (failure.sort, self.expect) {
            (Sort::ColdStandby, PostgresRole::Primary) => Failure { status: Status::Down, ..failure },
            _ => failure,
        }
    }

    async fn look(&self, kept: &mut Kept, look: &Look) -> Result<Observation, Failure> {
        let answers = kept.server.ask(look, &[SERVER, SESSIONS, DATABASE, ARCHIVER, HORIZON]).await?;
        let mut notes = Notes { texts: Vec::new(), timeout: self.timeout };
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Err("not asked".into()));
        let server: documents::Server = read(next()).map_err(|cause| {
            Failure::unknown(format!("answers, but does not say what it is: {}", notes.words(&cause)))
        })?;
        let sessions: Option<documents::Sessions> = notes.part("connections", next());
        let database: Option<documents::Database> = notes.part("database statistics", next());
        let archiver = notes.part("WAL archiver", next());
        let horizon = notes.part("wraparound", next());

        let due = kept.costly.as_ref().is_none_or(|costly| costly.at.elapsed() >= COSTLY_EVERY);
        if due {
            let view = database.as_ref().and_then(|database| database.statements.as_ref());
            kept.costly = Some(costly(&mut kept.server, look, view, self.timeout).await?);
        }
        let (size_bytes, disk_problem, statements) = match &kept.costly {
            Some(costly) => {
                notes.texts.extend_from_slice(&costly.notes);
                (costly.size_bytes, costly.disk_problem.clone(), costly.statements.clone())
            }
            None => (None, None, None),
        };
        if sessions.as_ref().is_some_and(|sessions| sessions.hidden > 0) {
            let role = &server.role;
            notes.texts.push(format!("state and waits of other sessions are hidden: GRANT pg_monitor TO {role}"));
        }

        let total = database.as_ref().map(|database| database.deadlocks);
        let deadlocks_since_last_look = match (kept.deadlocks, total) {
            // Fewer than before: the statistics were reset in between.
            (Some(before), Some(now)) => Some(if now < before { now } else { now - before }),
            _ => None,
        };
        kept.deadlocks = total.or(kept.deadlocks);
        kept.max_connections = Some(server.max_connections);
        let answers = Answers {
            server,
            sessions,
            database,
            archiver,
            horizon,
            disk_problem,
            size_bytes,
            statements,
            deadlocks_since_last_look,
            notes: notes.texts,
        };
        Ok(assess::assess(&answers, self.expect))
    }
}

async fn costly(
    server: &mut Server,
    look: &Look,
    view: Option<&StatementsView>,
    timeout: Duration,
) -> Result<Costly, Failure> {
    let mut notes = Notes { texts: Vec::new(), timeout };
    let slowest = view.map(StatementsView::question);
    let questions: Vec<&str> = [SIZE, SPILL].into_iter().chain(slowest.as_deref()).collect();
    let mut answers = server.ask(look, &questions).await?.into_iter();
    let size = answers.next().and_then(|answer| notes.part::<Size>("database size", answer));
    let disk_problem = answers.next().and_then(Result::err).and_then(|refused| disk_problem(&refused));
    let statements = match answers.next() {
        Some(answer) => notes.part::<Statements>("slow statements", answer),
        None => {
            notes.texts.push("slow statements: extension pg_stat_statements is not in this database".to_owned());
            None
        }
    };
    Ok(Costly {
        at: Instant::now(),
        size_bytes: size.map(|size| size.size_bytes),
        disk_problem,
        statements: statements.map(|found| found.statements),
        notes: notes.texts,
    })
}

/// Why a temporary file could not be written: `could not write to file "base/pgsql_tmp/pgsql_tmp1.0": No space left on device`.
/// Refusals of another kind (`temp_file_limit`) say nothing of the disk.
fn disk_problem(refused: &Refused) -> Option<String> {
    let is_of_the_disk = refused.code == "53100" || refused.words.contains("pgsql_tmp");
    is_of_the_disk.then(|| refused.words.rsplit(": ").next().unwrap_or_default().to_owned())
}

/// Collects what could not be seen.
struct Notes {
    texts: Vec<String>,
    timeout: Duration,
}

impl Notes {
    fn part<T: DeserializeOwned>(&mut self, name: &str, answer: Answer) -> Option<T> {
        match read(answer) {
            Ok(part) => Some(part),
            Err(refused) => {
                let words = self.words(&refused);
                self.texts.push(format!("{name}: {words}"));
                None
            }
        }
    }

    fn words(&self, refused: &Refused) -> String {
        // query_canceled: by the statement timeout, in whatever language
        if refused.code == "57014" { assess::too_slow(self.timeout) } else { refused.words.clone() }
    }
}

fn read<T: DeserializeOwned>(answer: Answer) -> Result<T, Refused> {
    serde_json::from_value(answer?).map_err(|_| "the answer is not what this server's version should give".into())
}

/// A server that is full does not say how full; an earlier look knows.
fn with_limit(mut failure: Failure, max_connections: Option<i64>) -> Failure {
    if let Some(max) = max_connections.filter(|_| failure.cause.ends_with("too many clients")) {
        failure.cause = format!("{} ({max} of {max})", failure.cause);
    }
    failure
}
