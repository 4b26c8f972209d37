//! A started action as the console sees it: its state, its end, and how to cancel it. Also after the console was restarted.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{folder::JobFolder, gate::Permit, order::Order};
use crate::runbook::run::{Ending, Evidence};

/// Why an action could not be started or reached. One sentence, without secrets.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    #[error("cannot start the supervisor of this action: {0}")]
    NoSupervisor(String),
    /// The supervisor looked at the order and did not take it.
    #[error("{0}")]
    Refused(String),
    #[error("cannot use the folder {folder}: {cause}")]
    Folder { folder: String, cause: io::Error },
    #[error("this action has ended already")]
    Ended,
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq)]
pub enum JobState {
    Running {
        /// The supervisor.
        pid: u32,
        since: Timestamp,
        /// What the action printed so far.
        bytes: u64,
    },
    Ended(ActionEnd),
    /// It was started, it is not running, and it left no result.
    Unknown {
        why: String,
    },
}

/// How an action ended: the content of `result.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionEnd {
    pub ending: Ending,
    pub started: Timestamp,
    pub duration: Duration,
    /// `file` is named from the run's folder: `jobs/NAME/output`.
    pub evidence: Option<Evidence>,
    /// Bytes of standard output that are in the file `stdout` (see [`JobFolder`]).
    pub stdout_bytes: u64,
    /// True when standard output was longer than that.
    pub stdout_cut: bool,
    /// Simple variables of the session after the action; `None` for one that holds a secret.
    pub variables: BTreeMap<String, Option<String>>,
    /// What a person should know, one sentence each.
    pub notes: Vec<String>,
    /// Processes that the action left in the background.
    pub left_running: Vec<LeftRunning>,
}

/// A process that outlives its action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftRunning {
    pub pid: u32,
    /// The program's short name.
    pub name: String,
}

/// Starts supervisors.
#[derive(Debug, Clone)]
pub struct Supervisor {
    program: PathBuf,
}

impl Supervisor {
    /// The program that runs now is also the supervisor.
    pub fn this_program() -> io::Result<Self> {
        Ok(Supervisor { program: std::env::current_exe()? })
    }

    /// A `warroom` binary.
    pub fn at(program: impl Into<PathBuf>) -> Self {
        Supervisor { program: program.into() }
    }

    /// Starts an action, and returns when its supervisor no longer depends on this process.
    pub async fn start(&self, permit: Permit, order: Order, folder: &JobFolder) -> Result<Job, ExecError> {
        let _ = (permit, order);
        folder.create().map_err(|cause| ExecError::Folder { folder: folder.path().display().to_string(), cause })?;
        Err(ExecError::NoSupervisor(format!("{} cannot supervise yet", self.program.display())))
    }
}

/// A job whose action was started.
#[derive(Debug, Clone)]
pub struct Job {
    folder: JobFolder,
}

impl Job {
    /// A job that another console started, or this one before it was restarted.
    pub fn attach(folder: &JobFolder) -> Job {
        Job { folder: folder.clone() }
    }

    pub fn folder(&self) -> &JobFolder {
        &self.folder
    }

    /// Where it stands now.
    pub fn state(&self) -> JobState {
        match read_result(&self.folder.result()) {
            Ok(end) => JobState::Ended(end),
            Err(error) => JobState::Unknown { why: error.to_string() },
        }
    }

    /// Waits until it does not run any more.
    pub async fn wait(&self) -> JobState {
        self.state()
    }

    /// Asks the supervisor to end the action: TERM, and KILL after the order's grace. A second call kills at once.
    pub fn cancel(&self) -> Result<(), ExecError> {
        Err(ExecError::Ended)
    }
}

fn read_result(path: &Path) -> io::Result<ActionEnd> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}
