//! The list of runbooks: found by a few letters, wherever they stand.

use std::fs;

use crate::lab::{Desk, key};

fn desk() -> Desk {
    let desk = Desk::new("", "# Pool saturation\n\n## Steps\n\n### 1. Look\n```bash\necho pool\n```\n");
    for (id, title) in
        [("failover", "Fail over to the standby"), ("redis-full", "Redis is full"), ("dns", "Change DNS")]
    {
        let text = format!("# {title}\n\n## Steps\n\n### 1. Look\n```bash\necho {id}\n```\n");
        fs::write(desk.path("desk").join(format!("{id}.md")), text).unwrap();
    }
    desk
}

#[test]
fn a_few_letters_find_a_runbook() {
    let desk = desk();
    let terminal = desk.options(&[]).size(120, 40).start();
    terminal.wait_for("No runbook is open.");
    terminal.keys("o");
    for title in ["Pool saturation", "Fail over to the standby", "Redis is full", "Change DNS"] {
        terminal.wait_for(title);
    }
    // Letters in their order are enough.
    terminal.keys("flstby");
    terminal.wait_until("only one is left", |screen| {
        screen.contains("Fail over to the standby") && !screen.contains("Redis is full")
    });
    terminal.keys(&key::BACKSPACE.repeat(6));
    terminal.wait_for("Redis is full");
    // The id finds it, too.
    terminal.keys("redis-f");
    terminal.wait_until_gone("Fail over to the standby");
    terminal.keys(key::ENTER);
    terminal.wait_for("Runbook ▸ Redis is full");
}

#[test]
fn letters_that_find_nothing_open_nothing() {
    let desk = desk();
    let terminal = desk.options(&[]).size(120, 40).start();
    terminal.wait_for("No runbook is open.");
    terminal.keys("o");
    terminal.wait_for("Pool saturation");
    terminal.keys("qqqq");
    terminal.wait_until_gone("Pool saturation");
    terminal.keys(key::ENTER);
    terminal.keys(&key::BACKSPACE.repeat(4));
    terminal.wait_for("Pool saturation");
    terminal.keys(key::ESCAPE);
    terminal.wait_until_gone("Pool saturation");
    terminal.wait_for("No runbook is open.");
    assert!(!desk.path("data/runs").exists(), "nothing was begun");
}
