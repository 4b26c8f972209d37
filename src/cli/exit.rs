//! Exit codes: the contract with scripts.

use std::process::ExitCode;

use warroom_domain::health::Status;

/// How a command ends. The numbers are documented in the README and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for was done; a sweep found everything ok; every step of a runbook passed.
    Ok = 0,
    /// A sweep's worst is `warn`; a strict lint found warnings; a step of a runbook failed; another command failed.
    Warn = 1,
    /// A sweep's worst is `down`; a lint found errors.
    Down = 2,
    /// A sweep's worst is `unknown`; `runbook check` could not find out whether something is there.
    Unknown = 3,
    /// A confirmation was refused, or there was nobody to ask.
    Refused = 4,
    /// `--read-only` does not allow it.
    ReadOnly = 5,
    /// The command line is wrong (`EX_USAGE`).
    Usage = 64,
    /// A document or a pack cannot be used as it is (`EX_DATAERR`).
    Unusable = 65,
    /// A file that was named is not there or cannot be read (`EX_NOINPUT`).
    NoFile = 66,
    /// A program that a step needs is not on this machine; `runbook check` found something missing (`EX_UNAVAILABLE`).
    NoProgram = 69,
    /// A setting is wrong, or no pack is chosen (`EX_CONFIG`).
    Config = 78,
    /// The terminal or the connection went away (SIGHUP): 128 and the signal's number, as shells count.
    Hangup = 129,
    /// SIGINT from elsewhere; Ctrl-C in the console is a key and ends with `Ok`.
    Interrupted = 130,
    /// SIGQUIT.
    Quit = 131,
    /// SIGTERM.
    Terminated = 143,
}

impl From<Status> for Exit {
    fn from(status: Status) -> Self {
        match status {
            Status::Ok => Exit::Ok,
            Status::Warn => Exit::Warn,
            Status::Unknown => Exit::Unknown,
            Status::Down => Exit::Down,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
