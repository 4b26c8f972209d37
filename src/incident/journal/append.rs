//! The writer of one responder's log: from many threads, several events a sync, nothing acknowledged that is not durable.
//!
//! A thread of its own takes everything that waits, writes it at once, calls `fdatasync` once, and acknowledges it all.
//!
//! There are two ways in. [`Writer::append`] (and [`Writer::append_all`], [`Writer::submit`]) is durable or fails, and what
//! failed will never be written: an intent that could not be recorded must not turn up later, as if the act had followed.
//! [`Writer::keep`] is for what has happened and must not be forgotten (a probe's transition, how a step ended): it waits in
//! memory, with the time at which it happened, until it can be written.

use std::{
    collections::VecDeque,
    fmt, io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{
    Checkpoint, Digest, Hlc, LogName, Place,
    hlc::{Clock, Drift},
    line::{self, EventText, NotAnEvent},
    own::{Notice, OwnLog, Trouble},
};

/// Bytes that are written at once, and one line more.
const COMMIT: usize = 1 << 20;
/// Events that wait in memory at most.
const MOST_WAITING: usize = 100_000;
/// Pauses between tries while the log cannot be written.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A sync that takes longer (a network file system whose server is away) counts as no writing at all.
const SLOWEST: Duration = Duration::from_secs(5);

/// Tells the time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// An event that is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    pub log: LogName,
    pub seq: u64,
    pub hash: Digest,
    pub hlc: Hlc,
    pub at: Timestamp,
}

/// Why an event was not taken. One sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    #[error(transparent)]
    NotAnEvent(#[from] NotAnEvent),
    /// It is not in the journal, and will not be.
    #[error("{0}")]
    Unwritable(String),
    #[error("{MOST_WAITING} events wait for the journal to be writable again, and memory is for no more")]
    Full,
    #[error("the journal is closed")]
    Closed,
}

/// Whether what happens now is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriterState {
    Writable,
    Unwritable {
        since: Timestamp,
        /// One sentence.
        why: String,
        /// Events in memory that are in no file.
        waiting: usize,
    },
}

type Then = Box<dyn FnOnce(Result<Vec<Appended>, AppendError>) + Send>;

#[derive(Clone)]
struct Event {
    at: Timestamp,
    hlc: Hlc,
    text: EventText,
}

/// Events that are acknowledged together.
struct Item {
    events: Vec<Event>,
    /// `None`: kept until written.
    then: Option<Then>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Item>,
    /// Events in `waiting`.
    count: usize,
    /// Items at the front of `waiting` that the thread is writing.
    in_hand: usize,
    clock: Clock,
    closing: bool,
    trouble: Option<(Timestamp, String)>,
    /// Since when the thread waits for the file system.
    writing: Option<(Timestamp, Instant)>,
    /// Somebody waits for an answer: try now, whatever the pause.
    urgent: bool,
    head: Option<Checkpoint>,
    notices: Vec<Notice>,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    now: Now,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes one responder's log. Dropping it writes what waits, once more, and ends its thread.
pub struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("state", &self.state()).finish_non_exhaustive()
    }
}

impl Writer {
    /// Takes the responder's log (see `own` for which one), or starts it.
    ///
    /// A log that cannot be opened is no error here: [`Writer::state`] says so, what is kept is kept in memory, and opening is
    /// tried again and again. The only error is that there is no thread to be had.
    pub fn open(place: Place, now: Now) -> io::Result<Self> {
        let shared = Arc::new(Shared { queue: Mutex::default(), wake: Condvar::new(), now });
        let mut thread = Committer { shared: shared.clone(), place, log: None, abandoned: Vec::new() };
        match thread.open_log() {
            Ok(()) => {}
            Err(why) => shared.lock().trouble = Some(((shared.now)(), why)),
        }
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn(move || thread.run())?;
        Ok(Writer { shared, thread: Some(thread) })
    }

    /// Appends one event; blocks until it is on disk.
    ///
    /// # Errors
    /// The event is not in the journal.
    pub fn append(&self, event: &impl Serialize) -> Result<Appended, AppendError> {
        let mut appended = self.append_all(&[event])?;
        appended.pop().ok_or(AppendError::Closed)
    }

    /// Appends several events with one sync; blocks until they are on disk. After a crash in between, the first few of them may
    /// be there without the others.
    pub fn append_all(&self, events: &[impl Serialize]) -> Result<Vec<Appended>, AppendError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let (send, answer) = mpsc::sync_channel(1);
        let then: Then = Box::new(move |result| drop(send.send(result)));
        self.enqueue(events, Some(then))?;
        answer.recv().unwrap_or(Err(AppendError::Closed))
    }

    /// Appends one event without blocking. `then` hears how it went, on the journal's thread, and must not take long.
    pub fn submit(
        &self,
        event: &impl Serialize,
        then: impl FnOnce(Result<Appended, AppendError>) + Send + 'static,
    ) -> Result<(), AppendError> {
        let then: Then = Box::new(move |result| {
            then(result.and_then(|mut appended| appended.pop().ok_or(AppendError::Closed)));
        });
        self.enqueue(&[event], Some(then))
    }

    /// Writes an event as soon as that is possible, and keeps it in memory until then. Does not block.
    ///
    /// # Errors
    /// It is no event, or far too many wait already.
    pub fn keep(&self, event: &impl Serialize) -> Result<(), AppendError> {
        self.enqueue(&[event], None)
    }

    /// Whether events reach the disk. Never blocks, even when the file system does.
    pub fn state(&self) -> WriterState {
        let queue = self.shared.lock();
        match (&queue.trouble, &queue.writing) {
            (None, Some((since, started))) if started.elapsed() > SLOWEST => {
                let seconds = started.elapsed().as_secs();
                let why = format!("the file system has not answered the journal for {seconds} s");
                WriterState::Unwritable { since: *since, why, waiting: queue.count }
            }
            (None, _) => WriterState::Writable,
            (Some((since, why)), _) => {
                WriterState::Unwritable { since: *since, why: why.clone(), waiting: queue.count }
            }
        }
    }

    /// What is kept in memory and in no file yet, in its order: when it happened and what. A screen shows it behind the journal.
    pub fn waiting(&self) -> Vec<(Timestamp, Value)> {
        let queue = self.shared.lock();
        let kept = queue.waiting.iter().filter(|item| item.then.is_none());
        kept.flat_map(|item| &item.events).map(|event| (event.at, event.text.value())).collect()
    }

    /// The last line on disk, for exports, the screen and other responders' logs. `None` while the log could not be opened.
    pub fn head(&self) -> Option<Checkpoint> {
        self.shared.lock().head.clone()
    }

    /// What happened to the log since the last call.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.shared.lock().notices)
    }

    /// An event of another log was seen: what is appended from now on comes after it.
    pub fn observe(&self, remote: Hlc) -> Result<(), Drift> {
        let now = (self.shared.now)();
        self.shared.lock().clock.observe(remote, now)
    }

    /// Writes what waits and ends.
    ///
    /// # Errors
    /// The number of events that were kept and could not be written.
    pub fn close(mut self) -> Result<(), usize> {
        self.end();
        match self.shared.lock().count {
            0 => Ok(()),
            lost => Err(lost),
        }
    }

    fn enqueue(&self, events: &[impl Serialize], then: Option<Then>) -> Result<(), AppendError> {
        let texts = events.iter().map(EventText::of).collect::<Result<Vec<_>, _>>()?;
        let mut queue = self.shared.lock();
        if queue.closing {
            return Err(AppendError::Closed);
        }
        if queue.count + texts.len() > MOST_WAITING {
            return Err(AppendError::Full);
        }
        // Under the lock, so that times rise along the queue.
        let now = (self.shared.now)();
        let events: Vec<_> =
            texts.into_iter().map(|text| Event { at: now, hlc: queue.clock.tick(now), text }).collect();
        queue.count += events.len();
        queue.urgent |= then.is_some();
        queue.waiting.push_back(Item { events, then });
        drop(queue);
        self.shared.wake.notify_all();
        Ok(())
    }

    fn end(&mut self) {
        self.shared.lock().closing = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by the panic hook.
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end();
    }
}

/// The thread's side.
struct Committer {
    shared: Arc<Shared>,
    place: Place,
    log: Option<OwnLog>,
    /// Logs that were found cut: never gone on with.
    abandoned: Vec<Checkpoint>,
}

impl Committer {
    fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        while let Some(batch) = self.next_batch(pause) {
            let last_try = self.shared.lock().closing;
            let committed = self.commit(&batch);
            self.shared.lock().writing = None;
            match committed {
                Ok(appended) => {
                    pause = FIRST_PAUSE;
                    self.acknowledge(appended);
                }
                Err(why) => {
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    self.refuse(&why);
                    if last_try {
                        return;
                    }
                }
            }
        }
    }

    /// Waits until there is something to do; `None` at the end. An empty batch is a try to get the log back.
    fn next_batch(&self, pause: Duration) -> Option<Vec<Event>> {
        let retry = Instant::now() + pause;
        let mut queue = self.shared.lock();
        loop {
            let due = queue.trouble.is_none() || queue.urgent || Instant::now() >= retry || queue.closing;
            if due && (!queue.waiting.is_empty() || (queue.trouble.is_some() && !queue.closing)) {
                break;
            }
            if queue.closing {
                return None;
            }
            queue = if queue.trouble.is_some() {
                let rest = retry.saturating_duration_since(Instant::now());
                self.shared.wake.wait_timeout(queue, rest).unwrap_or_else(PoisonError::into_inner).0
            } else {
                self.shared.wake.wait(queue).unwrap_or_else(PoisonError::into_inner)
            };
        }
        let (mut batch, mut bytes, mut in_hand) = (Vec::new(), 0, 0);
        for item in &queue.waiting {
            if bytes >= COMMIT {
                break;
            }
            bytes += item.events.iter().map(|event| event.text.size()).sum::<usize>();
            batch.extend(item.events.iter().cloned());
            in_hand += 1;
        }
        queue.in_hand = in_hand;
        queue.urgent = queue.waiting.iter().skip(in_hand).any(|item| item.then.is_some());
        queue.writing = Some(((self.shared.now)(), Instant::now()));
        Some(batch)
    }

    fn commit(&mut self, batch: &[Event]) -> Result<Vec<Appended>, String> {
        // A log that turns out to be cut is left for the next one, which vouches for it.
        loop {
            if self.log.is_none() {
                self.open_log()?;
            }
            let Some(log) = &mut self.log else { return Err("the log is not open".to_owned()) };
            let (mut bytes, mut appended) = (Vec::new(), Vec::new());
            let (mut seq, mut hash, mut hlc) = (log.seq, log.hash, log.hlc);
            for Event { at, hlc: stamp, text } in batch {
                seq += 1;
                // Stamped before the log could be opened, it may be behind what the log holds.
                hlc = (*stamp).max(hlc.next());
                hash = line::write(&mut bytes, &hash, seq, *at, hlc, &self.place.responder, text);
                appended.push(Appended { log: log.name.clone(), seq, hash, hlc, at: *at });
            }
            let now = (self.shared.now)();
            let mut notices = Vec::new();
            let done = match bytes.is_empty() {
                true => log.probe(now, &mut notices),
                false => log.commit(&bytes, now, &mut notices),
            };
            if done.is_ok() {
                log.advance(seq, hash, hlc);
            }
            self.shared.lock().notices.append(&mut notices);
            match done {
                Ok(()) => return Ok(appended),
                Err(Trouble::Io(why)) => return Err(why),
                Err(Trouble::Lost(notice)) => {
                    self.abandoned.push(log.checkpoint());
                    self.log = None;
                    self.shared.lock().notices.push(notice);
                }
            }
        }
    }

    fn open_log(&mut self) -> Result<(), String> {
        let mut notices = Vec::new();
        let opened = OwnLog::open(&self.place, &self.abandoned, (self.shared.now)(), &mut notices);
        let mut queue = self.shared.lock();
        for notice in notices {
            // Each try finds the same spoiled log again.
            if !queue.notices.contains(&notice) {
                queue.notices.push(notice);
            }
        }
        let log = opened?;
        queue.clock.resume(log.hlc);
        queue.head = Some(log.checkpoint());
        self.log = Some(log);
        Ok(())
    }

    fn acknowledge(&self, mut appended: Vec<Appended>) {
        let mut queue = self.shared.lock();
        queue.count -= appended.len();
        queue.trouble = None;
        if let Some(last) = appended.last() {
            queue.head = Some(Checkpoint { log: last.log.clone(), seq: last.seq, hash: last.hash });
            queue.clock.resume(last.hlc);
        }
        let in_hand = std::mem::take(&mut queue.in_hand);
        let written: Vec<_> = queue.waiting.drain(..in_hand).collect();
        drop(queue);
        for item in written {
            let rest = appended.split_off(item.events.len());
            let mine = std::mem::replace(&mut appended, rest);
            if let Some(then) = item.then {
                then(Ok(mine));
            }
        }
    }

    /// Nobody who waits for an answer is left waiting, and what is kept stays where it was.
    fn refuse(&self, why: &str) {
        let mut queue = self.shared.lock();
        let all = std::mem::take(&mut queue.waiting);
        let (refused, kept): (VecDeque<_>, VecDeque<_>) = all.into_iter().partition(|item| item.then.is_some());
        queue.count = kept.iter().map(|item| item.events.len()).sum();
        queue.waiting = kept;
        queue.in_hand = 0;
        queue.urgent = false;
        let since = queue.trouble.as_ref().map_or_else(|| (self.shared.now)(), |(since, _)| *since);
        queue.trouble = Some((since, why.to_owned()));
        drop(queue);
        for then in refused.into_iter().filter_map(|item| item.then) {
            then(Err(AppendError::Unwritable(why.to_owned())));
        }
    }
}
