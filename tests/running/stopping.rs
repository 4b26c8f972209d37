//! What stops an action before it starts, and a run while it waits.

use std::time::Duration;

use rustix::process::Signal;

use crate::{
    desk::{Desk, is_in_a_file, kinds, stderr, stdout},
    lab::{key, wait_until},
};

const LIMIT: Duration = Duration::from_secs(30);

/// A desk whose steps know its folder as `$DIR`.
fn desk(steps: &str) -> Desk {
    let desk = Desk::new("", steps);
    let folder = desk.folder.path().display().to_string();
    desk.with_pack(&format!("vars = {{ DIR = \"{folder}\" }}\n"))
}

#[test]
fn a_variable_that_an_action_left_empty_stops_the_next_one() {
    for first in ["{capture=POD}\nprintf ''", "\nPOD=$(true)"] {
        let steps = format!(
            "# A task\n\n## Steps\n\n### 1. Find\n```bash {first}\n```\n\n### 2. Use\n```bash\ntouch \"$DIR/touched\" \"$DIR/$POD\"\n```\n"
        );
        let desk = desk(&steps);
        let output = desk.run(&["runbook", "run", "task", "--confirm", "destructive"]);
        assert_eq!(output.status.code(), Some(4), "{}{}", stdout(&output), stderr(&output));
        assert!(stderr(&output).contains("POD is empty: nothing was started"), "{}", stderr(&output));
        assert!(!desk.path("touched").exists());
    }
}

#[test]
fn an_optional_variable_may_be_left_empty() {
    let steps = "---\nvars:\n  LABEL: { prompt: \"Label\", required: false }\n---\n# A task\n\n## Steps\n\n### 1. Use\n```bash\necho \"label=[$LABEL]\"\n```\n";
    let output = desk(steps).run(&["runbook", "run", "task", "--var", "LABEL=", "--confirm", "read"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("label=[]"));
}

#[test]
fn what_actions_set_is_known_again_after_the_console_was_killed() {
    let desk = desk(
        "# A task\n\n## Steps\n\n### 1. Find\n```bash\nPOD=portal-7\n```\n\n### 2. Hold\n```bash\ntouch \"$DIR/held\"; until test -e \"$DIR/go\"; do sleep 0.05; done\n```\n\n### 3. Use\n```bash\necho \"pod is $POD\"\n```\n",
    );
    let mut terminal = desk.terminal(&["runbook", "run", "task", "--confirm", "change"]);
    wait_until("the second step runs", LIMIT, || desk.path("held").exists());
    terminal.signal(Signal::KILL);
    terminal.exit();
    std::fs::write(desk.path("go"), "").unwrap();
    let output = desk.run(&["runbook", "run", "--resume", &desk.run_id(), "--confirm", "change"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("pod is portal-7"));
}

#[test]
fn ctrl_c_at_a_question_starts_nothing_whatever_is_typed_after_it() {
    let desk = desk("# A task\n\n## Steps\n\n### 1. Change\n```bash\ntouch \"$DIR/touched\"\n```\n");
    let mut terminal = desk.terminal(&["runbook", "run", "task"]);
    terminal.wait_for("Run it? [y/N]");
    terminal.keys(key::CTRL_C);
    terminal.keys("y\r");
    assert_eq!(terminal.exit().code(), Some(130));
    assert!(terminal.is_cooked());
    assert!(!desk.path("touched").exists());
    assert!(!kinds(&desk.events()).contains(&"action_intended"));
}

#[test]
fn signals_end_it_at_a_question_and_give_the_terminal_its_echo_back() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let desk = desk(
            "---\nvars:\n  TOKEN: { prompt: \"The token\", secret: true }\n---\n# A task\n\n## Steps\n\n### 1. Look\n```bash\necho \"$TOKEN\"\n```\n",
        );
        let mut terminal = desk.terminal(&["runbook", "run", "task"]);
        terminal.wait_for("The token:");
        terminal.signal(signal);
        assert_eq!(terminal.exit().code(), Some(code));
        assert!(terminal.is_cooked());
    }
}

#[test]
fn a_secret_is_not_captured_from_output() {
    let desk = desk(
        "---\nvars:\n  TOKEN: { prompt: \"The token\", secret: true, required: false }\n---\n# A task\n\n## Steps\n\n### 1. Fetch\n```bash {capture=TOKEN}\ncat \"$DIR/secret\"\n```\n",
    );
    std::fs::write(desk.path("secret"), "hunter2-hunter2").unwrap();
    let output = desk.run(&["runbook", "run", "task", "--confirm", "read"]);
    assert_eq!(output.status.code(), Some(4), "{}", stdout(&output));
    assert!(stderr(&output).contains("TOKEN is secret"), "{}", stderr(&output));
    assert!(!is_in_a_file(&desk.path("data"), "hunter2"));
}

#[test]
fn what_would_hold_a_secret_is_not_captured() {
    let desk = desk(
        "---\nvars:\n  TOKEN: { prompt: \"The token\", secret: true }\n---\n# A task\n\n## Steps\n\n### 1. Keep\n```bash {capture=KEPT}\necho \"$TOKEN\"\n```\n",
    );
    let output = desk.run(&["runbook", "run", "task", "--confirm", "read", "--var", "TOKEN=hunter2-hunter2"]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(stdout(&output).contains("KEPT was not captured: it would hold the secret TOKEN"), "{}", stdout(&output));
}

#[test]
fn a_run_is_open_in_one_console_at_a_time() {
    let desk = desk(
        "# A task\n\n## Steps\n\n### 1. Hold\n```bash\ntouch \"$DIR/held\"; until test -e \"$DIR/go\"; do sleep 0.05; done\n```\n",
    );
    let mut terminal = desk.terminal(&["runbook", "run", "task", "--confirm", "change"]);
    wait_until("the step runs", LIMIT, || desk.path("held").exists());
    let second = desk.run(&["runbook", "run", "--resume", &desk.run_id()]);
    assert_eq!(second.status.code(), Some(64), "{}", stdout(&second));
    assert!(stderr(&second).contains("is open in another console"), "{}", stderr(&second));
    std::fs::write(desk.path("go"), "").unwrap();
    assert_eq!(terminal.exit().code(), Some(0));
}

#[test]
fn a_poll_is_cancelled_also_between_two_tries() {
    let desk = desk(
        "# A task\n\n## Steps\n\n### 1. Poll\n```bash {retry=100 every=1h}\necho tried >>\"$DIR/log\"; false\n```\n",
    );
    let mut terminal = desk.terminal(&["runbook", "run", "task", "--confirm", "change"]);
    terminal.wait_for("not yet; tried again");
    terminal.keys(key::CTRL_C);
    terminal.wait_for("Cancel what runs (c)");
    terminal.keys("c\r");
    terminal.wait_for("Poll failed.");
    terminal.keys("q\r");
    assert_eq!(terminal.exit().code(), Some(1));
    assert_eq!(std::fs::read_to_string(desk.path("log")).unwrap(), "tried\n");
}

#[test]
fn a_damaged_line_of_a_run_is_named_and_a_torn_one_set_aside() {
    let desk = desk(
        "# A task\n\n## Steps\n\n### 1. Look\n```bash\necho one\n```\n\n### 2. Fail\n```bash\ntest -e \"$DIR/go\"\n```\n",
    );
    assert_eq!(desk.run(&["runbook", "run", "task"]).status.code(), Some(1));
    let file = desk.run_folder().join("events.jsonl");
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{whole}{{\"at\":\"2026-0")).unwrap();
    let resumed = desk.run(&["runbook", "run", "--resume", &desk.run_id()]);
    assert!(stderr(&resumed).contains("cut off by a crash, and is set aside"), "{}", stderr(&resumed));
    assert_eq!(std::fs::read_to_string(desk.run_folder().join("events.jsonl.torn")).unwrap(), "{\"at\":\"2026-0\n");
    let mut lines: Vec<&str> = whole.lines().collect();
    lines[2] = "{\"at\":\"garbage";
    std::fs::write(&file, lines.join("\n") + "\n").unwrap();
    let resumed = desk.run(&["runbook", "run", "--resume", &desk.run_id()]);
    assert_eq!(resumed.status.code(), Some(64), "{}", stderr(&resumed));
    assert!(stderr(&resumed).contains("line 3 of "), "{}", stderr(&resumed));
}

#[test]
fn parallel_actions_run_beside_each_other() {
    let desk = desk(
        "# A task\n\n## Steps\n\n### 1. Both\n```bash {parallel}\ntouch \"$DIR/one\"; until test -e \"$DIR/two\"; do sleep 0.02; done; echo first\n```\n```bash {parallel}\ntouch \"$DIR/two\"; until test -e \"$DIR/one\"; do sleep 0.02; done; echo second\n```\n\n### 2. After\n```bash\necho after\n```\n",
    );
    let output = desk.run(&["runbook", "run", "task", "--confirm", "change"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("first") && text.contains("second"), "{text}");
    let kinds: Vec<String> =
        kinds(&desk.events()).into_iter().filter(|kind| kind.starts_with("action")).map(str::to_owned).collect();
    assert_eq!(kinds[..2], ["action_intended", "action_intended"], "{kinds:?}");
}

#[test]
fn a_document_with_an_error_is_shown_and_not_run() {
    let desk = desk("---\nvars: [\n---\n# A task\n\n## Steps\n\n### 1. Change\n```bash\ntouch \"$DIR/touched\"\n```\n");
    let output = desk.run(&["runbook", "run", "task", "--confirm", "change"]);
    assert_eq!(output.status.code(), Some(4), "{}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("the runbook is not right on line "), "{}", stderr(&output));
    assert!(!desk.path("touched").exists());
}

#[test]
fn what_people_outside_see_says_that_it_needs_a_terminal() {
    let desk = desk(
        "# A task\n\n## Steps\n\n### 1. Publish\n```bash\ncurl -X POST https://api.statuspage.io/v1/pages/x/incidents\n```\n",
    );
    let output = desk.run(&["runbook", "run", "task", "--confirm", "destructive"]);
    assert_eq!(output.status.code(), Some(4), "{}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("people outside see it, so it is always asked"), "{}", stderr(&output));
}

#[test]
fn a_step_that_somebody_ended_was_cancelled_and_has_not_failed() {
    let desk = desk("# A task\n\n## Steps\n\n### 1. Wait\n```bash\nprintf 'has %s\\n' begun; sleep 600\n```\n");
    let mut terminal = desk.terminal(&["runbook", "run", "task", "--confirm", "change"]);
    terminal.wait_for("has begun");
    terminal.keys(key::CTRL_C);
    terminal.wait_for("Cancel what runs (c)");
    terminal.keys("c\r");
    terminal.wait_for("Wait was cancelled. r retry");
    terminal.keys("q\r");
    assert_eq!(terminal.exit().code(), Some(1));
}
