//! A server process of the lab: its port, its folder, its log, and the promise that it does not outlive the test.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::TcpListener,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

/// How long a server may take to answer after its start, on a machine that compiles at the same time.
pub(super) const START: Duration = Duration::from_secs(60);

/// A port that no other test of this machine is given as long as this value lives.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _reserved: File,
}

impl Port {
    pub fn free() -> Port {
        let folder = std::env::temp_dir().join("warroom-lab-ports");
        fs::create_dir_all(&folder).unwrap();
        let _ = fs::set_permissions(&folder, fs::Permissions::from_mode(0o1777));
        // Below the kernel's range for outgoing connections (32768 and up), so that none of those takes it meanwhile.
        for _ in 0..2000 {
            let number = fastrand::u16(21_000..32_000);
            let Ok(file) = File::create(folder.join(number.to_string())) else { continue };
            if file.try_lock().is_ok() && TcpListener::bind(("127.0.0.1", number)).is_ok() {
                return Port { number, _reserved: file };
            }
        }
        panic!("no free port between 21000 and 32000");
    }

    pub fn number(&self) -> u16 {
        self.number
    }
}

/// A temporary folder that other users can enter, removed with the value or by the reaper.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Folder {
        let folder = tempfile::Builder::new().prefix("warroom-lab-").tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        reaper(&format!("folder {}", folder.path().display()));
        Folder(folder)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// A running server. Dropping it ends it and what it started in its process group.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    log: PathBuf,
    ended: bool,
}

impl Process {
    /// Starts `command` in its own process group, its output going to `NAME.log` in `folder`.
    pub fn spawn(name: &str, mut command: Command, folder: &Path) -> Process {
        let log = folder.join(format!("{name}.log"));
        let output = File::options().create(true).append(true).open(&log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} could not be started: {error}"));
        reaper(&format!("watch {}", child.id()));
        Process { child, name: name.to_owned(), log, ended: false }
    }

    /// Waits until `ready`; panics with the end of the log when the server ends or stays silent.
    pub fn ready(&mut self, mut ready: impl FnMut() -> bool) {
        let start = Instant::now();
        while !ready() {
            let gone = !self.is_running();
            if gone || start.elapsed() > START {
                let how = if gone { "ended" } else { "is not ready" };
                panic!(
                    "{} {how} {:.1?} after its start; its log ends:\n{}",
                    self.name,
                    start.elapsed(),
                    self.log_tail()
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn is_running(&mut self) -> bool {
        !self.ended && matches!(self.child.try_wait(), Ok(None))
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// To the server itself, not to what it started.
    pub fn signal(&self, signal: Signal) {
        if !self.ended {
            let _ = kill_process(self.pid(), signal);
        }
    }

    /// Asks the server to end with `signal`, and kills it when it does not within five seconds.
    pub fn end(&mut self, signal: Signal) {
        if self.ended {
            return;
        }
        let _ = kill_process_group(self.pid(), Signal::CONT);
        let _ = kill_process_group(self.pid(), signal);
        let start = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && start.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = kill_process_group(self.pid(), Signal::KILL);
        let _ = self.child.wait();
        self.ended = true;
        reaper(&format!("forget {}", self.child.id()));
    }

    /// Ends it at once, as a crash does.
    pub fn kill(&mut self) {
        self.end(Signal::KILL);
    }

    /// The last lines it printed.
    pub fn log_tail(&self) -> String {
        let mut text = Vec::new();
        let _ = File::open(&self.log).and_then(|mut file| file.read_to_end(&mut text));
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // QUIT is PostgreSQL's immediate shutdown, which still frees its shared memory; it ends everything else too.
        self.end(Signal::QUIT);
    }
}

/// The place of a server that a test stops, freezes and starts again.
#[derive(Debug, Default)]
pub(super) struct Place(Option<Process>);

impl Place {
    /// # Panics
    /// When a server runs there already.
    pub(super) fn assert_free(&self) {
        assert!(self.0.is_none(), "the server runs already");
    }

    pub(super) fn take_up(&mut self, process: Process) {
        self.0 = Some(process);
    }

    /// Ends it by the signal that it takes as an operator's wish; nothing when it does not run.
    pub(super) fn stop(&mut self, signal: Signal) {
        if let Some(mut process) = self.0.take() {
            process.end(signal);
        }
    }

    /// To the server itself, not to what it started.
    ///
    /// # Panics
    /// When it does not run.
    pub(super) fn signal(&self, signal: Signal) {
        self.0.as_ref().expect("the server runs").signal(signal);
    }
}

/// Ends what it was told to watch when this process is gone, be it by SIGKILL: it reads from a pipe until its end.
/// It stands in its own process group, because a test runner that loses patience kills the test's whole group.
const REAPER: &str = r#"
trap '' INT TERM HUP QUIT
groups= folders=
while read -r verb what; do
  case $verb in
    watch) groups="$groups $what" ;;
    folder) folders="$folders $what" ;;
    forget) rest=; for g in $groups; do [ "$g" = "$what" ] || rest="$rest $g"; done; groups=$rest ;;
  esac
done
if [ -n "$groups" ]; then
  for g in $groups; do kill -CONT -- "-$g"; kill -QUIT -- "-$g"; done 2>/dev/null
  sleep 1
  for g in $groups; do kill -KILL -- "-$g"; done 2>/dev/null
fi
for f in $folders; do case $f in */warroom-lab-*) rm -rf "$f" ;; esac; done
"#;

#[allow(clippy::zombie_processes, reason = "the reaper outlives this process by design")]
pub(super) fn reaper(line: &str) {
    static PIPE: Mutex<Option<ChildStdin>> = Mutex::new(None);
    let mut pipe = PIPE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let pipe = pipe.get_or_insert_with(|| {
        let mut reaper = Command::new("sh")
            .args(["-c", REAPER])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("sh starts");
        reaper.stdin.take().expect("its input is a pipe")
    });
    let _ = writeln!(pipe, "{line}");
}
