//! What a step prints: scrolled, followed while it grows, searched; and a running step that is ended.

use std::fs;

use super::{agree, choose, go_to, open, run};
use crate::lab::{Desk, Terminal, key};

const RUNBOOK: &str = r#"# Chatty

## Steps

### 1. Print
```bash
for ((i = 1; i <= 3000; i++)); do echo "line $i of it"; done
```

### 2. Go on
```bash
echo first; touch "$DIR/begun"
until test -e "$DIR/more"; do sleep 0.05; done
for ((i = 1; i <= 300; i++)); do echo "more $i"; done
touch "$DIR/printed"
until test -e "$DIR/go"; do sleep 0.05; done
echo the very end
```
"#;

fn desk() -> Desk {
    let desk = Desk::new("", RUNBOOK);
    let folder = desk.folder.path().display().to_string();
    desk.with_pack(&format!("vars = {{ DIR = \"{folder}\" }}\n"))
}

fn printed(desk: &Desk) -> Terminal {
    let terminal = open(desk, "Chatty", &[]);
    run(&terminal, "Print", "✔");
    terminal.wait_for("line 3000 of it");
    terminal.wait_for("── ok after");
    terminal
}

/// Starts the step that goes on until it is told.
fn going_on(desk: &Desk) -> Terminal {
    let terminal = open(desk, "Chatty", &[]);
    go_to(&terminal, "Go on");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_until("the step has begun", |_| desk.path("begun").exists());
    terminal.wait_for("▶ 2 Go on");
    terminal
}

#[test]
fn it_is_scrolled_by_lines_and_pages() {
    let desk = desk();
    let terminal = printed(&desk);
    terminal.keys("K");
    terminal.wait_until_gone("── ok after");
    terminal.keys("J");
    terminal.wait_for("── ok after");
    terminal.keys(key::PAGE_UP);
    terminal.wait_until_gone("line 3000 of it");
    terminal.keys(&key::PAGE_UP.repeat(120));
    terminal.wait_for("line 1 of it");
    terminal.keys(&key::PAGE_DOWN.repeat(120));
    terminal.wait_for("line 3000 of it");
}

#[test]
fn it_is_searched_forwards_and_backwards() {
    let desk = desk();
    let terminal = printed(&desk);
    let found = |line: &'static str| move |screen: &str| screen.contains(line) && !screen.contains("line 3000 of it");
    terminal.keys("/line 77");
    terminal.keys(key::ENTER);
    // The end is on the screen, so it goes on at the beginning.
    terminal.wait_for("the search went on at the other end");
    terminal.wait_until("a place further up is found", found("line 77 of it"));
    terminal.keys("n");
    terminal.wait_until("and the next one", found("line 770 of it"));
    terminal.keys("N");
    terminal.wait_until("and the one before again", found("line 77 of it"));
    terminal.keys("/LINE 1234 OF");
    terminal.keys(key::ENTER);
    terminal.wait_until("the place is found, whatever the case", found("line 1234 of it"));
    terminal.keys("/nowhere in it");
    terminal.keys(key::ENTER);
    terminal.wait_for("the search finds nothing");
}

#[test]
fn it_is_followed_while_it_grows_until_somebody_looks_back() {
    let desk = desk();
    let terminal = going_on(&desk);
    terminal.wait_for("following");
    fs::write(desk.path("more"), "").unwrap();
    terminal.wait_for("more 300");
    terminal.keys(key::PAGE_UP);
    terminal.wait_until_gone("more 300");
    terminal.wait_until_gone("following");
    fs::write(desk.path("go"), "").unwrap();
    terminal.wait_for("✔ 2 Go on");
    assert!(!terminal.contents().contains("the very end"), "what somebody reads does not run away");
    terminal.keys("f");
    terminal.wait_for("the very end");
}

#[test]
fn a_running_step_is_ended_and_says_so() {
    let desk = desk();
    let mut terminal = going_on(&desk);
    // Leaving with ctrl-c asks, because something runs.
    terminal.keys(key::CTRL_C);
    terminal.wait_for("It goes on without the console");
    choose(&terminal, "stay");
    terminal.keys("c");
    terminal.wait_for("End the running action?");
    choose(&terminal, "end it");
    terminal.wait_for("✖ 2 Go on");
    terminal.wait_for("It was cancelled after");
    assert!(terminal.is_running());
    let ended = desk.events().into_iter().find(|event| event["event"] == "action_ended").unwrap();
    assert_eq!(ended["outcome"]["ending"]["ending"], "cancelled");
    assert!(!desk.path("printed").exists());
}
