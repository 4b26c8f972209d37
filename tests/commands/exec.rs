//! A command of no runbook, with the rules of a step.

use serde_json::Value;

use crate::home::Home;

#[test]
fn a_command_goes_through_the_gate_and_into_a_run() {
    let home = Home::new();
    let read = home.run(&["exec", "--", "echo", "two  words", "$HOME"]);
    assert!(read.code == 0 && read.out.contains("two  words $HOME"), "{read:?}");
    let shell = home.run(&["exec", "echo one | tr a-z A-Z"]);
    assert!(shell.code == 0 && shell.out.contains("ONE"), "{shell:?}");
    assert_eq!(home.run(&["exec", "false"]).code, 1);
    let asked = home.run(&["exec", "--", "touch", "mark"]);
    assert!(asked.code == 4 && asked.err.contains("touch mark is change"), "{asked:?}");
    let refused = home.run(&["--read-only", "exec", "--confirm", "destructive", "touch mark"]);
    assert!(refused.code == 5 && !home.path("mark").exists(), "{refused:?}");
    let done = home.run(&["exec", "--confirm", "change", "--json", "--", "touch", "mark"]);
    assert!(done.code == 0 && home.path("mark").exists(), "{done:?}");
    let events: Vec<Value> = done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let command = events.iter().find(|event| event["event"] == "action_intended").unwrap();
    assert_eq!((&command["command"], &command["risk"]), (&"touch mark".into(), &"change".into()));
    assert_eq!(
        (&events.last().unwrap()["event"], &events.last().unwrap()["outcome"]),
        (&"run_ended".into(), &"completed".into())
    );
    // No run stays open in the list, whatever came of the command.
    let runs = std::fs::read_dir(home.path(".local/state/warroom/runs")).unwrap();
    for run in runs.map(|entry| entry.unwrap().path().join("events.jsonl")) {
        let text = std::fs::read_to_string(&run).unwrap();
        assert!(text.lines().last().unwrap().contains("run_ended"), "{text}");
    }
}

#[test]
fn a_command_belongs_to_an_incident() {
    let home = Home::new();
    let declared = home.run(&["incident", "declare", "--title", "It is slow", "--severity", "P2"]);
    let id = declared.out.trim().to_owned();
    assert_eq!(home.run(&["exec", "--incident", &id, "uptime"]).code, 0);
    let shown = home.run(&["incident", "show"]).out;
    assert!(shown.contains("uptime succeeded in") && !shown.contains("command/1"), "{shown}");
}

#[test]
fn a_sweep_goes_into_a_file_that_is_whole_at_every_moment() {
    let home = Home::new();
    home.pack("shop", "[[probes]]\nid = \"web\"\nkind = \"tcp\"\naddress = \"127.0.0.1:1\"\n");
    let run = home.run(&["sweep", "--json", "-o", "sweep.json"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
    let seen: Value = serde_json::from_str(&std::fs::read_to_string(home.path("sweep.json")).unwrap()).unwrap();
    assert_eq!(seen["probes"][0]["id"], "web");
    assert_eq!(serde_json::from_str::<Value>(&home.run(&["sweep", "--json"]).out).unwrap()["status"], "down");
    let nowhere = home.run(&["sweep", "-o", "none/sweep"]);
    assert!(nowhere.code == 1 && nowhere.err.contains("cannot write none/sweep"), "{nowhere:?}");
    assert_eq!(home.run(&["--read-only", "sweep", "-o", "other"]).code, 5);
    let left: Vec<_> = std::fs::read_dir(home.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".sweep-")), "{left:?}");
}
