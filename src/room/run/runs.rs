//! The runs that there are, and where their events are: a file of each, or the journal of their incident.

use std::{fs, io, path::PathBuf, sync::Arc};

use uuid::Uuid;

use super::{RunFolder, RunHistory, RunnerOptions, command::EarlierRun, folder};
use warroom_incident::{EventLog, FileLog, LogError, Recorded};
use warroom_runbook::{
    Runbook,
    run::{EventKind, RunEvent, RunId, RunState},
};

/// Where runs are kept.
#[derive(Clone)]
pub(super) struct Runs {
    /// Holds `runs/`.
    pub(super) place: PathBuf,
    history: Option<Arc<dyn RunHistory>>,
}

/// The journal as the log of one run.
struct InJournal(Arc<dyn RunHistory>);

impl EventLog for InJournal {
    fn append(&self, event: &RunEvent) -> Result<(), LogError> {
        self.0.append(event)
    }
}

impl Runs {
    pub(super) fn of(options: &RunnerOptions) -> Self {
        let history = options.history.clone();
        let place = history.as_ref().map_or_else(|| options.data_dir.clone(), |history| history.folder());
        Runs { place, history }
    }

    /// The folder of a new run.
    pub(super) fn create(&self, document: &Runbook) -> io::Result<RunFolder> {
        RunFolder::create(&self.place, document)
    }

    pub(super) fn existing(&self, id: &RunId) -> io::Result<RunFolder> {
        RunFolder::existing(&self.place, id)
    }

    /// Where the events of a run are written.
    pub(super) fn log(&self, folder: &RunFolder) -> Result<Box<dyn EventLog>, LogError> {
        Ok(match &self.history {
            Some(history) => Box::new(InJournal(history.clone())),
            None => Box::new(FileLog::open(&folder.events())?),
        })
    }

    /// The document of a run, and what happened.
    pub(super) fn read(&self, folder: &RunFolder) -> io::Result<(Runbook, Recorded)> {
        let recorded = match &self.history {
            Some(history) => Recorded { events: history.events(&folder.id), ..Recorded::default() },
            None => FileLog::read(&folder.events())?,
        };
        let began = recorded.events.iter().find_map(|event| match &event.kind {
            EventKind::RunStarted { file, digest, .. } => Some((file.as_str(), digest.as_str())),
            _ => None,
        });
        let (file, digest) = began.unzip();
        let document = folder.document(file.unwrap_or("runbook.md"), digest)?;
        Ok((document, recorded))
    }

    fn in_folder(&self) -> Vec<RunId> {
        let entries = fs::read_dir(folder::runs(&self.place)).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter(|name| Uuid::parse_str(name).is_ok()).map(RunId).collect()
    }

    /// Runs from before, the latest first, and what could not be read: one sentence each.
    pub(super) fn earlier(&self) -> (Vec<EarlierRun>, Vec<String>) {
        let mut ids = match &self.history {
            Some(history) => history.runs(),
            None => self.in_folder(),
        };
        // Ids sort by the time of their making.
        ids.sort_by(|a, b| b.cmp(a));
        let mut found = Vec::new();
        let mut problems = Vec::new();
        for id in ids {
            let read = self.existing(&id).and_then(|folder| self.read(&folder));
            match read {
                Ok((document, recorded)) => found.extend(describe(id, &document, &recorded.events)),
                // Ended before it had an event.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => problems.push(format!("cannot read the run {}: {error}", id.0)),
            }
        }
        (found, problems)
    }
}

fn describe(id: RunId, document: &Runbook, events: &[RunEvent]) -> Option<EarlierRun> {
    let first = events.first()?;
    let state = RunState::fold(events, document);
    let all = state.counted(document).count();
    let settled = state.counted(document).filter(|step| state.is_settled(&step.id)).count();
    let words = match state.ended {
        Some(outcome) => outcome.word().to_owned(),
        None if state.running().is_some() => format!("{settled} of {all}, a step was running"),
        None => format!("{settled} of {all}"),
    };
    Some(EarlierRun {
        id,
        title: document.title.clone(),
        started: first.at,
        by: first.by.clone(),
        state: words,
        open: state.ended.is_none(),
    })
}
