//! `warroom runbook list`: the runbooks of the pack.

use std::path::Path;

use anyhow::Result;

use super::paint;
use crate::{
    Exit, UsageError, open,
    output::Output,
    painted::Painted,
    table::{self, Cell},
};
use warroom_domain::text::line;
use warroom_host::packs::{MACHINE, PackFolder};
use warroom_room::{
    runbooks::{self, Summary},
    settings::Settings,
};

pub(super) fn run(folder: Option<&Path>, json: bool, settings: &Settings, output: &Output) -> Result<Exit> {
    let pack = match folder {
        Some(folder) if !folder.is_dir() => {
            return Err(UsageError(format!("cannot read {}: not a folder", folder.display())).into());
        }
        Some(folder) => PackFolder::on_disk(folder).unwrap_or_else(|_| PackFolder::machine(folder)),
        None => open::find_pack(settings.pack.as_deref(), settings)?,
    };
    let mut listed = Vec::new();
    let mut unreadable = Vec::new();
    for found in runbooks::all(&pack) {
        match found {
            Ok(runbook) => listed.push(Summary::of(&runbook)),
            Err(error) => unreadable.push(error.to_string()),
        }
    }
    if json {
        output.json(&(serde_json::to_string(&listed)? + "\n"))?;
    } else if listed.is_empty() && unreadable.is_empty() {
        let place = pack.display("NAME.md");
        let whose = if pack.name == MACHINE { "There are".to_owned() } else { format!("The pack {} has", pack.name) };
        output.print(&format!("{whose} no runbooks yet: each is a Markdown document, {place}.\n"))?;
    } else {
        let mut text = as_table(&listed, output);
        push_lowered(&mut text, &listed);
        output.paint(&text)?;
    }
    match unreadable.first() {
        None => Ok(Exit::Ok),
        Some(first) => Err(UsageError(first.clone()).into()),
    }
}

fn as_table(listed: &[Summary], output: &Output) -> Painted {
    let mut rows = table::new(output, &["RUNBOOK", "TITLE", "STEPS", "RISK", "TRIGGERS"]);
    for summary in listed {
        let risk = summary.risk.map_or_else(|| Cell::new("manual"), paint::risk_cell);
        rows.add_row([
            Cell::new(&summary.id),
            Cell::new(&summary.title),
            table::number(summary.steps),
            risk,
            Cell::new(summary.triggers.join(", ")),
        ]);
    }
    table::text(rows)
}

/// Which risks the runbooks lower, and why: the table shows what is left of them.
fn push_lowered(text: &mut Painted, listed: &[Summary]) {
    let mut gap = "\n";
    for (summary, lowered) in listed.iter().flat_map(|summary| summary.lowered.iter().map(move |one| (summary, one))) {
        text.push_str(&format!("{gap}{}: {}\n", line(&summary.id), line(&lowered.to_string())));
        gap = "";
    }
}
