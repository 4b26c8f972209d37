//! `backup`: is there a backup, is it young enough, of a plausible size, and can it be read?
//!
//! Backups are the files behind `path` (a folder, or a glob), or what `command` lists: lines of `aws s3 ls`, the JSON of
//! `list-objects-v2`, of `pgbackrest info`, `barman list-backups`, `restic snapshots`, `borg list` or `wal-g backup-list`, or
//! `PATH<TAB>SIZE<TAB>RFC3339`. A folder is one backup when pg_dump, pg_basebackup, barman or XtraBackup made it. Names of
//! one file (links) are one backup. The newest counts. A file written to within the last 30 seconds is still being made, and
//! one without content was never made; the one before it counts.
//!
//! | what is seen | status |
//! | --- | --- |
//! | no backups at all; one that came after the newest is empty; the newest is damaged; older than twice `max_age` | down |
//! | older than `max_age`; more than 20 % smaller or larger than the one before; no checksum file, and none inside; a path that the one before has is missing; fewer than `keep` | warn |
//! | the folder or the listing cannot be read; a check that cannot be made or is still going on; a date in the future | unknown |
//!
//! `verify = "checksum"` compares with `FILE.sha256` or `SHA256SUMS`; without one, gzip and PostgreSQL archives are read to
//! the end instead. `verify = "pg_restore"` reads the archive to the end, whatever the checksum says. Each file is checked
//! once, off the look: a check that takes longer than the look goes on and its result comes with the next one. What a command
//! lists cannot be checked.
//!
//! The value is the age of the newest in seconds. Details: `newest` (`path`, `age_seconds`, `size_bytes`, `previous_size_bytes`,
//! `change_percent`, `modified_at`, `checksum` (what the check says), `duration_seconds` (from `FILE.json`)), `count`,
//! `keep`, `total_bytes`, `being_written`, `backups` (table, newest first, at most 20: `path`, `age_seconds`, `size_bytes`).
//!
//! The exposure is the age of the newest backup that a check vouches for, else of the newest that is not damaged: that one is no
//! restore point, and its source says that it is not verified.

mod checker;
mod listing;
mod repositories;
mod verify;

use std::{path::Path, time::Duration};

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use self::{checker::Checker, listing::Backup, verify::Finding};
use super::{Look, Probe, Surroundings};
use warroom_domain::{
    health::{Observation, Status, Unit, bytes, duration},
    platform::{BackupSource, BackupVerify, ProbeSpec},
};
use warroom_host::{
    plain::{first_line, plain},
    process::Program,
    secret::expand_home,
};

const LISTING_BYTES: usize = 8 * 1024 * 1024;
/// Rows of the table.
const SHOWN: usize = 20;
/// A file that was written to within this time is not finished.
const SETTLED: Duration = Duration::from_secs(30);
/// How far a date may lie in the future.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// A change of size against the backup before that wants a look.
const CHANGE_PERCENT: f64 = 20.0;
/// When nothing vouches for the newest, so many are tried with it.
const TRIED: usize = 3;

/// See the module.
pub(super) struct BackupProbe {
    source: BackupSource,
    verify: BackupVerify,
    max_age: Option<Duration>,
    keep: Option<usize>,
    /// How long a look waits for a check.
    patience: Duration,
    surroundings: Surroundings,
    checker: Checker,
}

impl BackupProbe {
    pub(super) fn new(
        source: &BackupSource,
        verify: BackupVerify,
        max_age: Option<Duration>,
        keep: Option<usize>,
        spec: &ProbeSpec,
        surroundings: &Surroundings,
    ) -> Self {
        BackupProbe {
            source: source.clone(),
            verify,
            max_age,
            keep,
            patience: spec.timeout.mul_f64(0.7),
            surroundings: surroundings.clone(),
            checker: Checker::default(),
        }
    }

    async fn look(&self, look: &Look) -> Result<Observation, String> {
        look.stage("the backups are being listed");
        let mut backups = self.list().await?;
        backups.sort_by(|a, b| b.modified.cmp(&a.modified).then_with(|| b.name.cmp(&a.name)));
        if backups.is_empty() {
            return Ok(Observation::down(match &self.source {
                BackupSource::Path(pattern) => format!("no backups: no file matches {pattern}"),
                BackupSource::Command(_) => "no backups: the listing is empty".to_owned(),
            }));
        }
        let newest = &backups[0];
        let settles = newest.file.is_some() && age(newest, look.at) < SETTLED && !in_future(newest, look.at);
        let being_written = (settles && backups.len() > 1).then(|| backups.remove(0));
        let empty: Vec<Backup> = match backups.iter().all(is_empty) {
            true => Vec::new(),
            false => backups.extract_if(.., |backup| is_empty(backup)).collect(),
        };
        let empty = empty.into_iter().next().filter(|empty| empty.modified >= backups[0].modified);

        look.stage(format!("{} is being read", backups[0].short()));
        let checked = self.check(&backups).await;
        let mut seen = self.judge(&backups, &checked, empty.as_ref(), look.at);
        seen.details = self.details(&backups, &checked[0], being_written.as_ref(), look.at).await;
        let copies = || {
            let good = |(backup, check): &(&Backup, &Check)| {
                !check.damaged() && !is_empty(backup) && backup.fault.is_none() && !in_future(backup, look.at)
            };
            backups.iter().zip(&checked).filter(good)
        };
        if let Some((backup, check)) = copies().find(|(_, check)| check.vouched()).or_else(|| copies().next()) {
            let doubt = if check.vouched() { "" } else { " (not verified)" };
            let source = format!("backup {}{doubt}", backup.short());
            seen = seen.with_exposure(source, age(backup, look.at), check.vouched());
        }
        Ok(seen)
    }

    async fn list(&self) -> Result<Vec<Backup>, String> {
        match &self.source {
            BackupSource::Path(pattern) => {
                let full = self.surroundings.base.join(expand_home(pattern)).display().to_string();
                tokio::task::spawn_blocking(move || listing::files(&full))
                    .await
                    .unwrap_or_else(|error| Err(format!("the listing broke off: {error}")))
            }
            BackupSource::Command(line) => {
                let program = Program::shell(line)
                    .variables(&self.surroundings.environment.vars)
                    .in_folder(&self.surroundings.base);
                let finished = program.run(LISTING_BYTES).await?;
                // `aws s3 ls` of an empty prefix: exit code 1, and not a word.
                let silent = finished.stdout.total == 0 && finished.stderr.total == 0;
                if !(finished.status.success() || silent && finished.status.code() == Some(1)) {
                    let said = first_line(&plain(&finished.stderr.text()), 120);
                    let ending = finished.ending();
                    return Err(if said.is_empty() {
                        format!("the backups cannot be listed: {ending}")
                    } else {
                        format!("the backups cannot be listed: {ending}: {said}")
                    });
                }
                if finished.stdout.cut() {
                    return Err("the listing is too long: list fewer backups".to_owned());
                }
                let printed = plain_keeping_tabs(&finished.stdout.text());
                repositories::printed(&printed).unwrap_or_else(|| listing::listed(&printed))
            }
        }
    }

    /// The checks of the newest and, as long as nothing vouches for them, of those before it; the rest is not checked.
    async fn check(&self, backups: &[Backup]) -> Vec<Check> {
        let mut checked = Vec::new();
        let deadline = tokio::time::Instant::now() + self.patience;
        self.checker.forget_unseen();
        for backup in backups.iter().take(TRIED) {
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            let check = match (self.verify, &backup.file) {
                (BackupVerify::None, _) | (_, None) => Check::NotAsked,
                _ if is_empty(backup) => Check::NotAsked,
                (how, Some(_)) => match self.checker.check(backup, how, left).await {
                    Some(finding) => Check::Done(finding),
                    None => Check::GoesOn,
                },
            };
            // The check of an older one would end this one: only what is known of it counts.
            let last = check.vouched() || matches!(check, Check::GoesOn);
            checked.push(check);
            if last {
                break;
            }
        }
        let rest = backups.iter().skip(checked.len());
        let known = |backup: &Backup| self.checker.known(backup).map_or(Check::NotAsked, Check::Done);
        checked.extend(rest.map(known).collect::<Vec<_>>());
        checked
    }

    /// `empty` is what came after the newest without content.
    fn judge(&self, backups: &[Backup], checked: &[Check], empty: Option<&Backup>, now: Timestamp) -> Observation {
        let newest = &backups[0];
        let age = age(newest, now);
        let mut faults: Vec<(Status, String)> = Vec::new();
        let mut fault = |status: Status, words: String| faults.push((status, words));
        if let Some(empty) = empty.or_else(|| Some(newest).filter(|newest| is_empty(newest))) {
            fault(Status::Down, format!("{} is empty", empty.short()));
        }
        if let Some(words) = &newest.fault {
            fault(Status::Down, words.clone());
        }
        let future = in_future(newest, now);
        if future {
            let date = newest.modified.strftime("%F");
            fault(Status::Unknown, format!("{} is dated {date}, in the future", newest.short()));
        }
        if let Some(path) = backups.get(1).and_then(|previous| lost(newest, previous)) {
            fault(Status::Warn, format!("without {path}, which the one before has"));
        }
        let mut good = None;
        match &checked[0] {
            Check::Done(Finding::Good(words)) => good = Some(words.clone()),
            Check::Done(Finding::Missing(words)) => fault(Status::Warn, words.clone()),
            Check::Done(Finding::Damaged(words)) => fault(Status::Down, words.clone()),
            Check::Done(Finding::Unseen(words)) => fault(Status::Unknown, words.clone()),
            Check::GoesOn => fault(Status::Unknown, "still being checked".to_owned()),
            Check::NotAsked => {}
        }
        if let Some(limit) = self.max_age.filter(|limit| age > *limit) {
            let status = if age > limit * 2 { Status::Down } else { Status::Warn };
            fault(status, format!("older than {}", duration(limit)));
        }
        if let Some(percent) =
            backups.get(1).and_then(|previous| change(newest, previous)).filter(|_| !is_empty(newest))
        {
            if percent < -CHANGE_PERCENT {
                fault(Status::Warn, format!("shrank by {:.0} %", -percent));
            } else if percent > CHANGE_PERCENT {
                fault(Status::Warn, format!("grew by {percent:.0} %"));
            }
        }
        if let Some(keep) = self.keep.filter(|keep| backups.len() < *keep) {
            fault(Status::Warn, format!("{} of {keep} backups kept", backups.len()));
        }
        faults.sort_by_key(|(status, _)| std::cmp::Reverse(*status));
        let verdict = faults.first().map_or(Status::Ok, |(status, _)| *status);
        let mut words = Vec::new();
        if !future {
            words.push(format!("{} old", duration(age)));
        }
        words.extend(newest.size.map(|size| bytes(size as f64)));
        words.extend(good);
        // The key fact first: what makes it unusable before its age, what is only odd after it.
        for (status, fault) in faults.into_iter().rev() {
            if status >= Status::Unknown { words.insert(0, fault) } else { words.push(fault) }
        }
        let seen = Observation::new(verdict, words.join(", "));
        if future { seen } else { seen.with_value(age.as_secs_f64().round(), Unit::Seconds) }
    }

    async fn details(
        &self,
        backups: &[Backup],
        check: &Check,
        being_written: Option<&Backup>,
        now: Timestamp,
    ) -> Map<String, Value> {
        let newest = &backups[0];
        let previous = backups.get(1);
        let mut about = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                about.insert(name.to_owned(), value);
            }
        };
        put("path", newest.name.as_str().into());
        put("age_seconds", age(newest, now).as_secs().into());
        put("size_bytes", newest.size.into());
        put("previous_size_bytes", previous.and_then(|previous| previous.size).into());
        put("change_percent", previous.and_then(|previous| change(newest, previous)).into());
        put("modified_at", format!("{:.0}", newest.modified).into());
        put("checksum", check.words().into());
        if let Some(file) = &newest.file {
            put("duration_seconds", sidecar_duration(file).await.into());
        }
        let rows = backups.iter().take(SHOWN).map(|backup| {
            json!({ "path": backup.name, "age_seconds": age(backup, now).as_secs(), "size_bytes": backup.size })
        });
        let mut details = Map::new();
        details.insert("newest".to_owned(), about.into());
        details.insert("count".to_owned(), backups.len().into());
        if let Some(keep) = self.keep {
            details.insert("keep".to_owned(), keep.into());
        }
        details.insert("total_bytes".to_owned(), backups.iter().filter_map(|backup| backup.size).sum::<u64>().into());
        if let Some(writing) = being_written {
            details.insert("being_written".to_owned(), writing.name.as_str().into());
        }
        details.insert("backups".to_owned(), rows.collect());
        details
    }
}

impl Probe for BackupProbe {
    fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation> {
        Box::pin(async move { self.look(look).await.unwrap_or_else(Observation::unknown) })
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.checker.ended())
    }
}

/// How far the check of one backup has come.
#[derive(Debug)]
enum Check {
    NotAsked,
    GoesOn,
    Done(Finding),
}

impl Check {
    fn damaged(&self) -> bool {
        matches!(self, Check::Done(Finding::Damaged(_)))
    }

    fn vouched(&self) -> bool {
        matches!(self, Check::Done(Finding::Good(_)))
    }

    fn words(&self) -> &str {
        match self {
            Check::NotAsked => "not checked",
            Check::GoesOn => "still being checked",
            Check::Done(
                Finding::Good(words) | Finding::Missing(words) | Finding::Damaged(words) | Finding::Unseen(words),
            ) => words,
        }
    }
}

/// Zero for a file from the future.
fn age(backup: &Backup, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(backup.modified)).unwrap_or_default()
}

fn is_empty(backup: &Backup) -> bool {
    backup.size == Some(0)
}

/// Clocks differ by seconds; a date beyond that says nothing about when the backup was made.
fn in_future(backup: &Backup, now: Timestamp) -> bool {
    backup.modified.duration_since(now) > SKEW
}

/// Growth against the backup before, in percent with one decimal.
#[expect(clippy::cast_precision_loss, reason = "a percentage")]
fn change(newest: &Backup, previous: &Backup) -> Option<f64> {
    let (size, before) = (newest.size?, previous.size.filter(|before| *before > 0)?);
    Some(((size as f64 - before as f64) / before as f64 * 1000.0).round() / 10.0)
}

/// A path that is no longer saved, though everything else of the backup before is: restic leaves a source out that it does not
/// find, and ends with 0.
fn lost<'b>(newest: &Backup, previous: &'b Backup) -> Option<&'b str> {
    let (host, paths) = newest.parts.split_first()?;
    let (other_host, before) = previous.parts.split_first()?;
    let part = host == other_host && !paths.is_empty() && paths.iter().all(|path| before.contains(path));
    before.iter().find(|path| part && !paths.contains(path)).map(String::as_str)
}

/// What `FILE.json` says of how long the backup took: its `duration_seconds`.
async fn sidecar_duration(file: &Path) -> Option<f64> {
    let name = format!("{}.json", file.file_name()?.to_string_lossy());
    let path = file.with_file_name(name);
    if tokio::fs::metadata(&path).await.ok()?.len() > 64 * 1024 {
        return None;
    }
    let document: Value = serde_json::from_slice(&tokio::fs::read(&path).await.ok()?).ok()?;
    document.get("duration_seconds")?.as_f64()
}

/// Tabs separate the fields of a listing.
fn plain_keeping_tabs(text: &str) -> String {
    text.split('\t').map(plain).collect::<Vec<_>>().join("\t")
}
