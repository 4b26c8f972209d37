//! After a failure: again, left out, rolled back, or on all the same; each with what is kept of it.

use super::{agree, choose, go_to, open, run, words};
use crate::lab::{Desk, Terminal, key};

const RUNBOOK: &str = r#"# Fragile

## Steps

### 1. Shaky
```bash
echo "try $((TRIES += 1))"; test -e "$DIR/mended"
```

**If it fails:**

- mend it first

**Rollback:**

```bash
touch "$DIR/undone"
```

### 2. After it
```bash
echo after
```

## Rollback

### 1. Everything back
```bash
touch "$DIR/all-undone"
```
"#;

/// A desk whose pack tells the runbook its folder.
fn desk() -> Desk {
    let desk = Desk::new("", RUNBOOK);
    let folder = desk.folder.path().display().to_string();
    desk.with_pack(&format!("vars = {{ DIR = \"{folder}\", TRIES = \"0\" }}\n"))
}

/// The console after the first step failed, with the menu of what can be done.
fn failed(desk: &Desk) -> Terminal {
    let terminal = open(desk, "Fragile", &[]);
    run(&terminal, "Shaky", "✖");
    terminal.wait_for("mend it first");
    terminal.keys(key::ENTER);
    terminal.wait_for("The step failed: Shaky");
    terminal
}

/// The events of that name.
fn of(desk: &Desk, kind: &str) -> Vec<serde_json::Value> {
    desk.events().into_iter().filter(|event| event["event"] == kind).collect()
}

#[test]
fn it_is_run_again_and_confirmed_again() {
    let desk = desk();
    let terminal = failed(&desk);
    std::fs::write(desk.path("mended"), "").unwrap();
    choose(&terminal, "retry");
    agree(&terminal);
    terminal.wait_for("✔ 1 Shaky");
    terminal.wait_for("try 2");
    terminal.wait_for("attempt 2");
    let intended = of(&desk, "action_intended");
    assert_eq!((intended.len(), intended[1]["attempt"].as_u64()), (2, Some(2)));
    assert_eq!(of(&desk, "confirmed").len(), 2);
}

#[test]
fn it_is_left_out_only_with_a_reason() {
    let desk = desk();
    let terminal = failed(&desk);
    choose(&terminal, "skip");
    terminal.wait_for("Skip the step");
    terminal.keys(key::ENTER);
    terminal.wait_for("write the reason");
    terminal.keys("  the standby does it");
    terminal.keys(key::ENTER);
    terminal.wait_for("Left out: the standby does it");
    assert_eq!(of(&desk, "step_skipped")[0]["reason"], "the standby does it");
    run(&terminal, "After it", "✔");
    terminal.wait_for("This run is over: completed");
}

#[test]
fn it_goes_on_only_with_a_reason() {
    let desk = desk();
    let terminal = failed(&desk);
    choose(&terminal, "go on");
    terminal.wait_for("Go on after the failure");
    terminal.keys(key::ENTER);
    terminal.wait_for("write the reason");
    terminal.keys("known, harmless");
    terminal.keys(key::ENTER);
    terminal.wait_for("! 1 Shaky");
    assert_eq!(of(&desk, "failure_accepted")[0]["reason"], "known, harmless");
    run(&terminal, "After it", "✔");
}

#[test]
fn its_own_rollback_is_run_and_confirmed() {
    let desk = desk();
    let terminal = failed(&desk);
    choose(&terminal, "roll back the step");
    terminal.wait_for("Run this?");
    assert!(!desk.path("undone").exists());
    terminal.keys("y");
    terminal.wait_for("↶ 1 Shaky");
    assert!(desk.path("undone").exists() && !desk.path("all-undone").exists());
}

#[test]
fn everything_is_rolled_back_step_by_step() {
    let desk = desk();
    let terminal = failed(&desk);
    choose(&terminal, "roll back everything");
    terminal.wait_for("Rolling back");
    assert!(!desk.path("all-undone").exists(), "choosing that runs nothing yet");
    run(&terminal, "Everything back", "✔");
    terminal.wait_for("This run is over: rolled back");
    assert!(desk.path("all-undone").exists());
    assert_eq!(of(&desk, "run_ended")[0]["outcome"], "rolled_back");
}

#[test]
fn leaving_the_menu_changes_nothing() {
    let desk = desk();
    let terminal = failed(&desk);
    let before = desk.events();
    terminal.keys(key::ESCAPE);
    terminal.wait_until_gone("The step failed: Shaky");
    go_to(&terminal, "After it");
    terminal.keys(key::ENTER);
    terminal.wait_until("what is in the way is said", |_| {
        words(&terminal).contains("Shaky failed: retry it, skip it with a reason, roll back, or go on with a reason")
    });
    assert_eq!(desk.events(), before);
}

#[test]
fn a_rollback_section_in_prose_leaves_it_to_the_steps() {
    let start = RUNBOOK.find("### 1. Everything back").unwrap();
    let desk = Desk::new("", &format!("{}Nothing but what the steps say.\n", &RUNBOOK[..start]));
    let folder = desk.folder.path().display().to_string();
    let desk = desk.with_pack(&format!("vars = {{ DIR = \"{folder}\", TRIES = \"0\" }}\n"));
    let terminal = failed(&desk);
    choose(&terminal, "roll back everything");
    agree(&terminal);
    terminal.wait_for("↶ 1 Shaky");
    assert!(desk.path("undone").exists());
}
