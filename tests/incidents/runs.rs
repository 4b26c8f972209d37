//! Runs that belong to an incident: their events are in its journal, and their output is evidence.

use std::time::Duration;

use rustix::process::Signal;

use crate::{
    lab::{
        desk::{Desk, stderr, stdout},
        wait_until,
    },
    verbs::{PLATFORM, declare, shown, texts},
};

const STEPS: &str = "# A task\n\n## Steps\n\n### 1. Look\n```bash\necho looked\n```\n\n### 2. Hold\n```bash\necho holding; touch \"$DIR/held\"; until test -e \"$DIR/go\"; do sleep 0.05; done; echo held\n```\n";

fn desk() -> Desk {
    let desk = Desk::new("", STEPS);
    let folder = desk.folder.path().display().to_string();
    desk.with_pack(&format!("vars = {{ DIR = \"{folder}\" }}\n{PLATFORM}"))
}

#[test]
fn a_run_is_in_the_timeline_and_its_output_is_evidence_that_verifies() {
    let desk = desk();
    let id = declare(&desk);
    std::fs::write(desk.path("go"), "").unwrap();
    let run = desk.run(&["runbook", "run", "task", "--incident", &id, "--confirm", "change"]);
    assert_eq!(run.status.code(), Some(0), "{}{}", stdout(&run), stderr(&run));
    let shown = shown(&desk);
    let texts = texts(&shown);
    assert!(texts.contains(&"runbook begun: A task") && texts.contains(&"runbook completed"), "{texts:?}");
    let verified = desk.run(&["incident", "verify", &id]);
    assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
    assert!(stdout(&verified).contains("2 files of evidence"), "{}", stdout(&verified));
    assert!(stdout(&verified).contains("3 of runs"), "{}", stdout(&verified));
    // The text that was followed and how a command ended are part of the run as well.
    let run = outputs(&desk, &id).pop().unwrap();
    let job = run.parent().unwrap();
    for file in [job.join("result.json"), job.parent().unwrap().parent().unwrap().join("runbook.md")] {
        let before = std::fs::read(&file).unwrap();
        std::fs::write(&file, [&before[..], b" "].concat()).unwrap();
        let verified = desk.run(&["incident", "verify", &id]);
        assert_eq!(verified.status.code(), Some(1), "{}", file.display());
        assert!(stdout(&verified).contains("was changed"), "{}", stdout(&verified));
        std::fs::write(&file, before).unwrap();
    }
    assert_eq!(desk.run(&["incident", "verify", &id]).status.code(), Some(0));
    // Without the incident there is no such run: its events are in one place only.
    assert!(!desk.path("data/runs").exists());
    // One changed byte of the output is found.
    let output = outputs(&desk, &id).pop().unwrap();
    let text = std::fs::read_to_string(&output).unwrap().replace('o', "0");
    std::fs::write(&output, text).unwrap();
    let verified = desk.run(&["incident", "verify", &id]);
    assert_eq!(verified.status.code(), Some(1));
    assert!(stdout(&verified).contains("the evidence was changed"), "{}", stdout(&verified));
}

fn outputs(desk: &Desk, id: &str) -> Vec<std::path::PathBuf> {
    let runs = desk.path(&format!("data/incidents/{id}/runs"));
    let run = std::fs::read_dir(runs).unwrap().next().unwrap().unwrap().path();
    let jobs = std::fs::read_dir(run.join("jobs")).unwrap().map(|job| job.unwrap().path().join("output"));
    jobs.filter(|output| output.exists()).collect()
}

#[test]
fn a_killed_console_leaves_a_run_that_the_journal_brings_back() {
    let desk = desk();
    let id = declare(&desk);
    let mut terminal = desk.terminal(&["runbook", "run", "task", "--incident", &id, "--confirm", "change"]);
    wait_until("the step runs", Duration::from_secs(30), || desk.path("held").exists());
    terminal.signal(Signal::KILL);
    terminal.exit();
    let runs = desk.path(&format!("data/incidents/{id}/runs"));
    let run = std::fs::read_dir(runs).unwrap().next().unwrap().unwrap().file_name().into_string().unwrap();
    std::fs::write(desk.path("go"), "").unwrap();
    let resumed = desk.run(&["runbook", "run", "--resume", &run, "--incident", &id, "--confirm", "change"]);
    assert_eq!(resumed.status.code(), Some(0), "{}{}", stdout(&resumed), stderr(&resumed));
    let shown = shown(&desk);
    let texts = texts(&shown);
    let ends = texts.iter().filter(|text| text.contains(" succeeded in ")).count();
    assert_eq!(ends, 2, "{texts:?}");
    assert_eq!(desk.run(&["incident", "verify", &id]).status.code(), Some(0));
}
