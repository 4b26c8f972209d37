//! `warroom runbook run`: a runbook from its first step to its verification, asking on the terminal.

mod again;
mod ask;
mod headless;
mod show;

use std::{path::Path, str::FromStr, sync::Arc};

use anyhow::Result;
use clap::Args;

use self::{again::Again, headless::Headless};
use crate::{Exit, UsageError, global::Global, in_runtime, incident, open, output::Output};
use warroom_exec::Supervisor;
use warroom_room::{
    incident::{IncidentHistory, Watch},
    responder,
    run::{Command, PackShelf, RunHistory, Runner, RunnerOptions, Value},
    runbooks::is_path,
    settings::Settings,
};
use warroom_runbook::{Risk, run::RunId};

/// Run a runbook step by step, asking on the terminal
#[derive(Debug, Clone, Default, Args)]
pub struct RunArgs {
    /// A runbook of the pack by its id, or a file
    #[arg(value_name = "FILE|ID", required_unless_present = "resume")]
    pub runbook: Option<String>,
    /// Give a variable its value
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = pair)]
    pub variables: Vec<(String, String)>,
    /// Begin at this step (its number or id); those before it are skipped
    #[arg(long, value_name = "STEP")]
    pub from: Option<String>,
    /// Choose an alternative
    #[arg(long = "option", value_name = "GROUP=KEY", value_parser = pair)]
    pub options: Vec<(String, String)>,
    /// Up to which risk steps run without a question
    #[arg(long, value_name = "RISK", default_value = "read", value_parser = clap::builder::PossibleValuesParser::new(["read", "change", "destructive"]))]
    pub confirm: String,
    /// Run steps in which the linter finds errors; the reason is kept with the run
    #[arg(long, value_name = "REASON", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub accept_errors: Option<String>,
    /// Show and check every step, start nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print each event as a line of JSON
    #[arg(long)]
    pub json: bool,
    /// The incident that the run belongs to
    #[arg(long, value_name = "ID", conflicts_with = "dry_run")]
    pub incident: Option<String>,
    /// Go on with a run from before
    #[arg(long, value_name = "RUN", conflicts_with_all = ["runbook", "dry_run", "from"])]
    pub resume: Option<String>,
    /// A command of no runbook, instead of one.
    #[arg(skip)]
    pub command: Option<String>,
}

pub(crate) fn run(args: &RunArgs, global: &Global, settings: &Settings, output: &Output) -> Result<Exit> {
    let (room, folder) = match &args.runbook {
        // Only a file can be run without a pack, or what was begun so.
        Some(wanted) if !is_path(wanted) && !Path::new(wanted).is_file() => open::room_and_folder(settings)?,
        wanted => open::room_or_machine(settings, open::folder_of(wanted.as_deref()))?,
    };
    let desk = args.incident.as_deref().map(|id| incident::desk(Some(id), settings).map(Arc::new)).transpose()?;
    let history = desk.clone().map(|desk| Arc::new(IncidentHistory(desk)) as Arc<dyn RunHistory>);
    let options = RunnerOptions {
        data_dir: settings.data_dir.clone(),
        history,
        read_only: settings.read_only,
        unasked: Some(Risk::from_str(&args.confirm).map_err(UsageError)?),
        accept_errors: args.accept_errors.clone(),
        by: responder(),
        supervisor: Supervisor::this_program()?,
    };
    let environment = (room.environment_name.clone(), room.environment.clone());
    let exit = in_runtime(settings, async {
        // A runbook may be followed in the incident of another platform; what is seen of this one does not belong into its history.
        let recorded = desk
            .as_ref()
            .filter(|desk| !settings.read_only && desk.view().is_of(&room.pack.name, &room.environment_name).is_ok());
        let watch = recorded.map(|desk| Watch::start(&room, desk.clone()));
        let (runner, news) = Runner::start(room, Arc::new(PackShelf(folder)), options);
        match (&args.resume, &args.runbook) {
            (Some(run), _) => runner.send(Command::Reopen(RunId(run.clone()))),
            (None, Some(id)) => runner.send(Command::Open { id: id.clone(), dry_run: args.dry_run }),
            (None, None) if args.command.is_some() => {}
            (None, None) => return Err(UsageError("name a runbook".to_owned()).into()),
        }
        for (name, value) in &args.variables {
            runner.send(Command::SetVariable { name: name.clone(), value: Value(value.clone()) });
        }
        for (group, key) in &args.options {
            runner.send(Command::ChooseOption { group: group.clone(), key: key.clone() });
        }
        let again = Again { global, args };
        let exit = Headless::new(runner, news, again, environment, *output).run().await;
        if let Some(watch) = watch {
            watch.stop().await;
        }
        exit
    });
    if let Some(desk) = &desk {
        incident::leave(desk);
    }
    exit
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}
