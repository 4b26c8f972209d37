//! How the console starts: at once, whatever the targets do, and only in a terminal.

use std::{
    fs,
    process::{Command, Stdio},
};

use crate::{
    hands::run,
    lab::{Folder, Hanging, Terminal, TerminalOptions, binary},
};

/// A pack of probes that all hang on the same silent socket.
pub(crate) fn hanging_pack(hanging: &Hanging) -> Folder {
    let folder = Folder::new();
    let address = hanging.address();
    let probe = |id: &str, fields: String| {
        format!("[[probes]]\nid = '{id}'\npanel = '{id}'\nevery = '2s'\ntimeout = '30s'\n{fields}\n\n")
    };
    let mut pack = String::from("[platform]\nname = 'silent'\n\n[environments.production]\nprotected = true\n\n");
    pack += &probe("web", format!("kind = 'http'\nurl = 'http://{address}/'"));
    pack += &probe("database", format!("kind = 'postgres'\nurl = 'postgres://u@{address}/d'"));
    pack += &probe("redis", format!("kind = 'redis'\nurl = 'redis://{address}/'"));
    pack += &probe("certificate", format!("kind = 'tls'\naddress = '{address}'"));
    fs::write(folder.path().join("platform.toml"), pack).unwrap();
    folder
}

pub(crate) fn on_pack(folder: &Folder) -> TerminalOptions {
    TerminalOptions::warroom(&["--pack", folder.path().to_str().unwrap()])
}

/// The demo, ready.
pub(crate) fn demo(columns: u16, rows: u16) -> Terminal {
    let terminal = TerminalOptions::warroom(&["demo"]).size(columns, rows).start();
    terminal.wait_for("Backups");
    terminal
}

#[test]
fn the_screen_stands_before_any_target_has_answered() {
    let hanging = Hanging::start();
    let pack = hanging_pack(&hanging);
    let terminal = on_pack(&pack).size(120, 40).start();
    terminal.wait_for("waiting for the first answer");
    for text in ["silent ▸ production", "PROTECTED", "Web", "Database", "Redis", "Certificate", "No runbook is open."]
    {
        terminal.wait_for(text);
    }
}

#[test]
fn without_a_terminal_it_says_what_to_do_and_ends_with_64() {
    let home = Folder::new();
    let ended = Command::new(binary())
        .arg("demo")
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(64));
    assert_eq!(String::from_utf8_lossy(&ended.stdout), "");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("needs a terminal") && said.contains("warroom sweep"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_is_refused() {
    let mut terminal = TerminalOptions::warroom(&["demo"]).env("TERM", "dumb").start();
    assert_eq!(terminal.exit().code(), Some(64));
    assert!(terminal.contents().contains("TERM=dumb"), "{}", terminal.contents());
}

#[test]
fn a_wrong_theme_or_key_is_one_sentence_with_the_nearest_name() {
    let mut terminal = TerminalOptions::warroom(&["demo", "--theme", "solarised"]).start();
    assert_eq!(terminal.exit().code(), Some(78));
    assert!(terminal.contents().contains("did you mean `solarized`?"), "{}", terminal.contents());

    let mut terminal = TerminalOptions::warroom(&["demo"]).env("WARROOM__KEYS__ZOM", "z").size(120, 24).start();
    assert_eq!(terminal.exit().code(), Some(78));
    assert!(terminal.contents().contains("did you mean"), "{}", terminal.contents());
}

#[test]
fn a_document_opens_without_a_pack() {
    let home = Folder::new();
    let file = home.path().join("task.md");
    fs::write(&file, "# Mend it\n\n## Steps\n\n### 1. Look\n```bash\necho looked\n```\n").unwrap();
    let data = home.path().join("data").display().to_string();
    let file = file.display().to_string();
    let terminal = TerminalOptions::warroom(&["--data-dir", &data, &file]).size(120, 40).start();
    terminal.wait_for("Runbook ▸ Mend it");
    terminal.wait_for("No probes. Create a pack: `warroom pack init`");
    run(&terminal, "Look", "✔");
}

#[test]
fn a_demo_keeps_nothing_among_the_real_incidents() {
    let temporary = Folder::new();
    let data = temporary.path().join("real");
    let place = temporary.path().display().to_string();
    let mut terminal = TerminalOptions::warroom(&["demo"])
        .env("TMPDIR", &place)
        .env("WARROOM__DATA_DIR", data.display().to_string())
        .size(120, 40)
        .start();
    terminal.wait_for("SIMULATED");
    let folders = || fs::read_dir(temporary.path()).unwrap().count();
    assert_eq!(folders(), 1, "the demo's own");
    terminal.keys("q");
    assert_eq!(terminal.exit().code(), Some(0));
    assert_eq!(folders(), 0, "nothing is left, and the real data was not touched");
}
