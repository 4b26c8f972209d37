//! Starting, ending, cancelling, and what a killed process leaves.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use warroom::{
    exec::{Job, JobState, supervisor::wire},
    runbook::run::Ending,
};

use crate::{
    lab::wait_until,
    runs::{PATIENCE, Run, binary, output},
};

fn pid(text: &str) -> Pid {
    Pid::from_raw(text.trim().parse().unwrap()).unwrap()
}

fn lives(pid: Pid) -> bool {
    // A zombie that nobody waits for has ended, too.
    test_kill_process(pid).is_ok()
        && !fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()))
            .is_ok_and(|stat| stat.rsplit_once(')').unwrap().1.trim_start().starts_with('Z'))
}

#[test]
fn an_action_leaves_its_output_its_exit_code_and_its_evidence() {
    let run = Run::new();
    let done = run.run("echo out\necho err >&2\nprintf '\\e[31mred\\e[m'\nexit 7\n");
    assert_eq!(done.end.ending, Ending::Exited { code: 7 });
    let mut lines: Vec<&str> = done.output.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["\u{1b}[0;31mred\u{1b}[0m", "err", "out"]);
    assert_eq!(done.job.stdout().unwrap(), "out\nred");
    let evidence = done.end.evidence.unwrap();
    assert_eq!(evidence.file, "jobs/0-step/output");
    assert_eq!(evidence.bytes, done.output.len() as u64);
    assert_eq!(done.job.state(), JobState::Ended(warroom::exec::ActionEnd { evidence: Some(evidence), ..done.end }));
}

#[test]
fn an_error_ends_the_action_and_names_its_own_line() {
    let run = Run::new();
    let done = run.run("echo one\n\nls /does/not/exist\necho never\n");
    assert_eq!(done.end.ending, Ending::Exited { code: 2 });
    assert!(!done.output.contains("never"));
    let done = run.run("true\n\nnosuchprogram\n");
    assert!(done.output.contains("bash: line 3: nosuchprogram: command not found"), "{}", done.output);
    let done = run.run("false | cat\necho never\n");
    assert_eq!((done.end.ending, done.output.as_str()), (Ending::Exited { code: 1 }, ""));
}

#[test]
fn nothing_waits_for_a_person() {
    let run = Run::new();
    let done = run.run(
        "read -r line || echo nothing; env | sort | grep -E '^(PAGER|EDITOR|AWS_PAGER|GIT_TERMINAL_PROMPT|TERM)='",
    );
    assert_eq!(done.output, "nothing\nAWS_PAGER=\nEDITOR=false\nGIT_TERMINAL_PROMPT=0\nPAGER=cat\nTERM=dumb\n");
}

#[test]
fn cancelling_reaches_grandchildren_also_in_sessions_of_their_own() {
    let run = Run::new();
    let order = run.order("setsid sleep 1000 & echo $!\n(sleep 1000 & echo $!)\necho ready\nsleep 1000");
    let started = run.start(&order);
    wait_until("the children are there", PATIENCE, || output(&started.job).contains("ready"));
    let children: Vec<Pid> = output(&started.job).lines().take(2).map(pid).collect();
    started.job.cancel().unwrap();
    let done = started.end();
    assert_eq!(done.end.ending, Ending::Cancelled);
    assert!(children.iter().all(|child| !lives(*child)));
    assert!(done.job.cancel().is_err());
}

#[test]
fn who_does_not_listen_is_killed_after_the_grace() {
    let run = Run::new();
    let mut order = run.order("trap '' TERM; echo ready; while :; do sleep 0.01 || :; done");
    order.grace = Duration::from_millis(300);
    order.timeout = Some(Duration::from_millis(300));
    let done = run.run_order(&order);
    assert_eq!(done.end.ending, Ending::TimedOut);
    assert!(done.end.duration >= Duration::from_millis(600) && done.end.duration < Duration::from_secs(5));
}

#[test]
fn a_killed_supervisor_leaves_an_unknown_outcome_and_no_process() {
    let run = Run::new();
    let mut order = run.order("echo $$; sleep 1000");
    order.grace = Duration::from_secs(1);
    let mut started = run.start(&order);
    wait_until("the action runs", PATIENCE, || output(&started.job).contains('\n'));
    let shell = pid(&output(&started.job));
    started.supervisor.kill().unwrap();
    started.supervisor.wait().unwrap();
    let JobState::Unknown { why } = started.job.state() else { panic!("{:?}", started.job.state()) };
    assert!(why.contains("supervisor is gone"), "{why}");
    wait_until("the action is ended", PATIENCE, || !lives(shell));
}

#[test]
fn what_stays_in_the_background_is_named_and_can_be_ended() {
    let run = Run::new();
    let started = run.start(&run.order("sleep 1000 &\necho done"));
    let done = started.end().succeeded();
    assert_eq!(done.end.left_running.len(), 1);
    let left = &done.end.left_running[0];
    assert_eq!(left.name, "sleep");
    let left = pid(&left.pid.to_string());
    assert!(lives(left));
    done.job.cancel().unwrap();
    wait_until("it is ended", PATIENCE, || !lives(left));
}

#[test]
fn hanging_up_does_not_end_it() {
    let run = Run::new();
    let flag = run.path().join("flag");
    let started = run.start(&run.order(&format!("while ! [ -e {} ]; do sleep 0.01; done; echo whole", flag.display())));
    let JobState::Running { pid: supervisor, .. } = started.job.state() else { panic!("it does not run") };
    kill_process(pid(&supervisor.to_string()), Signal::HUP).unwrap();
    fs::write(flag, "").unwrap();
    assert_eq!(started.end().succeeded().output, "whole\n");
}

#[test]
fn what_nobody_waits_for_any_more_is_not_started() {
    let run = Run::new();
    let folder = run.job_folder();
    folder.create().unwrap();
    let mut supervisor = Command::new(binary())
        .arg("supervise")
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(supervisor.stdout.take());
    let order = run.order(&format!("touch {}", run.path().join("started").display()));
    supervisor.stdin.take().unwrap().write_all(&wire::order_bytes(&order).unwrap()).unwrap();
    supervisor.wait().unwrap();
    let JobState::Ended(end) = Job::attach(&folder).state() else { panic!("no result") };
    assert!(matches!(end.ending, Ending::NotStarted { .. }), "{end:?}");
    assert!(!run.path().join("started").exists());
}

#[test]
fn two_supervisors_do_not_share_a_job() {
    let run = Run::new();
    let folder = run.job_folder();
    let started = run.start_in(&run.order("echo first; sleep 1000"), &folder).unwrap();
    wait_until("it runs", PATIENCE, || output(&started.job).contains("first"));
    let refused = run.start_in(&run.order("echo second"), &folder).err().unwrap();
    assert!(refused.contains("cannot take"), "{refused}");
    started.job.cancel().unwrap();
    assert_eq!(started.end().output, "first\n");
}
