//! A console that dies does not take a step with it, and the next one finds how it ended.

use std::time::Duration;

use rustix::process::Signal;

use crate::{
    desk::{Desk, stderr, stdout},
    lab::wait_until,
};

const LIMIT: Duration = Duration::from_secs(30);

/// Waits for a file before it ends, so that nothing depends on time.
const STEPS: &str = "# A task\n\n## Steps\n\n### 1. Long\n```bash\necho begun; touch \"$DIR/begun\"\nuntil test -e \"$DIR/go\"; do sleep 0.05; done\necho finished; exit 0\n```\n";

fn desk() -> Desk {
    let desk = Desk::new("", STEPS);
    let folder = desk.folder.path().display().to_string();
    desk.with_pack(&format!("vars = {{ DIR = \"{folder}\" }}\n"))
}

fn dies_and_comes_back(signal: Signal) {
    let desk = desk();
    let mut terminal = desk.terminal(&["runbook", "run", "task", "--confirm", "change"]);
    wait_until("the step has begun", LIMIT, || desk.path("begun").exists());
    terminal.signal(signal);
    terminal.exit();
    std::fs::write(desk.path("go"), "").unwrap();
    let resumed = desk.run(&["runbook", "run", "--resume", &desk.run_id()]);
    assert_eq!(resumed.status.code(), Some(0), "{}{}", stdout(&resumed), stderr(&resumed));
    let events = desk.events();
    let ends: Vec<_> = events.iter().filter(|event| event["event"] == "action_ended").collect();
    assert_eq!(ends.len(), 1, "{events:?}");
    assert_eq!(ends[0]["outcome"]["ending"]["code"], 0);
    let file = ends[0]["outcome"]["evidence"]["file"].as_str().unwrap();
    assert_eq!(std::fs::read_to_string(desk.run_folder().join(file)).unwrap(), "begun\nfinished\n");
}

#[test]
fn a_killed_console_leaves_the_step_running() {
    dies_and_comes_back(Signal::KILL);
}

#[test]
fn a_dropped_connection_leaves_the_step_running() {
    dies_and_comes_back(Signal::HUP);
}

#[test]
fn a_killed_supervisor_leaves_an_unknown_outcome() {
    let desk = desk();
    let mut terminal = desk.terminal(&["runbook", "run", "task", "--confirm", "change"]);
    wait_until("the step has begun", LIMIT, || desk.path("begun").exists());
    terminal.signal(Signal::KILL);
    terminal.exit();
    let job = std::fs::read_dir(desk.run_folder().join("jobs")).unwrap().next().unwrap().unwrap().path();
    let lock = std::fs::read_to_string(job.join("lock")).unwrap();
    let pid: i32 = lock.split(' ').next().unwrap().parse().unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    wait_until("the supervisor is gone", LIMIT, || !std::path::Path::new(&format!("/proc/{pid}")).exists());
    let resumed = desk.run(&["runbook", "run", "--resume", &desk.run_id(), "--confirm", "destructive"]);
    assert_eq!(resumed.status.code(), Some(1), "{}{}", stdout(&resumed), stderr(&resumed));
    assert!(stdout(&resumed).contains("OUTCOME UNKNOWN"), "{}", stdout(&resumed));
    let intended = desk.events().iter().filter(|event| event["event"] == "action_intended").count();
    assert_eq!(intended, 1, "it is never silently run again");
}

const TWO: &str = "# A task\n\n## Steps\n\n### 1. Look\n```bash\nSEEN=yes; echo looked\n```\n\n### 2. Change\n```bash\necho \"$SEEN\" > \"$DIR/changed\"\n```\n";

/// A run whose first step is done, and whose second nobody could confirm.
fn half_done() -> Desk {
    let desk = Desk::new("", TWO);
    let folder = desk.folder.path().display().to_string();
    let desk = desk.with_pack(&format!("vars = {{ DIR = \"{folder}\" }}\n"));
    assert_eq!(desk.run(&["runbook", "run", "task"]).status.code(), Some(4));
    desk
}

/// It is not gone on with, and says why.
fn is_refused(desk: &Desk, why: &str) {
    let resumed = desk.run(&["runbook", "run", "--resume", &desk.run_id(), "--confirm", "change"]);
    assert_eq!(resumed.status.code(), Some(64), "{}{}", stdout(&resumed), stderr(&resumed));
    assert!(stderr(&resumed).contains(why) && stderr(&resumed).contains("begin another run"), "{}", stderr(&resumed));
    assert!(!desk.path("changed").exists());
}

#[test]
fn a_run_goes_on_with_the_text_that_it_began_with_and_no_other() {
    let desk = half_done();
    let text = desk.run_folder().join("runbook.md");
    let began = std::fs::read_to_string(&text).unwrap();
    std::fs::write(&text, began.replace("changed", "chosen by somebody else")).unwrap();
    is_refused(&desk, "is not the text that the run began with");
    std::fs::write(&text, began).unwrap();
    let resumed = desk.run(&["runbook", "run", "--resume", &desk.run_id(), "--confirm", "change"]);
    assert_eq!(resumed.status.code(), Some(0), "{}{}", stdout(&resumed), stderr(&resumed));
    assert_eq!(std::fs::read_to_string(desk.path("changed")).unwrap(), "yes\n");
}

#[test]
fn a_run_does_not_go_on_from_a_result_that_was_changed() {
    let desk = half_done();
    let job = std::fs::read_dir(desk.run_folder().join("jobs")).unwrap().next().unwrap().unwrap().path();
    let result = std::fs::read_to_string(job.join("result.json")).unwrap();
    assert!(result.contains("yes"), "{result}");
    std::fs::write(job.join("result.json"), result.replace("yes", "no")).unwrap();
    is_refused(&desk, "is not what was recorded when");
}
