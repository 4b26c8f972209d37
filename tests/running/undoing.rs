//! Taking back: one step's own undo, the whole run without a rollback section, and what comes after.

use crate::{
    desk::{Desk, kinds, stdout},
    lab::{self, Redis},
};

const STEPS: &str = r#"# A task

## Steps

### 1. Make
```bash
echo made >>"$LOG"
```

**Rollback:**
```bash
echo unmade >>"$LOG"
```

### 2. Use
```bash
echo used >>"$LOG"; test -e "$FLAG"
```

**Rollback:**
```bash
echo unused >>"$LOG"
```

### 3. Announce
```bash
echo announced >>"$LOG"
```
"#;

fn desk(steps: &str) -> Desk {
    let desk = Desk::new("", steps);
    let at = |name: &str| desk.path(name).display().to_string();
    let vars = format!("vars = {{ LOG = \"{}\", FLAG = \"{}\" }}\n", at("log"), at("flag"));
    desk.with_pack(&vars)
}

fn log(desk: &Desk) -> Vec<String> {
    let text = std::fs::read_to_string(desk.path("log")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn an_undone_step_is_not_run_again_by_itself_and_runs_whole_when_it_is() {
    let desk = desk(STEPS);
    let mut terminal = desk.terminal(&["runbook", "run", "task", "--confirm", "change"]);
    terminal.wait_for("Use failed.");
    terminal.keys("u\r");
    terminal.wait_for("Use was rolled back. r run it again");
    assert_eq!(log(&desk), ["made", "used", "unused"]);
    std::fs::write(desk.path("flag"), "").unwrap();
    terminal.keys("r\r");
    terminal.wait_for("A task: completed");
    assert_eq!(terminal.exit().code(), Some(0));
    assert_eq!(log(&desk), ["made", "used", "unused", "used", "announced"]);
}

#[test]
fn a_run_without_a_rollback_section_is_undone_step_by_step_from_its_end() {
    let desk = desk(STEPS);
    let mut terminal = desk.terminal(&["runbook", "run", "task", "--confirm", "change"]);
    terminal.wait_for("b roll the run back");
    terminal.keys("b\r");
    terminal.wait_for("A task: rolled back");
    assert_eq!(terminal.exit().code(), Some(1));
    assert_eq!(log(&desk), ["made", "used", "unused", "unmade"]);
    assert_eq!(desk.events().last().unwrap()["outcome"], "rolled_back");
}

#[test]
fn a_rollback_section_of_prose_and_links_leaves_it_to_the_steps() {
    for section in [
        "## Rollback\n\nEach step says how it is undone. See also [the plan](https://wiki.example.com).\n",
        "## Rollback\n\n### 1. Tell the others\n\nSay so in the channel.\n",
    ] {
        let desk = desk(&format!("{STEPS}\n{section}"));
        let mut terminal = desk.terminal(&["runbook", "run", "task", "--confirm", "change"]);
        terminal.wait_for("b roll the run back");
        terminal.keys("b\r");
        terminal.wait_for("A task: rolled back");
        assert_eq!(terminal.exit().code(), Some(1));
        assert_eq!(log(&desk), ["made", "used", "unused", "unmade"], "{section}");
    }
}

#[test]
fn a_rollback_section_with_something_to_do_comes_in_place_of_the_steps_own() {
    for section in [
        "## Rollback\n\n### 1. All\n```bash\necho all-undone >>\"$LOG\"\n```\n",
        "## Rollback\n\n```bash\necho all-undone >>\"$LOG\"\n```\n",
        "## Rollback\n\n- [ ] The volume is switched back\n",
    ] {
        let desk = desk(&format!("{STEPS}\n{section}"));
        let mut terminal = desk.terminal(&["runbook", "run", "task", "--confirm", "change"]);
        terminal.wait_for("b roll the run back");
        terminal.keys("b\r");
        if section.contains("[ ]") {
            terminal.wait_for("Done? [y]");
            terminal.keys("y\r");
        }
        terminal.wait_for("A task: rolled back");
        terminal.exit();
        assert!(!log(&desk).contains(&"unmade".to_owned()), "{section}");
        assert_eq!(log(&desk).contains(&"all-undone".to_owned()), section.contains("echo"), "{section}");
    }
}

#[test]
fn an_undo_that_fails_half_way_is_asked_about_and_nothing_goes_on() {
    let steps = STEPS.replace("echo unused >>\"$LOG\"", "echo unused >>\"$LOG\"; test -e \"$FLAG\"");
    let desk = desk(&steps);
    let terminal = desk.terminal(&["runbook", "run", "task", "--confirm", "change"]);
    terminal.wait_for("Use failed.");
    terminal.keys("b\r");
    terminal.wait_until("the undo failed and it asks", |screen| screen.matches("Use failed.").count() == 2);
    assert_eq!(log(&desk), ["made", "used", "unused"]);
    std::fs::write(desk.path("flag"), "").unwrap();
    terminal.keys("u\r");
    terminal.wait_for("A task: rolled back");
    assert_eq!(log(&desk), ["made", "used", "unused", "unused", "unmade"]);
}

const ALTERNATIVES: &str = r#"# A task

## Steps

### Option A: Restart
#### A1. Stop
```bash
echo stopped >>"$LOG"
```

**Rollback:**
```bash
echo started >>"$LOG"
```

#### A2. Wait
```bash
test -e "$FLAG"
```

### Option B: Fail over
#### B1. Promote
```bash
echo promoted >>"$LOG"
```
"#;

#[test]
fn two_alternatives_are_never_run_together() {
    let desk = desk(ALTERNATIVES);
    let show = desk.run(&["runbook", "show", "task", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&show.stdout).unwrap();
    let option =
        &document["sections"].as_array().unwrap().iter().find(|s| s["title"] == "Steps").unwrap()["steps"][0]["option"];
    let group = option["group"].as_str().unwrap();
    let choose = |key: &str| format!("{group}={key}");
    let first = desk.run(&["runbook", "run", "task", "--confirm", "change", "--option", &choose("A")]);
    assert_eq!(first.status.code(), Some(1), "{}", stdout(&first));
    assert_eq!(log(&desk), ["stopped"]);
    let run = desk.run_id();
    let other = desk.run(&["runbook", "run", "--resume", &run, "--confirm", "change", "--option", &choose("B")]);
    assert_eq!(other.status.code(), Some(64), "{}", stdout(&other));
    assert!(String::from_utf8_lossy(&other.stderr).contains("two alternatives are never run together"));
    assert_eq!(log(&desk), ["stopped"]);
    assert!(!kinds(&desk.events()).contains(&"run_ended"));
}

#[test]
fn what_a_change_changes_is_kept_before_it() {
    lab::require!(lab::REDIS);
    let redis = Redis::start();
    let steps = "# A task\n\n## Steps\n\n### 1. Evict\n```bash\nredis-cli -p \"$PORT\" CONFIG SET maxmemory-policy allkeys-lru\n```\n";
    let desk = Desk::new("", steps).with_pack(&format!("vars = {{ PORT = \"{}\" }}\n", redis.port()));
    let output = desk.run(&["runbook", "run", "task", "--confirm", "destructive"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("saved before: the value of maxmemory-policy"), "{text}");
    let events = desk.events();
    let order: Vec<_> =
        kinds(&events).into_iter().filter(|k| ["prior_state_saved", "action_intended"].contains(k)).collect();
    assert_eq!(order, ["prior_state_saved", "action_intended"]);
    let saved = events.iter().find(|event| event["event"] == "prior_state_saved").unwrap();
    let file = desk.run_folder().join(saved["evidence"]["file"].as_str().unwrap());
    assert!(std::fs::read_to_string(file).unwrap().contains("noeviction"));
}

#[test]
fn what_was_kept_before_a_change_is_the_undo_of_a_step_without_one() {
    lab::require!(lab::REDIS);
    let redis = Redis::start();
    let policy = |value: &str| format!("redis-cli -p \"$PORT\" CONFIG SET maxmemory-policy {value}");
    let steps = format!(
        "# A task\n\n## Steps\n\n### 1. Evict\n```bash\n{}\n```\n```bash\ntest -e \"$FLAG\"\n```\n",
        policy("allkeys-lru")
    );
    let desk = Desk::new("", &steps);
    let flag = desk.path("flag").display().to_string();
    let desk = desk.with_pack(&format!("vars = {{ PORT = \"{}\", FLAG = \"{flag}\" }}\n", redis.port()));
    let now = || redis.cli(&["CONFIG", "GET", "maxmemory-policy"]);
    let mut terminal = desk.terminal(&["runbook", "run", "task", "--confirm", "destructive"]);
    terminal.wait_for("Evict failed.");
    assert!(now().contains("allkeys-lru"), "{}", now());
    terminal.keys("u\r");
    terminal.wait_for("Evict was rolled back. r run it again");
    assert!(now().contains("noeviction"), "{}", now());
    terminal.wait_for(&policy("'noeviction'"));
    terminal.keys("q\r");
    terminal.exit();
    let events = desk.events();
    assert!(kinds(&events).contains(&"rollback_started"), "{:?}", kinds(&events));

    // What was kept is changed by somebody: it is not restored.
    let terminal = desk.terminal(&["runbook", "run", "--resume", &desk.run_id(), "--confirm", "destructive"]);
    terminal.wait_for("Evict was rolled back. r run it again");
    terminal.keys("r\r");
    terminal.wait_for("Evict failed.");
    let saved = desk.events().into_iter().rfind(|event| event["event"] == "prior_state_saved").unwrap();
    std::fs::write(desk.run_folder().join(saved["evidence"]["file"].as_str().unwrap()), "maxmemory-policy\nx\n")
        .unwrap();
    terminal.keys("u\r");
    terminal.wait_for("the file is not what was saved");
    assert!(now().contains("allkeys-lru"), "{}", now());
}
