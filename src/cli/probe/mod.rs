//! `warroom probe`: what the pack looks at, and one look with everything it saw.

mod list;
mod run;

use anyhow::Result;
use clap::Subcommand;

use super::{Exit, output::Output};
use warroom_room::Room;

/// Look at single probes
#[derive(Debug, Clone, Subcommand)]
pub enum ProbeCommand {
    /// List the probes of the pack
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Look once at one probe and show everything it saw
    #[command(after_help = "Exit codes: 0 ok, 1 warn, 2 down, 3 unknown, 64 wrong usage, 78 bad configuration.")]
    Run {
        /// Id of the probe
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs one of the two.
pub async fn run(command: &ProbeCommand, room: &Room, output: &Output) -> Result<Exit> {
    match command {
        ProbeCommand::List { json } => {
            list::run(room, *json, output)?;
            Ok(Exit::Ok)
        }
        ProbeCommand::Run { id, json } => run::run(id, *json, room, output).await,
    }
}
