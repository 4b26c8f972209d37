//! What `incident verify` finds, and what a changed journal still shows.

use std::{fs, path::PathBuf};

use crate::{
    lab::desk::{Desk, stderr, stdout},
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

#[test]
fn a_line_that_was_cut_off_is_told_wherever_the_incident_is_read() {
    let desk = desk();
    let id = declare(&desk);
    desk.run(&["incident", "note", "the replica was promoted"]);
    let log = log(&desk, &id);
    let whole = fs::read_to_string(&log).unwrap();
    fs::write(&log, format!("{whole}{}", &whole[..40])).unwrap();
    let reads: [&[&str]; 5] = [
        &["incident", "list"],
        &["incident", "list", "--json"],
        &["incident", "show"],
        &["incident", "export"],
        &["incident", "export", "--format", "json"],
    ];
    for command in reads {
        let output = desk.run(command);
        assert_eq!(output.status.code(), Some(0), "{command:?}: {}", stderr(&output));
        let told = stderr(&output);
        assert!(
            told.contains(&id) && told.contains("the last 40 bytes") && told.contains("not a whole line"),
            "{told}"
        );
        assert!(!stdout(&output).contains("not a whole line"), "{command:?}");
    }
    let verified = desk.run(&["incident", "verify"]);
    assert_eq!(verified.status.code(), Some(1));
    assert!(stdout(&verified).contains("the last 40 bytes are not a whole line"), "{}", stdout(&verified));

    // Whoever writes next sets it aside, and says so; it is not forgotten.
    let noted = desk.run(&["incident", "note", "traffic is back"]);
    assert_eq!(noted.status.code(), Some(0), "{}", stderr(&noted));
    assert!(stderr(&noted).contains("40"), "{}", stderr(&noted));
    for command in reads {
        let told = stderr(&desk.run(command));
        assert!(told.contains("set aside in log/") && told.contains(".torn-"), "{command:?}: {told}");
    }
    let verified = desk.run(&["incident", "verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
    assert!(stdout(&verified).contains(".torn-") && stdout(&verified).contains("set aside"), "{}", stdout(&verified));
}

#[test]
fn an_emptied_log_is_not_intact() {
    let desk = desk();
    let id = declare(&desk);
    fs::write(log(&desk, &id), "").unwrap();
    let verified = desk.run(&["incident", "verify", &id]);
    assert_eq!(verified.status.code(), Some(1), "{}", stdout(&verified));
    assert!(stdout(&verified).contains("the log is empty"), "{}", stdout(&verified));
}
