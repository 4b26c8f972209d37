//! One frame of the whole screen at 200×60, everything visible, drawn into memory.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use jiff::{Timestamp, tz::TimeZone};
use ratatui::{Terminal, backend::TestBackend};
use serde_json::json;
use warroom::{
    health::{Board, Observation, Status, Unit, judge},
    host::{clock, packs::PackFolder},
    platform,
    probe::Signal,
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

use crate::{Row, median};

pub(crate) fn rows() -> Vec<Row> {
    let model = model(clock::now());
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a terminal in memory");
    let mut draw = || {
        let start = Instant::now();
        let drawn = terminal.draw(|frame| {
            black_box(view::draw(black_box(&model), frame));
        });
        black_box(drawn.expect("memory takes every frame"));
        start.elapsed().as_secs_f64() * 1e3
    };
    for _ in 0..50 {
        draw();
    }
    let times: Vec<f64> = (0..500).map(|_| draw()).collect();
    vec![Row::at_most("one frame at 200×60 (median of 500)", 1.0, median(times), "ms")]
}

/// The built-in platform with ten minutes of readings, a third of the probes in trouble.
fn model(now: Timestamp) -> Model {
    let folder = PackFolder::embedded("dotmac").expect("the pack is built in");
    let text = folder.read("platform.toml").expect("a pack has one");
    let pack = platform::parse("platform.toml", &text, &folder.files()).pack.expect("the built-in pack is good");
    let facts = Facts {
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
