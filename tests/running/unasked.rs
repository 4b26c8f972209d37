//! `--read-only` with every command of a long list: none that acts is started, whatever it looks like.

use std::{collections::BTreeSet, fmt::Write as _, process::Command};

use crate::{
    desk::{Desk, stderr},
    lab::need,
};

/// `R`, `C` or `D` for the least rating that a command needs, a tab, and the command as a JSON string.
const LEAST: &str = include_str!("../../src/runbook/risk/tests/least.tsv");

/// Runs each runbook in a mount namespace in which every program only writes down that it was called.
const DRIVER: &str = r#"
set -u
mount -t tmpfs tmpfs /srv
one() {
  export CALLS="$1.calls" PATH="$STANDINS"
  "$WARROOM" --pack "$PACK" --data-dir "$1.data" --read-only runbook run "$1.md" >"$1.out" 2>&1 </dev/null
  "$REAL_ECHO" $? >"$1.code"
}
for half in 0 1; do
  (for number in $("$REAL_SEQ" "$half" 2 "$LAST"); do one "$FOLDER/$number"; done) &
done
wait
"#;

const STANDIN: &str = "#!/bin/sh\nprintf '%s\\n' \"$0 $*\" >>\"$CALLS\"\n";

fn commands() -> Vec<(bool, String)> {
    let lines = LEAST.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('\t'));
    pairs.map(|(least, code)| (least != "R", serde_json::from_str(code).unwrap())).collect()
}

#[test]
fn a_read_only_console_starts_no_command_of_the_list_that_acts() {
    let can = Command::new("unshare").args(["-m", "mount", "-t", "tmpfs", "tmpfs", "/srv"]).output();
    if !can.is_ok_and(|output| output.status.success()) {
        return need::skip("a mount namespace cannot be made here");
    }
    let commands = commands();
    let desk = Desk::new("", "# Nothing\n");
    let (folder, standins) = (desk.path("list"), desk.path("bin"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::create_dir(&standins).unwrap();
    let mut names = BTreeSet::new();
    for (number, (_, code)) in commands.iter().enumerate() {
        let fence = if code.contains("```") { "~~~~" } else { "```" };
        let mut text = String::from("# A command\n\n## Steps\n\n### 1. It\n");
        writeln!(text, "{fence}bash\n{code}\n{fence}").unwrap();
        std::fs::write(folder.join(format!("{number}.md")), text).unwrap();
        let words = code.split(|c: char| !(c.is_alphanumeric() || "._-".contains(c)));
        names.extend(words.filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase())).map(str::to_owned));
    }
    for name in names.iter().filter(|name| !matches!(name.as_str(), "bash" | "sh")) {
        let file = standins.join(name);
        std::fs::write(&file, STANDIN).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    std::os::unix::fs::symlink("/bin/bash", standins.join("bash")).unwrap();
    std::os::unix::fs::symlink("/bin/sh", standins.join("sh")).unwrap();
    let driven = Command::new("unshare")
        .args(["-m", "bash", "-c", DRIVER])
        .env("WARROOM", crate::lab::binary())
        .env("PACK", desk.path("desk"))
        .env("FOLDER", &folder)
        .env("STANDINS", &standins)
        .env("LAST", (commands.len() - 1).to_string())
        .env("HOME", desk.folder.path())
        .env("REAL_ECHO", "/bin/echo")
        .env("REAL_SEQ", "/usr/bin/seq")
        .output()
        .unwrap();
    assert!(driven.status.success(), "{}", stderr(&driven));
    let mut wrong = Vec::new();
    let (mut refused, mut started) = (0, 0);
    for (number, (acts, code)) in commands.iter().enumerate() {
        let read = |what: &str| std::fs::read_to_string(folder.join(format!("{number}.{what}"))).unwrap_or_default();
        let (calls, out, exit) = (read("calls"), read("out"), read("code"));
        // The console itself asks which account a command of aws would act on.
        let own =
            |call: &&str| call.contains("aws sts get-caller-identity ") || call.ends_with("aws configure get region");
        let calls: Vec<&str> = calls.lines().filter(|call| !own(call)).collect();
        started += usize::from(!calls.is_empty());
        refused += usize::from(matches!(exit.trim(), "4" | "5"));
        if *acts && (!calls.is_empty() || exit.trim() == "0") {
            wrong.push(format!("{code:?} started ({}): {calls:?}{out}", exit.trim()));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), commands.len(), wrong.join("\n"));
    assert!(started >= 50 && refused >= 500, "{started} started, {refused} refused: the stand-ins were not reached");
}
