//! What a destructive action takes away, and how much, as far as that can be looked up in a moment: rows and bytes of tables, bytes of
//! databases, number, size and age of files on this machine. Nothing here changes anything. Numbers of rows are the server's estimates.

use std::{
    fs, io,
    path::Path,
    time::{Instant, SystemTime},
};

use secrecy::SecretString;
use tokio::task::spawn_blocking;
use tokio_postgres::Client;

use super::at_hand::{self, LIMIT};
use warroom_domain::health::{bytes, duration, number};
use warroom_runbook::{
    Action,
    shell::Script,
    sql::{SqlScript, StatementKind},
};

/// More things than this are not looked up.
const MOST: usize = 8;
/// More files than this are not counted.
const MOST_FILES: usize = 20_000;

/// A thing that is taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Lost {
    /// All of it, or some of its rows.
    Table {
        name: String,
        rows_only: bool,
    },
    Database(String),
}

/// What is lost, one sentence each; none where nothing is known. `filled_in` puts the values of variables into the words of a command.
pub(super) async fn losses(
    action: &Action,
    script: Option<&Script>,
    database: Option<&SecretString>,
    filled_in: impl Fn(&str) -> String,
) -> Vec<String> {
    let asked = at_hand::sql_of(action, script, database, &filled_in);
    let asked = asked.iter().map(|(url, scripts)| (url, scripts.iter().flat_map(of_sql).collect::<Vec<_>>()));
    let mut files: Vec<String> = Vec::new();
    for command in script.iter().flat_map(|script| &script.commands) {
        // Inside of a pod or on another host they are not the ones of this machine.
        let is_here = command.through.iter().all(|wrapper| wrapper.name == "sudo");
        if is_here && matches!(command.program(), Some("rm" | "rmdir" | "shred" | "unlink")) {
            files.extend(command.positional(&[]).iter().map(|word| filled_in(&word.shown())));
        }
    }
    let mut found = Vec::new();
    for (url, lost) in asked.filter(|(_, lost)| !lost.is_empty()) {
        found.extend(at_hand::ask(url, async |client| Some(of_server(client, lost).await)).await.unwrap_or_default());
    }
    files.retain(|path| !path.is_empty() && !path.contains(['$', '*', '?', '[', '{', '`']));
    files.truncate(MOST);
    let counted = spawn_blocking(move || {
        let deadline = Instant::now() + LIMIT;
        files.iter().filter_map(|path| of_file(path, deadline)).collect::<Vec<_>>()
    });
    found.extend(counted.await.unwrap_or_default());
    found
}

fn of_sql(script: &SqlScript) -> Vec<Lost> {
    let mut lost = Vec::new();
    for statement in &script.statements {
        let table = |name: &String, rows_only| Lost::Table { name: name.clone(), rows_only };
        match (statement.kind, statement.verb.as_str()) {
            (StatementKind::Drop, "DROP DATABASE") => {
                lost.extend(statement.objects.iter().cloned().map(Lost::Database));
            }
            (StatementKind::Drop, "DROP TABLE" | "DROP MATERIALIZED VIEW") | (StatementKind::Truncate, _) => {
                lost.extend(statement.objects.iter().map(|name| table(name, false)));
            }
            (StatementKind::Delete | StatementKind::Update, _) => {
                lost.extend(statement.objects.first().map(|name| table(name, true)));
            }
            _ => {}
        }
        let inner = statement.inner.iter().filter(|write| matches!(write.verb.as_str(), "DELETE" | "UPDATE"));
        lost.extend(inner.filter_map(|write| Some(table(write.object.as_ref()?, true))));
    }
    lost.dedup();
    lost.truncate(MOST);
    lost
}

/// Rows as the server last counted them, without looking at any.
const TABLE: &str = "SELECT CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint ELSE s.n_live_tup END, \
                     pg_total_relation_size(c.oid) FROM pg_class c LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid \
                     WHERE c.oid = to_regclass($1)";
const DATABASE: &str = "SELECT pg_database_size(oid) FROM pg_database WHERE datname = $1";

async fn of_server(client: &Client, lost: Vec<Lost>) -> Vec<String> {
    let mut found = Vec::new();
    for one in &lost {
        match one {
            Lost::Table { name, rows_only } => {
                let Ok(Some(row)) = client.query_opt(TABLE, &[name]).await else { continue };
                let rows = row.try_get::<_, Option<i64>>(0).ok().flatten().filter(|rows| *rows >= 0);
                let rows =
                    rows.map_or_else(|| "rows unknown".to_owned(), |n| format!("about {} rows", number(n as f64)));
                let size = bytes(row.try_get::<_, i64>(1).unwrap_or_default() as f64);
                found.push(match rows_only {
                    true => format!("rows of the table {name}, which has {rows} in {size}"),
                    false => format!("the table {name}: {rows}, {size}"),
                });
            }
            Lost::Database(name) => {
                let Ok(Some(row)) = client.query_opt(DATABASE, &[name]).await else { continue };
                let size = bytes(row.try_get::<_, i64>(0).unwrap_or_default() as f64);
                found.push(format!("the database {name}: {size}"));
            }
        }
    }
    found
}

/// Files below a path.
#[derive(Debug, Default)]
struct Files {
    count: usize,
    bytes: u64,
    newest: Option<SystemTime>,
    /// There were more than could be counted in time.
    more: bool,
}

fn of_file(path: &str, deadline: Instant) -> Option<String> {
    let home = std::env::var("HOME").unwrap_or_default();
    let whole = path.strip_prefix("~/").map_or_else(|| path.to_owned(), |rest| format!("{home}/{rest}"));
    let mut files = Files::default();
    if let Err(error) = count(Path::new(&whole), deadline, &mut files) {
        let is_absent = error.kind() == io::ErrorKind::NotFound;
        return Some(if is_absent { format!("{path}: not there now") } else { format!("{path}: unknown ({error})") });
    }
    let newest = files.newest.and_then(|newest| newest.elapsed().ok());
    let newest = newest.map(|ago| format!(", last changed {} ago", duration(ago))).unwrap_or_default();
    let least = if files.more { "at least " } else { "" };
    let plural = if files.count == 1 { "file" } else { "files" };
    Some(format!("{path}: {least}{} {plural}, {}{newest}", files.count, bytes(files.bytes as f64)))
}

/// Links are counted, and not followed: what they lead to stays.
fn count(path: &Path, deadline: Instant, files: &mut Files) -> io::Result<()> {
    let found = fs::symlink_metadata(path)?;
    if !found.is_dir() {
        files.count += 1;
        files.bytes = files.bytes.saturating_add(found.len());
        files.newest = files.newest.max(found.modified().ok());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        if files.count >= MOST_FILES || Instant::now() > deadline {
            files.more = true;
            return Ok(());
        }
        // What goes away meanwhile, or cannot be read, is not counted.
        if count(&entry?.path(), deadline, files).is_err() {
            files.more = true;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use warroom_runbook::sql;

    fn table(name: &str, rows_only: bool) -> Lost {
        Lost::Table { name: name.to_owned(), rows_only }
    }

    #[test]
    fn what_a_statement_takes_away_is_found() {
        let of = |text: &str| of_sql(&sql::analyse(text));
        assert_eq!(of("DELETE FROM orders WHERE id = 3"), [table("orders", true)]);
        assert_eq!(of("UPDATE shop.orders SET paid = false"), [table("shop.orders", true)]);
        assert_eq!(of("TRUNCATE a, b"), [table("a", false), table("b", false)]);
        assert_eq!(of("DROP TABLE IF EXISTS orders"), [table("orders", false)]);
        assert_eq!(of("DROP DATABASE shop"), [Lost::Database("shop".into())]);
        assert_eq!(of("WITH gone AS (DELETE FROM a RETURNING 1) SELECT count(*) FROM gone"), [table("a", true)]);
        assert_eq!(of("SELECT * FROM orders; INSERT INTO a VALUES (1)"), []);
    }

    #[test]
    fn files_are_counted_with_their_size_and_age() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        fs::write(folder.path().join("in/a"), [0; 1000]).unwrap();
        fs::write(folder.path().join("b"), [0; 24]).unwrap();
        let soon = Instant::now() + LIMIT;
        let path = folder.path().to_str().unwrap();
        let said = of_file(path, soon).unwrap();
        assert!(said.starts_with(&format!("{path}: 2 files, 1 kB")) && said.contains("last changed"), "{said}");
        assert!(of_file(&format!("{path}/none"), soon).unwrap().ends_with("not there now"));
        let past = Instant::now();
        assert!(of_file(path, past).unwrap().contains("at least"), "it waits for no big folder");
    }
}
