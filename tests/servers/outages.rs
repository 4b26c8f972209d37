//! What goes wrong on real servers is seen by `warroom sweep`, in the right probe, in the right words, and clears again.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::lab::{self, Stage};

/// Fault, the probe that must notice, the statuses it may have, and words of its summary (one of them must be there).
const OUTAGES: [(char, &str, &[&str], &[&str]); 14] = [
    ('d', "primary", &["down"], &["refused"]),
    ('r', "replica", &["down"], &["refused"]),
    ('r', "replication", &["warn", "down"], &["replica", "refused"]),
    ('p', "replication", &["warn", "down"], &["paused"]),
    ('c', "primary", &["warn", "down"], &["connection"]),
    ('m', "redis", &["down"], &["refused"]),
    ('m', "redis-replica", &["warn", "down"], &["link", "master"]),
    ('e', "shop", &["down"], &["500"]),
    ('h', "payments", &["unknown"], &["no answer"]),
    ('k', "pods", &["warn", "down"], &["CrashLoopBackOff", "crash"]),
    ('a', "pods", &["down", "unknown"], &["refused"]),
    ('b', "dump", &["warn", "down"], &["checksum", "truncated", "smaller", "readable", "cut"]),
    ('s', "payments-status", &["warn", "down"], &["Outage", "incident", "payments"]),
    ('e', "errors", &["down"], &["%"]),
];

#[test]
fn every_outage_is_seen_by_the_sweep_and_clears_again() {
    lab::require!(lab::POSTGRES, lab::REDIS, lab::PROMETHEUS, lab::KUBERNETES);
    let mut stage = Stage::start();
    let pack = stage.pack();
    lab::wait_until("the whole lab is well", Duration::from_secs(30), || {
        let found = sweep(&pack, &[]);
        let bad: Vec<_> = probes(&found).filter(|probe| probe["status"] != "ok").map(ToString::to_string).collect();
        if !bad.is_empty() {
            println!("not well yet: {}", bad.join("\n"));
        }
        bad.is_empty()
    });
    for (fault, id, statuses, words) in OUTAGES {
        stage.play(fault).unwrap();
        let mut last = String::new();
        lab::wait_until(&format!("{id} notices fault {fault}"), Duration::from_secs(20), || {
            let found = sweep(&pack, &[id]);
            let probe = &found["probes"][0];
            let (status, summary) = (probe["status"].as_str().unwrap(), probe["summary"].as_str().unwrap());
            let line = format!("{fault} {id}: {status}: {summary}");
            if line != last {
                println!("{line}");
            }
            last = line;
            statuses.contains(&status) && words.iter().any(|word| summary.contains(word))
        });
        stage.play(fault).unwrap();
        lab::wait_until(&format!("{id} is well again"), Duration::from_secs(30), || {
            sweep(&pack, &[id])["probes"][0]["status"] == "ok"
        });
    }
}

fn probes(found: &Value) -> impl Iterator<Item = &Value> {
    found["probes"].as_array().unwrap().iter()
}

fn sweep(pack: &std::path::Path, only: &[&str]) -> Value {
    let mut command = Command::new(lab::binary());
    command.args(["sweep", "--format", "json", "--pack"]).arg(pack).stdin(Stdio::null());
    for id in only {
        command.args(["--only", id]);
    }
    let output = command.output().unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("no JSON ({error}): {}", String::from_utf8_lossy(&output.stderr)))
}
