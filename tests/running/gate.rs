//! What stops a step before anything of it runs, and what is told before it does.

use std::process::{Command, Output, Stdio};

use crate::{
    desk::{Desk, is_in_a_file, stderr, stdout},
    lab::{self, Postgres},
};

const WRONG: &str = r#"# A task

## Steps

### 1. Look
```bash
echo looked
```

### 2. Close the door
```bash
echo sg-xxx; touch "$DIR/closed"
```

### 3. Cut off
```bash
touch "$DIR/cut"; if true; then echo
```

### 4. Misspelt
```bash {timeot=5s}
touch "$DIR/misspelt"
```
"#;

/// Its folder is `DIR`.
fn desk(environment: &str, steps: &str) -> Desk {
    let desk = Desk::new(environment, steps);
    let folder = desk.folder.path().display().to_string();
    desk.with_pack(&format!("vars = {{ DIR = \"{folder}\" }}\n"))
}

fn confirmations(desk: &Desk) -> Vec<serde_json::Value> {
    let events = desk.events().into_iter();
    events.filter(|event| event["event"] == "confirmed").map(|event| event["confirmation"].clone()).collect()
}

#[test]
fn an_error_of_the_linter_stops_its_step_before_anything_of_it_runs() {
    let errors = [("2", "sg-xxx is a placeholder"), ("3", "[shell-syntax]"), ("4", "there is no attribute `timeot`")];
    for (from, said) in errors {
        let desk = desk("", WRONG);
        let output = desk.run(&["runbook", "run", "task", "--from", from, "--confirm", "destructive"]);
        assert_eq!(output.status.code(), Some(4), "{}", stdout(&output));
        let complaint = stderr(&output);
        assert!(complaint.contains(said) && complaint.contains("--accept-errors REASON"), "{complaint}");
        assert!(["closed", "cut", "misspelt"].iter().all(|mark| !desk.path(mark).exists()), "{from}");
    }
    let desk = desk("", WRONG);
    // What comes before it is not about it.
    let output = desk.run(&["runbook", "run", "task", "--confirm", "destructive"]);
    assert!(stdout(&output).contains("looked") && output.status.code() == Some(4), "{}", stdout(&output));
}

#[test]
fn a_reason_goes_on_after_an_error_and_is_kept() {
    let start = WRONG.find("### 3").unwrap();
    let desk = desk("", &WRONG[..start]);
    let reason = ["--accept-errors", "the group is called that"];
    let output = desk.run(&[&["runbook", "run", "task", "--confirm", "change"][..], &reason].concat());
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(desk.path("closed").exists());
    let accepted: Vec<_> = confirmations(&desk).into_iter().filter(|said| said["how"] == "override").collect();
    assert_eq!(accepted.len(), 1, "the step without an error needs no reason");
    assert_eq!((&accepted[0]["of"], &accepted[0]["reason"]), (&"lint errors".into(), &reason[1].into()));
    let blank = desk.run(&["runbook", "run", "task", "--accept-errors", ""]);
    assert_eq!(blank.status.code(), Some(64), "{}", stderr(&blank));
}

#[test]
fn a_person_at_the_terminal_gives_the_reason_there() {
    let start = WRONG.find("### 3").unwrap();
    let desk = desk("", &WRONG[..start]);
    let mut terminal = desk.terminal(&["runbook", "run", "task", "--confirm", "change"]);
    terminal.wait_for("sg-xxx is a placeholder");
    terminal.wait_for("A reason to go on");
    assert!(!desk.path("closed").exists());
    terminal.keys("it is called that\r");
    terminal.wait_for("A task: completed");
    assert_eq!(terminal.exit().code(), Some(0));
    assert!(confirmations(&desk).iter().any(|said| said["of"] == "lint errors"));
}

#[test]
fn a_block_of_comments_is_never_done_without_a_person() {
    let desk =
        desk("", "# A task\n\n## Steps\n\n### 1. Call\n```bash\n# Call the vendor and read the ticket to them\n```\n");
    let alone = desk.run(&["runbook", "run", "task", "--confirm", "destructive"]);
    assert_eq!(alone.status.code(), Some(4), "{}", stdout(&alone));
    assert!(stderr(&alone).contains("only comments"), "{}", stderr(&alone));
    assert!(desk.events().iter().all(|event| event["event"] != "action_intended"));
    let run = desk.run_id();
    let mut terminal = desk.terminal(&["runbook", "run", "--resume", &run, "--confirm", "destructive"]);
    terminal.wait_for("Done? [y/N]");
    terminal.keys("y\r");
    terminal.wait_for("A task: completed");
    assert_eq!(terminal.exit().code(), Some(0));
}

#[test]
fn a_dry_run_shows_command_values_place_risk_and_gate() {
    let desk = desk(
        "protected = true",
        "# A task\n\n## Steps\n\n### 1. Look\n```bash\nls \"$DIR\"\n```\n\n### 2. Destroy\n```bash\nrm -r \"${DIR:?}/victim\"\n```\n",
    );
    std::fs::create_dir(desk.path("victim")).unwrap();
    std::fs::write(desk.path("victim/rows"), [0; 3000]).unwrap();
    let output = desk.run(&["runbook", "run", "task", "--dry-run"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    let folder = desk.folder.path().display().to_string();
    for part in [
        "$ ls \"$DIR\"",
        &format!("$DIR  {folder}"),
        "gate: runs without a question",
        "Destroy ── destructive",
        &format!("{folder}/victim: 1 file, 3 kB, last changed"),
        "none: no automatic rollback",
        &format!("gate: asks for {folder}/victim, typed, then a second person, or a reason"),
    ] {
        let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(spaced.contains(&part.split_whitespace().collect::<Vec<_>>().join(" ")), "{part} in\n{text}");
    }
    assert!(desk.path("victim/rows").exists());
}

#[test]
fn every_command_stands_on_the_terminal_before_it_runs() {
    let key = format!("AKIA{}", "ABCDEFGHIJ123456");
    let desk = desk("", &format!("# A task\n\n## Steps\n\n### 1. Look\n```bash\necho said; : {key}\n```\n"));
    let output = desk.run(&["runbook", "run", "task", "--accept-errors", "a key of nobody"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    let (before, after) = (text.find("$ echo said; :").unwrap(), text.find("   said").unwrap());
    assert!(before < after, "{text}");
    assert!(!text.contains(&key), "{text}");
}

const LOWERED: &str = r#"# A task

## Steps

### 1. Tidy up
```bash {risk=read because="nobody uses it"}
rm -r "${DIR:?}/victim"
```
"#;

const SENTENCE: &str = "risk lowered from destructive to read by the runbook: nobody uses it";

#[test]
fn a_lowered_risk_is_told_wherever_it_is_shown_and_is_in_the_journal() {
    let desk = desk("", LOWERED);
    std::fs::create_dir(desk.path("victim")).unwrap();
    for words in [&["runbook", "list"][..], &["runbook", "show", "task"], &["runbook", "run", "task", "--dry-run"]] {
        let shown = stdout(&desk.run(words));
        assert!(shown.contains(SENTENCE), "{words:?}: {shown}");
    }
    let listed = stdout(&desk.run(&["runbook", "lint", "task", "--json"]));
    let lowered = listed.lines().find(|line| line.contains("lowered-risk")).unwrap();
    assert!(lowered.contains("\"note\"") && lowered.contains(SENTENCE), "{lowered}");
    std::fs::remove_dir_all(desk.path("data")).unwrap();
    let output = desk.run(&["runbook", "run", "task"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let events = desk.events();
    let intended = events.iter().find(|event| event["event"] == "action_intended").unwrap();
    assert_eq!((&intended["risk"], &intended["lowered"]["from"]), (&"read".into(), &"destructive".into()));
    assert_eq!(intended["lowered"]["reason"], "nobody uses it");
}

#[test]
fn where_nothing_may_be_lowered_the_computed_risk_counts() {
    let protected = desk("protected = true", LOWERED);
    std::fs::create_dir(protected.path("victim")).unwrap();
    let output = protected.run(&["runbook", "run", "task", "--confirm", "change"]);
    assert_eq!(output.status.code(), Some(4), "{}", stdout(&output));
    assert!(stderr(&output).contains("Tidy up is destructive"), "{}", stderr(&output));
    let mut terminal = protected.terminal(&["runbook", "run", "--resume", &protected.run_id()]);
    terminal.wait_for("does not count on a protected environment");
    terminal.wait_for("to run it:");
    terminal.keys("n\r");
    assert_eq!(terminal.exit().code(), Some(4));
    let lab = desk("", LOWERED);
    std::fs::create_dir(lab.path("victim")).unwrap();
    let output = lab.run(&["--read-only", "runbook", "run", "task"]);
    assert_eq!(output.status.code(), Some(5), "{}", stdout(&output));
    assert!(stderr(&output).contains("read-only and this is destructive"), "{}", stderr(&output));
    for desk in [protected, lab] {
        assert!(desk.path("victim").exists());
    }
}

#[test]
fn the_question_says_how_much_of_a_table_is_lost() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    server.sql("CREATE TABLE orders AS SELECT generate_series(1, 1200) AS id");
    server.sql("ANALYZE orders");
    let steps = "# A task\n\n## Steps\n\n### 1. Empty it\n```sql {db=primary write}\nTRUNCATE orders;\n```\n";
    let probe = format!("[[probes]]\nid = \"primary\"\nkind = \"postgres\"\nurl = \"{}\"\n", server.url());
    let desk = Desk::new("", steps).with_pack(&probe);
    let mut terminal = desk.terminal(&["runbook", "run", "task"]);
    terminal.wait_for("the table orders: about 1200 rows");
    terminal.wait_for("Type orders to run it:");
    terminal.keys("n\r");
    assert_eq!(terminal.exit().code(), Some(4));
}

#[test]
fn a_variable_forges_no_author() {
    let desk = desk("", "# A task\n\n## Steps\n\n### 1. Look\n```bash\necho looked\n```\n");
    let run = |desk: &Desk| -> Output {
        Command::new(lab::binary())
            .args(["--pack", desk.path("desk").to_str().unwrap(), "--data-dir", desk.path("data").to_str().unwrap()])
            .args(["runbook", "run", "task"])
            .env("SUDO_USER", "mallory")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    };
    let output = run(&desk);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        desk.events().iter().all(|event| !event["by"].as_str().unwrap().contains("mallory")),
        "{:?}",
        desk.events()
    );
}

/// Fences that only seem to be commands: without a label, behind a `# `, folded away, left out by their own document, and among
/// alternatives of which one is read only. Each only looks.
const LOOSE: [&str; 5] = [
    "```\nls -l \"$DIR\"\n```\n",
    "```sh\n# ls -l \"$DIR\"\n```\n",
    "<details>\n<summary>When it hangs</summary>\n\n```sh\nls -l \"$DIR\"\n```\n</details>\n",
    "```sh {\"excludeFromRunAll\":\"true\"}\nls -l \"$DIR\"\n```\n",
    "```console\nls -l \"$DIR\"\n```\n",
];

#[test]
fn what_only_seems_to_be_commands_asks_before_it_runs_and_no_setting_answers_for_a_person() {
    for fence in LOOSE {
        let desk = desk("", &format!("# A task\n\n## Steps\n\n### 1. Look\n\n{fence}"));
        let output = desk.run(&["runbook", "run", "task", "--confirm", "destructive"]);
        assert_eq!(output.status.code(), Some(4), "{fence}{}{}", stdout(&output), stderr(&output));
        let runs = desk.path("data/runs");
        assert!(!runs.exists() || !is_in_a_file(&runs, "action_intended"), "{fence}");
        let dry = desk.run(&["runbook", "run", "task", "--dry-run", "--confirm", "destructive"]);
        assert!(stdout(&dry).contains("asks for y") && stdout(&dry).contains("each run asks"), "{}", stdout(&dry));
        let terminal = desk.terminal(&["runbook", "run", "task"]);
        terminal.wait_for("[y/N]");
        terminal.keys("y\r");
        terminal.wait_for("A task: completed");
    }
}

#[test]
fn a_placeholder_is_asked_for_and_reaches_the_command_as_a_variable() {
    let text = "# A task\n\n## Steps\n\n### 1. Look\n\n```bash\necho \"seen: \"<pod-name> in <pod-name>\n```\n";
    let desk = desk("", text);
    let without = desk.run(&["runbook", "run", "task"]);
    assert_eq!(without.status.code(), Some(4), "{}{}", stdout(&without), stderr(&without));
    let odd = desk.run(&["runbook", "run", "task", "--var", "POD_NAME=$(id)"]);
    assert_eq!(odd.status.code(), Some(64), "{}{}", stdout(&odd), stderr(&odd));
    let given = desk.run(&["runbook", "run", "task", "--var", "POD_NAME=web-0"]);
    assert!(stdout(&given).contains("seen: web-0 in web-0"), "{}{}", stdout(&given), stderr(&given));
}
