//! `warroom completions` and `warroom man`: what a shell and `man` want to know.

use anyhow::Result;
use clap::Args;
use clap_complete::Shell;

use super::{Exit, output::Output};

/// Print a completion script for a shell
#[derive(Debug, Clone, Args)]
#[command(after_help = "For bash: warroom completions bash > ~/.local/share/bash-completion/completions/warroom")]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn completions(args: &Completions, program: &mut clap::Command, output: &Output) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, program, "warroom", &mut script);
    output.document(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}

/// One page for the program and each of its subcommands, one after the other.
pub(super) fn man(mut program: clap::Command, output: &Output) -> Result<Exit> {
    let mut pages = Vec::new();
    program.build();
    render(&program, &mut pages)?;
    output.document(&String::from_utf8_lossy(&pages))?;
    Ok(Exit::Ok)
}

fn render(command: &clap::Command, pages: &mut Vec<u8>) -> std::io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(pages)?;
    for below in command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help") {
        render(below, pages)?;
    }
    Ok(())
}
