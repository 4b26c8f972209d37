//! Runs a program to its end: bounded output, a process group of its own, nothing left behind.
//!
//! Dropping the future ends the whole group, grandchildren too: TERM at once, KILL after [`GRACE`], or at once when the
//! program itself ends first.

use std::{
    ffi::OsStr,
    io,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    runtime::Handle,
};

/// Time between TERM and KILL.
pub const GRACE: Duration = Duration::from_secs(2);
/// What a program that has ended may still have in its pipes is read for so long; longer means that it left processes behind.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// A program to run.
#[derive(Debug)]
pub struct Program {
    command: Command,
    /// As messages name it.
    name: String,
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
        let name = program.as_ref().to_string_lossy().into_owned();
        let mut command = Command::new(program);
        command.args(arguments);
        Program { command, name }
    }

    /// A line for `sh`.
    pub fn shell(line: &str) -> Self {
        Self::new("sh", ["-c", line])
    }

    /// Variables in addition to those of this process.
    pub fn variables<'v>(mut self, variables: impl IntoIterator<Item = (&'v String, &'v String)>) -> Self {
        self.command.envs(variables);
        self
    }

    /// Where it runs, and where a relative program path starts; a folder that does not exist (an embedded pack has none) means here.
    pub fn in_folder(mut self, folder: &Path) -> Self {
        if folder.is_dir() {
            self.command.current_dir(folder);
        }
        self
    }

    /// Runs it to its end, without standard input, and keeps the first `keep` bytes of each stream. The error is one sentence.
    pub async fn run(mut self, keep: usize) -> Result<Finished, String> {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let child = self.command.spawn().map_err(|error| cannot_start(&self.name, &error))?;
        let mut group = Group { leader: Some(child) };
        let (mut stdout, mut stderr) = (Captured::default(), Captured::default());
        let ended = group.wait(&mut stdout, &mut stderr, keep).await;
        match ended {
            Ok(status) => Ok(Finished { status, stdout, stderr }),
            Err(error) => Err(format!("cannot follow {}: {error}", self.name)),
        }
    }
}

/// The processes of one program. Dropped while they run, it ends them.
struct Group {
    leader: Option<Child>,
}

impl Group {
    async fn wait(&mut self, stdout: &mut Captured, stderr: &mut Captured, keep: usize) -> io::Result<ExitStatus> {
        let Some(leader) = self.leader.as_mut() else { return Err(io::Error::other("it has ended already")) };
        let id = leader.id();
        let (out, err) = (leader.stdout.take(), leader.stderr.take());
        let reading = async { tokio::join!(drain(out, stdout, keep), drain(err, stderr, keep)) };
        tokio::pin!(reading);
        let mut read = false;
        let status = loop {
            tokio::select! {
                status = leader.wait() => break status?,
                _ = &mut reading, if !read => read = true,
            }
        };
        self.leader = None;
        // Somebody still holds the pipes: it is of the group, which therefore still exists under this id.
        if !read && tokio::time::timeout(LAST_WORDS, reading).await.is_err() {
            signal(id, Signal::KILL);
        }
        Ok(status)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let Some(leader) = self.leader.take() else { return };
        signal(leader.id(), Signal::TERM);
        let last = Last { leader };
        // Without a runtime `last` is dropped here and now, which kills.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                tokio::time::sleep(GRACE).await;
                drop(last);
            });
        }
    }
}

/// Kills the group when the grace is over, or when the runtime ends before that. The leader is not waited for until then,
/// so that its process id cannot be given to another program.
struct Last {
    leader: Child,
}

impl Drop for Last {
    fn drop(&mut self) {
        signal(self.leader.id(), Signal::KILL);
    }
}

fn signal(leader: Option<u32>, signal: Signal) {
    if let Some(group) = leader.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
        // An error means that nobody is left.
        let _ = kill_process_group(group, signal);
    }
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
