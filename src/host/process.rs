//! Runs a program to its end: bounded output, a process group of its own, nothing left behind.
//!
//! Dropping the future ends the whole group, grandchildren too: TERM at once, KILL after [`GRACE`], or at once when the
//! program itself ends first. What has left the group is ended by a [reaper] between us and the program; where
//! this is not the `warroom` program, which can be one, by a mark in its environment.

use std::{
    ffi::{OsStr, OsString},
    io,
    io::Write,
    os::{
        fd::OwnedFd,
        unix::{net::UnixStream, process::ExitStatusExt},
    },
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    runtime::Handle,
};

use super::reaper::{self, LAST_WORDS};

/// Time between TERM and KILL.
pub const GRACE: Duration = Duration::from_secs(2);
/// Longest answer of a reaper.
const LONGEST_ANSWER: u64 = 64;
/// The variable that marks what a program starts, where there is no reaper.
const MARK: &str = "WARROOM_PROGRAM";

/// The word that makes this program a reaper; unset where this is another program.
static REAPER: OnceLock<&'static str> = OnceLock::new();

/// Says that this program, started with `word` and a program, is that program's [reaper].
pub fn reap_with(word: &'static str) {
    let _ = REAPER.set(word);
}

/// A program to run.
#[derive(Debug)]
pub struct Program {
    program: OsString,
    arguments: Vec<OsString>,
    variables: Vec<(String, String)>,
    folder: Option<PathBuf>,
}

/// How a program ended, and what it printed.
#[derive(Debug)]
pub struct Finished {
    pub status: ExitStatus,
    pub stdout: Captured,
    pub stderr: Captured,
}

/// The first bytes of a stream; the rest was read and counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    pub kept: Vec<u8>,
    /// All bytes that came, kept or not.
    pub total: u64,
}

impl Captured {
    /// True when there was more than is kept.
    pub fn cut(&self) -> bool {
        self.total > self.kept.len() as u64
    }

    /// The kept bytes as text, with what is not UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.kept).into_owned()
    }
}

impl Finished {
    /// `exit code 3`, `killed by signal 9 (KILL)`.
    pub fn ending(&self) -> String {
        match (self.status.code(), self.status.signal()) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(number)) => match signal_name(number) {
                Some(name) => format!("killed by signal {number} ({name})"),
                None => format!("killed by signal {number}"),
            },
            (None, None) => "ended without a status".to_owned(),
        }
    }
}

impl Program {
    /// A program with its arguments, found in `PATH` as a shell would.
    pub fn new(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let arguments = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        Program { program: program.as_ref().to_owned(), arguments, variables: Vec::new(), folder: None }
    }

    /// A line for `sh`.
    pub fn shell(line: &str) -> Self {
        Self::new("sh", ["-c", line])
    }

    /// Variables in addition to those of this process.
    pub fn variables<'v>(mut self, variables: impl IntoIterator<Item = (&'v String, &'v String)>) -> Self {
        self.variables.extend(variables.into_iter().map(|(name, value)| (name.clone(), value.clone())));
        self
    }

    /// Where it runs, and where a relative program path starts; a folder that does not exist (an embedded pack has none) means here.
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.folder = folder.is_dir().then(|| folder.to_owned());
        self
    }

    /// Runs it to its end, without standard input, and keeps the first `keep` bytes of each stream. The error is one sentence.
    pub async fn run(self, keep: usize) -> Result<Finished, String> {
        let name = self.program.to_string_lossy().into_owned();
        let mut group = self.start().map_err(|error| cannot_start(&name, &error))?;
        let (mut stdout, mut stderr) = (Captured::default(), Captured::default());
        match group.wait(&mut stdout, &mut stderr, keep).await {
            Ok(Ok(status)) => Ok(Finished { status, stdout, stderr }),
            Ok(Err(error)) => Err(cannot_start(&name, &error)),
            Err(error) => Err(format!("cannot follow {name}: {error}")),
        }
    }

    fn start(self) -> io::Result<Group> {
        let reaper = REAPER.get().and_then(|word| Some((word, UnixStream::pair().ok()?)));
        let (mut command, hold) = match reaper {
            Some((word, (ours, theirs))) => {
                // The running file itself, also when it was replaced by a newer version meanwhile.
                let mut command = Command::new("/proc/self/exe");
                command.arg(word).arg("--").arg(self.program).args(self.arguments);
                command.stdin(Stdio::from(OwnedFd::from(theirs)));
                (command, Hold::Reaper(ours))
            }
            None => {
                static NEXT: AtomicU64 = AtomicU64::new(0);
                let mark = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
                let mut command = Command::new(self.program);
                command.args(self.arguments).env(MARK, &mark).stdin(Stdio::null());
                (command, Hold::Mark(format!("{MARK}={mark}")))
            }
        };
        command.envs(self.variables).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        if let Some(folder) = self.folder {
            command.current_dir(folder);
        }
        Ok(Group { last: Some(Last { leader: command.spawn()?, hold }) })
    }
}

/// The processes of one program. Dropped while they run, it ends them.
struct Group {
    last: Option<Last>,
}

/// How everything that a program started is got hold of.
enum Hold {
    /// The reaper's socket.
    Reaper(UnixStream),
    /// A variable in the environment of each.
    Mark(String),
}

impl Group {
    /// The outer error is ours, the inner one says why the program could not be started.
    async fn wait(
        &mut self,
        stdout: &mut Captured,
        stderr: &mut Captured,
        keep: usize,
    ) -> io::Result<io::Result<ExitStatus>> {
        let Some(last) = self.last.as_mut() else { return Err(io::Error::other("it has ended already")) };
        let (out, err) = (last.leader.stdout.take(), last.leader.stderr.take());
        let reading = async { tokio::join!(drain(out, stdout, keep), drain(err, stderr, keep)) };
        tokio::pin!(reading);
        let mut read = false;
        let status = loop {
            tokio::select! {
                status = last.leader.wait() => break status?,
                _ = &mut reading, if !read => read = true,
            }
        };
        let status = match &last.hold {
            Hold::Reaper(socket) => match answer(socket).await {
                Some(answer) => answer,
                // It was killed, and says nothing of the program.
                None => Err(io::Error::other(format!("what watches over it ended with {status}"))),
            },
            Hold::Mark(_) => Ok(status),
        };
        // With a reaper, nobody is left by now.
        if !read {
            let _ = tokio::time::timeout(LAST_WORDS, reading).await;
        }
        // Kills whoever of the group or of the mark is left.
        self.last = None;
        Ok(status)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let Some(last) = self.last.take() else { return };
        last.signal(Signal::TERM);
        // Without a runtime `last` is dropped here and now, which kills.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                tokio::time::sleep(GRACE).await;
                drop(last);
            });
        }
    }
}

/// Kills everything when the grace is over, or when the runtime ends before that. The leader is not waited for until then,
/// so that its process id cannot be given to another program.
struct Last {
    leader: Child,
    hold: Hold,
}

impl Last {
    fn signal(&self, signal: Signal) {
        match &self.hold {
            // One byte asks for TERM. When it cannot be written, nobody is left.
            Hold::Reaper(socket) => {
                if signal == Signal::TERM {
                    let _ = (&*socket).write(b"t");
                }
            }
            Hold::Mark(mark) => {
                if let Some(group) = self.leader.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
                    // An error means that nobody is left.
                    let _ = kill_process_group(group, signal);
                }
                if signal == Signal::KILL {
                    for pid in marked(mark) {
                        let _ = kill_process(pid, signal);
                    }
                }
            }
        }
    }
}

impl Drop for Last {
    fn drop(&mut self) {
        // A reaper kills when its socket is closed, which comes next.
        self.signal(Signal::KILL);
    }
}

/// What the reaper says, which has ended.
async fn answer(socket: &UnixStream) -> Option<io::Result<ExitStatus>> {
    let socket = socket.try_clone().ok()?;
    socket.set_nonblocking(true).ok()?;
    let mut line = String::new();
    let mut socket = tokio::net::UnixStream::from_std(socket).ok()?.take(LONGEST_ANSWER);
    socket.read_to_string(&mut line).await.ok()?;
    reaper::answer(&line)
}

/// The processes of this user with the mark in their environment.
fn marked(mark: &str) -> Vec<Pid> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_marked = |pid: &i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    };
    numbers.filter(is_marked).filter_map(Pid::from_raw).collect()
}

/// Reads to the end, keeps the beginning, counts the rest.
async fn drain(stream: Option<impl AsyncRead + Unpin>, into: &mut Captured, keep: usize) {
    let Some(mut stream) = stream else { return };
    let mut chunk = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = stream.read(&mut chunk).await {
        into.total += read as u64;
        let room = keep.saturating_sub(into.kept.len());
        into.kept.extend_from_slice(&chunk[..read.min(room)]);
    }
}

fn cannot_start(name: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound if name.contains('/') => format!("there is no program {name}, or not its interpreter"),
        io::ErrorKind::NotFound => format!("there is no program {name} in PATH"),
        io::ErrorKind::PermissionDenied => format!("{name} may not be executed by this user"),
        io::ErrorKind::ExecutableFileBusy => format!("{name} is being written to"),
        _ => format!("cannot start {name}: {error}"),
    }
}

fn signal_name(number: i32) -> Option<&'static str> {
    Some(match number {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        4 => "ILL",
        6 => "ABRT",
        7 => "BUS",
        8 => "FPE",
        9 => "KILL",
        11 => "SEGV",
        13 => "PIPE",
        14 => "ALRM",
        15 => "TERM",
        24 => "XCPU",
        25 => "XFSZ",
        _ => return None,
    })
}
