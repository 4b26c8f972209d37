//! One's own log on disk: taking it, keeping it in its place, adding whole lines or nothing.
//!
//! Which file it is: `alice@bastion-1.jsonl`, or, while another process of alice's holds that one (a console and a
//! `warroom incident note` in the next window), `alice@bastion-1.2.jsonl`, and so on. A log that is somebody else's under our
//! name (made with sudo, say) and one that is spoiled within are left as they are and the next number is taken: nothing is
//! ever added behind bytes that do not verify, and nothing of them is thrown away.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom},
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

use jiff::{Timestamp, tz::TimeZone};
use rustix::{
    fs::{CWD, FallocateFlags, RenameFlags, fallocate, renameat_with},
    io::Errno,
};

use super::{
    Checkpoint, Digest, Hlc, JournalEvent, LogName,
    access::{Access, cause, open_plain, sync_folder},
    chain::Chain,
    line::{self, Entry, EventText},
    lines::each_line,
};

/// More than two commits: only what the last one left can have been torn by a power cut.
const WINDOW: u64 = 4 << 20;
/// Bytes that must be free before a journal that could not be written counts as writable again.
const ROOM: u64 = 64 << 10;
/// Processes of one responder at the same time, and spoiled logs of theirs.
const LAST_NUMBER: u32 = 64;

/// Where a responder writes.
#[derive(Debug, Clone)]
pub struct Place {
    /// The incident's `log` folder.
    pub folder: PathBuf,
    /// The incident's id, for the first line of the log.
    pub incident: String,
    /// `alice@bastion-1`.
    pub responder: String,
    pub access: Access,
}

/// Something happened to one's own log that the responder should know. One sentence each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Notice {
    #[error("the last {bytes} bytes of {log} were not a whole line, as after a crash: they are kept in {kept}")]
    Torn { log: LogName, bytes: u64, kept: String },
    #[error("{log} is spoiled at line {line} and is left as it is: `warroom incident verify` says more")]
    Spoiled { log: LogName, line: u64 },
    #[error("{log} was removed while in use: it was written again from the open file")]
    Removed { log: LogName },
    #[error(
        "{log} was replaced while in use: it was written again from the open file, and what stood there is in {kept}"
    )]
    Replaced { log: LogName, kept: String },
    #[error("somebody else wrote {bytes} bytes behind the last line of {log}: they are kept in {kept}")]
    Foreign { log: LogName, bytes: u64, kept: String },
    #[error(
        "somebody took {missing} bytes from the end of {log}: it is left as it is, and the journal goes on in another log"
    )]
    Cut { log: LogName, missing: u64 },
}

/// Why nothing was written.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It can be tried again.
    Io(String),
    /// Acknowledged lines are gone from this log: it must not be used any further.
    Lost(Notice),
}

/// A log that this process holds.
#[derive(Debug)]
pub(super) struct OwnLog {
    pub(super) name: LogName,
    path: PathBuf,
    access: Access,
    file: File,
    /// Bytes of whole, durable lines.
    good: u64,
    /// The last durable line.
    pub(super) seq: u64,
    pub(super) hash: Digest,
    pub(super) hlc: Hlc,
    /// A failed write may have left bytes behind the good ones.
    dirty: bool,
}

impl OwnLog {
    /// Takes the first log that is free. A new one gets its first line, which vouches for `abandoned`.
    pub(super) fn open(
        place: &Place,
        abandoned: &[Checkpoint],
        now: Timestamp,
        notices: &mut Vec<Notice>,
    ) -> Result<Self, String> {
        for number in 1..=LAST_NUMBER {
            let name = LogName::of(&place.responder, number);
            if abandoned.iter().any(|checkpoint| checkpoint.log == name) {
                continue;
            }
            let path = place.folder.join(name.file());
            let failed = |error: io::Error| format!("cannot write the log {}: {}", path.display(), cause(&error));
            let Some((file, new)) = take(&path, place.access).map_err(failed)? else { continue };
            let mut log = OwnLog {
                name,
                path: path.clone(),
                access: place.access,
                file,
                good: 0,
                seq: 0,
                hash: Digest::ZERO,
                hlc: Hlc::default(),
                dirty: false,
            };
            if !new && !log.resume(place, now, notices).map_err(failed)? {
                continue;
            }
            if log.good == 0 {
                log.start(place, abandoned, now)?;
            }
            return Ok(log);
        }
        Err(format!(
            "cannot write the journal: all {LAST_NUMBER} logs of {} in {} are in use or spoiled",
            place.responder,
            place.folder.display()
        ))
    }

    /// Adds lines, durable when this returns. `lines` are whole ones that continue `hash`; the caller then calls [`OwnLog::advance`].
    pub(super) fn commit(&mut self, lines: &[u8], now: Timestamp, notices: &mut Vec<Notice>) -> Result<(), Trouble> {
        let path = self.path.clone();
        let failed =
            |error: io::Error| Trouble::Io(format!("cannot write the log {}: {}", path.display(), cause(&error)));
        self.check_length(now, notices).map_err(failed)??;
        self.check_place(now, notices).map_err(failed)??;
        self.dirty = true;
        let written = self.file.write_all_at(lines, self.good).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // After a failed sync the kernel may call pages clean that never reached the disk (they are dropped, not kept):
            // only writing all of it again makes the next sync mean something.
            self.roll_back();
            return Err(failed(error));
        }
        self.dirty = false;
        self.good += lines.len() as u64;
        Ok(())
    }

    /// Whether something could be written now, without writing it: reserves room behind the last line.
    pub(super) fn probe(&mut self, now: Timestamp, notices: &mut Vec<Notice>) -> Result<(), Trouble> {
        self.commit(&[], now, notices)?;
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, self.good, ROOM) {
            // Not every file system can; then the next event will tell.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) | Ok(()) => Ok(()),
            Err(error) => {
                let cause = cause(&error.into());
                Err(Trouble::Io(format!("cannot write the log {}: {cause}", self.path.display())))
            }
        }
    }

    /// The last line that was committed.
    pub(super) fn advance(&mut self, seq: u64, hash: Digest, hlc: Hlc) {
        (self.seq, self.hash, self.hlc) = (seq, hash, hlc);
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint { log: self.name.clone(), seq: self.seq, hash: self.hash }
    }

    fn roll_back(&mut self) {
        self.dirty = self.file.set_len(self.good).is_err();
    }

    /// Writes the first line.
    fn start(&mut self, place: &Place, abandoned: &[Checkpoint], now: Timestamp) -> Result<(), String> {
        let event = JournalEvent::LogStarted {
            version: 1,
            incident: place.incident.clone(),
            responder: place.responder.clone(),
            log: self.name.clone(),
            checkpoints: abandoned.to_vec(),
        };
        let event = EventText::of(&event).map_err(|error| error.to_string())?;
        let (mut bytes, hlc) = (Vec::new(), Hlc::at(now));
        let hash = line::write(&mut bytes, &Digest::ZERO, 1, now, hlc, &place.responder, &event);
        match self.commit(&bytes, now, &mut Vec::new()) {
            Ok(()) => {}
            Err(Trouble::Io(why)) => return Err(why),
            Err(Trouble::Lost(notice)) => return Err(notice.to_string()),
        }
        self.advance(1, hash, hlc);
        sync_folder(&place.folder)
            .map_err(|error| format!("cannot make the log {} durable: {}", self.path.display(), cause(&error)))
    }

    /// Finds out where a log stands that was written before; false when it is not for us to go on with it.
    fn resume(&mut self, place: &Place, now: Timestamp, notices: &mut Vec<Notice>) -> io::Result<bool> {
        let length = self.file.metadata()?.len();
        let mut first = None;
        let opening = self.reader(0)?;
        each_line(io::Read::take(opening, line::LONGEST_LINE as u64), |_, line| {
            first.get_or_insert_with(|| Chain::start().next(line).ok());
        })?;
        match first {
            // Nothing but, perhaps, a torn first line.
            None => {}
            Some(Some(first)) if is_start_of(&first, place, &self.name) => {}
            Some(Some(_)) => return Ok(false),
            Some(None) => {
                notices.push(Notice::Spoiled { log: self.name.clone(), line: 1 });
                return Ok(false);
            }
        }
        let from = length.saturating_sub(WINDOW);
        let (mut chain, mut seen, mut spoiled) = (Chain::start(), 0, None);
        let rest = each_line(self.reader(from)?, |_, line| {
            let checked = match (from, seen) {
                // The first bytes of a window are the end of some line, and the line after those has none before it.
                (1.., 0) => Ok(()),
                (1.., 1) => Chain::after(line).map(|after| chain = after),
                _ => chain.next(line).map(drop),
            };
            seen += 1;
            if checked.is_err() {
                spoiled.get_or_insert(chain.seq());
            }
        })?;
        if let Some(line) = spoiled {
            notices.push(Notice::Spoiled { log: self.name.clone(), line });
            return Ok(false);
        }
        self.good = from + rest.whole;
        self.advance(chain.seq(), chain.hash(), chain.hlc());
        if rest.torn > 0 {
            let kept = self.set_aside("torn", now)?;
            notices.push(Notice::Torn { log: self.name.clone(), bytes: rest.torn, kept });
        }
        Ok(true)
    }

    /// Copies what stands behind the good lines into a file beside the log, and only then cuts it off. Gives the file's name.
    fn set_aside(&mut self, what: &str, now: Timestamp) -> io::Result<String> {
        let kept = beside(&self.path, what, now);
        let mut copy = self.access.make_file(&kept)?;
        io::copy(&mut self.reader(self.good)?, &mut copy)?;
        copy.sync_all()?;
        sync_folder(kept.parent().unwrap_or(&kept))?;
        self.file.set_len(self.good)?;
        self.file.sync_data()?;
        Ok(file_name(&kept))
    }

    /// Nobody but us may have changed the log's length.
    fn check_length(&mut self, now: Timestamp, notices: &mut Vec<Notice>) -> io::Result<Result<(), Trouble>> {
        let length = self.file.metadata()?.len();
        if length < self.good {
            let lost = Notice::Cut { log: self.name.clone(), missing: self.good - length };
            return Ok(Err(Trouble::Lost(lost)));
        }
        if length > self.good && self.dirty {
            self.file.set_len(self.good)?;
        } else if length > self.good {
            let bytes = length - self.good;
            let kept = self.set_aside("foreign", now)?;
            notices.push(Notice::Foreign { log: self.name.clone(), bytes, kept });
        }
        self.dirty = false;
        Ok(Ok(()))
    }

    /// The name must still lead to the file that we hold; else the file is written again, from what we hold.
    fn check_place(&mut self, now: Timestamp, notices: &mut Vec<Notice>) -> io::Result<Result<(), Trouble>> {
        let held = self.file.metadata()?;
        let replaced = match std::fs::symlink_metadata(&self.path) {
            Ok(found) if (found.dev(), found.ino()) == (held.dev(), held.ino()) => return Ok(Ok(())),
            Ok(_) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        let temporary = beside(&self.path, "restoring", now);
        let mut copy = self.access.make_file(&temporary)?;
        let written = io::copy(&mut self.reader(0)?, &mut copy)
            .and_then(|_| copy.sync_all())
            .and_then(|()| copy.try_lock().map_err(io::Error::other))
            .and_then(|()| {
                let kept = if replaced { Some(self.move_away(now)?) } else { None };
                renameat_with(CWD, &temporary, CWD, &self.path, RenameFlags::NOREPLACE)?;
                Ok(kept)
            });
        let kept = match written {
            Ok(kept) => kept,
            Err(error) => {
                // The error that is told is the first one.
                let _ = std::fs::remove_file(&temporary);
                return Err(error);
            }
        };
        sync_folder(self.path.parent().unwrap_or(&self.path))?;
        self.file = copy;
        let log = self.name.clone();
        notices.push(match kept {
            Some(kept) => Notice::Replaced { log, kept },
            None => Notice::Removed { log },
        });
        Ok(Ok(()))
    }

    /// Gives what took our place another name, unless it is the log of a running process.
    fn move_away(&self, now: Timestamp) -> io::Result<String> {
        let kept = beside(&self.path, "replaced", now);
        if let Ok(other) = open_plain(&self.path, false)
            && matches!(other.try_lock(), Err(std::fs::TryLockError::WouldBlock))
        {
            return Err(io::Error::other("the log was removed, and another process has made a new one in its place"));
        }
        renameat_with(CWD, &self.path, CWD, &kept, RenameFlags::NOREPLACE)?;
        Ok(file_name(&kept))
    }

    /// Reads from a byte on. All handles of one open file share their position; writing goes by its own.
    fn reader(&self, from: u64) -> io::Result<File> {
        let mut reader = self.file.try_clone()?;
        reader.seek(SeekFrom::Start(from))?;
        Ok(reader)
    }
}

/// Opens and locks a log, or makes it (true); `None` when it is not to be had.
fn take(path: &Path, access: Access) -> io::Result<Option<(File, bool)>> {
    let (file, new) = match open_plain(path, true) {
        Ok(file) => (file, false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match access.make_file(path) {
            Ok(file) => (file, true),
            // Somebody was faster: theirs.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            Err(error) => return Err(error),
        },
        Err(error) => {
            let mine = rustix::process::geteuid().as_raw();
            let others = std::fs::symlink_metadata(path).is_ok_and(|found| found.uid() != mine || !found.is_file());
            return if others { Ok(None) } else { Err(error) };
        }
    };
    if file.metadata()?.uid() != rustix::process::geteuid().as_raw() {
        return Ok(None);
    }
    match file.try_lock() {
        Ok(()) => Ok(Some((file, new))),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

/// Whether some process writes a log of this folder now: it holds its lock. A log that cannot be looked at counts as left.
///
/// A writer that opens the log in the very instant of the asking goes on in one with the next number.
pub fn is_alive(logs: &Path, log: &LogName) -> bool {
    let Ok(file) = open_plain(&logs.join(log.file()), false) else { return false };
    // Given back when the file is closed, at once.
    matches!(file.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock))
}

/// Whether a first line starts this log of this responder in this incident.
pub(super) fn is_start_of(first: &Entry, place: &Place, name: &LogName) -> bool {
    matches!(first.event(), Ok(JournalEvent::LogStarted { incident, responder, log, .. })
        if incident == place.incident && responder == place.responder && log == *name)
}

/// `alice@bastion-1.jsonl.torn-20260121T031200.000000001Z`.
fn beside(path: &Path, what: &str, now: Timestamp) -> PathBuf {
    let time = now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%S.%9fZ");
    path.with_file_name(format!("{}.{what}-{time}", file_name(path)))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
