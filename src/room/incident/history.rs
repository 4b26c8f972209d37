//! The events of an incident's runs, in its journal: what [`FileLog`](crate::incident::FileLog) is for a run of no incident.

use std::{path::PathBuf, sync::Arc};

use super::IncidentDesk;
use crate::{
    incident::{EventLog, IncidentEvent, LogError},
    room::run::RunHistory,
    runbook::run::{EventKind, Evidence, RunEvent, RunId},
};

/// Writes and reads the runs of one incident.
#[derive(Debug, Clone)]
pub struct IncidentHistory(pub Arc<IncidentDesk>);

impl EventLog for IncidentHistory {
    fn append(&self, event: &RunEvent) -> Result<(), LogError> {
        let mut kind = event.kind.clone();
        let run = event.run.clone();
        if let Some(evidence) = evidence(&mut kind) {
            evidence.file = format!("runs/{}/{}", run.0, evidence.file);
        }
        let failed = |cause| LogError { file: self.0.view().folder().logs().display().to_string(), cause };
        self.0.append(vec![IncidentEvent::Run { run, kind }]).map(drop).map_err(failed)
    }
}

impl RunHistory for IncidentHistory {
    fn folder(&self) -> PathBuf {
        self.0.view().folder().path().to_owned()
    }

    fn runs(&self) -> Vec<RunId> {
        let mut view = self.0.view();
        // What cannot be read now was read before.
        let _ = view.refresh();
        view.state().runs.keys().cloned().collect()
    }

    fn events(&self, run: &RunId) -> Vec<RunEvent> {
        let mut view = self.0.view();
        let _ = view.refresh();
        let mut events = view.state().runs.get(run).cloned().unwrap_or_default();
        let start = format!("runs/{}/", run.0);
        for event in &mut events {
            if let Some(evidence) = evidence(&mut event.kind)
                && let Some(file) = evidence.file.strip_prefix(&start)
            {
                evidence.file = file.to_owned();
            }
        }
        events
    }
}

/// Evidence is named from the run's folder in a run, and from the incident's folder in its journal.
fn evidence(kind: &mut EventKind) -> Option<&mut Evidence> {
    match kind {
        EventKind::ActionEnded { outcome, .. } => outcome.evidence.as_mut(),
        EventKind::PriorStateSaved { evidence, .. } => Some(evidence),
        _ => None,
    }
}
