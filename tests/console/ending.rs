//! Every way out gives the terminal back as a shell wants it.

use rustix::process::{Pid, Signal, kill_process};
use warroom::tui::terminal::Screen;

use crate::{
    lab::{Hanging, TerminalOptions, binary, key},
    starting::{demo, hanging_pack, on_pack},
};

#[test]
fn quitting_gives_the_terminal_back() {
    for keys in ["q", key::CTRL_C] {
        let mut terminal = demo(100, 30);
        assert!(!terminal.is_restored());
        terminal.keys(keys);
        assert_eq!(terminal.exit().code(), Some(0));
        assert!(terminal.is_restored());
        assert_eq!(terminal.contents().trim(), "");
    }
}

#[test]
fn signals_end_the_console_with_128_and_their_number() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131)] {
        let mut terminal = demo(100, 30);
        terminal.signal(signal);
        assert_eq!(terminal.exit().code(), Some(code), "{signal:?}");
        assert!(terminal.is_restored(), "{signal:?}");
    }
}

#[test]
fn looks_that_hang_do_not_hold_up_the_end() {
    let hanging = Hanging::start();
    let pack = hanging_pack(&hanging);
    let mut terminal = on_pack(&pack).size(100, 30).start();
    terminal.wait_until("the targets hang", |_| hanging.accepted() >= 4);
    terminal.keys("q");
    // The looks would give up after 30 s; `exit` waits for less.
    assert_eq!(terminal.exit().code(), Some(0));
    assert!(terminal.is_restored());
}

#[test]
fn a_panic_gives_the_terminal_back_before_its_message() {
    // This test's own program is started once more, to panic in a terminal of its own.
    let this = std::env::current_exe().unwrap();
    let arguments =
        ["--ignored", "--exact", "ending::panics_with_the_terminal_taken", "--nocapture", "--test-threads=1"];
    let mut terminal = TerminalOptions::new(this).arguments(&arguments).size(100, 40).start();
    assert_ne!(terminal.exit().code(), Some(0));
    assert!(terminal.is_restored());
    let screen = terminal.contents();
    assert!(screen.contains("the planted panic"), "the message is on the main screen:\n{screen}");
    let output = String::from_utf8_lossy(&terminal.output()).into_owned();
    assert!(output.contains("\x1b[?1049h"), "the alternate screen had been entered");
}

#[test]
#[ignore = "run by the test before it"]
fn panics_with_the_terminal_taken() {
    let _taken = Screen::take(true).unwrap();
    panic!("the planted panic");
}

#[test]
fn a_console_that_is_killed_or_aborts_gives_the_terminal_back() {
    // A stack that overflows ends in ABRT.
    for signal in [Signal::KILL, Signal::ABORT] {
        let mut terminal = TerminalOptions::new("sh")
            .arguments(&["-c", "\"$0\" demo; echo ended; read -r answer; echo \"read $answer\"; exit 7"])
            .arguments(&[binary().to_str().unwrap()])
            .size(100, 30)
            .start();
        terminal.wait_for("Backups");
        let before = terminal.screen();
        assert!(before.alternate_screen() && before.hide_cursor());
        let console = children(terminal.id()).into_iter().find(|id| name(*id) == "warroom").expect("the console");
        kill_process(Pid::from_raw(console).unwrap(), signal).unwrap();
        terminal.wait_until("the terminal is restored", |_| terminal.is_restored());
        // What is typed is shown, and Enter ends the line.
        terminal.keys("hello\r");
        terminal.wait_for("read hello");
        assert_eq!(terminal.exit().code(), Some(7), "{signal:?}");
    }
}

/// Ids of the processes that a process has started.
fn children(of: u32) -> Vec<i32> {
    let text = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap();
    text.split_whitespace().map(|id| id.parse().unwrap()).collect()
}

fn name(of: i32) -> String {
    std::fs::read_to_string(format!("/proc/{of}/comm")).unwrap_or_default().trim().to_owned()
}

#[test]
fn a_console_leaves_no_core_and_lets_nobody_read_its_memory() {
    let terminal = demo(100, 30);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", terminal.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    let environment = std::fs::metadata(format!("/proc/{}/environ", terminal.id())).unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&environment), 0, "the kernel gives it to root");
}
