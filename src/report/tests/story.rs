//! The draft of the post-mortem, and the numbers behind it.

use super::*;

/// The rows of a table, each as one text.
fn rows(table: &[Vec<String>]) -> Vec<String> {
    table.iter().map(|row| row.join(" | ")).collect()
}

#[test]
fn the_postmortem_has_every_section_of_the_template() {
    let rendered = Rendered::of(&story().with(Some(&pack()), postmortem));
    let sections = [
        "Executive Summary",
        "Timeline",
        "Impact",
        "Root Cause",
        "Detection",
        "Resolution",
        "What Went Well",
        "What Didn't Go Well",
        "Lessons Learned",
        "Action Items",
        "Prevention",
    ];
    let mut found = rendered.headings.iter();
    for section in sections {
        assert!(found.any(|heading| heading == section), "{section} after the one before, in {:?}", rendered.headings);
    }
    assert_eq!(rendered.headings[0], "Post-Mortem: Replica lag makes checkout answer 500");
    assert!(rendered.text.matches("To be written: ").count() >= 9, "{}", rendered.text);
}

#[test]
fn the_postmortem_is_filled_from_the_journal() {
    let rendered = Rendered::of(&story().with(Some(&pack()), postmortem));
    let points = rows(rendered.table(&["Time (UTC)", "Event", "After detection"]));
    let expected = [
        "03:12:00 | Incident detected | ",
        "03:14:00 | Incident declared | 2 min",
        "03:16:00 | Team assembled (inferred: first role taken) | 4 min",
        "03:30:00 | Root cause identified | 18 min",
        "03:47:00 | Fix deployed (inferred: phase monitoring) | 35 min",
        "04:03:00 | Service restored | 51 min",
        "04:10:00 | Incident resolved | 58 min",
        "04:15:00 | Incident closed | 1 h 3 min",
    ];
    assert_eq!(points, expected);

    let head = ["Component", "RTO", "Recovered in", "RTO is", "RPO", "Exposed at failure", "RPO is"];
    let recovery = rows(rendered.table(&head));
    let expected = [
        "Database | 4 h | 51 min | met | 4 h | 30 s (restored to 03:12:00) | met",
        "Public API | 30 min | 51 min | missed | none | not recorded | —",
    ];
    assert_eq!(recovery, expected);

    let updates = rows(rendered.table(&["Audience", "Wanted", "Updates (UTC)", "First", "Punctuality"]));
    let late = "Customers | within 15 min, then every 30 min | 03:22:00, 04:00:00 | after 10 min | 1 on time, 1 late (at most 8 min late)";
    assert_eq!(updates, [late]);
    let escalations = rows(rendered.table(&["Who", "After", "Due (UTC)", "Result", "By"]));
    assert_eq!(escalations, ["cto | 30 min | 03:42:00 | told 03:44:00 | alice@bastion-1"]);

    let items = rows(rendered.table(&["Action", "Owner", "Due date", "Status"]));
    assert_eq!(items, ["Alert on the replica's disk | dave | 2026-02-01 | open"]);
    let roles = rows(rendered.table(&["Role", "Who", "From (UTC)", "To (UTC)", "Held for"]));
    assert_eq!(roles[0], "Incident Commander | alice | 03:16:00 | — | 54 min");
    for fact in
        ["4 % of checkouts", "30 seconds of carts", "The replica's disk is full (bob@bastion-2)", "alert replica-lag"]
    {
        assert!(rendered.text.contains(fact), "{fact} in {}", rendered.text);
    }
    assert!(!rendered.text.contains("Users Affected: how many"), "what is known is not asked for");
    assert!(rendered.text.contains("Revenue Impact: what it cost"));
}

#[test]
fn steps_are_compared_with_what_the_runbook_says() {
    let rendered = Rendered::of(&story().with(Some(&pack()), postmortem));
    let durations = rows(rendered.table(&["Step", "Begun (UTC)", "Estimated", "Took", "Against the estimate"]));
    let expected = [
        "1 Assess replication | 03:33:00 | 1 min | 12 s | 48 s shorter",
        "2 Drop the slot | 03:36:00 | 1 min | 1 min 35 s | failed",
        "3 Restart the replica | 03:41:00 | 5 min | 4 min | 1 min shorter",
        "The whole run | 03:32:00 | 10 min | 14 min | 4 min longer",
    ];
    assert_eq!(durations, expected);
    assert!(rendered.text.contains("2 Drop the slot failed with exit code 3"), "{}", rendered.text);
}

#[test]
fn a_run_of_an_older_journal_is_told_by_the_ids_of_its_steps() {
    let old = r#"{"type":"run","version":1,"run":"run-1","event":"run_started","runbook":"r","title":"Replica","file":"r.md",
        "digest":"cd","environment":"production","mode":"live"}"#;
    let mut journal = Journal::default();
    journal.say(14 * 60, "alice@bastion-1", declared("Long ago"));
    journal.write(32 * 60, "alice@bastion-1", &serde_json::from_str::<serde_json::Value>(old).unwrap());
    journal.act(33 * 60, "assess-replication/1", 12, Ending::Exited { code: 0 }, "ok\n");
    let rendered = Rendered::of(&journal.with(Some(&pack()), postmortem));
    assert!(rendered.text.contains("runbook begun: Replica"), "{}", rendered.text);
    assert!(rendered.text.contains("holds no estimates"), "{}", rendered.text);
    let steps = rendered.table(&["Time (UTC)", "Step", "Risk", "Who", "Took", "Result", "Notes"]);
    assert_eq!(steps[0][1], "assess-replication/1");
}

#[test]
fn a_root_cause_that_was_taken_back_does_not_count() {
    let mut journal = Journal::default();
    journal.say(14 * 60, "alice@bastion-1", declared("Wrong at first"));
    journal.phase(20 * 60, Phase::Identified);
    journal.phase(25 * 60, Phase::Investigating);
    assert_eq!(journal.with(None, |source| metrics(source.state).identify), None);
    journal.phase(40 * 60, Phase::Identified);
    let identify = journal.with(None, |source| metrics(source.state).identify);
    assert_eq!(identify, Some(jiff::SignedDuration::from_mins(28)));
}

#[test]
fn an_update_that_was_due_and_never_sent_is_said() {
    let mut journal = Journal::default();
    journal.say(14 * 60, "alice@bastion-1", declared("Nobody was told"));
    journal.note(60 * 60, NoteKind::Note, "still at it");
    let rendered = Rendered::of(&journal.with(Some(&pack()), postmortem));
    let updates = rendered.table(&["Audience", "Wanted", "Updates (UTC)", "First", "Punctuality"]);
    assert_eq!(updates[0][2..], ["none", "—", "one due and not sent (at most 33 min late)"]);
    let escalations = rendered.table(&["Who", "After", "Due (UTC)", "Result", "By"]);
    assert_eq!(escalations[0][3], "not recorded");
}

#[test]
fn an_escalation_is_late_after_the_time_that_its_clock_allows() {
    for (minute, said) in [(46, "told 03:46:00"), (50, "told 03:50:00, 8 min late")] {
        let mut journal = Journal::default();
        journal.say(14 * 60, "alice@bastion-1", declared("Long"));
        let told = IncidentEvent::Escalated { to: "cto".to_owned(), after_seconds: 1800, dismissed_because: None };
        journal.say(minute * 60, "alice@bastion-1", told);
        let rendered = Rendered::of(&journal.with(Some(&pack()), postmortem));
        assert_eq!(rendered.table(&["Who", "After", "Due (UTC)", "Result", "By"])[0][2..4], ["03:42:00", said]);
    }
}

#[test]
fn what_was_asked_for_again_is_judged_from_then() {
    let mut journal = Journal::default();
    let alice = "alice@bastion-1";
    journal.say(14 * 60, alice, declared("Opened again"));
    let update = || IncidentEvent::UpdateSent { audience: "customers".to_owned(), channel: None, text: "x".to_owned() };
    journal.say(20 * 60, alice, update());
    journal.phase(30 * 60, Phase::Resolved);
    journal.phase(300 * 60, Phase::Investigating);
    journal.say(325 * 60, alice, update());
    journal.phase(327 * 60, Phase::Resolved);
    let rendered = Rendered::of(&journal.with(Some(&pack()), postmortem));
    let updates = rendered.table(&["Audience", "Wanted", "Updates (UTC)", "First", "Punctuality"]);
    assert_eq!(updates[0][4], "2 on time");
    assert!(!rendered.headings.contains(&"Escalations".to_owned()), "none was due before it was resolved");
}

#[test]
fn what_was_wrong_before_the_declaration_is_told_at_its_time() {
    let mut journal = Journal::default();
    journal.say(14 * 60, "alice@bastion-1", declared("Found out late"));
    let event = |minute: i64| IncidentEvent::ProbeChanged {
        probe: "replication".to_owned(),
        component: None,
        from: None,
        to: Status::Down,
        summary: "lag 41 s".to_owned(),
        since: Some(at(minute * 60)),
    };
    journal.say(14 * 60 + 1, "alice@bastion-1", event(13));
    let rendered = Rendered::of(&journal.with(Some(&pack()), postmortem));
    assert!(rendered.text.contains("replication down, 03:13:00: lag 41 s"), "{}", rendered.text);
    let key = rendered.table(&["Time (UTC)", "Who", "Kind", "What"]);
    assert_eq!(key[0][0], "03:13:00", "before the declaration");
    assert_eq!(key[0][3], "replication down: lag 41 s (written 03:14:01)");
}

#[test]
fn a_role_is_held_until_somebody_takes_it_or_it_is_given_back() {
    let mut journal = Journal::default();
    journal.say(14 * 60, "alice@bastion-1", declared("Hand-over"));
    let taken = |who: &str| IncidentEvent::RoleTaken { role: "commander".to_owned(), who: who.to_owned() };
    journal.say(15 * 60, "alice@bastion-1", taken("alice"));
    journal.say(45 * 60, "bob@bastion-2", taken("bob"));
    let back = IncidentEvent::RoleReleased { role: "commander".to_owned(), who: "bob".to_owned() };
    journal.say(50 * 60, "bob@bastion-2", back);
    let rendered = Rendered::of(&journal.with(Some(&pack()), markdown));
    let roles = rows(rendered.table(&["Role", "Who", "From (UTC)", "To (UTC)", "Held for"]));
    let expected = [
        "Incident Commander | alice | 03:15:00 | 03:45:00 | 30 min",
        "Incident Commander | bob | 03:45:00 | 03:50:00 | 5 min",
    ];
    assert_eq!(roles, expected);
}
