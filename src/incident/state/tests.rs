//! What holds for the state of any incident, in whatever order its logs arrive.

use std::{ops::Range, sync::Arc};

use jiff::{Timestamp, civil::date};
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

use super::*;
use crate::{
    NoteKind,
    journal::{Found, LogName, Union},
    testing::{batch, log, minute, second},
    timeline::{Category, timeline},
};

const LOGS: usize = 4;

/// Two people; each may have two logs.
fn log_name(index: usize) -> LogName {
    LogName::of(&person(index), if index < 2 { 1 } else { 2 })
}

fn person(index: usize) -> String {
    format!("r{}@b", index % 2)
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(words).prop_map(ToOwned::to_owned)
}

fn event_ref() -> impl Strategy<Value = EventRef> {
    (0..LOGS, 1..8_u64).prop_map(|(log, seq)| EventRef { log: log_name(log), seq })
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (-50..50_i64).prop_map(minute)
}

fn run() -> impl Strategy<Value = RunId> {
    word(&["run-1", "run-2"]).prop_map(RunId)
}

fn step() -> impl Strategy<Value = StepId> {
    word(&["1", "2"]).prop_map(StepId)
}

fn status() -> impl Strategy<Value = Status> {
    prop::sample::select(&[Status::Ok, Status::Warn, Status::Unknown, Status::Down][..])
}

fn text() -> impl Strategy<Value = String> {
    word(&["", "so", "Ünïcode \"quoted\"\n\u{0}", "it is slow"])
}

fn components() -> impl Strategy<Value = Vec<String>> {
    prop::sample::subsequence(vec!["cache".to_owned(), "database".to_owned()], 0..=2)
}

fn exposures() -> impl Strategy<Value = Vec<Exposure>> {
    let one = (prop::option::of(moment()), prop::option::of(0..9_u64));
    prop::option::of(one).prop_map(|one| {
        let exposure =
            |(recovery_point, rpo_seconds)| Exposure { component: "database".to_owned(), recovery_point, rpo_seconds };
        one.map(exposure).into_iter().collect()
    })
}

fn of_a_run() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        (text(), prop::option::of(text())).prop_map(|(name, value)| EventKind::VariableSet { name, value }),
        (step(), any::<bool>()).prop_map(|(step, ticked)| EventKind::StepTicked { step, ticked }),
        (step(), text()).prop_map(|(step, reason)| EventKind::StepSkipped { step, reason }),
        prop::option::of(step()).prop_map(|step| EventKind::RollbackStarted { step }),
    ]
}

/// About the incident itself.
fn of_the_incident() -> impl Strategy<Value = IncidentEvent> {
    use IncidentEvent as E;
    let severity = || word(&["P0", "P1"]);
    let declared = (text(), severity(), components(), moment(), exposures()).prop_map(
        |(title, severity, components, detected_at, exposures)| E::Declared {
            platform: "shop".to_owned(),
            environment: "production".to_owned(),
            mode: Mode::Live,
            title,
            severity,
            components,
            detected_at,
            alert: None,
            criteria: Vec::new(),
            exposures,
        },
    );
    prop_oneof![
        2 => declared,
        1 => exposures().prop_map(|exposures| E::ExposuresFrozen { exposures }),
        1 => text().prop_map(|title| E::Retitled { title }),
        1 => (severity(), text()).prop_map(|(severity, reason)| E::Reclassified { severity, reason }),
        3 => (prop::sample::select(&Phase::ALL[..]), prop::option::of(text()))
            .prop_map(|(phase, reason)| E::PhaseChanged { phase, reason }),
        1 => components().prop_map(|components| E::ComponentsChanged { components }),
        1 => (prop::sample::select(&ImpactField::ALL[..]), text())
            .prop_map(|(field, value)| E::ImpactSet { field, value }),
        1 => (prop::option::of(moment()), prop::option::of(moment()), text()).prop_map(
            |(restored_to, last_write, statement)| E::DataLossAssessed { restored_to, last_write, statement }
        ),
        2 => moment().prop_map(|at| E::ServiceRestored { at }),
        1 => (text(), prop::option::of(moment()), prop::option::of(text()))
            .prop_map(|(text, about, author)| E::Noted { kind: NoteKind::Decision, text, about, author }),
        2 => (event_ref(), prop::option::of(text())).prop_map(|(of, text)| E::Corrected { of, text }),
        1 => (event_ref(), any::<bool>()).prop_map(|(of, key)| E::MarkedKey { of, key }),
        1 => (word(&["a", "b"]), text())
            .prop_map(|(id, text)| E::ActionItemAdded { id, text, owner: None, due: Some(date(2026, 11, 30)) }),
        1 => word(&["a", "b"]).prop_map(|id| E::ActionItemDone { id }),
    ]
}

/// About people, and what arrives by itself.
fn around_it() -> impl Strategy<Value = IncidentEvent> {
    use IncidentEvent as E;
    let (role, who) = (|| word(&["commander", "scribe"]), || word(&["alice", "bob"]));
    let alert = || word(&["lag", "errors"]);
    prop_oneof![
        2 => (role(), who()).prop_map(|(role, who)| E::RoleTaken { role, who }),
        1 => (role(), who()).prop_map(|(role, who)| E::RoleReleased { role, who }),
        1 => any::<bool>().prop_map(|read_only| E::Joined { read_only }),
        1 => Just(E::Left {}),
        1 => (run(), step()).prop_map(|(run, step)| E::StepClaimed { run, step }),
        3 => (run(), 1..3_u32, text()).prop_map(|(run, attempt, title)| E::SecondAsked {
            run,
            action: ActionId("1.1".to_owned()),
            attempt,
            title,
            command: "drop".to_owned(),
            place: Vec::new(),
        }),
        6 => (event_ref(), any::<bool>()).prop_map(|(of, agreed)| E::SecondAnswered { of, agreed }),
        1 => (prop::option::of(status()), status(), text()).prop_map(|(from, to, summary)| E::ProbeChanged {
            probe: "primary".to_owned(),
            component: None,
            from,
            to,
            summary,
            since: None,
        }),
        1 => (alert(), text()).prop_map(|(alert, title)| E::AlertFired { alert, title, severity: "P1".to_owned(), since: None }),
        1 => alert().prop_map(|alert| E::AlertCleared { alert }),
        2 => (run(), of_a_run()).prop_map(|(run, kind)| E::Run { run, kind }),
        1 => (word(&["rto:database", "response"]), text()).prop_map(|(clock, text)| E::ClockOverdue { clock, text }),
        1 => (word(&["cto"]), 0..3_u64, prop::option::of(text())).prop_map(|(to, after_seconds, dismissed_because)| {
            E::Escalated { to, after_seconds, dismissed_because }
        }),
        1 => (word(&["customers", "staff"]), text())
            .prop_map(|(audience, text)| E::UpdateSent { audience, channel: None, text }),
    ]
}

/// What later programs may write: another type, another version, other members.
fn strange() -> impl Strategy<Value = Value> {
    let known = prop_oneof![of_the_incident(), around_it()];
    prop_oneof![
        text().prop_map(|text| json!({"type": "paged", "version": 1, "text": text})),
        (known, 2..=u32::MAX).prop_map(|(event, version)| {
            let mut event = written(&event);
            event["version"] = version.into();
            event
        }),
        Just(json!({"type": "phase_changed", "version": 1, "phase": "suspected"})),
        Just(json!({"type": "second_answered", "version": 1})),
        Just(json!({"type": "run", "version": 1, "run": "r", "event": "paused"})),
        Just(json!({"type": "", "version": 0})),
    ]
}

fn written(event: &IncidentEvent) -> Value {
    serde_json::to_value(Versioned::from(event.clone())).unwrap()
}

type Logs = Vec<(LogName, Vec<Found>)>;

/// Logs that were written and read back; their clocks differ and step. `strange_ones` in ten events are.
fn logs(strange_ones: u32) -> impl Strategy<Value = Logs> {
    let known = prop_oneof![of_the_incident(), around_it()].prop_map(|event| written(&event));
    let event = prop_oneof![10 - strange_ones => known, strange_ones => strange()];
    let lines = prop::collection::vec((0..30_i64, event), 0..12);
    prop::collection::vec(lines, 2..=LOGS).prop_map(|logs| {
        let made = |(index, lines): (usize, Vec<(i64, Value)>)| {
            let lines: Vec<_> = lines.into_iter().map(|(at, event)| (second(at), person(index), event)).collect();
            (log_name(index), log(&lines))
        };
        logs.into_iter().enumerate().map(made).collect()
    })
}

fn union(logs: &Logs) -> Union {
    let mut union = Union::default();
    for (name, found) in logs {
        union.take(batch(name, found));
    }
    union
}

/// In which portions the logs arrive: the log, and which of its lines.
fn arrivals(logs: &Logs, turns: &[(Index, usize)]) -> Vec<(usize, Range<usize>)> {
    let mut done = vec![0_usize; logs.len()];
    let turns = turns.iter().map(|(log, count)| (log.index(logs.len()), *count));
    let rest = (0..logs.len()).map(|log| (log, usize::MAX));
    let portion = |(log, count): (usize, usize)| {
        let from = done[log];
        done[log] = from.saturating_add(count).min(logs[log].1.len());
        (log, from..done[log])
    };
    turns.chain(rest).map(portion).collect()
}

fn event_of(item: &Item) -> Option<IncidentEvent> {
    item.entry.event::<Versioned>().ok().map(|versioned| versioned.event)
}

proptest! {
    #[test]
    fn whatever_order_the_logs_arrive_in_the_state_is_the_same(
        logs in logs(1),
        turns in prop::collection::vec((any::<Index>(), 1..5_usize), 0..30),
    ) {
        let (mut seen, mut state) = (Union::default(), IncidentState::default());
        for (log, lines) in arrivals(&logs, &turns) {
            let change = seen.take(batch(&logs[log].0, &logs[log].1[lines]));
            // As a console does: it goes on where it can, and folds again where something came in between.
            if change.appended {
                change.inserted.iter().for_each(|place| state.apply(&seen.items()[*place]));
            } else if change.first.is_some() {
                state = IncidentState::fold(seen.items());
            }
            prop_assert_eq!(&state, &IncidentState::fold(seen.items()));
        }
        let mut backwards = logs.clone();
        backwards.reverse();
        prop_assert_eq!(&state, &IncidentState::fold(union(&logs).items()));
        prop_assert_eq!(&state, &IncidentState::fold(union(&backwards).items()));
    }

    #[test]
    fn a_state_goes_on_from_any_point(logs in logs(1), cut in any::<Index>()) {
        let union = union(&logs);
        let (before, after) = union.items().split_at(cut.index(union.items().len() + 1));
        let mut state = IncidentState::fold(before);
        after.iter().for_each(|item| state.apply(item));
        prop_assert_eq!(state, IncidentState::fold(union.items()));
    }

    #[test]
    fn what_a_later_program_writes_is_kept_and_shown_and_changes_nothing(logs in logs(4)) {
        let union = union(&logs);
        let state = IncidentState::fold(union.items());
        let (known, strange): (Vec<_>, Vec<_>) = union.items().iter().cloned().partition(|item| event_of(item).is_some());
        prop_assert_eq!(&state, &IncidentState::fold(&known));
        prop_assert!(known.iter().all(|item| item.entry.version <= crate::event::VERSION), "read as if known");
        let entries = timeline(union.items(), &state);
        for item in strange {
            let of = EventRef { log: item.log.clone(), seq: item.entry.seq };
            let entry = entries.iter().find(|entry| entry.of == of);
            let entry = entry.ok_or_else(|| TestCaseError::fail(format!("{of:?} is not shown")))?;
            prop_assert_eq!(entry.category, Category::Journal);
            prop_assert!(entry.text.contains(item.entry.json()), "{}", entry.text);
        }
    }

    #[test]
    fn what_does_not_fit_its_chain_changes_nothing(logs in logs(1), spoiled in prop::collection::vec(any::<bool>(), LOGS * 12)) {
        let mut spoilt = logs.clone();
        let lines = spoilt.iter_mut().flat_map(|(_, found)| found);
        lines.zip(spoiled).for_each(|(line, spoiled)| line.intact = !spoiled);
        let union = union(&spoilt);
        let intact = union.items().iter().filter(|item| item.intact);
        let state = IncidentState::fold(union.items());
        prop_assert_eq!(&state, &IncidentState::fold(intact));
        // All of it is shown nevertheless, but for what is part of other entries.
        let own = |item: &&Arc<Item>| {
            !matches!(event_of(item), Some(IncidentEvent::Corrected { .. } | IncidentEvent::MarkedKey { .. }))
        };
        prop_assert_eq!(timeline(union.items(), &state).len(), union.items().iter().filter(own).count());
    }

    #[test]
    fn the_first_other_person_who_answers_is_the_second_one(logs in logs(0)) {
        let union = union(&logs);
        let state = IncidentState::fold(union.items());
        let mut asked = 0;
        for (place, item) in union.items().iter().enumerate() {
            if !matches!(event_of(item), Some(IncidentEvent::SecondAsked { .. })) {
                continue;
            }
            asked += 1;
            let of = EventRef { log: item.log.clone(), seq: item.entry.seq };
            // Not the asker, neither here nor from their other console; and not before it was asked.
            let mut answers = union.items()[place..].iter().filter(|later| is_another(&later.entry.by, &item.entry.by));
            let first = answers.find_map(|later| match event_of(later) {
                Some(IncidentEvent::SecondAnswered { of: target, agreed }) if target == of => {
                    Some(since(later.entry.at, &later.entry.by, agreed))
                }
                _ => None,
            });
            prop_assert_eq!(&state.seconds[&of].answer, &first);
        }
        prop_assert_eq!(state.seconds.len(), asked);
    }
}

#[test]
fn an_incident_that_is_opened_again_is_not_restored() {
    let phase = |phase| IncidentEvent::PhaseChanged { phase, reason: Some("it is back".to_owned()) };
    let restored = (minute(10), IncidentEvent::ServiceRestored { at: minute(9) });
    let resolved = [restored.clone(), (minute(20), phase(Phase::Resolved)), (minute(30), phase(Phase::Closed))];
    let state = |events: &[_]| crate::testing::state(events);
    assert_eq!(state(&resolved).restored(), Some(minute(9)));
    let again = [&resolved[..], &[(minute(40), phase(Phase::Investigating))]].concat();
    assert_eq!((state(&again).restored(), state(&again).resolved_at()), (None, None));
    let over = [&again[..], &[(minute(50), phase(Phase::Resolved))]].concat();
    assert_eq!(state(&over).restored(), Some(minute(50)), "when it was resolved");
    let back = [restored, (minute(20), phase(Phase::Monitoring)), (minute(30), phase(Phase::Identified))];
    assert_eq!(state(&back).restored(), Some(minute(9)), "it was open all the time");
}

#[test]
fn each_console_of_a_person_is_there_until_it_leaves_itself() {
    let at = |log: &LogName, events: &[(Timestamp, IncidentEvent)]| {
        let line =
            |(at, event): &(Timestamp, IncidentEvent)| (*at, "alice@b".to_owned(), Versioned::from(event.clone()));
        batch(log, &crate::testing::log(&events.iter().map(line).collect::<Vec<_>>()))
    };
    let (first, second) = (LogName::of("alice@b", 1), LogName::of("alice@b", 2));
    let mut union = Union::default();
    union.take(at(&first, &[(minute(1), IncidentEvent::Joined { read_only: false })]));
    union.take(at(
        &second,
        &[(minute(2), IncidentEvent::Joined { read_only: true }), (minute(3), IncidentEvent::Left {})],
    ));
    let present = IncidentState::fold(union.items()).present;
    let there = Presence { by: "alice@b".into(), since: minute(1), read_only: false };
    assert_eq!(present, BTreeMap::from([(first, there)]));
}

#[test]
fn nobody_is_their_own_second_person_from_another_machine() {
    let from = |by: &str, event| {
        let found = log(&[(minute(1), by.to_owned(), Versioned::from(event))]);
        batch(&LogName::of(by, 1), &found)
    };
    let of = EventRef { log: LogName::of("alice@a", 1), seq: 1 };
    let asked = IncidentEvent::SecondAsked {
        run: RunId("r".to_owned()),
        action: ActionId("drop".to_owned()),
        attempt: 1,
        title: "Drop".to_owned(),
        command: "drop".to_owned(),
        place: Vec::new(),
    };
    let answer = || IncidentEvent::SecondAnswered { of: of.clone(), agreed: true };
    for (by, counts) in [("Alice@b", false), ("bob@a", true)] {
        let mut union = Union::default();
        union.take(from("alice@a", asked.clone()));
        union.take(from(by, answer()));
        assert_eq!(IncidentState::fold(union.items()).seconds[&of].answer.is_some(), counts, "{by}");
    }
}
