//! A great deal of output, and consoles that die meanwhile.

use std::{
    fs,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};
use warroom::exec::{Job, JobState, supervisor::wire};

use crate::{
    lab::wait_until,
    runs::{Done, PATIENCE, Run, binary, memory_bytes, output},
};

#[test]
fn two_hundred_megabytes_pass_through_little_memory_and_both_ends_are_kept() {
    let run = Run::new();
    let line = "2026-11-21T05:30:42Z INFO request served in 12 ms path=/api/v1/customers status=200";
    let mut order = run.order(&format!("echo first; head -c 200000000 <(yes '{line}'); echo; echo last"));
    order.output_limit = 8 << 20;
    let started = run.start(&order);
    let mut peak = 0;
    wait_until("it has ended", PATIENCE * 4, || {
        peak = peak.max(memory_bytes(started.supervisor.id()).unwrap_or_default());
        !matches!(started.job.state(), JobState::Running { .. })
    });
    assert!(peak > 0 && peak < 24 << 20, "{} MiB", peak >> 20);
    let done = started.end();
    let evidence = done.end.evidence.clone().unwrap();
    assert!(evidence.bytes < 9 << 20);
    assert!(evidence.dropped_bytes > 190_000_000, "{evidence:?}");
    assert!(done.output.starts_with("first\n2026") && done.output.ends_with("last\n"));
    assert!(done.end.stdout_cut && done.end.stdout_bytes == 4 << 20);
    let last = done.job.output().lines_before(evidence.bytes, 1).unwrap();
    assert_eq!(last.lines, ["last"]);
}

/// A console that starts an action and stays; it gets a process group of its own.
fn console(run: &Run, code: &str) -> (std::process::Child, Job) {
    let folder = run.job_folder();
    folder.create().unwrap();
    let order = run.path().join("order");
    fs::write(&order, wire::order_bytes(&run.order(code)).unwrap()).unwrap();
    let console = Command::new("bash")
        .args(["-c", r#""$1" supervise "$2" <"$3" & wait; sleep 1000"#, "console"])
        .args([binary().as_path(), folder.path(), &order])
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let job = Job::attach(&folder);
    wait_until("the action runs", PATIENCE, || output(&job).contains("begin"));
    (console, job)
}

#[test]
fn a_console_that_dies_leaves_the_action_running_and_the_next_one_sees_all_of_it() {
    for signal in [Signal::KILL, Signal::HUP] {
        let run = Run::new();
        let flag = run.path().join("flag");
        let code = format!("echo begin; while ! [ -e {} ]; do sleep 0.01; done; echo end; exit 9", flag.display());
        let (mut console, job) = console(&run, &code);
        let group = Pid::from_raw(i32::try_from(console.id()).unwrap()).unwrap();
        kill_process_group(group, signal).unwrap();
        console.wait().unwrap();
        assert!(matches!(job.state(), JobState::Running { .. }), "{:?}", job.state());
        fs::write(&flag, "").unwrap();
        let next = Job::attach(job.folder());
        wait_until("it has ended", PATIENCE, || !matches!(next.state(), JobState::Running { .. }));
        let JobState::Ended(end) = next.state() else { panic!("{:?}", next.state()) };
        assert_eq!(end.ending, warroom::runbook::run::Ending::Exited { code: 9 });
        assert_eq!(output(&next), "begin\nend\n");
    }
}

#[test]
fn a_closed_terminal_leaves_the_action_running() {
    let run = Run::new();
    let flag = run.path().join("flag");
    let folder = run.job_folder();
    folder.create().unwrap();
    let order = run.path().join("order");
    let code = format!("echo begin; while ! [ -e {} ]; do sleep 0.01; done; echo end", flag.display());
    fs::write(&order, wire::order_bytes(&run.order(&code)).unwrap()).unwrap();
    let (terminal, end) = pty_process::blocking::open().unwrap();
    let mut shell = pty_process::blocking::Command::new("bash")
        .args(["-c", r#""$1" supervise "$2" <"$3" & wait; sleep 1000"#, "console"])
        .args([binary().as_path(), folder.path(), &order])
        .spawn(end)
        .unwrap();
    let job = Job::attach(&folder);
    wait_until("the action runs", PATIENCE, || output(&job).contains("begin"));
    drop(terminal);
    shell.wait().unwrap();
    fs::write(&flag, "").unwrap();
    wait_until("it has ended", PATIENCE, || !matches!(job.state(), JobState::Running { .. }));
    assert!(matches!(job.state(), JobState::Ended(_)), "{:?}", job.state());
    assert_eq!(output(&job), "begin\nend\n");
}

#[test]
fn who_watches_sees_the_line_that_is_being_printed() {
    let run = Run::new();
    let flag = run.path().join("flag");
    let code =
        format!("printf '10%%\\r50%%'; while ! [ -e {} ]; do sleep 0.01; done; printf '\\r100%%\\n'", flag.display());
    let started = run.start(&run.order(&code));
    wait_until("the line is shown", PATIENCE, || {
        started.job.live().unfinished.first().is_some_and(|line| line == "50%")
    });
    fs::write(&flag, "").unwrap();
    let done: Done = started.end().succeeded();
    assert_eq!(done.output, "100%\n");
}
