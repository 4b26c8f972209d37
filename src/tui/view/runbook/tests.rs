//! The pane and its dialogs as a user would see them.

use crate::{
    action::Action,
    fixture::{
        self, at,
        runbook::{ended, event, happened, intended, opened, opened_with, with_variables},
    },
    message::Message,
    model::{Ask, Lower, Model, Overlay, Row},
    output::Seen,
    update::{act, update},
    view::tests::{row, screen, shows},
};
use warroom_exec::{gate::Wants, place::Fact};
use warroom_room::run::{News, Question};
use warroom_runbook::{
    ActionId, Risk, StepId,
    run::{Ending, EventKind, Mode},
};

fn select(model: &mut Model, step: &str) {
    model.runbooks.open.as_mut().unwrap().select(Row::Step(StepId(step.into())));
}

pub(in crate::view) fn ask(wants: Wants) -> Ask {
    let fact = |name: &str, value: &str| Fact { name: name.into(), value: value.into() };
    Ask::new(Question {
        action: ActionId("restore/1".into()),
        title: "3 Restore".into(),
        command: "set -e\ndropdb portal\n".into(),
        place: vec![fact("environment", "production"), fact("database", "portal on db-1")],
        effects: vec![fact("lost", "the database portal: 24 MB")],
        protected: true,
        risk: Risk::Destructive,
        lowered: None,
        external: true,
        reasons: vec!["dropdb destroys the database portal".into()],
        notes: vec![],
        wants,
        is_for_a_person: false,
        elsewhere: false,
        problem: None,
    })
}

#[test]
fn the_checklist_says_what_was_done_what_runs_and_what_is_left() {
    let mut model = opened();
    happened(&mut model, intended(60, "assess/1"));
    happened(&mut model, ended(61, "assess/1", Ending::Exited { code: 0 }));
    happened(&mut model, intended(62, "stop/1"));
    update(&mut model, Message::Tick, at(62 + 251));
    let rows = screen(&mut model, 160, 40);
    assert!(row(&rows, "Runbook ▸ Database recovery").contains("1/5"), "{}", rows.join("\n"));
    let assess = row(&rows, "1 Assess");
    assert!(assess.contains("✔") && assess.contains("0:12  ok"), "{assess}");
    let stop = row(&rows, "2 Stop traffic");
    assert!(stop.contains("▶") && stop.contains("change") && stop.contains("4:11"), "{stop}");
    assert!(row(&rows, "3 Restore").contains("destructive") && row(&rows, "3 Restore").contains("☐"));
    assert!(row(&rows, "A: Restore in place").contains("choose"));
    assert!(shows(&rows, "Verification"));
}

#[test]
fn a_selected_step_shows_its_text_its_risk_and_why() {
    let mut model = opened();
    select(&mut model, "stop");
    let rows = screen(&mut model, 160, 40);
    assert!(shows(&rows, "kubectl scale deployment/api --replicas=0"), "{}", rows.join("\n"));
    assert!(shows(&rows, "kubectl scale stops deployment/api"));
}

#[test]
fn a_failed_step_shows_how_it_ended_and_what_to_do() {
    let mut model = opened();
    happened(&mut model, event(60, EventKind::OptionChosen { group: "restore".into(), key: "A".into() }));
    select(&mut model, "restore");
    happened(&mut model, intended(61, "restore/1"));
    happened(&mut model, ended(62, "restore/1", Ending::Exited { code: 3 }));
    let rows = screen(&mut model, 160, 40);
    assert!(row(&rows, "3 Restore").contains("✖") && row(&rows, "3 Restore").contains("exit 3"), "{}", rows.join("\n"));
    assert!(shows(&rows, "ended with exit code 3 after 0:12"));
    assert!(shows(&rows, "look at the disk") && shows(&rows, "retry, skip, roll back or go on"));
    act(&mut model, Action::RunNext);
    let rows = screen(&mut model, 100, 30);
    assert!(shows(&rows, "The step failed: Restore") && shows(&rows, "call the owner") && shows(&rows, "not now"));
}

#[test]
fn output_stands_below_the_checklist_with_its_end() {
    let mut model = opened();
    select(&mut model, "assess");
    happened(&mut model, intended(60, "assess/1"));
    model.runbooks.open.as_mut().unwrap().output.seen =
        Seen { rows: vec!["accepting connections".into()], at_end: true, found: true, bytes: 22, ..Seen::default() };
    let rows = screen(&mut model, 160, 40);
    assert!(shows(&rows, "accepting connections") && shows(&rows, "following"), "{}", rows.join("\n"));
    happened(&mut model, ended(61, "assess/1", Ending::Exited { code: 0 }));
    let rows = screen(&mut model, 160, 40);
    assert!(shows(&rows, "── ok after 0:12"), "{}", rows.join("\n"));
    assert_eq!(model.runbooks.open.as_ref().unwrap().lower, Lower::Output);
}

#[test]
fn the_question_shows_where_and_what_before_it_asks() {
    let mut model = opened();
    model.overlays.push(Overlay::Ask(Box::new(ask(Wants::Type { name: "portal".into() }))));
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let rows = screen(&mut model, width, height);
        assert!(row(&rows, "production").contains("PROTECTED"), "{}", rows.join("\n"));
        assert!(shows(&rows, "portal on db-1") && shows(&rows, "$ set -e") && shows(&rows, "dropdb portal"));
        assert!(shows(&rows, "seen from outside") && shows(&rows, "Type portal to run this"));
    }
}

#[test]
fn a_long_command_scrolls_and_says_that_there_is_more() {
    let mut model = opened();
    let mut long = ask(Wants::YesOrNo);
    long.question.command = (0..100).map(|n| format!("echo line {n}\n")).collect();
    model.overlays.push(Overlay::Ask(Box::new(long)));
    let rows = screen(&mut model, 80, 24);
    assert!(shows(&rows, "more rows below") && shows(&rows, "Run this?"), "{}", rows.join("\n"));
    act(&mut model, Action::Last);
    let rows = screen(&mut model, 80, 24);
    assert!(shows(&rows, "echo line 99") && !shows(&rows, "more rows below"));
}

#[test]
fn a_secret_is_dots_on_the_screen() {
    let mut model = opened_with(with_variables());
    act(&mut model, Action::Variables);
    act(&mut model, Action::NextField);
    update(&mut model, Message::Paste("s3cret".into()), at(60));
    let rows = screen(&mut model, 100, 30);
    assert!(row(&rows, "PASSWORD").contains("••••••"), "{}", rows.join("\n"));
    act(&mut model, Action::NextField);
    let rows = screen(&mut model, 100, 30);
    assert!(row(&rows, "PASSWORD").contains("••••••") && !shows(&rows, "s3cret"));
    assert!(shows(&rows, "OPS-1"));
}

#[test]
fn with_no_runbooks_the_pane_says_how_to_add_one() {
    let mut model = fixture::model();
    let library = warroom_room::run::Library { folder: Some("/packs/shop/runbooks".into()), ..Default::default() };
    update(&mut model, Message::Run(Box::new(News::Listed(library))), at(0));
    let rows = screen(&mut model, 120, 40);
    assert!(shows(&rows, "No runbook is open.") && shows(&rows, "/packs/shop/runbooks"), "{}", rows.join("\n"));
}

#[test]
fn a_drill_and_a_dry_run_are_said_above_the_checklist() {
    let mut model = opened();
    let modes = [
        (Mode::Drill, false, false, "DRILL  an exercise: steps run for real"),
        (Mode::Drill, true, false, "DRILL  an exercise on a protected environment"),
        (Mode::Drill, true, true, "DRILL  a simulated platform"),
        (Mode::DryRun, true, false, "DRY RUN  everything"),
    ];
    for (mode, protected, simulated, text) in modes {
        (model.facts.protected, model.facts.simulated) = (protected, simulated);
        update(&mut model, Message::Run(Box::new(News::Mode(mode))), at(60));
        assert!(shows(&screen(&mut model, 120, 40), text));
    }
}

#[test]
fn the_pane_works_as_a_tab_and_in_ascii() {
    let mut model = opened();
    model.appearance.unicode = false;
    happened(&mut model, intended(60, "assess/1"));
    happened(&mut model, ended(61, "assess/1", Ending::Exited { code: 0 }));
    let rows = screen(&mut model, 80, 24);
    assert!(rows.iter().all(|row| row.is_ascii()));
    let row = row(&rows, "1 Assess");
    assert!(row.contains("v 1") && row.contains("ok"), "{row}");
}
