//! The loop that carries commands out: one open run, its events written before anything happens, its jobs followed.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
};

use super::{
    RunFolder, RunnerOptions, Shelf,
    command::{Answer, Command, Known, Library, News, Value},
    ending::{self, ended_without},
    folder::{self, job_name},
    prepare::{Prepared, Surroundings, Values, prepare},
    variables,
};
use crate::{
    exec::{
        Job, JobState, Order,
        gate::{self, Decision, Wants},
    },
    host::clock,
    incident::{EventLog, FileLog, MemoryLog},
    room::Room,
    runbook::{
        self, Action, ActionId, Attributes, Language, Runbook, StepId, risk,
        run::{Confirmation, Ending, EventKind, Mark, Mode, RunEvent, RunId, RunOutcome, RunState},
    },
};

/// Ids of commands of no runbook begin with this.
const AD_HOC: &str = "command/";
/// How many choices of a variable are kept.
const CHOICES: usize = 200;

/// The state of the loop.
pub(super) struct Driver {
    room: Room,
    shelf: Arc<dyn Shelf>,
    options: RunnerOptions,
    news: mpsc::UnboundedSender<News>,
    open: Option<Open>,
    /// The action that waits for an answer.
    asked: Option<Prepared>,
    /// Actions that come next by themselves while all goes well: the rest of an undo.
    queue: VecDeque<ActionId>,
    happening: JoinSet<Happened>,
    /// Pauses of polls, to be ended by a cancel.
    pauses: Vec<AbortHandle>,
}

/// What is open.
struct Open {
    document: Arc<Runbook>,
    mode: Mode,
    begun: Option<Begun>,
    state: RunState,
    values: Values,
    /// Names that actions have set in the session.
    session: Vec<String>,
    /// Choices that a command printed.
    choices: HashMap<String, Vec<String>>,
    jobs: HashMap<ActionId, Job>,
    /// How often each action was tried.
    attempts: HashMap<ActionId, u32>,
    /// Actions whose poll goes on, with what was said when it began.
    polls: HashMap<ActionId, (Prepared, u32)>,
    /// Commands of no runbook.
    ad_hoc: Vec<Action>,
    /// Jobs so far.
    started: usize,
}

/// The run, once something was done.
struct Begun {
    folder: RunFolder,
    log: Box<dyn EventLog>,
    /// Events that could not be written yet.
    unwritten: VecDeque<RunEvent>,
    /// Why.
    unwritable: Option<String>,
}

/// What happens by itself.
enum Happened {
    Ended { run: RunId, action: ActionId, attempt: u32, late: bool, state: Box<JobState> },
    PollDue { run: RunId, action: ActionId },
    Listed { name: String, result: Result<Vec<String>, String> },
}

/// Why a command is not carried out. One sentence.
type Outcome = Result<(), String>;

impl Driver {
    pub(super) fn new(
        room: Room,
        shelf: Arc<dyn Shelf>,
        options: RunnerOptions,
        news: mpsc::UnboundedSender<News>,
    ) -> Self {
        Driver {
            room,
            shelf,
            options,
            news,
            open: None,
            asked: None,
            queue: VecDeque::new(),
            happening: JoinSet::new(),
            pauses: Vec::new(),
        }
    }

    pub(super) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        loop {
            let outcome = tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.carry_out(command).await,
                    None => return,
                },
                Some(happened) = self.happening.join_next() => match happened {
                    Ok(happened) => self.take(happened).await,
                    // A pause that was ended.
                    Err(_) => Ok(()),
                },
            };
            if let Err(why) = outcome {
                self.tell(News::Refused(why));
            }
            self.end_if_over();
        }
    }

    fn tell(&self, news: News) {
        // Nobody listens any more when the front end ends.
        let _ = self.news.send(news);
    }

    async fn carry_out(&mut self, command: Command) -> Outcome {
        match command {
            Command::List => {
                let library = self.library();
                self.tell(News::Listed(library));
                Ok(())
            }
            Command::Open { id, mode } => {
                let document = Arc::new(self.shelf.open(&id)?);
                self.show(Open::new(document, mode, &self.room), Vec::new());
                Ok(())
            }
            Command::Reopen(id) => self.reopen(&id),
            Command::Close => {
                self.let_go();
                self.tell(News::Closed);
                Ok(())
            }
            Command::Mode(mode) => self.change_mode(mode),
            Command::ChooseOption { group, key } => {
                let document = self.open()?.document.clone();
                let known = document.steps().filter_map(|step| step.option.as_ref());
                if !known.filter(|option| option.group == group).any(|option| option.key == key) {
                    return Err(format!("there is no alternative {key}"));
                }
                self.record(EventKind::OptionChosen { group, key })
            }
            Command::SetVariable { name, value } => self.set_variable(name, value),
            Command::ListChoices(name) => self.list_choices(name).await,
            Command::TickCheck { step, check, ticked } => self.record(EventKind::CheckTicked { step, check, ticked }),
            Command::TickStep { step, ticked } => {
                let open = self.open()?;
                let found = open.document.step(&step).ok_or_else(|| format!("there is no step {step}"))?;
                if !found.actions.is_empty() && ticked {
                    return Err(format!("{} has commands: run them, or skip it with a reason", found.title));
                }
                if ticked && let Some(obstacle) = open.state.obstacle(&open.document, found) {
                    return Err(obstacle);
                }
                self.record(EventKind::StepTicked { step, ticked })
            }
            Command::Run(action) => {
                self.queue.clear();
                self.ask_to_run(action).await
            }
            Command::Command(code) => self.ad_hoc(code).await,
            Command::Skip { step, reason } => {
                let reason = a_reason(reason)?;
                self.record(EventKind::StepSkipped { step, reason })
            }
            Command::AcceptFailure { step, reason } => {
                let reason = a_reason(reason)?;
                match self.open()?.state.mark(&step) {
                    Mark::Failed | Mark::Unknown => self.record(EventKind::FailureAccepted { step, reason }),
                    _ => Err("this step has not failed".to_owned()),
                }
            }
            Command::RollBackStep(step) => self.roll_back_step(step).await,
            Command::RollBackRun => {
                let open = self.open()?;
                if open.document.steps_of(runbook::SectionKind::Rollback).next().is_none() {
                    return Err("this runbook has no rollback section".to_owned());
                }
                self.record(EventKind::RollbackStarted { step: None })
            }
            Command::Cancel => self.cancel(),
            Command::Abandon { reason } => {
                if self.open()?.begun.is_none() {
                    return Ok(());
                }
                self.record(EventKind::RunEnded { outcome: RunOutcome::Abandoned, reason: Some(reason) })
            }
            Command::Answer(answer) => self.answer(answer).await,
            Command::Settle => {
                self.end_if_over();
                self.tell(News::Settled);
                Ok(())
            }
        }
    }

    fn open(&mut self) -> Result<&mut Open, String> {
        self.open.as_mut().ok_or_else(|| "no runbook is open".to_owned())
    }

    fn library(&self) -> Library {
        let runbooks = self.shelf.all().into_iter().map(|document| Known {
            steps: document.steps().count(),
            risk: document.steps().filter_map(runbook::Step::risk).max(),
            diagnostics: document.diagnostics.len(),
            id: document.id,
            title: document.title,
            components: document.front.components,
            triggers: document.front.triggers,
        });
        let (runs, problems) = folder::earlier(&self.options.data_dir);
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
        self.open = None;
        self.asked = None;
        self.queue.clear();
        self.pauses.clear();
        self.happening.abort_all();
    }

    fn change_mode(&mut self, mode: Mode) -> Outcome {
        let open = self.open()?;
        if open.begun.is_some() {
            return Err("this run has begun: open the runbook again to change that".to_owned());
        }
        open.mode = mode;
        self.tell(News::Mode(mode));
        Ok(())
    }

    /// Opens a run from before: what still runs is followed, what has ended meanwhile is written down late.
    fn reopen(&mut self, id: &RunId) -> Outcome {
        let folder = RunFolder::existing(&self.options.data_dir, id)
            .map_err(|error| format!("there is no run {}: {error}", id.0))?;
        let cannot = |error: &dyn std::fmt::Display| format!("cannot read the run {}: {error}", id.0);
        let (document, events) = folder.read().map_err(|error| cannot(&error))?;
        let log = FileLog::open(&folder.events()).map_err(|error| cannot(&error))?;
        let document = Arc::new(document);
        let mode = events.iter().find_map(|event| match &event.kind {
            EventKind::RunStarted { mode, environment, .. } => Some((*mode, environment.clone())),
            _ => None,
        });
        let Some((mode, environment)) = mode else { return Err(cannot(&"it has no beginning")) };
        if environment != self.room.environment_name {
            return Err(format!("that run acts on {environment}: start warroom with --environment {environment}"));
        }
        let mut open = Open::new(document, mode, &self.room);
        open.recall(&events);
        let running: Vec<(ActionId, u32, String)> =
            open.state.all_running().map(|(id, attempt)| (id.clone(), attempt.number, attempt.job.clone())).collect();
        let jobs = running.into_iter().map(|(action, attempt, job)| (action, attempt, Job::attach(&folder.job(&job))));
        let jobs: Vec<_> = jobs.collect();
        open.begun = Some(Begun { folder, log: Box::new(log), unwritten: VecDeque::new(), unwritable: None });
        self.show(open, events);
        for (action, attempt, job) in jobs {
            self.follow(action, attempt, job, true);
        }
        Ok(())
    }

    /// Makes the run when this is the first thing that is done.
    fn begin(&mut self) -> Outcome {
        let data_dir = self.options.data_dir.clone();
        let environment = self.room.environment_name.clone();
        let open = self.open()?;
        if open.begun.is_some() {
            return Ok(());
        }
        let document = open.document.clone();
        let cannot = |error: &dyn std::fmt::Display| format!("cannot keep a run under {}: {error}", data_dir.display());
        let folder = RunFolder::create(&data_dir, &document).map_err(|error| cannot(&error))?;
        let log: Box<dyn EventLog> = match open.mode {
            Mode::DryRun => Box::new(MemoryLog::default()),
            _ => Box::new(FileLog::open(&folder.events()).map_err(|error| cannot(&error))?),
        };
        let mode = open.mode;
        let begun = News::Began { run: folder.id.clone(), folder: folder.path.clone() };
        open.begun = Some(Begun { folder, log, unwritten: VecDeque::new(), unwritable: None });
        self.tell(begun);
        self.record(EventKind::RunStarted {
            runbook: document.id.clone(),
            title: document.title.clone(),
            file: document.file.clone(),
            digest: hex(&Sha256::digest(document.source.as_bytes())),
            environment,
            mode,
        })?;
        // What the commands will see is part of the record.
        let defaults: Vec<(String, Option<String>)> = self.open()?.defaults();
        for (name, value) in defaults {
            self.record(EventKind::VariableSet { name, value })?;
        }
        Ok(())
    }

    /// Writes an event, takes it into the state and tells it. An event that cannot be written is kept and tried again with the
    /// next one; the gate lets nothing above read pass until that works.
    fn record(&mut self, kind: EventKind) -> Outcome {
        self.begin()?;
        let by = self.options.by.clone();
        let open = self.open()?;
        let Some(begun) = open.begun.as_mut() else { return Ok(()) };
        let event = RunEvent { at: clock::now(), by, run: begun.folder.id.clone(), kind };
        begun.unwritten.push_back(event.clone());
        begun.unwritable = None;
        while let Some(next) = begun.unwritten.front() {
            if let Err(error) = begun.log.append(next) {
                begun.unwritable = Some(error.to_string());
                break;
            }
            begun.unwritten.pop_front();
        }
        let unwritable = begun.unwritable.clone();
        open.state.apply(&event, &open.document);
        self.tell(News::Event(event));
        if let Some(why) = unwritable {
            self.tell(News::Refused(why));
        }
        Ok(())
    }

    fn set_variable(&mut self, name: String, Value(value): Value) -> Outcome {
        let open = self.open()?;
        let variable =
            open.document.front.vars.get(&name).ok_or_else(|| format!("this runbook has no variable {name}"))?.clone();
        let printed = open.choices.get(&name).cloned().unwrap_or_default();
        let choices = if variable.choices.is_empty() { printed } else { variable.choices.clone() };
        let value = variables::checked(&name, &variable, &choices, &value)?;
        open.values.insert(name.clone(), (value.clone().into(), variable.secret));
        self.record(EventKind::VariableSet { name, value: (!variable.secret).then_some(value) })
    }

    /// Runs the command that lists what a variable can be. It has to be one that only reads.
    async fn list_choices(&mut self, name: String) -> Outcome {
        self.begin()?;
        let open = self.open()?;
        let variable =
            open.document.front.vars.get(&name).ok_or_else(|| format!("this runbook has no variable {name}"))?;
        let Some(code) = variable.from.clone() else { return Err(format!("{name} has no command that lists values")) };
        let mut action = command_action(format!("choices/{name}"), code);
        action.line = variable.line;
        if action.assessment.risk > runbook::Risk::Read {
            return Err(format!("the command that lists values for {name} does more than read, and is not run"));
        }
        let mut prepared = self.prepared(action.clone(), format!("values for {name}")).await?;
        prepared.request.confirmations.push(Confirmation::Enter);
        let permit = match gate::decide(&prepared.request) {
            Decision::Allowed(permit) => permit,
            Decision::Refused(why) => return Err(why),
            Decision::Ask(_) => return Err(format!("the command that lists values for {name} may not run by itself")),
        };
        let supervisor = self.options.supervisor.clone();
        let open = self.open()?;
        open.started += 1;
        let Some(begun) = &open.begun else { return Ok(()) };
        let folder = begun.folder.job(&job_name(open.started, &action.id, 1));
        let order: Order = prepared.order(&begun.folder, &open.values);
        let job = supervisor.start(permit, order, &folder).await.map_err(|error| error.to_string())?;
        self.happening.spawn(async move {
            let result = match job.wait().await {
                JobState::Ended(end) if end.ending == (Ending::Exited { code: 0 }) => {
                    job.stdout().map_err(|error| format!("its output cannot be read: {error}"))
                }
                JobState::Ended(end) => Err(format!("the command that lists values {}", words(&end.ending))),
                JobState::Unknown { why } => Err(why),
                JobState::Running { .. } => Err("the command that lists values did not end".to_owned()),
            };
            let lines = |text: String| {
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                lines.take(CHOICES).map(str::to_owned).collect()
            };
            Happened::Listed { name, result: result.map(lines) }
        });
        Ok(())
    }

    async fn prepared(&mut self, action: Action, title: String) -> Result<Prepared, String> {
        let Some(open) = &self.open else { return Err("no runbook is open".to_owned()) };
        let Some(begun) = &open.begun else { return Err("the run has no folder".to_owned()) };
        let around = Surroundings {
            room: &self.room,
            options: &self.options,
            document: &open.document,
            folder: &begun.folder,
            mode: open.mode,
            values: &open.values,
            session: &open.session,
            unwritable: begun.unwritable.clone(),
            open_before: open.open_before(&action.id),
        };
        prepare(&around, action, title).await
    }

    /// Prepares an action and asks, or starts it when nothing has to be asked.
    async fn ask_to_run(&mut self, id: ActionId) -> Outcome {
        let (action, title) = self.startable(&id)?;
        self.begin()?;
        let prepared = self.prepared(action, title).await?;
        self.decide(prepared, None).await
    }

    /// The action of this id and what it is called, when it may start as far as the run goes.
    fn startable(&mut self, id: &ActionId) -> Result<(Action, String), String> {
        let open = self.open()?;
        let document = &open.document;
        let ad_hoc = open.ad_hoc.iter().find(|action| action.id == *id).cloned();
        let (action, title) = match (document.action(id), ad_hoc) {
            (Some((step, action)), _) => {
                let is_undo = step.undo.iter().any(|undo| undo.id == *id);
                if !is_undo && let Some(obstacle) = open.state.obstacle(document, step) {
                    return Err(obstacle);
                }
                (action.clone(), action.name.clone().unwrap_or_else(|| step.title.clone()))
            }
            (None, Some(action)) => (action, "command".to_owned()),
            (None, None) => return Err(format!("there is no action {id}")),
        };
        if let Some((running, _)) = open.state.all_running().next() {
            let beside = document.action(running).is_some_and(|(_, other)| other.attributes.parallel);
            if !(beside && action.attributes.parallel) {
                return Err("something runs already: wait for it, or cancel it".to_owned());
            }
        }
        Ok((action, title))
    }

    async fn ad_hoc(&mut self, code: String) -> Outcome {
        if code.trim().is_empty() {
            return Err("there is no command".to_owned());
        }
        if self.open.is_none() {
            let document = runbook::parse("commands.md", "# Commands\n\nCommands that are in no runbook.\n");
            self.show(Open::new(Arc::new(document), Mode::Live, &self.room), Vec::new());
        }
        let open = self.open()?;
        let action = command_action(format!("{AD_HOC}{}", open.ad_hoc.len() + 1), code);
        let id = action.id.clone();
        open.ad_hoc.push(action);
        self.ask_to_run(id).await
    }

    /// Asks the gate, and does what it says.
    async fn decide(&mut self, prepared: Prepared, problem: Option<String>) -> Outcome {
        match gate::decide(&prepared.request) {
            Decision::Allowed(permit) => self.start(prepared, permit).await,
            Decision::Ask(wants) => {
                self.tell(News::Asked(Box::new(prepared.question(wants, problem))));
                self.asked = Some(prepared);
                Ok(())
            }
            Decision::Refused(why) if prepared.request.mode == Mode::DryRun => self.show_only(&prepared, why),
            Decision::Refused(why) => Err(why),
        }
    }

    /// In a dry run the action is written down as shown.
    fn show_only(&mut self, prepared: &Prepared, why: String) -> Outcome {
        let attempt = self.next_attempt(prepared.id())?;
        let intended = self.intended(prepared, attempt, String::new());
        self.record(intended)?;
        let outcome = ended_without(Ending::NotStarted { why });
        self.record(EventKind::ActionEnded { action: prepared.id().clone(), attempt, outcome, late: false })
    }

    fn intended(&self, prepared: &Prepared, attempt: u32, job: String) -> EventKind {
        EventKind::ActionIntended {
            action: prepared.id().clone(),
            attempt,
            risk: prepared.request.risk,
            external: prepared.request.external,
            command: prepared.action.code.clone(),
            place: prepared.place_lines(),
            job,
        }
    }

    fn next_attempt(&mut self, action: &ActionId) -> Result<u32, String> {
        let attempts = self.open()?.attempts.entry(action.clone()).or_default();
        *attempts += 1;
        Ok(*attempts)
    }

    /// The intent is durable before the act.
    async fn start(&mut self, mut prepared: Prepared, permit: gate::Permit) -> Outcome {
        let action = prepared.id().clone();
        let attempt = self.next_attempt(&action)?;
        for confirmation in prepared.request.confirmations.clone().into_iter().skip(prepared.recorded) {
            self.record(EventKind::Confirmed { action: action.clone(), attempt, confirmation })?;
        }
        prepared.recorded = prepared.request.confirmations.len();
        let open = self.open()?;
        open.started += 1;
        let name = job_name(open.started, &action, attempt);
        let intended = self.intended(&prepared, attempt, name.clone());
        self.record(intended)?;
        let supervisor = self.options.supervisor.clone();
        let open = self.open()?;
        let Some(begun) = &open.begun else { return Ok(()) };
        let refusal = begun.unwritable.as_ref().filter(|_| prepared.request.risk > runbook::Risk::Read);
        let started = match refusal {
            Some(why) => Err(why.clone()),
            None => {
                let order = prepared.order(&begun.folder, &open.values);
                supervisor.start(permit, order, &begun.folder.job(&name)).await.map_err(|error| error.to_string())
            }
        };
        match started {
            Ok(job) => {
                if let Some(poll) = prepared.action.attributes.poll {
                    open.polls.entry(action.clone()).or_insert((prepared, poll.retries));
                }
                self.follow(action, attempt, job, false);
                Ok(())
            }
            Err(why) => {
                self.queue.clear();
                let outcome = ended_without(Ending::NotStarted { why: why.clone() });
                self.record(EventKind::ActionEnded { action, attempt, outcome, late: false })?;
                Err(why)
            }
        }
    }

    fn follow(&mut self, action: ActionId, attempt: u32, job: Job, late: bool) {
        self.tell(News::Started { action: action.clone(), job: job.clone() });
        let Some(open) = self.open.as_mut() else { return };
        let Some(run) = open.begun.as_ref().map(|begun| begun.folder.id.clone()) else { return };
        open.jobs.insert(action.clone(), job.clone());
        // What still runs when a run is opened again ends in time.
        let late = late && !matches!(job.state(), JobState::Running { .. });
        self.happening.spawn(async move {
            let state = job.wait().await;
            Happened::Ended { run, action, attempt, late, state: Box::new(state) }
        });
    }

    async fn take(&mut self, happened: Happened) -> Outcome {
        let is_open = |open: &Option<Open>, run: &RunId| {
            open.as_ref().and_then(|open| open.begun.as_ref()).is_some_and(|begun| begun.folder.id == *run)
        };
        match happened {
            Happened::Ended { run, action, attempt, late, state } if is_open(&self.open, &run) => {
                self.ended(action, attempt, late, *state).await
            }
            Happened::PollDue { run, action } if is_open(&self.open, &run) => {
                let Some((prepared, _)) = self.open()?.polls.get_mut(&action) else { return Ok(()) };
                let again = prepared.action.clone();
                let (title, confirmations) = (prepared.title.clone(), prepared.request.confirmations.clone());
                let mut prepared = self.prepared(again, title).await?;
                prepared.recorded = confirmations.len();
                prepared.request.confirmations = confirmations;
                self.decide(prepared, None).await
            }
            Happened::Listed { name, result } => {
                if let (Some(open), Ok(lines)) = (self.open.as_mut(), &result) {
                    open.choices.insert(name.clone(), lines.clone());
                }
                self.tell(News::Choices { name, result });
                Ok(())
            }
            // Of a run that is not open any more.
            _ => Ok(()),
        }
    }

    async fn ended(&mut self, id: ActionId, attempt: u32, late: bool, state: JobState) -> Outcome {
        let open = self.open()?;
        let Some(job) = open.jobs.remove(&id) else { return Ok(()) };
        if let JobState::Ended(end) = &state {
            open.session = end.variables.keys().cloned().collect();
        }
        let action = open.document.action(&id).map(|(_, action)| action.clone());
        let (outcome, captured) = ending::outcome(action.as_ref(), &job, state);
        if let Some((name, value)) = captured {
            open.values.insert(name, (value.into(), false));
        }
        let succeeded = outcome.succeeded();
        let may_poll = !succeeded && matches!(outcome.ending, Ending::Exited { .. } | Ending::TimedOut);
        let again = match open.polls.get_mut(&id) {
            Some((prepared, left)) if may_poll && *left > 0 => {
                *left -= 1;
                prepared.action.attributes.poll.map(|poll| (poll.every, *left))
            }
            _ => None,
        };
        if again.is_none() {
            open.polls.remove(&id);
        }
        if let Some((_, left)) = again {
            self.tell(News::TriesAgain { action: id.clone(), left });
        }
        self.record(EventKind::ActionEnded { action: id.clone(), attempt, outcome, late })?;
        if let Some((every, _)) = again {
            let Some(run) = self.open()?.begun.as_ref().map(|begun| begun.folder.id.clone()) else { return Ok(()) };
            let pause = self.happening.spawn(async move {
                tokio::time::sleep(every).await;
                Happened::PollDue { run, action: id }
            });
            self.pauses.push(pause);
            return Ok(());
        }
        if !succeeded {
            self.queue.clear();
        }
        match self.queue.pop_front() {
            Some(next) => self.ask_to_run(next).await,
            None => Ok(()),
        }
    }

    async fn roll_back_step(&mut self, step: StepId) -> Outcome {
        let open = self.open()?;
        let found = open.document.step(&step).ok_or_else(|| format!("there is no step {step}"))?;
        if found.undo.is_empty() {
            return Err(format!("{} has no rollback of its own", found.title));
        }
        let mut undo: VecDeque<ActionId> = found.undo.iter().map(|action| action.id.clone()).collect();
        let Some(first) = undo.pop_front() else { return Ok(()) };
        self.record(EventKind::RollbackStarted { step: Some(step) })?;
        self.queue = undo;
        self.ask_to_run(first).await
    }

    fn cancel(&mut self) -> Outcome {
        self.queue.clear();
        // Between two tries nothing runs, and the next one is what is cancelled.
        let pausing = self.pauses.drain(..).filter(|pause| !pause.is_finished()).map(|pause| pause.abort()).count() > 0;
        let open = self.open()?;
        open.polls.clear();
        if open.jobs.is_empty() {
            return if pausing { Ok(()) } else { Err("nothing runs".to_owned()) };
        }
        let results: Vec<_> = open.jobs.values().map(Job::cancel).collect();
        results.into_iter().find_map(Result::err).map_or(Ok(()), |error| Err(error.to_string()))
    }

    async fn answer(&mut self, answer: Answer) -> Outcome {
        let Some(mut prepared) = self.asked.take() else { return Err("nothing was asked".to_owned()) };
        let Decision::Ask(wants) = gate::decide(&prepared.request) else {
            return self.decide(prepared, None).await;
        };
        let said = match (wants, answer) {
            (_, Answer::No) => {
                self.queue.clear();
                return Ok(());
            }
            (Wants::Enter, Answer::Enter | Answer::Yes) => Ok(Confirmation::Enter),
            (Wants::YesOrNo, Answer::Yes) => Ok(Confirmation::Yes),
            (Wants::Type { name }, Answer::Typed(typed)) if typed == name => Ok(Confirmation::Typed { name }),
            (Wants::Type { name }, _) => Err(format!("that is not {name}")),
            (Wants::SecondPerson { first }, Answer::Second(by)) if gate::is_another(&by, &first) => {
                Ok(Confirmation::Second { by })
            }
            (Wants::SecondPerson { .. }, Answer::Override(reason)) if !reason.trim().is_empty() => {
                Ok(Confirmation::Override { of: gate::SECOND_PERSON.to_owned(), reason })
            }
            (Wants::SecondPerson { .. }, Answer::Second(_)) => Err("it has to be somebody else".to_owned()),
            (Wants::Reason { .. }, Answer::Override(reason)) if !reason.trim().is_empty() => {
                Ok(Confirmation::Override { of: gate::GATE.to_owned(), reason })
            }
            (Wants::SecondPerson { .. } | Wants::Reason { .. }, _) => Err("a reason is needed".to_owned()),
            (Wants::Enter | Wants::YesOrNo, _) => Err("it takes a yes".to_owned()),
        };
        match said {
            Ok(confirmation) => {
                prepared.request.confirmations.push(confirmation);
                self.decide(prepared, None).await
            }
            Err(problem) => self.decide(prepared, Some(problem)).await,
        }
    }

    /// A run is over when nothing is left to do.
    fn end_if_over(&mut self) {
        let Some(open) = &self.open else { return };
        if open.begun.is_none()
            || open.state.ended.is_some()
            || !open.jobs.is_empty()
            || open.document.steps().next().is_none()
        {
            return;
        }
        if let Some(outcome) = open.state.outcome(&open.document)
            && let Err(why) = self.record(EventKind::RunEnded { outcome, reason: None })
        {
            self.tell(News::Refused(why));
        }
    }
}

impl Open {
    fn new(document: Arc<Runbook>, mode: Mode, room: &Room) -> Self {
        let pinned = room.environment.vars.iter();
        let mut values: Values = pinned.map(|(name, value)| (name.clone(), (value.clone().into(), false))).collect();
        for (name, variable) in &document.front.vars {
            if let Some(value) = &variable.default
                && variables::checked(name, variable, &variable.choices, value).is_ok()
            {
                values.entry(name.clone()).or_insert((value.clone().into(), variable.secret));
            }
        }
        Open {
            document,
            mode,
            begun: None,
            state: RunState::default(),
            values,
            session: Vec::new(),
            choices: HashMap::new(),
            jobs: HashMap::new(),
            attempts: HashMap::new(),
            polls: HashMap::new(),
            ad_hoc: Vec::new(),
            started: 0,
        }
    }

    /// Steps before this action's that nobody has done, by their titles.
    fn open_before(&self, action: &ActionId) -> Vec<String> {
        let Some((step, _)) = self.document.action(action) else { return Vec::new() };
        self.state.open_before(&self.document, step).into_iter().map(|step| step.title.clone()).collect()
    }

    /// Values that hold without anybody having given them; none for a secret's.
    fn defaults(&self) -> Vec<(String, Option<String>)> {
        let shown = |(value, secret): &(SecretString, bool)| (!secret).then(|| value.expose_secret().to_owned());
        self.values.iter().map(|(name, value)| (name.clone(), shown(value))).collect()
    }

    /// Takes up what the events of a run say. Secrets are written nowhere and have to be given again.
    fn recall(&mut self, events: &[RunEvent]) {
        self.state = RunState::fold(events, &self.document);
        for event in events {
            match &event.kind {
                EventKind::VariableSet { name, value: Some(value) } => {
                    self.values.insert(name.clone(), (value.clone().into(), false));
                }
                EventKind::ActionIntended { action, attempt, command, .. } => {
                    self.attempts.insert(action.clone(), *attempt);
                    self.started += 1;
                    if action.0.starts_with(AD_HOC) && !self.ad_hoc.iter().any(|known| known.id == *action) {
                        self.ad_hoc.push(command_action(action.0.clone(), command.clone()));
                    }
                }
                EventKind::ActionEnded { outcome, .. } => {
                    let captured = outcome.captured.iter().filter_map(|(name, value)| Some((name, value.clone()?)));
                    for (name, value) in captured {
                        self.values.insert(name.clone(), (value.into(), false));
                    }
                }
                _ => {}
            }
        }
    }
}

/// An action of no document.
fn command_action(id: String, code: String) -> Action {
    let attributes = Attributes::default();
    Action {
        id: ActionId(id),
        name: None,
        language: Language::Bash,
        assessment: risk::assess(Language::Bash, &code, &attributes),
        spans: Vec::new(),
        line: 1,
        attributes,
        expected: Vec::new(),
        code,
    }
}

fn a_reason(reason: String) -> Result<String, String> {
    let reason = reason.trim();
    if reason.is_empty() { Err("a reason is needed".to_owned()) } else { Ok(reason.to_owned()) }
}

/// `exited with code 3`, as the end of a sentence.
fn words(ending: &Ending) -> String {
    match ending {
        Ending::Exited { code } => format!("exited with code {code}"),
        Ending::Killed { signal } => format!("was killed by signal {signal}"),
        Ending::TimedOut => "took too long".to_owned(),
        Ending::Cancelled => "was cancelled".to_owned(),
        Ending::NotStarted { why } => format!("did not start: {why}"),
        Ending::Unknown { why } => format!("has an unknown outcome: {why}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
