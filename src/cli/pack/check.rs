//! `warroom pack check`: what is wrong with a pack, as a compiler would show it.

use anyhow::Result;
use jiff::tz::TimeZone;

use crate::{
    cli::{Exit, diagnostics, open, output::Output},
    host::{clock, packs::MANIFEST},
    platform::DiagnosticSeverity,
    settings::Settings,
};

pub(super) fn run(wanted: Option<&str>, json: bool, settings: &Settings, output: &Output) -> Result<Exit> {
    let folder = open::find_pack(wanted, settings)?;
    let loaded = open::read_pack(&folder)?;
    let mut found = loaded.diagnostics.clone();
    found.extend(loaded.overdue(clock::now().to_zoned(TimeZone::UTC).date()));
    let shown = if json {
        diagnostics::as_json_lines(&found)?
    } else {
        let source = |file: &str| {
            let paths = folder.files().paths;
            let path = std::iter::once(MANIFEST).chain(paths.iter().map(String::as_str));
            path.into_iter().find(|path| folder.display(path) == file).and_then(|path| folder.read(path).ok())
        };
        let verdict = diagnostics::verdict(&folder.display(MANIFEST), &found);
        format!("{}{verdict}\n", diagnostics::as_snippets(&found, source, output))
    };
    output.print(&shown)?;
    let broken = found.iter().any(|d| d.severity == DiagnosticSeverity::Error);
    Ok(if broken { Exit::Config } else { Exit::Ok })
}
