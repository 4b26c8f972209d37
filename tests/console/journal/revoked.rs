//! A journal that this user may not write to.

use std::{fs, os::unix::fs::PermissionsExt};

use super::{desk, exported, holds, resume};
use crate::{
    hands::{agree, go_to, pick},
    lab::{desk::stdout, key, users::Users},
};

#[test]
fn a_journal_that_may_not_be_written_is_said_and_a_reason_does_without_it() {
    let Some(users) = Users::new() else { return };
    let (desk, _listener) = desk("");
    users.share(&desk);
    let alice = &users.alice;
    let declared =
        alice.run(&desk, &["incident", "declare", "--severity", "P1", "--title", "Locked out", "--component", "web"]);
    let id = stdout(&declared).trim().to_owned();
    let logs = desk.path("data/incidents").join(&id).join("log");
    let log = fs::read_dir(&logs).unwrap().next().unwrap().unwrap().path();
    let lock = |mode_of_folder, mode_of_log| {
        fs::set_permissions(&logs, fs::Permissions::from_mode(mode_of_folder)).unwrap();
        fs::set_permissions(&log, fs::Permissions::from_mode(mode_of_log)).unwrap();
    };
    lock(0o3550, 0o440);

    let terminal = alice.console(&desk, &[]).size(120, 40).start();
    resume(&terminal);
    terminal.wait_for("NOT RECORDED since");
    terminal.wait_for("this user may not");
    pick(&terminal, "Tidy up");
    go_to(&terminal, "Mark");
    terminal.keys(key::ENTER);
    terminal.wait_for("To go on all the same, give a reason");
    assert!(!desk.path("work/mark").exists());
    terminal.keys("the site is down and this mends it");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("✔ 2 Mark");
    assert!(desk.path("work/mark").exists());
    terminal.wait_for("NOT RECORDED");

    lock(0o3770, 0o640);
    terminal.wait_until_gone("NOT RECORDED");
    // What waited is written with the next event of the run at the latest.
    go_to(&terminal, "Look");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("✔ 1 Look");
    let incident = exported(|more| alice.run(&desk, more));
    assert!(holds(&incident, "the site is down and this mends it"), "{incident:#}");
    assert_eq!(alice.run(&desk, &["incident", "verify"]).status.code(), Some(0));
}
