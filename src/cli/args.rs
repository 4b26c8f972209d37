//! The command line as clap reads it.

use clap::{Parser, Subcommand};

use super::{
    config::ConfigCommand, demo::DemoArgs, exec::ExecArgs, global::Global, guard_terminal::GuardArgs,
    incident::IncidentCommand, pack::PackCommand, probe::ProbeCommand, runbook::RunbookCommand, shell::Completions,
    supervise::SuperviseArgs, sweep::SweepArgs,
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
