//! The journal: durable appends against bare `fdatasync`, and the opening of a long incident.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    sync::Arc,
    time::Instant,
};

use jiff::Timestamp;
use serde_json::json;
use warroom::incident::journal::{
    Access, Digest, Hlc, IncidentFolder, Incidents, JournalEvent, LogName, Union, Writer,
    line::{self, EventText},
    verify,
};

use crate::{Row, median};

const START: Timestamp = Timestamp::constant(1_790_000_000, 0);
/// Events of the long incident, spread over so many responders.
const EVENTS: u64 = 1_000_000;
const RESPONDERS: u64 = 4;

pub(crate) fn rows() -> Vec<Row> {
    // On a disk: `/tmp` may be memory, whose syncs cost nothing.
    let data = tempfile::tempdir_in("target").expect("a folder for the journal");
    let bare = bare_syncs(data.path());
    let incidents = Incidents::of(data.path(), Access::Owner);
    let one = appends(&incidents, 1, 400);
    let eight = appends(&incidents, 8, 300);
    let long = incidents.create(START).expect("an incident");
    let bytes = write_long(&long);
    let seconds = |measured: &dyn Fn()| {
        let start = Instant::now();
        measured();
        start.elapsed().as_secs_f64()
    };
    let open = || {
        let (union, findings) = Union::of_folder(&long.logs()).expect("the logs");
        assert!(findings.is_empty() && union.items().len() as u64 == EVENTS);
    };
    let check = || assert!(verify(&long, &[]).is_intact());
    let opened = median((0..3).map(|_| seconds(&open)).collect());
    let verified = median((0..3).map(|_| seconds(&check)).collect());
    vec![
        Row::told("bare appends with fdatasync, one after the other", format!("{bare:.0}/s")),
        Row::told("journal, 1 writer waiting", format!("{one:.0}/s, {:.2} of bare", one / bare)),
        Row::at_least("journal, 8 writers waiting", 1_000.0, eight, "events/s"),
        Row::told("the long incident", format!("{EVENTS} events, {} MB", bytes / 1_000_000)),
        Row::at_most("1,000,000 events opened (chains checked, merged)", 2.0, opened, "s"),
        Row::at_most("1,000,000 events verified", 4.0, verified, "s"),
    ]
}

/// Lines of the same length, written and synced by nobody but us.
fn bare_syncs(folder: &Path) -> f64 {
    let mut file = File::create(folder.join("bare")).expect("a file");
    let line = [b'x'; 330];
    let start = Instant::now();
    for _ in 0..400 {
        file.write_all(&line).and_then(|()| file.sync_data()).expect("an append");
    }
    400.0 / start.elapsed().as_secs_f64()
}

/// Events a second with so many threads that wait for each of theirs.
fn appends(incidents: &Incidents, threads: u32, each: u32) -> f64 {
    let folder = incidents.create(START).expect("an incident");
    let writer = Writer::open(folder.place("alice@bastion-1"), Arc::new(warroom::host::clock::now)).expect("a writer");
    let start = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let writer = &writer;
            scope.spawn(move || {
                (0..each).for_each(|n| drop(writer.append(&event(u64::from(thread * each + n))).expect("an append")));
            });
        }
    });
    f64::from(threads * each) / start.elapsed().as_secs_f64()
}

fn event(n: u64) -> serde_json::Value {
    json!({"type": "probe_changed", "version": 1, "probe": "primary", "from": "ok", "to": "down", "n": n,
        "message": "connection refused by 127.0.0.1:5432"})
}

/// An incident that would take hours to live through; gives its bytes.
fn write_long(folder: &IncidentFolder) -> u64 {
    let write = |responder: u64| {
        let at = |seq: u64| START + jiff::SignedDuration::from_millis((seq * RESPONDERS + responder).cast_signed());
        let text = |seq| EventText::of(&event(seq)).expect("an event");
        write_log(folder, &format!("responder-{responder}@bastion"), at, EVENTS / RESPONDERS, text)
    };
    (0..RESPONDERS).map(write).sum()
}

/// A log of so many events, its own first one included; gives its bytes.
pub(crate) fn write_log(
    folder: &IncidentFolder,
    by: &str,
    at: impl Fn(u64) -> Timestamp,
    events: u64,
    event: impl Fn(u64) -> EventText,
) -> u64 {
    let log = LogName::of(by, 1);
    let (mut bytes, mut hash) = (Vec::new(), Digest::ZERO);
    for seq in 1..=events {
        let first = || JournalEvent::LogStarted {
            version: 1,
            incident: folder.id().to_string(),
            responder: by.to_owned(),
            log: log.clone(),
            checkpoints: Vec::new(),
        };
        let text = if seq == 1 { EventText::of(&first()).expect("an event") } else { event(seq) };
        hash = line::write(&mut bytes, &hash, seq, at(seq), Hlc::at(at(seq)), by, &text);
    }
    fs::write(folder.logs().join(log.file()), &bytes).expect("a log");
    bytes.len() as u64
}
