//! The outage that the demo plays, from its first second to its last, without a clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use warroom::{
    health::{Board, Happening, Status, judge},
    host::{
        packs::{MANIFEST, PackFolder},
        secret::SecretStore,
    },
    platform::{self, DiagnosticSeverity, Environment, Pack},
    probe::{Look, Probe, Simulation, Surroundings, build},
};

fn pack() -> Pack {
    let folder = PackFolder::embedded("dotmac").unwrap();
    let loaded = platform::parse(&folder.display(MANIFEST), &folder.read(MANIFEST).unwrap(), &folder.files());
    let errors: Vec<_> = loaded
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == DiagnosticSeverity::Error)
        .map(ToString::to_string)
        .collect();
    assert_eq!(errors, [""; 0]);
    loaded.pack.unwrap().simulated("primary-outage")
}

/// One second of the demo: what happened, and the board afterwards.
async fn play(until: i64, mut each: impl FnMut(i64, &[Happening], &Board, Timestamp)) {
    let pack = pack();
    let started_at: Timestamp = "2026-01-15T14:00:00Z".parse().unwrap();
    let surroundings = Surroundings {
        environment: Environment::default(),
        base: PathBuf::new(),
        secrets: Arc::new(SecretStore::new("")),
        simulation: Some(Simulation { started_at, scenarios: pack.scenarios.clone() }),
    };
    let probes: Vec<Box<dyn Probe>> = pack.probes.iter().map(|spec| build(spec, &surroundings)).collect();
    let mut board = Board::new(&pack);
    for second in 0..=until {
        let now = started_at + SignedDuration::from_secs(second);
        let mut happened = Vec::new();
        for (spec, probe) in pack.probes.iter().zip(&probes) {
            if second % i64::try_from(spec.every.as_secs()).unwrap() == 0 {
                let seen = probe.observe(&Look::new(Duration::from_secs(1), now, false)).await;
                happened.extend(board.apply(judge(spec, seen, now, Duration::from_millis(5))));
            }
        }
        happened.extend(board.tick(now));
        each(second, &happened, &board, now);
    }
}

#[tokio::test(start_paused = true)]
async fn the_outage_unfolds_fires_its_alerts_and_ends_with_everything_well() {
    let mut fired = BTreeSet::new();
    let mut worst = Status::Ok;
    play(420, |second, happened, board, now| {
        for happening in happened {
            if let Happening::AlertFired { alert, .. } = happening {
                fired.insert(alert.clone());
            }
        }
        worst = worst.max(board.status(now));
        for probe in board.probes() {
            if let Some(reading) = probe.latest() {
                assert_ne!(reading.status, Status::Unknown, "at {second} s {}: {}", reading.probe, reading.summary);
            }
        }
        if second == 14 || second == 420 {
            let unwell: Vec<_> = board
                .probes()
                .filter(|probe| probe.status(now) != Status::Ok)
                .map(|probe| (&probe.spec.id, probe.summary(now)))
                .collect();
            assert!(unwell.is_empty(), "at {second} s: {unwell:?}");
        }
    })
    .await;
    assert_eq!(worst, Status::Down);
    let expected = ["application-down", "database-down", "pool-saturated"].map(str::to_owned);
    assert_eq!(fired, BTreeSet::from(expected));
}

#[tokio::test(start_paused = true)]
async fn while_the_primary_is_gone_the_exposure_is_what_the_replica_did_not_get() {
    play(120, |second, _, board, now| {
        let exposures = board.exposures(now);
        let database = exposures.iter().find(|exposure| exposure.component == "database").unwrap();
        let loss = database.loss.unwrap().as_secs();
        match second {
            10 => assert!(loss < 2, "{loss} s"),
            119 => assert!((60..75).contains(&loss), "{loss} s"),
            _ => {}
        }
    })
    .await;
}
