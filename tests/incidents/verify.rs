//! What `incident verify` finds, and what a changed journal still shows.

use std::{fs, path::PathBuf};

use crate::{
    lab::desk::{Desk, stdout},
    verbs::{declare, desk},
};

fn log(desk: &Desk, id: &str) -> PathBuf {
    let folder = desk.path(&format!("data/incidents/{id}/log"));
    let mut logs: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    logs.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    logs.pop().unwrap()
}

#[test]
fn a_changed_word_is_found_with_its_line_and_marked_where_it_is_shown() {
    let desk = desk();
    let id = declare(&desk);
    desk.run(&["incident", "note", "the replica was promoted"]);
    desk.run(&["incident", "note", "traffic is back"]);
    assert_eq!(desk.run(&["incident", "verify"]).status.code(), Some(0));
    let log = log(&desk, &id);
    let text = fs::read_to_string(&log).unwrap().replace("was promoted", "was rebooted");
    fs::write(&log, text).unwrap();
    let verified = desk.run(&["incident", "verify", &id]);
    assert_eq!(verified.status.code(), Some(1));
    assert!(stdout(&verified).contains(", line 3"), "{}", stdout(&verified));
    let shown = stdout(&desk.run(&["incident", "show", &id]));
    assert!(shown.contains("was rebooted (NOT INTACT)"), "{shown}");
}

#[test]
fn a_cut_end_is_revealed_by_a_checkpoint_that_was_kept_elsewhere() {
    let desk = desk();
    let id = declare(&desk);
    desk.run(&["incident", "note", "who dropped the table?"]);
    let before = stdout(&desk.run(&["incident", "verify"]));
    let checkpoint = before.lines().find_map(|line| line.strip_prefix("checkpoint ")).unwrap().to_owned();
    let log = log(&desk, &id);
    let text = fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    fs::write(&log, lines[..lines.len() - 1].join("\n") + "\n").unwrap();
    // The chain itself cannot show it.
    assert_eq!(desk.run(&["incident", "verify"]).status.code(), Some(0));
    let verified = desk.run(&["incident", "verify", "--checkpoint", &checkpoint]);
    assert_eq!(verified.status.code(), Some(1));
    assert!(stdout(&verified).contains("the end was cut off"), "{}", stdout(&verified));
}
