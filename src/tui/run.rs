//! The loop: what happens becomes messages, updates change the model, frames are drawn when something changed.

use std::{io, path::Path, sync::Arc, time::Duration};

use crossterm::{
    clipboard::CopyToClipboard,
    event::{Event, EventStream},
    execute,
    style::Print,
};
use futures::StreamExt;
use rustix::process::Signal as UnixSignal;
use serde_json::Value;
use tokio::{
    runtime,
    signal::unix::{Signal as SignalStream, SignalKind, signal},
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

use super::{
    document,
    effect::Effect,
    message::{Answer, Message},
    model::{Facts, Model},
    options::Options,
    output,
    terminal::{self, Canvas, NotATerminal, Screen},
    text, update, view,
};
use warroom_domain::health::{Board, details};
use warroom_exec::TerminalLink;
use warroom_host::{browser, clock, job};
use warroom_incident::journal::{Access, Incidents};
use warroom_probe::{Inquiry, Signal};
use warroom_room::{
    Monitor, Room,
    incident::{Station, StationOptions, station},
    run::{self, News, Runner, RunnerOptions, Shelf},
};

/// Time between two frames of the spinner.
const SPIN: Duration = Duration::from_millis(250);
/// How long a reading may wait for others before a frame is drawn.
const GATHER: Duration = Duration::from_millis(200);
/// How long ending waits for looks in progress to let go.
const FAREWELL: Duration = Duration::from_millis(300);
/// How often an output on the screen is looked at while its action runs.
const WATCH: Duration = Duration::from_millis(100);
/// Messages taken in before a frame is drawn, however many more there are.
const BATCH: usize = 256;

/// How the console ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The user left.
    Quit,
    /// A signal of this number; by convention the exit code is 128 more.
    Signal(u8),
}

/// Why the console could not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    NotATerminal(#[from] NotATerminal),
    #[error("cannot use the terminal: {0}")]
    Terminal(#[from] io::Error),
}

/// Shows the console of a room until the user leaves. The first frame stands before anything is looked at.
pub fn run(room: &Room, options: Options, runs: Runs) -> Result<Ending, RunError> {
    terminal::check()?;
    let facts = Facts::of(room, options.read_only, &runs.options.by);
    let board = Board::new(&room.pack);
    let mut model = Model::new(facts, board, options.appearance, options.keymap, clock::now());
    for fault in model.appearance.themes.faults.clone() {
        model.activity.note(model.now, text::clean(&fault));
    }
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    // Before the terminal is taken: a signal that comes right after must give it back.
    let signals = {
        let _runtime = runtime.enter();
        Signals::new()?
    };
    let (screen, canvas) = Screen::take(options.mouse)?;
    let frame = Duration::from_secs(1) / u32::from(options.frames_per_second.max(1));
    let mut console = Console { model, screen, canvas, frame, drawn_at: None, due: None, whole: false };
    console.draw()?;
    let ending = runtime.block_on(async {
        let mut monitor = room.monitor();
        let (by, read_only) = (runs.options.by.clone(), options.read_only);
        let (runner, news) = Runner::start(room.clone(), runs.shelf, runs.options);
        runner.send(run::Command::List);
        if let Some(id) = runs.open {
            runner.send(run::Command::Open { id, dry_run: false });
        }
        let station = StationOptions {
            incidents: runs.incidents,
            access: runs.access,
            by,
            pack: room.pack.clone(),
            environment: room.environment_name.clone(),
            read_only,
            runner: runner.clone(),
        };
        let (station, incident_news) = Station::start(station)?;
        station.send(station::Command::List);
        let desks = Desks { runner, news, station, incident_news };
        let (ending, station) = console.work(&mut monitor, desks, signals).await;
        drop(console);
        // Whoever else is at the incident sees that this console has left.
        station.stop();
        // Looks end at once; one that blocks a thread is left behind.
        let _ = timeout(FAREWELL, monitor.stop()).await;
        ending
    });
    runtime.shutdown_background();
    Ok(ending?)
}

/// What the console's runs need.
pub struct Runs {
    /// Where runbooks come from.
    pub shelf: Arc<dyn Shelf>,
    pub options: RunnerOptions,
    /// The runbook to begin with, by its id or path.
    pub open: Option<String>,
    /// The incidents of the data directory.
    pub incidents: Incidents,
    /// Who may read what is written to them.
    pub access: Access,
}

/// Where runs and incidents are worked on, and what comes from there.
struct Desks {
    runner: Runner,
    news: mpsc::UnboundedReceiver<News>,
    station: Station,
    incident_news: mpsc::UnboundedReceiver<station::News>,
}

/// The console while it runs. Dropping it gives the terminal back.
struct Console {
    model: Model,
    screen: Screen,
    canvas: Canvas,
    /// Least time between two frames.
    frame: Duration,
    drawn_at: Option<Instant>,
    /// When the next frame is drawn; `None` while nothing has changed.
    due: Option<Instant>,
    /// The next frame draws every cell.
    whole: bool,
}

/// What the loop does next after a message.
enum Flow {
    On,
    End(Ending),
}

impl Console {
    /// Works until the end, and gives the station back to say goodbye.
    async fn work(
        &mut self,
        monitor: &mut Monitor,
        mut desks: Desks,
        signals: Signals,
    ) -> (io::Result<Ending>, Station) {
        let ending = self.turn(monitor, &mut desks, signals).await;
        (ending, desks.station)
    }

    async fn turn(&mut self, monitor: &mut Monitor, desks: &mut Desks, mut signals: Signals) -> io::Result<Ending> {
        let Desks { runner, news, station, incident_news } = desks;
        let mut events = Some(EventStream::new());
        let (answers, mut answered) = mpsc::channel::<Message>(16);
        let mut tick = Instant::now();
        let mut spin = Instant::now();
        let mut watch = Instant::now();
        loop {
            let spinning = self.model.is_spinning();
            let watching = self.model.is_watching();
            let message = tokio::select! {
                biased;
                signal = signals.next() => match self.signalled(signal)? {
                    Flow::On => None,
                    Flow::End(ending) => return Ok(ending),
                },
                event = next_event(&mut events) => match event {
                    Some(Ok(event)) => message(event),
                    // The terminal is gone; the signal that says so may come a moment later, or never.
                    Some(Err(_)) | None => return Ok(hangup()),
                },
                () = sleep_until(self.due.unwrap_or(tick)), if self.due.is_some() => {
                    match self.draw() {
                        Ok(effects) => {
                            let outside = Outside { monitor, runner, station, answers: &answers };
                            if let Flow::End(ending) = self.perform(effects, &outside)? {
                                return Ok(ending);
                            }
                            continue;
                        }
                        Err(error) => {
                            tracing::warn!(%error, "the terminal is gone");
                            return Ok(hangup());
                        }
                    }
                },
                Some(signal) = monitor.next() => Some(Message::Signal(signal)),
                Some(news) = news.recv() => {
                    if let Some(link) = terminal_of(&news) {
                        // Nobody else may read keys meanwhile.
                        drop(events.take());
                        if let Flow::End(ending) = self.hand_over(link, &mut signals).await? {
                            return Ok(ending);
                        }
                        events = Some(EventStream::new());
                    }
                    Some(Message::Run(Box::new(news)))
                }
                Some(news) = incident_news.recv() => Some(Message::Incident(Box::new(news))),
                Some(answer) = answered.recv() => Some(answer),
                () = sleep_until(tick) => {
                    tick = Instant::now() + to_next_second();
                    Some(Message::Tick)
                },
                () = sleep_until(spin), if spinning => {
                    spin = Instant::now() + SPIN;
                    Some(Message::Spin)
                },
                () = sleep_until(watch), if watching => {
                    watch = Instant::now() + WATCH;
                    Some(Message::OutputDue)
                },
            };
            let mut pending = message;
            for _ in 0..BATCH {
                let Some(message) = pending else { break };
                let outside = Outside { monitor, runner, station, answers: &answers };
                if let Flow::End(ending) = self.take(message, &outside)? {
                    return Ok(ending);
                }
                pending = monitor.next_now().map(Message::Signal);
            }
        }
    }

    /// Updates the model and does what that wants done.
    fn take(&mut self, message: Message, outside: &Outside<'_>) -> io::Result<Flow> {
        self.want_frame(&message);
        let effects = update::update(&mut self.model, message, clock::now());
        self.perform(effects, outside)
    }

    /// Does what an update wants done.
    fn perform(&mut self, effects: Vec<Effect>, outside: &Outside<'_>) -> io::Result<Flow> {
        let Outside { monitor, runner, station, answers } = *outside;
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(Flow::End(Ending::Quit)),
                Effect::Suspend => self.suspend()?,
                Effect::Redraw => self.whole = true,
                Effect::LookNow(probe) => monitor.look_now(&probe),
                Effect::Ask { ticket, probe, inquiry } => {
                    let answer = monitor.ask(&probe, inquiry.clone());
                    let answers = answers.clone();
                    tokio::spawn(async move {
                        let result = answer.await.map(|value| prepared(&inquiry, value));
                        let _ = answers.send(Message::Answer { ticket, result }).await;
                    });
                }
                Effect::ReadOutput { ticket, look } => {
                    let answers = answers.clone();
                    tokio::task::spawn_blocking(move || {
                        let result = output::look(&look).map_err(|error| format!("cannot read the output: {error}"));
                        let _ = answers.blocking_send(Message::Output { ticket, result });
                    });
                }
                Effect::Copy(text) => {
                    execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))?;
                }
                Effect::OpenLink(url) => {
                    let said = match browser::open(&url) {
                        Ok(()) => format!("opening {url}"),
                        Err(why) => {
                            execute!(io::stdout(), CopyToClipboard::to_clipboard_from(&url))?;
                            format!("{why}: {url} is on the clipboard, if this terminal allows that")
                        }
                    };
                    self.model.say(text::clean(&said));
                }
                Effect::Run(command) => runner.send(command),
                Effect::Incident(command) => station.send(command),
                Effect::Ring => execute!(io::stdout(), Print('\u{7}'))?,
            }
        }
        Ok(Flow::On)
    }

    /// Plans the next frame: at once for what the user did and for the clock, a little later for what targets say, so that
    /// several readings share a frame. That a look has begun shows nothing yet.
    fn want_frame(&mut self, message: &Message) {
        let wait = match message {
            // Nothing is seen of these until their answer comes.
            Message::Signal(Signal::Looking { .. }) | Message::OutputDue => return,
            Message::Signal(Signal::Reading(_)) => GATHER,
            _ => Duration::ZERO,
        };
        let now = Instant::now();
        let earliest = self.drawn_at.map_or(now, |at| at + self.frame);
        let due = earliest.max(now + wait);
        self.due = Some(self.due.map_or(due, |planned| planned.min(due)));
    }

    /// Draws a frame, and gives back what the screen wants to show and does not have yet.
    fn draw(&mut self) -> io::Result<Vec<Effect>> {
        if std::mem::take(&mut self.whole) {
            self.canvas = self.screen.canvas()?;
        }
        let mut drawn = None;
        self.canvas.draw(|frame| drawn = Some(view::draw(&self.model, frame)))?;
        self.drawn_at = Some(Instant::now());
        self.due = None;
        Ok(drawn.map(|drawn| update::drawn(&mut self.model, drawn)).unwrap_or_default())
    }

    /// Gives the terminal to an interactive action until that has ended.
    async fn hand_over(&mut self, link: TerminalLink, signals: &mut Signals) -> io::Result<Flow> {
        terminal::leave();
        let ended = tokio::select! {
            handed = link.hand_over(Path::new("/dev/tty")) => Ok(handed),
            signal = ending_signal(signals) => Err(signal),
        };
        match ended {
            Err(signal) => return Ok(Flow::End(Ending::Signal(signal.as_raw() as u8))),
            Ok(Err(error)) => {
                self.model.now = clock::now();
                self.model.say(format!("the terminal could not be handed over: {error}"));
            }
            Ok(Ok(())) => {}
        }
        self.resume()?;
        Ok(Flow::On)
    }

    fn signalled(&mut self, signal: UnixSignal) -> io::Result<Flow> {
        if signal == UnixSignal::TSTP {
            self.suspend()?;
        } else if signal == UnixSignal::CONT {
            // Whoever stopped us may have left the terminal in any state.
            self.resume()?;
        } else {
            return Ok(Flow::End(Ending::Signal(signal.as_raw() as u8)));
        }
        Ok(Flow::On)
    }

    /// Gives the terminal to the shell and stops, until the shell continues us.
    fn suspend(&mut self) -> io::Result<()> {
        terminal::leave();
        let stopped = job::stop();
        self.resume()?;
        if !stopped {
            self.model.now = clock::now();
            self.model.say("there is no shell to go back to");
        }
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        self.screen.enter()?;
        self.whole = true;
        self.due = Some(Instant::now());
        Ok(())
    }
}

/// What effects reach.
struct Outside<'a> {
    monitor: &'a Monitor,
    runner: &'a Runner,
    station: &'a Station,
    answers: &'a mpsc::Sender<Message>,
}

/// The next event of the terminal; none while it is handed over.
async fn next_event(events: &mut Option<EventStream>) -> Option<io::Result<Event>> {
    match events {
        Some(events) => events.next().await,
        None => std::future::pending().await,
    }
}

/// The console's end of an interactive action that has just been started.
fn terminal_of(news: &News) -> Option<TerminalLink> {
    match news {
        News::Started { job, .. } => job.take_terminal(),
        _ => None,
    }
}

/// The next signal that ends the console.
async fn ending_signal(signals: &mut Signals) -> UnixSignal {
    loop {
        let signal = signals.next().await;
        if signal != UnixSignal::TSTP && signal != UnixSignal::CONT {
            return signal;
        }
    }
}

/// Signals that mean something to the console.
struct Signals {
    streams: Vec<(UnixSignal, SignalStream)>,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let wanted =
            [UnixSignal::TERM, UnixSignal::HUP, UnixSignal::INT, UnixSignal::QUIT, UnixSignal::TSTP, UnixSignal::CONT];
        let stream = |s: UnixSignal| Ok((s, signal(SignalKind::from_raw(s.as_raw()))?));
        Ok(Signals { streams: wanted.into_iter().map(stream).collect::<io::Result<_>>()? })
    }

    /// The next signal. Safe to drop while it waits.
    async fn next(&mut self) -> UnixSignal {
        let waits = self.streams.iter_mut().map(|(signal, stream)| {
            Box::pin(async move {
                match stream.recv().await {
                    Some(()) => *signal,
                    None => std::future::pending().await,
                }
            })
        });
        futures::future::select_all(waits).await.0
    }
}

fn hangup() -> Ending {
    Ending::Signal(UnixSignal::HUP.as_raw() as u8)
}

fn message(event: Event) -> Option<Message> {
    match event {
        Event::Key(key) => Some(Message::Key(key)),
        Event::Mouse(mouse) => Some(Message::Mouse(mouse)),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Resize(..) => Some(Message::Resize),
        Event::FocusGained | Event::FocusLost => None,
    }
}

/// An answer made ready to show, outside of the drawing thread: it may be thousands of rows.
fn prepared(inquiry: &Inquiry, value: Value) -> Answer {
    match inquiry {
        Inquiry::Pods => {
            let mut table = details::table(value.as_array().map_or(&[][..], Vec::as_slice));
            document::clean_table(&mut table);
            document::trouble_first(&mut table);
            Answer::Pods(table)
        }
        Inquiry::PodLog { .. } => Answer::Log(value.as_str().unwrap_or_default().lines().map(text::clean).collect()),
    }
}

/// Time until the clock shows another second.
fn to_next_second() -> Duration {
    let nanoseconds = clock::now().subsec_nanosecond().unsigned_abs();
    Duration::from_nanos(u64::from(1_000_000_000 - nanoseconds.min(999_999_999))) + Duration::from_millis(2)
}
