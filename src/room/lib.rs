//! One opened platform: pack, environment, probes and health wired together. Headless; both front ends use it.

pub mod card;
pub mod check;
mod identity;
pub mod incident;
mod monitor;
pub mod run;
pub mod runbooks;
pub mod settings;
mod sweep;

use std::{path::PathBuf, sync::Arc};

pub use identity::responder;
pub use monitor::Monitor;
pub use sweep::{Sweep, SweepAlert};

use jiff::Timestamp;

use warroom_domain::platform::{Environment, Pack, ProbeSpec};
use warroom_host::{clock, secret::SecretStore};
use warroom_probe::{self as probe, Scheduled, Simulation, Surroundings};

/// A platform pack and the environment that was chosen in it.
#[derive(Debug, Clone)]
pub struct Room {
    pub pack: Arc<Pack>,
    /// Name of the environment; empty when the pack has none.
    pub environment_name: String,
    pub environment: Environment,
    surroundings: Surroundings,
}

impl Room {
    /// `base` is the pack's folder, where its relative paths start; empty for an embedded pack.
    /// The room's pack has the probes as they are in the environment.
    pub fn new(pack: Pack, environment_name: &str, base: impl Into<PathBuf>) -> Self {
        let pack = pack.in_environment(environment_name);
        let environment = pack.environments.get(environment_name).cloned().unwrap_or_default();
        let base = base.into();
        let simulation = Simulation { started_at: clock::now(), scenarios: pack.scenarios.clone() };
        let surroundings = Surroundings {
            environment: environment.clone(),
            secrets: Arc::new(SecretStore::new(&base)),
            base,
            simulation: Some(simulation),
        };
        Room { pack: Arc::new(pack), environment_name: environment_name.to_owned(), environment, surroundings }
    }

    /// The same with its environment protected, whatever the pack says.
    pub fn protected(mut self) -> Self {
        self.environment.protected = true;
        self
    }

    /// Moves the start of the pack's scenarios, which is otherwise the moment when the room was made.
    pub fn with_simulation_since(mut self, started_at: Timestamp) -> Self {
        if let Some(simulation) = &mut self.surroundings.simulation {
            simulation.started_at = started_at;
        }
        self
    }

    /// The kube contexts that the environments of the pack pin.
    fn pinned_contexts(&self) -> Vec<String> {
        self.pack.environments.values().filter_map(|environment| environment.kube_context.clone()).collect()
    }

    /// Starts to look at every probe. Must be called inside a tokio runtime.
    pub fn monitor(&self) -> Monitor {
        Monitor::start(self.scheduled(|_| true))
    }

    /// Looks once at every probe that `wanted` accepts.
    pub async fn sweep(&self, wanted: impl Fn(&ProbeSpec) -> bool) -> Sweep {
        Sweep::run(self, self.scheduled(wanted)).await
    }

    fn scheduled(&self, wanted: impl Fn(&ProbeSpec) -> bool) -> Vec<Scheduled> {
        let specs = self.pack.probes.iter().filter(|spec| wanted(spec));
        specs
            .map(|spec| Scheduled {
                spec: Arc::new(spec.clone()),
                probe: probe::build(spec, &self.surroundings).into(),
            })
            .collect()
    }
}
