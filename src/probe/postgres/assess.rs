//! From a server's answers to an observation: verdict, words, details.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    documents::{Answers, Archiver, Holder, Server, Session, Sessions, Statement},
    literals::masked,
    problems::problems,
};
use crate::known::known;
use warroom_domain::{
    health::{Observation, Status, Unit, duration},
    platform::PostgresRole,
};

/// The observation of a server that answered.
pub(super) fn assess(answers: &Answers, expect: PostgresRole) -> Observation {
    let problems = problems(answers, expect);
    let (status, summary) = verdict(answers, &problems);
    let mut details = details(answers);
    if !problems.is_empty() {
        details.insert("problems".to_owned(), problems.iter().map(|(_, text)| text.as_str()).collect());
    }
    let mut seen = Observation::new(status, summary).with_details(Value::Object(known(details)));
    if let Some(percent) = used_percent(answers) {
        seen = seen.with_value(percent, Unit::Percent);
    }
    match &answers.archiver {
        Some(archiver) if archiver.enabled && !answers.server.in_recovery => match archive_loss(archiver) {
            Some(loss) => seen.with_exposure("WAL archive", loss, true),
            None => seen,
        },
        _ => seen,
    }
}

fn verdict(answers: &Answers, problems: &[(Status, String)]) -> (Status, String) {
    let role = if answers.server.in_recovery { "standby" } else { "primary" };
    let used = match &answers.sessions {
        Some(sessions) => format!("{} of {} connections", sessions.used, answers.server.max_connections),
        None => "connections not visible".to_owned(),
    };
    let hidden = match answers.sessions.as_ref().map_or(0, |sessions| sessions.hidden) {
        0 => String::new(),
        1 => format!(", 1 session hidden ({})", grant(&answers.server.role)),
        hidden => format!(", {hidden} sessions hidden ({})", grant(&answers.server.role)),
    };
    let first = match problems {
        [] => return (Status::Ok, format!("{role}, {used}{hidden}")),
        [(_, only)] => only.clone(),
        [(_, first), rest @ ..] => format!("{first} (and {} more)", rest.len()),
    };
    match problems[0].0 {
        Status::Warn => (Status::Warn, format!("{role}, {first}, {used}{hidden}")),
        status => (status, first),
    }
}

/// What makes hidden sessions visible.
fn grant(role: &str) -> String {
    format!("GRANT pg_monitor TO {role}")
}

fn used_percent(answers: &Answers) -> Option<f64> {
    let sessions = answers.sessions.as_ref()?;
    percent(sessions.used as f64, answers.server.max_connections as f64)
}

fn percent(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| (part / whole * 1000.0).round() / 10.0)
}

/// What a restore from the archive would lose: the time since the last archived segment, unless nothing was written since.
fn archive_loss(archiver: &Archiver) -> Option<Duration> {
    if archiver.unarchived_bytes() == Some(0.0) {
        return Some(Duration::ZERO);
    }
    Duration::try_from_secs_f64(archiver.last_archived_age_seconds?.max(0.0)).ok()
}

fn details(answers: &Answers) -> Map<String, Value> {
    let server = &answers.server;
    let mut details = Map::new();
    let mut put = |name: &str, value: Value| details.insert(name.to_owned(), value);
    put("role", if server.in_recovery { "standby" } else { "primary" }.into());
    put("read_only", (server.in_recovery || server.read_only == Some(true)).into());
    put("version", server.version.as_str().into());
    put("started_at", server.started_at.as_str().into());
    put("connections", connections(server, answers.sessions.as_ref(), used_percent(answers)));
    if let Some(sessions) = &answers.sessions {
        // A hidden one may be longer.
        if let Some(longest) = sessions.transactions.first().filter(|_| sessions.hidden == 0) {
            put("longest_transaction", transaction(longest));
        }
        put("blocked", json!({ "count": sessions.blocked }));
        put("transactions", sessions.transactions.iter().map(transaction).collect());
        put("blocked_sessions", sessions.blocked_sessions.iter().map(blocked).collect());
    }
    if let Some(deadlocks) = answers.deadlocks_since_last_look {
        put("deadlocks_since_last_look", deadlocks.into());
    }
    put("database", json!({ "name": server.database, "size_bytes": answers.size_bytes }));
    if let Some(database) = &answers.database {
        let (hit, read) = (database.blocks_hit as f64, database.blocks_read as f64);
        put("cache_hit_percent", percent(hit, hit + read).into());
    }
    if let Some(archiver) = &answers.archiver {
        put("archiver", archiving(archiver));
        put("replication", json!({ "replicas": archiver.replicas }));
    }
    if let Some(horizon) = &answers.horizon {
        let worst = &horizon.wraparound;
        put(
            "wraparound",
            json!({
                "database": worst.database,
                "used_percent": percent(worst.xid_age.max(worst.multixact_age) as f64, 2_147_483_648.0),
                "xid_age": worst.xid_age,
                "multixact_age": worst.multixact_age,
            }),
        );
        put("horizon_holders", horizon.holders.iter().map(holder).collect());
    }
    if let Some(statements) = &answers.statements {
        put("slow_statements", statements.iter().map(statement).collect());
    }
    if !answers.notes.is_empty() {
        put("notes", answers.notes.as_slice().into());
    }
    details
}

fn connections(server: &Server, sessions: Option<&Sessions>, used_percent: Option<f64>) -> Value {
    json!({
        "used": sessions.map(|s| s.used),
        "max": server.max_connections,
        "reserved": server.reserved_connections,
        "used_percent": used_percent,
        "active": sessions.and_then(|s| s.active),
        "idle": sessions.and_then(|s| s.idle),
        "idle_in_transaction": sessions.and_then(|s| s.idle_in_transaction),
        "waiting": sessions.and_then(|s| s.waiting),
        "hidden": sessions.map(|s| s.hidden),
    })
}

fn transaction(session: &Session) -> Value {
    json!({
        "seconds": session.seconds,
        "pid": session.pid,
        "user": session.user,
        "database": session.database,
        "state": session.state,
        "waits_for": session.waits_for,
        "query": session.query.as_deref().map(masked),
    })
}

fn blocked(session: &Session) -> Value {
    json!({
        "pid": session.pid,
        "blocked_by": session.blocked_by,
        "seconds": session.seconds,
        "user": session.user,
        "database": session.database,
        "query": session.query.as_deref().map(masked),
    })
}

fn archiving(archiver: &Archiver) -> Value {
    if !archiver.enabled {
        return json!({ "enabled": false, "failing": false });
    }
    json!({
        "enabled": true,
        "failing": archiver.failing,
        "last_archived_age_seconds": archiver.last_archived_age_seconds,
        "last_archived_wal": archiver.last_archived_wal,
        "unarchived_bytes": archiver.unarchived_bytes(),
        "failed_count": archiver.failed_count,
        "last_failed_age_seconds": archiver.last_failed_age_seconds,
        "last_failed_wal": archiver.last_failed_wal,
    })
}

fn holder(holder: &Holder) -> Value {
    json!({
        "kind": holder.kind,
        "name": holder.name,
        "database": holder.database,
        "age_transactions": holder.age,
        "seconds": holder.seconds,
    })
}

fn statement(statement: &Statement) -> Value {
    json!({
        "mean_ms": statement.mean_ms,
        "calls": statement.calls,
        "total_ms": statement.total_ms,
        "rows": statement.rows,
        "query": statement.query.as_deref().map(masked),
    })
}

/// What is said when the server stops a question after `limit`.
pub(super) fn too_slow(limit: Duration) -> String {
    format!("took longer than {}", duration(limit))
}
