//! State, keys, expected state.

use crossterm::event::KeyEvent;
use serde_json::json;

use super::*;
use crate::{
    chord::Chord,
    fixture::{self, at, saw},
    message::Answer,
    model::{EventKind, Tab},
};
use warroom_domain::health::Status;
use warroom_probe::Inquiry;

/// Presses keys, separated by spaces, and returns the effects of all.
pub(super) fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let now = model.now;
    keys.split_whitespace()
        .flat_map(|key| {
            let chord: Chord = key.parse().unwrap();
            update(model, Message::Key(KeyEvent::from(chord)), now)
        })
        .collect()
}

/// Types letters one by one.
pub(super) fn type_text(model: &mut Model, text: &str) {
    for letter in text.chars() {
        let key = if letter == ' ' { "space".to_owned() } else { letter.to_string() };
        press(model, &key);
    }
}

fn details(model: &Model) -> &crate::model::Details {
    model.details().expect("details are open")
}

#[test]
fn keys_move_the_focus_and_the_cursor() {
    let mut model = fixture::lived();
    press(&mut model, "j j");
    assert_eq!(model.selected_panel().as_deref(), Some("pods"));
    press(&mut model, "k tab");
    assert_eq!((model.panes.focus, model.panes.health.selected), (Pane::Activity, 1));
    press(&mut model, "3 tab");
    assert_eq!(model.panes.focus, Pane::Health);
    press(&mut model, "G j");
    assert_eq!(model.panes.health.selected, 2);
}

#[test]
fn enter_opens_the_worst_probe_of_the_panel_and_escape_goes_back() {
    let mut model = fixture::lived();
    press(&mut model, "j enter");
    assert_eq!((details(&model).panel.as_str(), details(&model).probe.as_str()), ("dependencies", "github"));
    press(&mut model, "]");
    assert_eq!(details(&model).probe, "sendgrid");
    press(&mut model, "] tab");
    assert_eq!((details(&model).probe.as_str(), details(&model).tab), ("stripe", Tab::History));
    press(&mut model, "q");
    assert!(model.overlays.is_empty());
}

#[test]
fn opening_an_event_opens_its_probe() {
    let mut model = fixture::lived();
    press(&mut model, "2");
    let index = model.activity.iter().position(|event| event.who == "github").unwrap();
    model.panes.activity.selected = index;
    press(&mut model, "enter");
    assert_eq!(details(&model).probe, "github");
}

#[test]
fn pods_are_fetched_when_their_tab_opens_and_every_two_seconds_while_it_stands() {
    let mut model = fixture::lived();
    let effects = press(&mut model, "G enter tab");
    let [Effect::Ask { ticket, probe, inquiry: Inquiry::Pods }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(probe, "cluster");
    assert_eq!(update(&mut model, Message::Tick, at(70)), [], "one question at a time");

    let rows = json!([
        {"namespace": "shop", "name": "web-1", "restarts": 0, "status": "Running"},
        {"namespace": "shop", "name": "web-2", "restarts": 7, "status": "CrashLoopBackOff"},
    ]);
    let table = warroom_domain::health::details::table(rows.as_array().unwrap());
    let answer = Message::Answer { ticket: *ticket, result: Ok(Answer::Pods(table.clone())) };
    update(&mut model, answer, at(71));
    assert_eq!(details(&model).pods.order, [0, 1]);
    press(&mut model, "s s s S");
    assert_eq!(details(&model).pods.order, [1, 0], "by restarts, most first");
    assert_eq!(update(&mut model, Message::Tick, at(72)), []);
    assert!(matches!(update(&mut model, Message::Tick, at(73))[..], [Effect::Ask { .. }]));

    let effects = press(&mut model, "enter");
    let [Effect::Ask { inquiry: Inquiry::PodLog { pod, previous: false, .. }, .. }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(pod, "web-2");
    let effects = press(&mut model, "p");
    assert!(matches!(effects[..], [Effect::Ask { inquiry: Inquiry::PodLog { previous: true, .. }, .. }]));
}

#[test]
fn an_answer_that_nobody_waits_for_any_more_changes_nothing() {
    let mut model = fixture::lived();
    let effects = press(&mut model, "G enter tab");
    let [Effect::Ask { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    press(&mut model, "q");
    update(&mut model, Message::Answer { ticket, result: Err("late".into()) }, at(71));
    assert!(model.overlays.is_empty());
}

#[test]
fn a_failed_fetch_keeps_what_was_there_and_says_why() {
    let mut model = fixture::lived();
    let effects = press(&mut model, "G enter tab");
    let [Effect::Ask { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    update(&mut model, Message::Answer { ticket, result: Err("the API server refuses\u{1b}[31m".into()) }, at(71));
    assert_eq!(details(&model).pods.fetch.error.as_deref(), Some("the API server refuses\\e[31m"));
}

#[test]
fn the_palette_finds_commands_and_themes_by_a_few_letters() {
    let mut model = fixture::lived();
    press(&mut model, ":");
    assert_eq!(model.context(), Context::Palette);
    type_text(&mut model, "solar");
    press(&mut model, "enter");
    assert_eq!(model.appearance.name, "solarized");
    assert!(model.overlays.is_empty());

    press(&mut model, ":");
    type_text(&mut model, "quit");
    assert_eq!(press(&mut model, "enter"), [Effect::Quit]);
}

#[test]
fn every_action_of_the_console_can_be_called_from_the_palette() {
    let model = fixture::lived();
    let palette = Palette::open(&model);
    for entry in crate::action::REGISTRY.iter().filter(|e| e.contexts.contains(&Context::Panes)) {
        let listed = palette.items.iter().any(|item| item.name == entry.name);
        assert!(listed || entry.action == Action::Palette, "{}", entry.id);
    }
}

#[test]
fn actions_of_the_details_are_in_the_palette_over_the_details() {
    let mut model = fixture::lived();
    press(&mut model, "enter :");
    type_text(&mut model, "next column");
    press(&mut model, "enter");
    assert_eq!(details(&model).sort.as_ref().map(|sort| sort.column.as_str()), Some("name"));
}

#[test]
fn a_filter_is_typed_kept_and_dropped() {
    let mut model = fixture::lived();
    press(&mut model, "enter /");
    type_text(&mut model, "quit replica");
    assert_eq!(details(&model).filter.text(), "quit replica", "letters are text, not commands");
    press(&mut model, "enter");
    assert_eq!(model.context(), Context::Details);
    press(&mut model, "esc");
    assert!(details(&model).filter.is_empty());
    press(&mut model, "esc");
    assert!(model.overlays.is_empty());
    press(&mut model, "enter / x esc");
    assert!(details(&model).filter.is_empty());
}

#[test]
fn look_now_asks_for_every_probe_of_the_panel() {
    let mut model = fixture::lived();
    let looks = press(&mut model, "j r");
    assert_eq!(looks.len(), 3);
    assert!(looks.contains(&Effect::LookNow("stripe".into())));
    assert_eq!(press(&mut model, "enter r"), [Effect::LookNow("github".into())]);
}

#[test]
fn transitions_and_alerts_come_into_the_activity_newest_first() {
    let model = fixture::lived();
    let kinds: Vec<(&str, &EventKind)> = model.activity.iter().map(|e| (e.who.as_str(), &e.kind)).collect();
    assert_eq!(kinds.len(), 3, "first readings that are ok are no news: {kinds:?}");
    assert_eq!(kinds[0], ("github", &EventKind::Transition { from: Some(Status::Ok), to: Status::Warn }));
    assert_eq!(kinds[1], ("database-down", &EventKind::Fired { severity: "P0".into() }));
    assert_eq!(kinds[2], ("primary", &EventKind::Transition { from: Some(Status::Ok), to: Status::Down }));
}

#[test]
fn a_dismissed_alert_stays_away_until_it_fires_anew() {
    let mut model = fixture::lived();
    assert_eq!(model.banner().len(), 1);
    press(&mut model, "x");
    assert!(model.banner().is_empty());
    assert!(model.activity.iter().any(|event| event.who == "database-down"));
    saw(&mut model, "primary", 70, Status::Ok, 1.0, json!({}));
    saw(&mut model, "primary", 80, Status::Down, 1.0, json!({}));
    assert_eq!(model.banner().len(), 1);
}

#[test]
fn readings_that_stop_coming_turn_unknown() {
    let mut model = fixture::lived();
    update(&mut model, Message::Tick, at(300));
    assert_eq!(model.board.status(model.now), Status::Unknown);
    assert!(
        model.activity.iter().any(|e| e.kind == EventKind::Transition { from: Some(Status::Ok), to: Status::Unknown })
    );
}

#[test]
fn times_switch_between_utc_and_local() {
    let mut model = fixture::lived();
    let utc = model.appearance.clock(at(0));
    assert!(utc.ends_with('Z'));
    press(&mut model, "u");
    assert_ne!(model.appearance.clock(at(0)), utc);
}

#[test]
fn a_log_follows_its_end_until_it_is_scrolled_up() {
    let mut model = fixture::lived();
    let mut log = crate::model::Log::new("cluster", "shop".into(), "web-1".into());
    log.replace((0..100).map(|n| format!("line {n}")).collect());
    model.overlays.push(Overlay::Log(Box::new(log)));
    model.drawn.max_scroll = 80;
    let state = |model: &Model| match model.overlays.last() {
        Some(Overlay::Log(log)) => (log.scroll, log.follow),
        _ => panic!("the log is open"),
    };
    press(&mut model, "k");
    assert_eq!(state(&model), (79, false));
    press(&mut model, "G");
    assert_eq!(state(&model), (80, true), "arriving at the end takes hold of it again");
    press(&mut model, "f");
    assert_eq!(state(&model), (80, false));
}
