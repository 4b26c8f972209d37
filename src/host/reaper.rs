//! The process between this program and a program that it runs for itself (a check, a lister): it sees to it that nothing of
//! that program is left, whatever the program starts and wherever that moves to.
//!
//! Processes that leave their parent and their process group (a double fork, `setsid`) are handed to the nearest ancestor that is
//! a sub-reaper. That is this process, which belongs to one program: whoever becomes its child came from there.
//!
//! It is told on its standard input, a socket: a byte asks for TERM, the end (also that of the other process) for KILL. It
//! answers there, in one line: `ended STATUS` as `wait` gives it, or `failed ERRNO` when the program could not be started.

use std::{
    ffi::OsString,
    io::{Read, Write},
    os::unix::{
        net::UnixStream,
        process::{CommandExt, ExitStatusExt},
    },
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{Mode, OFlags},
    process::{Pid, Signal, WaitOptions, getpid, kill_process, kill_process_group, set_child_subreaper, wait},
};

/// What the program left behind may finish its last words for so long.
pub(super) const LAST_WORDS: Duration = Duration::from_millis(200);
/// How often it is looked for what is left.
const LOOK: Duration = Duration::from_millis(5);

/// The whole life of a reaper. `program` is the program and its arguments.
pub fn main(program: &[OsString]) {
    let Some((name, arguments)) = program.split_first() else { return };
    // Without it, what leaves its parent is still ended as far as the process group goes.
    let _ = set_child_subreaper(Some(getpid()));
    let Ok(socket) = rustix::stdio::stdin().try_clone_to_owned().map(UnixStream::from) else { return };
    let Ok(mut answers) = socket.try_clone() else { return };
    let spawned = Command::new(name).args(arguments).stdin(Stdio::null()).process_group(0).spawn();
    // Its output ends when nobody of it holds it any more.
    let nothing = rustix::fs::open("/dev/null", OFlags::RDWR, Mode::empty());
    let _ = nothing.and_then(|nothing| {
        rustix::stdio::dup2_stdout(&nothing)?;
        rustix::stdio::dup2_stderr(&nothing)
    });
    let child = match spawned {
        Ok(child) => child,
        Err(error) => {
            let _ = writeln!(answers, "failed {}", error.raw_os_error().unwrap_or_default());
            return;
        }
    };
    let Some(leader) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
    let over = Arc::new(AtomicBool::new(false));
    listen(socket, leader, over.clone());
    let status = until_it_ends(leader);
    let since = Instant::now();
    while !children().is_empty() {
        if over.load(Ordering::Relaxed) || since.elapsed() > LAST_WORDS {
            // Those of a process that is killed come here next.
            kill_children();
        }
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
        thread::sleep(LOOK);
    }
    let _ = writeln!(answers, "ended {status}");
}

/// Waits for the program, and for what is handed over meanwhile; the program's status.
fn until_it_ends(leader: Pid) -> i32 {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == leader => return status.as_raw(),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return 0,
        }
    }
}

/// Passes on what is asked for.
fn listen(mut socket: UnixStream, leader: Pid, over: Arc<AtomicBool>) {
    thread::spawn(move || {
        let mut byte = [0];
        while let Ok(1..) = socket.read(&mut byte) {
            let _ = kill_process_group(leader, Signal::TERM);
        }
        over.store(true, Ordering::Relaxed);
        // The program may be waiting for one of the others: all of them are ended, and those whom they leave behind.
        loop {
            let _ = kill_process_group(leader, Signal::KILL);
            kill_children();
            thread::sleep(LOOK);
        }
    });
}

fn kill_children() {
    for child in children() {
        // An error means that it has ended.
        let _ = kill_process(child, Signal::KILL);
    }
}

/// The processes whose parent this one is.
fn children() -> Vec<Pid> {
    let own = getpid().as_raw_nonzero().get();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers.filter(|pid| parent(*pid) == Some(own)).filter_map(Pid::from_raw).collect()
}

fn parent(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    // The name before it may hold anything, blanks and brackets too.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// A reaper's answer.
pub(super) fn answer(line: &str) -> Option<Result<std::process::ExitStatus, std::io::Error>> {
    let (word, number) = line.trim_end().split_once(' ')?;
    let number = number.parse().ok()?;
    match word {
        "ended" => Some(Ok(std::process::ExitStatus::from_raw(number))),
        "failed" => Some(Err(std::io::Error::from_raw_os_error(number))),
        _ => None,
    }
}
