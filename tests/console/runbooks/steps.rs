//! Steps are shown, confirmed, run, and found again.

use std::{fs, path::Path};

use rustix::process::Signal;

use super::go_to;
use crate::lab::{Folder, Terminal, TerminalOptions, key};

/// One step of each sort, with traces in the folder `@`.
const RUNBOOK: &str = r#"---
id: shop-recovery
components: [shop]
---

# Shop recovery

## Overview

Brings the shop back.

## Steps

### 1. Look

```bash
printf 'look-%s\n' done
```

### 2. Change

```bash
touch @/changed && echo changed
```

### 3. Destroy

```bash
cd @ && rm -r victim
```

### 4. Fail

```bash
echo before; cat @/absent
```

**If it fails:**

- look into the folder

### 5. Wait

```bash
touch @/begun; cat @/go; echo it-went-on
```

### 6. Mischief

```bash
printf '\033]52;c;bWlzY2hpZWY=\007\033]0;owned\007\033[2J\033[1;1Hharm%s\n' less
```

## Verification

### 7. Customers

- [ ] customers can order
"#;

/// A pack with that runbook, and a folder for what it does.
struct Shop {
    pack: Folder,
    data: Folder,
    traces: Folder,
}

impl Shop {
    fn new(protected: bool) -> Shop {
        let (pack, data, traces) = (Folder::new(), Folder::new(), Folder::new());
        let platform = format!(
            "[platform]\nname = 'shop'\n\n[environments.test]\nprotected = {protected}\n\n[[components]]\nid = 'shop'\n\n\
             [[probes]]\nid = 'web'\nkind = 'tcp'\naddress = '127.0.0.1:1'\n"
        );
        fs::write(pack.path().join("platform.toml"), platform).unwrap();
        let runbook = RUNBOOK.replace('@', traces.path().to_str().unwrap());
        fs::write(pack.path().join("shop-recovery.md"), runbook).unwrap();
        fs::create_dir(traces.path().join("victim")).unwrap();
        let fifo = traces.path().join("go");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::from(0o600), 0)
            .unwrap();
        Shop { pack, data, traces }
    }

    fn options(&self, more: &[&str]) -> TerminalOptions {
        let pack = ["--pack", self.pack.path().to_str().unwrap(), "--data-dir", self.data.path().to_str().unwrap()];
        TerminalOptions::warroom(&[&pack[..], more].concat()).size(120, 40)
    }

    /// The console with the runbook open.
    fn open(&self, more: &[&str]) -> Terminal {
        let terminal = self.options(more).start();
        terminal.wait_for("No runbook is open.");
        terminal.keys("o");
        terminal.wait_for("Shop recovery");
        terminal.keys(key::ENTER);
        terminal.wait_for("0/7");
        terminal
    }

    fn trace(&self, name: &str) -> std::path::PathBuf {
        self.traces.path().join(name)
    }
}

#[test]
fn a_read_runs_on_enter_and_shows_what_it_printed() {
    let shop = Shop::new(false);
    let terminal = shop.open(&[]);
    go_to(&terminal, "Look");
    terminal.keys(key::ENTER);
    terminal.wait_for("run it");
    terminal.keys(key::ENTER);
    terminal.wait_for("look-done");
    terminal.wait_for("── ok after");
    terminal.wait_for("1/7");
}

#[test]
fn a_change_waits_for_y_and_enter_is_no() {
    let shop = Shop::new(false);
    let terminal = shop.open(&[]);
    go_to(&terminal, "Change");
    terminal.keys(key::ENTER);
    terminal.wait_for("Run this?");
    terminal.wait_for("touch");
    terminal.keys(key::ENTER);
    terminal.wait_until_gone("Run this?");
    assert!(!shop.trace("changed").exists());
    terminal.keys(key::ENTER);
    terminal.wait_for("Run this?");
    terminal.keys("y");
    terminal.wait_for("── ok after");
    assert!(shop.trace("changed").exists());
}

#[test]
fn something_destructive_asks_for_the_name_of_its_target() {
    let shop = Shop::new(false);
    let terminal = shop.open(&[]);
    go_to(&terminal, "Destroy");
    terminal.keys(key::ENTER);
    terminal.wait_for(" to run this.");
    terminal.keys("y");
    terminal.keys(key::ENTER);
    terminal.wait_for("nothing is run until it is typed exactly");
    assert!(shop.trace("victim").exists());
    terminal.keys("\x7f");
    let contents = terminal.contents();
    let name = contents.split("Type ").nth(1).and_then(|rest| rest.split(" to run this").next()).unwrap();
    assert_eq!(name, "victim");
    terminal.keys(name);
    terminal.keys(key::ENTER);
    terminal.wait_for("── ok after");
    assert!(!shop.trace("victim").exists());
}

#[test]
fn after_a_failure_nothing_goes_on_by_itself() {
    let shop = Shop::new(false);
    let terminal = shop.open(&[]);
    go_to(&terminal, "Fail");
    terminal.keys(key::ENTER);
    terminal.wait_for("run it");
    terminal.keys(key::ENTER);
    terminal.wait_for("ended with exit code 1");
    terminal.wait_for("look into the folder");
    terminal.keys(key::ENTER);
    terminal.wait_for("The step failed: Fail");
    terminal.keys("jj");
    terminal.keys(key::ENTER);
    terminal.wait_for("Go on after the failure");
    terminal.keys("it is known");
    terminal.keys(key::ENTER);
    terminal.wait_for("accepted");
}

#[test]
fn a_step_survives_the_console_and_is_found_again() {
    let shop = Shop::new(false);
    let mut terminal = shop.open(&[]);
    go_to(&terminal, "Wait");
    terminal.keys(key::ENTER);
    terminal.wait_for("Run this?");
    terminal.keys("y");
    terminal.wait_until("the step has begun", |_| shop.trace("begun").exists());
    terminal.signal(Signal::KILL);
    terminal.exit();
    let again = shop.options(&[]).start();
    again.wait_for("No runbook is open.");
    again.keys("o");
    again.wait_for("run of");
    again.keys("run of");
    again.keys(key::ENTER);
    again.wait_for("Runbook ▸ Shop recovery");
    again.wait_for("▶ 5 Wait");
    fs::write(shop.trace("go"), "go\n").unwrap();
    again.wait_until("the step has ended", |screen| screen.contains("✔ 5 Wait"));
    // The output of a step that is followed may be open already.
    if !again.screen().contents().contains("── ok after") {
        again.keys("v");
    }
    again.wait_for("it-went-on");
    again.wait_for("── ok after");
}

#[test]
fn quitting_while_a_step_runs_asks_and_the_step_goes_on() {
    let shop = Shop::new(false);
    let mut terminal = shop.open(&[]);
    go_to(&terminal, "Wait");
    terminal.keys(key::ENTER);
    terminal.wait_for("Run this?");
    terminal.keys("y");
    terminal.wait_until("the step has begun", |_| shop.trace("begun").exists());
    terminal.wait_for("▶ 5 Wait");
    terminal.keys("q");
    terminal.wait_for("It goes on without the console");
    terminal.keys("j");
    terminal.keys(key::ENTER);
    assert_eq!(terminal.exit().code(), Some(0));
    assert!(terminal.is_restored());
    fs::write(shop.trace("go"), "go\n").unwrap();
}

#[test]
fn a_running_step_can_be_cancelled() {
    let shop = Shop::new(false);
    let terminal = shop.open(&[]);
    go_to(&terminal, "Wait");
    terminal.keys(key::ENTER);
    terminal.wait_for("Run this?");
    terminal.keys("y");
    terminal.wait_until("the step has begun", |_| shop.trace("begun").exists());
    terminal.wait_for("▶ 5 Wait");
    terminal.keys("c");
    terminal.wait_for("End the running action?");
    terminal.keys("j");
    terminal.keys(key::ENTER);
    terminal.wait_for("cancelled");
}

#[test]
fn what_a_step_prints_cannot_steer_the_terminal() {
    let shop = Shop::new(false);
    let terminal = shop.open(&[]);
    go_to(&terminal, "Mischief");
    terminal.keys(key::ENTER);
    terminal.wait_for("run it");
    terminal.keys(key::ENTER);
    terminal.wait_for("harmless");
    let sent = terminal.output();
    let holds = |needle: &[u8]| sent.windows(needle.len()).any(|window| window == needle);
    assert!(!holds(b"\x1b]52") && !holds(b"\x1b]0;"));
    assert!(terminal.contents().contains("shop ▸ test"), "the screen is whole:\n{}", terminal.contents());
}

#[test]
fn read_only_refuses_all_but_reads_with_every_key() {
    let shop = Shop::new(false);
    let terminal = shop.open(&["--read-only"]);
    for title in ["Change", "Destroy", "Wait"] {
        go_to(&terminal, title);
        for keys in [key::ENTER, "r"] {
            terminal.keys(keys);
            terminal.wait_for("read-only");
            assert!(!terminal.contents().contains("Run this?"));
        }
    }
    terminal.keys("!");
    terminal.wait_for("Run a command");
    terminal.keys(&format!("touch {}", shop.trace("changed").display()));
    terminal.keys(key::ENTER);
    terminal.wait_for("read-only");
    let traces = |name: &str| Path::new(&shop.trace(name)).exists();
    assert!(!traces("changed") && !traces("begun") && traces("victim"));
}

#[test]
fn a_command_of_ones_own_is_confirmed_and_shares_the_runs_session() {
    let shop = Shop::new(false);
    let terminal = shop.open(&[]);
    go_to(&terminal, "Look");
    terminal.keys("!");
    terminal.wait_for("Run a command");
    terminal.keys("printf 'mine-%s\\n' ran");
    terminal.keys(key::ENTER);
    terminal.wait_for("run it");
    terminal.keys(key::ENTER);
    terminal.wait_for("mine-ran");
}

#[test]
fn checks_are_ticked_with_the_space_bar() {
    let shop = Shop::new(false);
    let terminal = shop.open(&[]);
    go_to(&terminal, "Customers");
    terminal.keys("  ");
    terminal.wait_for("✔ customers can order");
    terminal.keys(" ");
    terminal.wait_for("✔ 7 Customers");
}

#[test]
fn the_demo_has_its_runbooks_and_starts_nothing() {
    let terminal = TerminalOptions::warroom(&["demo"]).size(120, 40).start();
    terminal.wait_for("o lists the");
    terminal.keys("!");
    terminal.wait_for("Run a command");
    let trace = terminal.home().join("trace");
    terminal.keys(&format!("touch {}", trace.display()));
    terminal.keys(key::ENTER);
    terminal.wait_until("the demo says that it starts nothing", |screen| screen.contains("this platform is simulated"));
    assert!(!trace.exists());
}
