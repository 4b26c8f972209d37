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
//! | answers, but does not let us in (password, role, `pg_hba.conf`, no such database); TLS fails | unknown |
//! | does not answer, no route, name does not resolve here | unknown |
//! | the last attempt to archive WAL failed | warn |
//!
//! The value is the use of connections in %. Details:
//!
//! - `role` (`primary`, `standby`), `read_only`, `version`, `started_at`
//! - `connections`: `used`, `max`, `reserved` (for superusers), `used_percent`, `active`, `idle`, `idle_in_transaction`,
//!   `waiting` (for a lock)
//! - `longest_transaction` and `transactions` (table, ten longest): `seconds`, `pid`, `user`, `database`, `state`,
//!   `waits_for`, `query` (literals masked)
//! - `blocked`: `count`; `blocked_sessions` (table): `pid`, `blocked_by`, `seconds`, `user`, `database`, `query`
//! - `deadlocks_since_last_look` (absent on the first look), `cache_hit_percent` (since the statistics were reset)
//! - `database`: `name`, `size_bytes`
//! - `archiver`: `enabled`, `failing`, `last_archived_age_seconds`, `unarchived_bytes`, `failed_count`, …
//! - `replication`: `replicas` (connected standbys)
//! - `slow_statements` (table, ten slowest by mean time): `mean_ms`, `calls`, `total_ms`, `rows`, `query`
//! - `notes`: what could not be seen, and why (`pg_stat_statements` not installed, a view our role may not read)
//!
//! Size and slow statements are looked at once a minute at most. On a primary that archives, the time since the last
//! archived segment is an exposure (`WAL archive`).

mod assess;
mod documents;
mod literals;
mod refusal;
pub(super) mod session;

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use tokio::{sync::Mutex, time::Instant};

use self::{
    assess::Answers,
    documents::{ARCHIVER, DATABASE, SERVER, SESSIONS, SIZE, Size, Statement, Statements, StatementsView},
    session::{Answer, Server},
};
use super::{Look, Probe, failure::Failure};
use warroom_domain::{
    health::Observation,
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
                Err(failure) => with_limit(failure, kept.max_connections).observation(self.on_timeout),
            }
        })
    }
}

impl PostgresProbe {
    async fn look(&self, kept: &mut Kept, look: &Look) -> Result<Observation, Failure> {
        let answers = kept.server.ask(look, &[SERVER, SESSIONS, DATABASE, ARCHIVER]).await?;
        let mut notes = Notes { texts: Vec::new(), timeout: self.timeout };
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Err("not asked".to_owned()));
        let server: documents::Server = read(next()).map_err(|cause| {
            Failure::unknown(format!("answers, but does not say what it is: {}", notes.words(&cause)))
        })?;
        let sessions: Option<documents::Sessions> = notes.part("connections", next());
        let database: Option<documents::Database> = notes.part("database statistics", next());
        let archiver = notes.part("WAL archiver", next());

        let due = kept.costly.as_ref().is_none_or(|costly| costly.at.elapsed() >= COSTLY_EVERY);
        if due {
            let view = database.as_ref().and_then(|database| database.statements.as_ref());
            kept.costly = Some(costly(&mut kept.server, look, view, self.timeout).await?);
        }
        let (size_bytes, statements) = match &kept.costly {
            Some(costly) => {
                notes.texts.extend_from_slice(&costly.notes);
                (costly.size_bytes, costly.statements.clone())
            }
            None => (None, None),
        };
        if let Some(hidden) = sessions.as_ref().map(|sessions| sessions.hidden).filter(|hidden| *hidden > 0) {
            let role = &server.role;
            notes.texts.push(format!("{hidden} sessions are hidden from role {role}: GRANT pg_monitor TO {role}"));
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
    let questions: Vec<&str> = [SIZE].into_iter().chain(slowest.as_deref()).collect();
    let mut answers = server.ask(look, &questions).await?.into_iter();
    let size = answers.next().and_then(|answer| notes.part::<Size>("database size", answer));
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
        statements: statements.map(|found| found.statements),
        notes: notes.texts,
    })
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
            Err(cause) => {
                let words = self.words(&cause);
                self.texts.push(format!("{name}: {words}"));
                None
            }
        }
    }

    fn words(&self, cause: &str) -> String {
        if cause.contains("statement timeout") { assess::too_slow(self.timeout) } else { cause.to_owned() }
    }
}

fn read<T: DeserializeOwned>(answer: Answer) -> Result<T, String> {
    serde_json::from_value(answer?).map_err(|_| "the answer is not what this server's version should give".to_owned())
}

/// A server that is full does not say how full; an earlier look knows.
fn with_limit(mut failure: Failure, max_connections: Option<i64>) -> Failure {
    if let Some(max) = max_connections.filter(|_| failure.cause.ends_with("too many clients")) {
        failure.cause = format!("{} ({max} of {max})", failure.cause);
    }
    failure
}
