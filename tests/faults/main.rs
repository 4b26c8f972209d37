//! The main promise, end to end: whatever breaks on a real platform shows in the right probe with the right words,
//! in `warroom sweep` and on the console's own board, and clears again by itself.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says on standard error why it was skipped"
)]

#[path = "../lab/mod.rs"]
mod lab;

mod platform;
mod watch;

use std::time::Duration;

use lab::Answer;
use platform::{Platform, pods};
use watch::Watch;

/// Far more than two intervals of the platform's pack (1 s): a bound for broken tests, not a measure of speed.
const SOON: Duration = Duration::from_secs(45);

/// Breaks something, waits until both front doors say so, mends it, waits until both are content again.
#[track_caller]
fn shows_and_clears(
    platform: &mut Platform,
    watch: &mut Watch,
    probe: &str,
    status: &str,
    words: &str,
    change: impl FnOnce(&mut Platform),
    mend: impl FnOnce(&mut Platform),
) {
    watch.wait_for(probe, "ok", "", SOON);
    change(platform);
    watch.wait_for(probe, status, words, SOON);
    mend(platform);
    watch.wait_for(probe, "ok", "", SOON);
}

#[test]
fn database_faults_show_in_words_and_clear() {
    lab::require!(lab::POSTGRES, lab::REDIS, lab::PROMETHEUS, lab::KUBERNETES);
    let mut platform = Platform::start();
    let mut watch = Watch::start(&platform.pack());
    shows_and_clears(
        &mut platform,
        &mut watch,
        "replication",
        "down",
        "replica",
        |platform| platform.replica.stop(),
        |platform| platform.replica.run(),
    );
    shows_and_clears(
        &mut platform,
        &mut watch,
        "replication",
        "warn",
        "paused",
        |platform| platform.replica.pause_replay(),
        |platform| platform.replica.resume_replay(),
    );
    let held = platform.primary.fill_connections(0);
    watch.wait_for("primary", "down", "connections", SOON);
    drop(held);
    watch.wait_for("primary", "ok", "", SOON);
    shows_and_clears(
        &mut platform,
        &mut watch,
        "primary",
        "down",
        "connection refused",
        |platform| platform.primary.stop(),
        |platform| platform.primary.run(),
    );
}

#[test]
fn service_faults_show_in_words_and_clear() {
    lab::require!(lab::POSTGRES, lab::REDIS, lab::PROMETHEUS, lab::KUBERNETES);
    let mut platform = Platform::start();
    let mut watch = Watch::start(&platform.pack());
    shows_and_clears(
        &mut platform,
        &mut watch,
        "redis",
        "down",
        "connection refused",
        |platform| platform.redis.stop(),
        |platform| platform.redis.run(),
    );
    shows_and_clears(
        &mut platform,
        &mut watch,
        "portal",
        "down",
        "500",
        |platform| platform.web.on("/health", Answer::new(500, "out of order")),
        |platform| platform.web.on("/health", Answer::text("fine")),
    );
    shows_and_clears(
        &mut platform,
        &mut watch,
        "prometheus",
        "down",
        "connection refused",
        |platform| platform.prometheus.stop(),
        |platform| platform.prometheus.run(),
    );
}

#[test]
fn cluster_faults_show_in_words_and_clear() {
    lab::require!(lab::POSTGRES, lab::REDIS, lab::PROMETHEUS, lab::KUBERNETES);
    let mut platform = Platform::start();
    let mut watch = Watch::start(&platform.pack());
    shows_and_clears(
        &mut platform,
        &mut watch,
        "pods",
        "warn",
        "crashloop",
        |platform| platform.kubernetes.pod_status("default", pods()[0], lab::waiting("CrashLoopBackOff", 4)),
        |platform| platform.kubernetes.pod_status("default", pods()[0], lab::running()),
    );
    shows_and_clears(
        &mut platform,
        &mut watch,
        "pods",
        "unknown",
        "connection refused",
        |platform| platform.kubernetes.stop(),
        |platform| platform.kubernetes.run(),
    );
}
