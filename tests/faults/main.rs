//! The main promise, end to end: whatever breaks on a real platform shows in the right probe with the right words,
//! in `warroom sweep` and on the board that the console draws, and clears again by itself.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking and says on standard error why it was skipped"
)]

#[path = "../lab/mod.rs"]
mod lab;

mod watch;

use std::time::Duration;

use lab::Stage;
use watch::Watch;

/// Far more than two intervals of the stage's pack: a bound for broken tests, not a measure of speed.
const SOON: Duration = Duration::from_secs(60);

/// A fault of the stage by its letter, and what it must show: probe, status, words of its sentence.
type Fault = (char, &'static [(&'static str, &'static str, &'static str)]);

const OF_THE_DATABASE: &[Fault] = &[
    ('r', &[("replica", "down", "connection refused"), ("replication", "down", "replica")]),
    ('p', &[("replication", "warn", "paused")]),
    ('c', &[("primary", "down", "connections")]),
    ('d', &[("primary", "down", "connection refused")]),
    ('b', &[("dump", "down", "")]),
];

const OF_SERVICES: &[Fault] = &[
    ('m', &[("redis", "down", "connection refused"), ("redis-replica", "down", "")]),
    ('e', &[("shop", "down", "500"), ("errors", "down", "%")]),
    ('h', &[("payments", "unknown", "no answer within 1 s")]),
    ('s', &[("payments-status", "down", "major")]),
];

const OF_THE_CLUSTER: &[Fault] =
    &[('k', &[("pods", "warn", "crashloop")]), ('a', &[("pods", "unknown", "connection refused")])];

/// Plays each fault, waits until both front doors say so, mends it, waits until both are content again.
fn show_and_clear(faults: &[Fault]) {
    let mut stage = Stage::start();
    let watch = Watch::start(&stage.pack());
    for (letter, signs) in faults {
        for (probe, ..) in *signs {
            watch.wait_for(probe, "ok", "", SOON);
        }
        stage.play(*letter).unwrap();
        for (probe, status, words) in *signs {
            watch.wait_for(probe, status, words, SOON);
        }
        stage.play(*letter).unwrap();
        for (probe, ..) in *signs {
            watch.wait_for(probe, "ok", "", SOON);
        }
    }
}

#[test]
fn database_faults_show_in_words_and_clear() {
    lab::require!(lab::POSTGRES, lab::REDIS, lab::PROMETHEUS);
    show_and_clear(OF_THE_DATABASE);
}

#[test]
fn service_faults_show_in_words_and_clear() {
    lab::require!(lab::POSTGRES, lab::REDIS, lab::PROMETHEUS);
    show_and_clear(OF_SERVICES);
}

#[test]
fn cluster_faults_show_in_words_and_clear() {
    lab::require!(lab::POSTGRES, lab::REDIS, lab::PROMETHEUS, lab::KUBERNETES);
    show_and_clear(OF_THE_CLUSTER);
}
