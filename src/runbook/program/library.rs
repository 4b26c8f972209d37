//! All programs by name. A file of `data/` is read when a program of it is first asked for.

use std::{collections::HashMap, sync::OnceLock};

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use super::{file, glob::glob, grammar::Program};

static DATA: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/runbook/program/data");

/// Files of another form: what they hold is read where it is used.
const OTHERS: [&str; 4] = ["sql.toml", "redis-commands.toml", "environment.toml", "outside.toml"];

struct Library {
    files: Vec<(&'static str, OnceLock<Vec<Program>>)>,
    /// The file of each name.
    names: HashMap<&'static str, usize>,
    /// Names with a `*`.
    patterns: Vec<(&'static str, usize)>,
}

fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let mut library = Library { files: Vec::new(), names: HashMap::new(), patterns: Vec::new() };
        for one in DATA.files().filter(|one| !OTHERS.iter().any(|other| one.path().ends_with(other))) {
            let Some(text) = one.contents_utf8() else { continue };
            let number = library.files.len();
            library.files.push((text, OnceLock::new()));
            for name in names(text) {
                if name.contains('*') {
                    library.patterns.push((name, number));
                } else {
                    library.names.insert(name, number);
                }
            }
        }
        library
    })
}

/// The names of a file's programs, without reading the whole of it: the strings of each `names = [...]` at the start of a line.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let lists = text.match_indices("\nnames").filter_map(|(at, _)| {
        let rest = text.get(at + 6..)?.trim_start().strip_prefix('=')?.trim_start().strip_prefix('[')?;
        rest.split(']').next().filter(|list| !list.contains('[')).or(rest.split_once("\"]").map(|(list, _)| list))
    });
    lists.flat_map(|list| list.split('"').skip(1).step_by(2))
}

/// The program of that name, without its folder.
pub fn find(name: &str) -> Option<&'static Program> {
    let library = library();
    let number = library.names.get(name).copied();
    let by_pattern = || library.patterns.iter().find(|(pattern, _)| glob(pattern, name)).map(|(_, number)| *number);
    let (text, read) = library.files.get(number.or_else(by_pattern)?)?;
    // The files are part of the program and a test reads them all: an empty one, whose programs are unknown, cannot happen.
    let programs = read.get_or_init(|| file::read(text).unwrap_or_default());
    let exact = programs.iter().find(|program| program.names.iter().any(|own| own == name));
    exact.or_else(|| {
        programs.iter().find(|program| program.names.iter().any(|own| own.contains('*') && glob(own, name)))
    })
}

/// Each file by its name, with its programs or why it cannot be read: for tests of the data.
#[cfg(test)]
pub(in crate::runbook) fn files() -> Vec<(String, Result<Vec<Program>, String>)> {
    let files = DATA.files().filter(|one| !OTHERS.iter().any(|other| one.path().ends_with(other)));
    files.map(|one| (one.path().display().to_string(), file::read(one.contents_utf8().unwrap_or_default()))).collect()
}

/// The text of one of the files of another form.
pub fn text(name: &str) -> &'static str {
    DATA.get_file(name).and_then(include_dir::File::contents_utf8).unwrap_or_default()
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
    OBEYED.get_or_init(|| toml::from_str(text("environment.toml")).unwrap_or_default())
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
