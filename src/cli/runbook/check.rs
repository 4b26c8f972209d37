//! `warroom runbook check`: whether this machine has what a run needs, before it begins.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use super::run::pair;
use crate::{
    Exit, NoFileError, UsageError, in_runtime, open,
    output::Output,
    painted::Painted,
    table::{self, Cell},
};
use warroom_domain::text::line;
use warroom_room::{
    Room,
    check::{Report, Verdict, check},
    run::variables,
    runbooks::{self, is_path},
    settings::Settings,
};
use warroom_runbook::Runbook;

/// Check that what a run needs is there: programs, credentials, places
#[derive(Debug, Clone, Default, Args)]
#[command(
    after_help = "Programs are asked for their version where `requires` bounds it. Databases, clusters, AWS accounts and servers are asked \
                  whether they answer. What commands in pods, in containers and on other hosts need is not looked at. Nothing is changed.\n\n\
                  Exit codes: 0 all there, 3 something could not be found out, 64 wrong usage, 69 something is missing or does not answer."
)]
pub struct CheckArgs {
    /// A file, or the id of one of the pack's runbooks; without it, every runbook of the pack
    #[arg(value_name = "FILE|ID")]
    runbook: Option<String>,
    /// Give a variable its value
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = pair, requires = "runbook")]
    variables: Vec<(String, String)>,
    /// Print one JSON document a line, one line a runbook
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CheckArgs, settings: &Settings, output: &Output) -> Result<Exit> {
    let (room, documents) = documents(args.runbook.as_deref(), settings)?;
    in_runtime(settings, async {
        let mut worst = Verdict::Ok;
        for document in &documents {
            let mut values = variables::at_start(document, &room.environment);
            for (name, value) in &args.variables {
                variables::set(&mut values, document, &[], name, value).map_err(UsageError)?;
            }
            let report = check(&room, document, &values).await;
            worst = worst.max(report.verdict);
            if args.json {
                output.json(&(serde_json::to_string(&report)? + "\n"))?;
            } else {
                output.paint(&as_table(&report, output))?;
            }
        }
        Ok(match worst {
            Verdict::Ok => Exit::Ok,
            Verdict::Unknown => Exit::Unknown,
            Verdict::Failed => Exit::NoProgram,
        })
    })
}

/// The platform, and the runbooks that are meant.
fn documents(wanted: Option<&str>, settings: &Settings) -> Result<(Room, Vec<Runbook>)> {
    let Some(wanted) = wanted else {
        let (room, folder) = open::room_and_folder(settings)?;
        let all: Result<Vec<_>, _> = runbooks::all(&folder).into_iter().collect();
        return Ok((room, all.map_err(|error| NoFileError(error.to_string()))?));
    };
    let is_file = is_path(wanted) || Path::new(wanted).is_file();
    let (room, _) = match is_file {
        true => open::room_or_machine(settings, open::folder_of(Some(wanted)))?,
        false => open::room_and_folder(settings)?,
    };
    Ok((room, vec![super::open::open(wanted, settings)?]))
}

fn as_table(report: &Report, output: &Output) -> Painted {
    let mut text = Painted::new();
    text.push_str(&format!("{}: {}\n", line(&report.title), report.summary()));
    let mut rows = table::new(output, &["STATUS", "NEED", "NAME", "LINE", "DETAIL"]);
    for need in &report.needs {
        rows.add_row([
            table::verdict(need.verdict),
            Cell::new(need.kind.word()),
            Cell::new(&need.name),
            table::number(need.line.map(|line| line.to_string()).unwrap_or_default()),
            Cell::new(&need.message),
        ]);
    }
    if !report.needs.is_empty() {
        text.push(&table::text(rows));
    }
    text
}
