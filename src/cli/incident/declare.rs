//! `warroom incident declare`: prints the new incident's id.

use std::path::Path;

use anyhow::{Result, anyhow};
use clap::Args;

use super::{access, incidents};
use crate::{Exit, UsageError, in_runtime, open, output::Output};
use warroom_host::clock;
use warroom_room::{
    incident::{Declaration, IncidentDesk, Verb, proposal::proposal, when},
    responder, runbooks,
    settings::Settings,
};

/// Declare an incident and print its id
#[derive(Debug, Clone, Args)]
pub struct DeclareArgs {
    /// A level of the platform's severities
    #[arg(long, value_name = "LEVEL", required_unless_present = "runbook")]
    pub severity: Option<String>,
    /// What it is, in a few words
    #[arg(long, value_name = "TEXT", required_unless_present = "runbook")]
    pub title: Option<String>,
    /// The runbook for it: says severity, title and components where you do not
    #[arg(long, value_name = "FILE|ID")]
    pub runbook: Option<String>,
    /// A component that is affected; can be given several times
    #[arg(long = "component", value_name = "ID")]
    pub components: Vec<String>,
    /// When it was detected: 14:02 (UTC), 10m (so long ago), or a time with its zone
    #[arg(long, value_name = "TIME", default_value = "now")]
    pub detected: String,
    /// The alert that it is declared from
    #[arg(long, value_name = "ID")]
    pub alert: Option<String>,
    /// It is an exercise
    #[arg(long)]
    pub drill: bool,
    /// Do not look at the platform for what could be lost now
    #[arg(long)]
    pub no_look: bool,
}

pub(super) fn run(args: &DeclareArgs, settings: &Settings, output: &Output) -> Result<Exit> {
    let (room, folder) = open::room_or_machine(settings, Path::new("."))?;
    let runbook = args.runbook.as_ref().map(|wanted| runbooks::open(&folder, wanted)).transpose()?;
    let runbook = runbook.as_ref().map(|runbook| (runbook.title.as_str(), &runbook.front));
    let proposed = proposal(None, runbook, Vec::new());
    let components = if args.components.is_empty() { proposed.components } else { args.components.clone() };
    let declaration = Declaration {
        environment: room.environment_name.clone(),
        drill: args.drill,
        title: args.title.clone().unwrap_or(proposed.title),
        severity: args.severity.clone().unwrap_or(proposed.severity),
        components,
        detected_at: when::past(&args.detected, clock::now()).map_err(UsageError)?,
        alert: args.alert.clone(),
        criteria: Vec::new(),
        exposures: Vec::new(),
    };
    let detected_at = declaration.detected_at;
    // What is wrong with the words is usage; what is wrong with the disk is not.
    warroom_room::incident::verb::declare(declaration.clone(), &room.pack, clock::now()).map_err(UsageError)?;
    let incidents = incidents(settings)?;
    let desk = IncidentDesk::declare(&incidents, access(settings)?, &responder(), declaration, &room.pack)
        .map_err(|error| anyhow!(error))?;
    let id = desk.view().id().to_string();
    // The id first: looking at backups may take a while, and the incident is there already.
    output.print(&format!("{id}\n"))?;
    if args.no_look || !room.pack.components.iter().any(|component| component.rpo.is_some()) {
        return Ok(Exit::Ok);
    }
    in_runtime(settings, async {
        let exposures = room.exposures(detected_at).await;
        desk.act(Verb::Exposures(exposures), &room.pack).map_err(|error| anyhow!(error))?;
        Ok(Exit::Ok)
    })
}
