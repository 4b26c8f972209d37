//! An incident goes on after its console was killed.

use rustix::process::Signal;

use super::{declare, desk, exported, holds, resume};
use crate::{
    hands::{agree, go_to, pick, run},
    lab::desk::stdout,
};

#[test]
fn a_killed_console_comes_back_with_its_incident_and_the_step_that_ran() {
    let (desk, _listener) = desk("");
    let terminal = desk.options(&[]).size(120, 40).start();
    declare(&terminal, "The console dies");
    pick(&terminal, "Tidy up");
    run(&terminal, "Look", "✔");
    go_to(&terminal, "Wait");
    terminal.keys(crate::lab::key::ENTER);
    agree(&terminal);
    terminal.wait_for("│ waiting");
    terminal.signal(Signal::KILL);
    drop(terminal);

    let terminal = desk.options(&[]).size(120, 40).start();
    resume(&terminal);
    terminal.wait_for("▶ 3 Wait");
    terminal.wait_for("✔ 1 Look");
    std::fs::write(desk.path("work/go"), "").unwrap();
    terminal.wait_for("✔ 3 Wait");
    drop(terminal);

    let incident = exported(|arguments| desk.run(arguments));
    assert!(holds(&incident, "succeeded in"), "{incident:#}");
    assert_eq!(desk.run(&["incident", "verify"]).status.code(), Some(0));
}

#[test]
fn what_ended_while_nobody_looked_is_written_down_late_and_marked_so() {
    let (desk, _listener) = desk("");
    let terminal = desk.options(&[]).size(120, 40).start();
    declare(&terminal, "The console dies");
    pick(&terminal, "Tidy up");
    go_to(&terminal, "Wait");
    terminal.keys(crate::lab::key::ENTER);
    agree(&terminal);
    terminal.wait_for("│ waiting");
    terminal.signal(Signal::KILL);
    drop(terminal);
    std::fs::write(desk.path("work/go"), "").unwrap();
    let runs = desk.path("data/incidents");
    let ended = || {
        let incident = std::fs::read_dir(&runs).unwrap().next().unwrap().unwrap().path().join("runs");
        let run = std::fs::read_dir(incident).unwrap().next().unwrap().unwrap().path().join("jobs");
        let job = std::fs::read_dir(run).unwrap().next().unwrap().unwrap().path();
        job.join("result.json").exists()
    };
    crate::lab::wait_until("the step has ended", std::time::Duration::from_secs(20), ended);

    let terminal = desk.options(&[]).size(120, 40).start();
    resume(&terminal);
    terminal.wait_for("✔ 3 Wait");
    drop(terminal);
    let incident = exported(|arguments| desk.run(arguments));
    let late = incident["timeline"].as_array().unwrap().iter().filter(|entry| entry["late"] == true);
    assert_eq!(late.count(), 1, "{incident:#}");
    let shown = desk.run(&["incident", "show"]);
    assert!(stdout(&shown).contains("late"), "{}", stdout(&shown));
}
