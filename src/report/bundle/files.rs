//! Which files of an incident's folder a bundle holds.

use std::{
    fs::{self, DirEntry},
    path::{Path, PathBuf},
};

/// Folders lie in each other no deeper than this.
const DEEPEST: usize = 32;

/// A file, by its way from the incident's folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    pub(super) path: PathBuf,
}

/// What something in the folder may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Folder,
    File,
    Either,
    Nothing,
}

/// Below a run nothing but what is known to hold no secret.
fn wanted(path: &Path) -> Wanted {
    let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
    match parts.as_slice() {
        ["runs", _] | ["runs", _, "jobs"] | ["runs", _, "jobs", _] => Wanted::Folder,
        ["runs", _, "runbook.md"] | ["runs", _, "jobs", _, "output"] => Wanted::File,
        ["log", _] => Wanted::File,
        ["evidence", ..] => Wanted::Either,
        // Also what has a name that is no UTF-8, where nobody but a stranger could have put it.
        _ if path.starts_with("evidence") => Wanted::Either,
        _ => Wanted::Nothing,
    }
}

/// The files of one part of the incident's folder, sorted. What is no plain file is named in `left_out`.
pub(super) fn below(root: &Path, part: &str, left_out: &mut Vec<String>) -> Vec<Found> {
    let mut found = Vec::new();
    match fs::symlink_metadata(root.join(part)) {
        Ok(kind) if kind.is_dir() => walk(root, Path::new(part), &mut found, left_out),
        Ok(_) => left_out.push(self::left_out(Path::new(part), "it is no folder")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => left_out.push(self::left_out(Path::new(part), &error.to_string())),
    }
    found.sort();
    left_out.sort();
    found
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<Found>, left_out: &mut Vec<String>) {
    let entries = match fs::read_dir(root.join(folder)).and_then(Iterator::collect::<Result<Vec<DirEntry>, _>>) {
        Ok(entries) => entries,
        Err(error) => return left_out.push(self::left_out(folder, &error.to_string())),
    };
    for entry in entries {
        let path = folder.join(entry.file_name());
        let wanted = wanted(&path);
        if wanted == Wanted::Nothing {
            continue;
        }
        match (entry.file_type(), wanted) {
            (Err(error), _) => left_out.push(self::left_out(&path, &error.to_string())),
            (Ok(kind), Wanted::Folder | Wanted::Either) if kind.is_dir() => {
                if path.iter().count() > DEEPEST {
                    left_out.push(self::left_out(&path, "folders lie too deep in each other"));
                } else {
                    walk(root, &path, found, left_out);
                }
            }
            (Ok(kind), Wanted::File | Wanted::Either) if kind.is_file() => found.push(Found { path }),
            (Ok(kind), _) => {
                let what = if kind.is_symlink() { "it is a link" } else { "it is no plain file" };
                left_out.push(self::left_out(&path, what));
            }
        }
    }
}

/// A name that says nothing to a terminal, and why it is not there.
pub(super) fn left_out(path: &Path, why: &str) -> String {
    format!("{}: {why}", shown(path))
}

pub(super) fn shown(path: &Path) -> String {
    warroom_domain::text::line(&path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_a_run_only_the_document_and_outputs_are_kept() {
        for (path, kept) in [
            ("runs/r/runbook.md", true),
            ("runs/r/jobs/1-look-1/output", true),
            ("runs/r/jobs/1-look-1/result.json", false),
            ("runs/r/jobs/1-look-1/stdout", false),
            ("runs/r/session/session.json", false),
            ("runs/r/kubeconfig", false),
            ("runs/r/lock", false),
            ("runs/notes", false),
            ("log/a@b.jsonl.torn-20260121T031200Z", true),
            ("evidence/deep/in/it", true),
        ] {
            let is_file = matches!(wanted(Path::new(path)), Wanted::File | Wanted::Either);
            assert_eq!(is_file, kept, "{path}");
        }
    }
}
