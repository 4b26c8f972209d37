//! What the board promises, as examples and properties.

use std::time::Duration;

use proptest::prelude::*;

use super::{
    Board, Happening, Status,
    testing::{SPEC, at, reading},
};
use crate::platform::{AlertRule, Component, Expression, Pack};

fn pack(probes: &[(&str, &str)], alerts: &[(&str, u64)]) -> Pack {
    let probes = probes.iter().map(|(id, panel)| {
        let mut spec = SPEC.clone();
        (spec.id, spec.panel) = ((*id).to_owned(), (*panel).to_owned());
        spec
    });
    let alerts = alerts.iter().enumerate().map(|(i, (when, hold))| AlertRule {
        id: format!("alert-{i}"),
        title: format!("Alert {i}"),
        when: Expression::compile(when).unwrap(),
        hold: Duration::from_secs(*hold),
        severity: "P1".to_owned(),
        respond_within: None,
        runbook: None,
    });
    Pack { probes: probes.collect(), alerts: alerts.collect(), ..Pack::default() }
}

fn fired(happenings: &[Happening]) -> usize {
    happenings.iter().filter(|h| matches!(h, Happening::AlertFired { .. })).count()
}

#[test]
fn a_probe_settles_after_it_agreed_with_itself() {
    let mut board = Board::new(&pack(&[("primary", "database")], &[]));
    assert_eq!(board.status(at(0)), Status::Unknown);
    assert_eq!(board.apply(reading("primary", 0, Status::Ok, 1.0)).len(), 1);
    assert!(board.apply(reading("primary", 5, Status::Down, 1.0)).is_empty());
    assert_eq!(board.status(at(5)), Status::Ok);
    let happenings = board.apply(reading("primary", 6, Status::Down, 1.0));
    let [Happening::Transition { from, to, panel, .. }] = happenings.as_slice() else { panic!("{happenings:?}") };
    assert_eq!((*from, *to, panel.as_str()), (Some(Status::Ok), Status::Down, "database"));
    assert_eq!(board.probe("primary").unwrap().verdict(at(6)).since, Some(at(5)), "down since it was first seen down");
}

#[test]
fn a_stale_reading_is_unknown_and_says_since_when() {
    let mut board = Board::new(&pack(&[("primary", "database")], &[]));
    board.apply(reading("primary", 0, Status::Ok, 1.0));
    assert_eq!(board.status(at(15)), Status::Ok);
    assert_eq!(board.status(at(16)), Status::Unknown, "even before a tick says so");
    let happenings = board.tick(at(16));
    let [Happening::Transition { to: Status::Unknown, summary, .. }] = happenings.as_slice() else {
        panic!("{happenings:?}")
    };
    assert_eq!(summary, "no reading for 16s");
    assert!(board.tick(at(17)).is_empty(), "said once");
    assert_eq!(board.probe("primary").unwrap().last_good().unwrap().at, at(0), "the last good one is kept");
}

#[test]
fn an_alert_fires_after_its_hold_time_and_clears_with_its_condition() {
    let mut board = Board::new(&pack(&[("primary", "database")], &[("probes.primary.value > 80", 60)]));
    assert_eq!(fired(&board.apply(reading("primary", 0, Status::Ok, 90.0))), 0);
    for second in (5..60).step_by(5) {
        assert_eq!(fired(&board.apply(reading("primary", second, Status::Ok, 90.0))), 0);
    }
    assert_eq!(fired(&board.tick(at(60))), 1, "time alone makes it fire");
    assert_eq!(fired(&board.apply(reading("primary", 61, Status::Ok, 90.0))), 0, "it fires once");
    let happenings = board.apply(reading("primary", 65, Status::Ok, 10.0));
    assert!(
        matches!(happenings.as_slice(), [Happening::AlertCleared { lasted, .. }] if *lasted == Duration::from_secs(65)),
        "{happenings:?}"
    );
}

#[test]
fn blindness_neither_fires_nor_clears_an_alert() {
    let rule = "probes.primary.value > 80";
    let mut board = Board::new(&pack(&[("primary", "database")], &[(rule, 0)]));
    assert_eq!(fired(&board.apply(reading("primary", 0, Status::Ok, 90.0))), 1);
    let mut blind = reading("primary", 5, Status::Unknown, 0.0);
    (blind.value, blind.unit) = (None, None);
    assert!(board.apply(blind).is_empty());
    assert_eq!(super::firing(board.alerts()).count(), 1);
    assert!(board.alerts()[0].blind.is_some());
}

#[test]
fn panels_and_components_can_be_asked_in_alert_rules() {
    let mut pack = pack(
        &[("a", "web"), ("b", "web")],
        &[("panels.web.down == panels.web.probes", 0), ("components.database.rpo_exposure_seconds > 60", 0)],
    );
    pack.components.push(Component {
        id: "database".to_owned(),
        title: "Database".to_owned(),
        tier: None,
        rto: None,
        rpo: Some(Duration::from_secs(30)),
        depends_on: vec![],
    });
    let mut board = Board::new(&pack);
    assert_eq!(fired(&board.apply(reading("a", 0, Status::Down, 1.0))), 0);
    assert_eq!(fired(&board.apply(reading("b", 1, Status::Down, 1.0))), 1);
    let mut copy = reading("a", 2, Status::Ok, 1.0);
    copy.exposure =
        Some(super::Exposure { source: "replica".to_owned(), loss: Duration::from_secs(20), verified: true });
    assert_eq!(fired(&board.apply(copy)), 0);
    let exposure = &board.exposures(at(32))[0];
    assert_eq!(exposure.loss, Some(Duration::from_secs(50)), "a copy ages after it was seen");
    assert!(exposure.breached());
    assert_eq!(fired(&board.tick(at(43))), 1);
}

#[test]
fn the_copy_that_loses_least_counts() {
    let mut pack = pack(&[("replica", "database"), ("backup", "backups")], &[]);
    pack.components.push(Component {
        id: "database".to_owned(),
        title: "Database".to_owned(),
        tier: None,
        rto: None,
        rpo: Some(Duration::from_secs(86_400)),
        depends_on: vec![],
    });
    let mut board = Board::new(&pack);
    for (probe, loss) in [("backup", 7200), ("replica", 3)] {
        let mut seen = reading(probe, 0, Status::Ok, 1.0);
        seen.exposure =
            Some(super::Exposure { source: probe.to_owned(), loss: Duration::from_secs(loss), verified: true });
        board.apply(seen);
    }
    let exposure = &board.exposures(at(1))[0];
    assert_eq!((exposure.loss, exposure.source.as_deref()), (Some(Duration::from_secs(4)), Some("replica")));
}

/// A board with a component that has an RPO, and what its probe saw: when, from how long before, verified.
fn with_copies(seen: &[(i64, u64, bool)]) -> Board {
    let mut pack = pack(&[("copy", "database")], &[]);
    pack.components.push(Component {
        id: "database".to_owned(),
        title: "Database".to_owned(),
        tier: None,
        rto: None,
        rpo: Some(Duration::from_secs(3600)),
        depends_on: vec![],
    });
    let mut board = Board::new(&pack);
    for (second, loss, verified) in seen {
        let mut seen = reading("copy", *second, Status::Ok, 1.0);
        let (source, loss) = ("copy".to_owned(), Duration::from_secs(*loss));
        seen.exposure = Some(super::Exposure { source, loss, verified: *verified });
        board.apply(seen);
    }
    board
}

#[test]
fn the_restore_point_is_the_newest_verified_one_from_before_the_failure() {
    let replica: Vec<(i64, u64, bool)> = (0..100).map(|look| (look * 5, 2, true)).collect();
    #[rustfmt::skip]
    let cases = [
        // What was seen, when it failed: the restore point.
        (&replica[..], 250, Some(248)),
        (&replica, 249, Some(248)),
        (&replica, 1000, Some(493)),
        (&replica, -10, None),
        // The second backup was made after the failure; the first was seen before.
        (&[(0, 600, true), (100, 20, true)], 50, Some(-600)),
        (&[(0, 600, true), (100, 20, true)], 80, Some(80)),
        (&[(100, 20, true)], 50, None),
        (&[(0, 600, false)], 50, None),
        (&[(0, 600, true), (100, 20, false)], 90, Some(-600)),
        (&[], 50, None),
    ];
    for (seen, failure, point) in cases {
        let found = with_copies(seen).restore_points(at(failure));
        assert_eq!(found[0].point, point.map(at), "{} looks, failed at {failure}", seen.len());
    }
}

#[test]
fn a_copy_that_is_not_verified_is_no_exposure() {
    let exposure = &with_copies(&[(0, 600, false)]).exposures(at(1))[0];
    assert_eq!((exposure.loss, exposure.unverified, exposure.breached()), (None, true, false));
    let exposure = &with_copies(&[(0, 600, true), (5, 10, false)]).exposures(at(10))[0];
    assert_eq!((exposure.loss, exposure.unverified), (Some(Duration::from_secs(610)), true));
}

fn status() -> impl Strategy<Value = Status> {
    (0usize..4).prop_map(|i| Status::ALL[i])
}

proptest! {
    #[test]
    fn a_down_is_never_hidden(statuses in proptest::collection::vec(status(), 3)) {
        let mut board = Board::new(&pack(&[("a", "p"), ("b", "p"), ("c", "p")], &[]));
        for (probe, status) in ["a", "b", "c"].iter().zip(&statuses) {
            board.apply(reading(probe, 0, *status, 1.0));
        }
        let panels = board.panels(at(1));
        prop_assert_eq!(panels[0].status, *statuses.iter().max().unwrap());
        prop_assert_eq!(panels[0].status == Status::Down, statuses.contains(&Status::Down));
        prop_assert_eq!(panels[0].probes[0].status(at(1)), panels[0].status, "the worst stands first");
    }

    #[test]
    fn a_stale_reading_never_shows_as_ok(
        readings in proptest::collection::vec((0i64..40, status()), 1..40),
        later in 0i64..100,
    ) {
        let mut board = Board::new(&pack(&[("a", "p")], &[]));
        let mut second = 0;
        for (gap, status) in &readings {
            second += gap;
            board.tick(at(second));
            board.apply(reading("a", second, *status, 1.0));
        }
        let now = at(second + later);
        if later > 15 {
            prop_assert_eq!(board.status(now), Status::Unknown);
        }
        board.tick(now);
        if later > 15 {
            prop_assert_eq!(board.panels(now)[0].status, Status::Unknown);
            prop_assert_eq!(board.probe("a").unwrap().raw_status(now), Status::Unknown);
        }
    }

    #[test]
    fn a_verdict_is_of_one_reading_and_what_says_otherwise_is_pending(
        readings in proptest::collection::vec((1i64..20, status()), 1..40),
        later in 0i64..30,
    ) {
        let mut board = Board::new(&pack(&[("a", "p")], &[]));
        let mut second = 0;
        for (count, (gap, status)) in readings.iter().enumerate() {
            second += gap;
            board.tick(at(second));
            let mut seen = reading("a", second, *status, f64::from(u32::try_from(count).unwrap()));
            seen.summary = format!("{status} of look {count}");
            board.apply(seen);
        }
        let now = at(second + later);
        let probe = board.probe("a").unwrap();
        let verdict = probe.verdict(now);
        let fresh = !probe.is_stale(now);
        prop_assert_eq!(verdict.status, probe.status(now));
        if let Some(of) = verdict.reading.filter(|_| fresh) {
            prop_assert_eq!(of.status, verdict.status);
            prop_assert_eq!(&probe.summary(now), &of.summary);
        }
        prop_assert_eq!(verdict.pending, probe.latest().filter(|last| fresh && last.status != verdict.status));
        if let Some(measured) = probe.measured(now) {
            prop_assert_ne!(measured.status, Status::Unknown);
            prop_assert!(verdict.status == Status::Unknown || measured.status == verdict.status);
        }
        prop_assert!(verdict.since.is_some_and(|since| since <= now));
    }

    #[test]
    fn transitions_form_a_chain(readings in proptest::collection::vec((0i64..20, status()), 1..60)) {
        let mut board = Board::new(&pack(&[("a", "p")], &[]));
        let mut second = 0;
        let mut last: Option<Status> = None;
        for (gap, status) in readings {
            second += gap;
            for happening in board.tick(at(second)).into_iter().chain(board.apply(reading("a", second, status, 1.0))) {
                if let Happening::Transition { from, to, .. } = happening {
                    prop_assert_eq!(from, last);
                    prop_assert_ne!(Some(to), last);
                    last = Some(to);
                }
            }
        }
    }

    #[test]
    fn history_is_bounded_and_in_order(count in 1usize..600) {
        let mut board = Board::new(&pack(&[("a", "p")], &[]));
        for i in 0..count {
            board.apply(reading("a", i64::try_from(i).unwrap(), Status::Ok, 1.0));
        }
        let history = board.probe("a").unwrap().history();
        prop_assert_eq!(history.len(), count.min(240));
        prop_assert!(history.iter().zip(history.iter().skip(1)).all(|(a, b)| a.at < b.at));
    }
}
