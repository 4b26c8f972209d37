//! Keys, and what they want done with a run.

use crossterm::event::KeyEvent;

use super::*;
use crate::{
    chord::Chord,
    fixture::{
        self, at,
        runbook::{ended, event, happened, intended, opened, opened_with, with_variables},
    },
    message::Message,
    model::Row,
    output::{Go, Seen},
    update::{drawn, update},
};
use warroom_exec::{gate::Wants, place::Fact};
use warroom_room::run::{Answer, Question, Value};
use warroom_runbook::{ActionId, Risk, StepId, run::Ending};

fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let now = model.now;
    keys.split_whitespace()
        .flat_map(|key| {
            let chord: Chord = key.parse().unwrap();
            update(model, Message::Key(KeyEvent::from(chord)), now)
        })
        .collect()
}

fn type_text(model: &mut Model, text: &str) {
    for letter in text.chars() {
        let key = if letter == ' ' { "space".to_owned() } else { letter.to_string() };
        press(model, &key);
    }
}

fn wishes(effects: Vec<Effect>) -> Vec<Wish> {
    effects.into_iter().filter_map(|effect| if let Effect::Run(wish) = effect { Some(wish) } else { None }).collect()
}

fn opened_mut(model: &mut Model) -> &mut Opened {
    model.runbooks.open.as_mut().unwrap()
}

fn step_row(id: &str) -> Row {
    Row::Step(StepId(id.into()))
}

fn tell(model: &mut Model, news: News) {
    let now = model.now;
    update(model, Message::Run(Box::new(news)), now);
}

fn ask(wants: Wants) -> Box<Question> {
    let fact = |name: &str, value: &str| Fact { name: name.into(), value: value.into() };
    Box::new(Question {
        action: ActionId("restore/1".into()),
        title: "3 Restore".into(),
        command: "dropdb portal\n".into(),
        place: vec![fact("environment", "production"), fact("database", "portal on db-1")],
        effects: vec![fact("lost", "the database portal: 24 MB")],
        protected: true,
        risk: Risk::Destructive,
        lowered: None,
        external: false,
        reasons: vec!["dropdb destroys the database portal".into()],
        notes: vec![],
        wants,
        is_for_a_person: false,
        elsewhere: false,
        problem: None,
    })
}

#[test]
fn enter_goes_to_the_next_step_runs_it_and_goes_on_when_it_is_done() {
    let mut model = opened();
    assert_eq!(opened_mut(&mut model).selected, Row::Section(0));
    assert!(press(&mut model, "enter").is_empty());
    assert_eq!(opened_mut(&mut model).selected, step_row("assess"));
    let run = |id: &str| vec![Wish::Run(ActionId(id.into()))];
    assert_eq!(wishes(press(&mut model, "enter")), run("assess/1"));
    assert!(press(&mut model, "enter").is_empty(), "it is being prepared already");
    happened(&mut model, intended(61, "assess/1"));
    assert_eq!(opened_mut(&mut model).lower, Lower::Output);
    assert!(wishes(press(&mut model, "enter")).is_empty(), "it runs already");
    happened(&mut model, ended(62, "assess/1", Ending::Exited { code: 0 }));
    assert!(wishes(press(&mut model, "enter")).is_empty());
    assert_eq!(opened_mut(&mut model).selected, step_row("stop"));
    assert_eq!(wishes(press(&mut model, "enter")), run("stop/1"));
}

#[test]
fn alternatives_are_chosen_before_their_steps_run_and_the_others_go() {
    let mut model = opened();
    opened_mut(&mut model).select(step_row("restore"));
    assert!(wishes(press(&mut model, "enter")).is_empty());
    assert_eq!(model.context(), crate::action::Context::Menu);
    let chosen = wishes(press(&mut model, "j enter"));
    assert_eq!(chosen, [Wish::ChooseOption { group: "restore".into(), key: "B".into() }]);
    let kind = EventKind::OptionChosen { group: "restore".into(), key: "B".into() };
    happened(&mut model, event(61, kind));
    let rows = opened_mut(&mut model).rows();
    assert!(rows.contains(&step_row("promote")) && !rows.contains(&step_row("restore")), "{rows:?}");
    assert_eq!(opened_mut(&mut model).counts(), (0, 4));
}

#[test]
fn the_second_action_of_a_step_comes_after_the_first() {
    let mut model = opened();
    happened(&mut model, event(60, EventKind::OptionChosen { group: "restore".into(), key: "A".into() }));
    opened_mut(&mut model).select(step_row("restore"));
    assert_eq!(wishes(press(&mut model, "enter")), [Wish::Run(ActionId("restore/1".into()))]);
    happened(&mut model, intended(61, "restore/1"));
    happened(&mut model, ended(62, "restore/1", Ending::Exited { code: 0 }));
    assert_eq!(wishes(press(&mut model, "enter")), [Wish::Run(ActionId("restore/2".into()))]);
}

#[test]
fn after_a_failure_enter_offers_what_can_be_done() {
    let mut model = opened();
    opened_mut(&mut model).select(step_row("stop"));
    happened(&mut model, intended(61, "stop/1"));
    happened(&mut model, ended(62, "stop/1", Ending::Exited { code: 3 }));
    assert_eq!(opened_mut(&mut model).lower, Lower::Step, "what to do is shown");
    assert!(wishes(press(&mut model, "enter")).is_empty(), "nothing goes on by itself");
    let Some(Overlay::Menu(menu)) = model.overlays.last() else { panic!("no menu") };
    let labels: Vec<&str> = menu.items.iter().map(|item| item.label.as_str()).collect();
    assert_eq!(labels, ["retry", "skip", "roll back the step", "roll back everything", "go on", "not now"]);
    assert_eq!(wishes(press(&mut model, "enter")), [Wish::Run(ActionId("stop/1".into()))], "retry");

    opened_mut(&mut model).preparing = None;
    press(&mut model, "enter j enter");
    assert!(wishes(press(&mut model, "enter")).is_empty(), "a reason is needed");
    type_text(&mut model, "not today");
    let skip = Wish::Skip { step: StepId("stop".into()), reason: "not today".into() };
    assert_eq!(wishes(press(&mut model, "enter")), [skip]);

    press(&mut model, "enter j j enter");
    press(&mut model, "enter G k enter");
    type_text(&mut model, "it is up");
    let on = Wish::AcceptFailure { step: StepId("stop".into()), reason: "it is up".into() };
    assert_eq!(wishes(press(&mut model, "enter")), [on]);
}

#[test]
fn an_unknown_outcome_is_never_run_again_by_enter_alone() {
    let mut model = opened();
    opened_mut(&mut model).select(step_row("assess"));
    happened(&mut model, intended(61, "assess/1"));
    happened(&mut model, ended(62, "assess/1", Ending::Unknown { why: "its supervisor is gone".into() }));
    assert_eq!(opened_mut(&mut model).mark(&StepId("assess".into())), Mark::Unknown);
    assert!(wishes(press(&mut model, "enter")).is_empty());
    let Some(Overlay::Menu(menu)) = model.overlays.last() else { panic!("no menu") };
    assert!(menu.title.starts_with("How it ended is unknown"));
}

#[test]
fn a_change_needs_y_and_everything_else_is_no() {
    for (key, answer) in
        [("y", Answer::Yes), ("n", Answer::No), ("enter", Answer::No), ("esc", Answer::No), ("q", Answer::No)]
    {
        let mut model = opened();
        tell(&mut model, News::Asked(ask(Wants::YesOrNo)));
        assert_eq!(wishes(press(&mut model, key)), [Wish::Answer(answer)], "{key}");
        assert!(model.overlays.is_empty());
    }
    let mut model = opened();
    tell(&mut model, News::Asked(ask(Wants::Enter)));
    assert_eq!(wishes(press(&mut model, "enter")), [Wish::Answer(Answer::Enter)]);
}

#[test]
fn a_name_has_to_be_typed_letter_by_letter() {
    let mut model = opened();
    tell(&mut model, News::Asked(ask(Wants::Type { name: "portal".into() })));
    assert!(press(&mut model, "enter").is_empty());
    type_text(&mut model, "Portal");
    assert!(press(&mut model, "enter").is_empty());
    let problem = |model: &Model| match model.overlays.last() {
        Some(Overlay::Ask(ask)) => ask.problem.clone(),
        _ => None,
    };
    assert!(problem(&model).unwrap().contains("not portal"));
    press(&mut model, "backspace");
    assert_eq!(problem(&model), None);
    press(&mut model, "ctrl-u");
    for _ in 0..6 {
        press(&mut model, "backspace");
    }
    type_text(&mut model, "portal");
    assert_eq!(wishes(press(&mut model, "enter")), [Wish::Answer(Answer::Typed("portal".into()))]);
}

#[test]
fn no_name_that_is_typed_is_a_second_person() {
    let mut model = opened();
    let wants = Wants::SecondPerson { first: "alice@bastion-1".into() };
    tell(&mut model, News::Asked(ask(wants)));
    assert!(press(&mut model, "enter").is_empty());
    type_text(&mut model, "nobody is awake");
    assert_eq!(wishes(press(&mut model, "enter")), [Wish::Answer(Answer::Override("nobody is awake".into()))]);
}

#[test]
fn checks_are_ticked_one_by_one_and_then_the_step() {
    let mut model = opened();
    opened_mut(&mut model).select(step_row("verify"));
    let verify = || StepId("verify".into());
    assert!(wishes(press(&mut model, "space")).is_empty(), "the first open check is next");
    for check in 0..2 {
        let tick = Wish::TickCheck { step: verify(), check, ticked: true };
        assert_eq!(wishes(press(&mut model, "space")), [tick]);
        happened(&mut model, event(61, EventKind::CheckTicked { step: verify(), check, ticked: true }));
    }
    assert_eq!(wishes(press(&mut model, "space")), [Wish::TickStep { step: verify(), ticked: true }]);
    happened(&mut model, event(62, EventKind::StepTicked { step: verify(), ticked: true }));
    assert_eq!(wishes(press(&mut model, "space")), [Wish::TickStep { step: verify(), ticked: false }], "taken back");
}

#[test]
fn a_step_with_commands_is_not_ticked_by_hand() {
    let mut model = opened();
    opened_mut(&mut model).select(step_row("stop"));
    assert!(wishes(press(&mut model, "space")).is_empty());
    assert!(model.notice.is_some());
}

#[test]
fn variables_are_asked_for_before_the_first_command() {
    let mut model = opened_with(with_variables());
    opened_mut(&mut model).select(step_row("assess"));
    assert!(wishes(press(&mut model, "enter")).is_empty());
    assert_eq!(model.context(), crate::action::Context::Form);
    press(&mut model, "enter");
    let form = |model: &Model| match model.overlays.last() {
        Some(Overlay::Form(form)) => (**form).clone(),
        _ => panic!("no form"),
    };
    assert!(form(&model).fields[0].problem.is_some(), "it needs a value");
    press(&mut model, "down enter");
    type_text(&mut model, "s3cret");
    press(&mut model, "enter");
    assert_eq!(form(&model).at, 2);
    let set = |name: &str, value: &str| Wish::SetVariable { name: name.into(), value: Value(value.into()) };
    let given = wishes(press(&mut model, "enter"));
    let run = Wish::Run(ActionId("assess/1".into()));
    assert_eq!(given, [set("REGION", "eu"), set("PASSWORD", "s3cret"), set("TICKET", "OPS-1"), run]);
    assert!(!format!("{given:?}").contains("s3cret"), "a value is in no message");
}

#[test]
fn quitting_with_a_step_running_asks_and_says_that_it_goes_on() {
    let mut model = opened();
    happened(&mut model, intended(61, "assess/1"));
    assert!(press(&mut model, "q").is_empty());
    let Some(Overlay::Menu(menu)) = model.overlays.last() else { panic!("no menu") };
    assert!(menu.text[0].contains("goes on without the console"));
    assert!(press(&mut model, "enter").is_empty(), "staying is what enter does");
    assert_eq!(press(&mut model, "q j enter"), [Effect::Quit]);
    happened(&mut model, ended(62, "assess/1", Ending::Exited { code: 0 }));
    assert_eq!(press(&mut model, "q"), [Effect::Quit]);
}

#[test]
fn cancelling_asks_first() {
    let mut model = opened();
    assert!(wishes(press(&mut model, "c")).is_empty());
    happened(&mut model, intended(61, "assess/1"));
    assert!(wishes(press(&mut model, "c enter")).is_empty());
    assert_eq!(wishes(press(&mut model, "c j enter")), [Wish::Cancel]);
}

#[test]
fn the_picker_puts_the_runbook_of_a_firing_alert_first() {
    let mut model = opened();
    model.runbooks.open = None;
    assert_eq!(wishes(press(&mut model, "3 enter")), [Wish::List]);
    let Some(Overlay::Picker(picker)) = model.overlays.last() else { panic!("no picker") };
    assert_eq!(picker.items[0].title, "Database recovery");
    assert_eq!(picker.items[0].alerts, ["database-down"]);
    type_text(&mut model, "redis");
    let open = Wish::Open { id: "redis-full".into(), dry_run: false };
    assert_eq!(wishes(press(&mut model, "enter")), [open]);
}

#[test]
fn the_row_of_an_alert_opens_the_runbook_that_it_names() {
    let mut model = fixture::lived();
    press(&mut model, "2");
    let index = model.activity.iter().position(|event| event.who == "database-down").unwrap();
    model.panes.activity.selected = index;
    let open = Wish::Open { id: "database-recovery".into(), dry_run: false };
    assert_eq!(wishes(press(&mut model, "enter")), [open]);
}

#[test]
fn a_command_of_ones_own_is_typed_in_one_line() {
    let mut model = fixture::lived();
    press(&mut model, "!");
    type_text(&mut model, "uptime | tail -1");
    assert_eq!(wishes(press(&mut model, "enter")), [Wish::Command("uptime | tail -1".into())]);
    press(&mut model, "! esc");
    assert!(model.overlays.is_empty());
}

#[test]
fn y_copies_the_command() {
    let mut model = opened();
    opened_mut(&mut model).select(step_row("stop"));
    let copied = press(&mut model, "y");
    assert_eq!(copied, [Effect::Copy("kubectl scale deployment/api --replicas=0".into())]);
}

#[test]
fn output_is_looked_at_when_it_is_drawn_and_again_while_it_grows() {
    let mut model = opened();
    opened_mut(&mut model).select(step_row("assess"));
    happened(&mut model, intended(61, "assess/1"));
    let mut place = crate::model::Drawn::default();
    place.output_size = (60, 10);
    let looks = drawn(&mut model, place);
    let [Effect::ReadOutput { ticket, look }] = &looks[..] else { panic!("{looks:?}") };
    assert_eq!((look.go.clone(), look.rows), (Go::End, 10));
    assert!(look.folder.path().ends_with("runs/run-1/jobs/assess-1"));
    assert!(model.is_watching());
    assert!(update(&mut model, Message::OutputDue, at(61)).is_empty(), "one look at a time");
    let seen = Seen { found: true, ..Seen::default() };
    let next = update(&mut model, Message::Output { ticket: *ticket, result: Ok(seen) }, at(61));
    assert!(matches!(&next[..], [Effect::ReadOutput { .. }]), "what came meanwhile: {next:?}");
    let keys = press(&mut model, "/ w o w enter");
    assert!(keys.is_empty(), "the look under way comes first");
    assert_eq!(opened_mut(&mut model).output.search.text(), "wow");
}

#[test]
fn only_a_dry_run_is_switched_here() {
    let mut model = opened();
    for (mode, dry_run) in [(Mode::Live, true), (Mode::Drill, true), (Mode::DryRun, false)] {
        tell(&mut model, News::Mode(mode));
        assert_eq!(wishes(press(&mut model, "d")), [Wish::DryRun(dry_run)]);
    }
}

#[test]
fn a_click_beside_a_question_answers_nothing() {
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let mut model = opened();
    tell(&mut model, News::Asked(ask(Wants::YesOrNo)));
    model.drawn.target(ratatui::layout::Rect::new(0, 0, 10, 10), crate::model::Target::Pane(Pane::Health));
    let kind = MouseEventKind::Down(MouseButton::Left);
    let click = MouseEvent { kind, column: 1, row: 1, modifiers: KeyModifiers::NONE };
    assert!(update(&mut model, Message::Mouse(click), at(61)).is_empty());
    assert_eq!(model.overlays.len(), 1);
}
