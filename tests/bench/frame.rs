//! One frame of the whole screen at 200×60, everything visible, drawn into memory.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ratatui::{Terminal, backend::TestBackend};
use serde_json::json;
use warroom::{
    health::{Board, Observation, Status, Unit, judge},
    host::{clock, packs::PackFolder},
    incident::{
        IncidentState,
        journal::{Access, Incidents, Union},
        timeline::entry,
    },
    platform,
    probe::Signal,
    room::incident::station::News,
    tui::{
        color::Depth,
        keymap::Keymap,
        message::Message,
        model::{Appearance, Facts, Model},
        theme::Themes,
        update::update,
        view,
    },
};

use crate::{Row, journal, lab::Folder, long, median};

pub(crate) fn rows() -> Vec<Row> {
    let mut model = model(clock::now());
    let alone = drawn(&model);
    declare(&mut model);
    let probes = model.board.probes().count();
    vec![
        Row::at_most("one frame at 200×60 (median of 500)", 1.0, alone, "ms"),
        Row::at_most(&format!("  with {probes} probes and an incident"), 1.0, drawn(&model), "ms"),
    ]
}

/// What a frame takes, in milliseconds.
fn drawn(model: &Model) -> f64 {
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a terminal in memory");
    let mut draw = || {
        let start = Instant::now();
        let drawn = terminal.draw(|frame| {
            black_box(view::draw(black_box(model), frame));
        });
        black_box(drawn.expect("memory takes every frame"));
        start.elapsed().as_secs_f64() * 1e3
    };
    for _ in 0..50 {
        draw();
    }
    median((0..500).map(|_| draw()).collect())
}

/// Opens an incident of some hours.
fn declare(model: &mut Model) {
    let (data, start) = (Folder::new(), model.now - SignedDuration::from_hours(2));
    let folder = Incidents::of(data.path(), Access::Owner).create(start).expect("an incident");
    let at = |seq: u64| start + SignedDuration::from_secs(seq.cast_signed());
    journal::write_log(&folder, "alice@bastion-1", at, 2_000, long::event);
    let (union, _) = Union::of_folder(&folder.logs()).expect("the logs");
    let items = union.items().to_vec();
    let state = Arc::new(IncidentState::fold(&items));
    let entries = items.iter().map(|item| entry(item, &state)).collect();
    let opened = News::Opened { id: folder.id().clone(), folder: folder.path().to_owned(), declared: false };
    let now = model.now;
    for news in [opened, News::Events { first: 0, items, entries, state }] {
        update(model, Message::Incident(Box::new(news)), now);
    }
}

/// The built-in platform with ten minutes of readings, a third of the probes in trouble.
pub(crate) fn model(now: Timestamp) -> Model {
    let folder = PackFolder::embedded("dotmac").expect("the pack is built in");
    let text = folder.read("platform.toml").expect("a pack has one");
    let pack = platform::parse("platform.toml", &text, &folder.files()).pack.expect("the built-in pack is good");
    let pack = Arc::new(pack);
    let facts = Facts {
        pack: pack.clone(),
        platform: pack.name.clone(),
        environment: "production".into(),
        protected: true,
        severities: pack.severities.iter().map(|severity| severity.level.clone()).collect(),
        ..Facts::default()
    };
    let themes = Themes::load(None, Depth::True);
    let appearance = Appearance::new(themes, None, true, TimeZone::UTC).expect("the default theme is built in");
    let mut model = Model::new(facts, Board::new(&pack), appearance, Keymap::default(), now);
    for turn in 0..120_u32 {
        let at = now + Duration::from_secs(5) * turn;
        for (index, spec) in (0_u32..).zip(&pack.probes) {
            let bad = index % 3 == 0 && turn > 60;
            let (status, summary) = if bad {
                (Status::Down, "connection refused by 10.0.0.7:5432")
            } else {
                (Status::Ok, "accepting connections")
            };
            let details = json!({"connections": {"used": 42, "max": 100, "used_percent": f64::from(turn % 100)}});
            let seen = Observation::new(status, summary)
                .with_value(f64::from((turn * 7 + index * 13) % 100), Unit::Percent)
                .with_details(details);
            let reading = judge(spec, seen, at, Duration::from_millis(4));
            update(&mut model, Message::Signal(Signal::Reading(Box::new(reading))), at);
        }
    }
    model
}
