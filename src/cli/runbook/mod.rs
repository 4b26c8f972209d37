//! `warroom runbook`: which runbooks there are, what they say, what is wrong with them; and running one.

pub mod lint;
pub mod run;

use anyhow::Result;
use clap::Subcommand;

use super::{Exit, output::Output};
use crate::settings::Settings;

/// List, show, check and run runbooks
#[derive(Debug, Clone, Subcommand)]
pub enum RunbookCommand {
    Lint(lint::LintArgs),
    Run(run::RunArgs),
}

pub(super) fn run(command: &RunbookCommand, settings: &Settings, output: &Output) -> Result<Exit> {
    match command {
        RunbookCommand::Lint(args) => lint::run(args, settings, output),
        RunbookCommand::Run(args) => run::run(args, settings, output),
    }
}
