//! From one Redis server's answers to a judgement: what is wrong with it, and its details.

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    info::{Fields, Info},
    refusal::Refused,
    server::{Answer, Server},
};
use crate::{Look, failure::Failure};
use warroom_domain::{
    health::{Status, bytes, duration},
    platform::RedisRole,
};

/// Rows of a table of replicas or databases.
const MOST_ROWS: usize = 50;

/// Asks a data server, for [`Seen::read`].
pub(super) async fn ask(server: &mut Server, look: &Look) -> Result<Vec<Answer>, Failure> {
    // "everything" leaves module details out and has the error counters in, from Redis 7 on; before, it has all sections.
    let questions = [redis::cmd("PING"), redis::cmd("INFO").arg("everything").clone()];
    let mut answers = server.ask(look, &questions).await?;
    // INFO counts the good replicas only where some are required, and does not say how many: most servers need not be asked.
    if answers.get(1).and_then(Answer::text).is_some_and(|info| info.contains(GOOD_REPLICAS)) {
        // The name that it had before Redis 5 is still known, to Valkey and KeyDB too.
        let required = redis::cmd("CONFIG").arg("GET").arg("min-slaves-to-write").clone();
        answers.extend(server.ask(look, &[required]).await?);
    }
    Ok(answers)
}

const GOOD_REPLICAS: &str = "min_slaves_good_slaves";

/// What one server answered.
#[derive(Debug)]
pub(super) struct Seen {
    /// `10.0.0.5:6379`.
    pub(super) peer: String,
    pub(super) ping: Result<(), Refused>,
    pub(super) ping_ms: f64,
    pub(super) info: Result<Info, Refused>,
    /// How many replicas a write needs; `None` when that was not asked.
    pub(super) required_replicas: Option<Result<i64, Refused>>,
    pub(super) since: SinceLastLook,
}

/// Counters that make sense as differences; `None` when there was no look before.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SinceLastLook {
    pub(super) evictions: Option<i64>,
    /// Commands refused because memory was full.
    pub(super) refused: Option<i64>,
}

/// Counters of the last look, by server.
#[derive(Debug, Default)]
pub(super) struct Counters(HashMap<String, (i64, i64)>);

impl Counters {
    /// The differences to the last look at this server. A counter that fell was reset in between.
    fn since(&mut self, peer: &str, info: &Info) -> SinceLastLook {
        let evicted = info.count("evicted_keys").unwrap_or_default();
        // errorstat_OOM:count=3, from Redis 6.2 on, and only after the first one
        let refused = info.text("errorstat_OOM").and_then(|line| Fields(line).count("count")).unwrap_or_default();
        let delta = |before: i64, now: i64| if now < before { now } else { now - before };
        let before = self.0.insert(peer.to_owned(), (evicted, refused));
        match before {
            Some((e, r)) => SinceLastLook { evictions: Some(delta(e, evicted)), refused: Some(delta(r, refused)) },
            None => SinceLastLook::default(),
        }
    }
}

impl Seen {
    /// Reads the answers to [`ask`].
    pub(super) fn read(peer: String, answers: Vec<Answer>, counters: &mut Counters) -> Self {
        let mut answers = answers.into_iter();
        let missing = || Refused { code: "ERR".to_owned(), text: String::new() };
        let (ping, ping_ms) = match answers.next() {
            Some(answer) => (answer.value.map(|_| ()), (answer.took.as_secs_f64() * 1e5).round() / 100.0),
            None => (Err(missing()), 0.0),
        };
        let info = match answers.next() {
            Some(answer) => match answer.text() {
                Some(text) => Ok(Info::parse(&text)),
                None => Err(answer.value.err().unwrap_or_else(missing)),
            },
            None => Err(missing()),
        };
        let required_replicas = answers.next().map(|answer| {
            let fields: HashMap<String, String> = redis::from_redis_value(answer.value?).map_err(|_| missing())?;
            fields.values().next().and_then(|count| count.parse().ok()).ok_or_else(missing)
        });
        let since = info.as_ref().map(|info| counters.since(&peer, info)).unwrap_or_default();
        Seen { peer, ping, ping_ms, info, required_replicas, since }
    }

    /// What is wrong with this server, if anything. Without an expectation about its role, `Any`.
    pub(super) fn problem(&self, expect: RedisRole) -> Option<(Status, String)> {
        let down = |text: String| Some((Status::Down, text));
        let info = match (&self.ping, &self.info) {
            (Err(refused), info) if refused.code != "NOPERM" => {
                let failure = refused.meaning();
                return Some((failure.status, with_eta(failure.cause, refused, info.as_ref().ok())));
            }
            (Err(refused), Err(_)) => {
                let failure = refused.meaning();
                return Some((failure.status, failure.cause));
            }
            (Ok(()), Err(refused)) if expect == RedisRole::Any => {
                return Some((Status::Warn, format!("answers PING, but not INFO ({})", refused.code)));
            }
            (Ok(()), Err(refused)) => {
                return Some((
                    Status::Unknown,
                    format!("answers PING, but its role is not visible (INFO: {})", refused.code),
                ));
            }
            (_, Ok(info)) => info,
        };
        match (expect, info.is_replica()) {
            (RedisRole::Master, Some(true)) => {
                let kind = if info.flag("slave_read_only") == Some(false) { "replica" } else { "read-only replica" };
                return down(format!(
                    "is a {kind} of {}",
                    info.master().unwrap_or_else(|| "another server".to_owned())
                ));
            }
            (RedisRole::Replica, Some(false)) => return down("is a master, not a replica".to_owned()),
            _ => {}
        }
        if info.is_replica() == Some(true) {
            if let Some(text) = link_problem(info) {
                return Some((if expect == RedisRole::Replica { Status::Down } else { Status::Warn }, text));
            }
        } else if let Some(problem) = self.memory_problem(info).or_else(|| self.replicas_problem(info)) {
            return Some(problem);
        }
        if info.flag("rdb_last_bgsave_status") == Some(false) {
            return Some((Status::Warn, "the last save to disk failed".to_owned()));
        }
        if info.flag("aof_enabled") == Some(true) && info.flag("aof_last_write_status") == Some(false) {
            return Some((Status::Warn, "the append-only file cannot be written".to_owned()));
        }
        if info.flag("aof_enabled") == Some(true) && info.flag("aof_last_bgrewrite_status") == Some(false) {
            return Some((Status::Warn, "the last rewrite of the append-only file failed: it grows".to_owned()));
        }
        None
    }

    /// A master that refuses writes for want of memory.
    fn memory_problem(&self, info: &Info) -> Option<(Status, String)> {
        let down = |text: String| Some((Status::Down, text));
        let (used, max) = (info.memory_against_limit()?, info.max_memory()?);
        let policy = info.text("maxmemory_policy").unwrap_or_default();
        if used >= max && policy == "noeviction" {
            return down("writes are refused: out of memory (noeviction)".to_owned());
        }
        // Policies that evict only keys with an expiry run out of such keys.
        if used >= max && self.since.refused.is_some_and(|refused| refused > 0) {
            return down(format!("writes are refused: out of memory ({policy} finds nothing to evict)"));
        }
        None
    }

    /// A master that refuses writes because too few replicas are in time (`min-replicas-to-write`).
    fn replicas_problem(&self, info: &Info) -> Option<(Status, String)> {
        let good = info.count(GOOD_REPLICAS)?;
        match &self.required_replicas {
            Some(Ok(required)) if good < *required => {
                let text =
                    format!("writes are refused: {good} of {required} required replicas are in time (NOREPLICAS)");
                Some((Status::Down, text))
            }
            Some(Ok(_)) => None,
            // The field is there only where at least one is required.
            _ if good == 0 => Some((Status::Down, "writes are refused: no replica is in time (NOREPLICAS)".to_owned())),
            Some(Err(refused)) => {
                let text = format!("replicas in time: {good}, but how many a write needs is hidden ({})", refused.code);
                Some((Status::Unknown, text))
            }
            None => None,
        }
    }

    /// One line about a server that is well.
    pub(super) fn summary(&self) -> String {
        let Ok(info) = &self.info else { return "answers PING".to_owned() };
        let memory = match (info.number("used_memory"), info.max_memory()) {
            (Some(used), Some(max)) => format!(", {} of {}", bytes(used), bytes(max)),
            (Some(used), None) => format!(", {} used", bytes(used)),
            _ => String::new(),
        };
        let role = match (info.is_replica(), info.master()) {
            (Some(true), Some(master)) => format!("replica of {master}, link up"),
            (Some(true), None) => "replica".to_owned(),
            _ => "master".to_owned(),
        };
        let clients = match info.count("connected_clients") {
            Some(1) => ", 1 client".to_owned(),
            Some(count) => format!(", {count} clients"),
            None => String::new(),
        };
        format!("{role}{memory}{clients}")
    }

    /// The details of one server, by the names in the probe's documentation.
    pub(super) fn details(&self, now: Timestamp) -> Map<String, Value> {
        let mut details = Map::new();
        let mut put = |name: &str, value: Value| details.insert(name.to_owned(), value);
        let info = match &self.info {
            Ok(info) => info,
            Err(refused) => {
                put("ping_ms", self.ping_ms.into());
                put("notes", json!([format!("INFO is refused ({}), so there are no further details", refused.code)]));
                return details;
            }
        };
        put("role", info.is_replica().map(|replica| if replica { "replica" } else { "master" }).into());
        let (product, version) = info.product();
        put("server", product.into());
        put("version", version.into());
        put("ping_ms", self.ping_ms.into());
        put("uptime_seconds", info.count("uptime_in_seconds").into());
        put("memory", memory(info));
        put(
            "clients",
            json!({
                "connected": info.count("connected_clients"),
                "blocked": info.count("blocked_clients"),
                "max": info.count("maxclients"),
            }),
        );
        put("hit_percent", hit_percent(info).into());
        if let Some(evictions) = self.since.evictions {
            put("evictions_since_last_look", evictions.into());
        }
        if let Some(refused) = self.since.refused {
            put("refused_for_memory_since_last_look", refused.into());
        }
        let databases = info.numbered("db", MOST_ROWS);
        let total: i64 = databases.iter().filter_map(|(_, fields)| fields.count("keys")).sum();
        put("keys", total.into());
        put("persistence", persistence(info, now));
        put("replication", replication(info));
        put(
            "databases",
            databases
                .iter()
                .map(|(db, fields)| json!({ "db": db, "keys": fields.count("keys"), "expires": fields.count("expires") }))
                .collect(),
        );
        details
    }
}

fn with_eta(cause: String, refused: &Refused, info: Option<&Info>) -> String {
    if refused.code != "LOADING" {
        return cause;
    }
    let eta = info.and_then(|info| info.number("loading_eta_seconds")).filter(|eta| *eta >= 0.0);
    match eta.and_then(|eta| Duration::try_from_secs_f64(eta).ok()) {
        Some(eta) => format!("{cause}, {} to go", duration(eta)),
        None => cause,
    }
}

fn link_problem(info: &Info) -> Option<String> {
    if info.flag("master_link_status") != Some(false) {
        return None;
    }
    let master = info.master().unwrap_or_else(|| "its master".to_owned());
    if info.flag("master_sync_in_progress") == Some(true) {
        return Some(format!("replica is copying the dataset from {master}"));
    }
    let since = info.number("master_link_down_since_seconds").filter(|since| *since >= 0.0);
    let since = since.and_then(|since| Duration::try_from_secs_f64(since).ok());
    Some(match since {
        Some(since) => format!("link to master {master} is down for {}", duration(since)),
        None => format!("link to master {master} is down"),
    })
}

fn percent(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| (part / whole * 1000.0).round() / 10.0)
}

fn memory(info: &Info) -> Value {
    let (used, max) = (info.number("used_memory"), info.max_memory());
    json!({
        "used_bytes": used,
        "max_bytes": max,
        "used_percent": info.memory_against_limit().zip(max).and_then(|(used, max)| percent(used, max)),
        "policy": info.text("maxmemory_policy"),
        "fragmentation": info.number("mem_fragmentation_ratio"),
        "peak_bytes": info.number("used_memory_peak"),
    })
}

pub(super) fn hit_percent(info: &Info) -> Option<f64> {
    let (hits, misses) = (info.number("keyspace_hits")?, info.number("keyspace_misses")?);
    percent(hits, hits + misses)
}

fn persistence(info: &Info, now: Timestamp) -> Value {
    let saved = info.count("rdb_last_save_time").and_then(|second| Timestamp::from_second(second).ok());
    json!({
        "last_save_age_seconds": saved.map(|saved| now.duration_since(saved).as_secs().max(0)),
        "last_save_ok": info.flag("rdb_last_bgsave_status"),
        "changes_since_last_save": info.count("rdb_changes_since_last_save"),
        "aof_enabled": info.flag("aof_enabled"),
        "aof_ok": info.flag("aof_last_write_status"),
        "aof_rewrite_ok": info.flag("aof_last_bgrewrite_status"),
        "loading": info.flag("loading"),
    })
}

fn replication(info: &Info) -> Value {
    if info.is_replica() == Some(true) {
        let (read, applied) = (info.number("slave_read_repl_offset"), info.number("slave_repl_offset"));
        return json!({
            "master": info.master(),
            "link": info.text("master_link_status"),
            "last_io_seconds": info.count("master_last_io_seconds_ago").filter(|ago| *ago >= 0),
            "link_down_seconds": info.count("master_link_down_since_seconds").filter(|ago| *ago >= 0),
            "sync_in_progress": info.flag("master_sync_in_progress"),
            "offset_lag_bytes": read.zip(applied).map(|(read, applied)| (read - applied).max(0.0)),
        });
    }
    let head = info.number("master_repl_offset").unwrap_or_default();
    let rows: Vec<(Option<f64>, Value)> = info
        .numbered("slave", MOST_ROWS)
        .into_iter()
        .map(|(_, fields)| {
            let offset: Option<f64> = fields.get("offset").and_then(|offset| offset.parse().ok());
            let behind = offset.map(|offset| (head - offset).max(0.0));
            let address = fields.get("ip").zip(fields.get("port")).map(|(ip, port)| format!("{ip}:{port}"));
            let row = json!({
                "address": address,
                "state": fields.get("state"),
                "offset_lag_bytes": behind,
                "last_ack_seconds": fields.count("lag").filter(|lag| *lag >= 0),
            });
            (behind, row)
        })
        .collect();
    json!({
        "connected_replicas": info.count("connected_slaves"),
        "replicas_in_time": info.count(GOOD_REPLICAS),
        "offset_lag_bytes": rows.iter().filter_map(|(behind, _)| *behind).max_by(f64::total_cmp),
        "replicas": rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>(),
    })
}
