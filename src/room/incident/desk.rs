//! An incident as somebody works on it: what all logs say, and one's own log to write to.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::SignedDuration;

use super::verb::{self, Declaration, Verb};
use warroom_domain::platform::Pack;
use warroom_host::clock;
use warroom_incident::{
    IncidentEvent, IncidentState, Versioned, event,
    journal::{
        Access, Appended, Checkpoint, Finding, Hlc, IncidentFolder, IncidentId, Incidents, Item, JournalEvent,
        LogFolder, LogName, Notice, Now, Place, Source, Union, Writer, WriterState, is_alive, set_aside,
    },
    timeline::{self, TimelineEntry},
};

/// A line that is older than this stays: its writer would have taken it back.
const SETTLED: SignedDuration = SignedDuration::from_secs(5);

/// The entry of an event, when it has one.
pub type Told = Option<TimelineEntry>;

/// What was read of an incident: every event in its order, and the state that they mean.
#[derive(Debug)]
pub struct View {
    folder: IncidentFolder,
    source: LogFolder,
    union: Union,
    state: Arc<IncidentState>,
    /// What is wrong with the logs, as far as it was read.
    findings: Vec<Finding>,
    /// The first place that holds another event than when [`View::take_changed`] was called last.
    changed: Option<usize>,
    /// The entries from there on; `None` where nobody is told of them.
    told: Option<Vec<Told>>,
    /// Moments of the newest lines that were read, of each log, since [`View::take_moments`] was called last.
    moments: Vec<Hlc>,
}

impl View {
    /// Reads an incident. Leaves no trace. The error is one sentence.
    pub fn read(folder: IncidentFolder) -> Result<View, String> {
        View::of(folder, None)
    }

    /// [`View::read`], for whoever is told of every entry: [`View::take_changed`].
    pub fn told(folder: IncidentFolder) -> Result<View, String> {
        View::of(folder, Some(Vec::new()))
    }

    fn of(folder: IncidentFolder, told: Option<Vec<Told>>) -> Result<View, String> {
        let source = LogFolder::new(&folder.logs());
        let (union, state) = (Union::default(), Arc::default());
        let (findings, moments) = (Vec::new(), Vec::new());
        let mut view = View { folder, source, union, state, findings, changed: None, told, moments };
        view.refresh()?;
        if view.state.declared.is_none() {
            return Err(format!("{} was never declared: nothing in its logs says what it is", view.folder.id()));
        }
        Ok(view)
    }

    /// Takes in what is new since the last call; true when there was something.
    pub fn refresh(&mut self) -> Result<bool, String> {
        let folded = self.union.items().len();
        let mut first = None;
        for mut batch in self.source.poll()? {
            self.findings.append(&mut batch.findings);
            self.moments.extend(batch.found.iter().filter(|found| found.intact).map(|found| found.entry.hlc).max());
            first = first.into_iter().chain(self.union.take(batch).first).min();
        }
        let Some(first) = first else { return Ok(false) };
        self.changed = Some(self.changed.map_or(first, |changed| changed.min(first)));
        // What stands before others that were folded already means something else for them.
        let from = if first < folded { 0 } else { folded };
        self.fold(from);
        Ok(true)
    }

    /// Folds the events from place `from` on; each is decoded once, for the state and for its entry.
    fn fold(&mut self, from: usize) {
        if from == 0 {
            self.state = Arc::default();
            self.told.iter_mut().for_each(Vec::clear);
        }
        let (state, changed) = (Arc::make_mut(&mut self.state), self.changed.unwrap_or_default());
        for (place, item) in self.union.items().iter().enumerate().skip(from) {
            match &mut self.told {
                Some(told) if place >= changed => told.push(timeline::take(item, state)),
                _ => state.apply(item),
            }
        }
    }

    /// From where on the events are others than at the last call, with the entry of each; `None` when nothing has changed.
    pub fn take_changed(&mut self) -> Option<(usize, Vec<Told>)> {
        let first = self.changed.take()?;
        Some((first, self.told.replace(Vec::new()).unwrap_or_default()))
    }

    /// Lets the next [`View::take_changed`] give everything.
    pub fn tell_all(&mut self) {
        self.changed = Some(0);
        if self.told.as_ref().is_none_or(|told| told.len() < self.union.items().len()) {
            self.told = Some(Vec::new());
            self.fold(0);
        }
    }

    fn take_moments(&mut self) -> Vec<Hlc> {
        std::mem::take(&mut self.moments)
    }

    /// True while a line stands where a checkpoint says.
    pub fn holds(&self, checkpoint: &Checkpoint) -> bool {
        self.union.items().iter().rev().any(|item| {
            item.log == checkpoint.log && item.entry.seq == checkpoint.seq && item.entry.hash == checkpoint.hash
        })
    }

    /// The last line of a log that will not be taken back: its writer may still have to do so with what it wrote just now and
    /// cannot make durable.
    fn settled(&self, head: Checkpoint) -> Option<Checkpoint> {
        if !is_alive(&self.folder.logs(), &head.log) {
            return Some(head);
        }
        let before = clock::now() - SETTLED;
        let mut items = self.union.items().iter().rev().filter(|item| item.log == head.log && item.intact);
        let item = items.find(|item| item.entry.at <= before)?;
        Some(Checkpoint { log: head.log, seq: item.entry.seq, hash: item.entry.hash })
    }

    /// The checkpoints of others that a log holds, the newest of each.
    fn sworn_in(&self, log: &LogName) -> Vec<Checkpoint> {
        let mut sworn: Vec<Checkpoint> = Vec::new();
        for item in
            self.union.items().iter().rev().filter(|item| item.log == *log && JournalEvent::is(&item.entry.kind))
        {
            let Ok(event) = item.entry.event::<JournalEvent>() else { continue };
            for checkpoint in event.checkpoints() {
                if !sworn.iter().any(|known| known.log == checkpoint.log) {
                    sworn.push(checkpoint.clone());
                }
            }
        }
        sworn
    }

    /// True when logs hold more than at these checkpoints. Checkpoints do not count: two consoles at rest would swear to each
    /// other's oaths for ever.
    pub fn has_moved(&self, heads: &[Checkpoint], sworn: &[Checkpoint]) -> bool {
        let items = self.union.items();
        heads.iter().any(|head| {
            let before = sworn.iter().find(|known| known.log == head.log).map_or(0, |known| known.seq);
            let news = |item: &&Arc<Item>| item.log == head.log && item.entry.seq > before;
            head.seq > before && items.iter().rev().filter(news).any(|item| &*item.entry.kind != "checkpoint")
        })
    }

    pub fn id(&self) -> &IncidentId {
        self.folder.id()
    }

    /// Whether it is an incident of this platform and environment: what is seen of another must not get into it. The error is one
    /// sentence.
    pub fn is_of(&self, platform: &str, environment: &str) -> Result<(), String> {
        let (id, of, at) = (self.id(), &self.state.platform, &self.state.environment);
        if of != platform {
            return Err(format!("{id} is an incident of {of}: start warroom with --pack {of}"));
        }
        if at != environment {
            return Err(format!("{id} is an incident of {at}: start warroom with --environment {at}"));
        }
        Ok(())
    }

    pub fn folder(&self) -> &IncidentFolder {
        &self.folder
    }

    pub fn state(&self) -> &Arc<IncidentState> {
        &self.state
    }

    pub fn union(&self) -> &Union {
        &self.union
    }

    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What was cut off while it was written, by a crash or a full disk: one sentence each. Nothing that was acknowledged is
    /// missing.
    pub fn torn(&self) -> Vec<String> {
        let id = self.id();
        let torn = self.source.torn().into_iter().map(|(log, bytes)| {
            format!("{id}: the last {bytes} bytes of log/{} are not a whole line and are left out", log.file())
        });
        let aside = set_aside(&self.folder.logs()).into_iter();
        torn.chain(aside.map(|name| format!("{id}: a line that was cut off is set aside in log/{name}"))).collect()
    }

    pub fn timeline(&self) -> Vec<TimelineEntry> {
        timeline::timeline(self.union.items(), &self.state)
    }

    /// The last line of each log.
    pub fn checkpoints(&self) -> Vec<Checkpoint> {
        self.union.heads()
    }
}

/// An incident with one's own log open. Shared by the front end and its runs.
#[derive(Debug)]
pub struct IncidentDesk {
    writer: Writer,
    view: Mutex<View>,
}

impl IncidentDesk {
    /// Makes an incident; it exists when this returns. The error is one sentence, and then there is none.
    pub fn declare(
        incidents: &Incidents,
        access: Access,
        by: &str,
        declaration: Declaration,
        pack: &Pack,
    ) -> Result<IncidentDesk, String> {
        let now = clock::now();
        let event = verb::declare(declaration, pack, now)?;
        let folder = incidents.create(now).map_err(|error| error.to_string())?;
        let begun = writer(&folder, access, by).and_then(|writer| {
            writer.append(&Versioned::from(event)).map_err(|error| error.to_string())?;
            Ok(writer)
        });
        match begun {
            Ok(writer) => Ok(IncidentDesk { writer, view: Mutex::new(View::read(folder)?) }),
            Err(why) => {
                // Nothing in it says what it is, and nothing ever will.
                if let Err(error) = std::fs::remove_dir_all(folder.path()) {
                    tracing::warn!(%error, "the folder of an incident that was not declared stays");
                }
                Err(why)
            }
        }
    }

    /// Opens an incident that there is.
    pub fn open(incidents: &Incidents, access: Access, id: &IncidentId, by: &str) -> Result<IncidentDesk, String> {
        let folder = incidents.open(id).map_err(|error| error.to_string())?;
        IncidentDesk::on(View::read(folder)?, access, by)
    }

    /// Opens an incident that was read.
    pub fn on(view: View, access: Access, by: &str) -> Result<IncidentDesk, String> {
        let writer = writer(view.folder(), access, by)?;
        let desk = IncidentDesk { writer, view: Mutex::new(view) };
        desk.refresh(&mut desk.view())?;
        Ok(desk)
    }

    /// Everything that was read so far.
    pub fn view(&self) -> MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something: durable when this returns. The error is one sentence, and nothing happened.
    pub fn act(&self, verb: Verb, pack: &Pack) -> Result<Vec<Appended>, String> {
        let mut view = self.view();
        self.refresh(&mut view)?;
        let events = verb::events(verb, view.state(), pack, clock::now())?;
        let written = self.append(events)?;
        self.refresh(&mut view)?;
        Ok(written)
    }

    /// Takes in what was written. What is written here from now on comes after it, whatever the clocks of the machines say: an
    /// answer follows its question.
    pub fn refresh(&self, view: &mut View) -> Result<bool, String> {
        let news = view.refresh()?;
        for moment in view.take_moments() {
            if let Err(drift) = self.writer.observe(moment) {
                tracing::warn!(%drift, "another log's clock is not followed");
            }
        }
        Ok(news)
    }

    /// Writes events; they are durable when this returns.
    pub fn append(&self, events: Vec<IncidentEvent>) -> Result<Vec<Appended>, String> {
        let events: Vec<Versioned> = events.into_iter().map(Versioned::from).collect();
        self.writer.append_all(&events).map_err(|error| error.to_string())
    }

    /// Writes what happened by itself as soon as that is possible, and keeps it in memory until then.
    pub fn keep(&self, event: IncidentEvent) -> Result<(), String> {
        self.writer.keep(&Versioned::from(event)).map_err(|error| error.to_string())
    }

    /// Waits until what is kept is durable, no longer than `most`, and not at all for a disk that takes nothing.
    pub fn settle(&self, most: Duration) {
        let until = Instant::now() + most;
        while self.writer.state() == WriterState::Writable
            && !self.writer.waiting().is_empty()
            && Instant::now() < until
        {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Writes down how far the logs of others went, when they say more than they said at the last checkpoint in one's own. For
    /// who writes something and leaves: a console does so from time to time.
    pub fn witness(&self) -> Result<(), String> {
        let mut view = self.view();
        self.refresh(&mut view)?;
        let own = self.log();
        let others = view.checkpoints().into_iter().filter(|head| Some(&head.log) != own.as_ref());
        let heads: Vec<Checkpoint> = others.filter_map(|head| view.settled(head)).collect();
        let sworn = own.map(|own| view.sworn_in(&own)).unwrap_or_default();
        if !view.has_moved(&heads, &sworn) {
            return Ok(());
        }
        let event = JournalEvent::Checkpoint { version: event::VERSION, checkpoints: heads };
        self.writer.append(&event).map(drop).map_err(|error| error.to_string())
    }

    /// Writes down how far other logs went.
    pub fn keep_checkpoints(&self, checkpoints: &[Checkpoint]) -> Result<(), String> {
        let event = JournalEvent::Checkpoint { version: event::VERSION, checkpoints: checkpoints.to_vec() };
        self.writer.keep(&event).map_err(|error| error.to_string())
    }

    /// One's own log, once it was begun.
    pub fn log(&self) -> Option<LogName> {
        self.writer.head().map(|head| head.log)
    }

    /// The logs of others who are there now: consoles that have the incident open, and whoever waits for a second person.
    pub fn alive(&self) -> Vec<LogName> {
        let view = self.view();
        let own = self.log();
        let state = view.state();
        let asking = state.open_seconds().into_iter().map(|(of, _)| &of.log);
        let others: BTreeSet<&LogName> = state.present.keys().chain(asking).collect();
        let others = others.into_iter().filter(|log| Some(*log) != own.as_ref());
        others.filter(|log| is_alive(&view.folder.logs(), log)).cloned().collect()
    }

    /// Whether what happens now is recorded.
    pub fn writing(&self) -> WriterState {
        self.writer.state()
    }

    /// What happened to the own log since the last call, one sentence each.
    pub fn notices(&self) -> Vec<Notice> {
        self.writer.take_notices()
    }
}

fn writer(folder: &IncidentFolder, access: Access, by: &str) -> Result<Writer, String> {
    let place = Place { folder: folder.logs(), incident: folder.id().to_string(), responder: by.to_owned(), access };
    let now: Now = Arc::new(clock::now);
    Writer::open(place, now).map_err(|error| format!("cannot start the journal: {error}"))
}
