//! A full disk: nothing is acknowledged that is not durable, nothing above read runs, and it goes on when there is room.

use super::{declare, desk, exported, holds, note};
use crate::{
    hands::{agree, go_to, pick, run},
    lab::{Disk, desk::stdout, key},
};

#[test]
fn a_full_disk_is_said_keeps_what_happened_and_is_got_over() {
    let (desk, listener) = desk("");
    let Some(disk) = Disk::mount(&desk.path("data"), 4096) else { return };
    let terminal = desk.options(&[]).size(120, 40).start();
    declare(&terminal, "The disk fills up");
    pick(&terminal, "Tidy up");
    run(&terminal, "Look", "✔");

    disk.fill();
    // A little may still find its place at the end of a page.
    let mut written = 0;
    loop {
        note(&terminal, &format!("note {written} {}", "x".repeat(800)));
        terminal.wait_until("it is written or refused", |screen| {
            !screen.contains("Write down") || screen.contains("the disk is full")
        });
        if terminal.contents().contains("Write down") {
            break;
        }
        written += 1;
        assert!(written < 10, "the disk is not full");
    }
    terminal.keys(key::ESCAPE);
    terminal.wait_for("NOT RECORDED since");
    // What happens meanwhile is kept in memory.
    drop(listener);
    terminal.wait_for("1 event waits in memory");

    go_to(&terminal, "Mark");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("the disk is full");
    assert!(!desk.path("work/mark").exists(), "nothing above read ran");

    disk.empty();
    terminal.wait_until_gone("NOT RECORDED");
    note(&terminal, "written in time");
    terminal.wait_until_gone("Write down");

    let incident = exported(|arguments| desk.run(arguments));
    assert!(holds(&incident, "written in time"), "{incident:#}");
    assert!(!holds(&incident, &format!("note {written} ")), "what was refused is not written later: {incident:#}");
    assert!(holds(&incident, "site ok → down") || holds(&incident, "site down"), "{incident:#}");
    let verified = desk.run(&["incident", "verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
}

#[test]
fn a_console_without_a_place_for_its_runs_still_reads() {
    let (desk, _listener) = desk("");
    let Some(disk) = Disk::mount(&desk.path("data"), 64) else { return };
    disk.make_read_only();
    let terminal = desk.options(&[]).size(120, 40).start();
    pick(&terminal, "Tidy up");
    run(&terminal, "Look", "✔");
    terminal.wait_for("this run is not kept");
    go_to(&terminal, "Mark");
    terminal.keys(key::ENTER);
    terminal.wait_for("give a reason");
    terminal.keys(key::ESCAPE);
    terminal.wait_until_gone("give a reason");
    assert!(!desk.path("work/mark").exists(), "nothing above read ran");
}
