//! The main promise, end to end: whatever breaks on a real platform shows in the right probe with the right words,
//! in `warroom sweep` and in the right panel of the console, within two looks, and clears again by itself.

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

mod screen;
mod watch;

use std::time::{Duration, Instant};

use lab::Stage;
use warroom::host::clock;
use watch::{Sign, Watch};

/// Far more than two intervals of the stage's pack: a bound for broken tests, not a measure of speed.
const SOON: Duration = Duration::from_secs(60);

/// A fault of the stage by its letter, and what it must show.
type Fault = (char, &'static [Sign]);

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

/// Plays each fault, waits until every front door says so, mends it, waits until all are content again. Two intervals of
/// time are two looks that begin after the fault: one of them must have seen it.
fn show_and_clear(faults: &[Fault]) {
    let mut stage = Stage::start();
    let watch = Watch::start(&stage.pack());
    let well = |signs: &[Sign]| {
        for (probe, ..) in signs {
            watch.wait_for((probe, "ok", ""), Instant::now(), SOON);
        }
    };
    for (letter, signs) in faults {
        well(signs);
        let fault = stage.play(*letter).unwrap();
        let (since, start) = (clock::now(), Instant::now());
        for sign in *signs {
            let (swept, drawn) = watch.wait_for(*sign, start, SOON);
            let (sweeps, looks) = (watch.sweeps_until(*sign, since), watch.looks_until(*sign, since));
            let every = watch.every(sign.0);
            println!(
                "{fault}: {} {} on the screen within {drawn:.1?} (look {looks}, every {every:?}), in sweep {sweeps} within {swept:.1?}",
                sign.0, sign.1,
            );
            assert!(looks <= 2, "{fault}: {} was seen by look {looks} only", sign.0);
            assert!(sweeps <= 2, "{fault}: {} was seen by sweep {sweeps} only", sign.0);
        }
        stage.play(*letter).unwrap();
        well(signs);
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
