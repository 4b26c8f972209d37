//! The command line: one subcommand a file, documented exit codes, errors in one sentence.

mod exit;

pub use exit::Exit;

/// Runs the program and says how it ended.
pub fn main() -> std::process::ExitCode {
    Exit::Ok.into()
}
