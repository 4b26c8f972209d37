//! A run's folder in the data directory, and the list of the runs that are there.
//!
//! `data_dir/runs/RUN/`, or `INCIDENT/runs/RUN/`:
//!
//! | file | what it is |
//! | --- | --- |
//! | `events.jsonl` | everything that happened; the state is its fold |
//! | `runbook.md` | the document as it was when the run began; its digest is in the first event |
//! | `lock` | held by the console that has the run open |
//! | `jobs/NAME/` | one attempt of one action: output and result |
//! | `own/UID.holder` | who had the run open under this Unix user last |
//! | `own/UID/session/` | what that user's actions share: folder and variables, without secrets |
//! | `own/UID/kubeconfig` | a private copy whose only current context is the pinned one |
//!
//! All of it is its owner's alone, or, in a folder that a group shares, for the group to read; members add to `jobs/` and `own/`,
//! and to nothing else. `own/UID/` is that user's alone everywhere: whoever takes a run over begins a session of their own, and
//! never starts from what another user left in a file.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use uuid::Uuid;

use super::ending::digest;
use warroom_exec::JobFolder;
use warroom_host::{plain::plain, shared};
use warroom_incident::journal::access::open_plain;
use warroom_runbook::{self as runbook, ActionId, Runbook, run::RunId};

/// Longest part of an action's id in the name of its job.
const NAME: usize = 48;

/// The end of the name of the file that says who holds the run.
const HOLDER: &str = "holder";
/// Bytes of it that are read.
const LONGEST_HOLDER: u64 = 400;

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
        shared::make_read_only_folder(&path)?;
        // By its maker, since nobody else adds to the folder.
        for part in ["jobs", "own"] {
            shared::make_folder(&path.join(part))?;
        }
        let mut new = OpenOptions::new();
        new.write(true).create_new(true);
        shared::open(&mut new, &path.join("lock"))?;
        let mut file = shared::open(&mut new, &path.join("runbook.md"))?;
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

    /// What is this user's alone.
    fn own(&self) -> PathBuf {
        self.path.join("own").join(uid().to_string())
    }

    pub fn session(&self) -> PathBuf {
        self.own().join("session")
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.own().join("kubeconfig")
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
        // Another user's lock may be read, and that is enough to hold it.
        let file = match open_plain(&path, false) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                shared::open(OpenOptions::new().read(true).write(true).create(true).truncate(false), &path)
            }
            other => other,
        };
        let file = file.map_err(|error| cannot(&error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(format!(
                    "this run is open in another console ({}): close it there first",
                    self.last_holder()
                ));
            }
            Err(error) => return Err(cannot(&error)),
        }
        let own = self.own();
        shared::make_private_folder(&own).map_err(|error| format!("cannot use {}: {error}", own.display()))?;
        let holder = own.with_extension(HOLDER);
        shared::open(OpenOptions::new().write(true).create(true).truncate(true), &holder)
            .and_then(|mut file| write!(file, "{by}, process {}", std::process::id()))
            .map_err(|error| format!("cannot write {}: {error}", holder.display()))?;
        Ok(file)
    }

    /// Who has the run open in another process, as far as that is known; `None` when nobody has.
    pub fn holder(&self) -> Option<String> {
        let file = open_plain(&self.path.join("lock"), false).ok()?;
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Err(Errno::WOULDBLOCK) => Some(self.last_holder()),
            _ => None,
        }
    }

    /// Who took the run last: each user writes a file of their own, the newest one counts.
    fn last_holder(&self) -> String {
        self.newest_holder().unwrap_or_else(|| "somebody".to_owned())
    }

    fn newest_holder(&self) -> Option<String> {
        let entries = fs::read_dir(self.path.join("own")).ok()?.flatten();
        let holders = entries.filter(|entry| entry.path().extension().is_some_and(|end| end == HOLDER));
        let written = |entry: &fs::DirEntry| entry.metadata().and_then(|found| found.modified());
        let newest = holders.max_by_key(|entry| written(entry).unwrap_or(SystemTime::UNIX_EPOCH))?;
        let mut holder = String::new();
        open_plain(&newest.path(), false).ok()?.take(LONGEST_HOLDER).read_to_string(&mut holder).ok()?;
        Some(plain(&holder)).filter(|holder| !holder.is_empty())
    }

    /// The document as it was: `file` is the name that the run began with, `recorded` the digest of the text that it began with.
    /// Another text is an error that says what to do.
    pub fn document(&self, file: &str, recorded: Option<&str>) -> io::Result<Runbook> {
        let path = self.path.join("runbook.md");
        let text = fs::read_to_string(&path)?;
        if recorded.is_some_and(|recorded| digest(text.as_bytes()) != recorded) {
            let sentence = format!(
                "{} is not the text that the run began with: put that text back, or begin another run of the runbook",
                path.display()
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, sentence));
        }
        Ok(runbook::parse(file, &text))
    }
}

/// The name of an attempt's job: `3-restore-2`, unique within its run.
pub fn job_name(number: usize, action: &ActionId, attempt: u32) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = action.0.chars().map(plain).take(NAME).collect();
    format!("{number}-{name}-{attempt}")
}

fn uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

pub(super) fn runs(data_dir: &Path) -> PathBuf {
    data_dir.join("runs")
}
