//! The README is true: its key table is the registry's, its two commands and exit codes are the program's.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use warroom::{cli::Exit, platform::kinds::KINDS, tui::action::key_table};

const README: &str = include_str!("../README.md");

#[test]
fn the_key_table_is_the_registry() {
    let table = key_table();
    assert!(README.contains(&table), "the README's key table should be:\n{table}");
}

#[test]
fn every_probe_kind_is_described() {
    let table = README.split("## What it looks at").nth(1).and_then(|rest| rest.split("## ").next());
    let table = table.expect("a section about the kinds");
    for kind in &KINDS {
        assert!(table.contains(&format!("`{}`", kind.word)), "{} is missing", kind.word);
    }
}

#[test]
fn the_exit_codes_are_those_of_the_program() {
    for exit in [Exit::Ok, Exit::Warn, Exit::Down, Exit::Unknown, Exit::Refused, Exit::Usage, Exit::Config] {
        assert!(README.contains(&format!("\n| {} | ", exit as u8)), "{exit:?} is missing");
    }
}

#[test]
fn every_picture_that_is_shown_exists() {
    for link in README.split("](screenshots/").skip(1) {
        let file = link.split(')').next().unwrap_or_default();
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots").join(file);
        assert!(path.is_file(), "{} is missing", path.display());
    }
}
