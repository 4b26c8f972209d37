//! Which backups there are: files and folders behind a pattern, or what a command lists.

use std::{
    collections::HashSet,
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::Deserialize;

use warroom_host::{bounded::json, plain::first_line};

/// One backup.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Backup {
    /// Path or object key.
    pub(super) name: String,
    /// In bytes; None where the listing does not say it.
    pub(super) size: Option<u64>,
    pub(super) modified: Timestamp,
    /// Where it can be read, when it is a file or a folder here.
    pub(super) file: Option<PathBuf>,
    /// What the program that made it holds against it.
    pub(super) fault: Option<String>,
    /// What is saved in it (restic: the paths, and the host first).
    pub(super) parts: Vec<String>,
}

impl Backup {
    /// The last part of the name.
    pub(super) fn short(&self) -> &str {
        self.name.trim_end_matches('/').rsplit('/').next().unwrap_or(&self.name)
    }
}

/// Files that stand beside backups and are none, or none yet: what rclone, rsync, browsers and scripts call a copy in progress.
pub(super) fn is_companion(name: &str) -> bool {
    const ENDINGS: [&str; 17] = [
        ".sha256",
        ".sha256sum",
        ".sha512",
        ".md5",
        ".asc",
        ".sig",
        ".log",
        ".part",
        ".partial",
        ".filepart",
        ".tmp",
        ".temp",
        ".incomplete",
        ".inprogress",
        ".in-progress",
        ".crdownload",
        "~",
    ];
    let base = name.rsplit('/').next().unwrap_or(name);
    base.starts_with('.')
        || base == "SHA256SUMS"
        || base == "sha256sums.txt"
        || ENDINGS.iter().any(|end| base.ends_with(end))
}

/// The backups that a pattern matches, without companions; a plain folder stands for what is in it. Names of one file (hard and
/// symbolic links) are one backup. An error, in words, when the place itself cannot be looked at. Blocking.
pub(super) fn files(pattern: &str) -> Result<Vec<Backup>, String> {
    let inside = Path::new(pattern).is_dir() && kind_of_folder(Path::new(pattern)).is_none();
    let pattern = if inside { format!("{}/*", pattern.trim_end_matches('/')) } else { pattern.to_owned() };
    readable(&pattern)?;
    let paths = glob::glob(&pattern).map_err(|error| format!("`{pattern}` is not a file pattern: {}", error.msg))?;
    let mut found: Vec<(bool, (u64, u64), Backup)> = Vec::new();
    for path in paths {
        let path =
            path.map_err(|error| format!("cannot read {}: {}", error.path().display(), plain_cause(error.error())))?;
        let name = path.display().to_string();
        if is_companion(&name) {
            continue;
        }
        let seen = fs::metadata(&path).and_then(|about| Ok((about.is_file(), extent(&path, &about)?, about)));
        let (is_file, extent, about) = match seen {
            Ok(seen) => seen,
            // Deleted or renamed since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("cannot read {name}: {}", plain_cause(&error))),
        };
        let Some((size, modified)) = extent.filter(|_| is_file || kind_of_folder(&path).is_some()) else { continue };
        let backup = Backup { name, size: Some(size), modified, file: Some(path.clone()), ..Backup::default() };
        let (linked, same) = (path.is_symlink(), (about.dev(), about.ino()));
        match found.iter_mut().find(|(_, other, _)| *other == same) {
            None => found.push((linked, same, backup)),
            // Its own name is better than a link's.
            Some(other) if other.0 && !linked => *other = (linked, same, backup),
            Some(_) => {}
        }
    }
    Ok(without_sidecars(found.into_iter().map(|(.., backup)| backup).collect()))
}

/// What makes a folder one backup: a file that the program leaves in it.
pub(super) fn kind_of_folder(folder: &Path) -> Option<&'static str> {
    // pg_dump -Fd; pg_basebackup; barman; pg_basebackup before 13; XtraBackup.
    const MARKS: [&str; 5] = ["toc.dat", "backup_manifest", "backup.info", "backup_label", "xtrabackup_checkpoints"];
    MARKS.into_iter().find(|mark| folder.join(mark).is_file())
}

/// Size and last change of a file, or of everything in a folder. None for what has no date.
fn extent(path: &Path, about: &Metadata) -> io::Result<Option<(u64, Timestamp)>> {
    let changed = about.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    let Some(mut newest) = changed else { return Ok(None) };
    if !about.is_dir() || kind_of_folder(path).is_none() {
        return Ok(Some((about.len(), newest)));
    }
    let (mut size, mut folders) = (0, vec![path.to_owned()]);
    // A folder's own date changes when something beside the backup is put into it.
    newest = Timestamp::MIN;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let about = entry.metadata()?;
            if about.is_dir() {
                folders.push(entry.path());
            } else {
                size += about.len();
                let changed = about.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
                newest = changed.map_or(newest, |changed| changed.max(newest));
            }
        }
    }
    Ok(Some((size, newest)))
}

/// `X.json` describes `X` when both are there.
fn without_sidecars(found: Vec<Backup>) -> Vec<Backup> {
    let names: HashSet<String> = found.iter().map(|backup| backup.name.clone()).collect();
    let described = |name: &str| name.strip_suffix(".json").is_some_and(|of| names.contains(of));
    found.into_iter().filter(|backup| !described(&backup.name)).collect()
}

/// The folder before the first wildcard must be there and readable: an unmounted disk is not the same as no backups.
fn readable(pattern: &str) -> Result<(), String> {
    let fixed = pattern.split(['*', '?', '[']).next().unwrap_or_default();
    let folder = fixed.rsplit_once('/').map_or(".", |(folder, _)| if folder.is_empty() { "/" } else { folder });
    match fs::read_dir(folder) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("cannot look into {folder}: {}", plain_cause(&error))),
    }
}

pub(super) fn plain_cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::NotADirectory => "it is not a folder".to_owned(),
        _ => error.to_string(),
    }
}

#[derive(Deserialize)]
struct Objects {
    // An empty bucket has no `Contents`; `null` with some tools.
    #[serde(rename = "Contents", default)]
    contents: Option<Vec<Object>>,
}

#[derive(Deserialize)]
struct Object {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "Size")]
    size: u64,
    #[serde(rename = "LastModified")]
    modified: Timestamp,
}

/// What a command printed: `aws s3 ls` lines, the JSON of `list-objects-v2`, or `PATH<TAB>SIZE<TAB>RFC3339`.
pub(super) fn listed(text: &str) -> Result<Vec<Backup>, String> {
    let text = text.trim();
    let mut found = if text.starts_with(['{', '[']) { objects(text)? } else { lines(text)? };
    found.retain(|backup| !is_companion(&backup.name));
    Ok(found)
}

fn objects(text: &str) -> Result<Vec<Backup>, String> {
    let contents = if text.starts_with('[') {
        json::read::<Vec<Object>>(text.as_bytes())
    } else {
        json::read::<Objects>(text.as_bytes()).map(|objects| objects.contents.unwrap_or_default())
    };
    let contents = contents.map_err(|error| format!("the listing is not that of list-objects-v2: {error}"))?;
    let backup = |object: Object| Backup {
        name: object.key,
        size: Some(object.size),
        modified: object.modified,
        ..Backup::default()
    };
    Ok(contents.into_iter().map(backup).filter(|backup| !backup.name.ends_with('/')).collect())
}

fn lines(text: &str) -> Result<Vec<Backup>, String> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        // `PRE folder/` of `aws s3 ls`, and the totals of --summarize.
        if line.starts_with("PRE ") || line.starts_with("Total Objects:") || line.starts_with("Total Size:") {
            continue;
        }
        let backup = tabbed(line).or_else(|| s3(line));
        found.push(backup.ok_or_else(|| format!("cannot read this line of the listing: {}", first_line(line, 60)))?);
    }
    Ok(found)
}

fn tabbed(line: &str) -> Option<Backup> {
    let mut fields = line.split('\t');
    let (name, size, modified) = (fields.next()?, fields.next()?, fields.next()?);
    Some(Backup {
        name: name.to_owned(),
        size: Some(size.trim().parse().ok()?),
        modified: modified.trim().parse().ok()?,
        ..Backup::default()
    })
}

/// `2024-01-15 02:03:04   6412876912 daily/db.dump`, in the time zone of this machine, as the aws command prints it.
fn s3(line: &str) -> Option<Backup> {
    let (date, rest) = line.split_once(' ')?;
    let (time, rest) = rest.trim_start().split_once(' ')?;
    let (size, name) = rest.trim_start().split_once(' ')?;
    let local: DateTime = format!("{date}T{time}").parse().ok()?;
    let modified = local.to_zoned(TimeZone::system()).ok()?.timestamp();
    Some(Backup { name: name.to_owned(), size: Some(size.parse().ok()?), modified, ..Backup::default() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_three_kinds_of_listings_are_read() {
        let json = r#"{"Contents": [
            {"Key": "daily/", "Size": 0, "LastModified": "2026-01-15T02:00:00Z"},
            {"Key": "daily/a.dump", "Size": 12, "LastModified": "2026-01-15T02:03:04+00:00", "StorageClass": "STANDARD"},
            {"Key": "daily/a.dump.sha256", "Size": 64, "LastModified": "2026-01-15T02:03:05Z"}]}"#;
        let tabs = "daily/a.dump\t12\t2026-01-15T02:03:04Z\n";
        for text in [json, tabs] {
            let found = listed(text).unwrap();
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!((found[0].short(), found[0].size), ("a.dump", Some(12)));
            assert_eq!(found[0].modified, "2026-01-15T02:03:04Z".parse().unwrap());
        }
        let s3 = "                           PRE old/\n2026-01-15 02:03:04         12 daily/with blank.dump\n\nTotal Objects: 1\n";
        let found = listed(s3).unwrap();
        assert_eq!((found[0].name.as_str(), found[0].size), ("daily/with blank.dump", Some(12)));
        assert_eq!(listed("{}").unwrap(), []);
        assert_eq!(listed("").unwrap(), []);
        assert!(listed("An error occurred (AccessDenied)").unwrap_err().starts_with("cannot read this line"));
    }

    proptest! {
        #[test]
        fn any_listing_is_read_or_refused_in_words(text in ".{0,200}") {
            let _ = listed(&text);
        }
    }
}
