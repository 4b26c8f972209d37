//! The DotMac pack holds all of its plan: every command has a step with its corrected form, or a reason why it has none.

use std::{collections::BTreeSet, path::Path, process::Command};

use serde::Deserialize;
use warroom::{
    host::packs::{MANIFEST, PackFolder},
    platform,
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
            .args(["runbook", "lint", "--strict", &runbook.id])
            .output()
            .unwrap();
        let found = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {found}", runbook.id);
    }
}

/// Where the plan contradicts itself: the line that is told, and what is said of it.
const CONTRADICTIONS: [(&str, &str, &str); 15] = [
    (
        MANIFEST,
        "respond_within = \"15m\"",
        "`pool-saturated` asks for a response within 15m, but its severity `P1` for one within 30m",
    ),
    (
        MANIFEST,
        "respond_within = \"15m\"",
        "`high-error-rate` asks for a response within 15m, but its severity `P1` for one within 30m",
    ),
    (
        MANIFEST,
        "recover_within = \"1h\"",
        "a `P0` must be over within 1h, but `database`, which its alert `database-down` is about, may take 4h (its RTO)",
    ),
    (
        MANIFEST,
        "\"Partial service degradation affecting >50% customers\",",
        "between `<25% customers` (`P2`) and `>50% customers` (`P1`) lies 25% to 50%, for which there is no severity",
    ),
    (
        MANIFEST,
        "after = \"1h\"",
        "`engineering-manager` is told only after 1h, when the incident must be over already (`P0` within 1h)",
    ),
    (
        MANIFEST,
        "after = \"4h\"",
        "`cto` is told only after 4h, when the incident must be over already (`P0` within 1h, `P1` within 4h)",
    ),
    (
        MANIFEST,
        "schedule = \"0 2 * * *\"",
        "up to 24h lie between two backups, the whole RPO of `database`: no time is left for making one",
    ),
    (
        MANIFEST,
        "schedule = \"0 2 * * *\"",
        "up to 24h lie between two backups, the whole RPO of `tickets`: no time is left for making one",
    ),
    // 30 days are the last of the plan's three phases.
    (
        "breach-response.md",
        "estimated: 30d",
        "the estimated time of 30d is longer than a `P0` (1h), `database` (4h) and the runbook's own RTO (1h) allow",
    ),
    ("database-corruption.md", "rto: 6h", "the RTO of 6h is longer than a `P0` (1h) and `database` (4h) allow"),
    // Five minutes without service, and the whole of the work.
    (
        "database-failover.md",
        "estimated: 20m",
        "the estimated time of 20m is longer than the runbook's own RTO (5m) allows",
    ),
    ("database-recovery.md", "rto: 4h", "the RTO of 4h is longer than a `P0` (1h) allows"),
    (
        "infrastructure-fail-back.md",
        "estimated: 6h",
        "the estimated time of 6h is longer than a `P1` (4h), `database` (4h), `tickets` (4h) and the runbook's own RTO (4h) \
         allow",
    ),
    (
        "infrastructure-loss.md",
        "rto: 12h",
        "the RTO of 12h is longer than a `P0` (1h), `database` (4h) and `tickets` (4h) allow",
    ),
    ("infrastructure-recovery.md", "rto: 4h", "the RTO of 4h is longer than a `P0` (1h) allows"),
];

/// Contradictions that are noted in `platform.toml` and not told beside the note, and why.
const TOLD_ELSEWHERE: [(&str, &str); 3] = [
    ("id = \"database\"", "at the recovery target of P0 and in the runbooks, which are what has to change"),
    ("id = \"transaction-logs\"", "logs have no schedule to measure; that their place is unknown is told as unfilled"),
    ("id = \"application-rollback\"", "the other frequency is a sentence of the plan and stands nowhere in the pack"),
];

/// What `pack check` says.
#[derive(Deserialize)]
struct Finding {
    severity: String,
    file: String,
    line: usize,
    message: String,
}

fn findings() -> Vec<Finding> {
    let output =
        Command::new(env!("CARGO_BIN_EXE_warroom")).args(["pack", "check", "--json"]).arg(folder()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn is_unfilled(finding: &Finding) -> bool {
    finding.message.ends_with("is still to be filled in")
}

#[test]
fn pack_check_tells_the_plans_contradictions_and_nothing_else() {
    let text = |file: &str| std::fs::read_to_string(file).unwrap();
    let told: Vec<(String, String, String)> = findings()
        .into_iter()
        .filter(|finding| !is_unfilled(finding))
        .map(|finding| {
            assert_eq!(finding.severity, "warning", "{}", finding.message);
            let line = text(&finding.file).lines().nth(finding.line - 1).unwrap().trim().to_owned();
            let name = Path::new(&finding.file).file_name().unwrap().to_string_lossy().into_owned();
            (name, line, finding.message)
        })
        .collect();
    let expected = CONTRADICTIONS.map(|(file, line, message)| (file.to_owned(), line.to_owned(), message.to_owned()));
    assert_eq!(told, expected);
}

#[test]
fn every_contradiction_that_is_noted_is_told_beside_its_note() {
    let text = std::fs::read_to_string(folder().join(MANIFEST)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let findings = findings();
    let told: Vec<usize> = findings
        .iter()
        .filter(|finding| finding.file.ends_with(MANIFEST) && !is_unfilled(finding))
        .map(|finding| finding.line)
        .collect();
    let mut elsewhere = Vec::new();
    let notes = lines.iter().enumerate().filter(|(index, line)| *index > 10 && line.starts_with("# Contradiction: "));
    for (index, note) in notes {
        // The entry under the note, up to the next one.
        let start = index + lines[index..].iter().position(|line| line.starts_with("[[")).unwrap();
        let length = lines[start + 1..].iter().position(|line| line.starts_with("[[")).unwrap();
        if !told.iter().any(|line| (start + 1..=start + 1 + length).contains(line)) {
            elsewhere.push((lines[start + 1], *note));
        }
    }
    let listed = TOLD_ELSEWHERE.map(|(id, _)| id);
    assert_eq!(elsewhere.iter().map(|(id, _)| *id).collect::<Vec<_>>(), listed, "{elsewhere:#?}");
}

#[test]
fn every_value_that_the_plan_leaves_open_is_told() {
    let text = std::fs::read_to_string(folder().join(MANIFEST)).unwrap();
    let told: Vec<usize> =
        findings().iter().filter(|finding| is_unfilled(finding)).map(|finding| finding.line).collect();
    let open = regex::Regex::new(r"\[[A-Z][A-Za-z ]*\]|\bTBD\b|\{\{.*?\}\}").unwrap();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
    let expected: Vec<usize> = lines.flat_map(|(index, line)| open.find_iter(line).map(move |_| index + 1)).collect();
    assert_eq!(told, expected);
    assert!(told.len() > 30, "{told:?}");
}

#[test]
fn every_alert_has_its_runbook() {
    let pack = PackFolder::on_disk(folder()).unwrap();
    let pack = platform::parse(MANIFEST, &pack.read(MANIFEST).unwrap(), &pack.files()).pack.unwrap();
    assert!(pack.alerts.iter().all(|alert| alert.runbook.is_some()), "an alert without a runbook helps nobody");
}
