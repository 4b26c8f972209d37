//! A started action as the console sees it: its state, its end, and how to cancel it. Also after the console was restarted.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
    process::{Pid, Signal, kill_process},
};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::Command,
    sync::watch,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    expect::Printed,
    folder::JobFolder,
    gate::Permit,
    live::Live,
    order::{Order, OrderKind, TerminalKind},
    output::reader::OutputReader,
    supervisor::wire,
    terminal::TerminalLink,
};
use warroom_runbook::run::{Ending, Evidence};

/// How long a supervisor may take until it is ready.
const READY: Duration = Duration::from_secs(10);
/// How long one that was killed may take to be gone.
const GONE: Duration = Duration::from_secs(1);
/// How often a job that another console started is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Why an action could not be started or reached. One sentence, without secrets.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    #[error("cannot start the supervisor of this action: {0}")]
    NoSupervisor(String),
    #[error("the supervisor of this action did not answer within {} s: nothing was started", READY.as_secs())]
    Late,
    #[error("cancelled before it started")]
    Cancelled,
    /// The supervisor looked at the order and did not take it.
    #[error("{0}")]
    Refused(String),
    #[error("cannot use the folder {folder}: {cause}")]
    Folder { folder: String, cause: io::Error },
    #[error("this action has ended already")]
    Ended,
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq)]
pub enum JobState {
    Running {
        /// The supervisor.
        pid: u32,
        since: Timestamp,
        /// What the action printed so far.
        bytes: u64,
    },
    Ended(ActionEnd),
    /// It was started, it is not running, and it left no result.
    Unknown {
        why: String,
    },
}

/// How an action ended: the content of `result.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionEnd {
    pub ending: Ending,
    pub started: Timestamp,
    pub duration: Duration,
    /// `file` is named from the run's folder: `jobs/NAME/output`.
    pub evidence: Option<Evidence>,
    /// Bytes of standard output that are in the file `stdout` (see [`JobFolder`]).
    pub stdout_bytes: u64,
    /// True when standard output was longer than that.
    pub stdout_cut: bool,
    /// Simple variables that the run's actions have set so far; `None` for one that holds a secret.
    pub variables: BTreeMap<String, Option<String>>,
    /// What a person should know, one sentence each.
    pub notes: Vec<String>,
    /// Processes that the action left in the background.
    pub left_running: Vec<LeftRunning>,
}

/// A process that outlives its action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftRunning {
    pub pid: u32,
    /// The program's short name.
    pub name: String,
}

/// Starts supervisors.
#[derive(Debug, Clone)]
pub struct Supervisor {
    program: PathBuf,
}

impl Supervisor {
    /// The program that runs now is also the supervisor.
    pub fn this_program() -> io::Result<Self> {
        // The running file itself, also when it was replaced by a newer version meanwhile.
        let program = PathBuf::from("/proc/self/exe");
        Ok(Supervisor { program: if program.exists() { program } else { std::env::current_exe()? } })
    }

    /// A `warroom` binary.
    pub fn at(program: impl Into<PathBuf>) -> Self {
        Supervisor { program: program.into() }
    }

    /// Starts an action, and returns when its supervisor no longer depends on this process, or has not come to that in time or
    /// before the `stop`. Must run within a tokio runtime.
    pub async fn start(
        &self,
        permit: Permit,
        order: Order,
        folder: &JobFolder,
        stop: &CancellationToken,
    ) -> Result<Job, ExecError> {
        let (OrderKind::Bash { code } | OrderKind::Sql { code, .. }) = &order.kind;
        if !permit.is_for(code) {
            return Err(ExecError::Refused(
                "this is not what the gate was asked about: nothing was started".to_owned(),
            ));
        }
        folder.create().map_err(|cause| ExecError::Folder { folder: folder.path().display().to_string(), cause })?;
        let interactive = matches!(order.terminal, TerminalKind::Interactive { .. });
        let order = wire::order_bytes(&order).map_err(|error| ExecError::NoSupervisor(error.to_string()))?;
        let mut child = Command::new(&self.program)
            .arg0("warroom")
            .arg("supervise")
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| ExecError::NoSupervisor(format!("{}: {error}", self.program.display())))?;
        let lost = || ExecError::NoSupervisor("it ended before it was ready".to_owned());
        let (Some(mut to), Some(from)) = (child.stdin.take(), child.stdout.take()) else { return Err(lost()) };
        let mut from = BufReader::new(from);
        let mut answer = String::new();
        let talk = async {
            // When the order cannot be sent, the answer may still say why.
            let _ = to.write_all(&order).await;
            from.read_line(&mut answer).await
        };
        let silent = tokio::select! {
            said = timeout(READY, talk) => match said {
                Ok(said) => said.map_err(|_| lost()).map(|_| lost())?,
                Err(_) => ExecError::Late,
            },
            () = stop.cancelled() => ExecError::Cancelled,
        };
        if answer.is_empty() && child.start_kill().is_ok() {
            // What it has not said by then it never will. When it has, it may have begun.
            let _ = timeout(GONE, from.read_line(&mut answer)).await;
        }
        match wire::read_answer(&answer) {
            Ok(()) => {}
            Err(sentence) if sentence.is_empty() => {
                tokio::spawn(async move { child.wait().await });
                return Err(silent);
            }
            Err(sentence) => return Err(ExecError::Refused(sentence)),
        }
        if let Some(keys) = interactive.then_some(to) {
            tokio::spawn(async move { child.wait().await });
            let link = TerminalLink::new(keys, from);
            return Ok(Job { folder: folder.clone(), life: None, terminal: Arc::new(Mutex::new(Some(link))) });
        }
        let (ended, life) = watch::channel(());
        tokio::spawn(async move {
            // The supervisor closes this when the result is written.
            let _ = from.read_to_end(&mut Vec::new()).await;
            drop(ended);
            let _ = child.wait().await;
        });
        Ok(Job { folder: folder.clone(), life: Some(life), terminal: Arc::default() })
    }
}

/// A job whose action was started.
#[derive(Debug, Clone)]
pub struct Job {
    folder: JobFolder,
    /// Closed when the action has ended; only the console that started it has this.
    life: Option<watch::Receiver<()>>,
    /// The console's end of an interactive action.
    terminal: Arc<Mutex<Option<TerminalLink>>>,
}

impl Job {
    /// A job that another console started, or this one before it was restarted.
    pub fn attach(folder: &JobFolder) -> Job {
        Job { folder: folder.clone(), life: None, terminal: Arc::default() }
    }

    pub fn folder(&self) -> &JobFolder {
        &self.folder
    }

    /// The console's end of an interactive action that this console started: to be handed over at once. `None` for other
    /// actions, and the second time.
    pub fn take_terminal(&self) -> Option<TerminalLink> {
        self.terminal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Where it stands now. Reads a few small files.
    pub fn state(&self) -> JobState {
        // The result is written before the lock is given back, so it is looked for last, too.
        let end = || read_result(&self.folder.result());
        if let Ok(Some(end)) = end() {
            return JobState::Ended(end);
        }
        match self.supervisor() {
            Ok(Some((pid, since))) => JobState::Running { pid, since, bytes: Live::read(&self.folder.live()).bytes },
            Ok(None) => match end() {
                Ok(Some(end)) => JobState::Ended(end),
                Ok(None) => JobState::Unknown {
                    why: "its supervisor is gone and left no result: it was killed, or the machine was restarted"
                        .to_owned(),
                },
                Err(error) => {
                    JobState::Unknown { why: format!("{} cannot be read: {error}", self.folder.result().display()) }
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                JobState::Unknown { why: "nothing shows that it was ever started".to_owned() }
            }
            Err(error) => {
                JobState::Unknown { why: format!("{} cannot be read: {error}", self.folder.lock().display()) }
            }
        }
    }

    /// Waits until the action does not run any more. May be dropped at any time.
    pub async fn wait(&self) -> JobState {
        if let Some(mut life) = self.life.clone() {
            // The only news is that the other side is gone.
            while life.changed().await.is_ok() {}
        }
        loop {
            match self.state() {
                JobState::Running { .. } => tokio::time::sleep(LOOK_EVERY).await,
                state => return state,
            }
        }
    }

    /// Asks the supervisor to end the action, or what it left in the background: TERM, and KILL after the order's grace. A
    /// second call kills at once.
    pub fn cancel(&self) -> Result<(), ExecError> {
        let supervisor = self.supervisor().ok().flatten();
        let pid = supervisor.and_then(|(pid, _)| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        pid.and_then(|pid| kill_process(pid, Signal::TERM).ok()).ok_or(ExecError::Ended)
    }

    /// Standard output so far: masked, without colour, its beginning when there is too much of it.
    pub fn stdout(&self) -> io::Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(self.folder.stdout())?).into_owned())
    }

    /// What it printed, with colour, a window at a time.
    pub fn output(&self) -> OutputReader {
        OutputReader::new(&self.folder.output())
    }

    /// What is not in the output yet: counts, and the line that is being printed.
    pub fn live(&self) -> Live {
        Live::read(&self.folder.live())
    }

    /// What expectations are compared with.
    pub fn printed(&self) -> io::Result<Printed> {
        Printed::read(&self.folder)
    }

    /// The supervisor that holds the lock, and since when.
    fn supervisor(&self) -> io::Result<Option<(u32, Timestamp)>> {
        let mut lock = File::open(self.folder.lock())?;
        match flock(&lock, FlockOperation::NonBlockingLockShared) {
            Ok(()) => return Ok(None),
            Err(Errno::WOULDBLOCK) => {}
            Err(error) => return Err(error.into()),
        }
        let mut text = String::new();
        lock.read_to_string(&mut text)?;
        let (pid, since) = text.split_once(' ').unwrap_or_default();
        match (pid.parse(), since.parse()) {
            (Ok(pid), Ok(since)) => Ok(Some((pid, since))),
            _ => Err(io::Error::other("it does not say who holds it")),
        }
    }
}

fn read_result(path: &Path) -> io::Result<Option<ActionEnd>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
