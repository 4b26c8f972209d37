//! The logs of an incident at one moment, while others go on writing.

use std::{
    fs::{self, DirBuilder, OpenOptions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::files;
use warroom_incident::journal::{Access, IncidentFolder, Incidents, LogName, Wrong, access::open_plain, verify};

/// A log that refers to lines of another one that was copied before them is copied again: so often.
const TRIES: usize = 5;
const CHUNK: usize = 256 * 1024;

/// A copy of the logs in a folder of its own, which goes with it. The folder has the shape of a data directory.
#[derive(Debug)]
pub struct Snapshot {
    place: PathBuf,
    folder: IncidentFolder,
    left_out: Vec<String>,
}

impl Snapshot {
    /// Copies the logs of an incident into a new folder (mode 0700).
    ///
    /// Each log is cut at its last whole line. A log that has seen a line of another one (its checkpoints say so) is never there
    /// without that line, unless the journal itself has lost it.
    pub fn take(of: &IncidentFolder, place: &Path) -> Result<Self> {
        let logs = place.join("incidents").join(of.id().as_str()).join("log");
        let cannot = || format!("cannot copy the logs of {} to {}", of.id(), place.display());
        DirBuilder::new().mode(0o700).create(place).with_context(cannot)?;
        let mut made = Made { place: place.to_owned(), keep: false };
        DirBuilder::new().recursive(true).mode(0o700).create(&logs).with_context(cannot)?;
        let folder = Incidents::of(place, Access::Owner).open(of.id())?;
        let mut left_out = Vec::new();
        let mut before = None;
        for _ in 0..TRIES {
            left_out.clear();
            copy_all(of, &logs, &mut left_out).with_context(cannot)?;
            // What the journal has lost for good is missing each time.
            let missing = missing(&folder);
            if missing.is_empty() || before.as_ref() == Some(&missing) {
                break;
            }
            before = Some(missing);
        }
        made.keep = true;
        Ok(Snapshot { place: place.to_owned(), folder, left_out })
    }

    pub fn folder(&self) -> &IncidentFolder {
        &self.folder
    }

    pub(super) fn left_out(&self) -> &[String] {
        &self.left_out
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.place);
    }
}

/// Takes the folder away again when the copy fails half way.
struct Made {
    place: PathBuf,
    keep: bool,
}

impl Drop for Made {
    fn drop(&mut self) {
        if !self.keep {
            let _ = fs::remove_dir_all(&self.place);
        }
    }
}

/// Lines that other logs have seen and that are not there, one text each.
fn missing(folder: &IncidentFolder) -> Vec<String> {
    let findings = verify(folder, &[]).findings.into_iter();
    findings
        .filter(|finding| matches!(finding.what, Wrong::Cut { .. } | Wrong::Gone { .. }))
        .map(|finding| finding.to_string())
        .collect()
}

fn copy_all(of: &IncidentFolder, to: &Path, left_out: &mut Vec<String>) -> io::Result<()> {
    let from = of.logs();
    for found in files::below(of.path(), "log", left_out) {
        let Some(name) = found.path.file_name() else { continue };
        match copy(&from.join(name), &to.join(name), name.to_str().and_then(LogName::of_file).is_some()) {
            Err(Failed::Reading(error)) => left_out.push(files::left_out(&found.path, &error.to_string())),
            Err(Failed::Writing(error)) => return Err(error),
            Ok(()) => {}
        }
    }
    Ok(())
}

enum Failed {
    Reading(io::Error),
    Writing(io::Error),
}

/// Copies a file as long as it is now; of a log its whole lines.
fn copy(from: &Path, to: &Path, lines: bool) -> Result<(), Failed> {
    let source = open_plain(from, false).map_err(Failed::Reading)?;
    let length = source.metadata().map_err(Failed::Reading)?.len();
    let mut source = source.take(length);
    let create = OpenOptions::new().write(true).create(true).truncate(true).open(to);
    let mut target = create.map_err(Failed::Writing)?;
    let (mut chunk, mut written, mut whole) = (vec![0; CHUNK], 0_u64, 0_u64);
    loop {
        let read = match source.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read.map_err(Failed::Reading)?,
        };
        let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        if let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') {
            whole = written + end as u64 + 1;
        }
        target.write_all(bytes).map_err(Failed::Writing)?;
        written += read as u64;
    }
    // Its writer has not written the first line yet: the snapshot was taken before this log began.
    if lines && whole == 0 && matches!(source.get_ref().try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return fs::remove_file(to).map_err(Failed::Writing);
    }
    if lines { target.set_len(whole).map_err(Failed::Writing) } else { Ok(()) }
}
