//! The command line as clap reads it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::{
    config::ConfigCommand, demo::DemoArgs, exec::ExecArgs, guard_terminal::GuardArgs, incident::IncidentCommand,
    pack::PackCommand, probe::ProbeCommand, runbook::RunbookCommand, shell::Completions, supervise::SuperviseArgs,
    sweep::SweepArgs,
};

/// Live health panels of a platform in one terminal program
#[derive(Debug, Parser)]
#[command(
    name = "warroom",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 ok, 1 warn or failed, 2 down, 3 unknown, 4 refused or nobody to ask, 5 refused by --read-only,\n64 wrong usage, 65 unusable document or pack, 66 missing file, 69 missing program, 78 bad configuration."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Markdown runbook to open in the console; works without a pack
    #[arg(value_name = "FILE")]
    pub file: Option<String>,
}

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

/// What to do. Without a subcommand the console opens.
#[derive(Debug, Subcommand)]
pub enum Command {
    Demo(DemoArgs),
    Sweep(SweepArgs),
    #[command(subcommand)]
    Probe(ProbeCommand),
    #[command(subcommand)]
    Runbook(RunbookCommand),
    Exec(ExecArgs),
    #[command(subcommand)]
    Incident(IncidentCommand),
    #[command(subcommand)]
    Pack(PackCommand),
    #[command(subcommand)]
    Config(ConfigCommand),
    Completions(Completions),
    /// Print the manual page
    Man,
    #[command(hide = true)]
    Supervise(SuperviseArgs),
    #[command(hide = true)]
    GuardTerminal(GuardArgs),
}
