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
    assert_eq!(refused.status.code(), Some(4), "{}{}", stdout(&refused), stderr(&refused));
    assert!(stderr(&refused).contains("this is change"), "{}", stderr(&refused));
    let unasked = desk.run(&["runbook", "run", "--resume", &desk.run_id()]);
    assert_eq!(unasked.status.code(), Some(4), "{}", stderr(&unasked));
    assert!(!desk.path("out").exists());
}

#[test]
fn a_read_asks_when_an_earlier_step_set_what_programs_obey() {
    let desk = Desk::new("", "");
    let flag = desk.path("flag").display().to_string();
    let steps = format!(
        "# Taint\n\n## Steps\n\n### 1. Set\n```bash\nexport LESSOPEN='|cat %s' PLACE=here\n```\n\n### 2. Look\n```bash\ntest -e {flag}\n```\n"
    );
    std::fs::write(desk.path("desk/task.md"), steps).unwrap();
    let failed = desk.run(&["runbook", "run", "task", "--confirm", "change"]);
    assert_eq!(failed.status.code(), Some(1), "{}{}", stdout(&failed), stderr(&failed));
    std::fs::write(&flag, "").unwrap();
    // The read would succeed now, and nobody is there to ask.
    let resumed = desk.run(&["runbook", "run", "--resume", &desk.run_id()]);
    let said = format!("{}{}", stdout(&resumed), stderr(&resumed));
    assert_eq!(resumed.status.code(), Some(4), "{said}");
    assert!(said.contains("change"), "{said}");
    let asked = desk.run(&["runbook", "run", "--resume", &desk.run_id(), "--confirm", "change"]);
    assert_eq!(asked.status.code(), Some(0), "{}{}", stdout(&asked), stderr(&asked));
}
