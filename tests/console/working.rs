//! Working with the console: keys, mouse, details, resizing.

use std::time::{Duration, Instant};

use crate::{
    lab::{Hanging, TerminalOptions, key},
    starting::{demo, hanging_pack, on_pack},
};

#[test]
fn keys_are_answered_while_every_target_hangs() {
    let hanging = Hanging::start();
    let pack = hanging_pack(&hanging);
    let terminal = on_pack(&pack).size(100, 30).start();
    terminal.wait_for("waiting for the first answer");
    terminal.wait_until("the targets hang", |_| hanging.accepted() >= 4);
    let asked = Instant::now();
    terminal.keys("?");
    terminal.wait_for("Find any command by a few of its letters");
    terminal.keys(key::ESCAPE);
    terminal.wait_until_gone("Find any command");
    terminal.keys("jj");
    terminal.keys(key::ENTER);
    terminal.wait_for("Overview");
    // Far below the 30 s after which a look gives up; a debug build on a busy machine is given time.
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
}

#[test]
fn a_slow_look_shows_how_long_it_has_taken() {
    let hanging = Hanging::start();
    let pack = hanging_pack(&hanging);
    let terminal = on_pack(&pack).size(100, 30).start();
    terminal.wait_for("waiting for the first answer");
    terminal.keys(key::ENTER);
    terminal.wait_until("the spinner counts", |screen| {
        screen.lines().any(|line| line.contains("looked") && line.trim_end_matches(['│', ' ']).ends_with(" 2s"))
    });
}

#[test]
fn details_pods_and_logs_are_keys_away() {
    let terminal = demo(120, 40);
    terminal.keys(key::ENTER);
    terminal.wait_for("workloads");
    terminal.keys(key::TAB);
    terminal.wait_for("14 pods");
    terminal.keys("/");
    terminal.keys("portal-api");
    terminal.keys(key::ENTER);
    terminal.wait_for("4 of 14 pods");
    terminal.keys(key::ENTER);
    terminal.wait_for(" log ");
    terminal.wait_for("following");
    terminal.keys("q");
    terminal.wait_for("4 of 14 pods");
    terminal.keys(key::ESCAPE);
    terminal.wait_until_gone("4 of 14 pods");
    terminal.keys(key::ESCAPE);
    terminal.wait_for("No runbook is open.");
}

#[test]
fn the_palette_finds_a_command_by_a_few_letters() {
    let terminal = demo(120, 40);
    terminal.keys(":");
    terminal.wait_for("Commands");
    terminal.keys("hicon");
    terminal.wait_for("theme: high-contrast");
    terminal.keys(key::ENTER);
    terminal.wait_for("theme: High contrast");
}

#[test]
fn a_click_selects_and_a_second_one_opens() {
    let terminal = demo(120, 40);
    let row = terminal.contents().lines().position(|line| line.contains("Redis")).unwrap() as u16;
    terminal.keys(&key::click(10, row));
    terminal.keys(&key::click(10, row));
    terminal.wait_for("Overview");
    terminal.wait_until("the details are of Redis", |screen| {
        screen.lines().any(|line| line.starts_with('╭') && line.contains("Redis"))
    });
}

#[test]
fn another_size_is_filled_at_once() {
    let terminal = demo(80, 24);
    terminal.wait_for("1 Health");
    terminal.resize(140, 50);
    terminal.wait_for("No runbook is open.");
    terminal.resize(40, 10);
    terminal.wait_until("nothing is wider than the screen", |screen| {
        screen.contains("Health") && screen.lines().all(|line| line.chars().count() <= 40)
    });
    terminal.resize(300, 80);
    terminal.wait_for("No runbook is open.");
}

#[test]
fn a_remapped_key_does_what_the_settings_say() {
    let terminal = TerminalOptions::warroom(&["demo"]).env("WARROOM__KEYS__HELP", "H").size(100, 30).start();
    terminal.wait_for("Backups");
    terminal.wait_for("H help");
    terminal.keys("H");
    terminal.wait_for("Find any command by a few of its letters");
}

#[test]
fn the_outage_of_the_demo_unfolds_into_the_activity() {
    let terminal = TerminalOptions::warroom(&["demo", "--at", "70s"]).size(120, 40).start();
    terminal.wait_for("SIMULATED");
    terminal.wait_for("connection refused by");
    terminal.wait_for("→ down");
    terminal.wait_for("fired");
    terminal.keys("x");
    terminal.wait_until_gone("dismiss");
    terminal.wait_for("fired");
}
