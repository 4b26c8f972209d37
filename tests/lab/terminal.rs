//! A terminal for a program under test: a pseudo terminal, the screen it shows, keys, size and signals.

use std::{
    ffi::OsString,
    io::{Read, Write},
    num::NonZeroU16,
    path::{Path, PathBuf},
    process::{Child, ExitStatus},
    sync::{Arc, LazyLock, Mutex, MutexGuard},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use pty_process::{
    Size,
    blocking::{Command, Pty, open},
};
use rustix::{
    process::{Pid, Signal, kill_process, kill_process_group},
    termios::{LocalModes, tcgetattr},
};

use super::{Folder, process::reaper, wait_until};

/// How long a screen may take to show what is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Keys that have no character of their own, as a terminal sends them.
pub mod key {
    pub const ENTER: &str = "\r";
    pub const ESCAPE: &str = "\x1b";
    pub const TAB: &str = "\t";
    pub const BACK_TAB: &str = "\x1b[Z";
    pub const BACKSPACE: &str = "\x7f";
    pub const UP: &str = "\x1b[A";
    pub const DOWN: &str = "\x1b[B";
    pub const RIGHT: &str = "\x1b[C";
    pub const LEFT: &str = "\x1b[D";
    pub const HOME: &str = "\x1b[H";
    pub const END: &str = "\x1b[F";
    pub const PAGE_UP: &str = "\x1b[5~";
    pub const PAGE_DOWN: &str = "\x1b[6~";
    pub const CTRL_C: &str = "\x03";
    pub const CTRL_Z: &str = "\x1a";
    pub const CTRL_L: &str = "\x0c";
    pub const CTRL_S: &str = "\x13";
    pub const CTRL_W: &str = "\x17";

    /// A left click at a column and row, counted from 0 (SGR mouse encoding).
    pub fn click(column: u16, row: u16) -> String {
        let (column, row) = (column + 1, row + 1);
        format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m")
    }
}

/// What is to be started, and in which terminal.
#[derive(Debug)]
pub struct TerminalOptions {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
    columns: u16,
    rows: u16,
}

impl TerminalOptions {
    /// 80×24, true colour, UTF-8, in an environment that holds nothing of the tester's own but `PATH`.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let fixed = [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "C.UTF-8"), ("TZ", "UTC")];
        let mut environment: Vec<(OsString, OsString)> =
            fixed.iter().map(|(name, value)| (name.into(), value.into())).collect();
        environment.push(("PATH".into(), path));
        Self { program: program.into(), arguments: vec![], environment, directory: None, columns: 80, rows: 24 }
    }

    /// The program of this package.
    pub fn warroom(arguments: &[&str]) -> Self {
        Self::new(binary()).arguments(arguments)
    }

    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(OsString::from));
        self
    }

    /// Adds or replaces a variable.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.retain(|(present, _)| present != name);
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The working directory; without it an empty one.
    pub fn directory(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.to_owned());
        self
    }

    pub fn size(mut self, columns: u16, rows: u16) -> Self {
        (self.columns, self.rows) = (columns, rows);
        self
    }

    pub fn start(self) -> Terminal {
        Terminal::start(self)
    }
}

/// A program that runs in a terminal. Dropping it hangs up and kills.
pub struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    shown: Arc<Mutex<Shown>>,
    reader: Option<JoinHandle<()>>,
    status: Option<ExitStatus>,
    started: Instant,
    home: Folder,
}

struct Shown {
    parser: vt100::Parser<Replies>,
    output: Vec<u8>,
    /// When the output had reached which length.
    arrivals: Vec<(Instant, usize)>,
}

/// What a terminal answers on its own: device attributes and the cursor's position.
#[derive(Default)]
struct Replies(String);

impl vt100::Callbacks for Replies {
    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        i1: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        command: char,
    ) {
        match (i1, command, params.first().and_then(|param| param.first())) {
            (None, 'c', _) => self.0 += "\x1b[?62;22c",
            (None, 'n', Some(6)) => {
                let (row, column) = screen.cursor_position();
                self.0 += &format!("\x1b[{};{}R", row + 1, column + 1);
            }
            _ => {}
        }
    }
}

impl Terminal {
    fn start(options: TerminalOptions) -> Terminal {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(options.rows, options.columns)).unwrap();
        let home = Folder::new();
        let mut command = Command::new(&options.program)
            .args(&options.arguments)
            .env_clear()
            .env("HOME", home.path())
            .current_dir(options.directory.as_deref().unwrap_or(home.path()));
        for (name, value) in &options.environment {
            command = command.env(name, value);
        }
        let started = Instant::now();
        let child = command.spawn(pts).unwrap_or_else(|error| panic!("{:?}: {error}", options.program));
        reaper(&format!("watch {}", child.id()));
        let (rows, columns) = (size(options.rows), size(options.columns));
        let parser = vt100::Parser::new_with_callbacks(rows, columns, 0, Replies::default());
        let shown = Arc::new(Mutex::new(Shown { parser, output: vec![], arrivals: vec![] }));
        let pty = Arc::new(pty);
        let reader = std::thread::spawn({
            let (pty, shown) = (pty.clone(), shown.clone());
            move || read(&pty, &shown)
        });
        Terminal { pty, child, shown, reader: Some(reader), status: None, started, home }
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap()
    }

    /// Types text or keys (see [`key`]).
    pub fn keys(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// The screen as it is now, with colours.
    pub fn screen(&self) -> vt100::Screen {
        self.shown().parser.screen().clone()
    }

    /// The screen's text, one line a row.
    pub fn contents(&self) -> String {
        self.shown().parser.screen().contents()
    }

    /// Waits until a text stands on the screen.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        self.wait_until(&format!("the screen shows {text:?}"), |screen| screen.contains(text));
    }

    /// Waits until a text no longer stands on the screen.
    #[track_caller]
    pub fn wait_until_gone(&self, text: &str) {
        self.wait_until(&format!("the screen shows {text:?} no longer"), |screen| !screen.contains(text));
    }

    /// Waits until the screen's text is as wanted; panics with the screen when it does not become so.
    #[track_caller]
    pub fn wait_until(&self, what: &str, wanted: impl FnMut(&str) -> bool) {
        self.wait_within(PATIENCE, what, wanted);
    }

    /// [`Self::wait_until`] with another time limit.
    #[track_caller]
    pub fn wait_within(&self, limit: Duration, what: &str, mut wanted: impl FnMut(&str) -> bool) {
        let start = Instant::now();
        loop {
            let contents = self.contents();
            if wanted(&contents) {
                return;
            }
            assert!(start.elapsed() < limit, "waited {limit:?} in vain until {what}; the screen is:\n{contents}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until nothing was sent to the terminal for this long; panics with the screen when it is never that still.
    #[track_caller]
    pub fn wait_until_still(&self, still: Duration) {
        let start = Instant::now();
        let (mut since, mut bytes) = (start, self.bytes());
        while since.elapsed() < still {
            let waited = start.elapsed();
            assert!(
                waited < PATIENCE + still,
                "in {waited:.0?} there were never {still:?} without a change; the screen is:\n{}",
                self.contents()
            );
            std::thread::sleep(Duration::from_millis(10));
            if self.bytes() != bytes {
                (since, bytes) = (Instant::now(), self.bytes());
            }
        }
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        self.shown().parser.screen_mut().set_size(size(rows), size(columns));
        // The kernel sends the program SIGWINCH.
        self.pty.resize(Size::new(rows, columns)).unwrap();
    }

    /// Everything that was sent to the terminal.
    pub fn output(&self) -> Vec<u8> {
        self.shown().output.clone()
    }

    /// How many bytes were sent to the terminal.
    pub fn bytes(&self) -> usize {
        self.shown().output.len()
    }

    /// Time from the program's start until its screen first was as wanted, to the precision of single writes; `None` when
    /// it never was. The terminal must not have been resized.
    pub fn first_time(&self, mut wanted: impl FnMut(&str) -> bool) -> Option<Duration> {
        let shown = self.shown();
        let (rows, columns) = shown.parser.screen().size();
        let mut parser = vt100::Parser::new(rows, columns, 0);
        let mut done = 0;
        for (at, length) in &shown.arrivals {
            parser.process(&shown.output[done..*length]);
            done = *length;
            if wanted(&parser.screen().contents()) {
                return Some(*at - self.started);
            }
        }
        None
    }

    pub fn started(&self) -> Instant {
        self.started
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `HOME` of the program.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// To the program alone.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub fn is_running(&mut self) -> bool {
        self.status.is_none() && matches!(self.child.try_wait(), Ok(None))
    }

    /// True when the terminal echoes and edits lines, as a shell finds it usable.
    pub fn is_cooked(&self) -> bool {
        let modes = tcgetattr(&*self.pty).unwrap().local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// True when the program left the terminal as a shell wants it: main screen, cursor shown, line editing, no mouse, no paste mode.
    pub fn is_restored(&self) -> bool {
        let screen = self.screen();
        !screen.alternate_screen()
            && !screen.hide_cursor()
            && !screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
            && self.is_cooked()
    }

    /// Waits for the program's end, with all of its output read.
    #[track_caller]
    pub fn exit(&mut self) -> ExitStatus {
        if let Some(status) = self.status {
            return status;
        }
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < PATIENCE, "the program does not end; the screen is:\n{}", self.contents());
            std::thread::sleep(Duration::from_millis(10));
        };
        self.status = Some(status);
        reaper(&format!("forget {}", self.child.id()));
        if let Some(reader) = self.reader.take() {
            wait_until("all output is read", Duration::from_secs(5), || reader.is_finished());
        }
        status
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.status.is_none() {
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            let _ = self.child.wait();
            reaper(&format!("forget {}", self.child.id()));
        }
    }
}

fn read(pty: &Pty, shown: &Mutex<Shown>) {
    let mut buffer = vec![0; 64 * 1024];
    // The end arrives as EIO when the program's side is closed.
    while let Ok(read @ 1..) = (&mut &*pty).read(&mut buffer) {
        let replies = {
            let mut shown = shown.lock().unwrap();
            let now = Instant::now();
            shown.output.extend_from_slice(&buffer[..read]);
            let length = shown.output.len();
            shown.arrivals.push((now, length));
            shown.parser.process(&buffer[..read]);
            std::mem::take(&mut shown.parser.callbacks_mut().0)
        };
        if !replies.is_empty() {
            let _ = (&mut &*pty).write_all(replies.as_bytes());
        }
    }
}

fn size(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).expect("a terminal has rows and columns")
}

/// The program of this package, as tests and benchmarks get it from Cargo; an example has it built first, which Cargo tells of.
pub fn binary() -> PathBuf {
    static BUILT: LazyLock<PathBuf> = LazyLock::new(build);
    option_env!("CARGO_BIN_EXE_warroom").map_or_else(|| BUILT.clone(), PathBuf::from)
}

fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let example = std::env::current_exe().unwrap();
    let mut build = std::process::Command::new(cargo);
    build.args(["build", "--bin", "warroom"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    // Together with the example itself: alone it would have the libraries built again, without what only examples need.
    build.arg("--example").arg(example.file_stem().expect("a program has a name"));
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success(), "the program could not be built");
    // target/PROFILE/examples/NAME
    example.parent().and_then(Path::parent).expect("an example lives in Cargo's target folder").join("warroom")
}
