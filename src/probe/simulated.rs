//! The probe of a simulated platform: it says what the scenario says at this moment.
//!
//! Details are the scenario's, with the field names of the probe kind that stands in the pack. A look takes as long as the
//! scenario says, so that slow and hanging targets are seen as such.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::Value;

use super::{Inquiry, Look, Probe};
use warroom_domain::{
    health::{Observation, Status, Unit, quantity},
    platform::{Saying, Scenario, ScenarioStatus},
};
use warroom_host::clock;

/// A simulated platform in progress, shared by all its probes.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// Offsets of the scenarios count from here.
    pub started_at: Timestamp,
    /// The pack's scenarios, by id.
    pub scenarios: IndexMap<String, Arc<Scenario>>,
}

impl Simulation {
    /// Time since the start at `now`; zero before it.
    fn elapsed(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.started_at)).unwrap_or_default()
    }
}

/// See the module.
#[derive(Debug)]
pub struct SimulatedProbe {
    probe: String,
    /// The sentence to say when there is nothing to look at.
    stage: Result<Stage, String>,
}

#[derive(Debug)]
struct Stage {
    simulation: Simulation,
    scenario: Arc<Scenario>,
}

impl SimulatedProbe {
    /// `probe` is the id by which the scenario knows it.
    pub fn new(probe: &str, scenario: &str, simulation: Option<&Simulation>) -> Self {
        let stage = match simulation {
            None => Err("no simulation is running".to_owned()),
            Some(simulation) => match simulation.scenarios.get(scenario) {
                Some(found) => Ok(Stage { simulation: simulation.clone(), scenario: found.clone() }),
                None => Err(format!("the pack has no scenario {scenario:?}")),
            },
        };
        SimulatedProbe { probe: probe.to_owned(), stage }
    }

    async fn look(&self, look: &Look) -> Observation {
        let stage = match &self.stage {
            Ok(stage) => stage,
            Err(cause) => return Observation::unknown(cause.clone()),
        };
        let elapsed = stage.simulation.elapsed(look.at);
        let Some(said) = stage.scenario.say(&self.probe, stage.simulation.started_at, elapsed) else {
            return Observation::unknown("the scenario says nothing of this probe");
        };
        look.stage(said.waiting_for.clone());
        tokio::time::sleep(said.latency).await;
        observation(said)
    }

    fn answer(&self, inquiry: &Inquiry, now: Timestamp) -> Result<Value, String> {
        let stage = self.stage.as_ref().map_err(Clone::clone)?;
        let elapsed = stage.simulation.elapsed(now);
        match inquiry {
            Inquiry::Pods => stage
                .scenario
                .pods(&self.probe, stage.simulation.started_at, elapsed)
                .map(Value::Array)
                .ok_or_else(|| "the scenario lists no pods for this probe".to_owned()),
            Inquiry::PodLog { pod, previous, lines, .. } => {
                let log = stage.scenario.log(&self.probe, elapsed, pod, *previous).ok_or_else(|| {
                    let which = if *previous { "log before the last restart" } else { "log" };
                    format!("the scenario has no {which} of pod {pod}")
                })?;
                let wanted = usize::try_from(*lines).unwrap_or(usize::MAX);
                Ok(Value::from(log[log.len().saturating_sub(wanted)..].join("\n")))
            }
        }
    }
}

impl Probe for SimulatedProbe {
    fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation> {
        Box::pin(self.look(look))
    }

    fn inquire<'a>(&'a self, inquiry: &'a Inquiry) -> BoxFuture<'a, Result<Value, String>> {
        Box::pin(async move { self.answer(inquiry, clock::now()) })
    }
}

fn observation(said: Saying) -> Observation {
    let verdict = match said.status {
        ScenarioStatus::Ok => Status::Ok,
        ScenarioStatus::Warn => Status::Warn,
        ScenarioStatus::Unknown => Status::Unknown,
        ScenarioStatus::Down => Status::Down,
    };
    let unit = said.unit.as_deref().map(Unit::parse);
    let shown = said.value.map(|value| quantity(value, unit.as_ref())).unwrap_or_default();
    let mut seen = Observation::new(verdict, said.summary.replace("{value}", &shown));
    seen.value = said.value;
    seen.unit = said.value.and(unit);
    seen.details = said.details;
    match said.exposure {
        Some((source, loss, verified)) => seen.with_exposure(source, loss, verified),
        None => seen,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn simulation(scenario: &str) -> Simulation {
        let (scenario, diagnostics) = Scenario::parse("drills/x.toml", scenario);
        assert_eq!(diagnostics, []);
        let scenarios = [("x".to_owned(), Arc::new(scenario.unwrap()))].into_iter().collect();
        Simulation { started_at: "2026-01-15T14:00:00Z".parse().unwrap(), scenarios }
    }

    fn look_at(simulation: &Simulation, seconds: i64) -> Look {
        let at = simulation.started_at + jiff::SignedDuration::from_secs(seconds);
        Look::new(Duration::from_secs(1), at, false)
    }

    const HANGING: &str = r#"
        scenario = { id = "x", title = "X", duration = "1m" }
        [probes.primary]
        status = "ok"
        value = 4.26
        unit = "ms"
        summary = "answers in {value}"
        exposure = { source = "replica r1", loss_seconds = 2, verified = false }
        details.connections.used = 42
        [[events]]
        at = "10s"
        probe = "primary"
        latency_ms = 60000
        waiting_for = "db:5432 accepts and does not answer"
    "#;

    #[tokio::test(start_paused = true)]
    async fn what_the_scenario_says_is_what_is_observed() {
        let simulation = simulation(HANGING);
        let probe = SimulatedProbe::new("primary", "x", Some(&simulation));
        let seen = probe.observe(&look_at(&simulation, 5)).await;
        assert_eq!(seen.summary, "answers in 4.3 ms");
        assert_eq!((seen.value, seen.unit), (Some(4.26), Some(Unit::Milliseconds)));
        assert_eq!(Value::Object(seen.details), json!({"connections": {"used": 42}}));
        let exposure = seen.exposure.unwrap();
        assert_eq!((exposure.loss, exposure.verified), (Duration::from_secs(2), false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_target_that_hangs_in_the_scenario_hangs_in_the_look() {
        let simulation = simulation(HANGING);
        let probe = SimulatedProbe::new("primary", "x", Some(&simulation));
        let look = look_at(&simulation, 10);
        assert!(tokio::time::timeout(Duration::from_secs(3), probe.observe(&look)).await.is_err());
        assert_eq!(look.last_stage(), "db:5432 accepts and does not answer");
    }

    #[tokio::test]
    async fn what_is_missing_is_unknown_and_says_what() {
        let simulation = simulation(HANGING);
        let cases = [
            (SimulatedProbe::new("redis", "x", Some(&simulation)), "the scenario says nothing of this probe"),
            (SimulatedProbe::new("primary", "y", Some(&simulation)), "the pack has no scenario \"y\""),
            (SimulatedProbe::new("primary", "x", None), "no simulation is running"),
        ];
        for (probe, sentence) in cases {
            let seen = probe.observe(&look_at(&simulation, 1)).await;
            assert_eq!((seen.verdict, seen.summary.as_str()), (Status::Unknown, sentence));
        }
    }
}
