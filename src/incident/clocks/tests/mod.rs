//! The rules at their limits, and what holds for every incident.

mod journal;

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Clock, ClockKind, ClockLevel, clocks, overdue};
use crate::{
    IncidentEvent, IncidentState, Phase,
    event::Exposure,
    state::{EscalationDone, Since},
};
use warroom_domain::platform::{Pack, PackFiles, parse};
use warroom_runbook::run::{EventKind, Mode, RunEvent, RunId, RunOutcome};

const PLATFORM: &str = r#"
[platform]
name = "shop"
title = "Shop"

[[components]]
id = "database"
title = "Database"
rto = "4h"
rpo = "24h"

[[severities]]
level = "P0"
title = "Down"
respond_within = "15m"
recover_within = "4h"

[[severities]]
level = "P1"
title = "Partly down"
respond_within = "30m"

[[contacts]]
id = "cto"
name = "Carol"

[[escalations]]
after = "1h"
to = "cto"
severities = ["P0"]

[[audiences]]
id = "customers"
title = "Customers"
severities = ["P0", "P1"]
first_within = "15m"
update_every = "30m"
"#;

fn pack() -> Pack {
    parse("platform.toml", PLATFORM, &PackFiles::default()).pack.unwrap()
}

/// Minutes after the incident was detected.
fn at(minutes: i64) -> Timestamp {
    "2026-02-03T14:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

fn since<T>(minutes: i64, value: T) -> Since<T> {
    Since { at: at(minutes), by: Arc::from("alice@bastion-1"), value }
}

/// Detected at minute 0, declared at minute 5.
fn incident() -> IncidentState {
    IncidentState {
        declared: Some(since(5, ())),
        detected_at: Some(at(0)),
        components: vec!["database".to_owned()],
        severities: vec![since(5, ("P0".to_owned(), "declared".to_owned()))],
        phases: vec![since(5, Phase::Investigating)],
        ..IncidentState::default()
    }
}

fn clock(state: &IncidentState, id: &str, minutes: i64) -> Option<Clock> {
    clocks(state, &pack(), at(minutes)).into_iter().find(|clock| clock.id == id)
}

fn stands(state: &IncidentState, id: &str, minutes: i64) -> (ClockLevel, String) {
    let clock = clock(state, id, minutes).unwrap_or_else(|| panic!("there is no clock {id}"));
    (clock.level, clock.text)
}

#[test]
fn an_objective_warns_after_three_quarters_and_is_red_only_after_it() {
    let state = incident();
    assert_eq!(stands(&state, "rto:database", 179), (ClockLevel::Running, "1h01m left".to_owned()));
    assert_eq!(stands(&state, "rto:database", 180), (ClockLevel::Amber, "1h left".to_owned()));
    assert_eq!(stands(&state, "rto:database", 240), (ClockLevel::Amber, "0s left".to_owned()));
    assert_eq!(stands(&state, "rto:database", 252), (ClockLevel::Red, "12m over".to_owned()));
    let restored = IncidentState { restored_at: Some(at(90)), ..incident() };
    assert_eq!(stands(&restored, "rto:database", 500), (ClockLevel::Met, "met after 1h30m".to_owned()));
    let late = IncidentState { restored_at: Some(at(245)), ..incident() };
    assert_eq!(stands(&late, "rto:database", 500), (ClockLevel::Red, "missed by 5m".to_owned()));
}

#[test]
fn the_response_is_counted_from_the_declaration_and_met_by_who_takes_it_up() {
    assert_eq!(stands(&incident(), "response:P0", 20), (ClockLevel::Amber, "0s left".to_owned()));
    assert_eq!(stands(&incident(), "response:P0", 21).0, ClockLevel::Red);
    let mut state = incident();
    state.role_history.push(since(9, ("ic".to_owned(), "alice".to_owned(), true)));
    assert_eq!(stands(&state, "response:P0", 100), (ClockLevel::Met, "met after 4m".to_owned()));
}

#[test]
fn a_reclassified_incident_has_the_objectives_of_its_new_severity() {
    let mut state = incident();
    state.severities.push(since(10, ("P1".to_owned(), "only writes".to_owned())));
    assert_eq!(stands(&state, "response:P1", 30), (ClockLevel::Amber, "5m left".to_owned()));
    assert_eq!(clock(&state, "response:P0", 30), None, "that of P0 counts no more");
    assert_eq!(clock(&state, "recovery:P1", 30), None, "P1 has no objective for recovery");
    assert_eq!(clock(&state, "escalation:cto:3600", 30), None, "and does not go to the CTO");
}

#[test]
fn a_phase_has_its_budget_and_the_next_one_its_own() {
    let budgets = "recover_within = \"4h\"\nphases = { investigating = \"20m\", monitoring = \"30m\" }";
    let text = PLATFORM.replace("recover_within = \"4h\"", budgets);
    let pack = parse("platform.toml", &text, &PackFiles::default()).pack.unwrap();
    let phase = |state: &IncidentState, minutes| {
        let found = clocks(state, &pack, at(minutes)).into_iter().find(|clock| clock.kind == ClockKind::Phase);
        found.map(|clock| (clock.id, clock.level, clock.text))
    };
    let mut state = incident();
    let investigating = "phase:investigating:1".to_owned();
    assert_eq!(phase(&state, 10), Some((investigating.clone(), ClockLevel::Running, "10m left".into())));
    assert_eq!(phase(&state, 21), Some((investigating, ClockLevel::Red, "1m over".into())));
    state.phases.push(since(30, Phase::Identified));
    assert_eq!(phase(&state, 31), None, "the platform has no budget for it");
    state.phases.push(since(40, Phase::Monitoring));
    assert_eq!(phase(&state, 41), Some(("phase:monitoring:3".into(), ClockLevel::Running, "29m left".into())));
    state.severities.push(since(50, ("P1".into(), "less".into())));
    assert_eq!(phase(&state, 51), None, "the severity has no budgets");
    state.severities.push(since(52, ("P0".into(), "more".into())));
    state.phases.push(since(60, Phase::Resolved));
    assert_eq!(phase(&state, 61), None);
}

#[test]
fn updates_are_due_after_detection_and_then_after_the_last_one() {
    let mut state = incident();
    assert_eq!(stands(&state, "update:customers:1", 10), (ClockLevel::Running, "5m left".to_owned()));
    assert_eq!(stands(&state, "update:customers:1", 25), (ClockLevel::Red, "10m over".to_owned()));
    state.updates.insert("customers".to_owned(), vec![at(25)]);
    assert_eq!(stands(&state, "update:customers:2", 30), (ClockLevel::Running, "25m left".to_owned()));
    state.phases.push(since(40, Phase::Resolved));
    assert_eq!(clock(&state, "update:customers:2", 90), None);
}

#[test]
fn updates_that_a_reclassification_or_an_opening_again_brings_have_their_time_from_then() {
    let mut state = incident();
    state.severities.insert(0, since(5, ("P3".to_owned(), "declared".to_owned())));
    state.severities[1].at = at(100);
    assert_eq!(stands(&state, "update:customers:1", 101), (ClockLevel::Running, "14m left".to_owned()));
    let mut state = incident();
    state.updates.insert("customers".to_owned(), vec![at(12), at(10)]);
    assert_eq!(stands(&state, "update:customers:3", 32), (ClockLevel::Running, "10m left".to_owned()));
    state.phases.extend([since(20, Phase::Resolved), since(500, Phase::Investigating)]);
    assert_eq!(stands(&state, "update:customers:3", 501), (ClockLevel::Running, "29m left".to_owned()));
}

#[test]
fn what_is_stated_twice_is_counted_once() {
    let mut state = incident();
    state.components.push("database".to_owned());
    let mut pack = pack();
    pack.escalations.extend(pack.escalations.clone());
    let ids: Vec<_> = clocks(&state, &pack, at(10)).into_iter().map(|clock| clock.id).collect();
    let expected = [
        "detection",
        "response:P0",
        "recovery:P0",
        "rto:database",
        "rpo:database",
        "update:customers:1",
        "escalation:cto:3600",
    ];
    assert_eq!(ids, expected);
}

#[test]
fn an_escalation_is_due_until_it_was_made_or_dismissed() {
    let mut state = incident();
    assert_eq!(stands(&state, "escalation:cto:3600", 40), (ClockLevel::Running, "20m left".to_owned()));
    assert_eq!(stands(&state, "escalation:cto:3600", 50), (ClockLevel::Amber, "10m left".to_owned()));
    assert_eq!(stands(&state, "escalation:cto:3600", 60), (ClockLevel::Amber, "due now".to_owned()));
    assert_eq!(stands(&state, "escalation:cto:3600", 65), (ClockLevel::Amber, "due now".to_owned()));
    assert_eq!(stands(&state, "escalation:cto:3600", 72), (ClockLevel::Red, "12m over".to_owned()));
    state.restored_at = Some(at(66));
    assert!(clock(&state, "escalation:cto:3600", 72).is_some(), "it counts until the incident is resolved");
    let dismissed_because = Some("she is in the room".to_owned());
    state.escalations.push(since(61, EscalationDone { to: "cto".to_owned(), after_seconds: 3600, dismissed_because }));
    assert_eq!(clock(&state, "escalation:cto:3600", 62), None);
}

#[test]
fn an_escalation_is_not_due_before_it_was_asked_for() {
    // Detected two hours before it was declared.
    let mut state = incident();
    (state.declared, state.severities[0].at, state.phases[0].at) = (Some(since(120, ())), at(120), at(120));
    assert_eq!(stands(&state, "escalation:cto:3600", 124), (ClockLevel::Amber, "due now".to_owned()));
    assert_eq!(stands(&state, "escalation:cto:3600", 126), (ClockLevel::Red, "6m over".to_owned()));
    // Another severity brought it, and then it was opened again.
    let mut state = incident();
    state.severities.insert(0, since(5, ("P1".to_owned(), "declared".to_owned())));
    state.severities[1].at = at(200);
    assert_eq!(stands(&state, "escalation:cto:3600", 201), (ClockLevel::Running, "59m left".to_owned()));
    state.phases.extend([since(210, Phase::Resolved), since(300, Phase::Investigating)]);
    assert_eq!(stands(&state, "escalation:cto:3600", 330), (ClockLevel::Running, "30m left".to_owned()));
    // One that is due at once is not late at once.
    let mut pack = pack();
    pack.escalations[0].after = Duration::ZERO;
    let levels = [5, 10, 11].map(|minutes| {
        let clocks = clocks(&incident(), &pack, at(minutes));
        clocks.iter().find(|clock| clock.id == "escalation:cto:0").unwrap().level
    });
    assert_eq!(levels, [ClockLevel::Amber, ClockLevel::Amber, ClockLevel::Red]);
}

#[test]
fn what_is_overdue_is_told_with_the_time_at_which_it_was_due() {
    let state = incident();
    let texts = |minutes| {
        let raised = overdue(&clocks(&state, &pack(), at(minutes)), &state);
        let text = |event| match event {
            IncidentEvent::ClockOverdue { clock, text } => format!("{clock} {text}"),
            _ => String::new(),
        };
        raised.into_iter().map(text).collect::<Vec<_>>()
    };
    let expected = [
        "response:P0 response P0 was due at 14:20:00Z",
        "recovery:P0 recovery P0 was due at 18:00:00Z",
        "rto:database recovery of database was due at 18:00:00Z",
        "update:customers:1 update to customers was due at 14:15:00Z",
        "escalation:cto:3600 escalation to cto was due at 15:00:00Z",
    ];
    assert_eq!(texts(300), expected);
    assert_eq!(texts(3000), expected, "it does not matter when somebody looks");
    let mut pack = pack();
    pack.severities[0].recover_within = Some(Duration::from_secs(36 * 3600));
    let clocks = clocks(&state, &pack, at(0));
    let recovery = clocks.iter().find(|clock| clock.id == "recovery:P0").unwrap();
    assert_eq!(recovery.was_due().unwrap(), "recovery P0 was due at 2026-02-05T02:00:00Z");
}

#[test]
fn exposure_is_frozen_at_the_failure_and_unknown_is_not_none() {
    let with = |recovery_point| {
        let exposure = Exposure { component: "database".to_owned(), recovery_point, rpo_seconds: Some(86_400) };
        IncidentState { exposures: vec![exposure], ..incident() }
    };
    let eleven = with(Some(at(-11 * 60)));
    assert_eq!(stands(&eleven, "rpo:database", 10), (ClockLevel::Met, "11h exposed of 24h".to_owned()));
    assert_eq!(stands(&eleven, "rpo:database", 5000), stands(&eleven, "rpo:database", 10));
    assert_eq!(stands(&with(Some(at(-25 * 60))), "rpo:database", 0).0, ClockLevel::Red);
    let unknown = (ClockLevel::Amber, "restore point unknown".to_owned());
    assert_eq!(stands(&with(None), "rpo:database", 0), unknown);
    // Nobody looked.
    assert_eq!(stands(&incident(), "rpo:database", 0), unknown);
}

fn some_incident() -> impl Strategy<Value = IncidentState> {
    let minute = 5..600_i64;
    let phase = prop::sample::select(vec![Phase::Identified, Phase::Monitoring, Phase::Resolved, Phase::Closed]);
    (
        prop::option::of((minute.clone(), phase)),
        prop::option::of(minute.clone()),
        prop::collection::vec(minute.clone(), 0..4),
        prop::option::of(minute),
        any::<bool>(),
    )
        .prop_map(|(phase, restored, updates, role, lower)| {
            let mut state = incident();
            if lower {
                state.severities.push(since(6, ("P1".to_owned(), "x".to_owned())));
            }
            state.phases.extend(phase.map(|(minutes, phase)| since(minutes, phase)));
            state.restored_at = restored.map(at);
            state.updates.insert("customers".to_owned(), updates.into_iter().map(at).collect());
            state.role_history.extend(role.map(|minutes| since(minutes, ("ic".to_owned(), "a".to_owned(), true))));
            state
        })
}

proptest! {
    /// While nothing happens a clock only gets worse.
    #[test]
    fn time_alone_never_makes_a_clock_better(state in some_incident(), from in 600..2000_i64, later in 0..2000_i64) {
        let pack = pack();
        let before = clocks(&state, &pack, at(from));
        let after = clocks(&state, &pack, at(from + later));
        prop_assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(&after) {
            prop_assert_eq!(&before.id, &after.id);
            prop_assert!(before.level <= after.level, "{:?} became {:?}", before, after);
        }
    }

    /// What ran out is written down once.
    #[test]
    fn what_is_overdue_is_raised_once(mut state in some_incident(), now in 600..5000_i64) {
        let pack = pack();
        let clocks = clocks(&state, &pack, at(now));
        let raised = overdue(&clocks, &state);
        let red = clocks.iter().filter(|clock| clock.is_overdue()).count();
        prop_assert_eq!(raised.len(), red);
        for clock in clocks.iter().filter(|clock| clock.is_overdue()) {
            state.overdue.insert(clock.id.clone(), at(now));
        }
        prop_assert_eq!(overdue(&clocks, &state), vec![]);
        prop_assert!(clocks.iter().all(|clock| clock.stopped.is_none_or(|stopped| stopped >= clock.started) || clock.started > at(now)));
        prop_assert!(clocks.iter().all(|clock| clock.due.is_none_or(|due| due >= clock.started + Duration::ZERO)));
    }
}

#[test]
fn a_runbook_that_is_followed_brings_its_own_rto_until_somebody_leaves_it() {
    let run = RunId("run-1".to_owned());
    let event = |kind| RunEvent { at: at(6), by: "alice@bastion-1".to_owned(), run: run.clone(), kind };
    let started = |mode| EventKind::RunStarted {
        runbook: "recovery".to_owned(),
        title: "Recover".to_owned(),
        file: "recovery.md".to_owned(),
        digest: String::new(),
        environment: String::new(),
        mode,
        steps: Vec::new(),
        estimate_seconds: None,
        rto_seconds: Some(1800),
    };
    let mut state = incident();
    let follow = |state: &mut IncidentState, kinds: Vec<EventKind>| {
        state.runs.insert(run.clone(), Arc::new(kinds.into_iter().map(event).collect()));
    };
    let id = "rto:runbook:recovery";
    follow(&mut state, vec![started(Mode::Live)]);
    assert_eq!(stands(&state, id, 10), (ClockLevel::Running, "20m left".to_owned()));
    assert_eq!(stands(&state, id, 31).0, ClockLevel::Red);
    state.restored_at = Some(at(20));
    assert_eq!(stands(&state, id, 31), (ClockLevel::Met, "met after 20m".to_owned()));
    follow(&mut state, vec![started(Mode::DryRun)]);
    assert_eq!(clock(&state, id, 31), None);
    let left = EventKind::RunEnded { outcome: RunOutcome::Abandoned, reason: None };
    follow(&mut state, vec![started(Mode::Live), left]);
    assert_eq!(clock(&state, id, 31), None);
}
