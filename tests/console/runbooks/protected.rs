//! Destroying something in a protected environment takes a second person, or a reason to do without one. A name that is typed is neither.

use super::{go_to, open, wanted_name};
use crate::lab::{Desk, Terminal, key};

const RUNBOOK: &str = r#"# Tidy up

## Steps

### 1. Destroy
```bash
cd "$DIR" && rm -r victim
```
"#;

fn desk() -> Desk {
    let desk = Desk::new("protected = true", RUNBOOK);
    let folder = desk.folder.path().display().to_string();
    std::fs::create_dir(desk.path("victim")).unwrap();
    desk.with_pack(&format!("vars = {{ DIR = \"{folder}\" }}\n"))
}

/// The console after the name was typed.
fn named(desk: &Desk) -> Terminal {
    let terminal = open(desk, "Tidy up", &[]);
    go_to(&terminal, "Destroy");
    terminal.keys(key::ENTER);
    terminal.wait_for(" to run this.");
    terminal.wait_for("PROTECTED");
    let name = wanted_name(&terminal.contents()).unwrap();
    terminal.keys(&name);
    terminal.keys(key::ENTER);
    terminal.wait_for("This takes a second person");
    assert!(desk.path("victim").exists(), "one person's word is not enough");
    terminal
}

fn confirmations(desk: &Desk) -> Vec<serde_json::Value> {
    let events = desk.events().into_iter();
    events.filter(|event| event["event"] == "confirmed").map(|event| event["confirmation"].clone()).collect()
}

#[test]
fn a_run_of_no_incident_takes_a_reason_which_is_kept() {
    let desk = desk();
    let terminal = named(&desk);
    terminal.keys(key::ENTER);
    terminal.wait_for("write something");
    assert!(desk.path("victim").exists());
    terminal.keys("nobody else is awake");
    terminal.keys(key::ENTER);
    terminal.wait_for("✔ 1 Destroy");
    let confirmations = confirmations(&desk);
    assert_eq!(confirmations[1]["how"], "override");
    assert_eq!(confirmations[1]["of"], "second person");
    assert_eq!(confirmations[1]["reason"], "nobody else is awake");
}

#[test]
fn leaving_the_question_runs_nothing() {
    let desk = desk();
    let terminal = named(&desk);
    terminal.keys(key::ESCAPE);
    terminal.wait_until_gone("This takes a second person");
    assert!(desk.path("victim").exists());
    assert!(desk.events().iter().all(|event| event["event"] != "action_intended"));
}

#[test]
fn an_error_of_the_linter_asks_for_a_reason_before_anything_runs() {
    let steps = "# Tidy up\n\n## Steps\n\n### 1. Left in\n```bash\ntouch \"$DIR/mark\"; echo sg-xxx\n```\n";
    let desk = Desk::new("", steps);
    let folder = desk.folder.path().display().to_string();
    let desk = desk.with_pack(&format!("vars = {{ DIR = \"{folder}\" }}\n"));
    let terminal = open(&desk, "Tidy up", &[]);
    go_to(&terminal, "Left in");
    terminal.keys(key::ENTER);
    terminal.wait_for("sg-xxx is a placeholder");
    terminal.wait_for("give a reason");
    assert!(!desk.path("mark").exists());
    terminal.keys("it is called that");
    terminal.keys(key::ENTER);
    terminal.wait_for("Run this?");
    terminal.keys("y");
    terminal.wait_for("✔ 1 Left in");
    let confirmations = confirmations(&desk);
    assert_eq!((&confirmations[0]["how"], &confirmations[0]["of"]), (&"override".into(), &"lint errors".into()));
}
