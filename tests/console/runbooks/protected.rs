//! Destroying something in a protected environment takes a second person, or a reason to do without one.

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
    terminal.wait_for("A second person has to agree");
    assert!(desk.path("victim").exists(), "one person's word is not enough");
    terminal
}

fn confirmations(desk: &Desk) -> Vec<serde_json::Value> {
    let events = desk.events().into_iter();
    events.filter(|event| event["event"] == "confirmed").map(|event| event["confirmation"].clone()).collect()
}

#[test]
fn somebody_else_agrees() {
    let desk = desk();
    let terminal = named(&desk);
    // Nobody, and the same person again, are no second person.
    terminal.keys(key::ENTER);
    terminal.wait_for("write something");
    let me = desk.events()[0]["by"].as_str().unwrap().split('@').next().unwrap().to_owned();
    terminal.keys(&me);
    terminal.keys(key::ENTER);
    terminal.wait_for("the second person is somebody else");
    assert!(desk.path("victim").exists());
    terminal.keys(&key::BACKSPACE.repeat(me.chars().count()));
    terminal.keys("bob");
    terminal.keys(key::ENTER);
    terminal.wait_for("✔ 1 Destroy");
    assert!(!desk.path("victim").exists());
    let confirmations = confirmations(&desk);
    assert_eq!((&confirmations[0]["how"], &confirmations[1]["how"]), (&"typed".into(), &"second".into()));
    assert_eq!(confirmations[1]["by"], "bob");
}

#[test]
fn a_reason_does_without_and_is_kept() {
    let desk = desk();
    let terminal = named(&desk);
    terminal.keys(key::TAB);
    terminal.wait_for("Without a second person");
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
    terminal.wait_until_gone("A second person has to agree");
    assert!(desk.path("victim").exists());
    assert!(desk.events().iter().all(|event| event["event"] != "action_intended"));
}
