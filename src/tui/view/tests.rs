//! Screens as a user would see them, drawn into a test backend.

use proptest::prelude::*;
use ratatui::{Terminal, backend::TestBackend};
use serde_json::json;

use super::*;
use crate::{
    action::{Action, Context},
    fixture::{self, at, saw},
    message::Message,
    update::{act, update},
};
use warroom_domain::{
    health::Status,
    platform::{Expression, Pack},
};

/// Draws and returns the rows as text.
pub(super) fn screen(model: &mut Model, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut drawn = Drawn::default();
    terminal.draw(|frame| drawn = draw(model, frame)).unwrap();
    model.drawn = drawn;
    let buffer = terminal.backend().buffer();
    buffer
        .content
        .chunks(width.into())
        .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned())
        .collect()
}

pub(super) fn row<'a>(rows: &'a [String], text: &str) -> &'a str {
    rows.iter().find(|row| row.contains(text)).unwrap_or_else(|| panic!("no row has {text:?} in\n{}", rows.join("\n")))
}

pub(super) fn shows(rows: &[String], text: &str) -> bool {
    rows.iter().any(|row| row.contains(text))
}

#[test]
fn before_any_answer_the_screen_says_what_it_waits_for() {
    let mut model = fixture::model();
    let rows = screen(&mut model, 120, 40);
    assert!(rows[0].contains("warroom") && rows[0].contains("dotmac ▸ production") && rows[0].contains("PROTECTED"));
    assert!(row(&rows, "Database").starts_with("│ ?"));
    assert!(shows(&rows, "waiting for the first answer"));
    assert!(shows(&rows, "No runbook is open."));
    assert!(shows(&rows, "Nothing has happened yet."));
}

#[test]
fn a_panel_has_glyph_word_value_limit_age_and_cause() {
    let mut model = fixture::model();
    for (value, limit) in [(55.0, "55 %  warn > 70 %"), (80.0, "80 %  > 70 %")] {
        saw(&mut model, "primary", 0, Status::Ok, value, json!({}));
        let rows = screen(&mut model, 120, 40);
        assert!(row(&rows, "Database").contains(limit), "{}", rows.join("\n"));
    }
    let mut model = fixture::lived();
    update(&mut model, Message::Tick, at(60));
    let rows = screen(&mut model, 120, 40);
    let database = row(&rows, "Database");
    for part in ["✖", "down", "55 %", "20s", "▇"] {
        assert!(database.contains(part), "{part} is not in {database}");
    }
    assert!(shows(&rows, "connection refused by primary.example:5432"));
    assert!(row(&rows, "github").contains("▲"), "each probe of a panel with several has its line");
    assert!(row(&rows, "P0 database-down since").contains("The database is down"), "the banner");
    assert!(row(&rows, "RTO 4h").contains("RPO 24h"));
    assert!(rows[0].contains("✖ 1 down") && rows[0].contains("▲ 1 warn") && rows[0].contains("● 1 ok"), "{}", rows[0]);
}

#[test]
fn a_small_screen_has_tabs_and_one_row_a_panel() {
    let mut model = fixture::lived();
    let rows = screen(&mut model, 80, 24);
    assert!(shows(&rows, " 1 Health   2 Activity 3   3 Runbook"), "{}", rows.join("\n"));
    assert!(rows[0].contains("✖ down"));
    assert!(!shows(&rows, "No runbook is open."));
    act(&mut model, Action::FocusRunbook);
    assert!(shows(&screen(&mut model, 80, 24), "No runbook is open."));
    act(&mut model, Action::FocusActivity);
    assert!(shows(&screen(&mut model, 80, 24), "ok → down"));
}

#[test]
fn stale_readings_show_unknown_with_age_and_the_last_good_value() {
    let mut model = fixture::lived();
    update(&mut model, Message::Tick, at(200));
    let rows = screen(&mut model, 160, 40);
    assert!(row(&rows, "Pods").contains("unknown") && row(&rows, "Pods").contains("12 % 2m ago"));
    assert!(shows(&rows, "no reading for 2m25s"));
}

#[test]
fn details_show_cause_groups_and_tables() {
    let mut model = fixture::lived();
    act(&mut model, Action::Open);
    let rows = screen(&mut model, 100, 40);
    assert!(row(&rows, "Database ▸ primary").contains("✖ down"), "{}", rows.join("\n"));
    assert!(row(&rows, "cause").contains("connection refused by primary.example:5432"));
    assert!(row(&rows, "warn when").contains("value > 70"));
    assert!(shows(&rows, "connections") && row(&rows, "42 %").contains("used"));
    assert!(row(&rows, "replica-1").contains("24 MB"));
    act(&mut model, Action::Filter);
    update(&mut model, Message::Paste("catchup".into()), at(60));
    let rows = screen(&mut model, 100, 40);
    assert!(shows(&rows, "replica-2") && !shows(&rows, "replica-1"));
}

#[test]
fn wide_screens_keep_health_beside_the_details() {
    let mut model = fixture::lived();
    act(&mut model, Action::Open);
    let rows = screen(&mut model, 200, 60);
    assert!(shows(&rows, " Health ") && shows(&rows, " Overview "));
    act(&mut model, Action::Zoom);
    let rows = screen(&mut model, 200, 60);
    assert!(!shows(&rows, " Health ") && shows(&rows, " Overview "));
}

#[test]
fn history_lists_readings_newest_first_below_a_chart() {
    let mut model = fixture::lived();
    act(&mut model, Action::Open);
    act(&mut model, Action::NextTab);
    let rows = screen(&mut model, 100, 30);
    let header = rows.iter().position(|row| row.contains("status") && row.contains("took")).unwrap();
    assert!(rows[header + 1].contains("down") && rows[header + 1].contains("55 %"), "{}", rows.join("\n"));
    assert!(rows[..header].iter().any(|row| row.contains('█')));
}

#[test]
fn help_lists_keys_and_palette_lists_commands() {
    let mut model = fixture::lived();
    act(&mut model, Action::Help);
    let rows = screen(&mut model, 120, 50);
    assert!(row(&rows, "Open the details of the selected panel").contains("enter"));
    act(&mut model, Action::Palette);
    let rows = screen(&mut model, 120, 50);
    assert!(shows(&rows, " Commands "));
}

#[test]
fn clicks_select_open_and_run_hints() {
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let mut model = fixture::lived();
    screen(&mut model, 120, 40);
    let click = |model: &mut Model, target: &Target| {
        let area = model.drawn.area_of(target).unwrap();
        let kind = MouseEventKind::Down(MouseButton::Left);
        let event = MouseEvent { kind, column: area.x + 2, row: area.y, modifiers: KeyModifiers::NONE };
        let now = model.now;
        update(model, Message::Mouse(event), now)
    };
    click(&mut model, &Target::Panel(1));
    assert_eq!((model.panes.health.selected, model.overlays.len()), (1, 0));
    click(&mut model, &Target::Panel(1));
    assert_eq!(model.context(), Context::Details);
    screen(&mut model, 120, 40);
    click(&mut model, &Target::Probe("stripe".into()));
    assert_eq!(model.details().unwrap().probe, "stripe");
    screen(&mut model, 120, 40);
    click(&mut model, &Target::Act(Action::Help));
    assert_eq!(model.context(), Context::Help);
}

#[test]
fn the_simulated_platform_and_read_only_are_said_in_the_top_bar() {
    let mut model = fixture::model();
    model.facts.simulated = true;
    model.facts.read_only = true;
    let rows = screen(&mut model, 120, 30);
    assert!(rows[0].contains("SIMULATED") && rows[0].contains("READ-ONLY"), "{}", rows[0]);
}

#[test]
fn texts_from_outside_are_safe_on_the_screen() {
    let mut model = fixture::model();
    let details = serde_json::json!({"note": "a\u{1b}]0;owned\u{7}b", "rows": [{"x": "\u{1b}[2Jc\u{202e}d"}]});
    saw(&mut model, "primary", 1, Status::Ok, 1.0, details);
    act(&mut model, Action::Open);
    let rows = screen(&mut model, 100, 40);
    assert!(shows(&rows, "a\\e]0;owned\\x07b") && shows(&rows, "\\e[2Jc\\u{202e}d"), "{}", rows.join("\n"));
    assert!(rows.iter().all(|row| !row.chars().any(char::is_control)));
}

/// Everything that can lie on the screen.
fn with_overlay(model: &mut Model, which: usize) {
    let press = |model: &mut Model, actions: &[Action]| {
        for action in actions {
            act(model, *action);
        }
    };
    match which {
        1 => press(model, &[Action::Open]),
        2 => press(model, &[Action::Open, Action::NextTab]),
        3 => press(model, &[Action::Help]),
        4 => press(model, &[Action::Palette]),
        5 => press(model, &[Action::Last, Action::Open, Action::NextTab]),
        6 => press(model, &[Action::Open, Action::Filter]),
        7 => {
            let mut log = crate::model::Log::new("cluster", "shop".into(), "web-1".into());
            log.replace(vec!["漢字 in a long line of a log".repeat(20); 50]);
            log.fetch.error = Some("it ended".into());
            model.overlays.push(Overlay::Log(Box::new(log)));
        }
        8 => press(model, &[Action::PickRunbook]),
        9 => press(model, &[Action::AdHoc]),
        18..21 => {
            let mut other = fixture::incident::with(&fixture::incident::story());
            other.appearance = model.appearance.clone();
            *model = other;
            match which {
                19 => press(model, &[Action::Down, Action::Open]),
                20 => press(model, &[Action::Down, Action::Open, Action::ShowOutput]),
                _ => press(model, &[Action::KeyOnly, Action::Down]),
            }
        }
        10..18 => {
            let runbook = if which == 10 { fixture::runbook::with_variables() } else { fixture::runbook::document() };
            let mut other = fixture::runbook::opened_with(runbook);
            other.appearance = model.appearance.clone();
            *model = other;
            fixture::runbook::happened(model, fixture::runbook::intended(60, "stop/1"));
            press(model, &[Action::Down, Action::Down]);
            let failed = warroom_runbook::run::Ending::Exited { code: 1 };
            match which {
                10 => press(model, &[Action::Variables]),
                11 => press(model, &[Action::Skip]),
                12 => press(model, &[Action::Quit]),
                13 => press(model, &[Action::ShowOutput]),
                14 => fixture::runbook::happened(model, fixture::runbook::ended(62, "stop/1", failed)),
                15 => {
                    fixture::runbook::happened(model, fixture::runbook::ended(62, "stop/1", failed));
                    press(model, &[Action::RunNext]);
                }
                16 => model.overlays.push(Overlay::Ask(Box::new(runbook::tests::ask(
                    warroom_exec::gate::Wants::SecondPerson { first: "alice".into() },
                )))),
                _ => press(model, &[Action::Last]),
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_state_draws_at_every_size(
        width in 1u16..300, height in 1u16..80, which in 0usize..21, pane in 0usize..3,
        zoomed: bool, unicode: bool, lived: bool, later in 0i64..500,
    ) {
        let mut model = if lived { fixture::lived() } else { fixture::model() };
        model.panes.focus = Pane::ALL[pane];
        model.panes.zoomed = zoomed;
        model.appearance.unicode = unicode;
        update(&mut model, Message::Tick, at(60 + later));
        with_overlay(&mut model, which);
        model.panes.focus = Pane::ALL[pane];
        // Twice: the second frame starts from the offsets of the first.
        screen(&mut model, width, height);
        let rows = screen(&mut model, width, height);
        if !unicode {
            prop_assert!(rows.iter().all(|row| row.is_ascii()), "{:?}", rows);
        }
    }
}

#[test]
fn a_log_without_lines_says_why() {
    let mut model = fixture::lived();
    let log = crate::model::Log::new("cluster", "shop".into(), "web-1".into());
    model.overlays.push(Overlay::Log(Box::new(log)));
    let mut shown = |answered: Option<Vec<String>>| {
        if let (Some(Overlay::Log(log)), Some(lines)) = (model.overlays.last_mut(), answered) {
            log.fetch.take(None, at(0));
            log.replace(lines);
        }
        screen(&mut model, 80, 24)
    };
    assert!(shows(&shown(None), "The log is being fetched."));
    assert!(shows(&shown(Some(vec![])), "The log is empty: this container has printed nothing."));
    let rows = shown(Some(vec!["ready".to_owned()]));
    assert!(shows(&rows, "ready") && !shows(&rows, "The log is"));
}

/// A platform whose `database` panel has one probe that judges its value: above 5 % it warns, above 50 % it is down.
fn judged() -> Pack {
    let mut pack = fixture::pack();
    pack.probes.truncate(1);
    let limit = |limit: &str| Some(Expression::compile(limit).unwrap());
    (pack.probes[0].warn, pack.probes[0].down) = (limit("value > 5"), limit("value > 50"));
    pack.probes[0].confirm = 2;
    pack
}

/// The status that a value of [`judged`] means.
fn meant(value: f64) -> &'static str {
    match value {
        v if v > 50.0 => "down",
        v if v > 5.0 => "warn",
        _ => "ok",
    }
}

/// The numbers before a percent sign that no comparison stands before.
fn values(row: &str) -> Vec<f64> {
    let words: Vec<&str> = row.split([' ', '(', ')', ':', ',', '│']).filter(|word| !word.is_empty()).collect();
    let of = |pair: &[&str]| (pair[2] == "%" && pair[0] != ">").then(|| pair[1].parse().ok()).flatten();
    words.windows(3).filter_map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn value_limit_and_cause_are_of_the_reading_that_the_status_is_of(
        seen in prop::collection::vec(prop::sample::select(&[1.5, 3.0, 13.7, 22.0, 64.0, 91.0][..]), 1..12),
    ) {
        for (width, height) in [(60, 12), (80, 24), (120, 40), (200, 60)] {
            let mut model = fixture::on(judged());
            for (second, value) in (0..).step_by(5).zip(&seen) {
                saw(&mut model, "primary", second, Status::Ok, *value, json!({}));
            }
            let (last, now) = (seen[seen.len() - 1], model.now);
            let settled = model.board.probe("primary").unwrap().status(now).word();
            let is_pending = meant(last) != settled;
            for open in [false, true] {
                if open {
                    act(&mut model, Action::Open);
                }
                let rows = screen(&mut model, width, height);
                let said = rows.join("\n");
                let of = |start: &str| row(&rows, start).to_owned();
                let shown = if open { of(" value ") } else { of("Database") };
                let (own, pending) = shown.split_once("pending").map_or((&*shown, ""), |(own, rest)| (own, rest));
                if !open {
                    prop_assert!(own.contains(settled), "{said}");
                    prop_assert_eq!(!pending.is_empty(), is_pending, "{}", said);
                }
                let own = values(own);
                prop_assert!(!own.is_empty() && own.iter().all(|value| meant(*value) == settled), "{:?} of {}", own, said);
                prop_assert!(values(pending).iter().all(|value| meant(*value) == meant(last)), "{said}");
                if open {
                    prop_assert_eq!(of(" status ").contains("pending"), is_pending, "{}", said);
                }
            }
        }
    }
}

#[test]
fn the_cause_that_made_it_down_is_told_not_a_limit_that_it_never_came_to() {
    let mut pack = judged();
    pack.probes[0].warn = Some(Expression::compile("latency_ms > 1000").unwrap());
    pack.probes[0].down = None;
    for (width, height) in [(80, 24), (120, 40)] {
        let mut model = fixture::on(pack.clone());
        saw(&mut model, "primary", 0, Status::Down, 55.0, json!({}));
        let rows = screen(&mut model, width, height);
        assert!(!shows(&rows, "latency"), "{}", rows.join("\n"));
        assert!(shows(&rows, "connection refused by primary.example:5432"));
        act(&mut model, Action::Open);
        let rows = screen(&mut model, width, height);
        assert!(row(&rows, " cause ").contains("connection refused"), "{}", rows.join("\n"));
    }
}

#[test]
fn a_last_good_value_stands_with_its_age() {
    for (width, height) in [(80, 24), (120, 40), (160, 40), (200, 60)] {
        let mut model = fixture::lived();
        update(&mut model, Message::Tick, at(200));
        let rows = screen(&mut model, width, height);
        assert!(row(&rows, "Pods").contains("12 % 2m ago"), "{}", rows.join("\n"));
        if let Some(member) = rows.iter().find(|row| row.contains("sendgrid") && !row.contains("unknown")) {
            assert!(member.contains("20 % 2m ago"), "{member}");
        }
    }
}
