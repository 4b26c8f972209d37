//! Actions that need a terminal: one of their own, or the person's.

use std::{
    io::{Read, Write},
    os::fd::{AsFd, AsRawFd, OwnedFd},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Command,
};
use warroom::{
    exec::{Job, JobState, TerminalKind, TerminalLink, supervisor::wire},
    runbook::run::Ending,
};

use crate::{
    lab::{wait_until, wait_until_async},
    runs::{PATIENCE, Run, binary, output},
};

#[test]
fn a_terminal_of_its_own_is_one_and_its_output_is_harmless() {
    let run = Run::new();
    let mut order = run.order("[ -t 1 ] && stty size </dev/tty; read -r x || echo nobody; printf '\\e[2J\\e]0;title\\a\\e[32mgreen\\e[m\\n'; exit 3");
    order.terminal = TerminalKind::Tty { columns: 123, rows: 45 };
    let done = run.run_order(&order);
    assert_eq!(done.end.ending, Ending::Exited { code: 3 });
    assert_eq!(done.output, "45 123\nnobody\n\u{1b}[0;32mgreen\u{1b}[0m\n");
}

#[test]
fn cancelling_reaches_what_runs_in_a_terminal() {
    let run = Run::new();
    let mut order = run.order("echo ready; sleep 1000");
    order.terminal = TerminalKind::Tty { columns: 80, rows: 24 };
    let started = run.start(&order);
    wait_until("it runs", PATIENCE, || output(&started.job).contains("ready"));
    started.job.cancel().unwrap();
    assert_eq!(started.end().end.ending, Ending::Cancelled);
}

/// A terminal with somebody in front of it.
struct Desk {
    person: pty_process::blocking::Pty,
    path: std::path::PathBuf,
    kept: OwnedFd,
}

impl Desk {
    fn new() -> Desk {
        let (person, _end) = pty_process::blocking::open().unwrap();
        person.resize(pty_process::Size::new(33, 99)).unwrap();
        let about = format!("/proc/self/fdinfo/{}", person.as_fd().as_raw_fd());
        let about = std::fs::read_to_string(about).unwrap();
        let number = about.lines().find_map(|line| line.strip_prefix("tty-index:")).unwrap().trim().to_owned();
        let path = std::path::PathBuf::from(format!("/dev/pts/{number}"));
        let kept = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap().into();
        Desk { person, path, kept }
    }
}

async fn interactive(run: &Run, code: &str) -> (Job, TerminalLink) {
    let mut order = run.order(code);
    order.terminal = TerminalKind::Interactive { columns: 80, rows: 24 };
    let folder = run.job_folder();
    folder.create().unwrap();
    let mut supervisor = Command::new(binary())
        .arg("supervise")
        .arg(folder.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = supervisor.stdin.take().unwrap();
    keys.write_all(&wire::order_bytes(&order).unwrap()).await.unwrap();
    let mut screen = BufReader::new(supervisor.stdout.take().unwrap());
    let mut answer = String::new();
    screen.read_line(&mut answer).await.unwrap();
    wire::read_answer(&answer).unwrap();
    tokio::spawn(async move { supervisor.wait().await });
    (Job::attach(&folder), TerminalLink::new(keys, screen))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_talks_with_the_program_and_it_is_recorded() {
    let run = Run::new();
    let (job, link) = interactive(&run, "stty size; read -r -p 'name? ' name; echo \"hello $name\"; exit 5").await;
    let mut desk = Desk::new();
    let before = rustix::termios::tcgetattr(&desk.kept).unwrap().local_modes;
    let path = desk.path.clone();
    let handed_over = tokio::spawn(async move { link.hand_over(&path).await });
    let seen = tokio::task::spawn_blocking(move || {
        let mut seen = String::new();
        let mut read = |until: &str, desk: &mut Desk| {
            while !seen.contains(until) {
                let mut buffer = [0; 1024];
                let length = desk.person.read(&mut buffer).unwrap();
                seen.push_str(&String::from_utf8_lossy(&buffer[..length]));
            }
            seen.clone()
        };
        read("name? ", &mut desk);
        desk.person.write_all(b"alice\r").unwrap();
        (read("hello alice", &mut desk), desk)
    });
    let (seen, desk) = tokio::time::timeout(PATIENCE, seen).await.unwrap().unwrap();
    assert!(seen.contains("name? alice"), "{seen}");
    tokio::time::timeout(PATIENCE, handed_over).await.unwrap().unwrap().unwrap();
    assert_eq!(rustix::termios::tcgetattr(&desk.kept).unwrap().local_modes, before, "the terminal is as it was");
    let JobState::Ended(end) = job.wait().await else { panic!("{:?}", job.state()) };
    assert_eq!(end.ending, Ending::Exited { code: 5 });
    assert!(output(&job).ends_with("name? alice\nhello alice\n"), "{}", output(&job));
}

#[tokio::test(flavor = "multi_thread")]
async fn hanging_up_ends_an_interactive_action() {
    let run = Run::new();
    let (job, link) = interactive(&run, "echo ready; read -r x; sleep 1000").await;
    wait_until_async("it runs", PATIENCE, async || output(&job).contains("ready")).await;
    drop(link);
    let JobState::Ended(end) = tokio::time::timeout(Duration::from_secs(10), job.wait()).await.unwrap() else {
        panic!("{:?}", job.state())
    };
    assert_eq!(end.ending, Ending::Cancelled);
}
