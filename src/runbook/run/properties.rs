//! What holds for the state of a run after any events whatever.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use proptest::prelude::*;

use super::{
    ActionOutcome, Ending, EventKind, Evidence, ExpectationResult, Mark, Mode, RunEvent, RunId, RunOutcome, RunState,
};
use crate::{ActionId, Risk, Runbook, SectionKind, Step, StepKind, parse};

/// Alternatives, undo, a remedy, a manual step, a verification and a rollback section.
const DOCUMENT: &str = r#"# A task

## Steps

### 1. Look
```bash
true
```
```bash {parallel}
true
```

**Expected Output:** two lines

**If it fails:**
```bash
uptime
```

**Rollback:**
```bash
false
```
```bash
false
```

### 2. By hand
- [ ] called
- [ ] written

### Option A: Restart
#### A1. Stop
```bash
touch x
```

### Option B: Fail over
#### B1. Promote
```bash
touch y
```

**Rollback:**
```bash
rm y
```

## Verification

### 1. It works
```bash
true
```

## Rollback

### 1. Back
```bash
rm -f x
```
"#;

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![
        4 => Just(Ending::Exited { code: 0 }),
        2 => Just(Ending::Exited { code: 1 }),
        1 => Just(Ending::Killed { signal: 9 }),
        1 => Just(Ending::TimedOut),
        1 => Just(Ending::Cancelled),
        1 => Just(Ending::NotStarted { why: "no".into() }),
        1 => Just(Ending::Unknown { why: "gone".into() }),
    ]
}

fn kind(document: &Runbook) -> impl Strategy<Value = EventKind> + use<> {
    let actions: Vec<ActionId> = document.steps().flat_map(Step::all_actions).map(|a| a.id.clone()).collect();
    let known = prop::sample::select(actions);
    let action = prop_oneof![9 => known, 1 => Just(ActionId("command/1".into()))];
    let step = prop::sample::select(document.steps().map(|step| step.id.clone()).collect::<Vec<_>>());
    let by_hand = document.steps().filter(|step| step.kind() == StepKind::Manual).map(|step| step.id.clone());
    let by_hand = prop::sample::select(by_hand.collect::<Vec<_>>());
    let group = document.steps().find_map(|step| step.option.as_ref()).map(|o| o.group.clone()).unwrap_or_default();
    let evidence = Evidence { sha256: "00".into(), bytes: 1, dropped_bytes: 0, file: "jobs/1/output".into() };
    let missed = prop::bool::weighted(0.2);
    prop_oneof![
        8 => (action.clone(), 1..4u32).prop_map(|(action, attempt)| EventKind::ActionIntended {
            job: format!("1-{}-{attempt}", action.0), action, attempt, risk: Risk::Change, lowered: None, external: false,
            command: "x".into(), place: vec!["host: a".into()],
        }),
        10 => (action.clone(), 1..4u32, ending(), missed, any::<bool>()).prop_map(|(action, attempt, ending, missed, late)| {
            let expected = if missed { vec![ExpectationResult::Missed { why: "other".into() }] } else { Vec::new() };
            let outcome = ActionOutcome { ending, duration_ms: 5, evidence: None, record: None, expected, captured: BTreeMap::new() };
            EventKind::ActionEnded { action, attempt, outcome, late }
        }),
        2 => (step.clone(), "[a-z]{1,5}").prop_map(|(step, reason)| EventKind::StepSkipped { step, reason }),
        2 => (step.clone(), "[a-z]{1,5}").prop_map(|(step, reason)| EventKind::FailureAccepted { step, reason }),
        2 => (by_hand, any::<bool>()).prop_map(|(step, ticked)| EventKind::StepTicked { step, ticked }),
        1 => (step.clone(), 0..3usize, any::<bool>()).prop_map(|(step, check, ticked)| EventKind::CheckTicked { step, check, ticked }),
        2 => "[ABC]".prop_map(move |key| EventKind::OptionChosen { group: group.clone(), key }),
        1 => prop::option::of(step).prop_map(|step| EventKind::RollbackStarted { step }),
        1 => ("[A-C]", prop::option::of("[a-z]{0,3}")).prop_map(|(name, value)| EventKind::VariableSet { name, value }),
        1 => action.prop_map(move |action| EventKind::PriorStateSaved { action, attempt: 1, what: "x".into(), evidence: evidence.clone() }),
    ]
}

fn events(document: &Runbook) -> impl Strategy<Value = Vec<RunEvent>> + use<> {
    let begun = EventKind::RunStarted {
        runbook: "task".into(),
        title: "A task".into(),
        file: "task.md".into(),
        digest: "00".into(),
        environment: "lab".into(),
        mode: Mode::Live,
        steps: Vec::new(),
        estimate_seconds: None,
        rto_seconds: None,
    };
    prop::collection::vec(kind(document), 0..60).prop_map(move |kinds| {
        let run = RunId("0190".into());
        let all = std::iter::once(begun.clone()).chain(kinds);
        let event = |(number, kind)| RunEvent {
            at: Timestamp::from_second(1_800_000_000 + number).unwrap_or_default(),
            by: "alice@bastion-1".into(),
            run: run.clone(),
            kind,
        };
        (0_i64..).zip(all).map(event).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// What was written down and read again is the state that was left.
    #[test]
    fn a_run_comes_back_exactly(events in events(&parse("task.md", DOCUMENT))) {
        let document = parse("task.md", DOCUMENT);
        let written: Vec<String> = events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
        let read: Vec<RunEvent> = written.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        prop_assert_eq!(&read, &events);
        prop_assert_eq!(RunState::fold(&read, &document), RunState::fold(&events, &document));
    }

    #[test]
    fn what_is_left_to_do_is_never_what_was_done(events in events(&parse("task.md", DOCUMENT))) {
        let document = parse("task.md", DOCUMENT);
        let state = RunState::fold(&events, &document);
        if let Some(next) = state.next_step(&document) {
            prop_assert!(!state.is_settled(&next.id));
            let dropped = next.option.as_ref().is_some_and(|o| state.is_dropped(&o.group, &o.key));
            prop_assert!(!dropped);
        }
    }

    /// Done is what succeeded: nothing failed, unknown, running or undone hides behind a mark.
    #[test]
    fn a_mark_says_no_more_than_the_attempts(events in events(&parse("task.md", DOCUMENT))) {
        let document = parse("task.md", DOCUMENT);
        let state = RunState::fold(&events, &document);
        for step in document.steps().filter(|step| step.kind() == StepKind::Executable) {
            let all = step.actions.iter().all(|action| state.has_succeeded(&action.id));
            let any = step.actions.iter().any(|action| state.has_succeeded(&action.id));
            match state.mark(&step.id) {
                Mark::Done => prop_assert!(all && state.due_check(step).is_none(), "{} is done", step.title),
                Mark::RolledBack => prop_assert!(!any, "{} is rolled back", step.title),
                Mark::Running => prop_assert!(step.all_actions().any(|a| state.all_running().any(|(id, _)| *id == a.id))),
                _ => {}
            }
        }
    }

    #[test]
    fn a_run_is_completed_only_when_all_was_done_or_left_out_or_accepted_and_verified(events in events(&parse("task.md", DOCUMENT))) {
        let document = parse("task.md", DOCUMENT);
        let state = RunState::fold(&events, &document);
        if state.outcome(&document) == Some(RunOutcome::Completed) {
            prop_assert!(!state.rolling_back);
            let mut accepted = 0;
            for step in state.counted(&document) {
                let mark = state.mark(&step.id);
                prop_assert!(matches!(mark, Mark::Done | Mark::Skipped | Mark::Accepted), "{}: {mark:?}", step.title);
                accepted += usize::from(mark == Mark::Accepted);
            }
            let remark = state.remark(&document);
            prop_assert_eq!(remark.is_some(), accepted > 0);
            prop_assert!(remark.is_none_or(|remark| remark.contains(&accepted.to_string())));
            for step in document.steps_of(SectionKind::Verification) {
                prop_assert_eq!(state.mark(&step.id), Mark::Done);
            }
        }
    }

    /// Switching to another alternative is refused while what the chosen one changed stands.
    #[test]
    fn two_alternatives_do_not_stand_together(events in events(&parse("task.md", DOCUMENT))) {
        let document = parse("task.md", DOCUMENT);
        let state = RunState::fold(&events, &document);
        let Some(group) = document.steps().find_map(|step| step.option.as_ref()).map(|o| o.group.clone()) else {
            return Err(TestCaseError::fail("the document has no alternatives"));
        };
        let Some(chosen) = state.chosen(&group) else { return Ok(()) };
        let other = if chosen == "A" { "B" } else { "A" };
        let stands = document
            .steps()
            .filter(|step| step.option.as_ref().is_some_and(|o| o.key == chosen))
            .any(|step| matches!(state.mark(&step.id), Mark::Running | Mark::Done | Mark::Unknown | Mark::Accepted));
        prop_assert_eq!(state.committed(&document, &group, other).is_some(), stands);
    }

    #[test]
    fn time_taken_is_what_the_attempts_took(events in events(&parse("task.md", DOCUMENT))) {
        let document = parse("task.md", DOCUMENT);
        let state = RunState::fold(&events, &document);
        for step in document.steps() {
            let ended = step.actions.iter().filter(|a| state.attempt(&a.id).is_some_and(|t| t.outcome.is_some())).count();
            let took = state.took(step.actions.iter().map(|action| &action.id));
            let expected = (ended > 0).then(|| Duration::from_millis(5) * u32::try_from(ended).unwrap_or(0));
            prop_assert_eq!(took, expected);
        }
    }
}
