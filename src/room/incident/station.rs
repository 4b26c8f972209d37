//! Where one console works on an incident: commands in, news out. It reads what others write, and writes what people want and
//! what happens by itself.
//!
//! A thread of its own: files are slow when a disk is, and a console must not be.

use std::{
    path::PathBuf,
    sync::{Arc, mpsc as channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use super::{
    Declaration, IncidentDesk, IncidentHistory, Listed, Recorder, Verb, View,
    desk::Told,
    export::{self, Format},
    list,
};
use crate::run::{self, History, Runner};
use warroom_domain::platform::Pack;
use warroom_incident::{
    IncidentEvent, IncidentState,
    arrivals::Seen,
    journal::{
        Access, Checkpoint, Follower, IncidentFolder, IncidentId, Incidents, Item, LogFolder, LogName, WriterState,
        follow, verify,
    },
};

/// How often is looked whether the journal can be written, and who is there.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often is looked for incidents that others declare while none is open here.
const LIST_EVERY: Duration = Duration::from_secs(1);
/// How often those that people work on are read again meanwhile.
const LIST_AGAIN_EVERY: Duration = Duration::from_secs(5);
/// How often the ends of the other logs are written into one's own.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);
/// How long a line of another log must have stood before it is sworn to: a machine that lost its power may rightly have lost
/// its last moments.
const SETTLED: Duration = Duration::from_secs(10);
/// Events that are told at once.
const AT_ONCE: usize = 1000;
/// How long ending waits for what is still being written.
const FAREWELL: Duration = Duration::from_secs(2);

/// Something wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// List the incidents that there are.
    List,
    /// Declare one; it is open then.
    Declare(Box<Declaration>),
    Open(IncidentId),
    /// Let go of the open incident. It goes on without this console.
    Leave,
    /// Do something; [`News::Done`] or [`News::Refused`] comes of it.
    Act {
        /// The incident that it is meant for: another one may be open meanwhile.
        incident: IncidentId,
        verb: Box<Verb>,
    },
    /// What is seen of the platform: what the journal lacks of it is recorded. Nothing when another incident is open meanwhile.
    Record {
        incident: IncidentId,
        seen: Box<Seen>,
    },
    /// Compute the chains and digests of the open incident again.
    Verify,
    /// Write the open incident to a file; without a name, into the working directory under its own.
    Export {
        format: Format,
        file: Option<PathBuf>,
    },
}

/// What came of it, and what others did.
#[derive(Debug, Clone)]
pub enum News {
    Listed {
        /// The newest first.
        incidents: Vec<Listed>,
        /// What could not be read, one sentence each.
        problems: Vec<String>,
    },
    /// An incident is open. Its events follow.
    Opened {
        id: IncidentId,
        folder: PathBuf,
        /// It was declared here and now.
        declared: bool,
    },
    /// From place `first` on, the events of the incident are these. Many come in several pieces, so that whoever draws never
    /// stops for long.
    Events {
        first: usize,
        items: Vec<Arc<Item>>,
        /// The entry of each.
        entries: Vec<Told>,
        /// What all events mean, those of later pieces included.
        state: Arc<IncidentState>,
    },
    /// Whether what happens is recorded, and in which log.
    Writing { state: WriterState, log: Option<LogName> },
    /// Logs of other consoles that are there now.
    Alive(Vec<LogName>),
    /// Something to know. One sentence.
    Notice(String),
    /// What is wrong with an incident's journal and evidence, and what was checked: one sentence each.
    Verified(Vec<String>),
    /// What was wanted is done, and durable.
    Done,
    /// It was not done. One sentence.
    Refused(String),
    /// No incident is open.
    Left,
}

/// What a station works with.
pub struct StationOptions {
    pub incidents: Incidents,
    pub access: Access,
    /// Who acts: `alice@bastion-1`.
    pub by: String,
    pub pack: Arc<Pack>,
    /// The environment of the console; an incident of another is not opened.
    pub environment: String,
    /// Looks on: writes nothing but that it is there.
    pub read_only: bool,
    /// Runs belong to the incident that is open.
    pub runner: Runner,
}

enum Wish {
    Command(Command),
    /// Something was written, by somebody.
    Look,
    Stop,
}

/// A console's handle. Ending it says goodbye in the journal.
pub struct Station {
    wishes: channel::Sender<Wish>,
    thread: Option<JoinHandle<()>>,
}

impl Station {
    /// Starts it on a thread of its own.
    pub fn start(options: StationOptions) -> std::io::Result<(Station, mpsc::UnboundedReceiver<News>)> {
        let (wishes, wanted) = channel::channel();
        let (news, heard) = mpsc::unbounded_channel();
        let work = Work {
            options,
            news,
            wake: wishes.clone(),
            open: None,
            listed: None,
            listed_at: Instant::now(),
            worked_on: false,
        };
        let thread = std::thread::Builder::new().name("incident".to_owned()).spawn(move || work.run(&wanted))?;
        Ok((Station { wishes, thread: Some(thread) }, heard))
    }

    /// Wants something. What comes of it is news.
    pub fn send(&self, command: Command) {
        // The thread ends only with the station.
        let _ = self.wishes.send(Wish::Command(command));
    }

    /// Says goodbye, writes what waits, and ends; gives up on a disk that does not answer.
    pub fn stop(mut self) {
        let _ = self.wishes.send(Wish::Stop);
        let deadline = Instant::now() + FAREWELL;
        if let Some(thread) = self.thread.take() {
            while !thread.is_finished() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

struct Work {
    options: StationOptions,
    news: mpsc::UnboundedSender<News>,
    wake: channel::Sender<Wish>,
    open: Option<Open>,
    /// The incidents that were listed last; `None` before anybody asked for a list.
    listed: Option<Vec<IncidentId>>,
    listed_at: Instant,
    /// People work on one of them.
    worked_on: bool,
}

/// The incident that is open.
struct Open {
    id: IncidentId,
    desk: Arc<IncidentDesk>,
    recorder: Recorder,
    /// Keeps looking until it is dropped.
    _follower: Option<Follower>,
    writing: Option<(WriterState, Option<LogName>)>,
    alive: Option<Vec<LogName>>,
    /// Ends of the other logs, and when they were seen.
    seen: Option<(Instant, Vec<Checkpoint>)>,
    /// What was written down of them last.
    sworn: Vec<Checkpoint>,
    sworn_at: Instant,
}

impl Work {
    fn run(mut self, wanted: &channel::Receiver<Wish>) {
        loop {
            let pause = if self.open.is_some() { LOOK_EVERY } else { LIST_EVERY };
            match wanted.recv_timeout(pause) {
                Ok(Wish::Command(command)) => {
                    if let Err(why) = self.carry_out(command) {
                        self.tell(News::Refused(why));
                    }
                }
                Ok(Wish::Look) | Err(channel::RecvTimeoutError::Timeout) => {}
                Ok(Wish::Stop) | Err(channel::RecvTimeoutError::Disconnected) => {
                    self.leave();
                    return;
                }
            }
            self.look();
            self.look_for_others();
        }
    }

    fn tell(&self, news: News) {
        // Nobody listens any more when the console ends.
        let _ = self.news.send(news);
    }

    fn carry_out(&mut self, command: Command) -> Result<(), String> {
        match command {
            Command::List => self.list()?,
            Command::Declare(declaration) => {
                self.may_write()?;
                let StationOptions { incidents, access, by, pack, .. } = &self.options;
                let desk = IncidentDesk::declare(incidents, *access, by, *declaration, pack)?;
                self.take_up(desk, true);
                self.tell(News::Done);
            }
            Command::Open(id) => {
                let StationOptions { incidents, access, by, pack, environment, .. } = &self.options;
                let view = View::told(incidents.open(&id).map_err(|error| error.to_string())?)?;
                // Before a log is begun in it.
                view.is_of(&pack.name, environment)?;
                let desk = IncidentDesk::on(view, *access, by)?;
                self.take_up(desk, false);
            }
            Command::Leave => {
                self.leave();
                self.tell(News::Left);
                // What was done to it since the last list is seen there.
                self.list()?;
            }
            Command::Act { incident, verb } => {
                self.may_write()?;
                let desk = self.desk(&incident).ok_or_else(|| format!("{incident} is not open here any more"))?;
                desk.act(*verb, &self.options.pack)?;
                self.tell(News::Done);
            }
            Command::Verify => {
                let (folder, news) = (self.open_folder()?, self.news.clone());
                // What others do is news meanwhile.
                thread(move || {
                    let _ = news.send(News::Verified(verify(&folder, &[]).lines(folder.id())));
                })?;
            }
            Command::Export { format, file } => {
                if self.options.read_only {
                    return Err("this console is read-only: no file is written".to_owned());
                }
                let (folder, news, pack) = (self.open_folder()?, self.news.clone(), self.options.pack.clone());
                thread(move || {
                    let file = file.unwrap_or_else(|| format.file(folder.id().as_str()));
                    match export::to_file(&folder, format, &file, &|_| Some(pack.clone())) {
                        Ok(exported) => {
                            let told = exported.notices.into_iter().chain([exported.said]).map(News::Notice);
                            told.chain([News::Done]).for_each(|told| drop(news.send(told)));
                        }
                        Err(why) => drop(news.send(News::Refused(why.to_string()))),
                    }
                })?;
            }
            Command::Record { incident, seen } => {
                let read_only = self.options.read_only;
                // Nobody asked for it, so nothing is refused; that the journal cannot be written is said by its writer.
                if let Some(open) = self.open.as_mut().filter(|open| open.id == incident && !read_only)
                    && let Err(why) = open.recorder.record(&open.desk, &self.options.pack, *seen)
                {
                    tracing::warn!(%why, "what was seen is not recorded");
                }
            }
        }
        Ok(())
    }

    fn list(&mut self) -> Result<(), String> {
        self.listed = self.options.incidents.list().ok();
        let super::List { incidents, problems, .. } = list(&self.options.incidents)?;
        self.worked_on = incidents.iter().any(|listed| listed.phase.is_open());
        self.listed_at = Instant::now();
        self.tell(News::Listed { incidents, problems });
        Ok(())
    }

    /// While no incident is open here, somebody else may declare one.
    fn look_for_others(&mut self) {
        let Some(listed) = &self.listed else { return };
        let news = self.options.incidents.list().is_ok_and(|now| now != *listed);
        // Those that were worked on then may be over by now.
        let old = self.worked_on && self.listed_at.elapsed() >= LIST_AGAIN_EVERY;
        if self.open.is_none()
            && (news || old)
            && let Err(why) = self.list()
        {
            tracing::warn!(%why, "incidents cannot be listed");
        }
    }

    fn may_write(&self) -> Result<(), String> {
        match self.options.read_only {
            true => Err("this console is read-only: it looks on, and writes nothing to an incident".to_owned()),
            false => Ok(()),
        }
    }

    fn open_folder(&self) -> Result<IncidentFolder, String> {
        let open = self.open.as_ref().ok_or_else(|| "no incident is open".to_owned())?;
        Ok(open.desk.view().folder().clone())
    }

    /// The incident, when it is the one that is open.
    fn desk(&self, id: &IncidentId) -> Option<Arc<IncidentDesk>> {
        self.open.as_ref().filter(|open| open.id == *id).map(|open| open.desk.clone())
    }

    fn take_up(&mut self, desk: IncidentDesk, declared: bool) {
        self.leave();
        let desk = Arc::new(desk);
        let (id, folder) = {
            let mut view = desk.view();
            // All of it is news here.
            view.tell_all();
            (view.id().clone(), view.folder().clone())
        };
        if !self.options.read_only {
            let history = History(Arc::new(IncidentHistory(desk.clone())));
            self.options.runner.send(run::Command::Attach(Some(history)));
        }
        self.tell(News::Opened { id: id.clone(), folder: folder.path().to_owned(), declared });
        // It cannot be missing: what is kept waits in memory when it cannot be written.
        if let Err(why) = desk.keep(IncidentEvent::Joined { read_only: self.options.read_only }) {
            self.tell(News::Notice(why));
        }
        let wake = self.wake.clone();
        let follower =
            Follower::start(LogFolder::new(&folder.logs()), follow::LOOK_EVERY, move |_| wake.send(Wish::Look).is_ok());
        if let Err(error) = &follower {
            tracing::warn!(%error, "cannot follow the journal");
        }
        self.open = Some(Open {
            id,
            recorder: Recorder::new(&folder, Duration::from_secs(1)),
            desk,
            _follower: follower.ok(),
            writing: None,
            alive: None,
            seen: None,
            sworn: Vec::new(),
            sworn_at: Instant::now(),
        });
    }

    fn leave(&mut self) {
        let Some(open) = self.open.take() else { return };
        if !self.options.read_only {
            self.options.runner.send(run::Command::Attach(None));
        }
        // Waits until it is written, and with it all that was kept before: the program may end right after.
        if open.desk.append(vec![IncidentEvent::Left {}]).is_err() {
            let _ = open.desk.keep(IncidentEvent::Left {});
        }
    }

    /// Takes in what was written, and says what is new.
    fn look(&mut self) {
        let Some(open) = &mut self.open else { return };
        let mut told = Vec::new();
        let events = {
            let mut view = open.desk.view();
            if let Err(why) = open.desk.refresh(&mut view) {
                tracing::warn!(%why, "the journal cannot be read");
            }
            let changed = view.take_changed();
            changed.map(|(first, entries)| {
                pieces(first, view.union().items().get(first..).unwrap_or_default(), entries, view.state())
            })
        };
        // Who is there, and which log is one's own, before what they wrote: it decides who writes down what comes of it.
        let writing = (open.desk.writing(), open.desk.log());
        if open.writing.as_ref() != Some(&writing) {
            open.writing = Some(writing.clone());
            // An observer writes nothing that anybody would miss.
            if !self.options.read_only {
                told.push(News::Writing { state: writing.0, log: writing.1 });
            }
        }
        let alive = open.desk.alive();
        if open.alive.as_ref() != Some(&alive) {
            open.alive = Some(alive.clone());
            told.push(News::Alive(alive));
        }
        told.extend(events.into_iter().flatten());
        told.extend(open.desk.notices().into_iter().map(|notice| News::Notice(notice.to_string())));
        if !self.options.read_only {
            open.swear();
        }
        for news in told {
            self.tell(news);
        }
    }
}

/// The events from place `first` on, a few at a time.
fn pieces(first: usize, items: &[Arc<Item>], entries: Vec<Told>, state: &Arc<IncidentState>) -> Vec<News> {
    let mut entries = entries.into_iter();
    let mut piece = |first, items: &[Arc<Item>]| {
        let entries = entries.by_ref().take(items.len()).collect();
        News::Events { first, items: items.to_vec(), entries, state: state.clone() }
    };
    if items.is_empty() {
        // All events are gone.
        return vec![piece(first, items)];
    }
    items.chunks(AT_ONCE).enumerate().map(|(number, items)| piece(first + number * AT_ONCE, items)).collect()
}

/// Does what takes long beside the station.
fn thread(work: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let spawned = std::thread::Builder::new().name("incident-work".to_owned()).spawn(work);
    spawned.map(drop).map_err(|error| format!("cannot start a thread: {error}"))
}

impl Open {
    /// Writes the ends of the other logs into one's own, when they have moved and have stood for a while.
    fn swear(&mut self) {
        let now = Instant::now();
        let own = self.desk.log();
        let heads = || -> Vec<Checkpoint> {
            let heads = self.desk.view().checkpoints();
            heads.into_iter().filter(|head| Some(&head.log) != own.as_ref()).collect()
        };
        match self.seen.take() {
            None if now.duration_since(self.sworn_at) >= CHECKPOINT_EVERY => {
                let heads = heads();
                self.sworn_at = now;
                self.seen = self.desk.view().has_moved(&heads, &self.sworn).then_some((now, heads));
            }
            Some((at, heads)) if now.duration_since(at) >= SETTLED => {
                let view = self.desk.view();
                let still: Vec<Checkpoint> = heads.into_iter().filter(|head| view.holds(head)).collect();
                drop(view);
                if self.desk.keep_checkpoints(&still).is_ok() {
                    self.sworn = still;
                }
            }
            seen => self.seen = seen,
        }
    }
}
