//! `warroom incident`: declare an incident, write down what happens, read it back, check and export it.

mod declare;
mod export;
mod read;
mod second;
mod verify;
mod watch;
mod write;

use anyhow::Result;
use clap::Subcommand;

pub use self::{
    declare::DeclareArgs, export::ExportArgs, read::ShowArgs, second::SecondArgs, verify::VerifyArgs, watch::WatchArgs,
    write::WriteCommand,
};
use super::{
    ConfigError, Exit, UsageError, in_runtime, open,
    output::{Output, complain},
};
use warroom_domain::platform::Pack;
use warroom_incident::journal::{Access, Incidents};
use warroom_room::{
    incident::{self, IncidentDesk, View, choose},
    responder,
    settings::Settings,
};

/// Declare, drive, read, check and export incidents
#[derive(Debug, Clone, Subcommand)]
pub enum IncidentCommand {
    /// List the incidents, the newest first
    List {
        /// Only those that people still work on
        #[arg(long)]
        open: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    Declare(DeclareArgs),
    Show(ShowArgs),
    #[command(flatten)]
    Write(WriteCommand),
    Watch(WatchArgs),
    Second(SecondArgs),
    Verify(VerifyArgs),
    Export(ExportArgs),
}

pub(super) fn run(command: &IncidentCommand, settings: &Settings, output: &Output) -> Result<Exit> {
    match command {
        IncidentCommand::List { open, json } => read::list(*open, *json, settings, output),
        IncidentCommand::Declare(args) => declare::run(args, settings, output),
        IncidentCommand::Show(args) => read::show(args, settings, output),
        IncidentCommand::Write(command) => write::run(command, settings, output),
        IncidentCommand::Watch(args) => {
            let room = watch::room(args, settings)?;
            in_runtime(settings, watch::run(args, &room, settings, output))
        }
        IncidentCommand::Second(args) => second::run(args, settings, output),
        IncidentCommand::Export(args) => export::run(args, settings, output),
        IncidentCommand::Verify(args) => verify::run(args, settings, output),
    }
}

/// The incidents of the data directory.
pub(crate) fn incidents(settings: &Settings) -> Result<Incidents> {
    Ok(Incidents::of(&settings.data_dir, access(settings)?))
}

/// Who may read what is written here.
pub(crate) fn access(settings: &Settings) -> Result<Access> {
    incident::access(settings).map_err(|error| ConfigError(error).into())
}

/// Reads the incident that is meant.
fn view(wanted: Option<&str>, settings: &Settings) -> Result<View> {
    let incidents = incidents(settings)?;
    let id = choose(&incidents, wanted, platform(settings).as_deref()).map_err(UsageError)?;
    let folder = incidents.open(&id)?;
    let view = View::read(folder).map_err(|error| anyhow::anyhow!(error))?;
    view.torn().iter().for_each(|sentence| complain(sentence));
    Ok(view)
}

/// What the end of a command that wrote to an incident owes it: how far the others' logs went, and what happened to one's own.
pub(crate) fn leave(desk: &IncidentDesk) {
    if let Err(why) = desk.witness() {
        complain(&format!("how far the other logs went was not written down: {why}"));
    }
    desk.notices().into_iter().for_each(|notice| complain(&notice.to_string()));
}

/// Opens the incident that is meant, to write to it.
pub(crate) fn desk(wanted: Option<&str>, settings: &Settings) -> Result<IncidentDesk> {
    let incidents = incidents(settings)?;
    let id = choose(&incidents, wanted, platform(settings).as_deref()).map_err(UsageError)?;
    IncidentDesk::open(&incidents, access(settings)?, &id, &responder()).map_err(|error| anyhow::anyhow!(error))
}

/// The name of the platform that is chosen, as far as its pack can be read.
fn platform(settings: &Settings) -> Option<String> {
    let folder = open::find_pack(Some(settings.pack.as_deref()?), settings).ok()?;
    Some(open::pack(&folder).ok()?.name)
}

/// The pack of an incident: the one that the settings ask for, which must be of the same platform, else the one of its name.
fn pack_of(platform: &str, settings: &Settings) -> Result<Pack> {
    let wanted = settings.pack.as_deref().unwrap_or(platform);
    let folder = open::find_pack(Some(wanted), settings)?;
    let pack = open::pack(&folder)?;
    if pack.name != platform {
        let name = &pack.name;
        return Err(UsageError(format!(
            "the incident is of {platform}, and the pack is {name}: use --pack {platform}"
        ))
        .into());
    }
    Ok(pack)
}
