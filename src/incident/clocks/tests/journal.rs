//! What holds for the clocks of incidents as their journals tell them.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use jiff::Timestamp;

use proptest::prelude::*;

use super::{super::*, pack};
use crate::{
    IncidentEvent, Phase,
    testing::{minute, state},
};
use warroom_runbook::run::Mode;

const MINUTE: u64 = 60;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn declared(severity: &str, detected: i64) -> IncidentEvent {
    IncidentEvent::Declared {
        platform: "shop".to_owned(),
        environment: "production".to_owned(),
        mode: Mode::Live,
        title: "It is slow".to_owned(),
        severity: severity.to_owned(),
        components: names(&["database"]),
        detected_at: minute(detected),
        alert: Some("latency".to_owned()),
        criteria: Vec::new(),
        exposures: Vec::new(),
    }
}

/// Events that have nothing to do with those of another subject.
const SUBJECTS: usize = 6;

/// An event with its subject: of one subject the order matters.
fn event() -> impl Strategy<Value = (usize, IncidentEvent)> {
    let one_of = |names: &'static [&'static str]| prop::sample::select(names).prop_map(ToOwned::to_owned);
    prop_oneof![
        one_of(&["P0", "P1", "P3", "none"])
            .prop_map(|severity| (0, IncidentEvent::Reclassified { severity, reason: "seen".to_owned() })),
        prop::sample::select(&Phase::ALL[..])
            .prop_map(|phase| (1, IncidentEvent::PhaseChanged { phase, reason: None })),
        (-60_i64..400).prop_map(|at| (1, IncidentEvent::ServiceRestored { at: minute(at) })),
        one_of(&["customers", "press"]).prop_map(|audience| {
            (2, IncidentEvent::UpdateSent { audience, channel: None, text: "so far".to_owned() })
        }),
        (one_of(&["on-call", "cto"]), prop::sample::select(&[0_u64, 60, 240][..]), any::<bool>()).prop_map(
            |(to, after, made)| {
                let dismissed_because = (!made).then(|| "no need".to_owned());
                (3, IncidentEvent::Escalated { to, after_seconds: after * MINUTE, dismissed_because })
            }
        ),
        one_of(&["incident-commander", "scribe"])
            .prop_map(|role| (4, IncidentEvent::RoleTaken { role, who: "bob".to_owned() })),
        prop::sample::subsequence(vec!["database", "docs"], 0..=2)
            .prop_map(|affected| (5, IncidentEvent::ComponentsChanged { components: names(&affected) })),
    ]
}

/// A declaration, and what comes after it with the minutes that pass before each event.
fn story() -> impl Strategy<Value = (IncidentEvent, Vec<(i64, usize, IncidentEvent)>)> {
    let first = (prop::sample::select(&["P0", "P1", "P3"][..]), -300_i64..5)
        .prop_map(|(severity, detected)| declared(severity, detected));
    let then = (0_i64..60, event()).prop_map(|(gap, (subject, event))| (gap, subject, event));
    (first, prop::collection::vec(then, 0..14))
}

/// The story with its times.
fn timed(first: &IncidentEvent, then: &[(i64, usize, IncidentEvent)]) -> Vec<(Timestamp, usize, IncidentEvent)> {
    let mut at = 0;
    let mut events = vec![(minute(0), SUBJECTS, first.clone())];
    for (gap, subject, event) in then {
        at += gap;
        events.push((minute(at), *subject, event.clone()));
    }
    events
}

fn without_subjects(events: &[(Timestamp, usize, IncidentEvent)]) -> Vec<(Timestamp, IncidentEvent)> {
    events.iter().map(|(at, _, event)| (*at, event.clone())).collect()
}

proptest! {
    #[test]
    fn time_alone_leaves_everything_but_the_level_and_makes_that_worse((first, then) in story(), gaps in prop::collection::vec(1_i64..90, 1..20)) {
        let events = timed(&first, &then);
        let state = state(&without_subjects(&events));
        let mut now = events.last().unwrap().0;
        let mut before: BTreeMap<String, Clock> = BTreeMap::new();
        for gap in gaps {
            now += Duration::from_secs(gap.unsigned_abs() * MINUTE);
            let these: BTreeMap<_, _> = clocks(&state, &pack(), now).into_iter().map(|clock| (clock.id.clone(), clock)).collect();
            if !before.is_empty() {
                prop_assert_eq!(these.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
            }
            for (id, clock) in &these {
                let Some(earlier) = before.get(id) else { continue };
                prop_assert_eq!((earlier.due, earlier.stopped, earlier.started), (clock.due, clock.stopped, clock.started));
                prop_assert!(earlier.level <= clock.level, "{earlier:?} then {clock:?}");
            }
            before = these;
        }
    }

    #[test]
    fn the_order_of_events_that_have_nothing_to_do_with_each_other_does_not_matter(
        (first, then) in story(),
        turns in prop::collection::vec(0..SUBJECTS, 40),
        now in 0_i64..900,
    ) {
        let events = timed(&first, &then);
        let mut queues: Vec<VecDeque<_>> = vec![VecDeque::new(); SUBJECTS];
        for event in &events[1..] {
            queues[event.1].push_back(event.clone());
        }
        let mut other = vec![events[0].clone()];
        for subject in turns.into_iter().chain((0..SUBJECTS).flat_map(|subject| std::iter::repeat_n(subject, 20))) {
            other.extend(queues[subject].pop_front());
        }
        prop_assert_eq!(other.len(), events.len());
        let seen = |events: &[_]| clocks(&state(&without_subjects(events)), &pack(), minute(now));
        prop_assert_eq!(seen(&other), seen(&events));
    }
}

proptest! {
    // Each look reads the journal anew.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_overdue_clock_is_written_down_exactly_once((first, then) in story(), looks in prop::collection::vec(0_usize..4, 14)) {
        let mut journal: Vec<(Timestamp, IncidentEvent)> = Vec::new();
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for ((at, _, event), looks) in timed(&first, &then).into_iter().zip(looks) {
            journal.push((at, event));
            for look in 0..looks {
                // Somebody looks again, some of the times without that time has passed.
                let now = at + Duration::from_secs(look as u64 / 2 * 20 * MINUTE);
                let known = state(&journal);
                let these = clocks(&known, &pack(), now);
                for event in overdue(&these, &known) {
                    if let IncidentEvent::ClockOverdue { clock, .. } = &event {
                        *times.entry(clock.clone()).or_default() += 1;
                    }
                    journal.push((now, event));
                }
                let written: BTreeSet<String> = state(&journal).overdue.into_keys().collect();
                for clock in these.iter().filter(|clock| clock.is_overdue()) {
                    prop_assert!(written.contains(&clock.id), "{clock:?}");
                }
            }
        }
        prop_assert!(times.values().all(|times| *times == 1), "{times:?}");
    }
}
