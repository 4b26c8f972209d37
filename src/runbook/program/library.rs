//! All programs by name. One is read when it is first asked for, and so is each of its sub-commands.
//!
//! The build script has made lines of the files in `data/`: of a thousand programs, a session uses ten, and of their commands a few.

use std::sync::OnceLock;

use serde::Deserialize;

use super::{file, glob::glob, grammar::Program};

const PROGRAMS: &str = include_str!(concat!(env!("OUT_DIR"), "/programs.txt"));
/// Every name, sorted, and from where to where its program is.
const NAMES: &str = include_str!(concat!(env!("OUT_DIR"), "/names.txt"));

struct Row {
    name: &'static str,
    text: &'static str,
    program: OnceLock<Option<Program>>,
}

struct Library {
    rows: Vec<Row>,
    /// The numbers of the rows whose names have a `*`.
    patterns: Vec<usize>,
}

fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let rows: Vec<Row> = NAMES.lines().filter_map(row).collect();
        let patterns = (0..rows.len()).filter(|number| rows[*number].name.contains('*')).collect();
        Library { rows, patterns }
    })
}

fn row(line: &'static str) -> Option<Row> {
    let (name, place) = line.split_once('\t')?;
    let (start, end) = place.split_once('\t')?;
    let text = PROGRAMS.get(start.parse().ok()?..end.parse().ok()?)?;
    Some(Row { name, text, program: OnceLock::new() })
}

/// The program of that name, without its folder.
pub fn find(name: &str) -> Option<&'static Program> {
    let library = library();
    let at = library.rows.partition_point(|row| row.name < name);
    let exact = library.rows.get(at).filter(|row| row.name == name);
    let by_pattern = || library.patterns.iter().map(|number| &library.rows[*number]).find(|row| glob(row.name, name));
    let row = exact.or_else(by_pattern)?;
    // They are part of the program and a test reads them all: one that cannot be read, and is unknown then, cannot happen.
    row.program.get_or_init(|| file::read(row.text).ok()).as_ref()
}

/// Each program, with all that it does, or why it cannot be read: for tests of the data.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = Result<Program, String>> {
    let mut places: Vec<&Row> = library().rows.iter().collect();
    places.sort_by_key(|row| row.text.as_ptr());
    places.dedup_by_key(|row| row.text.as_ptr());
    places.into_iter().map(|row| file::read(row.text).and_then(|program| file::whole(row.text).map(|()| program)))
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
