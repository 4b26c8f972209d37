//! Options that every sub-command takes.

use std::path::PathBuf;

use clap::Args;

/// Options that every subcommand takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The platform pack: a folder, or a name from `warroom pack list`
    #[arg(long, global = true, value_name = "DIR|NAME")]
    pub pack: Option<String>,
    /// Which of the pack's environments to act in
    #[arg(long, global = true, value_name = "NAME")]
    pub environment: Option<String>,
    /// A further settings file, over the user's own
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where incidents and logs are kept
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Change nothing: run only what reads
    #[arg(long, global = true)]
    pub read_only: bool,
    /// The theme of the console
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// Print and draw without colour
    #[arg(long, global = true)]
    pub no_color: bool,
}
