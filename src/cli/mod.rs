//! The command line: one subcommand a file, documented exit codes, errors in one sentence.

mod exit;
pub mod output;
pub mod probe;
pub mod sweep;
mod table;

pub use exit::Exit;

/// The command line asks for something that does not exist. One sentence; the program ends with [`Exit::Usage`].
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// Runs the program and says how it ended.
pub fn main() -> std::process::ExitCode {
    Exit::Ok.into()
}
