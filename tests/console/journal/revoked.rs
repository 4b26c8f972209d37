//! A journal that this user may not write to.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
};

use super::{desk, exported, holds, resume};
use crate::{
    lab::{Person, desk::stdout, key},
    runbooks::{agree, go_to, pick},
};

#[test]
fn a_journal_that_may_not_be_written_is_said_and_a_reason_does_without_it() {
    let (desk, _listener) = desk("");
    let Some([alice, ..]) = Person::three(desk.folder.path()) else { return };
    fs::create_dir(desk.path("data")).unwrap();
    chown(desk.path("data"), Some(alice.uid()), Some(alice.uid())).unwrap();
    chown(desk.folder.path(), Some(alice.uid()), None).unwrap();
    let (pack, data) = (desk.path("desk").display().to_string(), desk.path("data").display().to_string());
    let arguments = |more: &[&'static str]| -> Vec<String> {
        let all = ["--pack", &pack, "--data-dir", &data].into_iter().chain(more.iter().copied());
        all.map(str::to_owned).collect()
    };
    let act = |more: &[&'static str]| {
        let all = arguments(more);
        alice.run(&all.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let declared = act(&["incident", "declare", "--severity", "P1", "--title", "Locked out", "--component", "web"]);
    let id = stdout(&declared).trim().to_owned();
    let logs = desk.path("data/incidents").join(&id).join("log");
    let log = fs::read_dir(&logs).unwrap().next().unwrap().unwrap().path();
    let lock = |mode_of_folder, mode_of_log| {
        fs::set_permissions(&logs, fs::Permissions::from_mode(mode_of_folder)).unwrap();
        fs::set_permissions(&log, fs::Permissions::from_mode(mode_of_log)).unwrap();
    };
    lock(0o500, 0o400);

    let all = arguments(&[]);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let terminal = alice.terminal(&all).size(120, 40).start();
    resume(&terminal);
    terminal.wait_for("NOT RECORDED since");
    terminal.wait_for("this user may not");
    pick(&terminal, "Tidy up");
    go_to(&terminal, "Mark");
    terminal.keys(key::ENTER);
    terminal.wait_for("To go on all the same, give a reason");
    assert!(!desk.path("mark").exists());
    terminal.keys("the site is down and this mends it");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("✔ 2 Mark");
    assert!(desk.path("mark").exists());
    terminal.wait_for("NOT RECORDED");

    lock(0o700, 0o600);
    terminal.wait_until_gone("NOT RECORDED");
    // What waited is written with the next event of the run at the latest.
    go_to(&terminal, "Look");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("✔ 1 Look");
    let incident = exported(|more| {
        let more: Vec<&str> = all.iter().copied().chain(more.iter().copied()).collect();
        alice.run(&more)
    });
    assert!(holds(&incident, "the site is down and this mends it"), "{incident:#}");
    assert_eq!(act(&["incident", "verify"]).status.code(), Some(0));
}
