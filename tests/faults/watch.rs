//! Every way to see a platform at once: the binary's sweep, the console on a screen, and the readings behind them.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::Value;
use warroom::{
    health::{Board, Reading},
    host::clock,
    platform::{self, PackFiles},
    probe::Signal,
    room::Room,
};

use super::{lab, lab::Terminal, screen};

/// What one fault must show of one probe: its id, its status, words of its sentence.
pub type Sign = (&'static str, &'static str, &'static str);

/// A running `warroom sweep --watch`, a running console and a running monitor over the same pack.
pub struct Watch {
    sweep: Child,
    sweeps: Arc<Mutex<Vec<Value>>>,
    console: Terminal,
    seen: Arc<Mutex<Seen>>,
    _runtime: tokio::runtime::Runtime,
}

/// What a monitor saw, with all of its readings.
struct Seen {
    board: Board,
    readings: Vec<Reading>,
}

impl Watch {
    pub fn start(pack: &Path) -> Watch {
        let mut sweep = Command::new(env!("CARGO_BIN_EXE_warroom"))
            .args(["sweep", "--watch", "--every", "1", "--format", "json", "--pack"])
            .arg(pack)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let sweeps = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(sweep.stdout.take().unwrap()).lines();
        let into = sweeps.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                into.lock().unwrap().push(serde_json::from_str(&line).expect("every sweep is one line of JSON"));
            }
        });
        // As the binary does in its main; an error means that it is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let seen = runtime.block_on(monitored(pack));
        Watch { sweep, sweeps, console: screen::open(pack), seen, _runtime: runtime }
    }

    /// Waits until the last sweep, the console's panel and the board all show the sign. Gives back how long after `start` the
    /// sweep and the console did.
    #[track_caller]
    pub fn wait_for(&self, sign: Sign, start: Instant, limit: Duration) -> (Duration, Duration) {
        let (probe, status, words) = sign;
        let (mut swept, mut drawn, mut settled) = (None, None, None);
        let holds = || {
            note(&mut swept, start, || self.sweeps.lock().unwrap().last().is_some_and(|sweep| says(sweep, sign)));
            note(&mut drawn, start, || self.draws(sign));
            note(&mut settled, start, || self.settled(sign));
            swept.is_some() && drawn.is_some() && settled.is_some()
        };
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            lab::wait_until(&format!("{probe} is {status} ({words})"), limit, holds);
        }));
        assert!(
            outcome.is_ok(),
            "{probe} should be {status} with \"{words}\", in the sweep (after {swept:?}), on the screen (after {drawn:?}) and on \
             the board (after {settled:?}).\nThe last readings: {:#?}\nThe screen:\n{}",
            self.readings(probe, Timestamp::UNIX_EPOCH).iter().rev().take(3).map(|r| &r.summary).collect::<Vec<_>>(),
            self.console.contents()
        );
        (swept.unwrap_or_default(), drawn.unwrap_or_default())
    }

    /// How many sweeps that began after `since` it took until one of them showed the sign.
    pub fn sweeps_until(&self, sign: Sign, since: Timestamp) -> usize {
        let sweeps = self.sweeps.lock().unwrap();
        let later = sweeps.iter().filter(|sweep| began(sweep) >= since);
        1 + later.take_while(|sweep| !says(sweep, sign)).count()
    }

    /// How many looks that began after `since` it took until one of them saw the sign.
    pub fn looks_until(&self, (probe, status, words): Sign, since: Timestamp) -> usize {
        let saw = |reading: &Reading| reading.status.word() == status && reading.summary.contains(words);
        1 + self.readings(probe, since).iter().take_while(|reading| !saw(reading)).count()
    }

    /// The interval of a probe.
    pub fn every(&self, probe: &str) -> Duration {
        self.seen.lock().unwrap().board.probe(probe).expect("the pack has this probe").spec.every
    }

    /// The readings of a probe from looks that began at or after a moment, in their order.
    fn readings(&self, probe: &str, since: Timestamp) -> Vec<Reading> {
        let seen = self.seen.lock().unwrap();
        let later = |reading: &&Reading| reading.probe == probe && reading.at - reading.latency >= since;
        seen.readings.iter().filter(later).cloned().collect()
    }

    /// True when the probe's panel on the console's screen has the status, and the words.
    fn draws(&self, (probe, status, words): Sign) -> bool {
        let seen = self.seen.lock().unwrap();
        let panels = seen.board.panels(clock::now());
        let panel = panels.iter().find(|panel| panel.probes.iter().any(|health| health.spec.id == probe));
        let title = panel.expect("every probe has a panel").title.clone();
        drop(seen);
        let rows = screen::panel(&self.console.contents(), &title);
        rows.first().is_some_and(|own| own.split_whitespace().any(|word| word == status))
            && rows.iter().any(|row| row.contains(words))
    }

    fn settled(&self, (probe, status, words): Sign) -> bool {
        let seen = self.seen.lock().unwrap();
        let health = seen.board.probe(probe).expect("the pack has this probe");
        let now = clock::now();
        health.status(now).word() == status && health.summary(now).contains(words)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.sweep.kill();
        let _ = self.sweep.wait();
    }
}

/// Keeps the time at which something was true for the first time.
fn note(first: &mut Option<Duration>, start: Instant, holds: impl FnOnce() -> bool) {
    if first.is_none() && holds() {
        *first = Some(start.elapsed());
    }
}

/// True when a sweep gives the probe this status, with these words in its sentence.
fn says(sweep: &Value, (probe, status, words): Sign) -> bool {
    let probes = sweep["probes"].as_array().into_iter().flatten();
    let mut of_probe = probes.filter(|found| found["id"] == probe);
    of_probe
        .any(|found| found["status"] == status && found["summary"].as_str().is_some_and(|said| said.contains(words)))
}

fn began(sweep: &Value) -> Timestamp {
    sweep["started_at"].as_str().and_then(|at| at.parse().ok()).expect("a sweep says when it began")
}

/// Opens the pack as the console does and folds its readings into a board.
async fn monitored(pack: &Path) -> Arc<Mutex<Seen>> {
    let text = std::fs::read_to_string(pack.join("platform.toml")).unwrap();
    let loaded = platform::parse("platform.toml", &text, &PackFiles::default());
    let room = Room::new(loaded.pack.expect("the pack is right"), "lab", pack);
    let seen = Arc::new(Mutex::new(Seen { board: Board::new(&room.pack), readings: vec![] }));
    let mut monitor = room.monitor();
    let into = seen.clone();
    tokio::spawn(async move {
        while let Some(signal) = monitor.next().await {
            if let Signal::Reading(reading) = signal {
                let mut seen = into.lock().unwrap();
                seen.readings.push((*reading).clone());
                seen.board.apply(*reading);
            }
        }
    });
    seen
}
