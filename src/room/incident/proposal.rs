//! What is proposed when an incident is declared, and who is missing in it: from the alert that fires and the runbook for it.

use warroom_domain::platform::{AlertRule, Pack};
use warroom_incident::IncidentState;
use warroom_runbook::FrontMatter;

/// What a declaration is filled in with; empty where nothing says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proposal {
    pub title: String,
    pub severity: String,
    pub components: Vec<String>,
}

/// The alert knows how bad it is; without one, its runbook does. `down` are components that are seen to be down.
pub fn proposal(alert: Option<&AlertRule>, runbook: Option<(&str, &FrontMatter)>, down: Vec<String>) -> Proposal {
    let front = runbook.map(|(_, front)| front);
    let title = alert.map(|rule| rule.title.as_str()).or_else(|| runbook.map(|(title, _)| title));
    let severity = alert.map(|rule| &rule.severity).or_else(|| front?.severity.as_ref());
    let mut components = down;
    for component in front.iter().flat_map(|front| &front.components) {
        if !components.contains(component) {
            components.push(component.clone());
        }
    }
    Proposal {
        title: title.unwrap_or_default().to_owned(),
        severity: severity.cloned().unwrap_or_default(),
        components,
    }
}

/// Roles that the runbook needs and nobody has, by their ids.
pub fn missing_roles(front: &FrontMatter, state: &IncidentState, pack: &Pack) -> Vec<String> {
    let id = |wanted: &String| {
        let is = |known: &str| known.eq_ignore_ascii_case(wanted);
        let role = pack.roles.iter().find(|role| is(&role.id) || is(&role.title));
        role.map_or_else(|| wanted.clone(), |role| role.id.clone())
    };
    front.roles.iter().map(id).filter(|role| !state.roles.contains_key(role)).collect()
}

/// The affected components in the order in which they are started again; `None` when there is only one.
pub fn restart_order(pack: &Pack, state: &IncidentState) -> Option<String> {
    let order: Vec<_> = pack.restart_order(|component| state.components.contains(&component.id)).collect();
    let ids: Vec<&str> = order.iter().map(|component| component.id.as_str()).collect();
    (ids.len() > 1 && order.iter().any(|component| !component.depends_on.is_empty())).then(|| ids.join(" → "))
}
