//! The loop that carries commands out: one open run, its events written before anything happens, its jobs followed.

mod commands;
mod following;
mod looking;
mod open;
mod starting;
mod together;
mod undoing;
mod way;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::{Instant, MissedTickBehavior, interval},
};

use self::{
    open::{Begun, NoLog, Open},
    together::Waiting,
    way::{Came, Way},
};
use super::{
    RunFolder, RunnerOptions, Second, Shelf,
    command::{Command, Known, Library, News},
    ending::digest,
    mode,
    prepare::Prepared,
    runs::Runs,
    surroundings::Waited,
};
use crate::Room;
use warroom_exec::{Job, JobState, gate::Refusal};
use warroom_host::clock;
use warroom_incident::{EventLog, EventRef, LogError, MemoryLog};
use warroom_runbook::{
    ActionId, Runbook, Step, StepId, estimate,
    run::{EventKind, Mode, RunEvent, RunId, checklist},
};

/// How often is tried again to write what could not be written.
const WRITE_AGAIN: Duration = Duration::from_secs(1);
/// What takes no longer is not worth a word.
const SOON: Duration = Duration::from_millis(500);

/// The state of the loop.
pub(super) struct Driver {
    room: Arc<Room>,
    shelf: Arc<dyn Shelf>,
    options: RunnerOptions,
    news: mpsc::UnboundedSender<News>,
    open: Option<Open>,
    /// The action that is being prepared or started.
    way: Option<Way>,
    /// How many there were.
    ways: u64,
    /// What is waited for on a way.
    waits: (mpsc::UnboundedSender<Waited>, mpsc::UnboundedReceiver<Waited>),
    /// Who wants to know when everything has been dealt with.
    settling: usize,
    /// The action that waits for an answer.
    asked: Option<Prepared>,
    /// The question to a second person that waits for an answer.
    second: Option<Waiting>,
    /// Actions that come next by themselves while all goes well: the rest of an undo, what runs beside what was started.
    queue: VecDeque<ActionId>,
    happening: JoinSet<Happened>,
    /// Pauses between the tries of polls, to be ended by a cancel.
    pauses: Vec<(ActionId, AbortHandle)>,
}

/// What happens by itself.
enum Happened {
    Ended {
        run: RunId,
        action: ActionId,
        attempt: u32,
        late: bool,
        state: Box<JobState>,
    },
    PollDue {
        run: RunId,
        action: ActionId,
    },
    Listed {
        name: String,
        result: Result<Vec<String>, String>,
    },
    Seconded {
        of: EventRef,
        second: Second,
    },
    Came(u64, Came),
    TakesOver {
        id: RunId,
        deadline: Instant,
    },
    /// It was given up.
    Nothing,
}

/// Why a command is not carried out.
type Outcome = Result<(), Refusal>;

impl Driver {
    pub(super) fn new(
        room: Room,
        shelf: Arc<dyn Shelf>,
        options: RunnerOptions,
        news: mpsc::UnboundedSender<News>,
    ) -> Self {
        Driver {
            room: Arc::new(room),
            shelf,
            options,
            news,
            open: None,
            way: None,
            ways: 0,
            waits: mpsc::unbounded_channel(),
            settling: 0,
            asked: None,
            second: None,
            queue: VecDeque::new(),
            happening: JoinSet::new(),
            pauses: Vec::new(),
        }
    }

    pub(super) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        let mut retry = interval(WRITE_AGAIN);
        retry.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let unwritten = self.begun().is_some_and(|begun| !begun.unwritten.is_empty());
            let outcome = tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.carry_out(command),
                    None => return,
                },
                Some(happened) = self.happening.join_next() => match happened {
                    Ok(happened) => self.take(happened),
                    // A pause that was ended.
                    Err(_) => Ok(()),
                },
                Some((way, what)) = self.waits.1.recv() => {
                    self.waits_for(way, what);
                    continue;
                }
                _ = retry.tick(), if unwritten => {
                    self.write_again();
                    continue;
                }
            };
            if let Err(why) = outcome {
                self.tell(News::Refused(why));
            }
            self.go_on();
            self.end_if_over();
            if self.way.is_none() {
                (0..std::mem::take(&mut self.settling)).for_each(|_| self.tell(News::Settled));
            }
        }
    }

    fn tell(&self, news: News) {
        // Nobody listens any more when the front end ends.
        let _ = self.news.send(news);
    }

    /// The mode of a run that is opened now.
    fn mode(&self, dry_run: bool) -> Mode {
        mode::of_run(&self.room, self.options.history.as_deref(), dry_run)
    }

    fn begun(&mut self) -> Option<&mut Begun> {
        self.open.as_mut()?.begun.as_mut()
    }

    /// Writes what could not be written before, when it can be now.
    fn write_again(&mut self) {
        if let Some(begun) = self.begun().filter(|begun| !begun.unwritten.is_empty()) {
            begun.write();
        }
    }

    fn open(&mut self) -> Result<&mut Open, String> {
        self.open.as_mut().ok_or_else(|| "no runbook is open".to_owned())
    }

    /// What is open, when its run is not over.
    fn unended(&mut self) -> Result<&mut Open, String> {
        let open = self.open()?;
        match open.state.ended {
            Some(_) => Err("this run is over: open the runbook again for another one".to_owned()),
            None => Ok(open),
        }
    }

    /// A step of the run, when that is not over.
    fn step(&mut self, id: &StepId) -> Result<(&mut Open, Step), String> {
        let open = self.unended()?;
        let found = open.document.step(id).cloned().ok_or_else(|| format!("there is no step {id}"))?;
        Ok((open, found))
    }

    /// [`Self::step`], when nothing of it is about to start.
    fn step_at_rest(&mut self, id: &StepId) -> Result<(&mut Open, Step), String> {
        let (_, found) = self.step(id)?;
        self.nothing_of(&found)?;
        self.step(id)
    }

    fn library(&self) -> Library {
        let runbooks = self.shelf.all().into_iter().map(|document| Known {
            steps: document.steps().count(),
            risk: document.steps().filter_map(Step::risk).max(),
            diagnostics: document.diagnostics.len(),
            id: document.id,
            title: document.title,
            front: document.front,
        });
        let (runs, problems) = Runs::of(&self.options).earlier();
        Library { runbooks: runbooks.collect(), runs, folder: self.shelf.folder(), problems }
    }

    fn show(&mut self, open: Open, events: Vec<RunEvent>) {
        self.let_go();
        let run = open.begun.as_ref().map(|begun| (begun.folder.id.clone(), begun.folder.path.clone()));
        self.tell(News::Opened { document: open.document.clone(), mode: open.mode, run, events });
        self.open = Some(open);
    }

    /// What runs goes on; its supervisors need nobody.
    fn let_go(&mut self) {
        self.withdraw_second();
        self.open = None;
        self.way = None;
        self.asked = None;
        self.queue.clear();
        self.pauses.clear();
        self.happening.abort_all();
    }

    fn change_mode(&mut self, dry_run: bool) -> Outcome {
        let mode = self.mode(dry_run);
        let open = self.open()?;
        if open.begun.is_some() {
            return Err("this run has begun: open the runbook again to change that".to_owned().into());
        }
        open.mode = mode;
        self.tell(News::Mode(mode));
        Ok(())
    }

    /// Opens a run from before: what still runs is followed, what has ended meanwhile is written down late.
    fn reopen(&mut self, id: &RunId) -> Outcome {
        let is_open =
            self.open.as_ref().and_then(|open| open.begun.as_ref()).is_some_and(|begun| begun.folder.id == *id);
        if is_open {
            self.let_go();
        }
        let runs = Runs::of(&self.options);
        let folder = runs.existing(id).map_err(|error| format!("there is no run {}: {error}", id.0))?;
        let cannot = |error: &dyn std::fmt::Display| format!("cannot read the run {}: {error}", id.0);
        let claim = folder.claim(&self.options.by)?;
        let (document, recorded) = runs.read(&folder).map_err(|error| cannot(&error))?;
        if let Some(line) = recorded.damaged.first() {
            return Err(format!(
                "line {line} of {} is damaged, so what was done in this run is not known: read the file, and begin another run",
                folder.events().display()
            ).into());
        }
        let log = runs.log(&folder).map_err(|error| cannot(&error))?;
        let events = recorded.events;
        let document = Arc::new(document);
        let began = events.iter().find_map(|event| match &event.kind {
            EventKind::RunStarted { mode, environment, .. } => Some((*mode, environment.clone())),
            _ => None,
        });
        let Some((mode, environment)) = began else { return Err(cannot(&"it has no beginning").into()) };
        if environment != self.room.environment_name {
            return Err(
                format!("that run acts on {environment}: start warroom with --environment {environment}").into()
            );
        }
        // What has become an exercise since is one.
        let mode = match self.mode(mode == Mode::DryRun) {
            Mode::Live => mode,
            now => now,
        };
        let mut open = Open::new(document, mode, &self.room);
        open.recall(&events, &folder)?;
        let running: Vec<(ActionId, u32, String)> =
            open.state.all_running().map(|(id, attempt)| (id.clone(), attempt.number, attempt.job.clone())).collect();
        let jobs = running.into_iter().map(|(action, attempt, job)| (action, attempt, Job::attach(&folder.job(&job))));
        let jobs: Vec<_> = jobs.collect();
        open.begun = Some(Begun::new(folder, claim, log, self.options.history.clone()));
        self.show(open, events);
        self.claim_open();
        if recorded.torn {
            self.tell(News::Notice("the last event of this run was cut off by a crash, and is set aside".to_owned()));
        }
        for (action, attempt, job) in jobs {
            self.follow(action, attempt, job, true);
        }
        Ok(())
    }

    /// Makes the run when this is the first thing that is done.
    fn begin(&mut self) -> Outcome {
        let runs = Runs::of(&self.options);
        let environment = self.room.environment_name.clone();
        let by = self.options.by.clone();
        let history = self.options.history.clone();
        let open = self.open()?;
        if open.begun.is_some() {
            return Ok(());
        }
        let document = open.document.clone();
        let mode = open.mode;
        let kept = runs.create(&document).map_err(|error| error.to_string()).and_then(|folder| {
            let claim = folder.claim(&by)?;
            let log: Box<dyn EventLog> = match mode {
                Mode::DryRun => Box::new(MemoryLog::default()),
                _ => runs.log(&folder).map_err(|error| error.to_string())?,
            };
            Ok(Begun::new(folder, claim, log, history))
        });
        let begun = match kept {
            Ok(begun) => begun,
            // What only reads must be possible on a full disk, too: most of finding out why it is full is that.
            Err(cause) => makeshift(&document, &by, mode, LogError { file: runs.place.display().to_string(), cause })?,
        };
        // Nobody finds a run again that is not kept.
        let found = begun.makeshift.is_none();
        let began = News::Began { run: begun.folder.id.clone(), folder: begun.folder.path.clone() };
        open.begun = Some(begun);
        if found {
            self.tell(began);
        }
        self.record(EventKind::RunStarted {
            runbook: document.id.clone(),
            title: document.title.clone(),
            file: document.file.clone(),
            digest: digest(document.source.as_bytes()),
            environment,
            mode,
            steps: checklist(&document),
            estimate_seconds: estimate::of_runbook(&document).map(|estimate| estimate.as_secs()),
            rto_seconds: document.front.rto.map(|rto| rto.as_secs()),
        })?;
        // What the commands will see is part of the record.
        let defaults: Vec<(String, Option<String>)> = self.open()?.defaults();
        for (name, value) in defaults {
            self.record(EventKind::VariableSet { name, value })?;
        }
        Ok(())
    }

    /// Writes an event, takes it into the state and tells it. An event that cannot be written is kept and tried again soon; the
    /// gate lets nothing above read pass until that works.
    fn record(&mut self, kind: EventKind) -> Outcome {
        self.begin()?;
        let by = self.options.by.clone();
        let open = self.open()?;
        let Some(begun) = open.begun.as_mut() else { return Ok(()) };
        let event = RunEvent { at: clock::now(), by, run: begun.folder.id.clone(), kind };
        begun.unwritten.push_back(event.clone());
        begun.write();
        let unkept = begun.unkept();
        open.state.apply(&event, &open.document);
        self.tell(News::Event(event));
        if let Some(why) = unkept {
            self.tell(News::Unkept(why));
        }
        Ok(())
    }

    /// A run is over when nothing is left to do.
    fn end_if_over(&mut self) {
        let Some(open) = &self.open else { return };
        if open.begun.is_none()
            || open.state.ended.is_some()
            || !open.jobs.is_empty()
            || self.way.is_some()
            || open.document.steps().next().is_none()
        {
            return;
        }
        let reason = open.state.remark(&open.document);
        if let Some(outcome) = open.state.outcome(&open.document)
            && let Err(why) = self.record(EventKind::RunEnded { outcome, reason })
        {
            self.tell(News::Refused(why));
        }
    }
}

/// A run in a folder of its own, outside of the data directory, that nobody will find again.
fn makeshift(document: &Runbook, by: &str, mode: Mode, why: LogError) -> Result<Begun, String> {
    let told = why.to_string();
    let cannot =
        |error: &dyn std::fmt::Display| format!("{told}; and no other folder for the run can be made: {error}");
    let place = tempfile::Builder::new().prefix("warroom-").tempdir().map_err(|error| cannot(&error))?;
    let folder = RunFolder::create(place.path(), document).map_err(|error| cannot(&error))?;
    let claim = folder.claim(by)?;
    let log: Box<dyn EventLog> = match mode {
        Mode::DryRun => Box::new(MemoryLog::default()),
        _ => Box::new(NoLog(why)),
    };
    let mut begun = Begun::new(folder, claim, log, None);
    begun.makeshift = Some(place);
    Ok(begun)
}
