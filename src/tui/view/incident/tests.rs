//! The Timeline pane and an opened entry as a user would see them.

use crate::{
    action::Action,
    fixture::{
        at,
        incident::{note, story, with, wrote},
    },
    update::act,
    view::tests::{row, screen, shows},
};
use warroom_incident::{EventRef, IncidentEvent, journal::LogName};

#[test]
fn an_entry_has_time_who_category_and_text() {
    let mut model = with(&story());
    let rows = screen(&mut model, 120, 40);
    assert!(shows(&rows, " Timeline ") && shows(&rows, "7 entries"), "{}", rows.join("\n"));
    assert!(row(&rows, "the disk is full").contains("bob    note"), "{}", rows.join("\n"));
    assert!(row(&rows, "restore from the backup").contains("★") && shows(&rows, "alice  "));
    assert!(row(&rows, "primary ok → down").contains("probe"));
    assert!(row(&rows, "customers call").contains("carol"));
    assert!(row(&rows, "for 14:03Z").contains("customers call ↵ about"), "{}", rows.join("\n"));
    assert!(row(&rows, "(recorded late)").contains("stop"));
    assert!(!shows(&rows, "alice@b"), "there is only one alice");
    let first = rows.iter().position(|row| row.contains("has room again")).unwrap();
    let last = rows.iter().position(|row| row.contains("declared P1")).unwrap();
    assert!(first < last);
}

#[test]
fn two_people_of_one_name_keep_their_hosts() {
    let mut written = story();
    written.push(note(60, "bob@c", "another bob"));
    let rows = screen(&mut with(&written), 120, 40);
    assert!(row(&rows, "the disk is full").contains("bob@b") && row(&rows, "another bob").contains("bob@c"));
}

#[test]
fn corrections_and_what_was_taken_back_are_marked() {
    let mut model = with(&story());
    let mut written = story();
    let of = |seq| EventRef { log: LogName::of("bob@b", 1), seq };
    written.push((at(60), "alice@b", IncidentEvent::Corrected { of: of(1), text: Some("the volume is full".into()) }));
    written.push((at(61), "alice@b", IncidentEvent::Corrected { of: of(2), text: None }));
    wrote(&mut model, &written);
    let rows = screen(&mut model, 120, 40);
    assert!(row(&rows, "the volume is full").contains("(corrected)") && !shows(&rows, "the disk is full"));
    assert!(row(&rows, "the disk has room again").contains("(taken back)"));
    act(&mut model, Action::Last);
    for _ in 0..3 {
        act(&mut model, Action::Up);
    }
    act(&mut model, Action::Open);
    let rows = screen(&mut model, 120, 40);
    for wanted in ["the volume is full", "the disk is full", "by alice@b", "bob@b #1", "hash", "INC-20260921-7k3q"] {
        assert!(shows(&rows, wanted), "{wanted} is not in\n{}", rows.join("\n"));
    }
}

#[test]
fn filters_stand_in_the_title() {
    let mut model = with(&story());
    for action in [Action::NextCategory; 4] {
        act(&mut model, action);
    }
    act(&mut model, Action::NextResponder);
    act(&mut model, Action::NextResponder);
    model.incidents.open.as_mut().unwrap().timeline.filter.text.fill("disk");
    act(&mut model, Action::KeyOnly);
    act(&mut model, Action::KeyOnly);
    let rows = screen(&mut model, 120, 40);
    assert!(shows(&rows, "2 of 7 · notes · bob · \"disk\""), "{}", rows.join("\n"));
    model.incidents.open.as_mut().unwrap().timeline.filter.text.fill(" of no use");
    act(&mut model, Action::KeyOnly);
    assert!(shows(&screen(&mut model, 120, 40), "No entry is kept by the filters."));
}

#[test]
fn days_stand_above_their_entries() {
    let mut written: Vec<_> = (0..30).map(|n| note(n, "bob@b", &format!("first day {n}"))).collect();
    written.extend((0..3).map(|n| note(86_400 + n, "bob@b", &format!("next day {n}"))));
    let mut model = with(&written);
    let rows = screen(&mut model, 80, 24);
    let days: Vec<_> = rows.iter().filter(|row| row.contains("day 2026-")).collect();
    assert_eq!(days.len(), 2, "the newest is not of today, either\n{}", rows.join("\n"));
    // The selected entry is always seen, although dates take rows.
    for _ in 0..33 {
        let selected = model.incidents.open.as_ref().unwrap().timeline.selected().unwrap().text.clone();
        let rows = screen(&mut model, 80, 24);
        assert!(shows(&rows, &selected), "{selected} is not in\n{}", rows.join("\n"));
        act(&mut model, Action::Down);
    }
}

#[test]
fn words_of_others_cannot_steer_the_terminal() {
    let mut model = with(&[note(0, "b\u{1b}]0;owned\u{7}ob@b", "a\u{1b}[2Jb\u{202e}c\nd")]);
    let rows = screen(&mut model, 120, 40);
    assert!(shows(&rows, "a\\e[2Jb\\u{202e}c ↵ d"), "{}", rows.join("\n"));
    act(&mut model, Action::Open);
    let rows = screen(&mut model, 120, 40);
    assert!(rows.iter().all(|row| !row.chars().any(char::is_control)), "{}", rows.join("\n"));
}

#[test]
fn small_and_plain_screens_show_it_too() {
    let mut model = with(&story());
    model.appearance.unicode = false;
    act(&mut model, Action::LocalTime);
    let rows = screen(&mut model, 80, 24);
    assert!(shows(&rows, "2 Timeline 7"), "{}", rows.join("\n"));
    assert!(row(&rows, "restore from").contains("*"));
    act(&mut model, Action::Open);
    for (width, height) in [(1, 1), (20, 5), (40, 12), (80, 24), (300, 80)] {
        assert!(screen(&mut model, width, height).iter().all(|row| row.is_ascii()));
    }
}
