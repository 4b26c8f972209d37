//! The journal under the console: what a person sees when it cannot be written, and when several people write at once.

mod coming_back;
mod full_disk;
mod revoked;
mod together;

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt};

use serde_json::Value;

use crate::lab::{
    Desk, Terminal,
    desk::{stderr, stdout},
    key,
};

/// A step of each risk, one that takes a while.
const RUNBOOK: &str = r#"# Tidy up

## Steps

### 1. Look
```bash
echo looked
```

### 2. Mark
```bash
touch "$DIR/mark"
```

### 3. Wait
```bash
until test -e "$DIR/go"; do echo waiting; sleep 0.1; done
```

### 4. Destroy
```bash
cd "$DIR" && rm -r victim
```
"#;

const PLATFORM: &str = r#"
[[components]]
id = "web"
title = "Web"
rto = "4h"

[[severities]]
level = "P1"
title = "A part is down"
respond_within = "15m"
"#;

/// A desk with a probe of something that listens as long as the listener lives.
fn desk(environment: &str) -> (Desk, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let desk = Desk::new(environment, RUNBOOK);
    // Whoever runs a step may do so.
    for folder in ["work", "work/victim"] {
        fs::create_dir(desk.path(folder)).unwrap();
        fs::set_permissions(desk.path(folder), fs::Permissions::from_mode(0o777)).unwrap();
    }
    let folder = desk.path("work").display().to_string();
    let probe = format!(
        "vars = {{ DIR = \"{folder}\" }}\n{PLATFORM}\n[[probes]]\nid = \"site\"\npanel = \"site\"\nkind = \"tcp\"\n\
         address = \"{address}\"\ncomponent = \"web\"\nevery = \"1s\"\nconfirm = 1\n"
    );
    (desk.with_pack(&probe), listener)
}

/// Declares an incident in the console.
fn declare(terminal: &Terminal, title: &str) {
    terminal.wait_for("No runbook is open.");
    terminal.keys("D");
    terminal.wait_for("Declare an incident");
    terminal.keys(title);
    terminal.keys(key::CTRL_S);
    // The severity was not said yet.
    terminal.wait_for("a severity is needed");
    for _ in 0..2 {
        terminal.keys(key::DOWN);
    }
    terminal.keys(key::RIGHT);
    terminal.wait_for("P1");
    terminal.keys(key::CTRL_S);
    terminal.wait_for("investigating");
}

/// Opens the only incident that there is, as the console offers it when it begins.
fn resume(terminal: &Terminal) {
    terminal.wait_for("An incident is open");
    terminal.keys(key::ENTER);
    terminal.wait_for("investigating");
}

/// Writes a note in the console, and does not wait for what comes of it.
fn note(terminal: &Terminal, text: &str) {
    terminal.keys("a");
    terminal.wait_for("Write down");
    terminal.keys(text);
    terminal.keys(key::CTRL_S);
}

/// The incident as the program exports it.
fn exported(run: impl Fn(&[&str]) -> std::process::Output) -> Value {
    let output = run(&["incident", "export", "--format", "json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

/// The texts of the timeline.
fn texts(incident: &Value) -> Vec<String> {
    let timeline = incident["timeline"].as_array().unwrap().iter();
    timeline.map(|entry| entry["text"].as_str().unwrap_or_default().to_owned()).collect()
}

fn holds(incident: &Value, text: &str) -> bool {
    texts(incident).iter().any(|entry| entry.contains(text))
}
