//! What the pack says of the platform, on the screen: environment, links, the card, and what a runbook proposes.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use crate::{
    hands::{choose, pick},
    lab::{Desk, key, wait_until},
};

const PLATFORM: &str = r#"
[[components]]
id = "web"
title = "Web"
tier = 2
depends_on = ["database"]

[[components]]
id = "database"
title = "Database"
tier = 1

[[severities]]
level = "P0"
title = "Everything is down"

[[severities]]
level = "P1"
title = "A part is down"

[[roles]]
id = "scribe"
title = "Scribe"

[[roles]]
id = "ic"
title = "Incident Commander"

[[links]]
title = "Grafana"
url = "https://grafana.example.com/d/portal?a=1&b=2"
"#;

const RECOVERY: &str = "---\ncomponents: [web, database]\nseverity: P1\nrto: 30m\nroles: [ic]\n---\n# Recover the database\n\n\
    ## Steps\n\n### 1. Look\n```bash\necho looked\n```\n";

fn desk() -> Desk {
    let desk = Desk::new("title = \"Lab in the cellar\"", RECOVERY).with_pack(PLATFORM);
    let file = desk.path("desk/platform.toml");
    let pack = fs::read_to_string(&file).unwrap();
    let document =
        "document = { version = \"7\", owner = \"Operations\", reviewed = 2020-01-15, review_every = \"quarterly\" }";
    fs::write(file, pack.replacen("title = \"Desk\"", &format!("title = \"Desk\"\n{document}"), 1)).unwrap();
    desk
}

#[test]
fn a_link_is_opened_in_the_browser_of_this_machine() {
    let desk = desk();
    let (browser, opened) = (desk.path("browser"), desk.path("opened"));
    fs::write(&browser, format!("#!/bin/sh\nprintf %s \"$1\" >'{}'\n", opened.display())).unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    let terminal = desk.options(&[]).size(120, 40).env("BROWSER", browser).start();
    terminal.wait_for("No runbook is open.");
    terminal.keys("l");
    terminal.wait_for("https://grafana.example.com");
    choose(&terminal, "Grafana");
    terminal.wait_for("opening https://grafana.example.com");
    wait_until("the browser was started", Duration::from_secs(10), || {
        fs::read_to_string(&opened).is_ok_and(|url| url == "https://grafana.example.com/d/portal?a=1&b=2")
    });
}

#[test]
fn without_a_browser_a_link_is_on_the_clipboard() {
    let desk = desk();
    let options = desk.options(&[]).size(120, 40);
    let terminal = options.env("BROWSER", "").env("DISPLAY", "").env("WAYLAND_DISPLAY", "").start();
    terminal.wait_for("No runbook is open.");
    terminal.keys("l");
    terminal.wait_for("https://grafana.example.com");
    choose(&terminal, "Grafana");
    terminal.wait_for("no browser here");
    let copied = terminal.output();
    assert!(String::from_utf8_lossy(&copied).contains("\u{1b}]52;"), "an OSC 52 sequence");
}

#[test]
fn the_platform_is_shown_with_its_document_and_restart_order() {
    let desk = desk();
    let terminal = desk.options(&[]).size(120, 40).start();
    terminal.wait_for("▸ lab (Lab in the cellar)");
    terminal.keys(":platform");
    terminal.wait_for("Show what the pack says");
    terminal.keys(key::ENTER);
    for text in ["version: 7", "owner: Operations", "2020-04-15, OVERDUE", "database → web", "Web, tier 2"] {
        terminal.wait_for(text);
    }
}

#[test]
fn the_open_runbook_fills_in_a_declaration_and_the_role_that_is_missing() {
    let desk = desk();
    let terminal = desk.options(&[]).size(120, 40).start();
    terminal.wait_for("No runbook is open.");
    terminal.keys("o");
    terminal.wait_for("web, database · P1 · RTO 30m");
    terminal.keys(key::ESCAPE);
    terminal.wait_until_gone("RTO 30m");
    pick(&terminal, "Recover the database");
    terminal.keys("D");
    terminal.wait_for("Filled in from the open runbook Recover the database.");
    terminal.wait_until("the runbook's severity is chosen", |screen| {
        screen.lines().any(|line| line.contains("Severity") && line.contains("P1"))
    });
    terminal.keys("\x13");
    terminal.wait_for("is declared");
    terminal.keys(":role");
    terminal.wait_for("Take a role");
    terminal.keys(key::ENTER);
    terminal.wait_until("the missing role is chosen", |screen| {
        screen.lines().any(|line| line.contains("Role") && line.contains("Incident Commander"))
    });
    terminal.keys(key::ESCAPE);
    terminal.wait_until_gone("nobody yet");
    terminal.keys("i");
    terminal.wait_for("Restart order: database → web");
}
