//! Tests of the journal as a whole, and what they share.

mod append;
mod changed;
mod crash;
mod disk;
mod follow;
mod order;
mod own;
mod users;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

/// An incident in a folder of its own.
struct Scene {
    data: tempfile::TempDir,
    folder: IncidentFolder,
    clock: Arc<AtomicI64>,
}

impl Scene {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let folder = Incidents::of(data.path(), Access::Owner).create(moment(0)).unwrap();
        Scene { data, folder, clock: Arc::default() }
    }

    /// A writer on the scene's clock, which goes on by a millisecond whenever somebody looks.
    fn writer(&self, responder: &str) -> Writer {
        Writer::open(self.folder.place(responder), self.now()).unwrap()
    }

    fn now(&self) -> Now {
        let clock = self.clock.clone();
        Arc::new(move || moment(clock.fetch_add(1, Ordering::Relaxed)))
    }

    fn log(&self, responder: &str) -> PathBuf {
        self.folder.logs().join(LogName::of(responder, 1).file())
    }

    /// The texts of all notes in the log, in its order; panics when the log is not intact.
    fn notes(&self, log: &LogName) -> Vec<String> {
        let batch = LogReader::new(&self.folder.logs(), log.clone()).read().unwrap();
        assert_eq!(batch.findings, []);
        batch.found.iter().filter(|found| &*found.entry.kind == "note").map(|found| text(&found.entry)).collect()
    }

    fn findings(&self, outside: &[Checkpoint]) -> Vec<String> {
        verify(&self.folder, outside).findings.iter().map(ToString::to_string).collect()
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.logs()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// So many milliseconds after the scene began.
fn moment(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_790_000_000_000 + ms).unwrap()
}

fn note(text: &str) -> Value {
    json!({"type": "note", "version": 1, "text": text})
}

fn text(entry: &Entry) -> String {
    entry.value()["text"].as_str().unwrap().to_owned()
}

/// Says why a test cannot run here; fails where it must.
#[expect(clippy::print_stderr, reason = "whoever runs the tests must see it")]
fn skip(reason: &str) {
    assert!(std::env::var("WARROOM_REQUIRE_SERVERS").as_deref() != Ok("1"), "the test cannot run: {reason}");
    eprintln!("skipped: {reason}");
}

/// Waits for a condition.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(20), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Replaces what `path` holds.
fn overwrite(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}
