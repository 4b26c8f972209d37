//! The `command` probe on real programs.

use std::time::Duration;

use serde_json::json;
use warroom::{
    health::{Status, Unit},
    platform::{CommandFormat, CommandLine, Expression, ProbeSpec, ProbeTarget},
};

use crate::{
    lab, look,
    look::{expect, spec},
};

fn plugin(line: &str) -> ProbeTarget {
    ProbeTarget::Command { run: CommandLine::Shell(line.to_owned()), format: CommandFormat::Nagios }
}

fn json(line: &str) -> ProbeTarget {
    ProbeTarget::Command { run: CommandLine::Shell(line.to_owned()), format: CommandFormat::Json }
}

fn argv(argv: &[&str]) -> ProbeTarget {
    let run = CommandLine::Argv(argv.iter().map(|&word| word.to_owned()).collect());
    ProbeTarget::Command { run, format: CommandFormat::Nagios }
}

fn alive(pid: &str) -> bool {
    // A zombie has no command line.
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

#[tokio::test]
async fn exit_codes_mean_what_plugins_mean() {
    for (code, status) in [(0, Status::Ok), (1, Status::Warn), (2, Status::Down), (3, Status::Unknown)] {
        let reading = look::at(plugin(&format!("echo 'DISK - 42% | /=42%;80;90;0;100 inodes=7'; exit {code}"))).await;
        expect(&reading, status, "DISK - 42%");
        assert_eq!((reading.value, reading.unit), (Some(42.0), Some(Unit::Percent)));
        assert_eq!(reading.details["perfdata"][1]["label"], "inodes");
    }
    expect(
        &look::at(plugin("echo broken; exit 7")).await,
        Status::Unknown,
        "exit code 7, which is not a plugin's: broken",
    );
}

#[tokio::test]
async fn documents_on_lines_of_their_own_are_a_list() {
    let of = |line: &str, format: CommandFormat, warn: &str| {
        let run = CommandLine::Shell(line.to_owned());
        ProbeSpec { warn: Some(Expression::compile(warn).unwrap()), ..spec(ProbeTarget::Command { run, format }) }
    };
    let stopped = "items.exists(c, c.State != 'running')";
    let compose = r#"printf '{"Name":"a","State":"running"}\n{"Name":"b","State":"exited"}\n'"#;
    let reading = look::with(of(compose, CommandFormat::Json, stopped)).await;
    expect(&reading, Status::Warn, "JSON with 2 items");
    assert_eq!(reading.details["items"][1]["Name"], "b");
    // What docker compose prints of one container, and of none.
    let one = r#"echo '{"Name":"a","State":"exited"}'"#;
    expect(&look::with(of(one, CommandFormat::JsonLines, stopped)).await, Status::Warn, "JSON with 1 items");
    expect(&look::with(of("true", CommandFormat::JsonLines, stopped)).await, Status::Ok, "JSON with 0 items");
    // What Go prints of a list that was never filled.
    for (document, warn) in [("null", "size(items) > 0"), (r#"{"errors":null}"#, "errors.exists(e, e != '')")] {
        let printed = format!("echo '{document}'");
        expect(&look::with(of(&printed, CommandFormat::Json, warn)).await, Status::Ok, "");
    }
    let many = look::with(of("echo \"[$(seq -s, 1 1500)]\"", CommandFormat::Json, "7 in items")).await;
    expect(&many, Status::Unknown, "more than 1000 members");
}

#[tokio::test]
async fn what_goes_wrong_is_said_in_words() {
    expect(&look::at(plugin("kill -9 $$")).await, Status::Unknown, "killed by signal 9 (KILL)");
    expect(&look::at(plugin("exit 2")).await, Status::Down, "no output, exit code 2");
    expect(&look::at(plugin("no-such-check --now")).await, Status::Unknown, "the shell found no such program");
    expect(&look::at(argv(&["no-such-check"])).await, Status::Unknown, "there is no program no-such-check in PATH");
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("check").display().to_string();
    std::fs::write(&script, "#!/bin/sh\n").unwrap();
    expect(&look::at(argv(&[&script])).await, Status::Unknown, "may not be executed");
    expect(&look::at(argv(&["/no/such/check"])).await, Status::Unknown, "there is no program /no/such/check");
    expect(&look::at(json("echo '{\"a\": '")).await, Status::Unknown, "not JSON");
    expect(&look::at(json("true")).await, Status::Unknown, "no output where JSON was expected");
    expect(&look::at(json("echo oops >&2; exit 4")).await, Status::Unknown, "exit code 4: oops");
    expect(&look::at(json("yes '[1,2,3]'| head -c 3000000")).await, Status::Unknown, "3 MB of output is too much");
}

#[tokio::test]
async fn thresholds_judge_the_members_of_a_json_document() {
    let target = json(r#"echo '{"queue": {"depth": 120}, "value": 1.5, "unit": "s", "summary": "120 waiting"}'"#);
    let reading =
        look::with(ProbeSpec { warn: Some(Expression::compile("queue.depth > 100").unwrap()), ..spec(target) }).await;
    expect(&reading, Status::Warn, "120 waiting");
    assert_eq!((reading.value, reading.unit), (Some(1.5), Some(Unit::Seconds)));
    assert_eq!(reading.details["queue"], json!({"depth": 120}));
}

#[tokio::test]
async fn nothing_a_program_prints_reaches_the_terminal_as_a_command() {
    let reading =
        look::at(plugin(r"printf '\033]0;owned\007\033[31mCRITICAL\033[0m\r\b - \033[2Jdown\n'; exit 2")).await;
    expect(&reading, Status::Down, "CRITICAL - down");
    assert!(!reading.summary.chars().any(char::is_control));
}

#[tokio::test]
async fn endless_output_is_counted_and_not_kept() {
    let reading = look::at(plugin("echo fine; head -c 300000000 /dev/zero")).await;
    expect(&reading, Status::Ok, "fine");
    assert_eq!(reading.details["output_bytes"], 300_000_005_u64);
}

#[tokio::test]
async fn a_time_out_ends_the_whole_process_group_also_what_ignores_term() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().join("pids");
    // A child and a grandchild; the grandchild ignores TERM, and neither holds the pipes alone.
    let line = format!(
        "(trap '' TERM; echo $(sh -c 'echo $PPID') >> {0}; while :; do sleep 1; done) & sleep 600 & echo $! >> {0}; wait",
        pids.display()
    );
    let reading = look::with(look::impatient(plugin(&line))).await;
    expect(&reading, Status::Unknown, "the program is still running");
    let pids: Vec<String> = std::fs::read_to_string(&pids).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(pids.len(), 2, "{pids:?}");
    lab::wait_until_async("the group to be gone", Duration::from_secs(10), || async {
        !pids.iter().any(|pid| alive(pid))
    })
    .await;
}

#[tokio::test]
async fn a_background_process_does_not_hold_up_a_plugin_and_does_not_outlive_it() {
    let started = std::time::Instant::now();
    let reading = look::at(plugin("sleep 600 & echo \"left $! behind\"")).await;
    expect(&reading, Status::Ok, "behind");
    assert!(started.elapsed() < Duration::from_secs(5));
    let pid = reading.summary.split(' ').nth(1).unwrap();
    lab::wait_until_async("the straggler to be gone", Duration::from_secs(5), || async { !alive(pid) }).await;
}

#[test]
fn a_runtime_that_ends_takes_the_group_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let line = format!("trap '' TERM; echo $$ > {}; while :; do sleep 1; done", file.display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let reading = runtime.block_on(look::with(look::impatient(plugin(&line))));
    expect(&reading, Status::Unknown, "still running");
    drop(runtime);
    let pid = std::fs::read_to_string(&file).unwrap();
    lab::wait_until("the program to be gone", Duration::from_millis(1500), || !alive(pid.trim()));
}

/// Leaves a process in a session of its own whose parent has ended, without the plugin's environment where `env` is `env -i`.
fn leaves_a_daemon(env: &str, pid: &std::path::Path) -> String {
    format!(
        "({env} setsid sh -c 'trap \"\" TERM; echo $$ > {0}; exec sleep 600' </dev/null >/dev/null 2>&1 &); \
         until test -s {0}; do sleep 0.01; done; echo fine",
        pid.display()
    )
}

#[tokio::test]
async fn what_leaves_the_process_group_does_not_outlive_the_plugin() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    expect(&look::at(plugin(&leaves_a_daemon("", &file))).await, Status::Ok, "fine");
    let pid = std::fs::read_to_string(&file).unwrap();
    lab::wait_until_async("the daemon to be gone", Duration::from_secs(5), || async { !alive(pid.trim()) }).await;
}

#[test]
fn the_program_leaves_no_process_of_a_plugin_behind() {
    for (env, hangs) in [("", false), ("env -i", false), ("env -i", true)] {
        let desk = lab::Desk::new("", "# A task\n");
        let file = desk.path("pid");
        let hang = if hangs { "; exec sleep 600" } else { "" };
        let line = format!("{}{hang}", leaves_a_daemon(env, &file));
        let desk = desk.with_pack(&format!(
            "\n[[probes]]\nid = \"disk\"\nkind = \"command\"\npanel = \"disk\"\ntimeout = \"1s\"\nrun = {line:?}\n"
        ));
        let output = desk.run(&["probe", "run", "disk"]);
        let expected = if hangs { 3 } else { 0 };
        assert_eq!(output.status.code(), Some(expected), "{output:?}");
        let pid = std::fs::read_to_string(&file).unwrap();
        lab::wait_until("the daemon to be gone", Duration::from_secs(5), || !alive(pid.trim()));
    }
}
