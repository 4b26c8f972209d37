//! The log of a run's events: in memory, or a file of JSON lines that is synced before an event counts as written.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use warroom_host::{mask::Secrets, shared};
use warroom_runbook::run::RunEvent;

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
    tail: Mutex<Tail>,
}

#[derive(Debug)]
struct Tail {
    file: File,
    /// Bytes that are whole events and synced.
    length: u64,
}

/// What a log holds.
#[derive(Debug, Default)]
pub struct Recorded {
    pub events: Vec<RunEvent>,
    /// Numbers (from 1) of the lines that are no events, a torn last one not counted.
    pub damaged: Vec<usize>,
    /// The last line was cut off: its bytes were never acknowledged.
    pub torn: bool,
}

impl FileLog {
    /// Opens the log for appending, making it when there is none. A last line that was torn by a crash is moved to
    /// `FILE.torn`, so that the next event stands on its own line.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let open = || -> io::Result<Tail> {
            let mut file = shared::open(OpenOptions::new().read(true).append(true).create(true), path)?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            if whole < bytes.len() {
                let mut aside = path.as_os_str().to_owned();
                aside.push(".torn");
                let mut aside = shared::open(OpenOptions::new().append(true).create(true), Path::new(&aside))?;
                aside.write_all(bytes.get(whole..).unwrap_or_default())?;
                aside.write_all(b"\n")?;
                aside.sync_all()?;
            }
            let length = u64::try_from(whole).map_err(io::Error::other)?;
            Ok(Tail { file, length })
        };
        let tail = open().map_err(|error| failed(path, &error))?;
        Ok(FileLog { path: path.to_owned(), tail: Mutex::new(tail) })
    }

    /// Every event of a log, and what in it is none.
    pub fn read(path: &Path) -> io::Result<Recorded> {
        let mut recorded = Recorded::default();
        let bytes = std::fs::read(path)?;
        for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            match serde_json::from_slice(line) {
                _ if !line.ends_with(b"\n") => recorded.torn = true,
                Ok(event) => recorded.events.push(event),
                Err(_) => recorded.damaged.push(index + 1),
            }
        }
        Ok(recorded)
    }
}

impl EventLog for FileLog {
    fn append(&self, event: &RunEvent) -> Result<(), LogError> {
        let write = || -> io::Result<()> {
            let mut line = Secrets::of_environment().mask_json(serde_json::to_string(event)?).into_bytes();
            line.push(b'\n');
            let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
            // What a write that failed half way left behind would spoil the next line.
            if tail.file.metadata()?.len() != tail.length {
                tail.file.set_len(tail.length)?;
            }
            tail.file.write_all(&line)?;
            tail.file.sync_data()?;
            tail.length += u64::try_from(line.len()).map_err(io::Error::other)?;
            Ok(())
        };
        write().map_err(|error| failed(&self.path, &error))
    }
}

fn failed(path: &Path, error: &io::Error) -> LogError {
    LogError { file: path.display().to_string(), cause: error.to_string() }
}
