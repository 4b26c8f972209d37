//! Job control: stopping this program so that the shell has the terminal, as Ctrl-Z does.

use std::fs;

use rustix::process::{Pid, Signal, getpgid, getpid, getppid, getsid, kill_current_process_group};

/// Stops the whole process group and returns when it was continued. Returns false at once when nobody could continue it:
/// the kernel ignores Ctrl-Z in an orphaned process group, too (`ssh -t host warroom`).
pub fn stop() -> bool {
    has_shell() && kill_current_process_group(Signal::STOP).is_ok()
}

/// True when an ancestor in this session but outside of our group is there to continue us.
fn has_shell() -> bool {
    let (Ok(group), Ok(session)) = (getpgid(None), getsid(None)) else { return false };
    let mut ancestor = if getpid() == session { None } else { getppid() };
    while let Some(pid) = ancestor {
        if getsid(Some(pid)).ok() != Some(session) {
            return false;
        }
        if getpgid(Some(pid)).ok() != Some(group) {
            return true;
        }
        ancestor = parent(pid);
    }
    false
}

/// The parent of another process, where the system tells.
fn parent(pid: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // PID (NAME) STATE PPID …; the name may hold anything.
    let fields = stat.rsplit_once(')')?.1;
    Pid::from_raw(fields.split_whitespace().nth(1)?.parse().ok()?)
}
