//! Which incidents there are, and which one is meant.

use jiff::Timestamp;
use serde::Serialize;

use super::View;
use warroom_incident::{
    Phase,
    journal::{IncidentId, Incidents},
};
use warroom_runbook::run::Mode;

/// An incident in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    pub id: String,
    pub title: String,
    pub platform: String,
    pub environment: String,
    /// An exercise or the real thing.
    pub mode: Option<Mode>,
    pub severity: String,
    pub phase: Phase,
    pub detected_at: Option<Timestamp>,
    pub declared_at: Option<Timestamp>,
    pub declared_by: String,
    pub restored_at: Option<Timestamp>,
    pub resolved_at: Option<Timestamp>,
}

/// What there is, and what is wrong with it.
#[derive(Debug, Default)]
pub struct List {
    /// The newest first.
    pub incidents: Vec<Listed>,
    /// What could not be read: one sentence each.
    pub problems: Vec<String>,
    /// What was cut off while it was written: one sentence each.
    pub torn: Vec<String>,
}

/// All incidents.
pub fn list(incidents: &Incidents) -> Result<List, String> {
    let mut list = List::default();
    for id in incidents.list().map_err(|error| error.to_string())? {
        let read = incidents.open(&id).map_err(|error| error.to_string()).and_then(View::read);
        match read {
            Ok(view) => {
                list.incidents.push(listed(&view));
                list.torn.extend(view.torn());
            }
            Err(problem) => list.problems.push(format!("{id}: {problem}")),
        }
    }
    list.incidents.sort_by_key(|incident| std::cmp::Reverse(incident.declared_at));
    Ok(list)
}

impl Listed {
    /// The title, and before it what marks an exercise: `DRILL: No database`.
    pub fn marked_title(&self) -> String {
        match self.mode.and_then(Mode::mark) {
            Some(mark) => format!("{mark}: {}", self.title),
            None => self.title.clone(),
        }
    }
}

fn listed(view: &View) -> Listed {
    let state = view.state();
    Listed {
        id: view.id().to_string(),
        title: state.title.clone(),
        platform: state.platform.clone(),
        environment: state.environment.clone(),
        mode: state.mode,
        severity: state.severity().to_owned(),
        phase: state.phase(),
        detected_at: state.detected_at,
        declared_at: state.declared.as_ref().map(|declared| declared.at),
        declared_by: state.declared.as_ref().map(|declared| declared.by.to_string()).unwrap_or_default(),
        restored_at: state.restored_at,
        resolved_at: state.resolved_at(),
    }
}

/// The live incident of a platform and environment that people work on, if there is one. The error is one sentence: there are several.
pub fn open_here(incidents: &Incidents, platform: &str, environment: &str) -> Result<Option<IncidentId>, String> {
    let mut listed = list(incidents)?.incidents;
    listed.retain(|incident| {
        let here = incident.platform == platform && incident.environment == environment;
        here && incident.phase.is_open() && incident.mode.and_then(Mode::mark).is_none()
    });
    match listed.as_slice() {
        [] => Ok(None),
        [only] => only.id.parse().map(Some).map_err(|error| format!("{error}")),
        several => {
            let ids: Vec<&str> = several.iter().map(|incident| incident.id.as_str()).collect();
            Err(format!("several incidents are open: choose one of {}", ids.join(", ")))
        }
    }
}

/// The incident that is meant: by its id or a beginning of it, else the only live one that people work on, of the platform if one is
/// chosen. An exercise is never meant without its id. The error is one sentence.
pub fn choose(incidents: &Incidents, wanted: Option<&str>, platform: Option<&str>) -> Result<IncidentId, String> {
    let ids = incidents.list().map_err(|error| error.to_string())?;
    if let Some(wanted) = wanted {
        let mut found = ids.iter().filter(|id| id.as_str().eq_ignore_ascii_case(wanted));
        let upper = wanted.to_uppercase();
        let mut begun = ids.iter().filter(|id| id.as_str().to_uppercase().starts_with(&upper));
        return match (found.next(), begun.next(), begun.next()) {
            (Some(id), ..) | (None, Some(id), None) => Ok(id.clone()),
            (None, None, _) => Err(format!("there is no incident {wanted}: `warroom incident list` shows them")),
            (None, Some(_), Some(_)) => Err(format!("more than one incident begins with {wanted}")),
        };
    }
    let listed = list(incidents)?.incidents;
    let open: Vec<&Listed> = listed.iter().filter(|incident| incident.phase.is_open()).collect();
    let is_meant = |incident: &&&Listed| {
        incident.mode.and_then(Mode::mark).is_none() && platform.is_none_or(|name| incident.platform == name)
    };
    let named = |incidents: &[&Listed]| {
        let said = incidents.iter().map(|incident| match incident.mode.and_then(Mode::mark) {
            Some(mark) => format!("{} {mark}", incident.id),
            None => format!("{} of {}", incident.id, incident.platform),
        });
        said.collect::<Vec<_>>().join(", ")
    };
    let meant: Vec<&Listed> = open.iter().filter(is_meant).copied().collect();
    match (meant.as_slice(), open.as_slice()) {
        ([only], _) => ids.into_iter().find(|id| id.as_str() == only.id).ok_or_else(|| format!("{} is gone", only.id)),
        ([], []) => Err("no incident is open: give an ID, or declare one with `warroom incident declare`".to_owned()),
        ([], others) => {
            let of = platform.map_or_else(String::new, |name| format!(" of {name}"));
            Err(format!("no open live incident{of}: give an ID (open: {})", named(others)))
        }
        (several, _) => Err(format!("several open incidents: give an ID ({})", named(several))),
    }
}
