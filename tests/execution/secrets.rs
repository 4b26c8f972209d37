//! A planted secret is nowhere: not on disk, not in any process's arguments, not in what is shown.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use base64::{Engine, engine::general_purpose::STANDARD};

use warroom::exec::{Job, JobState, supervisor::wire};

use crate::{
    lab::wait_until,
    runs::{PATIENCE, Run, binary, output, secret},
};

const SECRET: &str = "kX9+vQ/plant3d$ecret'\"w1th odd=chars";

/// Files below a folder that hold any of the texts.
fn files_with(folder: &Path, texts: &[Vec<u8>]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, texts));
        } else if let Ok(bytes) = fs::read(&path)
            && texts.iter().any(|text| contains(&bytes, text))
        {
            found.push(path.display().to_string());
        }
    }
    found
}

fn arguments_with(text: &[u8]) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok()))
        .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
        .filter(|line| contains(line, text))
        .map(|line| String::from_utf8_lossy(&line).into_owned())
        .collect()
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

#[test]
fn a_planted_secret_is_nowhere_while_it_runs_and_after() {
    let run = Run::new();
    let flag = run.path().join("flag");
    let code = format!(
        r#"printf '%s\n' "$PW"
printf '%s' "$PW" | base64
printf 'user:%s' "$PW" | base64
printf '%s\n' "\"$PW\"" >&2
printf '%q\n' "$PW"
for ((i = 0; i < ${{#PW}}; i++)); do printf %s "${{PW:i:1}}"; done; echo
printf '%s\e[31m%s\e[m\n' "${{PW:0:9}}" "${{PW:9}}"
URL="https://user:$PW@example.org"; echo "$URL"
LIST=("$PW" two); declare -p LIST
{{ set -x; : "$PW"; {{ set +x; }} 2>/dev/null; }}
echo "unfinished line with $PW" | tr -d '\n'
echo ready >{flag}.ready
while ! [ -e {flag} ]; do sleep 0.01; done
"#,
        flag = flag.display()
    );
    let mut order = run.order(&code);
    order.variables.push(secret("PW", SECRET));
    let started = run.start(&order);
    wait_until("it runs", PATIENCE, || run.path().join("flag.ready").exists());
    wait_until("it is shown", PATIENCE, || !started.job.live().unfinished.iter().all(String::is_empty));
    let texts = [
        SECRET.as_bytes().to_vec(),
        STANDARD.encode(SECRET).into_bytes(),
        STANDARD.encode(format!("user:{SECRET}")).into_bytes(),
        b"plant3d".to_vec(),
    ];
    assert_eq!(files_with(run.path(), &texts), [""; 0]);
    assert_eq!(arguments_with(SECRET.as_bytes()), [""; 0]);
    fs::write(&flag, "").unwrap();
    let done = started.end().succeeded();
    assert_eq!(files_with(run.path(), &texts), [""; 0]);
    assert!(done.output.matches("[PW]").count() >= 8, "{}", done.output);
    assert!(done.job.live().unfinished.is_empty());
    // The next action still has it where the first one put it.
    let mut order =
        run.order("[ \"${LIST[0]}\" = \"$PW\" ] && [ \"$URL\" = \"https://user:$PW@example.org\" ] && echo same");
    order.variables.push(secret("PW", SECRET));
    let done = run.run_order(&order).succeeded();
    assert_eq!(output(&done.job), "same\n");
}

#[test]
fn secrets_of_the_environment_are_masked_and_not_written_down() {
    for missing in ["PWD", "SHELL", "PATH"] {
        secrets_of_an_environment_without(missing);
    }
}

/// Services and CI start programs without some of the usual variables; what bash puts there then was not set by the action.
fn secrets_of_an_environment_without(missing: &str) {
    let run = Run::new();
    let planted = "planted-in-the-environment";
    let folder = run.job_folder();
    folder.create().unwrap();
    let code = r#"echo "$PGPASSWORD"; URL="postgres://app:$PGPASSWORD@db"; OTHER=plain"#;
    let order = wire::order_bytes(&run.order(code)).unwrap();
    let mut supervisor = Command::new(binary())
        .arg("supervise")
        .arg(folder.path())
        .env("PGPASSWORD", planted)
        .env_remove(missing)
        .env("UNDECLARED", "an-odd-value-of-the-person")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    supervisor.stdin.take().unwrap().write_all(&order).unwrap();
    supervisor.wait().unwrap();
    let JobState::Ended(end) = Job::attach(&folder).state() else { panic!("no result") };
    assert_eq!(end.variables.get("OTHER"), Some(&Some("plain".to_owned())));
    assert_eq!(end.variables.get("URL"), Some(&None));
    assert_eq!(end.variables.len(), 2, "{:?}", end.variables);
    assert_eq!(output(&Job::attach(&folder)), "[PGPASSWORD]\n");
    let texts = [planted.as_bytes().to_vec(), b"an-odd-value-of-the-person".to_vec()];
    assert_eq!(files_with(run.path(), &texts), [""; 0]);
}

#[test]
fn a_supervisor_leaves_no_core_and_lets_nobody_read_its_memory() {
    let run = Run::new();
    let flag = run.path().join("flag");
    let started = run.start(&run.order(&format!("while ! [ -e {} ]; do sleep 0.01; done", flag.display())));
    wait_until("it runs", PATIENCE, || matches!(started.job.state(), JobState::Running { .. }));
    let JobState::Running { pid, .. } = started.job.state() else { panic!("it does not run") };
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    // The kernel gives what it knows of a process that may not be dumped to root, whoever runs it.
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(format!("/proc/{pid}/environ")).unwrap());
    assert_eq!(owner, 0);
    fs::write(&flag, "").unwrap();
}
