//! A planted secret goes through a whole run, and is nowhere on disk, on the screen or among the arguments of a process.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use super::{agree, go_to, open, run};
use crate::lab::{
    Desk,
    desk::{holds, is_in_a_file},
    key,
};

const SECRET: &str = "w7R-planted-for-a-run-Xk2";

const RUNBOOK: &str = r#"---
vars:
  TOKEN: { prompt: "The token", secret: true }
---
# Rotate

<!-- warroom-lint: allow secret-printed it is nobody's secret -->

## Steps

### 1. Show
```bash
echo "it is $TOKEN"
COPY="bearer $TOKEN"; export COPY
printf '%s\n' "error: $TOKEN refused" >&2
touch "$DIR/begun"
until test -e "$DIR/go"; do sleep 0.05; done
```

### 2. Reuse
```bash
echo "still ${#COPY} letters: $COPY"
```

### 3. Compare
```bash
echo "got $TOKEN"
```

**Expected Output:** `got something else`

### 4. Keep
```bash {capture=KEPT}
echo "$TOKEN"
```
"#;

/// Looks at the arguments of every process, over and over, until it is told to stop.
struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(usize, Vec<String>)>,
}

impl Watch {
    fn start() -> Watch {
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let thread = std::thread::spawn(move || {
            let (mut looks, mut found) = (0, Vec::new());
            while !told.load(Ordering::Relaxed) {
                found.extend(arguments_with_it());
                looks += 1;
            }
            (looks, found)
        });
        Watch { stop, thread }
    }

    /// How often it looked, and what it found.
    fn end(self) -> (usize, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// Command lines on this machine that hold the secret.
fn arguments_with_it() -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| holds(line, SECRET)).map(|line| String::from_utf8_lossy(&line).into_owned()).collect()
}

#[test]
fn a_planted_secret_is_nowhere_in_a_whole_run() {
    let desk = Desk::new("", RUNBOOK);
    let folder = desk.folder.path().display().to_string();
    let desk = desk.with_pack(&format!("vars = {{ DIR = \"{folder}\" }}\n"));
    let watch = Watch::start();
    let terminal = open(&desk, "Rotate", &[]);
    go_to(&terminal, "Show");
    terminal.keys(key::ENTER);
    terminal.wait_for("The token");
    terminal.keys(SECRET);
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_until("the step runs", |_| desk.path("begun").exists());
    terminal.wait_for("it is [TOKEN]");
    assert!(!is_in_a_file(desk.folder.path(), SECRET), "while a step runs");
    fs::write(desk.path("go"), "").unwrap();
    terminal.wait_for("✔ 1 Show");
    run(&terminal, "Reuse", "✔");
    terminal.wait_for("still 32 letters: bearer [TOKEN]");
    run(&terminal, "Compare", "✖");
    go_to(&terminal, "Compare");
    terminal.keys("s");
    terminal.wait_for("Skip the step");
    terminal.keys("as expected");
    terminal.keys(key::ENTER);
    terminal.wait_for("Left out");
    // What it would capture holds the secret: that is said, and nothing is kept.
    run(&terminal, "Keep", "✖");
    terminal.wait_for("but KEPT was not captured");
    terminal.keys("!");
    terminal.wait_for("Run a command");
    terminal.keys("echo \"mine: $TOKEN\"");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("mine: [TOKEN]");
    let (looks, found) = watch.end();
    assert!(looks > 10, "the processes were looked at {looks} times");
    assert_eq!(found, [""; 0], "among the arguments of processes");
    assert!(terminal.first_time(|screen| screen.contains(SECRET)).is_none(), "it stood on the screen");
    assert!(!holds(&terminal.output(), SECRET), "it was sent to the terminal");
    assert!(!is_in_a_file(desk.folder.path(), SECRET), "it is in a file");
}
