//! What the console knows of its platform from the start.

use std::{sync::Arc, time::Duration};

use warroom_domain::platform::{Environment, Pack};
use warroom_room::Room;

/// What does not change while the console runs.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub pack: Arc<Pack>,
    pub platform: String,
    pub environment: String,
    pub protected: bool,
    /// True when the readings come from a scenario instead of real targets.
    pub simulated: bool,
    pub read_only: bool,
    /// Who sits here: `alice@bastion-1`.
    pub by: String,
    /// The environment that was chosen, with the values that it pins.
    pub place: Environment,
    /// Components with an objective, in the pack's order.
    pub objectives: Vec<Objective>,
    /// Severity levels, the gravest first.
    pub severities: Vec<String>,
}

/// The recovery objectives of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objective {
    pub component: String,
    pub rto: Option<Duration>,
    pub rpo: Option<Duration>,
}

impl Facts {
    pub fn of(room: &Room, read_only: bool, by: &str) -> Facts {
        let pack = &room.pack;
        Facts {
            pack: pack.clone(),
            by: by.to_owned(),
            platform: if pack.name.is_empty() { pack.title.clone() } else { pack.name.clone() },
            environment: room.environment_name.clone(),
            protected: room.environment.protected,
            simulated: pack.is_simulated(),
            read_only,
            place: room.environment.clone(),
            objectives: pack
                .components
                .iter()
                .filter(|c| c.rto.is_some() || c.rpo.is_some())
                .map(|c| Objective { component: c.id.clone(), rto: c.rto, rpo: c.rpo })
                .collect(),
            severities: pack.severities.iter().map(|s| s.level.clone()).collect(),
        }
    }

    /// How grave a severity is, 0 the gravest. Severities that the pack does not list come last, by name.
    pub fn rank<'a>(&self, severity: &'a str) -> (usize, &'a str) {
        let listed = self.severities.iter().position(|s| s == severity);
        (listed.unwrap_or(self.severities.len()), severity)
    }
}
