//! Runs an action's shell code: one bash, with the session of the run before and after it.

use std::{
    fs::File,
    io,
    os::unix::process::ExitStatusExt,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal};
use secrecy::ExposeSecret;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    time::{Instant, sleep_until, timeout},
};

use super::{
    Cancel, Context, Outcome,
    collect::{Collector, Source},
    group::Family,
    inherit::memory,
    pairs, read_all,
    terminal::{self, Person},
    watcher::Watcher,
};
use crate::{
    order::{Order, TerminalKind},
    session::{PRELUDE, Session, Start},
};
use warroom_runbook::run::Ending;

/// Numbers of the files that bash is given; high, so that an action's own redirections do not meet them.
const PRELUDE_FD: i32 = 200;
const CODE_FD: i32 = 201;
const LOAD_FD: i32 = 202;
const SAVE_FD: i32 = 203;

/// The same for every action. The code is read whole and then run, so that line numbers are its own, and closed while it
/// runs, so that nothing it starts gets it.
const PROGRAM: &str = r#"eval "$(</dev/fd/201)" 201<&- 200<&-"#;

/// A session that is larger is not kept.
const LARGEST_SESSION: u64 = 64 << 20;
/// After the shell's end its background processes may still print for so long, as a part of the action.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// A screen that takes nothing for so long is passed over.
const SCREEN_LIMIT: Duration = Duration::from_secs(5);
/// Those who watch hear of news at least so often.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// Nobody answers questions here: no pager, no editor, no prompt.
const UNATTENDED: [(&str, &str); 17] = [
    ("PAGER", "cat"),
    ("MANPAGER", "cat"),
    ("GIT_PAGER", "cat"),
    ("SYSTEMD_PAGER", "cat"),
    ("PSQL_PAGER", "cat"),
    ("AWS_PAGER", ""),
    ("EDITOR", "false"),
    ("VISUAL", "false"),
    ("KUBE_EDITOR", "false"),
    ("GIT_EDITOR", "false"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("SSH_ASKPASS", "false"),
    ("GIT_ASKPASS", "false"),
    ("DEBIAN_FRONTEND", "noninteractive"),
    ("TF_INPUT", "0"),
    ("PYTHONUNBUFFERED", "1"),
    ("SYSTEMD_COLORS", "0"),
];

/// What goes on after the action has ended: processes that it left behind, which may still print.
pub(super) struct Remaining {
    family: Family,
    streams: Streams,
}

impl Remaining {
    /// Reads what they print, so that they can go on, until they end or are to be ended.
    pub(super) async fn drain(mut self, cancel: &mut Cancel, grace: Duration) {
        let reading = async { while self.streams.next().await.is_some() {} };
        tokio::select! {
            () = reading => {}
            () = cancel.asked() => {
                self.family.signal(Signal::TERM);
                let deadline = Instant::now() + grace;
                while !self.family.is_gone() && Instant::now() < deadline {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                self.family.kill().await;
            }
        }
    }
}

/// Runs it to its end and says how it went.
pub(super) async fn run(
    code: &str,
    order: &Order,
    context: &mut Context,
    collector: &mut Collector,
) -> (Outcome, Option<Remaining>) {
    let secrets: Vec<(&str, &str)> = pairs(&context.known).collect();
    let given: Vec<(&str, &str)> =
        order.variables.iter().map(|given| (given.name.as_str(), given.value.expose_secret())).collect();
    let session = match Session::load(&order.session) {
        Ok(session) => session,
        Err(error) => {
            let why = format!("the session in {} cannot be read: {error}", order.session.display());
            return (Outcome::not_started(why), None);
        }
    };
    let fixed = fixed(order);
    let fixed: Vec<(&str, &str)> = fixed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let base = std::env::vars_os().filter(|(name, _)| !fixed.iter().any(|(fixed, _)| name == fixed));
    let usual = UNATTENDED.iter().map(|(name, value)| (name.into(), value.into()));
    let base = base.chain(usual.filter(|_| !matches!(order.terminal, TerminalKind::Interactive { .. })));
    if code.contains('\0') {
        return (Outcome::not_started("the code holds a NUL character, which bash cannot read".to_owned()), None);
    }
    let start = match session.start(&order.cwd, base, &given, &fixed, &secrets) {
        Ok(start) => start,
        Err(why) => return (Outcome::not_started(why), None),
    };
    let Spawned { mut child, saved, mut streams, mut person } = match spawn(code, &start, order.terminal) {
        Ok(spawned) => spawned,
        Err(error) => return (Outcome::not_started(format!("bash cannot be started: {error}")), None),
    };
    let Some(leader) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) else {
        return (Outcome::not_started("bash ended before it began".to_owned()), None);
    };
    let mut notes = start.notes.clone();
    let watcher = Watcher::start(leader, order.grace)
        .inspect_err(|error| notes.push(format!("without a watcher, which could not be started: {error}")))
        .ok();
    let family = Family { leader, stranger: watcher.as_ref().and_then(Watcher::pid) };
    let ending = watch(&mut child, family, &mut streams, &mut person, order, &mut context.cancel, collector).await;
    let left_running = family.others();
    if matches!(ending, Ending::Cancelled | Ending::TimedOut) && !left_running.is_empty() {
        let names: Vec<String> = left_running.iter().map(|left| format!("{} ({})", left.name, left.pid)).collect();
        notes.push(format!("not ended, as they belong to another user or hang in the system: {}", names.join(", ")));
    }
    if let Some(watcher) = watcher {
        watcher.dismiss().await;
    }
    let after =
        session.keep(&order.session, &read_all(&saved, LARGEST_SESSION), &start, &given, &secrets, &context.secrets);
    notes.extend(after.notes);
    let remaining = (!left_running.is_empty()).then_some(Remaining { family, streams });
    (Outcome { ending, variables: after.variables, notes, left_running }, remaining)
}

/// Environment that nothing overrules.
fn fixed(order: &Order) -> Vec<(String, String)> {
    let mut fixed = order.environment.clone();
    if let Some(kubeconfig) = &order.kubeconfig {
        fixed.push(("KUBECONFIG".to_owned(), kubeconfig.to_string_lossy().into_owned()));
    }
    if order.terminal == TerminalKind::No {
        fixed.push(("TERM".to_owned(), "dumb".to_owned()));
    }
    fixed
}

/// A running bash.
struct Spawned {
    child: Child,
    /// Takes the session when the shell ends.
    saved: File,
    streams: Streams,
    /// Who has the terminal.
    person: Option<Person>,
}

fn spawn(code: &str, start: &Start, terminal: TerminalKind) -> io::Result<Spawned> {
    let prelude = memory(PRELUDE_FD, PRELUDE.as_bytes())?;
    let code = memory(CODE_FD, code.as_bytes())?;
    let load = memory(LOAD_FD, &start.records)?;
    let saved = memory(SAVE_FD, b"")?;
    let arguments = ["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", PROGRAM, "bash"];
    let bash_env = ("BASH_ENV", format!("/dev/fd/{PRELUDE_FD}"));
    let buffers = [vec![0; CHUNK], vec![0; CHUNK]];
    let spawned = match terminal {
        TerminalKind::No => {
            let mut child = Command::new("bash")
                .args(arguments)
                .env_clear()
                .envs(&start.environment)
                .env(bash_env.0, bash_env.1)
                .current_dir(&start.folder)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .process_group(0)
                .spawn()?;
            let streams = Streams {
                stdout: child.stdout.take().map(|stream| Box::new(stream) as Stream),
                stderr: child.stderr.take().map(|stream| Box::new(stream) as Stream),
                buffers,
            };
            Spawned { child, saved, streams, person: None }
        }
        TerminalKind::Tty { columns, rows } | TerminalKind::Interactive { columns, rows } => {
            let (read, write, end) = terminal::open(columns, rows)?;
            let mut command = pty_process::Command::new("bash")
                .args(arguments)
                .env_clear()
                .envs(&start.environment)
                .env(bash_env.0, bash_env.1)
                .current_dir(&start.folder);
            let interactive = matches!(terminal, TerminalKind::Interactive { .. });
            if !interactive {
                // Nobody is there to type.
                command = command.stdin(Stdio::null());
            }
            let child = command.spawn(end).map_err(io::Error::other)?;
            let person = interactive.then(|| Person::connect(write)).transpose()?;
            Spawned { child, saved, streams: Streams { stdout: Some(Box::new(read)), stderr: None, buffers }, person }
        }
    };
    // The watcher, which is started after this, gets none of them.
    drop((prelude, code, load));
    rustix::io::fcntl_setfd(&spawned.saved, rustix::io::FdFlags::CLOEXEC)?;
    Ok(spawned)
}

/// Collects output until the shell has ended and its streams are done, it takes too long, or somebody cancels.
async fn watch(
    child: &mut Child,
    family: Family,
    streams: &mut Streams,
    person: &mut Option<Person>,
    order: &Order,
    cancel: &mut Cancel,
    collector: &mut Collector,
) -> Ending {
    let far = Instant::now() + Duration::from_secs(365 * 86_400);
    let mut deadline = order.timeout.map_or(far, |limit| Instant::now() + limit);
    let mut kill_at = far;
    let mut because = None;
    let mut status = None;
    let mut tick = tokio::time::interval(TELL_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            // A busy stream must not keep the rest from being heard.
            biased;
            () = cancel.asked() => {
                if because.is_none() {
                    family.signal(Signal::TERM);
                    (because, kill_at, deadline) = (Some(Ending::Cancelled), Instant::now() + order.grace, far);
                } else {
                    kill_at = Instant::now();
                }
            }
            () = hung_up(person) => {
                family.signal(Signal::HUP);
                if because.is_none() {
                    (because, kill_at, deadline) = (Some(Ending::Cancelled), Instant::now() + order.grace, far);
                }
            }
            () = sleep_until(deadline) => {
                family.signal(Signal::TERM);
                (because, kill_at, deadline) = (Some(Ending::TimedOut), Instant::now() + order.grace, far);
            }
            () = sleep_until(kill_at) => {
                family.kill().await;
                break;
            }
            ended = child.wait() => {
                status = Some(ended);
                break;
            }
            _ = tick.tick() => collector.tell(),
            Some((source, bytes)) = streams.next() => {
                collector.push(source, bytes);
                if let Some(person) = person {
                    // Who does not look must not stop the program, nor us.
                    let _ = timeout(SCREEN_LIMIT, person.show(bytes)).await;
                }
            }
        }
    }
    let status = match status {
        Some(status) => status,
        None => child.wait().await,
    };
    if because.is_some() {
        // The shell is gone; those who do not listen get what is left of the grace.
        while !family.is_gone() && Instant::now() < kill_at {
            if let Ok(Some((source, bytes))) = timeout(Duration::from_millis(20), streams.next()).await {
                collector.push(source, bytes);
            } else {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        family.kill().await;
    }
    last_words(family, streams, person, collector).await;
    because.unwrap_or_else(|| ending(status))
}

/// Returns when the person who has the terminal goes away.
async fn hung_up(person: &mut Option<Person>) {
    match person {
        Some(person) => person.gone().await,
        None => std::future::pending().await,
    }
}

/// What is still in the pipes. They stay open as long as a background process has them.
async fn last_words(family: Family, streams: &mut Streams, person: &mut Option<Person>, collector: &mut Collector) {
    let mut deadline = None;
    loop {
        match timeout(Duration::from_millis(20), streams.next()).await {
            Ok(Some((source, bytes))) => {
                collector.push(source, bytes);
                if let Some(person) = person {
                    let _ = timeout(SCREEN_LIMIT, person.show(bytes)).await;
                }
            }
            Ok(None) => return,
            Err(_) if family.others().is_empty() => return,
            Err(_) => {}
        }
        collector.tell();
        let deadline = *deadline.get_or_insert_with(|| Instant::now() + LAST_WORDS);
        // A shell that ended leaves at most what fits into the pipes; what is more comes from the background.
        if Instant::now() > deadline && !family.others().is_empty() {
            return;
        }
    }
}

fn ending(status: io::Result<ExitStatus>) -> Ending {
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => Ending::Exited { code },
            (None, Some(signal)) => Ending::Killed { signal },
            (None, None) => Ending::Unknown { why: "the system does not say how it ended".to_owned() },
        },
        Err(error) => Ending::Unknown { why: format!("the system does not say how it ended: {error}") },
    }
}

const CHUNK: usize = 64 * 1024;

type Stream = Box<dyn AsyncRead + Unpin>;

/// Both streams of an action.
struct Streams {
    stdout: Option<Stream>,
    stderr: Option<Stream>,
    buffers: [Vec<u8>; 2],
}

impl Streams {
    /// The next bytes of either; `None` when both have ended. Nothing is lost when this is dropped half way.
    async fn next(&mut self) -> Option<(Source, &[u8])> {
        while self.stdout.is_some() || self.stderr.is_some() {
            let [out, err] = &mut self.buffers;
            let (source, read) = tokio::select! {
                read = read(&mut self.stdout, out) => (Source::Stdout, read),
                read = read(&mut self.stderr, err) => (Source::Stderr, read),
            };
            let (stream, buffer) = match source {
                Source::Stdout => (&mut self.stdout, 0),
                _ => (&mut self.stderr, 1),
            };
            match read {
                0 => *stream = None,
                length => return Some((source, &self.buffers[buffer][..length])),
            }
        }
        None
    }
}

/// Bytes read, 0 at the end; waits for ever when the stream has ended before.
async fn read(stream: &mut Option<Stream>, buffer: &mut [u8]) -> usize {
    match stream {
        // A terminal whose last program has gone says EIO: the end as well.
        Some(stream) => stream.read(buffer).await.unwrap_or(0),
        None => std::future::pending().await,
    }
}
