//! Which backups there are: files behind a pattern, or what a command lists.

use std::{collections::HashSet, path::PathBuf};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::Deserialize;

use warroom_host::{bounded::json, plain::first_line};

/// One backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Backup {
    /// Path or object key.
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) modified: Timestamp,
    /// Where it can be read, when it is a file here.
    pub(super) file: Option<PathBuf>,
}

impl Backup {
    /// The last part of the name.
    pub(super) fn short(&self) -> &str {
        self.name.trim_end_matches('/').rsplit('/').next().unwrap_or(&self.name)
    }
}

/// Files that stand beside backups and are none.
pub(super) fn is_companion(name: &str) -> bool {
    const ENDINGS: [&str; 9] = [".sha256", ".sha256sum", ".sha512", ".md5", ".asc", ".sig", ".log", ".part", ".tmp"];
    let base = name.rsplit('/').next().unwrap_or(name);
    base.starts_with('.')
        || base == "SHA256SUMS"
        || base == "sha256sums.txt"
        || ENDINGS.iter().any(|end| base.ends_with(end))
}

/// The files that a pattern matches, without folders and companions. An error, in words, when the place itself cannot be
/// looked at. Blocking.
pub(super) fn files(pattern: &str) -> Result<Vec<Backup>, String> {
    readable(pattern)?;
    let paths = glob::glob(pattern).map_err(|error| format!("`{pattern}` is not a file pattern: {}", error.msg))?;
    let mut found = Vec::new();
    for path in paths {
        let path =
            path.map_err(|error| format!("cannot read {}: {}", error.path().display(), plain_cause(error.error())))?;
        let name = path.display().to_string();
        if is_companion(&name) {
            continue;
        }
        let about = match std::fs::metadata(&path) {
            Ok(about) => about,
            // Deleted or renamed since it was listed.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("cannot read {name}: {}", plain_cause(&error))),
        };
        let modified = about.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
        if let (true, Some(modified)) = (about.is_file(), modified) {
            found.push(Backup { name, size: about.len(), modified, file: Some(path) });
        }
    }
    Ok(without_sidecars(found))
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
    match std::fs::read_dir(folder) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("cannot look into {folder}: {}", plain_cause(&error))),
    }
}

pub(super) fn plain_cause(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::NotADirectory => "it is not a folder".to_owned(),
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
    let backup = |object: Object| Backup { name: object.key, size: object.size, modified: object.modified, file: None };
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
        size: size.trim().parse().ok()?,
        modified: modified.trim().parse().ok()?,
        file: None,
    })
}

/// `2024-01-15 02:03:04   6412876912 daily/db.dump`, in the time zone of this machine, as the aws command prints it.
fn s3(line: &str) -> Option<Backup> {
    let (date, rest) = line.split_once(' ')?;
    let (time, rest) = rest.trim_start().split_once(' ')?;
    let (size, name) = rest.trim_start().split_once(' ')?;
    let local: DateTime = format!("{date}T{time}").parse().ok()?;
    let modified = local.to_zoned(TimeZone::system()).ok()?.timestamp();
    Some(Backup { name: name.to_owned(), size: size.parse().ok()?, modified, file: None })
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
            assert_eq!((found[0].short(), found[0].size), ("a.dump", 12));
            assert_eq!(found[0].modified, "2026-01-15T02:03:04Z".parse().unwrap());
        }
        let s3 = "                           PRE old/\n2026-01-15 02:03:04         12 daily/with blank.dump\n\nTotal Objects: 1\n";
        let found = listed(s3).unwrap();
        assert_eq!((found[0].name.as_str(), found[0].size), ("daily/with blank.dump", 12));
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
