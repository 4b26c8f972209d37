//! `warroom pack`: which platform packs there are, what one says, and what is wrong with one.

mod check;
mod init;
mod list;
mod show;

use anyhow::Result;
use clap::Subcommand;

use super::{Exit, output::Output};
use warroom_room::settings::Settings;

/// List, show, check and write platform packs
#[derive(Debug, Clone, Subcommand)]
pub enum PackCommand {
    /// List the packs that `--pack` can name
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what a pack says: document, environments, components and their restart order, backups, roles, links
    Show {
        /// A folder, or a name from `warroom pack list`; without it the pack that would be used
        #[arg(value_name = "DIR|NAME")]
        pack: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what is wrong with a pack
    #[command(after_help = "Exit codes: 0 clean or only warnings, 64 wrong usage, 78 errors.")]
    Check {
        /// A folder, or a name from `warroom pack list`; without it the pack that would be used
        #[arg(value_name = "DIR|NAME")]
        pack: Option<String>,
        /// Print one JSON document a line, one line a finding
        #[arg(long)]
        json: bool,
    },
    Init(init::Init),
}

pub(super) fn run(command: &PackCommand, settings: &Settings, output: &Output) -> Result<Exit> {
    match command {
        PackCommand::List { json } => list::run(*json, settings, output),
        PackCommand::Show { pack, json } => {
            show::run(pack.as_deref().or(settings.pack.as_deref()), *json, settings, output)
        }
        PackCommand::Init(args) => init::run(args, settings, output),
        PackCommand::Check { pack, json } => {
            check::run(pack.as_deref().or(settings.pack.as_deref()), *json, settings, output)
        }
    }
}
