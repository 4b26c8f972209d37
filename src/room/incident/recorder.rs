//! Who of all that watch an incident writes down what happens by itself, and the writing.
//!
//! A console, `incident watch`, `sweep --watch` and a run each see the platform's health, and one of them records it: the one whose log's
//! name comes first of those that are there. Each shows that it is there by touching a file in the incident's folder `recorders` whenever
//! it records. Whoever has not done so for a while, because it is stopped, hangs, or lends its terminal to a step, is passed over; no
//! clock is compared for that, only whether the file's time changes. While two take themselves for the first, a lock on that folder
//! keeps them from writing the same change twice: what the journal lacks is worked out while it is held.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use jiff::Timestamp;

use super::{IncidentDesk, View};
use warroom_domain::platform::Pack;
use warroom_host::clock;
use warroom_incident::{
    IncidentEvent, Versioned,
    arrivals::{Seen, arrivals},
    clocks::clocks,
    journal::{Access, IncidentFolder, LogName, cause, is_alive, open_plain},
};

/// How long one that records every second may be silent before others take over.
pub const GONE_AFTER: Duration = Duration::from_secs(5);

/// How long the turn is held for what was written to be durable. A disk that is slower has it kept in memory.
const DURABLE_WITHIN: Duration = Duration::from_secs(1);

/// Records what one watcher sees into one incident.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    logs: PathBuf,
    access: Access,
    gone_after: Duration,
    /// The file that shows that this one is there.
    own: Option<(PathBuf, File)>,
    /// When the files of the others were last seen to change.
    others: HashMap<LogName, Pulse>,
    recorded_at: Option<Instant>,
    /// What was seen before this is too old to be recorded: this one was away.
    back_at: Option<Timestamp>,
    /// What waits in memory for the disk, in its order.
    kept: Vec<IncidentEvent>,
    /// Up to which line of the own log that was looked for.
    looked: u64,
}

#[derive(Debug)]
struct Pulse {
    modified: SystemTime,
    changed_at: Instant,
    gone_after: Duration,
}

impl Recorder {
    /// For one that records at least every `every`.
    pub fn new(folder: &IncidentFolder, every: Duration) -> Self {
        Recorder {
            folder: folder.recorders(),
            logs: folder.logs(),
            access: folder.access(),
            gone_after: GONE_AFTER.max(every.saturating_mul(3)),
            own: None,
            others: HashMap::new(),
            recorded_at: None,
            back_at: None,
            kept: Vec::new(),
            looked: 0,
        }
    }

    /// Writes what the journal lacks of what is seen, when that is this one's to do. Returns how many events it wrote. The error is one
    /// sentence. What the disk does not take waits in memory.
    pub fn record(&mut self, desk: &IncidentDesk, pack: &Pack, mut seen: Seen) -> Result<usize, String> {
        let now = Instant::now();
        if self.recorded_at.replace(now).is_some_and(|before| now.duration_since(before) > self.gone_after) {
            self.back_at = Some(seen.at);
        }
        if let Some(back_at) = self.back_at {
            seen.forget_before(back_at);
        }
        let own = desk.log();
        self.show(own.as_ref());
        if self.others_first(own.as_ref(), now) {
            return Ok(0);
        }
        // Whoever has it writes right now; what they leave is written with the next call.
        let Some(_turn) = turn(&self.folder) else { return Ok(0) };
        let mut view = desk.view();
        desk.refresh(&mut view)?;
        self.arrived(&view, own.as_ref());
        let state = view.state();
        let events = arrivals(&seen, &clocks(state, pack, seen.at), state, &self.kept);
        drop(view);
        if events.is_empty() {
            return Ok(0);
        }
        let count = events.len();
        for event in events {
            desk.keep(event.clone())?;
            self.kept.push(event);
        }
        // Whoever has the turn next finds them.
        desk.settle(DURABLE_WITHIN);
        Ok(count)
    }

    /// Shows the others that this one is there.
    fn show(&mut self, own: Option<&LogName>) {
        let Some(own) = own else { return };
        let path = self.folder.join(own.file());
        if self.own.as_ref().is_none_or(|(known, _)| *known != path) {
            let file = open_plain(&path, true).or_else(|_| {
                if !self.folder.is_dir() {
                    // Another one may have made it in this moment.
                    let _ = self.access.make_folder(&self.folder);
                }
                self.access.make_file(&path)
            });
            let said = file.and_then(|mut file| {
                file.set_len(0)?;
                file.write_all(self.gone_after.as_secs().to_string().as_bytes())?;
                Ok(file)
            });
            match said {
                Ok(file) => self.own = Some((path, file)),
                Err(error) => return tracing::warn!(cause = cause(&error), "cannot show that this one records"),
            }
        }
        if let Some((_, file)) = &self.own {
            // The time is only compared with what it was before.
            let _ = file.set_modified(clock::now().into());
        }
    }

    /// Whether another one is there whose log's name comes before.
    fn others_first(&mut self, own: Option<&LogName>, now: Instant) -> bool {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let logs = files.filter_map(|file| LogName::of_file(file.file_name().to_str()?));
        let others: Vec<LogName> = logs.filter(|log| own.is_none_or(|own| log < own)).collect();
        let mut first = false;
        for log in others {
            first |= is_alive(&self.logs, &log) && self.beats(log, now);
        }
        first
    }

    fn beats(&mut self, log: LogName, now: Instant) -> bool {
        let path = self.folder.join(log.file());
        let Some(modified) = fs::symlink_metadata(&path).ok().and_then(|found| found.modified().ok()) else {
            return false;
        };
        let pulse = self.others.entry(log).or_insert_with(|| Pulse {
            modified,
            changed_at: now,
            gone_after: gone_after(&path),
        });
        if pulse.modified != modified {
            (pulse.modified, pulse.changed_at) = (modified, now);
        }
        now.duration_since(pulse.changed_at) <= pulse.gone_after
    }

    /// What stands in the own log does not wait any more.
    ///
    /// By the event itself and not by what the state says: several changes of one probe may come together, and others write, too.
    fn arrived(&mut self, view: &View, own: Option<&LogName>) {
        if self.kept.is_empty() {
            return;
        }
        let Some(own) = own else { return };
        let items = view.union().items().iter().filter(|item| item.log == *own && item.entry.seq > self.looked);
        let mut looked = self.looked;
        for item in items {
            looked = looked.max(item.entry.seq);
            if let Ok(Versioned { event, .. }) = item.entry.event::<Versioned>()
                && let Some(place) = self.kept.iter().position(|kept| *kept == event)
            {
                self.kept.remove(place);
            }
        }
        self.looked = looked;
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if let Some((path, _)) = &self.own {
            let _ = fs::remove_file(path);
        }
    }
}

/// How long another one may be silent, as it says itself.
fn gone_after(path: &Path) -> Duration {
    let said = open_plain(path, false).ok().and_then(|file| {
        let mut text = String::new();
        file.take(16).read_to_string(&mut text).ok()?;
        text.trim().parse().ok()
    });
    said.map_or(GONE_AFTER, Duration::from_secs)
}

/// The right to write what happens by itself; `None` while another one has it. A file system that knows no locks gives it to
/// everybody.
fn turn(folder: &Path) -> Option<Option<File>> {
    let Ok(folder) = File::open(folder) else { return Some(None) };
    match folder.try_lock() {
        Err(fs::TryLockError::WouldBlock) => None,
        _ => Some(Some(folder)),
    }
}
