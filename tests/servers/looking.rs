//! Looking at one target again and again with the same probe, as the scheduler does.

use std::{sync::Arc, time::Duration};

use warroom::{
    health::{Observation, Reading, Status},
    host::{clock, secret::SecretStore},
    platform::{Environment, Expression, ProbeSpec, ProbeTarget, kinds::kind_named},
    probe::{Look, Probe, Surroundings, build},
};

use crate::{lab, look};

/// A probe under test.
pub(crate) struct Looking {
    probe: Box<dyn Probe>,
    timeout: Duration,
}

impl Looking {
    pub(crate) fn at(target: ProbeTarget) -> Looking {
        Self::within(target, Duration::from_secs(10))
    }

    /// With a time limit of its own on each look.
    pub(crate) fn within(target: ProbeTarget, timeout: Duration) -> Looking {
        let spec = ProbeSpec { timeout, ..look::spec(target) };
        let surroundings = Surroundings {
            environment: Environment::default(),
            base: std::env::temp_dir(),
            secrets: Arc::new(SecretStore::new("")),
            simulation: None,
        };
        Looking { probe: build(&spec, &surroundings), timeout }
    }

    /// One look. A look that runs into its time limit is `unknown` with the last stage, as the scheduler has it.
    pub(crate) async fn look(&self) -> Observation {
        let look = Look::new(Duration::from_secs(2), clock::now(), false);
        match tokio::time::timeout(self.timeout, self.probe.observe(&look)).await {
            Ok(seen) => seen,
            Err(_) => Observation::unknown(format!("no answer: {}", look.last_stage())),
        }
    }

    /// Looks until the condition holds, and gives back what was seen.
    pub(crate) async fn until(&self, what: &str, condition: impl Fn(&Observation) -> bool) -> Observation {
        let seen = std::sync::Mutex::new(None);
        lab::wait_until_async(what, Duration::from_secs(20), || async {
            let observation = self.look().await;
            let holds = condition(&observation);
            *seen.lock().unwrap() = Some(observation);
            holds
        })
        .await;
        seen.into_inner().unwrap().unwrap()
    }
}

/// One look judged by the thresholds that the kind has when a pack gives none.
pub(crate) async fn judged(target: ProbeTarget) -> Reading {
    let kind = kind_named(target.kind()).expect("every kind has its defaults");
    let compiled = |source: Option<&str>| source.map(|source| Expression::compile(source).unwrap().optional());
    let (warn, down) = (compiled(kind.warn), compiled(kind.down));
    look::with(ProbeSpec { warn, down, ..look::spec(target) }).await
}

/// A number in the details, by JSON pointer.
pub(crate) fn number(seen: &Observation, pointer: &str) -> f64 {
    let details = serde_json::Value::Object(seen.details.clone());
    details
        .pointer(pointer)
        .and_then(serde_json::Value::as_f64)
        .unwrap_or_else(|| panic!("no {pointer} in {details:#}"))
}

/// Fails unless the kind's own verdict is this and its sentence contains `words`.
#[track_caller]
pub(crate) fn assert_said(seen: &Observation, status: Status, words: &str) {
    assert_eq!(seen.verdict, status, "{}", seen.summary);
    assert!(seen.summary.contains(words), "`{words}` is not in `{}`", seen.summary);
}
