//! Alternatives: one is chosen, the choice is kept, and the others are left out.

use super::{agree, choose, go_to, open, run};
use crate::lab::{Desk, key};

const RUNBOOK: &str = r#"# Two ways

## Steps

### Option A: Restart it
```bash
touch "$DIR/restarted"
```

### Option B: Fail over
```bash
touch "$DIR/failed-over"
```

### 3. Look
```bash
echo looked
```
"#;

#[test]
fn the_chosen_way_is_run_and_the_other_is_not_offered() {
    let desk = Desk::new("", RUNBOOK);
    let folder = desk.folder.path().display().to_string();
    let desk = desk.with_pack(&format!("vars = {{ DIR = \"{folder}\" }}\n"));
    let terminal = open(&desk, "Two ways", &[]);
    // A step of an alternative cannot be run before one is chosen.
    go_to(&terminal, "☐ Restart it");
    terminal.keys(key::ENTER);
    terminal.wait_for("Which way?");
    choose(&terminal, "B");
    terminal.wait_for("◉ B");
    terminal.wait_for("– A");
    terminal.wait_until("the other way's step is gone", |screen| !screen.contains("☐ Restart it"));
    // What comes next is selected already.
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("✔ Fail over");
    run(&terminal, "Look", "✔");
    terminal.wait_for("This run is over: completed");
    assert!(desk.path("failed-over").exists() && !desk.path("restarted").exists());
    let chosen: Vec<_> = desk.events().into_iter().filter(|event| event["event"] == "option_chosen").collect();
    assert_eq!(chosen.len(), 1);
    assert_eq!(chosen[0]["key"], "B");
}
