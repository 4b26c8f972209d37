//! Text that wants to steer the terminal or hide from the reader, in a pack, a runbook, a probe's message and an incident: whatever
//! is printed of it, by any command, it is shown as such.

use std::process::Output;

use serde_json::Value;

use crate::{
    lab::{Desk, desk::stdout, key},
    verbs::PLATFORM,
};

/// A title, a colour, an erased screen, a C1 sequence, a turned direction, and characters that nobody sees.
const HOSTILE: &str = "evil\u{1b}]0;owned\u{7}\u{1b}[8m\u{1b}[2J\u{9b}2J\u{202e}x\u{2066}\u{200b}\u{2028}\u{feff}\u{ad}\u{e0041}\u{e0100}end";
/// How the turned direction is shown.
const SHOWN: &str = "\\u{202e}";

/// A string of TOML, or of JSON.
fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c.is_ascii_graphic() || c == ' ' => c.to_string(),
            c => format!("\\U{:08x}", u32::from(c)),
        })
        .collect();
    format!("\"{escaped}\"")
}

fn desk() -> Desk {
    let runbook = format!(
        "---\nvars:\n  WHO: {{ prompt: Who, default: {0} }}\n---\n# A task {HOSTILE}\n\n## Overview\n\n{HOSTILE}\n\n\
         ## Steps\n\n### 1. Look {HOSTILE}\n```bash\necho 'looked {HOSTILE}'\n```\n\n### 2. Change {HOSTILE}\n\
         ```bash\nkill -0 $$; touch /nowhere/mark '{HOSTILE}'\necho second\n```\n",
        quoted(HOSTILE)
    );
    let check =
        "printf 'DISK \\342\\200\\256evil\\302\\2332J\\033]0;owned\\007\\363\\240\\201\\201 is full\\n'; exit 2";
    let title = quoted(HOSTILE);
    let pack = format!(
        "{PLATFORM}\n[[components]]\nid = \"evil\"\ntitle = {title}\n\n[[probes]]\nid = \"disk\"\ntitle = {title}\n\
         kind = \"command\"\npanel = \"disk\"\nrun = {}\n\n[[alerts]]\nid = \"disk-full\"\ntitle = {title}\n\
         when = 'probes.disk.status == \"down\"'\nfor = \"0s\"\nseverity = \"P0\"\nrunbook = \"task\"\n",
        quoted(check)
    );
    Desk::new("", &runbook).with_pack(&pack)
}

/// Written down here once more: the list of the program is what is checked.
fn is_hidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[track_caller]
fn nothing_hidden(what: &str, text: &str) {
    let found = text.chars().find(|c| is_hidden(*c));
    assert_eq!(found, None, "{what}: {text:?}");
}

/// Every command with what it prints, among them some that fail on a hostile word.
fn commands(id: &str) -> Vec<Vec<&str>> {
    let mut all = vec![
        vec!["pack", "list"],
        vec!["pack", "list", "--json"],
        vec!["pack", "check"],
        vec!["pack", "check", "--json"],
        vec!["probe", "list"],
        vec!["probe", "list", "--json"],
        vec!["probe", "run", "disk"],
        vec!["probe", "run", "disk", "--json"],
        vec!["probe", "run", HOSTILE],
        vec!["sweep", "--only", HOSTILE],
        vec!["runbook", "list"],
        vec!["runbook", "list", "--json"],
        vec!["runbook", "show", "task"],
        vec!["runbook", "show", "task", "--json"],
        vec!["runbook", "show", HOSTILE],
        vec!["runbook", "lint", "task"],
        vec!["runbook", "lint", "task", "--json"],
        vec!["runbook", "run", "task"],
        vec!["runbook", "run", "task", "--json"],
        vec!["runbook", "run", "task", "--dry-run"],
        vec!["runbook", "run", "task", "--from", HOSTILE],
        vec!["runbook", "run", "--resume", HOSTILE],
        vec!["incident", "list"],
        vec!["incident", "list", "--json"],
        vec!["incident", "show", id],
        vec!["incident", "show", id, "--json"],
        vec!["incident", "show", HOSTILE],
        vec!["incident", "verify", id],
        vec!["incident", "verify", id, "--json"],
        vec!["incident", "second"],
        vec!["incident", "note", HOSTILE],
        vec!["incident", "severity", HOSTILE, "--reason", HOSTILE],
        vec!["incident", "escalate", HOSTILE, "--dismiss", HOSTILE],
        vec!["config", "show"],
        vec!["config", "show", "--json"],
        vec!["config", "check"],
        vec!["--theme", HOSTILE, "config", "show"],
        vec!["--environment", HOSTILE, "sweep"],
        vec![HOSTILE],
        vec!["sweep", HOSTILE],
        vec!["--pack", HOSTILE, "sweep"],
    ];
    for format in ["table", "json", "junit", "prometheus"] {
        all.push(vec!["sweep", "--format", format]);
    }
    for format in ["md", "html", "json", "csv", "postmortem"] {
        all.push(vec!["incident", "export", id, "--format", format]);
    }
    all
}

fn declare(desk: &Desk) -> String {
    let declared =
        desk.run(&["incident", "declare", "--severity", "P0", "--title", HOSTILE, "--component", "evil", "--no-look"]);
    assert_eq!(declared.status.code(), Some(0), "{declared:?}");
    desk.run(&["incident", "note", &format!("a note\nof two lines {HOSTILE}")]);
    stdout(&declared).trim().to_owned()
}

fn both(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn nothing_that_is_printed_hides_or_steers_whatever_the_command() {
    let desk = desk();
    let id = declare(&desk);
    for command in commands(&id) {
        let output = desk.run(&command);
        // The line ends of CSV are two characters.
        let text = both(&output).replace("\r\n", "\n");
        nothing_hidden(&command.join(" "), &text);
    }
    for command in [
        &["sweep"][..],
        &["probe", "run", "disk"],
        &["incident", "list"],
        &["incident", "show"],
        &["runbook", "show", "task"],
        &["runbook", "run", "task"],
        &["incident", "export"],
        &["sweep", "--format", "junit"],
        &["runbook", "show", HOSTILE],
    ] {
        // Markdown has escapes of its own around it.
        let text = both(&desk.run(command)).replace("\\{", "{").replace("\\}", "}");
        assert!(text.contains("u{202e}"), "{command:?}: {text}");
    }
    // In JSON the text is what it was.
    let listed: Value = serde_json::from_str(&stdout(&desk.run(&["incident", "list", "--json"]))).unwrap();
    assert_eq!(listed[0]["title"], HOSTILE);
}

#[test]
fn a_terminal_gets_our_colours_and_nothing_else() {
    let desk = desk();
    let id = declare(&desk);
    let colour = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    for command in commands(&id) {
        let mut terminal = desk.options(&command).size(200, 50).start();
        // Questions are refused; a command that asks none has ended by then.
        if command[..2.min(command.len())] == ["runbook", "run"] && !command.contains(&"--dry-run") {
            let mut text = String::new();
            terminal.wait_until("it asks or ends", |_| {
                text = String::from_utf8_lossy(&terminal.output()).into_owned();
                text.contains("[y/N]")
                    || text.contains("to run it:")
                    || text.contains("no step")
                    || text.contains("no run")
            });
            if !text.contains("no step") && !text.contains("no run") {
                assert!(text.contains(SHOWN) && text.contains("echo second"), "the question shows what runs: {text}");
                terminal.keys(&format!("n{}", key::ENTER));
            }
        }
        terminal.exit();
        let output = String::from_utf8_lossy(&terminal.output()).replace("\r\n", "\n");
        // A name that is asked for, and is echoed by the terminal itself, is not ours.
        nothing_hidden(&command.join(" "), &colour.replace_all(&output, "").replace('\r', ""));
        assert!(!output.contains("\u{1b}[8m"), "nothing is concealed: {output:?}");
    }
}
