//! A long incident is opened: how long the console draws nothing meanwhile.

use std::{hint::black_box, sync::Arc, time::Instant};

use jiff::{SignedDuration, Timestamp};
use ratatui::{Terminal, backend::TestBackend};
use warroom::{
    exec::Supervisor,
    health::Status,
    host::{clock, packs::PackFolder},
    incident::{
        IncidentEvent, NoteKind, Versioned,
        journal::{Access, Incidents, line::EventText},
    },
    room::{
        Room,
        incident::{
            Station, StationOptions,
            station::{Command, News},
        },
        run::{PackShelf, Runner, RunnerOptions},
    },
    runbook::run::Mode,
    tui::{message::Message, update::update, view},
};

use crate::{Row, frame, journal, lab};

const EVENTS: u64 = 300_000;

pub(crate) fn rows() -> Vec<Row> {
    let data = lab::Folder::new();
    let incidents = Incidents::of(data.path(), Access::Owner);
    let start = clock::now() - SignedDuration::from_hours(2);
    let folder = incidents.create(start).expect("an incident");
    journal::write_log(
        &folder,
        "alice@bastion-1",
        |seq| start + SignedDuration::from_millis(seq.cast_signed()),
        EVENTS,
        event,
    );

    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    let mut model = frame::model(clock::now());
    let pack = PackFolder::embedded("dotmac").expect("the pack is built in");
    let options = RunnerOptions {
        data_dir: data.path().to_owned(),
        history: None,
        read_only: true,
        unasked: None,
        accept_errors: None,
        by: "bob@bastion-2".to_owned(),
        supervisor: Supervisor::at(lab::binary()),
    };
    let room = Room::new((*model.facts.pack).clone(), "production", "");
    let (runner, _news) = Runner::start(room, Arc::new(PackShelf(pack)), options);
    let station = StationOptions {
        incidents,
        access: Access::Owner,
        by: "bob@bastion-2".to_owned(),
        pack: model.facts.pack.clone(),
        environment: "production".to_owned(),
        read_only: true,
        runner,
    };
    let (station, mut news) = Station::start(station).expect("a thread");
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a terminal in memory");
    let begun = Instant::now();
    station.send(Command::Open(folder.id().clone()));
    let (mut worst, mut shown): (f64, _) = (0.0, None);
    while taken(&model) < EVENTS {
        let news = news.blocking_recv().expect("the station lives");
        assert!(!matches!(news, News::Refused(_)), "{news:?}");
        let start = Instant::now();
        update(&mut model, Message::Incident(Box::new(news)), clock::now());
        let drawn = terminal.draw(|frame| drop(black_box(view::draw(&model, frame)))).map(drop);
        drawn.expect("memory takes every frame");
        worst = worst.max(start.elapsed().as_secs_f64() * 1e3);
        if taken(&model) > 0 {
            shown.get_or_insert_with(|| begun.elapsed().as_secs_f64());
        }
    }
    let whole = begun.elapsed().as_secs_f64();
    station.stop();
    vec![
        Row::at_most(&format!("{EVENTS} events opened: the longest frame"), 50.0, worst, "ms"),
        Row::told("  first entries, all entries", format!("{:.2} s, {whole:.2} s", shown.unwrap_or_default())),
    ]
}

/// Events on the screen so far, the log's own first one included.
fn taken(model: &warroom::tui::model::Model) -> u64 {
    model.incidents.open.as_ref().map_or(0, |open| open.timeline.entries().len() as u64)
}

/// What a long incident is made of. The first is the log's own.
pub(crate) fn event(seq: u64) -> EventText {
    let event = match seq {
        2 => IncidentEvent::Declared {
            platform: "dotmac".to_owned(),
            environment: "production".to_owned(),
            mode: Mode::Live,
            title: "Customers cannot log in".to_owned(),
            severity: "P0".to_owned(),
            components: vec!["database".to_owned()],
            detected_at: Timestamp::UNIX_EPOCH,
            alert: None,
            criteria: Vec::new(),
            exposures: Vec::new(),
        },
        _ if seq.is_multiple_of(3) => IncidentEvent::Noted {
            kind: NoteKind::Note,
            text: format!("the disk of node {} is full", seq % 17),
            about: None,
            author: None,
        },
        _ => IncidentEvent::ProbeChanged {
            probe: format!("probe-{}", seq % 31),
            component: None,
            from: Some(Status::Ok),
            to: if seq.is_multiple_of(2) { Status::Down } else { Status::Ok },
            summary: "connection refused by 127.0.0.1:5432".to_owned(),
            since: None,
        },
    };
    EventText::of(&Versioned::from(event)).expect("an event")
}
