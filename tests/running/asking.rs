//! Questions on a terminal: in proportion to the risk, and a no starts nothing.

use crate::desk::{Desk, is_in_a_file};

const STEPS: &str = r#"---
vars:
  TOKEN: { prompt: "The token", secret: true }
---
# A task

## Steps

### 1. Change
```bash
printf 'token %s\n' "$TOKEN"; touch changed
```

### 2. Destroy
```bash
rm -rf changed
```
"#;

const SECRET: &str = "hunter2-hunter2";

#[test]
fn a_change_asks_yes_or_no_and_a_destruction_asks_for_a_name() {
    let desk = Desk::new("protected = true", STEPS);
    let mut terminal = desk.terminal(&["runbook", "run", "task", "--accept-errors", "it is masked"]);
    terminal.wait_for("The token:");
    terminal.keys(&format!("{SECRET}\r"));
    terminal.wait_for("Run it? [y/N]");
    let screen = terminal.contents();
    assert!(screen.contains("$ printf 'token %s") && screen.contains("why change"), "{screen}");
    terminal.keys("y\r");
    terminal.wait_for("done in");
    terminal.wait_for("Type ");
    terminal.keys("something else\r");
    terminal.wait_for("that is not ");
    let name = typed_name(&terminal.contents());
    terminal.keys(&format!("{name}\r"));
    terminal.wait_for("This takes a second person");
    terminal.keys("! nobody is awake\r");
    terminal.wait_for("A task: completed");
    assert_eq!(terminal.exit().code(), Some(0));
    let said = String::from_utf8_lossy(&terminal.output()).into_owned();
    assert!(!said.contains(SECRET), "the secret was shown");
    assert!(!is_in_a_file(&desk.path("data"), SECRET), "the secret was stored");
    let confirmations: Vec<_> =
        desk.events().iter().filter(|e| e["event"] == "confirmed").map(|e| e["confirmation"]["how"].clone()).collect();
    assert!(confirmations.contains(&"typed".into()) && confirmations.contains(&"override".into()), "{confirmations:?}");
}

#[test]
fn only_what_the_environment_does_not_pin_is_asked_for() {
    let steps = "---\nvars:\n  PLACE: { prompt: \"Which place\" }\n  WHO: { prompt: \"Who\" }\n---\n\
                 # A task\n\n## Steps\n\n### 1. Look\n```bash\necho \"hello $WHO in $PLACE\"\n```\n";
    let desk = Desk::new("vars = { PLACE = \"lab-3\" }", steps);
    let mut terminal = desk.terminal(&["runbook", "run", "task"]);
    terminal.wait_for("Who:");
    let screen = terminal.contents();
    assert!(screen.contains("PLACE = lab-3 (pinned by lab)") && !screen.contains("Which place"), "{screen}");
    terminal.keys("alice\r");
    terminal.wait_for("hello alice in lab-3");
    assert_eq!(terminal.exit().code(), Some(0));
}

#[test]
fn a_no_starts_nothing() {
    let desk = Desk::new("", STEPS);
    let mut terminal =
        desk.terminal(&["runbook", "run", "task", "--var", "TOKEN=x", "--accept-errors", "it is masked"]);
    terminal.wait_for("Run it? [y/N]");
    terminal.keys("\r");
    assert_eq!(terminal.exit().code(), Some(4));
    assert!(desk.events().iter().all(|event| event["event"] != "action_intended"));
}

/// What the last question wants typed.
fn typed_name(screen: &str) -> String {
    let line = screen.lines().rev().find(|line| line.contains("Type ")).unwrap();
    line.split("Type ").nth(1).unwrap().split(" to run it").next().unwrap().to_owned()
}
