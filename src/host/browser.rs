//! Opens a page in the browser of whoever sits at this machine.

use std::{
    env,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    thread,
};

/// Starts `$BROWSER`, else the desktop's own. It outlives this program. The error is the beginning of a sentence.
pub fn open(url: &str) -> Result<(), String> {
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let mut command = if is_set(&"BROWSER") {
        let mut command = Command::new("sh");
        command.args(["-c", "exec $BROWSER \"$1\"", "sh", url]);
        command
    } else if cfg!(target_os = "macos") {
        let mut command = Command::new("open");
        command.arg(url);
        command
    } else if ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(is_set) {
        let mut command = Command::new("xdg-open");
        command.arg(url);
        command
    } else {
        return Err("no browser here".to_owned());
    };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn().map_err(|error| format!("cannot start a browser: {error}"))?;
    // Only so that nothing of it is left when it ends.
    thread::spawn(move || child.wait());
    Ok(())
}
