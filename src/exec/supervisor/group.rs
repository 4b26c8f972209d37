//! The processes of an action: its process group, and those that left the group but still descend from the supervisor.

use std::{collections::HashMap, fs, time::Duration};

use rustix::process::{Pid, Signal, getpid, kill_process, kill_process_group};

use crate::job::LeftRunning;

/// How long killed processes may take to be gone.
const LAST: Duration = Duration::from_secs(2);

/// The processes that descend from one program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    /// Leader of the group.
    pub(super) leader: Pid,
    /// Descends from us as well, and does not belong to the action.
    pub(super) stranger: Option<Pid>,
}

/// A process as `/proc` tells of it.
struct Process {
    pid: i32,
    parent: i32,
    name: String,
    /// It has ended and waits for its parent.
    zombie: bool,
}

impl Family {
    /// Those that live, the group's leader not counted.
    pub(super) fn others(&self) -> Vec<LeftRunning> {
        let leader = self.leader.as_raw_nonzero().get();
        self.living()
            .into_iter()
            .filter(|process| process.pid != leader)
            .filter_map(|process| Some(LeftRunning { pid: u32::try_from(process.pid).ok()?, name: process.name }))
            .collect()
    }

    /// True when nobody is left.
    pub(super) fn is_gone(&self) -> bool {
        self.living().is_empty()
    }

    /// Sends a signal to all of them. TERM also wakes those that are stopped.
    pub(super) fn signal(&self, signal: Signal) {
        // Errors mean that somebody has ended meanwhile.
        let _ = kill_process_group(self.leader, signal);
        if signal == Signal::TERM {
            let _ = kill_process_group(self.leader, Signal::CONT);
        }
        for process in self.living() {
            if let Some(pid) = Pid::from_raw(process.pid) {
                let _ = kill_process(pid, signal);
                if signal == Signal::TERM {
                    let _ = kill_process(pid, Signal::CONT);
                }
            }
        }
    }

    /// Kills until nobody is left: a process may have been starting another one.
    pub(super) async fn kill(&self) {
        let deadline = tokio::time::Instant::now() + LAST;
        loop {
            self.signal(Signal::KILL);
            if self.is_gone() || tokio::time::Instant::now() > deadline {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn living(&self) -> Vec<Process> {
        let mut children: HashMap<i32, Vec<Process>> = HashMap::new();
        for process in processes() {
            children.entry(process.parent).or_default().push(process);
        }
        let stranger = self.stranger.map(|pid| pid.as_raw_nonzero().get());
        let mut family = Vec::new();
        let mut parents = vec![getpid().as_raw_nonzero().get()];
        while let Some(parent) = parents.pop() {
            for process in children.remove(&parent).unwrap_or_default() {
                if Some(process.pid) != stranger {
                    parents.push(process.pid);
                    family.push(process);
                }
            }
        }
        family.retain(|process| !process.zombie);
        family
    }
}

fn processes() -> impl Iterator<Item = Process> {
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // PID (NAME) STATE PPID …; the name may hold anything.
        let (before, after) = stat.rsplit_once(')')?;
        let mut fields = after.split_whitespace();
        let state = fields.next()?;
        Some(Process {
            pid,
            parent: fields.next()?.parse().ok()?,
            name: before.split_once('(')?.1.to_owned(),
            zombie: matches!(state, "Z" | "X"),
        })
    })
}
