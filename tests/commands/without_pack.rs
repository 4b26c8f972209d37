//! What works with nothing prepared: this machine is the platform.

use serde_json::Value;

use crate::home::Home;

const TASK: &str =
    "# Task\n\n## Steps\n\n### 1. Look\n```bash\necho looked\n```\n\n### 2. Mark\n```bash\ntouch mark\n```\n";

#[test]
fn a_document_is_run_shown_linted_and_listed() {
    let home = Home::new();
    home.write("ops/task.md", TASK);
    let run = home.run(&["runbook", "run", "ops/task.md", "--confirm", "change"]);
    assert!(run.code == 0 && run.out.contains("Task: completed"), "{run:?}");
    assert!(home.path("mark").exists());
    assert_eq!(home.run(&["runbook", "show", "ops/task.md"]).code, 0);
    assert_eq!(home.run(&["runbook", "lint", "ops/task.md"]).code, 0);
    for arguments in [&["runbook", "list", "ops"][..], &["runbook", "show", "ops"]] {
        let listed = home.run(arguments);
        assert!(listed.code == 0 && listed.out.contains("task"), "{listed:?}");
    }
    let linted = home.run(&["runbook", "lint", "ops"]);
    assert!(linted.code == 0 && linted.out.contains("ops/task.md"), "{linted:?}");
    assert_eq!(home.run(&["runbook", "list", "none"]).code, 64);
}

#[test]
fn a_run_goes_on_where_it_stopped() {
    let home = Home::new();
    home.write("task.md", TASK);
    let stopped = home.run(&["runbook", "run", "task.md"]);
    assert_eq!(stopped.code, 4, "{stopped:?}");
    let hint = stopped.err.split('`').nth(1).unwrap();
    let words: Vec<&str> = hint.split_whitespace().skip(1).chain(["--confirm", "change"]).collect();
    let resumed = home.run(&words);
    assert!(resumed.code == 0 && home.path("mark").exists(), "{hint}: {resumed:?}");
}

#[test]
fn an_incident_is_declared_and_written_to() {
    let home = Home::new();
    let declared = home.run(&["incident", "declare", "--title", "It is slow", "--severity", "P2"]);
    assert_eq!(declared.code, 0, "{declared:?}");
    let noted = home.run(&["incident", "note", "looked at it"]);
    assert!(noted.code == 0 && noted.out.contains("looked at it"), "{noted:?}");
    let listed: Value = serde_json::from_str(&home.run(&["incident", "list", "--json"]).out).unwrap();
    assert_eq!((&listed[0]["platform"], &listed[0]["mode"]), (&"this-machine".into(), &"live".into()));
}

#[test]
fn settings_protect_this_machine() {
    let home = Home::new().with("WARROOM__PROTECTED", "true");
    home.write("task.md", "# Task\n\n## Steps\n\n### 1. Away\n```bash\nrm -r victim\n```\n");
    home.write("victim/file", "");
    let run = home.run(&["runbook", "run", "task.md", "--confirm", "destructive"]);
    assert!(run.code == 4 && run.err.contains("it takes a second person"), "{run:?}");
    assert!(home.path("victim").exists());
}

#[test]
fn with_a_pack_to_choose_from_nothing_is_taken_for_granted() {
    let home = Home::new();
    home.write("task.md", TASK);
    home.pack("shop", "");
    home.pack("other", "");
    let run = home.run(&["runbook", "run", "task.md"]);
    assert!(run.code == 78 && run.err.contains("no platform pack is chosen"), "{run:?}");
    assert_eq!(home.run(&["--pack", "this-machine", "runbook", "run", "task.md", "--confirm", "change"]).code, 0);
}
