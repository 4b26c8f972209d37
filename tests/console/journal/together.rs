//! Two people at one incident: consoles of their own under Unix users of their own, in one data directory.

use std::{
    fs,
    net::TcpListener,
    time::{Duration, Instant},
};

use super::{declare, desk, exported, holds, note, resume};
use crate::{
    hands::{agree, choose, go_to, pick, run, wanted_name},
    lab::{
        Desk, Terminal, key,
        users::{User, Users},
    },
};

/// What one does appears in the other's console within this time.
const SOON: Duration = Duration::from_secs(1);

/// A desk that a group shares, and its people.
struct Bridge {
    desk: Desk,
    users: Users,
    _listener: TcpListener,
}

impl Bridge {
    fn new() -> Option<Bridge> {
        let users = Users::new()?;
        let (desk, listener) = desk("protected = true");
        users.share(&desk);
        Some(Bridge { desk, users, _listener: listener })
    }

    fn console(&self, user: &User, more: &[&str]) -> Terminal {
        user.console(&self.desk, more).size(120, 40).start()
    }

    /// Alice's console with an incident that she has declared, and Bob's with the same.
    fn consoles(&self) -> (Terminal, Terminal) {
        let alice = self.console(&self.users.alice, &[]);
        declare(&alice, "Two of us");
        let bob = self.console(&self.users.bob, &[]);
        resume(&bob);
        alice.wait_for("+1 here");
        bob.wait_for("+1 here");
        (alice, bob)
    }
}

/// Wants the destructive step run, and is told that it takes a second person.
fn ask_to_destroy(console: &Terminal) {
    go_to(console, "Destroy");
    console.keys(key::ENTER);
    console.wait_for(" to run this.");
    console.keys(&wanted_name(&console.contents()).unwrap());
    console.keys(key::ENTER);
    console.wait_for("Waiting for a second person");
}

#[test]
fn what_one_does_appears_at_the_other_within_a_second_and_neither_writes_in_the_others_name() {
    let Some(bridge) = Bridge::new() else { return };
    let (alice, bob) = bridge.consoles();
    let begun = Instant::now();
    note(&alice, "seen by alice");
    bob.wait_for("seen by alice");
    // Typing and looking included.
    assert!(begun.elapsed() < SOON + SOON, "{:?}", begun.elapsed());
    note(&bob, "answered by bob");
    alice.wait_for("answered by bob");

    let incident = fs::read_dir(bridge.desk.path("data/incidents")).unwrap().next().unwrap().unwrap().path();
    let logs = incident.join("log");
    let of_alice = fs::read_dir(&logs).unwrap().map(|entry| entry.unwrap().path());
    let of_alice = of_alice.into_iter().find(|log| log.to_string_lossy().contains("alice")).unwrap();
    let of_alice = of_alice.display();
    for deed in [
        format!("echo x >> {of_alice}"),
        format!(": > {of_alice}"),
        format!("rm -f {of_alice}"),
        format!("mv {of_alice} {of_alice}.old"),
    ] {
        assert!(!bridge.users.bob.shell(&deed).status.success(), "{deed}");
    }
    assert!(bridge.users.bob.shell(&format!("cat {of_alice}")).status.success());
    assert!(!bridge.users.mallory.shell(&format!("cat {of_alice}")).status.success());
    assert!(!bridge.users.mallory.shell(&format!("ls {}", logs.display())).status.success());

    // Who leaves is gone.
    drop(bob);
    alice.wait_until_gone("+1 here");
    let exported = exported(|more| bridge.users.alice.run(&bridge.desk, more));
    assert!(holds(&exported, "seen by alice") && holds(&exported, "answered by bob"));
    assert_eq!(bridge.users.bob.run(&bridge.desk, &["incident", "verify"]).status.code(), Some(0));
}

#[test]
fn the_second_person_agrees_in_a_console_of_their_own() {
    let Some(bridge) = Bridge::new() else { return };
    let (alice, bob) = bridge.consoles();
    let ask = || {
        ask_to_destroy(&alice);
        bob.wait_for("S look at it");
        assert!(bridge.desk.path("work/victim").exists(), "one person's word is not enough");
        bob.keys("S");
        bob.wait_for("A second person is asked for");
        bob.wait_for("rm -r victim");
    };
    pick(&alice, "Tidy up");
    ask();
    choose(&bob, "refuse");
    alice.wait_for("did not agree");
    assert!(bridge.desk.path("work/victim").exists());
    alice.wait_until_gone("Waiting for a second person");

    ask();
    choose(&bob, "agree");
    alice.wait_for("✔ 4 Destroy");
    assert!(!bridge.desk.path("work/victim").exists());
    bob.wait_until_gone("S look at it");
    let exported = exported(|more| bridge.users.alice.run(&bridge.desk, more));
    assert!(holds(&exported, "agreed to"), "{exported:#}");
}

#[test]
fn alices_own_second_console_is_no_second_person() {
    let Some(bridge) = Bridge::new() else { return };
    let alice = bridge.console(&bridge.users.alice, &[]);
    declare(&alice, "Alone");
    pick(&alice, "Tidy up");
    ask_to_destroy(&alice);
    let shown = bridge.users.alice.run(&bridge.desk, &["incident", "second"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("rm -r victim"), "{shown}");
    let question = shown.split("--agree ").nth(1).unwrap().split('`').next().unwrap();
    let refused = bridge.users.alice.run(&bridge.desk, &["incident", "second", "--agree", question]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("the second person is somebody else"), "{refused:?}");
    // Nor is somebody who only says to be somebody else.
    let carol = bridge.users.alice.posing_as("carol");
    carol.run(&bridge.desk, &["incident", "second", "--agree", question]);
    alice.wait_for("that is no second person");
    assert!(bridge.desk.path("work/victim").exists());
    // A reason does without one.
    alice.keys("nobody else is awake");
    alice.keys(key::ENTER);
    alice.wait_for("✔ 4 Destroy");
    assert!(!bridge.desk.path("work/victim").exists());
}

#[test]
fn a_run_is_taken_over_and_its_first_console_lets_go() {
    let Some(bridge) = Bridge::new() else { return };
    let (alice, bob) = bridge.consoles();
    pick(&alice, "Tidy up");
    run(&alice, "Look", "✔");
    go_to(&alice, "Wait");
    alice.keys(key::ENTER);
    agree(&alice);
    alice.wait_for("│ waiting");
    bob.keys("o");
    bob.wait_for("Tidy up");
    bob.wait_for("by alice@");
    bob.keys("alice");
    bob.keys(key::ENTER);
    bob.wait_for("The run is open in another console");
    choose(&bob, "take over");
    bob.wait_for("▶ 3 Wait");
    alice.wait_for("has taken this run over");
    alice.wait_for("No runbook is open.");
    fs::write(bridge.desk.path("work/go"), "").unwrap();
    bob.wait_for("✔ 3 Wait");
    let exported = exported(|more| bridge.users.bob.run(&bridge.desk, more));
    assert!(holds(&exported, "works on"), "{exported:#}");
}

#[test]
fn a_run_whose_console_is_gone_goes_on_in_another() {
    let Some(bridge) = Bridge::new() else { return };
    let (alice, bob) = bridge.consoles();
    pick(&alice, "Tidy up");
    run(&alice, "Look", "✔");
    drop(alice);
    bob.wait_until_gone("+1 here");
    bob.keys("o");
    bob.wait_for("by alice@");
    bob.keys("alice");
    bob.keys(key::ENTER);
    bob.wait_for("✔ 1 Look");
    // What comes into the journal after that says nothing of Alice.
    note(&bob, "I go on with it");
    bob.wait_for("I go on with it");
    run(&bob, "Mark", "✔");
    assert!(bridge.desk.path("work/mark").exists());
    let exported = exported(|more| bridge.users.bob.run(&bridge.desk, more));
    assert!(holds(&exported, "works on 2 Mark"), "{exported:#}");
}

#[test]
fn a_run_without_a_console_asks_the_others_in_theirs() {
    let Some(bridge) = Bridge::new() else { return };
    let (alice, bob) = bridge.consoles();
    drop(alice);
    fs::write(bridge.desk.path("work/go"), "").unwrap();
    let incident = fs::read_dir(bridge.desk.path("data/incidents")).unwrap().next().unwrap().unwrap().file_name();
    let incident = incident.to_string_lossy().into_owned();
    let command = ["runbook", "run", "task", "--incident", incident.as_str(), "--confirm", "destructive"];
    let run = bridge.console(&bridge.users.alice, &command);
    run.wait_for("Waiting for a second person");
    bob.wait_for("S look at it");
    bob.keys("S");
    bob.wait_for("rm -r victim");
    // With what the command is given: the text alone does not say which folder.
    bob.wait_for("$DIR: ");
    choose(&bob, "agree");
    bob.wait_until_gone("S look at it");
    crate::lab::wait_until("the step has run", Duration::from_secs(20), || !bridge.desk.path("work/victim").exists());
}

#[test]
fn who_only_looks_on_leaves_nothing_but_their_presence() {
    let Some(bridge) = Bridge::new() else { return };
    let alice = bridge.console(&bridge.users.alice, &[]);
    declare(&alice, "Watched");
    let bob = bridge.console(&bridge.users.bob, &["--read-only"]);
    resume(&bob);
    alice.wait_for("+1 here");
    note(&alice, "go on looking");
    bob.wait_for("go on looking");
    for key in ["a", "P", "D", "S"] {
        bob.keys(key);
        bob.wait_for("read-only:");
        assert!(!bob.contents().contains("say it"), "{}", bob.contents());
    }
    drop(bob);
    alice.wait_until_gone("+1 here");
    let exported = exported(|more| bridge.users.alice.run(&bridge.desk, more));
    let timeline = exported["timeline"].as_array().unwrap().iter();
    let own: Vec<_> = timeline.filter(|entry| entry["by"].as_str().unwrap_or_default().starts_with("bob")).collect();
    let categories: Vec<_> = own.iter().map(|entry| entry["category"].as_str().unwrap()).collect();
    assert!(categories.iter().all(|category| ["people", "journal"].contains(category)), "{own:#?}");
}
