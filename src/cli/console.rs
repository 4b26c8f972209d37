//! `warroom` without a subcommand: the console.

use std::sync::Arc;

use anyhow::{Context, Result};

use super::{ConfigError, Exit, UsageError, prepare_process};
use warroom_exec::Supervisor;
use warroom_host::{packs::PackFolder, terminal_guard};
use warroom_incident::journal::Incidents;
use warroom_room::{
    Room, incident, responder,
    run::{PackShelf, RunnerOptions},
    settings::{Places, Settings},
};
use warroom_tui::{self as tui, Ending, Options, RunError, Runs};

/// Shows the console of a room until the user leaves or a signal ends it. `folder` is where the room's pack came from, `file` the
/// document to begin with.
pub(super) fn show(room: &Room, folder: PackFolder, file: Option<String>, settings: &Settings) -> Result<Exit> {
    let themes = Places::of_this_machine().themes;
    let options = Options::new(settings, &themes).map_err(|error| ConfigError(error.to_string()))?;
    let by = responder();
    let access = incident::access(settings).map_err(ConfigError)?;
    let runs = Runs {
        shelf: Arc::new(PackShelf(folder)),
        options: RunnerOptions {
            data_dir: settings.data_dir.clone(),
            history: None,
            read_only: settings.read_only,
            unasked: None,
            accept_errors: None,
            by: by.clone(),
            supervisor: Supervisor::this_program().context("cannot find this program's own file")?,
        },
        open: file,
        incidents: Incidents::of(&settings.data_dir, access),
        access,
    };
    let _log = prepare_process(settings);
    terminal_guard::start();
    match tui::run(room, options, runs) {
        Ok(Ending::Quit) => Ok(Exit::Ok),
        Ok(Ending::Signal(number)) => Ok(after_signal(number)),
        Err(RunError::NotATerminal(why)) => Err(UsageError(why.to_string()).into()),
        Err(error) => Err(error.into()),
    }
}

fn after_signal(number: u8) -> Exit {
    match number {
        1 => Exit::Hangup,
        2 => Exit::Interrupted,
        3 => Exit::Quit,
        _ => Exit::Terminated,
    }
}
