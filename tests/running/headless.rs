//! `runbook run` without a terminal: what runs, what does not, and with which exit code.

use crate::desk::{Desk, is_in_a_file, kinds, stderr, stdout};

const STEPS: &str = r#"---
vars:
  WHO: { prompt: "Who", pattern: "[^;]+" }
---
# A task

## Steps

### 1. Look
```bash
echo "hello $WHO in $PLACE"; GREETED=yes
```

**Expected Output:**
```
hello alice in lab
```

### 2. Change
```bash
touch "$MARK"; echo "greeted: $GREETED"
```

### 3. Destroy
```bash
rm -rf "$MARK"
```

## Verification

### 1. It is gone
```bash
test ! -e "$MARK"
```
"#;

fn desk() -> Desk {
    let desk = Desk::new("", STEPS);
    let mark = desk.path("mark").display().to_string();
    desk.with_pack(&format!("vars = {{ PLACE = \"lab\", MARK = \"{mark}\" }}\n"))
}

#[test]
fn every_step_runs_in_one_session_and_the_verification_ends_it() {
    let desk = desk();
    let output = desk.run(&["runbook", "run", "task", "--var", "WHO=alice", "--confirm", "destructive"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    assert!(text.contains("hello alice in lab") && text.contains("greeted: yes"), "{text}");
    assert!(text.contains("A task: completed"), "{text}");
    let events = desk.events();
    assert_eq!(events.last().unwrap()["outcome"], "completed");
    assert!(!desk.path("mark").exists());
    // The intent stands before the end of each action.
    let of_actions: Vec<_> = kinds(&events).into_iter().filter(|kind| kind.starts_with("action")).collect();
    assert_eq!(of_actions, ["action_intended", "action_ended"].repeat(4));
}

#[test]
fn what_is_above_the_allowed_risk_is_not_run_without_a_terminal() {
    let desk = desk();
    let output = desk.run(&["runbook", "run", "task", "--var", "WHO=alice", "--confirm", "change"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("Destroy is destructive and there is no terminal to ask on"),
        "{}",
        stderr(&output)
    );
    assert!(desk.path("mark").exists(), "the change ran, the destruction did not");
    let resume = desk.run(&["runbook", "run", "--resume", &desk.run_id(), "--confirm", "destructive"]);
    assert_eq!(resume.status.code(), Some(0), "{}", stderr(&resume));
    let intended = desk.events().iter().filter(|event| event["event"] == "action_intended").count();
    assert_eq!(intended, 4, "no step ran twice");
}

#[test]
fn read_only_runs_nothing_that_changes_anything() {
    let desk = desk();
    let output = desk.run(&["--read-only", "runbook", "run", "task", "--var", "WHO=alice", "--confirm", "destructive"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(stderr(&output).contains("this console is read-only and this is change"), "{}", stderr(&output));
    assert!(!desk.path("mark").exists());
}

#[test]
fn a_dry_run_shows_everything_and_starts_nothing() {
    let desk = desk();
    let output = desk.run(&["runbook", "run", "task", "--var", "WHO=alice", "--dry-run"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    assert!(text.contains("nothing was started"), "{text}");
    assert!(!text.contains("hello alice") && !desk.path("mark").exists(), "{text}");
}

#[test]
fn a_variable_without_a_value_stops_before_anything_starts() {
    let desk = desk();
    let output = desk.run(&["runbook", "run", "task"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr(&output).contains("WHO has no value"), "{}", stderr(&output));
    let output = desk.run(&["runbook", "run", "task", "--var", "WHO=a;b"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).contains("WHO has to match"), "{}", stderr(&output));
}

const PINNED: &str = r#"---
vars:
  REGION: { prompt: "Which region", choices: [north, south] }
  TOKEN: { prompt: "The token", secret: true }
---
# A task

## Steps

### 1. Look

<!-- warroom-lint: allow secret-printed its length tells nobody what it is -->

```bash
echo "in $REGION with ${#TOKEN}"
```
"#;

#[test]
fn what_the_environment_pins_is_the_answer_and_is_shown() {
    let desk = Desk::new("vars = { REGION = \"south\", TOKEN = \"hunter2-hunter2\" }\n", PINNED);
    let output = desk.run(&["runbook", "run", "task"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    assert!(text.contains("REGION = south (pinned by lab)") && text.contains("TOKEN = (secret)"), "{text}");
    assert!(text.contains("in south with 15"), "{text}");
    assert!(!text.contains("hunter2") && !is_in_a_file(&desk.path("data"), "hunter2"), "it is secret here too");
}

#[test]
fn somebody_who_gives_another_value_means_it() {
    let desk = Desk::new("vars = { REGION = \"south\", TOKEN = \"x\" }\n", PINNED);
    let output = desk.run(&["runbook", "run", "task", "--var", "REGION=north"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    assert!(text.contains("in north with 1") && !text.contains("REGION = south"), "{text}");
}

#[test]
fn a_pinned_value_that_the_runbook_does_not_take_is_none() {
    let desk = Desk::new("vars = { REGION = \"east\", TOKEN = \"x\" }\n", PINNED);
    let output = desk.run(&["runbook", "run", "task"]);
    assert_eq!(output.status.code(), Some(4), "{}", stdout(&output));
    let said = stderr(&output);
    assert!(said.contains("the value that lab pins is not taken: REGION is one of north, south"), "{said}");
    assert!(said.contains("REGION has no value"), "{said}");
}

#[test]
fn a_variable_that_nothing_sets_stops_its_step() {
    let desk = Desk::new("", "# T\n\n## Steps\n\n### 1. Use\n```bash\necho \"$NOWHERE\"\n```\n");
    let output = desk.run(&["runbook", "run", "task", "--confirm", "change"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr(&output).contains("NOWHERE is used on line 7 or below and set nowhere"), "{}", stderr(&output));
}

#[test]
fn what_a_step_says_it_can_do_without_is_not_needed() {
    let steps = "# T\n\n## Steps\n\n### 1. Use\n```bash\nif [ -n \"${NOWHERE:-}\" ]; then echo \"at $NOWHERE\"; fi\n\
                 echo \"try $((tries += 1)) of $tries\"\n```\n";
    let output = Desk::new("", steps).run(&["runbook", "run", "task", "--confirm", "change"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("try 1 of 1"), "{}", stdout(&output));
}

#[test]
fn no_value_changes_the_structure_of_a_command() {
    let desk = Desk::new(
        "",
        "---\nvars:\n  V: { prompt: V }\n---\n# T\n\n## Steps\n\n### 1. Use\n```bash\nprintf '<%s>' \"$V\"\n```\n",
    );
    for (number, value) in
        ["$(touch pwned)", "`touch pwned`", "'; touch pwned; '", "\"; touch pwned", "a\nb", "*", "--"]
            .into_iter()
            .enumerate()
    {
        let data = desk.path(&format!("data-{number}"));
        let variable = format!("V={value}");
        let arguments = ["--data-dir", data.to_str().unwrap(), "runbook", "run", "task", "--var", &variable, "--json"];
        let output = std::process::Command::new(crate::lab::binary())
            .args(["--pack", desk.path("desk").to_str().unwrap()])
            .args(arguments)
            .args(["--confirm", "change"])
            .stdin(std::process::Stdio::null())
            .current_dir(desk.folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{value}: {}", stderr(&output));
        assert!(!desk.path("pwned").exists(), "{value}");
        assert!(is_in_a_file(&data, &format!("<{value}>")), "{value}");
    }
}

#[test]
fn a_failing_step_stops_the_run_and_json_says_how() {
    let desk = Desk::new(
        "",
        "# T\n\n## Steps\n\n### 1. Fail\n```bash\necho no; false\n```\n\n### 2. Never\n```bash\ntouch never\n```\n",
    );
    let output = desk.run(&["runbook", "run", "task", "--confirm", "change", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let events: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let end = events.iter().find(|event| event["event"] == "action_ended").unwrap();
    assert_eq!((&end["outcome"]["ending"]["ending"], &end["outcome"]["ending"]["code"]), (&"exited".into(), &1.into()));
    assert_eq!(events, desk.events(), "what is printed is what is kept");
    assert!(!desk.path("never").exists());
}

#[test]
fn a_poll_goes_on_until_it_succeeds() {
    let desk = Desk::new(
        "",
        "# T\n\n## Steps\n\n### 1. Wait\n```bash {retry=5 every=100ms}\nN=$((${N:-0} + 1)); test \"$N\" -ge 3\n```\n",
    );
    let output = desk.run(&["runbook", "run", "task", "--confirm", "change"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(desk.events().iter().filter(|event| event["event"] == "action_ended").count(), 3);
}

#[test]
fn output_that_is_not_what_was_expected_is_a_failure() {
    let desk =
        Desk::new("", "# T\n\n## Steps\n\n### 1. Say\n```bash\necho one\n```\n\n**Expected Output:**\n```\ntwo\n```\n");
    let output = desk.run(&["runbook", "run", "task", "--confirm", "change"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("not what was expected"), "{}", stdout(&output));
}

/// The command between backquotes.
fn told_command(text: &str) -> &str {
    text.split('`').nth(1).unwrap_or_else(|| panic!("no command is told: {text}"))
}

#[test]
fn the_command_that_goes_on_with_a_run_works_as_it_is_printed() {
    let desk = desk();
    let output =
        desk.run(&["--environment", "lab", "runbook", "run", "task", "--var", "WHO=alice", "--confirm", "change"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let told = stderr(&output);
    let command = told_command(&told).replace("--confirm change", "--confirm destructive");
    // From another folder, with the program in PATH.
    let bin = desk.path("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(crate::lab::binary(), bin.join("warroom")).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &command]).current_dir("/").env("PATH", path).env("HOME", desk.folder.path());
    let resumed = shell.stdin(std::process::Stdio::null()).output().unwrap();
    assert_eq!(resumed.status.code(), Some(0), "{command}: {}", stderr(&resumed));
    assert_eq!(desk.events().last().unwrap()["outcome"], "completed");
}

#[test]
fn what_only_reads_runs_without_a_place_to_keep_it() {
    const LOOKING: &str = "# A task\n\n## Steps\n\n### 1. Look\n```bash\necho looked; TOLD=first\n```\n\n### 2. Look again\n\
        ```bash\necho \"told $TOLD\"\n```\n\n### 3. Change\n```bash\ntouch \"$MARK\"\n```\n";
    let desk = Desk::new("", LOOKING);
    let mark = desk.path("mark").display().to_string();
    let desk = desk.with_pack(&format!("vars = {{ MARK = \"{mark}\" }}\n"));
    let Some(disk) = crate::lab::Disk::mount(&desk.path("data"), 64) else { return };
    disk.fill();
    for remount in [false, true] {
        if remount {
            disk.empty();
            disk.make_read_only();
        }
        let output = desk.run(&["runbook", "run", "task", "--confirm", "destructive"]);
        let (text, told) = (stdout(&output), stderr(&output));
        assert!(text.contains("looked") && text.contains("told first"), "{text}{told}");
        assert!(told.contains("this run is not kept, and only what reads is run"), "{told}");
        assert!(!desk.path("mark").exists(), "{text}{told}");
        assert_eq!(output.status.code(), Some(4), "{text}{told}");
        assert!(!told.contains("--resume"), "{told}");
        for command in [&["incident", "list"][..], &["pack", "check"], &["probe", "list"], &["runbook", "show", "task"]]
        {
            let read = desk.run(command);
            assert!(matches!(read.status.code(), Some(0)), "{command:?}: {}", stderr(&read));
        }
    }
}
