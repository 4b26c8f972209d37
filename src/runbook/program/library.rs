//! All programs by name. One is read when it is first asked for.
//!
//! The build script has made JSON of the files in `data/`, a program a line: of a thousand programs, a session uses ten.

use std::{collections::HashMap, sync::OnceLock};

use serde::Deserialize;

use super::{file, glob::glob, grammar::Program};

const PROGRAMS: &str = include_str!(concat!(env!("OUT_DIR"), "/programs.jsonl"));
/// The names of each, on the line of the same number.
const NAMES: &str = include_str!(concat!(env!("OUT_DIR"), "/programs.txt"));

struct Library {
    programs: Vec<(&'static str, OnceLock<Option<Program>>)>,
    names: HashMap<&'static str, usize>,
    /// Names with a `*`.
    patterns: Vec<(&'static str, usize)>,
}

fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let programs = PROGRAMS.lines().map(|text| (text, OnceLock::new())).collect();
        let mut library = Library { programs, names: HashMap::new(), patterns: Vec::new() };
        for (number, names) in NAMES.lines().enumerate() {
            for name in names.split('\t') {
                if name.contains('*') {
                    library.patterns.push((name, number));
                } else {
                    library.names.entry(name).or_insert(number);
                }
            }
        }
        library
    })
}

/// The program of that name, without its folder.
pub fn find(name: &str) -> Option<&'static Program> {
    let library = library();
    let number = library.names.get(name).copied();
    let by_pattern = || library.patterns.iter().find(|(pattern, _)| glob(pattern, name)).map(|(_, number)| *number);
    let (text, read) = library.programs.get(number.or_else(by_pattern)?)?;
    // They are part of the program and a test reads them all: one that cannot be read, and is unknown then, cannot happen.
    read.get_or_init(|| file::read(text).ok()).as_ref()
}

/// Each program, or why it cannot be read: for tests of the data.
#[cfg(test)]
pub(in crate::runbook) fn all() -> impl Iterator<Item = Result<Program, String>> {
    PROGRAMS.lines().map(file::read)
}

/// What later programs obey.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Environment {
    #[serde(default)]
    variable: Vec<Named>,
    #[serde(default)]
    file: Vec<Named>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    names: Vec<String>,
    why: String,
}

fn obeyed() -> &'static Environment {
    static OBEYED: OnceLock<Environment> = OnceLock::new();
    OBEYED.get_or_init(|| {
        serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/environment.json"))).unwrap_or_default()
    })
}

/// Why an environment variable of that name changes what programs do: the rest of a sentence that starts with the name.
pub fn environment(name: &str) -> Option<&'static str> {
    first(&obeyed().variable, name)
}

/// Why writing to that file changes what programs do.
pub fn own_file(path: &str) -> Option<&'static str> {
    first(&obeyed().file, path)
}

fn first(rows: &'static [Named], name: &str) -> Option<&'static str> {
    let row = rows.iter().find(|row| row.names.iter().any(|pattern| glob(pattern, name)))?;
    Some(row.why.as_str())
}
