//! `runbook check`: what a run needs, looked at on this machine before it begins.

use std::{net::TcpListener, os::unix::fs::PermissionsExt};

use serde_json::Value;

use crate::home::{Home, Run};

/// A home with a runbook, and with programs in front of those of the machine.
fn home(front: &str, code: &str, programs: &[(&str, &str)]) -> Home {
    let home = Home::new();
    home.write("task.md", &format!("---\n{front}\n---\n# Task\n\n## Steps\n\n### 1. Step\n```bash\n{code}\n```\n"));
    for (name, script) in programs {
        let file = home.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(file, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", home.path("bin").display());
    home.with("PATH", &path)
}

fn check(home: &Home, more: &[&str]) -> (i32, Value) {
    let Run { code, out, err } = home.run(&[&["runbook", "check", "task.md", "--json"], more].concat());
    (code, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}")))
}

/// Verdict and message of what has this name.
fn need<'r>(report: &'r Value, name: &str) -> (&'r str, &'r str) {
    let needs = report["needs"].as_array().unwrap();
    let found = needs.iter().find(|need| need["name"] == name).unwrap_or_else(|| panic!("no {name} in {report:#}"));
    (found["verdict"].as_str().unwrap(), found["message"].as_str().unwrap())
}

#[test]
fn a_version_is_asked_for_and_is_unknown_without_an_answer() {
    for (required, script, code, verdict, message) in [
        ("helm >= 3", "echo v3.12.0+gc9f554d", 0, "ok", "version 3.12.0"),
        ("helm >= 3", "echo 'Client: v2.16.1+gbbdfe5e'", 69, "failed", "version 2.16.1"),
        ("helm >= 3", "echo hello", 3, "unknown", "printed no version"),
        ("helm >= 3", "echo v3.12.0; exit 1", 3, "unknown", "ended with exit code 1"),
        ("helm>=3", "echo v3.12.0", 0, "ok", "version 3.12.0"),
        ("helm", "exit 1", 0, "ok", "on the PATH"),
        ("mytool >= 2", "", 3, "unknown", "does not know how to ask for its version"),
        ("kubectl-neat", "", 69, "failed", "not on the PATH"),
        ("helm >= new", "echo v3.12.0", 3, "unknown", "not a requirement"),
    ] {
        let home = home(&format!("requires: [\"{required}\"]"), "true", &[("helm", script), ("mytool", "echo 3.0")]);
        let (ended, report) = check(&home, &[]);
        assert_eq!((ended, need(&report, required).0), (code, verdict), "{required} {script}: {report:#}");
        assert!(need(&report, required).1.contains(message), "{required} {script}: {report:#}");
    }
}

#[test]
fn every_program_that_is_called_here_is_looked_for() {
    let code = "step() { missing-one; }\nstep\nsudo missing-two -x\nssh db missing-there\ncat /etc/hostname | missing-three\n\
                ./below\n\"$TOOL\" now\nexport A=1";
    let home = home("estimated: 5m", code, &[("sudo", ""), ("ssh", "")]);
    let (ended, report) = check(&home, &[]);
    assert_eq!(ended, 69);
    for missing in ["missing-one", "missing-two", "missing-three"] {
        assert_eq!(need(&report, missing), ("failed", "not on the PATH of this machine"), "{report:#}");
    }
    for there in ["cat", "sudo", "ssh"] {
        assert_eq!(need(&report, there).0, "ok", "{report:#}");
    }
    assert_eq!((need(&report, "./below").0, need(&report, "$TOOL").0), ("unknown", "unknown"));
    let names: Vec<&str> =
        report["needs"].as_array().unwrap().iter().map(|need| need["name"].as_str().unwrap()).collect();
    assert!(!names.iter().any(|name| ["missing-there", "step", "export"].contains(name)), "{names:?}");
    // The worst stands first, in the table too.
    let table = home.run(&["runbook", "check", "task.md"]).out;
    assert!(table.starts_with("Task: 3 failed, "), "{table}");
    assert!(table.lines().nth(2).is_some_and(|row| row.starts_with("failed")), "{table}");
}

#[test]
fn a_credential_that_is_not_there_fails() {
    let secret = home("vars:\n  TOKEN:\n    prompt: Token\n    secret: true", "true", &[]);
    let (code, report) = check(&secret, &[]);
    assert_eq!((code, need(&report, "$TOKEN").0), (69, "failed"), "{report:#}");
    let (code, report) = check(&secret, &["--var", "TOKEN=s3cret-value"]);
    assert_eq!((code, need(&report, "$TOKEN")), (0, ("ok", "set")));
    assert!(!report.to_string().contains("s3cret-value"));
    assert_eq!(check(&secret.with("TOKEN", "s3cret-value"), &[]).0, 0);

    let home = Home::new();
    let probe = "[[probes]]\nid = \"main\"\npanel = \"db\"\nkind = \"postgres\"\nurl = \"env:SHOP_URL\"\n";
    let pack = home.pack("shop", probe);
    std::fs::write(pack.join("look.md"), "# Look\n\n## Steps\n\n### 1. Look\n```sql {db=main}\nSELECT 1;\n```\n")
        .unwrap();
    let run = home.run(&["--pack", "shop", "runbook", "check", "look"]);
    assert!(run.code == 69 && run.out.contains("environment variable SHOP_URL is not set"), "{run:?}");
    // Without a name, every runbook of the pack.
    let all = home.run(&["--pack", "shop", "runbook", "check"]);
    assert_eq!((all.code, all.out), (69, run.out));
}

#[test]
fn a_place_is_asked_and_nothing_is_left_behind() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let there = listener.local_addr().unwrap().to_string();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let code = format!(
        "curl -s http://{there}/health\nredis-cli -h 127.0.0.1 -p {} PING\npsql -h 127.0.0.1 -p {} -c 'SELECT 1'\nssh \"$NOBODY_KNOWS\"",
        gone.port(),
        gone.port()
    );
    let home = home("estimated: 5m", &code, &[("curl", ""), ("redis-cli", ""), ("psql", ""), ("ssh", "")]);
    let (ended, report) = check(&home, &[]);
    assert_eq!(ended, 69);
    assert_eq!(need(&report, &there), ("ok", format!("{there} accepts connections").as_str()), "{report:#}");
    for refused in [format!("Redis {gone}"), format!("database {gone}")] {
        let (verdict, message) = need(&report, &refused);
        assert!(verdict == "failed" && message.contains("refuse"), "{report:#}");
    }
    assert_eq!(need(&report, "where it acts").0, "unknown", "{report:#}");
    assert!(!home.path(".local/state/warroom/runs").exists());
}

#[test]
fn the_kube_context_that_is_pinned_has_to_answer() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let home = Home::new();
    let pack = home.pack("shop", "[environments.production]\nkube_context = \"prod\"\n");
    std::fs::write(pack.join("look.md"), "# Look\n\n## Steps\n\n### 1. Look\n```bash\nkubectl get pods\n```\n")
        .unwrap();
    let run = home.run(&["--pack", "shop", "runbook", "check", "look"]);
    assert!(run.code == 69 && run.out.contains("the kube context prod"), "{run:?}");
    home.write(
        ".kube/config",
        &format!(
            "apiVersion: v1\nkind: Config\nclusters: [{{name: c, cluster: {{server: \"http://{gone}\"}}}}]\n\
             users: [{{name: u, user: {{token: t}}}}]\ncontexts: [{{name: prod, context: {{cluster: c, user: u}}}}]\n"
        ),
    );
    let run = home.run(&["--pack", "shop", "runbook", "check", "look", "--json"]);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    let (verdict, message) = need(&report, "kube context prod");
    assert!(verdict == "failed" && message.contains("refuse"), "{report:#}");
}
