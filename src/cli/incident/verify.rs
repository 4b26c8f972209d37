//! `warroom incident verify`: every chain, every checkpoint, every digest of evidence, computed again.

use anyhow::Result;
use clap::Args;

use super::{incidents, platform};
use crate::{Exit, UsageError, output::Output};
use warroom_incident::journal::{self, Checkpoint};
use warroom_room::{incident::choose, settings::Settings};

/// Check that nothing in an incident's journal and evidence was changed
#[derive(Debug, Clone, Args)]
#[command(after_help = "Exit codes: 0 intact, 1 not.")]
pub struct VerifyArgs {
    /// The incident; not needed when only one is open
    #[arg(value_name = "ID")]
    pub incident: Option<String>,
    /// A checkpoint that was kept elsewhere, LOG:NUMBER:SHA-256 as exports print it; can be given several times
    #[arg(long = "checkpoint", value_name = "CHECKPOINT")]
    pub checkpoints: Vec<Checkpoint>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

pub(super) fn run(args: &VerifyArgs, settings: &Settings, output: &Output) -> Result<Exit> {
    let incidents = incidents(settings)?;
    let id = choose(&incidents, args.incident.as_deref(), platform(settings).as_deref()).map_err(UsageError)?;
    let report = journal::verify(&incidents.open(&id)?, &args.checkpoints);
    if args.json {
        output.json(&(serde_json::to_string(&report)? + "\n"))?;
    } else {
        output.print(&(report.lines(&id).join("\n") + "\n"))?;
    }
    Ok(if report.is_intact() { Exit::Ok } else { Exit::Warn })
}
