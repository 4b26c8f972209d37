//! The Timeline pane by its keys.

use crate::{
    action::Context,
    effect::Effect,
    fixture::incident::{note, story, with, wrote},
    model::{Model, Overlay, Pane, SheetPurpose},
    output::{Go, Seen},
    update::{
        Message,
        tests::{press, type_text},
        update,
    },
};
use warroom_incident::EventRef;
use warroom_room::{
    incident::{Verb, station::Command as Wish},
    run,
};

fn rows(model: &Model) -> Vec<String> {
    let timeline = &model.incidents.open.as_ref().unwrap().timeline;
    let entry = |row| timeline.entries()[timeline.place(row).unwrap()].text.clone();
    (0..timeline.len()).map(entry).collect()
}

fn selected(model: &Model) -> &str {
    &model.incidents.open.as_ref().unwrap().timeline.selected().unwrap().text
}

fn selected_of(model: &Model) -> EventRef {
    model.incidents.open.as_ref().unwrap().timeline.selected().unwrap().of.clone()
}

fn verb(effects: &[Effect]) -> &Verb {
    match effects {
        [Effect::Incident(Wish::Act { verb, .. })] => verb,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_newest_entry_is_the_first_and_the_cursor_stays_on_its_entry() {
    let mut model = with(&story());
    assert_eq!(model.context(), Context::Timeline);
    assert_eq!(selected(&model), "the disk has room again");
    let mut written = story();
    written.push(note(60, "bob@b", "all is well"));
    wrote(&mut model, &written);
    assert_eq!(selected(&model), "all is well", "at the top it stays at the top");
    press(&mut model, "j j j");
    assert_eq!(selected(&model), "customers call\nabout the portal");
    written.push(note(70, "alice@b", "really"));
    wrote(&mut model, &written);
    assert_eq!(selected(&model), "customers call\nabout the portal");
    // What somebody else wrote earlier comes late and stands in between.
    written.push(note(65, "carol@b", "from the other side"));
    wrote(&mut model, &written);
    assert_eq!(selected(&model), "customers call\nabout the portal");
    press(&mut model, "G");
    assert!(selected(&model).starts_with("declared P1"));
}

#[test]
fn every_word_of_a_filter_occurs_somewhere_and_escape_shows_all() {
    let mut model = with(&story());
    press(&mut model, "/");
    assert_eq!(model.context(), Context::Filter);
    type_text(&mut model, "DISK bob");
    assert_eq!(rows(&model), ["the disk has room again", "the disk is full"]);
    press(&mut model, "enter j");
    assert_eq!(selected(&model), "the disk is full");
    let mut written = story();
    written.push(note(60, "bob@b", "another disk"));
    written.push(note(61, "bob@b", "nothing of the sort"));
    wrote(&mut model, &written);
    assert_eq!(rows(&model).len(), 3, "what comes in is filtered, too");
    assert_eq!(selected(&model), "the disk is full");
    press(&mut model, "esc");
    assert_eq!(rows(&model).len(), 9);
    assert_eq!(selected(&model), "the disk is full", "the cursor stays on its entry");
    press(&mut model, "/");
    type_text(&mut model, "decision");
    press(&mut model, "enter");
    assert_eq!(rows(&model), ["restore from the backup"], "the category is looked at, too");
    press(&mut model, "esc");
    assert_eq!(selected(&model), "restore from the backup", "what was found is seen among its neighbours");
}

#[test]
fn categories_responders_and_key_entries_are_keys_away() {
    let mut model = with(&story());
    press(&mut model, "f");
    assert_eq!(rows(&model).len(), 1, "incident");
    press(&mut model, "f f f");
    assert_eq!(rows(&model).len(), 3, "notes");
    press(&mut model, "w w");
    assert_eq!(rows(&model).len(), 2, "notes of bob");
    press(&mut model, "w");
    assert_eq!(rows(&model), ["customers call\nabout the portal"], "in the words of carol");
    press(&mut model, "esc *");
    assert_eq!(rows(&model).len(), 3, "the declaration, what went down, the decision");
    press(&mut model, "*");
    assert_eq!(rows(&model).len(), 7);
}

#[test]
fn entries_are_marked_and_corrected_and_a_filter_follows_that() {
    use warroom_incident::IncidentEvent;
    let mut model = with(&story());
    let of = selected_of(&model);
    assert_eq!(verb(&press(&mut model, "m")), &Verb::MarkKey { of: of.clone(), key: true });
    press(&mut model, "*");
    assert_eq!(rows(&model).len(), 3);
    let mut written = story();
    written.push((crate::fixture::at(60), "bob@b", IncidentEvent::MarkedKey { of: of.clone(), key: true }));
    let text = Some("the disk has a lot of room".to_owned());
    written.push((crate::fixture::at(61), "bob@b", IncidentEvent::Corrected { of: of.clone(), text }));
    wrote(&mut model, &written);
    assert_eq!(rows(&model).len(), 4, "what was marked is kept now");
    press(&mut model, "esc /");
    type_text(&mut model, "lot of");
    press(&mut model, "enter");
    assert_eq!(rows(&model).len(), 1, "what it says now is looked at");
    press(&mut model, "g E");
    match model.overlays.last() {
        Some(Overlay::Sheet(sheet)) => {
            assert_eq!(sheet.purpose, SheetPurpose::Correct(of.clone()));
            assert_eq!(sheet.value("text"), "the disk has a lot of room");
        }
        other => panic!("{other:?}"),
    }
    press(&mut model, "ctrl-u");
    assert_eq!(verb(&press(&mut model, "enter")), &Verb::Correct { of, text: None }, "empty takes it back");
}

#[test]
fn a_console_that_looks_on_filters_but_changes_nothing() {
    let mut model = with(&story());
    model.facts.read_only = true;
    assert_eq!(press(&mut model, "m E"), vec![]);
    assert!(model.overlays.is_empty());
    assert!(model.notice.as_ref().unwrap().0.contains("read-only"));
    press(&mut model, "*");
    assert_eq!(rows(&model).len(), 3);
}

#[test]
fn an_entry_opens_with_its_output_and_its_step() {
    let mut model = with(&story());
    press(&mut model, "j enter");
    assert_eq!(model.context(), Context::TimelineEntry);
    model.drawn.evidence_size = (80, 20);
    let effects = press(&mut model, "v");
    let [Effect::ReadOutput { ticket, look }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(look.folder.path(), std::path::Path::new("/nowhere/INC-20260921-7k3q/runs/run-1/jobs/stop-1"));
    assert_eq!(look.go, Go::Start);
    let seen = Seen { rows: vec!["printed".into()], bytes: 12, at_end: true, found: true, ..Seen::default() };
    let (now, ticket) = (model.now, *ticket);
    update(&mut model, Message::Output { ticket, result: Ok(seen) }, now);
    assert!(matches!(model.overlays.last(), Some(Overlay::Entry(view)) if view.output.seen.rows.len() == 1));
    let effects = press(&mut model, "G");
    assert!(matches!(effects.as_slice(), [Effect::ReadOutput { look, .. }] if look.go == Go::End), "{effects:?}");
    press(&mut model, "esc");
    assert_eq!(model.context(), Context::TimelineEntry, "back to the entry first");
    let effects = press(&mut model, "s");
    assert!(matches!(effects.as_slice(), [Effect::Run(run::Command::Reopen(run))] if run.0 == "run-1"), "{effects:?}");
    assert_eq!((model.panes.focus, model.overlays.len()), (Pane::Runbook, 0));
}

#[test]
fn an_output_outside_of_the_incident_is_not_opened() {
    use warroom_incident::IncidentEvent;
    use warroom_runbook::run::EventKind;
    for wrong in ["../../secret/output", "/etc/output", "runs/run-1/jobs/1/other", "output/.."] {
        let mut written = story();
        if let Some((.., IncidentEvent::Run { kind: EventKind::ActionEnded { outcome, .. }, .. })) = written.get_mut(5)
        {
            outcome.evidence.as_mut().unwrap().file = wrong.to_owned();
        }
        let mut model = with(&written);
        model.drawn.evidence_size = (80, 20);
        assert_eq!(press(&mut model, "j enter v"), vec![], "{wrong}");
    }
}

#[test]
fn fewer_letters_keep_more_again() {
    let mut written = story();
    written.extend((0..2000).map(|n| note(100 + n, "bob@b", &format!("note number {n}"))));
    let mut model = with(&written);
    press(&mut model, "/");
    type_text(&mut model, "number 19");
    let found = rows(&model).len();
    press(&mut model, "backspace");
    assert!(rows(&model).len() > found, "fewer letters keep more again");
    press(&mut model, "enter G pgup k");
    assert!(selected(&model).starts_with("note number"));
}
