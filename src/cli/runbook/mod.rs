//! `warroom runbook`: which runbooks there are, what they say, what is wrong with them, what they need; and running one.

pub mod check;
mod json;
pub mod lint;
mod list;
mod open;
mod paint;
pub mod run;
pub mod show;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;

use super::{Exit, global::Global, output::Output};
use warroom_room::settings::Settings;

/// List, show, check and run runbooks
#[derive(Debug, Clone, Subcommand)]
pub enum RunbookCommand {
    /// List the runbooks of the pack, or of a folder
    List {
        /// A folder of Markdown documents
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    Show(show::ShowArgs),
    Lint(lint::LintArgs),
    Check(check::CheckArgs),
    Run(run::RunArgs),
}

pub(super) fn run(command: &RunbookCommand, global: &Global, settings: &Settings, output: &Output) -> Result<Exit> {
    match command {
        RunbookCommand::List { folder, json } => list::run(folder.as_deref(), *json, settings, output),
        RunbookCommand::Show(args) => show::run(args, settings, output),
        RunbookCommand::Lint(args) => lint::run(args, settings, output),
        RunbookCommand::Check(args) => check::run(args, settings, output),
        RunbookCommand::Run(args) => run::run(args, global, settings, output),
    }
}
