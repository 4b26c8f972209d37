//! Both ways to see a platform at once: the binary's sweep, and the board that the console draws.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use warroom::{
    health::{Board, Status},
    host::clock,
    platform::{self, PackFiles},
    probe::Signal,
    room::Room,
};

use super::lab;

/// A running `warroom sweep --watch` and a running monitor over the same pack.
pub struct Watch {
    sweep: Child,
    swept: Arc<Mutex<Value>>,
    board: Arc<Mutex<Board>>,
    _runtime: tokio::runtime::Runtime,
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
        let swept = Arc::new(Mutex::new(Value::Null));
        let lines = BufReader::new(sweep.stdout.take().unwrap()).lines();
        let into = swept.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                *into.lock().unwrap() = serde_json::from_str(&line).expect("every sweep is one line of JSON");
            }
        });
        // As the binary does in its main; an error means that it is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let board = runtime.block_on(monitored(pack));
        Watch { sweep, swept, board, _runtime: runtime }
    }

    /// Waits until the sweep and the board both give the probe this status, with these words in its sentence.
    #[track_caller]
    pub fn wait_for(&self, probe: &str, status: &str, words: &str, limit: Duration) {
        let (swept, board) = (self.swept.clone(), self.board.clone());
        let seen = || {
            let swept = swept.lock().unwrap();
            let of_probe = swept["probes"].as_array().into_iter().flatten().find(|p| p["id"] == probe).cloned();
            let of_probe = of_probe.unwrap_or_default();
            let in_sweep = (of_probe["status"].to_string(), of_probe["summary"].to_string());
            let board = board.lock().unwrap();
            let now = clock::now();
            let health = board.probe(probe).expect("the pack has this probe");
            (in_sweep, (health.status(now), health.summary(now)))
        };
        let holds = || {
            let (in_sweep, on_board) = seen();
            in_sweep.0.contains(status)
                && in_sweep.1.contains(words)
                && on_board.0.word() == status
                && on_board.1.contains(words)
        };
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            lab::wait_until(&format!("{probe} is {status} ({words})"), limit, holds);
        }));
        assert!(outcome.is_ok(), "{probe} should be {status} with \"{words}\"; last seen: {:?}", seen());
        assert_eq!(Status::ALL.iter().filter(|s| s.word() == status).count(), 1, "a status of the contract");
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.sweep.kill();
        let _ = self.sweep.wait();
    }
}

/// Opens the pack as the console does and folds its readings into a board.
async fn monitored(pack: &Path) -> Arc<Mutex<Board>> {
    let text = std::fs::read_to_string(pack.join("platform.toml")).unwrap();
    let loaded = platform::parse("platform.toml", &text, &PackFiles::default());
    let room = Room::new(loaded.pack.expect("the pack is right"), "lab", pack);
    let board = Arc::new(Mutex::new(Board::new(&room.pack)));
    let mut monitor = room.monitor();
    let into = board.clone();
    tokio::spawn(async move {
        while let Some(signal) = monitor.next().await {
            if let Signal::Reading(reading) = signal {
                into.lock().unwrap().apply(*reading);
            }
        }
    });
    board
}
