//! `--read-only`: whichever key is pressed and whichever command is chosen, nothing that changes anything is started.

use std::path::Path;

use warroom::tui::{
    action::{Action, Context, Entry, REGISTRY},
    chord::Chord,
};

use super::{go_to, open, pick, selection, soon, words};
use crate::lab::{Desk, Terminal, desk::holds, key};

/// Every action leaves a mark when it is run.
const RUNBOOK: &str = r#"---
vars:
  PLACE: { prompt: "Where", default: "here", from: "touch @/marks/listed; echo here" }
---
# Marks

## Steps

### 1. Change
```bash
touch @/marks/changed
```

**Rollback:**

```bash
touch @/marks/undone
```

### 2. Destroy
```bash
cd @ && rm -r victim && touch @/marks/destroyed
```

**Rollback:**

```bash
touch @/marks/undestroyed
```

### 3. Take the terminal
```bash {interactive}
touch @/marks/interactive
```

## Rollback

### 1. All back
```bash
touch @/marks/all-undone
```
"#;

const STEPS: [&str; 4] = ["Change", "Destroy", "Take the terminal", "All back"];

fn desk() -> Desk {
    let desk = Desk::new("", "");
    let runbook = RUNBOOK.replace('@', desk.folder.path().to_str().unwrap());
    std::fs::write(desk.path("desk/task.md"), runbook).unwrap();
    std::fs::create_dir(desk.path("marks")).unwrap();
    std::fs::create_dir(desk.path("victim")).unwrap();
    desk
}

/// What a terminal sends for a key.
fn bytes(chord: Chord) -> String {
    let name = chord.to_string();
    match name.as_str() {
        "enter" => key::ENTER.into(),
        "esc" => key::ESCAPE.into(),
        "tab" => key::TAB.into(),
        "shift-tab" => key::BACK_TAB.into(),
        "backspace" => key::BACKSPACE.into(),
        "space" => " ".into(),
        "up" => key::UP.into(),
        "down" => key::DOWN.into(),
        "left" => key::LEFT.into(),
        "right" => key::RIGHT.into(),
        "home" => key::HOME.into(),
        "end" => key::END.into(),
        "pgup" => key::PAGE_UP.into(),
        "pgdn" => key::PAGE_DOWN.into(),
        "f1" => "\x1bOP".into(),
        _ => match name.strip_prefix("ctrl-") {
            Some(letter) => char::from(letter.as_bytes()[0] & 0x1f).to_string(),
            None => name,
        },
    }
}

/// Insists on whatever the last key opened, as far as that goes, and comes back to the runbook.
///
/// `y` agrees to a question. In the pane itself it copies the command, which can be seen in what is sent to the terminal: by
/// then every key before it has been dealt with.
fn insist(terminal: &Terminal, desk: &Desk, after: &str) {
    for _ in 0..30 {
        let sent = terminal.bytes();
        terminal.keys("3y");
        let copied = soon(|| holds(&terminal.output()[sent..], "\x1b]52;"));
        let contents = terminal.contents();
        let asked = contents.contains("Run this?") || contents.contains(" to run this.");
        assert!(!asked, "a read-only console asked whether to run something:\n{contents}");
        if copied {
            // In another theme the selection cannot be found.
            if soon(|| !selection(terminal).1.is_empty()) {
                return;
            }
            terminal.keys("t");
        } else if contents.contains("Run a command") {
            let command = format!("touch {}/marks/typed", desk.folder.path().display());
            terminal.keys(&format!("{}{command}{}", key::BACKSPACE.repeat(60), key::ENTER));
        } else if contents.contains("Begin the rollback.") || contents.contains("Begin with the first.") {
            terminal.keys("j");
            terminal.keys(key::ENTER);
        } else if contents.contains("Variables of") {
            let sent = terminal.bytes();
            terminal.keys(&format!("{}{}", key::CTRL_L, key::ESCAPE));
            soon(|| terminal.bytes() > sent);
        } else if contents.contains("No runbook is open.") && !contents.contains("4 steps") {
            pick(terminal, "Marks");
        } else if contents.contains("the selected step has no command") {
            terminal.keys("k");
        } else {
            let sent = terminal.bytes();
            terminal.keys(key::ESCAPE);
            // Together with the next key it would be another one.
            soon(|| terminal.bytes() > sent);
        }
    }
    panic!("there is no way back from {after:?} to the runbook:\n{}", terminal.contents());
}

fn marks(desk: &Desk) -> Vec<String> {
    let names = std::fs::read_dir(desk.path("marks")).unwrap();
    names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// Keys that end or stop the console where nothing lies over its panes.
const LEAVING: [&str; 3] = ["q", "ctrl-c", "ctrl-z"];

/// What can be done in the pane and does not end or stop the console.
fn entries() -> impl Iterator<Item = &'static Entry> {
    REGISTRY.iter().filter(|entry| !matches!(entry.action, Action::Quit | Action::Suspend))
}

fn nothing_happened(desk: &Desk) {
    assert_eq!(marks(desk), [""; 0]);
    assert!(Path::new(&desk.path("victim")).exists());
    for run in std::fs::read_dir(desk.path("data/runs")).into_iter().flatten() {
        let events = std::fs::read_to_string(run.unwrap().path().join("events.jsonl")).unwrap();
        assert!(!events.contains("action_intended"), "{events}");
    }
}

#[test]
fn every_key_on_every_step_starts_nothing() {
    let desk = desk();
    for step in STEPS {
        let terminal = open(&desk, "Marks", &["--read-only"]);
        for entry in entries() {
            for chord in entry.keys.iter().filter(|key| !LEAVING.contains(key)).map(|key| key.parse().unwrap()) {
                go_to(&terminal, step);
                terminal.keys(&bytes(chord));
                insist(&terminal, &desk, entry.id);
            }
        }
        nothing_happened(&desk);
    }
}

#[test]
fn every_command_of_the_palette_starts_nothing() {
    let desk = desk();
    // What a command does, its key does, too: two steps are enough.
    let of_panes = |entry: &&Entry| entry.contexts.iter().any(|c| matches!(c, Context::Panes | Context::Runbook));
    for step in ["Change", "Destroy"] {
        let terminal = open(&desk, "Marks", &["--read-only"]);
        for entry in entries().filter(of_panes) {
            go_to(&terminal, step);
            terminal.keys(":");
            terminal.keys(entry.name);
            terminal.keys(key::ENTER);
            insist(&terminal, &desk, entry.id);
        }
        nothing_happened(&desk);
    }
}

#[test]
fn the_refusal_says_why_and_what_to_do() {
    let desk = desk();
    let terminal = open(&desk, "Marks", &["--read-only"]);
    terminal.wait_for("READ-ONLY");
    for (step, risk) in [("Change", "change"), ("Destroy", "destructive")] {
        go_to(&terminal, step);
        terminal.keys(key::ENTER);
        let sentence = format!("this console is read-only and this is {risk}: start it without --read-only to run it");
        terminal.wait_until("it is said in words", |_| words(&terminal).contains(&sentence));
    }
    nothing_happened(&desk);
}
