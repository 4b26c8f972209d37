//! The log of a run's events: in memory, or a file of JSON lines that is synced before an event counts as written.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::runbook::run::RunEvent;

/// Why an event could not be written. One sentence.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot write the log {file}: {cause}")]
pub struct LogError {
    pub file: String,
    pub cause: String,
}

/// Where events go. When `append` returns, the event survives a crash.
pub trait EventLog: Send + Sync {
    fn append(&self, event: &RunEvent) -> Result<(), LogError>;
}

/// Events that nobody needs after the program's end (a dry run, a test).
#[derive(Debug, Default)]
pub struct MemoryLog(Mutex<Vec<RunEvent>>);

impl MemoryLog {
    /// All events so far, in order.
    pub fn events(&self) -> Vec<RunEvent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl EventLog for MemoryLog {
    fn append(&self, event: &RunEvent) -> Result<(), LogError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
        Ok(())
    }
}

/// One JSON document a line, `fdatasync` after each.
#[derive(Debug)]
pub struct FileLog {
    path: PathBuf,
    file: Mutex<File>,
}

impl FileLog {
    /// Opens the log for appending, making it (mode 0600) when there is none. A last line that was torn by a crash is ended, so
    /// that the next event stands on its own line.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let open = || -> io::Result<File> {
            let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
            if std::fs::read(path)?.last().is_some_and(|byte| *byte != b'\n') {
                file.write_all(b"\n")?;
            }
            Ok(file)
        };
        let file = open().map_err(|error| failed(path, &error))?;
        Ok(FileLog { path: path.to_owned(), file: Mutex::new(file) })
    }

    /// Every event of a log, and the numbers (from 1) of the lines that are none.
    pub fn read(path: &Path) -> io::Result<(Vec<RunEvent>, Vec<usize>)> {
        let mut events = Vec::new();
        let mut torn = Vec::new();
        for (index, line) in BufReader::new(File::open(path)?).split(b'\n').enumerate() {
            match serde_json::from_slice(&line?) {
                Ok(event) => events.push(event),
                Err(_) => torn.push(index + 1),
            }
        }
        Ok((events, torn))
    }
}

impl EventLog for FileLog {
    fn append(&self, event: &RunEvent) -> Result<(), LogError> {
        let write = || -> io::Result<()> {
            let mut line = serde_json::to_vec(event)?;
            line.push(b'\n');
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.write_all(&line)?;
            file.sync_data()
        };
        write().map_err(|error| failed(&self.path, &error))
    }
}

fn failed(path: &Path, error: &io::Error) -> LogError {
    LogError { file: path.display().to_string(), cause: error.to_string() }
}
