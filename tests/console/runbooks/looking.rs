//! What a step with commands wants of a person: to see what an output in prose should be, and to do what is done by hand.

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
    terminal.wait_until("the output and the question stand together", |screen| {
        screen.contains("3 of 3 pods") && screen.contains("☐ Is this what you see")
    });
    assert!(terminal.contents().contains("☐ 1 First"), "the step waits: {}", terminal.contents());
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

#[test]
fn a_step_is_done_and_its_next_command_runs_when_the_items_before_are_ticked() {
    let text = "# Move\n\n## Steps\n\n### 1. Move the name\n```bash\necho the-old-address\n```\n\n\
        - [ ] The record is changed\n\n```bash\necho the-new-address\n```\n\n- [ ] Customers are told\n\n### 2. Go on\n```bash\necho on\n```\n";
    let desk = Desk::new("", text);
    let terminal = open(&desk, "Move", &[]);
    go_to(&terminal, "Move the name");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("✔ echo the-old-address");
    terminal.wait_for("☐ The record is changed");
    // enter goes to the item instead of the next command, and enter again ticks it.
    terminal.keys(key::ENTER);
    terminal.keys(key::ENTER);
    terminal.wait_for("✔ The record is changed");
    assert!(!desk.events().iter().any(|event| event["command"] == "echo the-new-address"), "nothing went on before");
    go_to(&terminal, "Move the name");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("✔ echo the-new-address");
    assert!(terminal.contents().contains("☐ 1 Move the name"), "{}", terminal.contents());
    terminal.keys(key::ENTER);
    terminal.keys(key::ENTER);
    terminal.wait_for("✔ 1 Move the name");
}
