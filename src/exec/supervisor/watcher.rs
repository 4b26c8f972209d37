//! Ends an action when its supervisor is killed: a shell that waits for the end of a pipe that only the supervisor holds.

use std::{io, process::Stdio, time::Duration};

use rustix::process::Pid;
use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdin, Command},
};

/// `$1` is the process group, `$2` the grace in seconds. A line means that all is well; the end of the pipe without one means
/// that the supervisor is gone.
const PROGRAM: &str = r#"trap "" HUP INT TERM
read -r word && exit
kill -s TERM -- "-$1"; kill -s CONT -- "-$1"
sleep "$2"
kill -s KILL -- "-$1""#;

pub(super) struct Watcher {
    child: Child,
    pipe: Option<ChildStdin>,
}

impl Watcher {
    /// Watches over a process group.
    pub(super) fn start(group: Pid, grace: Duration) -> io::Result<Watcher> {
        let mut child = Command::new("/bin/sh")
            .args(["-c", PROGRAM, "warroom-watcher"])
            .arg(group.as_raw_nonzero().to_string())
            .arg(grace.as_secs().max(1).to_string())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let pipe = child.stdin.take();
        Ok(Watcher { child, pipe })
    }

    pub(super) fn pid(&self) -> Option<Pid> {
        self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
    }

    /// The action has ended: nothing is left to watch.
    pub(super) async fn dismiss(mut self) {
        if let Some(mut pipe) = self.pipe.take() {
            // An error means that it is gone already.
            let _ = pipe.write_all(b"well\n").await;
        }
        let _ = self.child.wait().await;
    }
}
