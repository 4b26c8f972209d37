//! `warroom pack check`: what is wrong with a pack, as a compiler would show it.

use anyhow::Result;
use jiff::tz::TimeZone;

use crate::{
    cli::{Exit, diagnostics, open, output::Output},
    host::{clock, packs::MANIFEST},
};

pub(super) fn run(wanted: Option<&str>, json: bool, output: &Output) -> Result<Exit> {
    let folder = open::find_pack(wanted)?;
    let (text, loaded) = open::read_pack(&folder)?;
    let mut found = loaded.diagnostics.clone();
    found.extend(loaded.overdue(clock::now().to_zoned(TimeZone::UTC).date()));
    let shown = if json {
        diagnostics::as_json_lines(&found)?
    } else {
        let verdict = diagnostics::verdict(&folder.display(MANIFEST), &found);
        format!("{}{verdict}\n", diagnostics::as_snippets(&found, &text, output))
    };
    output.print(&shown)?;
    Ok(if loaded.pack.is_some() { Exit::Ok } else { Exit::Config })
}
