//! Expected output in prose: a check for the person who sees the output.

use super::{agree, go_to, open};
use crate::lab::{Desk, key};

const RUNBOOK: &str = r#"# Look

## Steps

### 1. First
```bash
echo "3 of 3 pods"
```

**Expected Output:** all pods are Running

### 2. Second
```bash
echo second-ran
```
"#;

#[test]
fn a_step_is_done_when_somebody_has_seen_what_it_says() {
    let desk = Desk::new("", RUNBOOK);
    let terminal = open(&desk, "Look", &[]);
    go_to(&terminal, "First");
    terminal.wait_for("☐ Is this what you see: all pods are Running");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("look ");
    // The output and the question stand together, and the step waits.
    let screen = terminal.contents();
    assert!(screen.contains("3 of 3 pods") && screen.contains("☐ Is this what you see"), "{screen}");
    assert!(screen.contains("☐ 1 First"), "{screen}");
    // enter goes to what is next, which is the question; enter again says yes.
    terminal.keys(key::ENTER);
    terminal.keys(key::ENTER);
    terminal.wait_for("✔ Is this what you see");
    terminal.wait_for("✔ 1 First");
    let ticked = desk.events().iter().filter(|event| event["event"] == "check_ticked").count();
    assert_eq!(ticked, 1);
}

#[test]
fn a_step_whose_commands_have_run_is_not_left_out_but_gone_on_from_with_a_reason() {
    let desk = Desk::new("", RUNBOOK);
    let terminal = open(&desk, "Look", &[]);
    go_to(&terminal, "First");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("look ");
    terminal.keys("s");
    terminal.wait_for("did not print what it should");
    terminal.keys("two will do");
    terminal.keys(key::ENTER);
    terminal.wait_for("accepted");
}
