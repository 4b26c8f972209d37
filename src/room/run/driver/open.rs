//! The run that is open: its document, its values, its jobs, and its log.

use std::{
    collections::{HashMap, VecDeque},
    fs::File,
    sync::{Arc, OnceLock},
};

use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use tokio_util::sync::DropGuard;

use crate::{
    Room,
    run::{
        RunFolder, RunHistory, Values, ending::is_as_recorded, faults::Faults, prepare::Prepared,
        surroundings::Session, variables,
    },
};
use warroom_exec::{Job, JobState};
use warroom_incident::{EventLog, LogError};
use warroom_runbook::{
    Action, ActionId, Attributes, Language, Runbook, Step, risk,
    run::{AD_HOC, EventKind, Mode, RunEvent, RunState},
    shell::{self, Script},
};

/// What is open.
pub(super) struct Open {
    pub(super) document: Arc<Runbook>,
    pub(super) mode: Mode,
    pub(super) begun: Option<Begun>,
    pub(super) state: RunState,
    pub(super) values: Values,
    /// What actions have set in the session; `None` for a value that holds a secret.
    pub(super) session: Session,
    /// Choices that a command printed.
    pub(super) choices: HashMap<String, Vec<String>>,
    pub(super) jobs: HashMap<ActionId, Job>,
    /// How often each action was tried.
    pub(super) attempts: HashMap<ActionId, u32>,
    /// Actions whose poll goes on, with what was said when it began.
    pub(super) polls: HashMap<ActionId, (Prepared, u32)>,
    /// Commands of no runbook, with their shell.
    pub(super) ad_hoc: Vec<(Action, Arc<Script>)>,
    /// Lists of choices that are being made; they end with these.
    pub(super) lists: HashMap<String, DropGuard>,
    /// Jobs so far.
    pub(super) started: usize,
    /// What the linter has to say, once somebody wants something run.
    pub(super) faults: Arc<OnceLock<Faults>>,
}

/// The run, once something was done.
pub(super) struct Begun {
    pub(super) folder: RunFolder,
    pub(super) log: Box<dyn EventLog>,
    /// The incident that the run belongs to, whichever is open now.
    pub(super) history: Option<Arc<dyn RunHistory>>,
    /// Events that could not be written yet.
    pub(super) unwritten: VecDeque<RunEvent>,
    /// Why.
    pub(super) unwritable: Option<String>,
    /// Keeps other consoles out of the run.
    _claim: File,
    /// Where its files are when the data directory cannot take them; gone with the run.
    pub(super) makeshift: Option<TempDir>,
}

/// The log of a run that cannot be kept.
pub(super) struct NoLog(pub(super) LogError);

impl EventLog for NoLog {
    fn append(&self, _: &RunEvent) -> Result<(), LogError> {
        Err(self.0.clone())
    }
}

impl Begun {
    pub(super) fn new(
        folder: RunFolder,
        claim: File,
        log: Box<dyn EventLog>,
        history: Option<Arc<dyn RunHistory>>,
    ) -> Self {
        Begun { folder, log, history, unwritten: VecDeque::new(), unwritable: None, _claim: claim, makeshift: None }
    }

    /// Why what happens is not kept. One sentence.
    pub(super) fn unkept(&self) -> Option<String> {
        let why = self.unwritable.as_ref()?;
        Some(match &self.makeshift {
            Some(_) => format!("this run is not kept, and only what reads is run: {why}"),
            None => why.clone(),
        })
    }

    /// Writes what could not be written before, in its order, as far as that works now.
    pub(super) fn write(&mut self) {
        self.unwritable = None;
        while let Some(next) = self.unwritten.front() {
            if let Err(error) = self.log.append(next) {
                self.unwritable = Some(error.to_string());
                return;
            }
            self.unwritten.pop_front();
        }
    }
}

impl Open {
    pub(super) fn new(document: Arc<Runbook>, mode: Mode, room: &Room) -> Self {
        Open {
            mode,
            begun: None,
            state: RunState::default(),
            values: variables::at_start(&document, &room.environment),
            document,
            session: Session::new(),
            choices: HashMap::new(),
            jobs: HashMap::new(),
            attempts: HashMap::new(),
            polls: HashMap::new(),
            ad_hoc: Vec::new(),
            lists: HashMap::new(),
            started: 0,
            faults: Arc::default(),
        }
    }

    /// An action's shell, taken apart once; `None` for SQL.
    pub(super) fn script(&self, action: &Action) -> Option<Arc<Script>> {
        let of_document = || self.document.scripts.get(&action.id).cloned();
        let ad_hoc = self.ad_hoc.iter().find(|(known, _)| known.id == action.id);
        ad_hoc.map(|(_, script)| script.clone()).or_else(of_document)
    }

    /// Actions other than this one that were tried, with their shell.
    pub(super) fn tried(&self, but: &ActionId) -> Vec<(Action, Option<Arc<Script>>)> {
        let ad_hoc = self.ad_hoc.iter().map(|(action, _)| action);
        let all = self.document.steps().flat_map(Step::all_actions).chain(ad_hoc);
        let tried = all.filter(|action| action.id != *but && self.attempts.contains_key(&action.id));
        tried.map(|action| (action.clone(), self.script(action))).collect()
    }

    /// Steps before this action's that nobody has done, by their titles.
    pub(super) fn open_before(&self, action: &ActionId) -> Vec<String> {
        let Some((step, _)) = self.document.action(action) else { return Vec::new() };
        self.state.open_before(&self.document, step).into_iter().map(|step| step.title.clone()).collect()
    }

    /// Values that hold without anybody having given them; none for a secret's.
    pub(super) fn defaults(&self) -> Vec<(String, Option<String>)> {
        let shown = |(value, secret): &(SecretString, bool)| (!secret).then(|| value.expose_secret().to_owned());
        self.values.iter().map(|(name, value)| (name.clone(), shown(value))).collect()
    }

    /// Takes up what the events of a run say. Secrets are written nowhere and have to be given again. The error is one sentence: what
    /// the run has left is not what its events recorded.
    pub(super) fn recall(&mut self, events: &[RunEvent], folder: &RunFolder) -> Result<(), String> {
        self.state = RunState::fold(events, &self.document);
        self.started = folder.jobs();
        // The latest end knows all that was set until then, in the session of the user whose action it was.
        let jobs = events.iter().rev().filter_map(|event| match &event.kind {
            EventKind::ActionIntended { action, attempt, job, .. } if !job.is_empty() => Some((action, *attempt, job)),
            _ => None,
        });
        let mut left = None;
        for (action, attempt, name) in jobs {
            let job = folder.job(name);
            if !job.is_own() {
                continue;
            }
            if let JobState::Ended(end) = Job::attach(&job).state() {
                let ended = |event: &&RunEvent| matches!(&event.kind, EventKind::ActionEnded { action: of, attempt: number, .. } if of == action && *number == attempt);
                if let Some(EventKind::ActionEnded { outcome, .. }) =
                    events.iter().rfind(ended).map(|event| &event.kind)
                    && !is_as_recorded(&job, outcome)
                {
                    let file = job.result();
                    return Err(format!(
                        "{} is not what was recorded when {action} ended, so what the run has set is not known: put the file back as it \
                         was, or begin another run",
                        file.display()
                    ));
                }
                left = Some(end.variables);
                break;
            }
        }
        self.session = left.unwrap_or_default();
        for event in events {
            match &event.kind {
                EventKind::VariableSet { name, value: Some(value) } => {
                    self.values.insert(name.clone(), (value.clone().into(), false));
                }
                EventKind::ActionIntended { action, attempt, command, .. } => {
                    self.attempts.insert(action.clone(), *attempt);
                    if action.0.starts_with(AD_HOC) && !self.ad_hoc.iter().any(|(known, _)| known.id == *action) {
                        let (action, script) = command_action(action.0.clone(), command.clone());
                        self.ad_hoc.push((action, Arc::new(script)));
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
        Ok(())
    }
}

/// An action of no document, and its shell.
pub(super) fn command_action(id: String, code: String) -> (Action, Script) {
    let attributes = Attributes::default();
    let script = shell::analyse(&code);
    let action = Action {
        id: ActionId(id),
        name: None,
        language: Language::Bash,
        assessment: risk::assess_script(&script, &code, &attributes),
        spans: Vec::new(),
        filled: Vec::new(),
        asks: None,
        line: 1,
        attributes,
        expected: Vec::new(),
        code,
    };
    (action, script)
}
