//! What is wrong with a server that lets us in, and from when on.

use std::time::Duration;

use super::documents::{Answers, Archiver, Holder, Horizon};
use warroom_domain::{
    health::{Status, bytes, duration},
    platform::PostgresRole,
};

/// Transaction and multixact IDs are compared modulo 2^32: no row may be older than half of that.
const LAST_ID: i64 = 1 << 31;

/// Half of all IDs. Autovacuum freezes by force from 200 million on (`autovacuum_freeze_max_age`) and drops all politeness at 1.6
/// thousand million (`vacuum_failsafe_age`): who is in between has a vacuum that does not get there. AWS advises to alert at 10^9.
const WRAPAROUND_NEAR: i64 = LAST_ID / 2;

/// A transaction manager commits what it has prepared within seconds: `check_postgres` calls 30 s critical. What is older than this
/// has lost its manager.
const PREPARED_LONG: f64 = 300.0;

type Problem = (Status, String);

/// All of it, worst first.
pub(super) fn problems(answers: &Answers, expect: PostgresRole) -> Vec<Problem> {
    let primary = !answers.server.in_recovery;
    let mut found: Vec<Problem> = role(answers, expect).into_iter().chain(connections(answers)).collect();
    if let Some(cause) = &answers.disk_problem {
        found.push((Status::Down, format!("the disk cannot be written: {cause}")));
    }
    if let Some(horizon) = answers.horizon.as_ref().filter(|_| primary) {
        found.extend(wraparound(horizon));
        found.extend(holders(horizon));
    }
    found.extend(answers.archiver.as_ref().filter(|archiver| archiver.enabled && primary).and_then(archiving));
    // Stable: within a status, in the order of this function.
    found.sort_by_key(|(status, _)| std::cmp::Reverse(*status));
    found
}

fn role(answers: &Answers, expect: PostgresRole) -> Option<Problem> {
    let server = &answers.server;
    let read_only = "read-only (default_transaction_read_only is on)";
    match (expect, server.in_recovery, server.read_only == Some(true)) {
        (PostgresRole::Primary, true, _) => Some((Status::Down, "in recovery: a standby, not the primary".to_owned())),
        (PostgresRole::Standby, false, _) => {
            Some((Status::Down, "not in recovery: a primary, not a standby".to_owned()))
        }
        (PostgresRole::Primary, false, true) => Some((Status::Down, format!("up but {read_only}"))),
        (PostgresRole::Any, false, true) => Some((Status::Warn, read_only.to_owned())),
        _ => None,
    }
}

fn connections(answers: &Answers) -> Option<Problem> {
    let (server, sessions) = (&answers.server, answers.sessions.as_ref()?);
    let (used, max, reserved) = (sessions.used, server.max_connections, server.reserved_connections);
    let kept = if reserved > 0 { format!(", {reserved} reserved") } else { String::new() };
    (used >= max - reserved).then(|| (Status::Down, format!("refuses new connections: {used} of {max} used{kept}")))
}

fn wraparound(horizon: &Horizon) -> Option<Problem> {
    let worst = &horizon.wraparound;
    let age = worst.xid_age.max(worst.multixact_age);
    let kind = if worst.xid_age >= worst.multixact_age { "transaction IDs" } else { "multixact IDs" };
    let (database, left) = (&worst.database, (LAST_ID - age).max(0));
    if left <= horizon.reserve {
        return Some((Status::Down, format!("writes are refused: {kind} are used up in database {database}")));
    }
    let percent = age as f64 / LAST_ID as f64 * 100.0;
    (age > WRAPAROUND_NEAR).then(|| {
        let text = format!("wraparound is near in database {database}: {percent:.0} % of the {kind} are used");
        (Status::Warn, format!("{text}, {} million left", left / 1_000_000))
    })
}

fn holders(horizon: &Horizon) -> impl Iterator<Item = Problem> {
    let held_long = |holder: &Holder| {
        let long = holder.seconds.filter(|seconds| *seconds > PREPARED_LONG);
        let long = long.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let since = match long {
            Some(long) => duration(long),
            None if holder.age > horizon.freeze_min_age => format!("{} transactions", holder.age),
            None => return None,
        };
        let (kind, name) = (&holder.kind, &holder.name);
        Some((Status::Warn, format!("{kind} {name} keeps VACUUM from removing dead rows for {since}")))
    };
    horizon.holders.iter().filter_map(held_long)
}

/// Beyond `max_wal_size` segments that wait for the archive fill the disk: the server keeps them until they are archived.
fn archiving(archiver: &Archiver) -> Option<Problem> {
    let waiting = archiver.unarchived_bytes();
    let amount = waiting.map(|waiting| format!(", {} not archived", bytes(waiting))).unwrap_or_default();
    if archiver.failing {
        let times = if archiver.failed_count == 1 { "time" } else { "times" };
        return Some((Status::Warn, format!("WAL archiving fails ({} {times}{amount})", archiver.failed_count)));
    }
    let behind = waiting.is_some_and(|waiting| waiting > archiver.max_wal_bytes);
    behind.then(|| (Status::Warn, format!("WAL archiving is behind{amount}")))
}
