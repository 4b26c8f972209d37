//! `warroom guard-terminal`: what the console starts beside itself to give the terminal back; not for people.

use clap::Args;

use super::Exit;
use warroom_host::terminal_guard;

/// Give the terminal back when the console dies
#[derive(Debug, Args)]
pub struct GuardArgs {
    /// The terminal's modes
    modes: String,
}

pub(super) fn run(args: &GuardArgs) -> Exit {
    terminal_guard::main(&args.modes);
    Exit::Ok
}
