//! Expected output in prose: a person looks whether it is so, and nothing goes on before that.

use crate::desk::{Desk, kinds, stderr, stdout};

const STEPS: &str = r#"# A task

## Steps

### 1. Start
```bash
touch "$MARK"; echo "3 of 3 pods are Running"
```

**Expected Output:** all pods are Running

**If it fails:**
- Look at the events of the pods

**Rollback:**
```bash
rm "$MARK"
```

### 2. Go on
```bash
echo "went on"
```
"#;

fn desk() -> Desk {
    let desk = Desk::new("", STEPS);
    let mark = desk.path("mark").display().to_string();
    desk.with_pack(&format!("vars = {{ MARK = \"{mark}\" }}\n"))
}

#[test]
fn without_a_terminal_it_stops_where_a_person_has_to_look() {
    let desk = desk();
    let output = desk.run(&["runbook", "run", "task", "--confirm", "destructive"]);
    assert_eq!(output.status.code(), Some(4), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("3 of 3 pods are Running"), "{}", stdout(&output));
    let said = stderr(&output);
    assert!(
        said.contains("what Start printed is for a person to look at") && said.contains("all pods are Running"),
        "{said}"
    );
    assert!(said.contains("--resume"), "{said}");
    assert!(desk.path("mark").exists() && !stdout(&output).contains("went on"));
    // It is the person that is missing, not the command: that is not run again.
    let mut terminal = desk.terminal(&["runbook", "run", "--resume", &desk.run_id()]);
    terminal.wait_for("Is this what you see: all pods are Running? [y/n]");
    terminal.keys("y\r");
    terminal.wait_for("went on");
    terminal.wait_for("A task: completed");
    assert_eq!(terminal.exit().code(), Some(0));
    let intended = desk.events().iter().filter(|event| event["event"] == "action_intended").count();
    assert_eq!(intended, 2);
}

#[test]
fn a_dry_run_has_nothing_to_look_at() {
    let output = desk().run(&["runbook", "run", "task", "--dry-run"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn who_sees_something_else_can_run_it_again_and_undo_it() {
    let desk = desk();
    let mut terminal = desk.terminal(&["runbook", "run", "task", "--confirm", "destructive"]);
    terminal.wait_for("Is this what you see");
    terminal.keys("n\r");
    terminal.wait_for("Look at the events of the pods");
    terminal.wait_for("Start printed something else. r run it again, g REASON go on, u undo this step");
    terminal.keys("r\r");
    // Another output, so the question comes again.
    terminal.wait_until("the question again", |screen| screen.matches("Is this what you see").count() == 2);
    terminal.keys("n\r");
    terminal.wait_until("what can be done", |screen| screen.matches("printed something else").count() == 2);
    terminal.keys("u\r");
    terminal.wait_for("Start was rolled back");
    assert!(!desk.path("mark").exists());
    terminal.keys("q\r");
    assert_eq!(terminal.exit().code(), Some(1));
}

#[test]
fn who_goes_on_all_the_same_says_why_and_the_run_has_not_completed() {
    let desk = desk();
    let mut terminal = desk.terminal(&["runbook", "run", "task", "--confirm", "destructive"]);
    terminal.wait_for("Is this what you see");
    terminal.keys("n\r");
    terminal.wait_for("g REASON go on");
    terminal.keys("g two pods will do\r");
    terminal.wait_for("A task: failed");
    assert_eq!(terminal.exit().code(), Some(1));
    let events = desk.events();
    assert!(kinds(&events).contains(&"failure_accepted"), "{events:?}");
    assert!(events.iter().any(|event| event["reason"] == "two pods will do"), "{events:?}");
}

#[test]
fn what_nobody_has_looked_at_is_rolled_back_with_the_run() {
    let desk = desk();
    let mut terminal = desk.terminal(&["runbook", "run", "task", "--confirm", "destructive"]);
    terminal.wait_for("Is this what you see");
    terminal.keys("n\r");
    terminal.wait_for("b roll the run back");
    terminal.keys("b\r");
    terminal.wait_for("A task: rolled back");
    assert_eq!(terminal.exit().code(), Some(1));
    assert!(!desk.path("mark").exists());
}

const VERIFIED: &str = "# A task\n\n## Steps\n\n### 1. Try\n```bash\nfalse\n```\n\n## Verification\n\n### 2. It works\n```bash\ntrue\n```\n";

#[test]
fn what_was_verified_in_the_end_is_finished_with_its_accepted_failures() {
    let desk = Desk::new("", VERIFIED);
    let mut terminal = desk.terminal(&["runbook", "run", "task"]);
    terminal.wait_for("g REASON go on");
    terminal.keys("g it did not matter\r");
    terminal.wait_for("A task: completed: verification passed, 1 failure accepted");
    assert_eq!(terminal.exit().code(), Some(0));
    let events = desk.events();
    let ended = events.last().unwrap();
    assert_eq!(
        (&ended["outcome"], &ended["reason"]),
        (&"completed".into(), &"verification passed, 1 failure accepted".into())
    );
}
