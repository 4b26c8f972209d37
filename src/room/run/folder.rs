//! A run's folder in the data directory, and the list of the runs that are there.
//!
//! `data_dir/runs/RUN/`, mode 0700:
//!
//! | file | what it is |
//! | --- | --- |
//! | `events.jsonl` | everything that happened; the state is its fold |
//! | `runbook.md` | the document as it was when the run began |
//! | `session/` | what its actions share: folder and variables, without secrets |
//! | `lock` | held by the console that has the run open |
//! | `kubeconfig` | a private copy whose only current context is the pinned one |
//! | `jobs/NAME/` | one attempt of one action: output and result |

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use uuid::Uuid;

use crate::{
    exec::JobFolder,
    runbook::{self, ActionId, Runbook, run::RunId},
};

/// Longest part of an action's id in the name of its job.
const NAME: usize = 48;

/// Where a run keeps its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFolder {
    pub id: RunId,
    pub path: PathBuf,
}

impl RunFolder {
    /// Makes the folder of a new run, with the document in it.
    pub fn create(data_dir: &Path, document: &Runbook) -> io::Result<Self> {
        let id = RunId(Uuid::now_v7().to_string());
        let path = runs(data_dir).join(&id.0);
        DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path.join("runbook.md"))?;
        file.write_all(document.source.as_bytes())?;
        file.sync_all()?;
        Ok(RunFolder { id, path })
    }

    /// The folder of a run from before.
    pub fn existing(data_dir: &Path, id: &RunId) -> io::Result<Self> {
        // An id is one name, not a path.
        if Uuid::parse_str(&id.0).is_err() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let path = runs(data_dir).join(&id.0);
        fs::metadata(path.join("runbook.md"))?;
        Ok(RunFolder { id: id.clone(), path })
    }

    pub fn events(&self) -> PathBuf {
        self.path.join("events.jsonl")
    }

    pub fn session(&self) -> PathBuf {
        self.path.join("session")
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.path.join("kubeconfig")
    }

    /// The folder of the job of this name.
    pub fn job(&self, name: &str) -> JobFolder {
        JobFolder::new(self.path.join("jobs").join(name))
    }

    /// The highest number of a job so far.
    pub fn jobs(&self) -> usize {
        let entries = fs::read_dir(self.path.join("jobs")).into_iter().flatten().flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.split('-').next()?.parse().ok());
        numbers.max().unwrap_or(0)
    }

    /// Takes the run for this process. The error is one sentence: another console has it. Dropping the file gives it back, and
    /// so does the end of the process.
    pub fn claim(&self, by: &str) -> Result<File, String> {
        let path = self.path.join("lock");
        let cannot = |error: &dyn std::fmt::Display| format!("cannot lock {}: {error}", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| cannot(&error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                let holder = if holder.is_empty() { "somebody".to_owned() } else { holder };
                return Err(format!("this run is open in another console ({holder}): close it there first"));
            }
            Err(error) => return Err(cannot(&error)),
        }
        file.set_len(0).map_err(|error| cannot(&error))?;
        write!(file, "{by}, process {}", std::process::id()).map_err(|error| cannot(&error))?;
        Ok(file)
    }

    /// Who has the run open in another process, as far as that is known; `None` when nobody has.
    pub fn holder(&self) -> Option<String> {
        let mut file = File::open(self.path.join("lock")).ok()?;
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Err(Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                Some(if holder.is_empty() { "somebody".to_owned() } else { holder })
            }
            _ => None,
        }
    }

    /// The document as it was; `file` is the name that the run began with.
    pub fn document(&self, file: &str) -> io::Result<Runbook> {
        Ok(runbook::parse(file, &fs::read_to_string(self.path.join("runbook.md"))?))
    }
}

/// The name of an attempt's job: `3-restore-2`, unique within its run.
pub fn job_name(number: usize, action: &ActionId, attempt: u32) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = action.0.chars().map(plain).take(NAME).collect();
    format!("{number}-{name}-{attempt}")
}

pub(super) fn runs(data_dir: &Path) -> PathBuf {
    data_dir.join("runs")
}
