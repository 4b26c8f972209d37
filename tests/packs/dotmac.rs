//! The DotMac pack holds all of its plan: every command has a step with its corrected form, or a reason why it has none.

use std::{collections::BTreeSet, path::Path, process::Command};

use serde::Deserialize;
use warroom::{
    host::packs::{MANIFEST, PackFolder},
    platform::{self, DiagnosticSeverity},
    runbook::{self, Runbook},
};

/// The plan's procedures.
const ENTRIES: u32 = 12;

#[derive(Deserialize)]
struct Coverage {
    command: Vec<Original>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Original {
    entry: String,
    line: usize,
    command: String,
    step: Option<String>,
    dropped: Option<String>,
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/dotmac"))
}

fn runbooks() -> Vec<Runbook> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let documents = files.filter(|file| file.extension().is_some_and(|extension| extension == "md"));
    documents
        .map(|file| runbook::parse(&file.display().to_string(), &std::fs::read_to_string(&file).unwrap()))
        .collect()
}

#[test]
fn every_command_of_the_plan_has_its_step_or_a_reason() {
    let coverage: Coverage = toml::from_str(include_str!("dotmac-coverage.toml")).unwrap();
    let plan: Vec<&str> = include_str!("../runbooks/seeds/dotmac.md").lines().collect();
    let runbooks = runbooks();
    for Original { entry, line, command, step, dropped } in &coverage.command {
        let there = plan.get(line - 1).unwrap_or_else(|| panic!("{entry}: the plan has no line {line}"));
        // The first words: emoji and what the document escapes are left out of the table.
        let word =
            command.split_whitespace().find(|word| word.chars().all(|c| c.is_ascii_alphanumeric())).unwrap_or("");
        assert!(there.contains(word), "{entry}: line {line} is {there:?}, and not {command:?}");
        match (step, dropped) {
            (Some(step), None) => {
                let (id, title) = step.split_once('#').unwrap_or_else(|| panic!("{step:?} names no step"));
                let runbook = runbooks.iter().find(|runbook| runbook.id == id);
                let runbook = runbook.unwrap_or_else(|| panic!("{entry}: there is no runbook {id}"));
                assert!(runbook.steps().any(|step| step.title == title), "{entry}: {id} has no step {title:?}");
            }
            (None, Some(reason)) => assert!(reason.split_whitespace().count() > 4, "{entry}: {reason:?} is no reason"),
            _ => panic!("{entry}, line {line}: either a step, or why there is none"),
        }
    }
    let entries: BTreeSet<&str> = coverage.command.iter().map(|command| command.entry.as_str()).collect();
    let all: Vec<String> = (1..=ENTRIES).map(|number| format!("DM-{number}")).collect();
    assert_eq!(entries, all.iter().map(String::as_str).collect());
}

#[test]
fn every_runbook_is_clean() {
    for runbook in runbooks() {
        let output = Command::new(env!("CARGO_BIN_EXE_warroom"))
            .arg("--pack")
            .arg(folder())
            .args(["runbook", "lint", "--strict", "--elsewhere", &runbook.id])
            .output()
            .unwrap();
        let found = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {found}", runbook.id);
    }
}

#[test]
fn only_what_the_plan_leaves_unfilled_is_reported() {
    let pack = PackFolder::on_disk(folder()).unwrap();
    let loaded = platform::parse(MANIFEST, &pack.read(MANIFEST).unwrap(), &pack.files());
    for found in &loaded.diagnostics {
        assert!(
            found.severity != DiagnosticSeverity::Error && found.message.contains("still to be filled in"),
            "{found}"
        );
    }
    let pack = loaded.pack.unwrap();
    assert!(pack.alerts.iter().all(|alert| alert.runbook.is_some()), "an alert without a runbook helps nobody");
}
