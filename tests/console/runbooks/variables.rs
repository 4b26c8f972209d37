//! The form of a runbook's variables: checked before anything uses them, and a secret is shown and kept nowhere.

use rustix::process::Signal;

use super::{agree, go_to, open};
use crate::lab::{
    Desk, Terminal,
    desk::{holds, is_in_a_file},
    key,
};

const RUNBOOK: &str = r#"---
vars:
  REPLICAS: { prompt: "How many", type: integer, pattern: "[1-9]" }
  REGION: { prompt: "Which region", choices: [north, south] }
  TOKEN: { prompt: "The token", secret: true }
---
# Scale

<!-- warroom-lint: allow secret-printed it is nobody's secret -->

## Steps

### 1. First
```bash
echo "scale to $REPLICAS in $REGION with a token of ${#TOKEN} letters"
```

### 2. Second
```bash
echo "again with ${#TOKEN}"
```
"#;

const SECRET: &str = "qZ4-planted-in-a-form-8Vd";

/// Fills the form in up to the secret, which is typed and not taken yet.
fn fill_in(terminal: &Terminal) {
    go_to(terminal, "First");
    terminal.keys(key::ENTER);
    terminal.wait_for("Variables of Scale");
    terminal.keys("twelve");
    terminal.keys(key::ENTER);
    terminal.wait_for("REPLICAS has to match [1-9]");
    terminal.keys(&key::BACKSPACE.repeat(6));
    terminal.keys("3");
    terminal.keys(key::ENTER);
    terminal.wait_for("2 of 3");
    terminal.keys(key::DOWN);
    terminal.wait_for("▸ north");
    terminal.keys(key::DOWN);
    terminal.wait_for("▸ south");
    terminal.keys(key::ENTER);
    terminal.wait_for("3 of 3");
    terminal.keys(SECRET);
    terminal.wait_for(&"•".repeat(SECRET.len()));
}

/// Nothing that was sent to the terminal held the secret, and no file holds it.
fn is_nowhere(terminal: &Terminal, desk: &Desk) {
    assert!(terminal.first_time(|screen| screen.contains(SECRET)).is_none(), "it stood on the screen");
    assert!(!holds(&terminal.output(), SECRET), "it was sent to the terminal");
    assert!(!is_in_a_file(desk.folder.path(), SECRET), "it is in a file");
}

#[test]
fn a_secret_is_typed_unseen_and_the_step_goes_on_with_it() {
    let desk = Desk::new("", RUNBOOK);
    let terminal = open(&desk, "Scale", &[]);
    fill_in(&terminal);
    terminal.keys(key::ENTER);
    // The form was opened by running the step, so that is what comes next.
    agree(&terminal);
    terminal.wait_for("scale to 3 in south with a token of 25 letters");
    terminal.wait_for("✔ 1 First");
    is_nowhere(&terminal, &desk);
    let set: Vec<_> = desk.events().into_iter().filter(|event| event["event"] == "variable_set").collect();
    let token = set.iter().find(|event| event["name"] == "TOKEN").unwrap();
    assert_eq!(token["value"], serde_json::Value::Null, "that it has a value is kept, the value is not");
}

#[test]
fn leaving_the_form_sets_nothing_and_runs_nothing() {
    let desk = Desk::new("", RUNBOOK);
    let terminal = open(&desk, "Scale", &[]);
    fill_in(&terminal);
    terminal.keys(key::ESCAPE);
    terminal.wait_until_gone("Variables of Scale");
    terminal.wait_for("☐ 1 First");
    is_nowhere(&terminal, &desk);
    assert!(!desk.path("data/runs").exists(), "nothing was begun");
}

#[test]
fn a_reopened_run_asks_for_the_secret_again_and_for_nothing_else() {
    let desk = Desk::new("", RUNBOOK);
    let mut first = open(&desk, "Scale", &[]);
    fill_in(&first);
    first.keys(key::ENTER);
    agree(&first);
    first.wait_for("✔ 1 First");
    first.signal(Signal::KILL);
    first.exit();
    let terminal = desk.options(&[]).size(120, 40).start();
    terminal.wait_for("No runbook is open.");
    terminal.keys("o");
    terminal.wait_for("run of");
    terminal.keys("run of");
    terminal.keys(key::ENTER);
    terminal.wait_for("Runbook ▸ Scale");
    go_to(&terminal, "Second");
    terminal.keys(key::ENTER);
    // The others are as they were given; the keyboard is where something is missing.
    terminal.wait_for("3 of 3");
    terminal.wait_for("REPLICAS = 3");
    terminal.wait_for("REGION = south");
    terminal.keys(SECRET);
    terminal.wait_for(&"•".repeat(SECRET.len()));
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("again with 25");
    is_nowhere(&terminal, &desk);
}

#[test]
fn what_the_environment_pins_is_filled_in_and_not_asked_for() {
    let desk = Desk::new("vars = { REPLICAS = \"4\", REGION = \"north\", TOKEN = \"abc\" }", RUNBOOK);
    let terminal = open(&desk, "Scale", &[]);
    terminal.keys("e");
    terminal.wait_for("Variables of Scale");
    terminal.wait_for("REPLICAS = 4");
    terminal.wait_for("REGION = north (pinned by lab)");
    terminal.wait_for("TOKEN =  (given; stays as it is)");
    terminal.keys(key::ESCAPE);
    terminal.wait_until_gone("Variables of Scale");
    go_to(&terminal, "First");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("scale to 4 in north with a token of 3 letters");
}

#[test]
fn the_form_opens_where_the_environment_says_nothing() {
    let desk = Desk::new("vars = { REPLICAS = \"4\", TOKEN = \"abc\" }", RUNBOOK);
    let terminal = open(&desk, "Scale", &[]);
    go_to(&terminal, "First");
    terminal.keys(key::ENTER);
    terminal.wait_for("2 of 3");
    terminal.wait_for("REPLICAS = 4 (pinned by lab)");
    terminal.keys("south");
    terminal.keys(key::ENTER);
    terminal.wait_for("3 of 3");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("scale to 4 in south with a token of 3 letters");
}
