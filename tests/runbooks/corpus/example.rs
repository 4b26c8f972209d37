//! `cargo run --release --example corpus -- DIR`: what becomes of the command fences of a folder of Markdown.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints its figures")]

#[path = "../corpus.rs"]
mod corpus;

use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let shows_missed = arguments.next_if(|first| first == "--missed").is_some();
    let folders: Vec<String> = arguments.collect();
    if folders.is_empty() {
        eprintln!("usage: corpus [--missed] DIR...");
        return ExitCode::from(64);
    }
    let mut crashed = false;
    for folder in folders {
        let figures = corpus::measure(Path::new(&folder));
        println!("{folder}");
        for (what, number) in [
            ("documents", figures.documents),
            ("fences", figures.fences),
            ("labelled as commands", figures.labelled),
            ("of those actions", figures.labelled_run),
            ("actions", figures.actions),
            ("unlabelled actions", figures.unlabelled_actions),
            ("other actions that ask", figures.asking),
            ("variables", figures.variables),
            ("parser errors", figures.errors),
            ("findings", figures.findings),
            ("crashes", figures.crashes.len()),
        ] {
            println!("  {what:<24} {number:>7}");
        }
        println!("  {:<24} {:>7} ms", "time to read", figures.parsing.as_millis());
        println!("  {:<24} {:>7} ms", "time to lint", figures.linting.as_millis());
        figures.crashes.iter().for_each(|file| println!("  crashed on {}", file.display()));
        for (file, line) in figures.missed.iter().filter(|_| shows_missed) {
            println!("  no action: {}:{line}", file.display());
        }
        crashed |= !figures.crashes.is_empty();
    }
    if crashed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
