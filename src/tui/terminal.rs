//! The terminal: taken when the console starts, given back on every way out.
//!
//! [`Screen::enter`] and [`leave`] can be called any number of times. `leave` runs when the guard is dropped, before the
//! message of a panic is printed, and before the process is stopped; every mode that was entered is undone. What ends the
//! process at once is left to [`warroom_host::terminal_guard`].

use std::{
    io::{self, BufWriter, IsTerminal, Stdout, stdin, stdout},
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ThreadId},
};

use crossterm::{
    cursor::Hide,
    event::EnableBracketedPaste,
    execute,
    style::Print,
    terminal::{Clear, ClearType, EnterAlternateScreen, disable_raw_mode, enable_raw_mode},
};
use ratatui::{Terminal, backend::CrosstermBackend};

use warroom_host::terminal_guard as guard;

/// What the console draws on: one write a frame.
pub type Canvas = Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// Clicks and the wheel in SGR encoding, but not every movement, which would flood a slow link.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";

/// True while the terminal is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// Standard input or output is no terminal that could show the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the console needs a terminal ({0}); use `warroom sweep` in scripts and pipes")]
pub struct NotATerminal(&'static str);

/// Checks that there is a terminal that can show a full screen.
pub fn check() -> Result<(), NotATerminal> {
    if !stdout().is_terminal() {
        return Err(NotATerminal("standard output is none"));
    }
    if !stdin().is_terminal() {
        return Err(NotATerminal("standard input is none"));
    }
    if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
        return Err(NotATerminal("TERM=dumb cannot move the cursor"));
    }
    Ok(())
}

/// Holds the terminal until it is dropped.
#[derive(Debug)]
pub struct Screen {
    mouse: bool,
}

impl Screen {
    /// Takes the terminal. Must be called on the thread that draws: a panic there gives the terminal back first.
    pub fn take(mouse: bool) -> io::Result<(Screen, Canvas)> {
        guard_panics(thread::current().id());
        let screen = Screen { mouse };
        screen.enter()?;
        let canvas = screen.canvas()?;
        Ok((screen, canvas))
    }

    /// An empty screen, and a canvas that knows it is empty. (Ratatui's own `clear` asks the terminal for the cursor's
    /// place, which can't be heard while something else reads the keys.)
    pub fn canvas(&self) -> io::Result<Canvas> {
        execute!(stdout(), Clear(ClearType::All))?;
        Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(1 << 16, stdout())))
    }

    /// Enters all modes, also when some are on already: after the process was stopped and continued, nobody knows.
    pub fn enter(&self) -> io::Result<()> {
        // Raw mode is remembered as on although the shell may have turned it off meanwhile.
        if TAKEN.swap(true, Ordering::SeqCst) {
            disable_raw_mode()?;
        }
        guard::tell(true);
        enable_raw_mode()?;
        execute!(stdout(), EnterAlternateScreen, Hide, EnableBracketedPaste)?;
        if self.mouse {
            execute!(stdout(), Print(MOUSE_ON))?;
        }
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

/// Gives the terminal back. Does nothing when it is not ours. A terminal that is gone can't be restored, so errors are
/// of no use here.
pub fn leave() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        guard::write_leave();
        let _ = disable_raw_mode();
        guard::tell(false);
    }
}

/// Restores the terminal before a panic of the drawing thread prints its message. Panics of other threads (a probe's) cost
/// the console nothing: they are caught where they happen, and written to the log instead of over the screen.
fn guard_panics(drawing: ThreadId) {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if thread::current().id() == drawing {
                leave();
            } else if TAKEN.load(Ordering::SeqCst) {
                tracing::error!(%info, "a task panicked");
                return;
            }
            before(info);
        }));
    });
}
