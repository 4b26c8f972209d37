//! What a server can do to the one who looks at it: nothing but take one look's time and a bounded amount of memory.

use std::{
    fs,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::lab::{self, Folder, Hanging, Hostile, Script};

/// Most memory of a process that looks once.
const MEMORY_KB: u64 = 100_000;
/// The limit on one look, and what a busy machine may add to start and end a process.
const LOOK: Duration = Duration::from_secs(4);
const SLACK: Duration = Duration::from_secs(12);

/// What one look said, and what it cost.
struct Looked {
    status: String,
    summary: String,
    peak_kb: u64,
    took: Duration,
}

/// One sweep over a single probe, in a process of its own.
fn look(probe: &str) -> Looked {
    let folder = Folder::new();
    let pack = folder.path().join("hostile");
    fs::create_dir(&pack).unwrap();
    let text = format!(
        "[platform]\nname = \"hostile\"\n[[probes]]\nid = \"target\"\ntimeout = \"{}s\"\nconnect_timeout = \"2s\"\n{probe}\n",
        LOOK.as_secs()
    );
    fs::write(pack.join("platform.toml"), text).unwrap();
    let started = Instant::now();
    let mut child = Command::new(lab::binary())
        .args(["sweep", "--format", "json", "--pack"])
        .arg(&pack)
        .env("XDG_STATE_HOME", folder.path())
        .env("XDG_CONFIG_HOME", folder.path())
        .env_remove("KUBECONFIG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kb = 0;
    while child.try_wait().unwrap().is_none() {
        peak_kb = peak_kb.max(peak(&status).unwrap_or_default());
        thread::sleep(Duration::from_millis(1));
    }
    let took = started.elapsed();
    let output = child.wait_with_output().unwrap();
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
        panic!("{probe}: no JSON; it wrote {}", String::from_utf8_lossy(&output.stderr));
    });
    let text = |name: &str| seen["probes"][0][name].as_str().unwrap_or_default().to_owned();
    Looked { status: text("status"), summary: text("summary"), peak_kb, took }
}

/// The most memory that the process had so far.
fn peak(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().trim_end_matches(" kB").parse().ok())
}

/// Fails unless the look was cheap and ended in time, with one sentence that has one of these words.
#[track_caller]
fn harmless(what: &str, looked: &Looked, words: &[&str]) {
    let Looked { status, summary, peak_kb, took } = looked;
    println!("{what}: {status}, {summary} ({peak_kb} kB, {took:.1?})");
    assert!(*peak_kb < MEMORY_KB, "{what}: {peak_kb} kB; it said {summary}");
    assert!(*took < LOOK + SLACK, "{what}: took {took:?}");
    assert!(status != "ok", "{what}: {summary}");
    assert!(summary.lines().count() == 1 && summary.chars().count() < 250, "{what}: {summary}");
    assert!(words.iter().any(|word| summary.contains(word)), "{what}: {summary}");
}

/// One server, given to the probe as `ADDRESS`.
#[track_caller]
fn against(what: &str, probe: &str, answers: &[&[u8]], forever: &[u8], words: &[&str]) {
    let answers = answers.iter().map(|answer| answer.to_vec()).collect();
    let server = Hostile::start(Script { answers, forever: forever.to_vec() });
    harmless(what, &look(&probe.replace("ADDRESS", &server.address())), words);
}

/// The same for every server of a kind: silent, and nonsense without end.
#[track_caller]
fn silent_and_garbage(probe: &str, words: &[&str]) {
    let silent = Hanging::start();
    let looked = look(&probe.replace("ADDRESS", &silent.address()));
    harmless(
        "silent",
        &looked,
        &["no answer within 4 s", "did not answer", "does not answer", "no answer from", "within 2 s"],
    );
    let nonsense: Vec<u8> = (0..4096_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    against("nonsense", probe, &[], &nonsense, words);
}

fn message(kind: u8, announced: u32, body: &[u8]) -> Vec<u8> {
    [&[kind], announced.to_be_bytes().as_slice(), body].concat()
}

#[test]
fn a_postgres_server() {
    let probe = "kind = \"postgres\"\nurl = \"postgresql://u:p@ADDRESS/x?sslmode=disable\"";
    let whole = |kind: u8, body: &[u8]| message(kind, body.len() as u32 + 4, body);
    let greeting = [whole(b'R', &[0; 4]), whole(b'Z', b"I")].concat();
    let columns = whole(b'T', b"\0\x01a\0\0\0\0\0\0\0\0\0\0\0\x19\0\0\0\0\0\0\0\0");
    let zeros = [0; 4096];
    let sent = &["sent an oversized message (1.9 GB", "sent too much data"];
    against("announces at once", probe, &[&message(b'R', 1_999_999_999, &zeros)], &zeros, sent);
    against("announces an error", probe, &[&message(b'E', 1_999_999_999, &zeros)], &zeros, sent);
    let row = [columns.clone(), message(b'D', 1_999_999_999, &zeros)].concat();
    against("announces a row", probe, &[&greeting, &row], &zeros, sent);
    let value = whole(b'D', &[b"\0\x01\0\0\x03\xe8".as_slice(), &[b'['; 1000]].concat());
    against("endless rows", probe, &[&greeting, &columns], &value, &["sent too"]);
    let setting = whole(b'S', b"some_setting\0some value\0");
    against("endless settings", probe, &[&whole(b'R', &[0; 4])], &setting, &["sent too"]);
    let notice = whole(b'N', b"SNOTICE\0Mhello\0\0");
    against("endless notices", probe, &[&whole(b'R', &[0; 4])], &notice, &["sent too"]);
    silent_and_garbage(probe, &["not in the PostgreSQL protocol"]);
}

#[test]
fn both_ends_of_a_replication() {
    let probe = "kind = \"replication\"\nprimary = \"postgresql://u:p@ADDRESS/x?sslmode=disable\"\n\
                 replicas = [\"postgresql://u:p@ADDRESS/y?sslmode=disable\"]";
    let zeros = [0; 4096];
    against("announces", probe, &[&message(b'R', 1_999_999_999, &zeros)], &zeros, &["sent an oversized message"]);
    silent_and_garbage(probe, &["not in the PostgreSQL protocol"]);
}

#[test]
fn a_redis_server() {
    for url in ["redis://ADDRESS", "redis+sentinel://ADDRESS/mymaster", "redis-cluster://ADDRESS"] {
        let probe = format!("kind = \"redis\"\nurl = \"{url}\"");
        let zeros = [b'0'; 4096];
        against("announces", &probe, &[b"+OK\r\n$1999999999\r\n"], &zeros, &["sent an oversized message (1.9 GB"]);
        against("announces a list", &probe, &[b"*999999999\r\n"], b"+OK\r\n", &["sent an oversized list"]);
        against(
            "lists of lists",
            &probe,
            &[],
            b"*9999\r\n",
            &["sent too many values", "not in the Redis protocol", "closed the connection"],
        );
        against("a line without end", &probe, &[b"+"], &zeros, &["sent an oversized message"]);
    }
    silent_and_garbage("kind = \"redis\"\nurl = \"redis://ADDRESS\"", &["not in the Redis protocol"]);
}

#[test]
fn what_speaks_http() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
    let announced = b"HTTP/1.1 200 OK\r\nContent-Length: 1999999999\r\n\r\n";
    let header = b"HTTP/1.1 200 OK\r\n";
    let too_large = &[
        "too large",
        "larger than",
        "stopped reading at",
        "not JSON",
        "too many values",
        "not a metrics page",
        "does not answer as Prometheus",
    ];
    for probe in [
        "kind = \"http\"\nurl = \"http://ADDRESS/\"\njson = \"body.a == 1\"",
        "kind = \"prometheus\"\nserver = \"http://ADDRESS\"\nquery = \"up\"",
        "kind = \"metrics\"\nurl = \"http://ADDRESS/metrics\"\nerrors = 'a{b=\"c\"}'\ntotal = 'a'",
        "kind = \"statuspage\"\nurl = \"http://ADDRESS/x\"",
    ] {
        against("announces", probe, &[announced], &[b' '; 4096], too_large);
        against("endless", probe, &[head], b"[[0],[0],[0],[0]],", too_large);
        against("a list without end", probe, &[&[head.as_slice(), b"["].concat()], b"[0],", too_large);
        against(
            "headers without end",
            probe,
            &[header],
            b"X-More: and more\r\n",
            &["larger headers than are read here", "cannot "],
        );
        silent_and_garbage(probe, &["does not speak HTTP"]);
    }
    let many = format!("[{}0]", "[0],".repeat(200_000));
    let whole = [head.as_slice(), many.as_bytes()].concat();
    let server = lab::Scripted::start(whole);
    let probe = format!("kind = \"http\"\nurl = \"http://{}/\"\njson = \"size(body) == 1\"", server.address());
    harmless("many small values", &look(&probe), &["the body has too many values"]);
}

#[test]
fn an_api_server() {
    let folder = Folder::new();
    let kubeconfig = |address: &str| {
        let path = folder.path().join("kubeconfig");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts:\n- name: c\n  context: {{cluster: c, user: u}}\n\
             clusters:\n- name: c\n  cluster: {{server: 'http://{address}'}}\nusers:\n- name: u\n  user: {{token: t}}\n"
        );
        fs::write(&path, text).unwrap();
        format!("kind = \"kubernetes\"\nkubeconfig = \"file:{}\"\nnamespaces = [\"default\"]", path.display())
    };
    let list = b"HTTP/1.1 200 OK\r\n\r\n{\"metadata\":{},\"items\":[";
    let pods = |what: &str, answers: &[&[u8]], forever: &[u8], words: &[&str]| {
        let answers = answers.iter().map(|answer| answer.to_vec()).collect();
        let server = Hostile::start(Script { answers, forever: forever.to_vec() });
        harmless(what, &look(&kubeconfig(&server.address())), words);
    };
    pods("empty objects", &[list], b"{},", &["sent more than", "not a list of pods", "listing pods"]);
    let conditions = format!("{{\"status\":{{\"conditions\":[{}{{}}]}}}},", "{},".repeat(1000));
    pods(
        "objects of empty parts",
        &[list],
        conditions.as_bytes(),
        &["sent more than", "not a list of pods", "listing pods"],
    );
    let refusal = b"HTTP/1.1 500 Oops\r\n\r\n";
    pods("a refusal without end", &[refusal], b"no, ", &["127.0.0.1"]);
    pods("nonsense", &[], b"\x01\x02nonsense", &["does not speak HTTP"]);
    let silent = Hanging::start();
    harmless("silent", &look(&kubeconfig(&silent.address())), &["no answer"]);
}

#[test]
fn what_only_opens_a_connection() {
    silent_and_garbage("kind = \"tls\"\naddress = \"ADDRESS\"", &["does not speak TLS"]);
    let record = [b"\x16\x03\x03\x40\x00".as_slice(), &[11; 0x4000]].concat();
    against("records without end", "kind = \"tls\"\naddress = \"ADDRESS\"", &[], &record, &["TLS"]);
    let dns = "kind = \"dns\"\nname = \"a.example\"\nserver = \"ADDRESS\"";
    let silent = Hanging::start();
    harmless("no answer", &look(&dns.replace("ADDRESS", &silent.address())), &["127.0.0.1", "no answer"]);
}

#[test]
fn programs_that_print_without_end() {
    for (probe, words) in [
        ("kind = \"command\"\nrun = \"yes x\"", "the program is still running"),
        ("kind = \"command\"\nrun = \"yes '[0],' | head -c 9000\"\nformat = \"json\"", "is not JSON"),
        (
            "kind = \"command\"\nrun = \"printf '['; yes '[0],' | tr -d '\\\\n' | head -c 900000; printf '0]'\"\nformat = \"json\"",
            "too many values",
        ),
        ("kind = \"backup\"\ncommand = \"yes\"\nmax_age = \"1d\"", "no answer within"),
        ("kind = \"backup\"\ncommand = \"yes | head -c 20000000\"\nmax_age = \"1d\"", "the listing is too long"),
    ] {
        harmless(words, &look(probe), &[words]);
    }
}
