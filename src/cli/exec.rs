//! `warroom exec -- COMMAND`: a command of no runbook, through the same gate and into the same records as a step.

use anyhow::Result;
use clap::Args;

use super::{
    Exit,
    global::Global,
    output::Output,
    runbook::run::{self, RunArgs},
};
use warroom_domain::text;
use warroom_room::settings::Settings;

/// Run one command with the risk check, confirmation and record of a runbook step
#[derive(Debug, Clone, Args)]
#[command(after_help = "One word is shell text: warroom exec -- 'kubectl get pods | grep -c Running'\n\n\
    Exit codes: 0 it succeeded, 1 it failed, 4 refused or nobody to ask, 5 refused by --read-only, 64 wrong usage.")]
pub struct ExecArgs {
    /// Run without confirmation up to this risk
    #[arg(long, value_name = "RISK", default_value = "read", value_parser = clap::builder::PossibleValuesParser::new(["read", "change", "destructive"]))]
    confirm: String,
    /// The incident that it belongs to
    #[arg(long, value_name = "ID")]
    pub(super) incident: Option<String>,
    /// Print each event as a line of JSON
    #[arg(long)]
    json: bool,
    /// The command and its words
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

pub(super) fn run(args: &ExecArgs, global: &Global, settings: &Settings, output: &Output) -> Result<Exit> {
    let command = match args.command.as_slice() {
        [text] => text.clone(),
        words => words.iter().map(|word| text::word(word)).collect::<Vec<_>>().join(" "),
    };
    let args = RunArgs {
        confirm: args.confirm.clone(),
        incident: args.incident.clone(),
        json: args.json,
        command: Some(command),
        ..RunArgs::default()
    };
    run::run(&args, global, settings, output)
}
