//! `warroom runbook`: which runbooks there are, what they say, and what is wrong with them.

pub mod lint;

use anyhow::Result;
use clap::Subcommand;

use super::{Exit, output::Output};
use crate::settings::Settings;

/// List, show and check runbooks
#[derive(Debug, Clone, Subcommand)]
pub enum RunbookCommand {
    Lint(lint::LintArgs),
}

pub(super) fn run(command: &RunbookCommand, settings: &Settings, output: &Output) -> Result<Exit> {
    match command {
        RunbookCommand::Lint(args) => lint::run(args, settings, output),
    }
}
