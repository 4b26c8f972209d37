//! The palette and what is pasted: nothing that acts is offered by chance, and no line break is lost.

use crate::{
    hands::pick,
    lab::{Desk, Terminal, key},
};

const STEPS: &str = "# Tidy up\n\n## Steps\n\n### 1. Mark\n```bash\ntouch /nowhere/mark\n```\n\n**Rollback:**\n```bash\nrm -f \
    /nowhere/mark\n```\n";

fn open() -> (Desk, Terminal) {
    let desk = Desk::new("", STEPS);
    let terminal = desk.options(&[]).size(120, 40).start();
    pick(&terminal, "Tidy up");
    (desk, terminal)
}

/// As a terminal sends what is pasted.
fn paste(text: &str) -> String {
    format!("\x1b[200~{text}\x1b[201~")
}

#[test]
fn a_few_letters_offer_nothing_that_acts() {
    let (_desk, terminal) = open();
    terminal.keys(":");
    terminal.wait_for("Undo the step");
    terminal.keys("note");
    terminal.wait_for("Write down");
    terminal.wait_until_gone("Undo the step");
    terminal.keys(&key::BACKSPACE.repeat(4));
    terminal.keys("undo");
    terminal.wait_for("Undo the step");
    // What only looks is found by its letters, as before.
    terminal.keys(&key::BACKSPACE.repeat(4));
    terminal.keys("nxthm");
    terminal.wait_for("Next theme");
}

#[test]
fn pasted_lines_are_kept_or_refused_and_never_joined() {
    let (desk, terminal) = open();
    terminal.keys("s");
    terminal.wait_for("Skip the step");
    terminal.keys(&paste("first\rsecond"));
    terminal.wait_for("not pasted: 2 lines, and this field takes one");
    terminal.keys(key::ESCAPE);
    terminal.wait_until_gone("not pasted");
    terminal.keys("!");
    terminal.wait_for("Run a command");
    terminal.keys(&paste("echo one # rest\recho two > /nowhere/\u{202e}x\r"));
    terminal.wait_for("echo one # rest↵echo two");
    terminal.keys(key::ENTER);
    terminal.wait_for("Run this?");
    let screen = terminal.contents();
    assert!(screen.contains("$ echo one # rest") && screen.contains("echo two > /nowhere/\\u{202e}x"), "{screen}");
    assert!(!screen.contains("rest echo"), "{screen}");
    drop(desk);
}
