//! The command line: one subcommand a file, documented exit codes, errors in one sentence.

pub mod args;
pub mod config;
mod console;
pub mod demo;
mod diagnostics;
mod error;
pub mod exec;
mod exit;
mod global;
mod guard_terminal;
pub mod incident;
pub mod open;
pub mod output;
pub mod pack;
mod painted;
pub mod probe;
pub mod runbook;
pub mod shell;
mod signals;
pub mod supervise;
pub mod sweep;
mod table;
mod usage;
mod writes;

use std::{ffi::OsString, path::Path, process::ExitCode};

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser};

pub use error::{ConfigError, NoFileError, ReadOnlyError, UnusableError, UsageError};
pub use exit::Exit;

use self::{
    args::{Cli, Command},
    output::{Output, complain},
};
use warroom_domain::platform::nearest;
use warroom_host::{
    log::{self, LogGuard},
    private, process, reaper,
};
use warroom_room::{
    runbooks::{OpenError, is_path},
    settings::{Color, Settings},
};

/// The word that makes this program watch over another one; not for people.
const REAPER: &str = "__reap";

/// Runs the program and says how it ended.
pub fn main() -> ExitCode {
    private::protect_memory();
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == REAPER) {
        let program: Vec<OsString> = words.skip(1).collect();
        reaper::main(&program);
        return Exit::Ok.into();
    }
    process::reap_with(REAPER);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::explain(&error).into(),
    };
    match run(&cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            complain(&format!("{error:#}"));
            error::exit_of(&error).into()
        }
    }
}

fn run(cli: &Cli) -> Result<Exit> {
    let global = &cli.global;
    if let Some(file) = &cli.file {
        check_file(file, cli.command.is_some())?;
    }
    match &cli.command {
        // These need no settings, and must work when those are broken.
        Some(Command::Completions(args)) => {
            shell::completions(args, &mut Cli::command(), &Output::detect(global.no_color))
        }
        Some(Command::Man) => shell::man(Cli::command(), &Output::detect(global.no_color)),
        Some(Command::Supervise(args)) => Ok(supervise::run(args)),
        Some(Command::GuardTerminal(args)) => Ok(guard_terminal::run(args)),
        Some(Command::Config(command)) => config::run(command, global),
        Some(Command::Pack(command)) => {
            let (settings, output) = prepare(cli)?;
            pack::run(command, &settings, &output)
        }
        Some(Command::Runbook(command)) => {
            let (settings, output) = prepare(cli)?;
            runbook::run(command, global, &settings, &output)
        }
        Some(Command::Exec(args)) => {
            let (settings, output) = prepare(cli)?;
            exec::run(args, global, &settings, &output)
        }
        Some(Command::Incident(command)) => {
            let (settings, output) = prepare(cli)?;
            incident::run(command, &settings, &output)
        }
        Some(Command::Sweep(args)) => {
            let (settings, output) = prepare(cli)?;
            let room = open::room(&settings)?;
            in_runtime(&settings, sweep::run(args, &room, &settings, &output))
        }
        Some(Command::Probe(command)) => {
            let (settings, output) = prepare(cli)?;
            let room = open::room(&settings)?;
            in_runtime(&settings, probe::run(command, &room, &output))
        }
        Some(Command::Demo(args)) => {
            let (mut settings, output) = prepare(cli)?;
            let (room, folder) = demo::room(args)?;
            let place = demo::Place::make(args.keep, global.data_dir.is_some(), &mut settings)?;
            let exit = console::show(&room, folder, None, &settings)?;
            place.leave(&output)?;
            Ok(exit)
        }
        None => {
            let (settings, _) = prepare(cli)?;
            let (room, folder) = match &cli.file {
                Some(file) => open::room_or_machine(&settings, open::folder_of(Some(file)))?,
                None => open::room_and_folder(&settings)?,
            };
            console::show(&room, folder, cli.file.clone(), &settings)
        }
    }
}

/// The first word of the command line, when it is not a subcommand: the document to open.
fn check_file(file: &str, and_command: bool) -> Result<()> {
    if and_command {
        return Err(UsageError(format!("cannot open {file}: a document and a command cannot be combined")).into());
    }
    if Path::new(file).is_file() {
        return Ok(());
    }
    if is_path(file) {
        return Err(NoFileError(OpenError::NoFile(file.to_owned()).to_string()).into());
    }
    let known = Cli::command();
    let names = known.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name);
    let hint = match nearest(file, names) {
        Some(name) => format!("did you mean `warroom {name}`?"),
        None => "see `warroom --help`".to_owned(),
    };
    Err(UsageError(format!("unknown command {file} ({hint})")).into())
}

/// The merged settings, and what standard output is like under them. A command that writes is refused where nothing may be
/// written.
fn prepare(cli: &Cli) -> Result<(Settings, Output)> {
    let (settings, _) = config::load(&cli.global)?;
    if settings.read_only
        && let Some(what) = cli.command.as_ref().and_then(writes::written_by)
    {
        return Err(ReadOnlyError(format!("this is --read-only: {what}")).into());
    }
    let output = Output::detect(settings.ui.color == Color::Never);
    Ok((settings, output))
}

/// Runs a command on a fresh tokio runtime.
fn in_runtime(settings: &Settings, command: impl Future<Output = Result<Exit>>) -> Result<Exit> {
    let _log = prepare_process(settings);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the worker threads")?;
    let exit = runtime.block_on(command);
    // A look that hangs in a system call (DNS) must not keep the program from ending.
    runtime.shutdown_background();
    exit
}

/// Opens the log, and puts the process-wide TLS provider in place before any client is made. The guard is held until the
/// command is over: what is queued is written when it is dropped.
fn prepare_process(settings: &Settings) -> Option<LogGuard> {
    // An error means that one is installed already, which is what we want.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // It makes the data directory when there is none, which must then be its members'.
    if settings.data_group.is_some()
        && let Err(error) = warroom_room::incident::access(settings)
    {
        complain(&format!("going on without a log: {error}"));
        return None;
    }
    let log = log::start(&settings.data_dir, &settings.log.level);
    log.map_err(|error| {
        let folder = settings.data_dir.display();
        complain(&format!("going on without a log: {folder} cannot be written: {error} (choose another --data-dir)"));
    })
    .ok()
}
