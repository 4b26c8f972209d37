//! What backup programs print of their repositories as JSON: pgBackRest, barman, restic, borg, WAL-G.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value;

use super::listing::Backup;
use warroom_host::bounded::json;

/// The backups that a command printed. None when it is none of these programs; an error, in words, when the repository itself
/// is not well.
pub(super) fn printed(text: &str) -> Option<Result<Vec<Backup>, String>> {
    listed(&json::read::<Value>(text.trim().as_bytes()).ok()?)
}

fn listed(json: &Value) -> Option<Result<Vec<Backup>, String>> {
    if json.is_null() {
        return Some(Ok(Vec::new()));
    }
    let of_each = |read: fn(&Value) -> Option<Backup>| {
        let all = json.as_array().filter(|all| !all.is_empty())?;
        all.iter().map(read).collect::<Option<Vec<Backup>>>().map(Ok)
    };
    pgbackrest(json)
        .or_else(|| borg(json))
        .or_else(|| barman(json))
        .or_else(|| of_each(restic))
        .or_else(|| of_each(wal_g))
}

/// `pgbackrest info --output=json`. A backup with page checksum errors has `error`; a stanza without backups a status.
fn pgbackrest(json: &Value) -> Option<Result<Vec<Backup>, String>> {
    let mut found = Vec::new();
    for stanza in json.as_array()? {
        let backups = stanza.get("backup")?.as_array()?;
        let name = stanza.get("name")?.as_str()?;
        let status = stanza.get("status");
        let code = status.and_then(|status| status.get("code")).and_then(Value::as_i64).unwrap_or_default();
        // 2: no valid backups, which the empty list says as well.
        if code != 0 && code != 2 {
            let message = status.and_then(|status| status.get("message")).and_then(Value::as_str).unwrap_or("not ok");
            return Some(Err(format!("pgBackRest cannot see its stanza {name}: {message}")));
        }
        for backup in backups {
            let damaged = backup.get("error").and_then(Value::as_bool) == Some(true);
            found.push(Backup {
                name: format!("{name}/{}", backup.get("label")?.as_str()?),
                size: backup.pointer("/info/size").and_then(Value::as_u64),
                modified: Timestamp::from_second(backup.pointer("/timestamp/stop")?.as_i64()?).ok()?,
                fault: damaged.then(|| "pgBackRest found page checksum errors".to_owned()),
                ..Backup::default()
            });
        }
    }
    json.as_array().filter(|stanzas| !stanzas.is_empty()).map(|_| Ok(found))
}

/// `barman --format json list-backups all`. What is not `DONE` is not finished, or failed.
fn barman(json: &Value) -> Option<Result<Vec<Backup>, String>> {
    let servers = json.as_object().filter(|servers| !servers.is_empty())?;
    let mut found = Vec::new();
    for (server, backups) in servers {
        for backup in backups.as_array()? {
            let id = backup.get("backup_id")?.as_str()?;
            if backup.get("status").and_then(Value::as_str) != Some("DONE") {
                continue;
            }
            found.push(Backup {
                name: format!("{server}/{id}"),
                size: backup.get("size_bytes").and_then(whole).and_then(|size| u64::try_from(size).ok()),
                modified: Timestamp::from_second(backup.get("end_time_timestamp").and_then(whole)?).ok()?,
                ..Backup::default()
            });
        }
    }
    Some(Ok(found))
}

/// `restic snapshots --json`.
fn restic(snapshot: &Value) -> Option<Backup> {
    let paths = snapshot.get("paths")?.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned);
    let host = snapshot.get("hostname").and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Backup {
        name: snapshot.get("short_id").or_else(|| snapshot.get("id"))?.as_str()?.to_owned(),
        // Since restic 0.17.
        size: snapshot.pointer("/summary/total_bytes_processed").and_then(Value::as_u64),
        modified: snapshot.get("time")?.as_str()?.parse().ok()?,
        parts: std::iter::once(host).chain(paths).collect(),
        ..Backup::default()
    })
}

/// `borg list --json`. Times are those of this machine; a checkpoint is a backup that was broken off.
fn borg(json: &Value) -> Option<Result<Vec<Backup>, String>> {
    json.get("repository")?;
    let mut found = Vec::new();
    for archive in json.get("archives")?.as_array()? {
        let name = archive.get("name")?.as_str()?;
        if name.contains(".checkpoint") {
            continue;
        }
        let local: DateTime = archive.get("time").or_else(|| archive.get("start"))?.as_str()?.parse().ok()?;
        let modified = local.to_zoned(TimeZone::system()).ok()?.timestamp();
        found.push(Backup { name: name.to_owned(), modified, ..Backup::default() });
    }
    Some(Ok(found))
}

/// `wal-g backup-list --json`, with `--detail` or without. The size of a delta says nothing about the one before.
fn wal_g(backup: &Value) -> Option<Backup> {
    let name = backup.get("backup_name")?.as_str()?;
    let time = ["finish_time", "time", "modified"].iter().find_map(|key| backup.get(*key)?.as_str()?.parse().ok())?;
    let size = backup.get("uncompressed_size").and_then(Value::as_u64).filter(|_| !name.contains("_D_"));
    Some(Backup { name: name.to_owned(), size, modified: time, ..Backup::default() })
}

/// A whole number, in quotes or not.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Name, size, time, fault.
    fn read(json: Value) -> Vec<(String, Option<u64>, String, Option<String>)> {
        let found = listed(&json).unwrap().unwrap();
        found.into_iter().map(|one| (one.name, one.size, one.modified.to_string(), one.fault)).collect()
    }

    #[test]
    fn each_program_is_read_in_its_own_words() {
        let row = |name: &str, size, time: &str| (name.to_owned(), size, time.to_owned(), None);
        let pgbackrest = json!([{"name": "main", "status": {"code": 0, "message": "ok"}, "backup": [
            {"label": "20261128-010203F", "timestamp": {"start": 1795830000, "stop": 1795832523}, "info": {"size": 9}, "error": false},
        ]}]);
        assert_eq!(read(pgbackrest), [row("main/20261128-010203F", Some(9), "2026-11-28T02:22:03Z")]);
        let barman = json!({"pg": [
            {"backup_id": "20261129T010203", "status": "FAILED"},
            {"backup_id": "20261128T010203", "status": "DONE", "end_time_timestamp": "1795832523", "size_bytes": 9},
        ]});
        assert_eq!(read(barman), [row("pg/20261128T010203", Some(9), "2026-11-28T02:22:03Z")]);
        let restic = json!([{"time": "2026-11-28T02:22:03.5+01:00", "paths": ["/srv"], "hostname": "a", "id": "abcdef", "short_id": "abc"}]);
        assert_eq!(read(restic), [row("abc", None, "2026-11-28T01:22:03.5Z")]);
        let borg = json!({"repository": {"id": "x"}, "archives": [
            {"name": "a-1.checkpoint", "time": "2026-11-29T02:22:03.000000"}]});
        assert_eq!(read(borg), []);
        let wal_g = json!([{"backup_name": "base_0001", "time": "2026-11-28T02:22:03Z", "uncompressed_size": 9}]);
        assert_eq!(read(wal_g), [row("base_0001", Some(9), "2026-11-28T02:22:03Z")]);
        assert_eq!(read(Value::Null), []);
        assert_eq!(listed(&json!([{"Key": "a"}])), None);
        assert_eq!(listed(&json!([])), None);
        let missing = json!([{"name": "main", "status": {"code": 1, "message": "missing stanza path"}, "backup": []}]);
        assert!(listed(&missing).unwrap().unwrap_err().contains("main: missing stanza path"));
    }
}
