//! `warroom supervise`: what the console starts to run one action; not for people.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use warroom_exec::supervisor;

/// Run one action, ordered on standard input
#[derive(Debug, Args)]
pub struct SuperviseArgs {
    /// The job's folder
    folder: PathBuf,
}

pub fn run(args: &SuperviseArgs) -> Exit {
    // What became of the action stands in the folder.
    supervisor::main(&args.folder);
    Exit::Ok
}
