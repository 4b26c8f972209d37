//! A process beside the console that gives the terminal back when the console cannot: killed, aborted, out of stack.
//!
//! Nothing inside of a process runs when it is killed, and little may when it aborts. The guard waits at a pipe that only
//! the console holds open. As long as the console says that the terminal is its own, the end of the pipe means that the
//! console died with it. The guard is in a session of its own, so that signals of the terminal do not reach it and the
//! kernel lets it set the terminal's modes whoever is in the foreground.

use std::{
    io::{Read, Write, stdin, stdout},
    process::{Child, ChildStdin, Command, Stdio},
    sync::Mutex,
};

use crossterm::{
    cursor::Show,
    event::DisableBracketedPaste,
    execute,
    style::{Print, ResetColor},
    terminal::LeaveAlternateScreen,
};
use rustix::{
    process::setsid,
    termios::{
        ControlModes, InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios, tcgetattr,
        tcsetattr,
    },
};

/// Ends what the console's mouse mode begins.
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// The terminal is the console's; it is not.
const TAKEN: u8 = b't';
const LEFT: u8 = b'l';

/// The pipe to the guard, once it was started.
static PIPE: Mutex<Option<ChildStdin>> = Mutex::new(None);

/// Starts the guard of this process, which remembers the terminal's modes as they are now. Without a guard the console works
/// all the same, so what goes wrong is only logged.
pub fn start() {
    match spawn() {
        Ok(mut child) => {
            if let (Ok(mut pipe), Some(end)) = (PIPE.lock(), child.stdin.take()) {
                *pipe = Some(end);
            }
            // It ends after this process, and somebody else waits for it.
        }
        Err(error) => tracing::warn!(%error, "no guard for the terminal"),
    }
}

fn spawn() -> std::io::Result<Child> {
    let modes = tcgetattr(stdout())?;
    // Also when the program's file was replaced meanwhile.
    Command::new("/proc/self/exe")
        .arg("guard-terminal")
        .arg(write_modes(&modes))
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

/// Tells the guard whose the terminal is.
pub fn tell(taken: bool) {
    if let Ok(mut pipe) = PIPE.try_lock()
        && let Some(end) = pipe.as_mut()
    {
        // A guard that is gone guards nothing, and the console goes on.
        let _ = end.write_all(&[if taken { TAKEN } else { LEFT }]);
    }
}

/// The life of a guard. `modes` are those that the terminal had before.
pub fn main(modes: &str) {
    // An error means that it leads a session already.
    let _ = setsid();
    let mut last = LEFT;
    let mut bytes = [0; 64];
    let mut pipe = stdin().lock();
    while let Ok(read @ 1..) = pipe.read(&mut bytes) {
        last = bytes[read - 1];
    }
    if last == TAKEN {
        write_leave();
        if let (Ok(now), Some(before)) = (tcgetattr(stdout()), read_modes(modes)) {
            let _ = tcsetattr(stdout(), OptionalActions::Now, &with(now, before));
        }
    }
}

/// Leaves all modes of the screen that the console enters.
pub fn write_leave() {
    let mut out = stdout();
    let _ = execute!(out, Print(MOUSE_OFF), DisableBracketedPaste, ResetColor, LeaveAlternateScreen, Show);
    let _ = out.flush();
}

/// Modes as six numbers: input, output, control, local, VMIN, VTIME.
fn write_modes(modes: &Termios) -> String {
    let flags = [
        modes.input_modes.bits(),
        modes.output_modes.bits(),
        modes.control_modes.bits(),
        modes.local_modes.bits(),
        modes.special_codes[SpecialCodeIndex::VMIN].into(),
        modes.special_codes[SpecialCodeIndex::VTIME].into(),
    ];
    flags.map(|flag| format!("{flag:x}")).join(",")
}

fn read_modes(text: &str) -> Option<[u32; 6]> {
    let flags: Vec<u32> = text.split(',').map(|flag| u32::from_str_radix(flag, 16)).collect::<Result<_, _>>().ok()?;
    flags.try_into().ok()
}

fn with(mut modes: Termios, [input, output, control, local, least, time]: [u32; 6]) -> Termios {
    modes.input_modes = InputModes::from_bits_retain(input);
    modes.output_modes = OutputModes::from_bits_retain(output);
    modes.control_modes = ControlModes::from_bits_retain(control);
    modes.local_modes = LocalModes::from_bits_retain(local);
    modes.special_codes[SpecialCodeIndex::VMIN] = u8::try_from(least).unwrap_or(1);
    modes.special_codes[SpecialCodeIndex::VTIME] = u8::try_from(time).unwrap_or(0);
    modes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_survive_the_way_to_the_guard() {
        assert_eq!(read_modes("500,5,bf,8a3b,1,0"), Some([0x500, 5, 0xbf, 0x8a3b, 1, 0]));
        assert_eq!(read_modes("500,5"), None);
        assert_eq!(read_modes("x,5,bf,8a3b,1,0"), None);
    }
}
