//! Values of variables and what earlier steps left behind, in the risk that counts.

use crate::desk::{Desk, stderr, stdout};

const SORTS: &str =
    "---\nvars:\n  FILE: { prompt: \"File\" }\n---\n# Sort\n\n## Steps\n\n### 1. Look\n```bash\nsort $FILE\n```\n";

#[test]
fn a_value_that_turns_into_options_is_rated_by_what_they_do() {
    let desk = Desk::new("", SORTS);
    let names = desk.path("names").display().to_string();
    std::fs::write(&names, "b\na\n").unwrap();
    let read = desk.run(&["--read-only", "runbook", "run", "task", "--var", &format!("FILE={names}")]);
    assert_eq!(read.status.code(), Some(0), "{}{}", stdout(&read), stderr(&read));
    let desk = Desk::new("", SORTS);
    let written = desk.path("out").display().to_string();
    let value = format!("FILE=-o {written} {names}");
    let refused = desk.run(&["--read-only", "runbook", "run", "task", "--var", &value]);
    assert_eq!(refused.status.code(), Some(5), "{}{}", stdout(&refused), stderr(&refused));
    assert!(stderr(&refused).contains("this is change"), "{}", stderr(&refused));
    let unasked = desk.run(&["runbook", "run", "--resume", &desk.run_id()]);
    assert_eq!(unasked.status.code(), Some(4), "{}", stderr(&unasked));
    assert!(!desk.path("out").exists());
}

const TAINTS: &str = "# Taint\n\n## Steps\n\n### 1. Set\n```bash\nexport LESSOPEN='|cat %s' PLACE=here\n```\n\n### 2. Look\n```bash\nls -d /\n```\n";

#[test]
fn a_read_asks_when_an_earlier_step_set_what_programs_obey() {
    let desk = Desk::new("", TAINTS);
    let mut terminal = desk.terminal(&["runbook", "run", "task"]);
    terminal.wait_for("Run it? [y/N]");
    terminal.keys("y\r");
    terminal.wait_for("an earlier step set LESSOPEN");
    terminal.keys("\r");
    assert_eq!(terminal.exit().code(), Some(4), "the read was not let through by an Enter");
    let ended = desk.events().iter().filter(|event| event["event"] == "action_ended").count();
    assert_eq!(ended, 1);
    // Without such a variable the same read asks nothing.
    let desk = Desk::new("", &TAINTS.replace("LESSOPEN='|cat %s' ", ""));
    let plain = desk.run(&["runbook", "run", "task"]);
    assert_eq!(plain.status.code(), Some(0), "{}{}", stdout(&plain), stderr(&plain));
}

#[test]
fn a_read_asks_when_an_earlier_step_wrote_settings_that_programs_obey() {
    let file = "printf '\\\\timing\\n' >\"$HOME/.psqlrc\"";
    let setter = "git config --global color.ui false";
    for (code, reason) in [(file, "~/.psqlrc, which"), (setter, "`git config`")] {
        let desk = Desk::new("", &TAINTS.replace("export LESSOPEN='|cat %s' PLACE=here", code));
        let run = desk.run(&["runbook", "run", "task", "--confirm", "destructive"]);
        assert_eq!(run.status.code(), Some(0), "{}{}", stdout(&run), stderr(&run));
        let mut terminal = desk.terminal(&["runbook", "run", "task"]);
        terminal.wait_for("Run it? [y/N]");
        terminal.keys("y\r");
        terminal.wait_for(reason);
        terminal.keys("\r");
        assert_eq!(terminal.exit().code(), Some(4), "the read was not let through by an Enter");
    }
}
