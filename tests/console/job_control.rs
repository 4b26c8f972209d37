//! Ctrl-Z and `fg`: the shell has the terminal in between, and the whole screen comes back.

use rustix::process::Signal;

use crate::{
    lab::{Terminal, TerminalOptions, binary, key},
    starting::demo,
};

/// The demo as a job of an interactive shell.
fn in_a_shell() -> Terminal {
    let terminal = TerminalOptions::new("bash")
        .arguments(&["--norc", "--noprofile", "-i"])
        .env("PS1", "shell> ")
        .size(100, 30)
        .start();
    terminal.wait_for("shell>");
    terminal.keys(&format!("{} demo\r", binary().display()));
    terminal.wait_for("Backups");
    terminal
}

fn assert_the_shell_has_the_terminal(terminal: &Terminal) {
    let screen = terminal.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor());
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_brings_the_console_back() {
    let terminal = in_a_shell();
    terminal.keys(key::CTRL_Z);
    terminal.wait_for("Stopped");
    assert_the_shell_has_the_terminal(&terminal);
    terminal.keys("echo still $((20+22))\r");
    terminal.wait_for("still 42");
    terminal.keys("fg\r");
    terminal.wait_for("Backups");
    terminal.keys("?");
    terminal.wait_for("Find any command by a few of its letters");
    terminal.keys(key::ESCAPE);
    terminal.wait_until_gone("Find any command");
    terminal.keys("q");
    terminal.wait_for("still 42");
    assert_the_shell_has_the_terminal(&terminal);
}

#[test]
fn without_a_shell_ctrl_z_does_not_freeze_the_terminal() {
    let terminal = demo(100, 30);
    terminal.keys(key::CTRL_Z);
    terminal.wait_for("there is no shell to go back to");
    terminal.keys("?");
    terminal.wait_for("Find any command by a few of its letters");
}

#[test]
fn a_console_that_was_stopped_from_elsewhere_draws_everything_when_continued() {
    let terminal = demo(100, 30);
    let before = terminal.bytes();
    terminal.signal(Signal::STOP);
    terminal.signal(Signal::CONT);
    terminal.wait_until("the whole screen was sent again", |_| {
        let output = terminal.output();
        String::from_utf8_lossy(&output[before.min(output.len())..]).contains("Backups")
    });
    assert!(terminal.screen().alternate_screen());
}
