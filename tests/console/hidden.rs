//! What a pack, a runbook, a probe and an incident say cannot steer the console or hide on its screen.

use crate::{
    hands::pick,
    lab::{Desk, Terminal, key},
};

const HOSTILE: &str = "evil\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}x\u{2066}\u{200b}\u{2028}\u{feff}\u{e0041}end";
const SHOWN: &str = "\\u{202e}";

fn quoted(text: &str) -> String {
    let escaped = |c: char| if c.is_ascii_graphic() { c.to_string() } else { format!("\\U{:08x}", u32::from(c)) };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

/// Looks at everything that was sent: what the screen shows, and what a terminal might have done with the rest.
#[track_caller]
fn nothing_hidden(terminal: &Terminal) {
    let output = String::from_utf8_lossy(&terminal.output()).into_owned();
    let hidden = |c: char| {
        matches!(c, '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
    };
    assert_eq!(output.chars().find(|c| hidden(*c)), None, "{}", terminal.contents());
    assert!(!output.contains("\u{1b}]0;owned"), "{}", terminal.contents());
}

#[test]
fn every_view_shows_hidden_characters_as_such() {
    let runbook = format!(
        "# A task\n\n## Steps\n\n### 1. Change {HOSTILE}\n\nProse {HOSTILE}.\n\n```bash\ntouch /nowhere/mark '{HOSTILE}'\n\
         echo second\n```\n"
    );
    let title = quoted(HOSTILE);
    let check = "printf 'DISK \\342\\200\\256evil\\302\\2332J \\363\\240\\201\\201 is full\\n'; exit 2";
    let pack = format!(
        "\n[[severities]]\nlevel = \"P0\"\ntitle = \"All down\"\n\n[[components]]\nid = \"evil\"\ntitle = {title}\n\n[[probes]]\nid = \"disk\"\ntitle = {title}\nkind = \"command\"\n\
         panel = \"disk\"\nrun = {check:?}\n\n[[alerts]]\nid = \"disk-full\"\ntitle = {title}\n\
         when = 'probes.disk.status == \"down\"'\nfor = \"0s\"\nseverity = \"P0\"\nrunbook = \"task\"\n"
    );
    let desk = Desk::new("", &runbook).with_pack(&pack);
    let declared = desk.run(&["incident", "declare", "--severity", "P0", "--title", HOSTILE, "--no-look"]);
    assert!(declared.status.success(), "{declared:?}");
    desk.run(&["incident", "note", HOSTILE]);
    let terminal = desk.options(&[]).size(160, 45).start();
    terminal.wait_for("An incident is open");
    terminal.wait_for("DISK");
    terminal.wait_for(SHOWN);
    nothing_hidden(&terminal);
    terminal.keys(key::ENTER);
    terminal.wait_until_gone("An incident is open");
    // The details of the panel, and its history.
    terminal.keys(&format!("1{}", key::ENTER));
    terminal.wait_for("Overview");
    terminal.keys(key::TAB);
    terminal.wait_until_still(std::time::Duration::from_millis(300));
    nothing_hidden(&terminal);
    terminal.keys(key::ESCAPE);
    // The incident with its timeline.
    terminal.keys("i");
    terminal.wait_until_still(std::time::Duration::from_millis(300));
    nothing_hidden(&terminal);
    terminal.keys(key::ESCAPE);
    // A key that comes with it would be another one: Alt and that key.
    terminal.wait_until_gone("Here now:");
    pick(&terminal, "A task");
    terminal.keys(key::ENTER);
    terminal.wait_for("Run this?");
    let screen = terminal.contents();
    assert!(screen.contains(SHOWN) && screen.contains("echo second") && screen.contains("\\e]0;owned"), "{screen}");
    nothing_hidden(&terminal);
    terminal.keys("n");
    terminal.keys(":");
    terminal.wait_for("Commands");
    terminal.keys("panel");
    terminal.wait_for("panel: ");
    nothing_hidden(&terminal);
}
