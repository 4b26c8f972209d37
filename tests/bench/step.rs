//! What it costs to run an action under a supervisor, against plain bash in the same run.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use warroom::exec::{Job, JobFolder, JobState, Order, OrderKind, supervisor::wire};

use crate::{Row, lab, median, process};

pub(crate) fn rows() -> Vec<Row> {
    let folder = lab::Folder::new();
    let mut jobs = 0;
    let mut next = || {
        jobs += 1;
        folder.path().join(format!("jobs/{jobs}"))
    };
    let (mut bare, mut supervised) = (Vec::new(), Vec::new());
    for _ in 0..30 {
        bare.push(plain("echo done"));
        supervised.push(action(folder.path(), &next(), "echo done").0);
    }
    let (bare, supervised) = (median(bare), median(supervised));
    let volume = "head -c 400000000 <(yes '2026-11-21T05:30:42Z INFO request served in 12 ms status=200')";
    let bare_volume = plain(volume);
    let (volume_time, memory) = action(folder.path(), &next(), volume);
    vec![
        Row::at_most("an action more than `bash -c` (medians of 30)", 20.0, supervised - bare, "ms"),
        Row::told("  the action, and `bash -c` alone", format!("{supervised:.2} ms, {bare:.2} ms")),
        Row::at_most("400 MB of output: memory of the supervisor", 32.0, memory, "MB"),
        Row::at_most("400 MB of output: at 100 MB/s at least", 4000.0, volume_time, "ms"),
        Row::told("  the same without us", format!("{bare_volume:.0} ms")),
    ]
}

fn plain(code: &str) -> f64 {
    let start = Instant::now();
    let status = Command::new("bash").args(["-c", code]).stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
    assert!(status.success());
    start.elapsed().as_secs_f64() * 1e3
}

/// Milliseconds until the result is there, and the most memory the supervisor had, in MB.
fn action(run: &Path, folder: &Path, code: &str) -> (f64, f64) {
    let folder = JobFolder::new(folder);
    folder.create().unwrap();
    let order = Order::new(OrderKind::Bash { code: code.to_owned() }, run, run.join("session"));
    let start = Instant::now();
    let mut supervisor = Command::new(lab::binary())
        .arg("supervise")
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    supervisor.stdin.take().unwrap().write_all(&wire::order_bytes(&order).unwrap()).unwrap();
    let mut answer = String::new();
    BufReader::new(supervisor.stdout.take().unwrap()).read_line(&mut answer).unwrap();
    wire::read_answer(&answer).unwrap();
    let job = Job::attach(&folder);
    let mut memory: f64 = 0.0;
    while !folder.result().exists() {
        memory = memory.max(process::memory_mb(supervisor.id(), "VmRSS").unwrap_or_default());
        std::thread::sleep(Duration::from_micros(200));
    }
    let elapsed = start.elapsed().as_secs_f64() * 1e3;
    assert!(matches!(job.state(), JobState::Ended(_)));
    supervisor.wait().unwrap();
    (elapsed, memory)
}
