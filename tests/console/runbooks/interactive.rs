//! Actions that take the whole terminal, and the console that takes it back.

use std::time::Duration;

use super::{agree, go_to, open};
use crate::lab::{Desk, Terminal, key};

/// What the programs print is not in their text, which the console shows, too.
const RUNBOOK: &str = r#"# Talk

## Steps

### 1. Ask
```bash {interactive}
read -r -p "$(printf '%s ' your name?)" NAME; echo "hello $NAME"
```

### 2. Editor
```bash {interactive}
stty raw -echo
printf '\033[?1049h\033[2J\033[?25l\033[?1000h\033[?2004h\033[31;44m'
printf '\033[5;5H %s screen editor \033[2;20r\033]0;editor\007' full
IFS= read -rsn1 letter
exit 0
```

### 3. Broken off
```bash {interactive}
printf 'waiting for %s\n' ever; cat
```
"#;

/// Everything on the screen is as if it were drawn anew, and the console has its keys and its modes again.
fn is_whole(terminal: &Terminal) {
    terminal.wait_for("Runbook ▸ Talk");
    // What came of the action is still being drawn.
    terminal.wait_until_still(Duration::from_millis(150));
    let body = |terminal: &Terminal| terminal.contents().lines().skip(2).collect::<Vec<_>>().join("\n");
    let before = body(terminal);
    let bytes = terminal.bytes();
    terminal.keys(key::CTRL_L);
    terminal.wait_until("it is drawn anew", |_| terminal.bytes() > bytes + 2000);
    terminal.wait_until("nothing was left over", |_| body(terminal) == before);
    let screen = terminal.screen();
    assert!(screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste());
    assert_ne!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    assert!(!terminal.is_cooked());
}

#[test]
fn a_program_asks_and_is_answered() {
    let desk = Desk::new("", RUNBOOK);
    let terminal = open(&desk, "Talk", &[]);
    go_to(&terminal, "Ask");
    terminal.wait_for("takes the terminal");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("your name? ");
    assert!(!terminal.screen().alternate_screen(), "it has the terminal for itself");
    terminal.keys("alice\r");
    terminal.wait_for("✔ 1 Ask");
    is_whole(&terminal);
    go_to(&terminal, "Ask");
    terminal.keys("v");
    terminal.wait_for("hello alice");
    // Keys are the console's again.
    go_to(&terminal, "Editor");
}

#[test]
fn a_full_screen_program_that_cleans_nothing_up_leaves_nothing_behind() {
    let desk = Desk::new("", RUNBOOK);
    let mut terminal = open(&desk, "Talk", &[]);
    run_first(&terminal);
    go_to(&terminal, "Editor");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("full screen editor");
    terminal.resize(100, 30);
    terminal.keys("q");
    terminal.wait_for("✔ 2 Editor");
    is_whole(&terminal);
    terminal.keys("q");
    assert_eq!(terminal.exit().code(), Some(0));
    assert!(terminal.is_restored());
}

#[test]
fn ctrl_c_reaches_the_program_and_not_the_console() {
    let desk = Desk::new("", RUNBOOK);
    let mut terminal = open(&desk, "Talk", &[]);
    run_first(&terminal);
    go_to(&terminal, "Broken off");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("waiting for ever");
    terminal.keys(key::CTRL_C);
    terminal.wait_for("✖ 3 Broken off");
    assert!(terminal.is_running());
    is_whole(&terminal);
}

/// Does the first step, so that the later ones have nothing open before them.
fn run_first(terminal: &Terminal) {
    go_to(terminal, "Ask");
    terminal.keys(key::ENTER);
    agree(terminal);
    terminal.wait_for("your name? ");
    terminal.keys("bob\r");
    terminal.wait_for("✔ 1 Ask");
}
