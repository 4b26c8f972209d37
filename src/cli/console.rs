//! `warroom` without a subcommand: the console.

use anyhow::Result;

use super::{ConfigError, Exit, UsageError, prepare_process};
use crate::{
    room::Room,
    settings::{Places, Settings},
    tui::{self, Ending, Options, RunError},
};

/// Shows the console of a room until the user leaves or a signal ends it.
pub(super) fn show(room: &Room, settings: &Settings) -> Result<Exit> {
    let themes = Places::of_this_machine().themes;
    let options = Options::new(settings, &themes).map_err(|error| ConfigError(error.to_string()))?;
    let _log = prepare_process(settings);
    match tui::run(room, options) {
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
