//! `- [ ]` items of a step that has commands as well: a person does them where they stand, and nothing goes on before.

use crate::desk::{Desk, kinds, stderr, stdout};

const STEPS: &str = r#"# A task

## Steps

### 1. Move the name

```bash
echo "the old address"
```

- [ ] The record is changed at the provider
- [ ] A second person has read it

```bash
echo "the new address"
```

- [ ] Customers have been told

### 2. Go on

- [x] This was done before
- [ ] The door is open

```bash
echo "went on"
```
"#;

fn desk() -> Desk {
    Desk::new("", STEPS)
}

#[test]
fn each_group_of_items_is_asked_where_it_stands() {
    let desk = desk();
    let terminal = desk.terminal(&["runbook", "run", "task"]);
    let asks = |number| {
        terminal.wait_until("it asks", |screen| screen.matches("Done? [y], or Enter to stop here:").count() == number);
        terminal.contents()
    };
    let screen = asks(1);
    assert!(screen.contains("the old address") && screen.contains("- [ ] A second person has read it"), "{screen}");
    assert!(!screen.contains("the new address") && !screen.contains("Customers have been told"), "{screen}");
    terminal.keys("y\r");
    let screen = asks(2);
    assert!(screen.contains("the new address") && screen.contains("- [ ] Customers have been told"), "{screen}");
    terminal.keys("y\r");
    let screen = asks(3);
    assert!(screen.contains("- [ ] The door is open") && !screen.contains("This was done before"), "{screen}");
    terminal.keys("y\r");
    terminal.wait_for("A task: completed");
    let events = desk.events();
    assert_eq!(kinds(&events).iter().filter(|kind| **kind == "check_ticked").count(), 4, "{events:?}");
}

#[test]
fn what_is_not_done_stops_the_run_there_and_is_asked_again_when_it_goes_on() {
    let desk = desk();
    let mut terminal = desk.terminal(&["runbook", "run", "task"]);
    terminal.wait_for("Done? [y], or Enter to stop here:");
    terminal.keys("\r");
    terminal.wait_for("--resume");
    assert_eq!(terminal.exit().code(), Some(4));
    // Without a terminal there is nobody who could do it.
    let output = desk.run(&["runbook", "run", "--resume", &desk.run_id()]);
    assert_eq!(output.status.code(), Some(4), "{}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("Move the name has something for a person to do"), "{}", stderr(&output));
    assert!(!stdout(&output).contains("the new address"), "{}", stdout(&output));
}

#[test]
fn a_dry_run_asks_nobody_to_have_done_anything() {
    let output = desk().run(&["runbook", "run", "task", "--dry-run"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
}
