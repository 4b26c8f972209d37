//! The events of an incident's runs, in its journal: what [`FileLog`](warroom_incident::FileLog) is for a run of no incident.

use std::{fs, os::unix::fs::MetadataExt, path::PathBuf, sync::Arc};

use super::{IncidentDesk, View, proposal::missing_roles};
use crate::run::{Claimant, RunHistory, Second, SecondWanted};
use warroom_domain::platform::Pack;
use warroom_incident::{EventLog, EventRef, IncidentEvent, LogError, Versioned, journal::LogName};
use warroom_runbook::{
    FrontMatter, StepId,
    run::{EventKind, Evidence, Mode, RunEvent, RunId},
};

/// Writes and reads the runs of one incident.
#[derive(Debug, Clone)]
pub struct IncidentHistory(pub Arc<IncidentDesk>);

impl EventLog for IncidentHistory {
    fn append(&self, event: &RunEvent) -> Result<(), LogError> {
        let mut kind = event.kind.clone();
        let run = event.run.clone();
        for evidence in evidence(&mut kind) {
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

    fn is_drill(&self) -> bool {
        self.0.view().state().mode == Some(Mode::Drill)
    }

    fn missing_roles(&self, front: &FrontMatter, pack: &Pack) -> Vec<String> {
        missing_roles(front, self.0.view().state(), pack)
    }

    fn runs(&self) -> Vec<RunId> {
        let mut view = self.0.view();
        // What cannot be read now was read before.
        let _ = self.0.refresh(&mut view);
        view.state().runs.keys().cloned().collect()
    }

    fn events(&self, run: &RunId) -> Vec<RunEvent> {
        let mut view = self.0.view();
        let _ = self.0.refresh(&mut view);
        let mut events = view.state().runs.get(run).map(|events| events.to_vec()).unwrap_or_default();
        let start = format!("runs/{}/", run.0);
        for event in &mut events {
            for evidence in evidence(&mut event.kind) {
                if let Some(file) = evidence.file.strip_prefix(&start) {
                    evidence.file = file.to_owned();
                }
            }
        }
        events
    }

    fn claimant(&self, run: &RunId) -> Option<Claimant> {
        let own = self.0.log();
        let mut view = self.0.view();
        let _ = self.0.refresh(&mut view);
        let claims = view.state().claims.iter().filter(|((of, _), _)| of == run);
        let ((_, step), claim) = claims.max_by_key(|(_, claim)| claim.at)?;
        Some(Claimant { by: claim.by.to_string(), step: step.clone(), own: own.as_ref() == Some(&claim.value) })
    }

    fn claim(&self, run: &RunId, step: &StepId) -> Result<(), String> {
        self.0.append(vec![IncidentEvent::StepClaimed { run: run.clone(), step: step.clone() }]).map(drop)
    }

    fn ask_second(&self, wanted: SecondWanted) -> Result<EventRef, String> {
        let SecondWanted { run, action, attempt, title, command, place } = wanted;
        let asked = IncidentEvent::SecondAsked { run, action, attempt, title, command, place };
        let written = self.0.append(vec![asked])?;
        let written = written.into_iter().next().ok_or_else(|| "the question was not written down".to_owned())?;
        Ok(EventRef { log: written.log, seq: written.seq })
    }

    fn second(&self, of: &EventRef) -> Option<Second> {
        let mut view = self.0.view();
        let _ = self.0.refresh(&mut view);
        let answer = view.state().seconds.get(of)?.answer.clone()?;
        let by = answer.by.to_string();
        if !answer.value {
            return Some(Second::Refused { by });
        }
        // What a log says of its writer anybody can write; whose file it is the system knows.
        Some(match answered_in(&view, of).and_then(|log| owner(&view, &log)) {
            Some(uid) if uid != rustix::process::geteuid().as_raw() => Second::Agreed { by },
            Some(_) => Second::Void { why: format!("{by} acts under the same Unix user: that is no second person") },
            None => Second::Void { why: format!("the log in which {by} agreed cannot be looked at") },
        })
    }

    fn withdraw_second(&self, of: &EventRef) {
        // It has happened: who asked goes on without.
        if let Err(why) = self.0.keep(IncidentEvent::SecondWithdrawn { of: of.clone() }) {
            tracing::warn!(%why, "a question was not withdrawn");
        }
    }
}

/// The log that holds the answer that counts.
fn answered_in(view: &View, of: &EventRef) -> Option<LogName> {
    let answer = view.state().seconds.get(of)?.answer.as_ref()?;
    let is_it =
        |event: &IncidentEvent| matches!(event, IncidentEvent::SecondAnswered { of: target, .. } if target == of);
    let items = view.union().items().iter().rev().filter(|item| &*item.entry.kind == "second_answered");
    let mut found = items.filter(|item| item.intact && item.entry.at == answer.at && item.entry.by == answer.by);
    let found = found.find(|item| item.entry.event::<Versioned>().is_ok_and(|known| is_it(&known.event)))?;
    Some(found.log.clone())
}

/// The Unix user whose file a log is.
fn owner(view: &View, log: &LogName) -> Option<u32> {
    let file = view.folder().logs().join(log.file());
    fs::symlink_metadata(file).ok().filter(fs::Metadata::is_file).map(|found| found.uid())
}

/// Evidence is named from the run's folder in a run, and from the incident's folder in its journal.
fn evidence(kind: &mut EventKind) -> Vec<&mut Evidence> {
    match kind {
        EventKind::ActionEnded { outcome, .. } => {
            outcome.evidence.iter_mut().chain(outcome.record.as_deref_mut()).collect()
        }
        EventKind::PriorStateSaved { evidence, .. } => vec![evidence],
        _ => Vec::new(),
    }
}
