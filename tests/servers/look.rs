//! Looks at one target as a sweep does, and checks what a user reads.

use std::{path::PathBuf, sync::Arc, time::Duration};

use warroom::{
    health::{Reading, Status},
    host::secret::SecretStore,
    platform::{Environment, OnTimeout, ProbeSpec, ProbeTarget, kinds::kind_named},
    probe::{Scheduled, Surroundings, build, look_once},
};

/// A spec without thresholds: what a reading says is the kind's own verdict. Bounds are generous for a busy machine.
pub(crate) fn spec(target: ProbeTarget) -> ProbeSpec {
    ProbeSpec {
        id: "target".to_owned(),
        title: "target".to_owned(),
        panel: "targets".to_owned(),
        component: None,
        target,
        every: Duration::from_secs(5),
        timeout: Duration::from_secs(10),
        connect_timeout: Duration::from_secs(5),
        warn: None,
        down: None,
        on_timeout: OnTimeout::Unknown,
        confirm: 2,
    }
}

/// The same with so little time that a silent target runs out of it at once.
pub(crate) fn impatient(target: ProbeTarget) -> ProbeSpec {
    let (timeout, connect_timeout) = (Duration::from_millis(600), Duration::from_secs(2));
    ProbeSpec { timeout, connect_timeout, ..spec(target) }
}

/// One look by the scheduler, time limit included.
pub(crate) async fn with(spec: ProbeSpec) -> Reading {
    let surroundings = Surroundings {
        environment: Environment::default(),
        base: PathBuf::new(),
        secrets: Arc::new(SecretStore::new("")),
        simulation: None,
    };
    let kind = kind_named(spec.target.kind()).unwrap();
    let probe = Arc::from(build(&spec, &surroundings));
    let reading = look_once(&[Scheduled { spec: Arc::new(spec), probe }]).await.remove(0);
    // What a pack's thresholds are checked against is what readings have.
    let unknown =
        reading.details.keys().find(|name| !kind.details.is_empty() && !kind.details.contains(&name.as_str()));
    assert_eq!(unknown, None, "a detail of {} probes that src/platform/kinds.rs does not know", kind.word);
    reading
}

/// [`with`] the usual spec.
pub(crate) async fn at(target: ProbeTarget) -> Reading {
    with(spec(target)).await
}

/// Fails with the whole reading unless it has this status and its summary contains `words`.
#[track_caller]
pub(crate) fn expect(reading: &Reading, status: Status, words: &str) {
    assert!(
        reading.status == status && reading.summary.contains(words),
        "expected {status} with \"{words}\", but it says {}: {}\n{:#?}",
        reading.status,
        reading.summary,
        reading.details
    );
}
