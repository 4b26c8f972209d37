//! The mode of a run follows from pack, environment and incident, whichever front end it is run in: nothing is started on a
//! simulated platform, and no exercise changes what is protected.

use std::fs;

use serde_json::Value;

use crate::{
    hands::{agree, go_to, pick, run},
    lab::{
        Desk,
        desk::{stderr, stdout},
        key,
    },
};

const RUNBOOK: &str = r#"# Tidy up

## Steps

### 1. Look
```bash
echo looked
```

### 2. Mark
```bash
touch "$DIR/mark"
```
"#;

const SEVERITY: &str = "\n[[severities]]\nlevel = \"P1\"\ntitle = \"A part is down\"\n";

const SIMULATED: &str = "\n[[probes]]\nid = \"site\"\nkind = \"simulated\"\nscenario = \"calm\"\n";

const CALM: &str = "[scenario]\nid = \"calm\"\ntitle = \"Calm\"\nduration = \"1m\"\n\n[probes.site]\nstatus = \"ok\"\nsummary = \"calm\"\n";

/// Where a step is to be run, and what has to come of it.
struct Case {
    protected: bool,
    simulated: bool,
    /// The incident is declared as an exercise; none is open otherwise.
    drill: bool,
    /// The end of the refusal; `None` when the step runs.
    refused: Option<&'static str>,
    /// How the run is marked.
    mode: &'static str,
}

const CASES: [Case; 4] = [
    Case { protected: false, simulated: false, drill: false, refused: None, mode: "live" },
    Case { protected: false, simulated: false, drill: true, refused: None, mode: "drill" },
    Case {
        protected: true,
        simulated: false,
        drill: true,
        refused: Some("this is a drill and the environment is protected"),
        mode: "drill",
    },
    Case {
        protected: false,
        simulated: true,
        drill: false,
        refused: Some("this platform is simulated"),
        mode: "drill",
    },
];

impl Case {
    fn desk(&self) -> Desk {
        let desk = Desk::new(&format!("protected = {}", self.protected), RUNBOOK);
        let folder = desk.folder.path().display();
        let vars = format!("vars = {{ DIR = \"{folder}\" }}\n{SEVERITY}");
        let desk = desk.with_pack(&(vars + if self.simulated { SIMULATED } else { "" }));
        fs::create_dir(desk.path("desk/drills")).unwrap();
        fs::write(desk.path("desk/drills/calm.toml"), CALM).unwrap();
        if self.drill {
            let declared = desk.run(&["incident", "declare", "--title", "Exercise", "--severity", "P1", "--drill"]);
            assert!(declared.status.success(), "{}", stderr(&declared));
        }
        desk
    }

    /// What has to be true afterwards, whoever ran it.
    fn check(&self, desk: &Desk) {
        assert_eq!(desk.path("mark").exists(), self.refused.is_none());
        let begun = begun(desk);
        // Nothing is begun where not even a look is allowed.
        assert!(begun.iter().all(|event| event["mode"] == self.mode), "{begun:#?}");
        assert!(self.simulated || begun.len() == 1, "{begun:#?}");
    }
}

/// The beginnings of runs, in the journal of the incident or in logs of their own.
fn begun(desk: &Desk) -> Vec<Value> {
    let folders = ["data/runs", "data/incidents"].map(|name| desk.path(name));
    let files = folders
        .iter()
        .flat_map(|folder| files_below(folder))
        .filter(|path| path.extension().is_some_and(|e| e == "jsonl"));
    let lines = files.flat_map(|file| {
        let text = fs::read_to_string(file).unwrap();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    });
    // A line of an incident's journal has it inside.
    let events = lines.map(|line| if line["event"].is_object() { line["event"].clone() } else { line });
    events.filter(|event| event["event"] == "run_started").collect()
}

/// The id of the only incident.
fn incident(desk: &Desk) -> Option<String> {
    let listed: Value = serde_json::from_str(&stdout(&desk.run(&["incident", "list", "--json"]))).unwrap();
    listed[0]["id"].as_str().map(str::to_owned)
}

/// The files below a folder.
fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] })
        .collect()
}

#[test]
fn the_command_line_runs_what_the_mode_allows() {
    for case in CASES {
        let desk = case.desk();
        let mut arguments = vec!["runbook", "run", "task", "--confirm", "destructive"];
        let id = incident(&desk);
        if let Some(id) = &id {
            arguments.extend(["--incident", id]);
        }
        let done = desk.run(&arguments);
        let said = stdout(&done) + &stderr(&done);
        match case.refused {
            Some(why) => assert!(said.contains(why) && done.status.code() == Some(4), "{said}"),
            None => assert!(done.status.success(), "{said}"),
        }
        assert_eq!(said.contains("Tidy up (DRILL)"), case.mode == "drill", "{said}");
        case.check(&desk);
    }
}

#[test]
fn the_console_runs_what_the_mode_allows() {
    for case in CASES {
        let desk = case.desk();
        let terminal = desk.options(&[]).size(120, 40).start();
        if case.drill {
            terminal.wait_for("An incident is open");
            terminal.wait_for("P1 DRILL: Exercise is open, declared by");
            terminal.keys(key::ENTER);
            // The badge in the top bar.
            terminal.wait_for("P1  DRILL ");
        }
        pick(&terminal, "Tidy up");
        match case.refused {
            None => {
                run(&terminal, "Look", "✔");
                run(&terminal, "Mark", "✔");
            }
            Some(why) => {
                if !case.simulated {
                    run(&terminal, "Look", "✔");
                }
                go_to(&terminal, "Mark");
                terminal.keys(key::ENTER);
                terminal.wait_until("it is refused", |screen| {
                    screen.split_whitespace().collect::<Vec<_>>().join(" ").contains(&why[..20])
                });
            }
        }
        drop(terminal);
        case.check(&desk);
    }
}

#[test]
fn a_question_in_an_exercise_says_that_it_is_one() {
    let case = &CASES[1];
    let desk = case.desk();
    let terminal = desk.options(&[]).size(120, 40).start();
    terminal.wait_for("An incident is open");
    terminal.keys(key::ENTER);
    pick(&terminal, "Tidy up");
    go_to(&terminal, "Mark");
    terminal.keys(key::ENTER);
    terminal.wait_for("DRILL: this is an exercise. Steps run for real");
    agree(&terminal);
    terminal.wait_for("✔ 2 Mark");
    drop(terminal);
    let listed = desk.run(&["incident", "list"]);
    assert!(stdout(&listed).contains("DRILL: Exercise"), "{}", stdout(&listed));
    let id = incident(&desk).unwrap();
    for arguments in [&["show"][..], &["export"], &["export", "--format", "csv"], &["export", "--format", "html"]] {
        // An exercise is never meant without its id.
        let unnamed = desk.run(&[&["incident"], arguments].concat());
        assert!(stderr(&unnamed).contains(&format!("give an ID (open: {id} DRILL)")), "{}", stderr(&unnamed));
        let shown = desk.run(&[&["incident"], arguments, &[&id]].concat());
        assert!(stdout(&shown).contains("DRILL"), "{arguments:?}: {}{}", stdout(&shown), stderr(&shown));
    }
}

#[test]
fn a_sweep_of_a_simulated_platform_says_so() {
    let desk = CASES[3].desk();
    assert!(stdout(&desk.run(&["sweep"])).contains("SIMULATED: 1 ok"));
    let json: Value = serde_json::from_str(&stdout(&desk.run(&["sweep", "--format", "json"]))).unwrap();
    assert_eq!(json["simulated"], true);
    assert!(stdout(&desk.run(&["sweep", "--format", "junit"])).contains("SIMULATED"));
    assert!(stdout(&desk.run(&["sweep", "--format", "prometheus"])).contains("simulated=\"true\""));
}

#[test]
fn a_command_of_no_runbook_is_called_by_its_text() {
    let desk = CASES[1].desk();
    let terminal = desk.options(&[]).size(120, 40).start();
    terminal.wait_for("An incident is open");
    terminal.keys(key::ENTER);
    terminal.wait_for("P1  DRILL ");
    terminal.keys("!");
    terminal.wait_for("Run a command");
    terminal.keys("printf 'mine-%s\\n' ran");
    terminal.keys(key::ENTER);
    agree(&terminal);
    terminal.wait_for("mine-ran");
    drop(terminal);
    for format in ["md", "csv", "postmortem"] {
        let text = stdout(&desk.run(&["incident", "export", "--format", format, &incident(&desk).unwrap()]));
        assert!(text.contains("printf 'mine-%s") && !text.contains("command/1"), "{format}: {text}");
    }
}
