//! Exports through the program: complete, the same each time, and readable by their owner only.

use std::os::unix::fs::PermissionsExt;

use crate::{
    lab::desk::{stderr, stdout},
    verbs::{declare, desk},
};

#[test]
fn an_incident_with_a_run_is_exported_in_every_format() {
    let desk = desk();
    let id = declare(&desk);
    desk.run(&["incident", "role", "ic", "alice"]);
    let run = desk.run(&["runbook", "run", "task", "--incident", &id]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    desk.run(&["incident", "restored"]);
    desk.run(&["incident", "phase", "resolved"]);
    let head = stdout(&desk.run(&["incident", "verify", &id]));
    let checkpoint = head.lines().find_map(|line| line.strip_prefix("checkpoint ")?.rsplit(':').next()).unwrap();
    for (format, wanted) in [
        ("md", &["Portal is down", "alice", "looked", checkpoint][..]),
        ("html", &["<!doctype html>", "Portal is down", "looked", checkpoint]),
        ("json", &["\"declared\"", "\"run\"", checkpoint]),
        ("csv", &["declared P0: Portal is down", "service restored", checkpoint]),
        ("postmortem", &["# Post-Mortem: Portal is down", "alice", "## Action Items", "To be written", checkpoint]),
    ] {
        let output = desk.run(&["incident", "export", &id, "--format", format]);
        assert_eq!(output.status.code(), Some(0), "{format}: {}", stderr(&output));
        let text = stdout(&output);
        for wanted in wanted {
            assert!(text.to_lowercase().contains(&wanted.to_lowercase()), "{format} has no {wanted}: {text}");
        }
        let file = desk.path(&format!("export.{format}"));
        let path = file.display().to_string();
        assert_eq!(desk.run(&["incident", "export", &id, "--format", format, "-o", &path]).status.code(), Some(0));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "{format} is the same each time");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
