//! `warroom sweep` against a shell health check of the same targets.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    Row,
    lab::{Proxy, Stage, binary},
    median, process,
};

/// The usual health check of a runbook: one request after the other.
const SCRIPT: &str = r#"#!/bin/bash
echo "Starting health check..."
curl -fsS "$SHOP" >/dev/null || echo "App health check failed"
pg_isready -h 127.0.0.1 -p "$PG_PORT" >/dev/null || echo "Database not ready"
redis-cli -p "$REDIS_PORT" ping | grep -q PONG || echo "Redis not responding"
curl -fsS "$VENDOR" >/dev/null || echo "Payment provider unreachable"
echo "Health check completed"
"#;

pub(crate) fn rows() -> Vec<Row> {
    let stage = Stage::start();
    let mut rows = Vec::new();
    for (where_, delay) in [("on loopback", 0), ("over 20 ms of network each way", 20)] {
        let far = |port| Proxy::delayed(port, Duration::from_millis(delay));
        let (shop, vendor) = (far(stage.shop().port()), far(stage.shop().port()));
        let (database, redis) = (far(stage.primary().port()), far(stage.redis().port()));
        let script = stage.folder().join("health-check.sh");
        fs::write(&script, SCRIPT).unwrap();
        let check = || {
            let mut command = Command::new("bash");
            command.arg(&script).env("SHOP", format!("http://{}/health", shop.address()));
            command.env("VENDOR", format!("http://{}/order", vendor.address()));
            command.env("PG_PORT", database.port().to_string()).env("REDIS_PORT", redis.port().to_string());
            let output = command.output().unwrap();
            assert_eq!(
                String::from_utf8_lossy(&output.stdout).lines().count(),
                2,
                "the health check finds the lab well"
            );
        };
        let probes = format!(
            "[[probes]]\nid = \"shop\"\nkind = \"http\"\nurl = \"http://{}/health\"\n\n\
             [[probes]]\nid = \"database\"\nkind = \"postgres\"\nurl = \"{}\"\n\n\
             [[probes]]\nid = \"redis\"\nkind = \"redis\"\nurl = \"redis://{}\"\n\n\
             [[probes]]\nid = \"vendor\"\nkind = \"http\"\nurl = \"http://{}/order\"\n",
            shop.address(),
            stage.primary().password_url().replace(&stage.primary().address(), &database.address()),
            redis.address(),
            vendor.address(),
        );
        let (_folder, pack) = process::pack(&probes);
        let peer = timed(check);
        let ours = timed(|| {
            sweep(&pack);
        });
        rows.push(Row::faster_than(&format!("sweep of 4 targets {where_}, against a shell script"), 5.0, peer, ours));
    }
    let over: Vec<f64> = (0..9)
        .map(|_| {
            let start = Instant::now();
            let found = sweep(&stage.pack());
            let wall = start.elapsed().as_secs_f64() * 1e3;
            let latencies = found["probes"].as_array().unwrap().iter().filter_map(|probe| probe["latency_ms"].as_f64());
            wall - latencies.fold(0.0, f64::max)
        })
        .collect();
    rows.push(Row::at_most("sweep of all kinds: wall time beyond the slowest probe", 100.0, median(over), "ms"));
    rows
}

fn sweep(pack: &Path) -> Value {
    let mut command = Command::new(binary());
    command.args(["sweep", "--format", "json", "--pack"]).arg(pack).stdin(Stdio::null());
    let output = command.output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("sweep printed no JSON ({error}): {}", String::from_utf8_lossy(&output.stderr));
    })
}

/// Milliseconds, the median of several runs after a first one that warms the caches.
fn timed(run: impl Fn()) -> f64 {
    run();
    median(
        (0..15)
            .map(|_| {
                let start = Instant::now();
                run();
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect(),
    )
}
