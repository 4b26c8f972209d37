//! What somebody who watches a running action sees beyond the file `output`: counts, the line that is being printed, the end.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use warroom_host::shared;

/// At most so often, so that a chatty action costs little.
const EVERY: Duration = Duration::from_millis(100);

/// The file `live`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Live {
    /// All that the action printed and that may be seen.
    pub bytes: u64,
    /// What is not kept so far.
    pub dropped_bytes: u64,
    /// Lines that are not finished: of standard output and of standard error.
    pub unfinished: Vec<String>,
    /// The last lines, when they are not in `output`, because that is full.
    pub end: String,
}

impl Live {
    /// What a running action's folder says; nothing when there is no such file.
    pub fn read(path: &Path) -> Live {
        fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }
}

/// Writes it now and then.
#[derive(Debug, Default)]
pub(super) struct Writer {
    last: Option<(Instant, Live)>,
}

impl Writer {
    /// True when it is time for another one.
    pub(super) fn due(&self) -> bool {
        self.last.as_ref().is_none_or(|(at, _)| at.elapsed() >= EVERY)
    }

    pub(super) fn write(&mut self, path: &Path, live: Live) -> io::Result<()> {
        if self.last.as_ref().is_some_and(|(_, last)| *last == live) {
            self.last = Some((Instant::now(), live));
            return Ok(());
        }
        let next = path.with_extension("new");
        let mut file = shared::open(OpenOptions::new().write(true).create(true).truncate(true), &next)?;
        file.write_all(&serde_json::to_vec(&live)?)?;
        fs::rename(next, path)?;
        self.last = Some((Instant::now(), live));
        Ok(())
    }
}
