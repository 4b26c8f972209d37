//! Which commands write: one table, so that `--read-only` means the same for every one of them.

use super::{
    args::Command, incident::IncidentCommand, pack::PackCommand, probe::ProbeCommand, runbook::RunbookCommand,
};

/// What a command writes, as the end of "this is --read-only: …"; `None` for one that only reads. What a console or a run may do
/// is the gate's to say.
pub(super) fn written_by(command: &Command) -> Option<&'static str> {
    const INCIDENT: &str = "nothing is written to an incident";
    const FILE: &str = "no file is written; without -o it goes to standard output";
    match command {
        Command::Incident(command) => match command {
            IncidentCommand::Declare(_) | IncidentCommand::Write(_) | IncidentCommand::Watch(_) => Some(INCIDENT),
            IncidentCommand::Second(args) => args.answers().then_some(INCIDENT),
            IncidentCommand::Export(args) if args.bundle => Some("no bundle is written"),
            IncidentCommand::Export(args) => args.output.is_some().then_some(FILE),
            IncidentCommand::List { .. } | IncidentCommand::Show(_) | IncidentCommand::Verify(_) => None,
        },
        Command::Pack(command) => match command {
            PackCommand::Init(_) => Some("no pack is written"),
            PackCommand::List { .. } | PackCommand::Show { .. } | PackCommand::Check { .. } => None,
        },
        Command::Runbook(command) => match command {
            RunbookCommand::Run(args) => args.incident.is_some().then_some(INCIDENT),
            RunbookCommand::List { .. }
            | RunbookCommand::Show(_)
            | RunbookCommand::Lint(_)
            | RunbookCommand::Check(_) => None,
        },
        Command::Sweep(args) => args.output.is_some().then_some(FILE),
        Command::Exec(args) => args.incident.is_some().then_some(INCIDENT),
        Command::Probe(ProbeCommand::List { .. } | ProbeCommand::Run { .. })
        | Command::Demo(_)
        | Command::Config(_)
        | Command::Completions(_)
        | Command::Man
        | Command::Supervise(_)
        | Command::GuardTerminal(_) => None,
    }
}
