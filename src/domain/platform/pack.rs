//! The data of a platform pack, as it stands after validation.

use std::{collections::HashSet, sync::Arc, time::Duration};

use indexmap::IndexMap;
use jiff::civil::Date;

use super::{Expression, ProbeSpec, ProbeTarget, Scenario};

/// Everything a `platform.toml` says. Made by the loader; references between its parts are known to hold.
#[derive(Debug, Clone, Default)]
pub struct Pack {
    pub name: String,
    pub title: String,
    pub document: Option<Document>,
    pub environments: IndexMap<String, Environment>,
    /// The lowest tier first, those without one last; else in the order of the file.
    pub components: Vec<Component>,
    pub probes: Vec<ProbeSpec>,
    pub alerts: Vec<AlertRule>,
    pub severities: Vec<SeverityLevel>,
    pub escalations: Vec<Escalation>,
    pub roles: Vec<Role>,
    pub contacts: Vec<Contact>,
    pub audiences: Vec<Audience>,
    pub backups: Vec<BackupPolicy>,
    pub drills: Vec<DrillPlan>,
    pub links: Vec<Link>,
    /// The scenarios of the pack (`drills/*.toml`), by id.
    pub scenarios: IndexMap<String, Arc<Scenario>>,
}

impl Pack {
    pub fn component(&self, id: &str) -> Option<&Component> {
        self.components.iter().find(|c| c.id == id)
    }

    pub fn probe(&self, id: &str) -> Option<&ProbeSpec> {
        self.probes.iter().find(|p| p.id == id)
    }

    /// The components that `wanted` accepts, in the order in which they are started: each after those that it depends on, also
    /// where what is between them is not wanted; else the lowest tier first.
    pub fn restart_order(&self, wanted: impl Fn(&Component) -> bool) -> impl Iterator<Item = &Component> {
        let (mut order, mut seen) = (Vec::new(), HashSet::new());
        self.components.iter().for_each(|component| self.start(component, &mut seen, &mut order));
        order.into_iter().filter(move |component| wanted(component))
    }

    fn start<'p>(&'p self, component: &'p Component, seen: &mut HashSet<&'p str>, order: &mut Vec<&'p Component>) {
        if seen.insert(&component.id) {
            // Those too are in the order of their tiers.
            let needed = self.components.iter().filter(|other| component.depends_on.contains(&other.id));
            needed.for_each(|other| self.start(other, seen, order));
            order.push(component);
        }
    }

    /// The name of a contact, or the id as it is where nobody has it.
    pub fn person<'p>(&'p self, id: &'p str) -> &'p str {
        self.contacts.iter().find(|contact| contact.id == id).map_or(id, |contact| &contact.name)
    }

    /// The same pack on a simulated platform: every probe says what the scenario says, and keeps its id, panel, thresholds
    /// and timing. No target is reached.
    pub fn simulated(mut self, scenario: &str) -> Pack {
        let of_environments = self.environments.values_mut().flat_map(|environment| environment.probes.values_mut());
        for probe in self.probes.iter_mut().chain(of_environments) {
            probe.target = ProbeTarget::Simulated { scenario: scenario.to_owned() };
        }
        self
    }

    /// True when a probe says what a scenario says: there is nothing then that an action could rightly act on.
    pub fn is_simulated(&self) -> bool {
        self.probes.iter().any(|probe| matches!(probe.target, ProbeTarget::Simulated { .. }))
    }

    /// The same pack with the probes as they are in one environment; unchanged when there is none of that name.
    pub fn in_environment(mut self, name: &str) -> Pack {
        let Some(environment) = self.environments.get(name) else { return self };
        for probe in &mut self.probes {
            if let Some(here) = environment.probes.get(&probe.id) {
                *probe = here.clone();
            }
        }
        self
    }

    /// Panel ids in the order in which the pack first names them.
    pub fn panels(&self) -> Vec<&str> {
        let mut panels: Vec<&str> = Vec::new();
        for probe in &self.probes {
            if !panels.contains(&probe.panel.as_str()) {
                panels.push(&probe.panel);
            }
        }
        panels
    }
}

/// The document the pack was written from, and when it must be looked at again.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub version: Option<String>,
    pub owner: Option<String>,
    pub classification: Option<String>,
    pub reviewed: Option<Date>,
    /// `monthly`, `quarterly`, `annually`, or a duration.
    pub review_every: Option<String>,
}

/// Where things act. Chosen by `--environment`, never by an ambient default.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    pub title: Option<String>,
    /// Destructive steps ask for a second responder here.
    pub protected: bool,
    /// The only kube context that may be used.
    pub kube_context: Option<String>,
    pub vars: IndexMap<String, String>,
    /// The probes that differ here, by id, whole: what the pack says of them with what the environment says laid over it.
    pub probes: IndexMap<String, ProbeSpec>,
}

/// A part of the platform with recovery objectives.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    pub id: String,
    pub title: String,
    pub tier: Option<u8>,
    pub rto: Option<Duration>,
    pub rpo: Option<Duration>,
    pub depends_on: Vec<String>,
}

/// A condition over all probes that must hold for a time.
#[derive(Debug, Clone)]
pub struct AlertRule {
    pub id: String,
    pub title: String,
    /// CEL over `probes.ID`, `panels.ID` and `components.ID`.
    pub when: Expression,
    pub hold: Duration,
    /// A `severities.level`.
    pub severity: String,
    /// The response time where a plan states one for this alert, beside that of the severity. An incident's clocks follow
    /// the severity; `pack check` tells when the two differ.
    pub respond_within: Option<Duration>,
    pub runbook: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SeverityLevel {
    pub level: String,
    pub title: String,
    pub criteria: Vec<String>,
    pub respond_within: Option<Duration>,
    pub recover_within: Option<Duration>,
    /// How long an incident may stay in a phase.
    pub phases: PhaseBudgets,
}

/// How long an incident may stay in each phase in which people work on it; `None` where nobody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PhaseBudgets {
    pub investigating: Option<Duration>,
    pub identified: Option<Duration>,
    pub monitoring: Option<Duration>,
}

/// Who must be told when an incident is not over after a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Escalation {
    pub after: Duration,
    /// A role or contact id.
    pub to: String,
    pub severities: Vec<String>,
    pub condition: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    pub id: String,
    pub title: String,
    pub duties: Vec<String>,
    pub primary: Option<String>,
    pub backup: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    pub id: String,
    pub name: String,
    pub roles: Vec<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub chat: Option<String>,
    pub backup: Option<String>,
    pub rotation: Option<String>,
    pub verified: Option<Date>,
}

/// People who must be kept informed, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Audience {
    pub id: String,
    pub title: String,
    pub severities: Vec<String>,
    pub first_within: Option<Duration>,
    pub update_every: Option<Duration>,
    pub channel: Option<String>,
    /// File below `templates/`.
    pub template: Option<String>,
    /// A role or contact id.
    pub approver: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct BackupPolicy {
    pub id: String,
    pub component: Option<String>,
    /// Five-field cron expression.
    pub schedule: Option<String>,
    pub timezone: Option<String>,
    pub retention: Option<Duration>,
    pub location: Option<String>,
    /// Probe ids that check this backup.
    pub checks: Vec<String>,
}

/// A drill that must be held from time to time.
#[derive(Debug, Clone, PartialEq)]
pub struct DrillPlan {
    pub id: String,
    pub title: String,
    /// `tabletop`, `restore`, `failover`, …
    pub kind: String,
    /// `weekly`, `monthly`, `quarterly`, `annually`, or a duration.
    pub every: String,
    pub last_run: Option<Date>,
    /// How long it takes.
    pub duration: Option<Duration>,
    /// Ids of roles or contacts.
    pub participants: Vec<String>,
    pub criteria: Vec<String>,
    /// A scenario of the pack.
    pub scenario: Option<String>,
}

/// A page that people open during an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub title: String,
    pub url: String,
}
