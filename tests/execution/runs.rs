//! What the tests need: a run's folder, orders, and a console that can be killed.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use warroom::{
    exec::{ActionEnd, Given, Job, JobFolder, JobState, Order, OrderKind, supervisor::wire},
    runbook::run::Ending,
};

/// Long enough for anything that is not broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The folder of a run, and the actions in it.
pub(crate) struct Run {
    folder: TempDir,
    jobs: AtomicU32,
}

impl Run {
    pub(crate) fn new() -> Run {
        Run { folder: tempfile::tempdir().unwrap(), jobs: AtomicU32::new(0) }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn order(&self, code: &str) -> Order {
        let kind = OrderKind::Bash { code: code.to_owned() };
        let mut order = Order::new(kind, self.path(), self.path().join("session"));
        order.grace = Duration::from_secs(2);
        order
    }

    pub(crate) fn job_folder(&self) -> JobFolder {
        let number = self.jobs.fetch_add(1, Ordering::Relaxed);
        JobFolder::new(self.path().join(format!("jobs/{number}-step")))
    }

    /// Starts an action as a console does, and returns when its supervisor is ready.
    pub(crate) fn start(&self, order: &Order) -> Started {
        let folder = self.job_folder();
        self.start_in(order, &folder).unwrap()
    }

    pub(crate) fn start_in(&self, order: &Order, folder: &JobFolder) -> Result<Started, String> {
        folder.create().unwrap();
        let mut supervisor = Command::new(binary())
            .arg("supervise")
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        supervisor.stdin.take().unwrap().write_all(&wire::order_bytes(order).unwrap()).unwrap();
        let mut answer = String::new();
        BufReader::new(supervisor.stdout.take().unwrap()).read_line(&mut answer).unwrap();
        if let Err(sentence) = wire::read_answer(&answer) {
            supervisor.wait().unwrap();
            return Err(sentence);
        }
        Ok(Started { job: Job::attach(folder), supervisor })
    }

    /// Runs code to its end.
    pub(crate) fn run(&self, code: &str) -> Done {
        self.start(&self.order(code)).end()
    }

    pub(crate) fn run_order(&self, order: &Order) -> Done {
        self.start(order).end()
    }
}

pub(crate) fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_warroom"))
}

pub(crate) fn given(name: &str, value: &str) -> Given {
    Given { name: name.to_owned(), value: value.to_owned().into(), secret: false }
}

pub(crate) fn secret(name: &str, value: &str) -> Given {
    Given { secret: true, ..given(name, value) }
}

/// A running action.
pub(crate) struct Started {
    pub(crate) job: Job,
    pub(crate) supervisor: Child,
}

impl Started {
    /// Waits for the end.
    pub(crate) fn end(mut self) -> Done {
        let deadline = Instant::now() + PATIENCE;
        let end = loop {
            match self.job.state() {
                JobState::Ended(end) => break end,
                JobState::Running { .. } => {
                    assert!(Instant::now() < deadline, "still running: {}", output(&self.job));
                    std::thread::sleep(Duration::from_millis(2));
                }
                JobState::Unknown { why } => panic!("{why}"),
            }
        };
        let done = Done { output: output(&self.job), end, job: self.job };
        if done.end.left_running.is_empty() {
            self.supervisor.wait().unwrap();
        }
        done
    }
}

/// An action that has ended.
pub(crate) struct Done {
    pub(crate) end: ActionEnd,
    pub(crate) output: String,
    pub(crate) job: Job,
}

impl Done {
    pub(crate) fn succeeded(self) -> Done {
        assert_eq!(self.end.ending, Ending::Exited { code: 0 }, "{}\n{:?}", self.output, self.end);
        self
    }
}

/// Everything in the file `output`.
pub(crate) fn output(job: &Job) -> String {
    String::from_utf8(fs::read(job.folder().output()).unwrap_or_default()).unwrap()
}

/// What a process has in memory of its own.
pub(crate) fn memory_bytes(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}
