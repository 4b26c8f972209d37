//! The supervisor process: runs one action in a session of its own, so that the action outlives the console that started it.
//!
//! It takes its order on standard input, answers `ready` (or one sentence why not) on standard output, and from then on needs
//! nobody: it ignores HUP, holds the job's `lock`, keeps what the action prints, and writes `result.json` last of all.
//! TERM ends the action, a second TERM kills it.
//!
//! A service manager that ends every process of a user who logs out (`KillUserProcesses=yes` of systemd-logind, which most
//! distributions turn off) ends it, too, unless the user lingers (`loginctl enable-linger`).
//!
//! When the supervisor itself is killed, a small watcher (a shell that waits for the end of a pipe) ends the action's process
//! group, so that nothing goes on unobserved; how the action ended is unknown then.

mod bash;
mod collect;
mod group;
mod inherit;
mod sql;
mod terminal;
mod watcher;
pub mod wire;

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
    process::{getpid, set_child_subreaper, setsid},
};
use secrecy::ExposeSecret;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::collect::Collector;
use super::{
    folder::JobFolder,
    job::{ActionEnd, LeftRunning},
    order::{Order, OrderKind},
    output::mask::{Secrets, is_secret_by_name},
};
use warroom_host::{clock, shared};
use warroom_runbook::run::{Ending, Evidence};

/// The lock is tried so often, so far apart.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// The whole life of a supervisor. What became of the action stands in the folder.
pub fn main(folder: &Path) {
    let folder = JobFolder::new(folder);
    match prepare(&folder).and_then(|prepared| Ok((runtime()?, prepared))) {
        Ok((runtime, prepared)) => runtime.block_on(prepared.run()),
        Err(sentence) => {
            // An error means that nobody wants to know.
            let _ = wire::answer(&mut io::stdout(), Err(&sentence));
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| format!("the supervisor cannot start its event loop: {error}"))
}

/// A supervisor that depends on nobody any more.
struct Prepared {
    order: Order,
    folder: JobFolder,
    known: Vec<(String, String)>,
    secrets: Secrets,
    /// Held until the process ends.
    _lock: File,
}

/// What the parts of a supervisor share.
struct Context {
    folder: JobFolder,
    /// Names and values of all secrets.
    known: Vec<(String, String)>,
    secrets: Secrets,
    cancel: Cancel,
}

/// TERM and INT ask for the end. HUP is caught, and that is all.
struct Cancel {
    term: Signal,
    int: Signal,
    _hangup: Signal,
}

impl Cancel {
    fn listen() -> io::Result<Cancel> {
        Ok(Cancel {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            _hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}

/// How an action went, before it is written down.
struct Outcome {
    ending: Ending,
    variables: BTreeMap<String, Option<String>>,
    notes: Vec<String>,
    left_running: Vec<LeftRunning>,
}

impl Outcome {
    fn ended(ending: Ending) -> Outcome {
        Outcome { ending, variables: BTreeMap::new(), notes: Vec::new(), left_running: Vec::new() }
    }

    fn not_started(why: String) -> Outcome {
        Outcome::ended(Ending::NotStarted { why })
    }
}

fn prepare(folder: &JobFolder) -> Result<Prepared, String> {
    let order = wire::read_order(&mut io::stdin()).map_err(|error| format!("the order cannot be read: {error}"))?;
    // Fails only for the leader of a process group, which has a session of its own then.
    let _ = setsid();
    let lock =
        take_lock(&folder.lock()).map_err(|error| format!("cannot take {}: {error}", folder.lock().display()))?;
    // Processes that lose their parent become ours, so that they are found when the action is to be ended.
    let _ = set_child_subreaper(Some(getpid()));
    let known = known(&order);
    let password = match &order.kind {
        OrderKind::Sql { url, .. } => sql::password(url.expose_secret()),
        OrderKind::Bash { .. } => None,
    };
    let password = password.as_deref().map(|password| ("password of the database", password));
    let secrets = Secrets::new(pairs(&known).chain(password));
    Ok(Prepared { order, folder: folder.clone(), known, secrets, _lock: lock })
}

/// Names and values of all secrets, the longest first: those of the order, and those of the environment by their names.
fn known(order: &Order) -> Vec<(String, String)> {
    let given = order.variables.iter().filter(|given| given.secret).map(|given| (&given.name, &given.value));
    let others = order.secrets.iter().map(|secret| (&secret.name, &secret.value));
    let ordered = given.chain(others).map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
    let inherited = std::env::vars().filter(|(name, value)| is_secret_by_name(name, value));
    let mut all: Vec<(String, String)> = ordered.chain(inherited).filter(|(_, value)| !value.is_empty()).collect();
    all.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    all
}

fn pairs(known: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    known.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

fn take_lock(path: &Path) -> io::Result<File> {
    let mut file = shared::open(OpenOptions::new().read(true).write(true).create(true).truncate(false), path)?;
    // Somebody who looks whether it is held holds it for a moment.
    let mut tries = 0;
    while let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
        tries += 1;
        if error != Errno::WOULDBLOCK || tries > LOCK_TRIES {
            return Err(error.into());
        }
        std::thread::sleep(LOCK_PAUSE);
    }
    file.set_len(0)?;
    write!(file, "{} {}", std::process::id(), clock::now())?;
    Ok(file)
}

impl Prepared {
    async fn run(self) {
        let Prepared { order, folder, known, secrets, _lock } = self;
        let ready = Cancel::listen()
            .and_then(|cancel| Ok((cancel, Collector::create(&folder, order.output_limit, secrets.clone())?)));
        let (cancel, mut collector) = match ready {
            Ok(ready) => ready,
            Err(error) => {
                let sentence = format!("cannot write to {}: {error}", folder.path().display());
                let _ = wire::answer(&mut io::stdout(), Err(&sentence));
                return;
            }
        };
        let mut context = Context { folder, known, secrets, cancel };
        let (started, clock_start) = (clock::now(), Instant::now());
        if wire::answer(&mut io::stdout(), Ok(())).is_err() {
            // Nobody knows that it would run now: so it does not.
            let why = "the console that ordered it was gone before it began".to_owned();
            finish(Outcome::not_started(why), collector, &context, started, clock_start.elapsed());
            return;
        }
        let (outcome, remaining) = match &order.kind {
            OrderKind::Bash { code } => bash::run(code, &order, &mut context, &mut collector).await,
            OrderKind::Sql { code, url, write, statement_timeout } => {
                let work =
                    sql::Work { code, url: url.expose_secret(), write: *write, statement_timeout: *statement_timeout };
                (sql::run(&work, &order, &mut context, &mut collector).await, None)
            }
        };
        finish(outcome, collector, &context, started, clock_start.elapsed());
        // Whoever waits for the end of our standard output may go on now.
        let _ = quiet();
        if let Some(remaining) = remaining {
            remaining.drain(&mut context.cancel, order.grace).await;
        }
    }
}

/// Writes down how it ended.
fn finish(outcome: Outcome, collector: Collector, context: &Context, started: Timestamp, duration: Duration) {
    let mut notes = outcome.notes;
    for name in &context.secrets.too_short {
        notes.push(format!("the value of {name} is too short to be masked in the output"));
    }
    let kept = collector.finish();
    if let Some(trouble) = kept.output.trouble {
        notes.push(format!("the output could not be kept: {trouble}"));
    }
    let ending = match outcome.ending {
        Ending::NotStarted { why } => Ending::NotStarted { why: context.secrets.mask(&why) },
        Ending::Unknown { why } => Ending::Unknown { why: context.secrets.mask(&why) },
        other => other,
    };
    let end = ActionEnd {
        ending,
        started,
        duration,
        evidence: Some(Evidence {
            sha256: kept.output.sha256,
            bytes: kept.output.bytes,
            dropped_bytes: kept.output.dropped_bytes,
            file: evidence_name(&context.folder),
        }),
        stdout_bytes: kept.stdout_bytes,
        stdout_cut: kept.stdout_cut,
        variables: outcome.variables,
        notes: notes.iter().map(|note| context.secrets.mask(note)).collect(),
        left_running: outcome.left_running,
    };
    // Without a result the state is "unknown", which is what is left to say when it cannot be written.
    let _ = write_result(&context.folder.result(), &end);
    let _ = std::fs::remove_file(context.folder.live());
}

/// The output's name, seen from the run's folder.
fn evidence_name(folder: &JobFolder) -> String {
    let names: Vec<_> = folder.path().iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
    names
        .iter()
        .rev()
        .chain([&"output".into()])
        .fold(String::new(), |path, part| if path.is_empty() { part.to_string() } else { format!("{path}/{part}") })
}

fn write_result(path: &Path, end: &ActionEnd) -> io::Result<()> {
    let next: PathBuf = path.with_extension("json.new");
    let mut file = shared::open(OpenOptions::new().write(true).create(true).truncate(true), &next)?;
    file.write_all(&serde_json::to_vec(end)?)?;
    file.sync_all()?;
    std::fs::rename(&next, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Puts nothing in the place of standard input and output.
fn quiet() -> io::Result<()> {
    let nothing = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stdout(&nothing)?;
    Ok(())
}

/// Reads at most `limit` bytes of what was handed on in memory.
fn read_all(mut file: &File, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if io::Seek::seek(&mut file, io::SeekFrom::Start(0)).is_ok() {
        let _ = file.take(limit).read_to_end(&mut bytes);
    }
    bytes
}
