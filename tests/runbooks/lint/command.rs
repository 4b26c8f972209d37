//! `warroom runbook lint` as a shell sees it.

use std::{fs, process::Command};

const CLEAN: &str = include_str!("../clean/rolling-restart.md");

struct Run {
    code: i32,
    out: String,
    err: String,
}

/// Runs the program in a folder of its own, with `text` as `book.md` there.
fn run(text: &str, arguments: &[&str]) -> Run {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("book.md"), text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_warroom"))
        .args(["runbook", "lint"])
        .args(arguments)
        .current_dir(home.path())
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .output()
        .unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_clean_runbook_ends_with_0_even_when_strict() {
    let run = run(CLEAN, &["--strict", "book.md"]);
    assert_eq!((run.code, run.out.as_str()), (0, "book.md: nothing is wrong\n"), "{}", run.err);
}

/// A laptop and a CI runner agree: what a machine has is for `runbook check` to say.
#[test]
fn what_is_on_this_machine_changes_nothing() {
    let away = CLEAN.replace("requires: [kubectl]", "requires: [kubectl, no-such-program >= 3]");
    assert_ne!(away, CLEAN);
    let run = run(&away, &["--strict", "book.md"]);
    assert_eq!((run.code, run.out.as_str()), (0, "book.md: nothing is wrong\n"), "{}", run.err);
}

#[test]
fn warnings_fail_only_when_strict_and_errors_always() {
    let warned =
        CLEAN.replace("rollout restart \"${DEPLOYMENT:?}\"\n", "rollout restart \"${DEPLOYMENT:?}\"\nsleep 10\n");
    assert_ne!(warned, CLEAN);
    assert_eq!(run(&warned, &["book.md"]).code, 0);
    assert_eq!(run(&warned, &["--strict", "book.md"]).code, 1);
    let wrong = CLEAN.replace("rollout restart \"${DEPLOYMENT:?}\"\n", "config use-context other\n");
    assert_eq!(run(&wrong, &["book.md"]).code, 2);
}

#[test]
fn findings_are_shown_with_the_line_and_a_caret() {
    let run = run(&CLEAN.replace("get pods -o wide", "logs -f api-0"), &["book.md"]);
    let line = CLEAN.lines().position(|line| line.contains("get pods -o wide")).unwrap() + 1;
    assert!(run.out.contains("error: kubectl follows here and never returns [never-returns]"), "{}", run.out);
    assert!(run.out.contains(&format!("book.md:{line}:1")), "{}", run.out);
    assert!(run.out.contains("book.md: 1 error"), "{}", run.out);
}

#[test]
fn json_is_one_finding_a_line() {
    let run = run(&CLEAN.replace("get pods -o wide", "logs -f api-0"), &["--json", "book.md"]);
    assert_eq!(run.code, 2);
    let lines: Vec<serde_json::Value> = run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1, "{}", run.out);
    let keys: Vec<&String> = lines[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["rule", "severity", "file", "line", "column", "message", "help"]);
    assert_eq!(
        (&lines[0]["rule"], &lines[0]["severity"], &lines[0]["file"]),
        (&"never-returns".into(), &"error".into(), &"book.md".into())
    );
}

#[test]
fn a_rule_is_explained_and_a_misspelt_one_corrected() {
    let told = run("", &["--explain", "redis-flush"]);
    assert_eq!(told.code, 0);
    assert!(told.out.starts_with("redis-flush (error): ") && told.out.contains("UNLINK"), "{}", told.out);
    let wrong = run("", &["--explain", "redis-flsh"]);
    assert_eq!(
        (wrong.code, wrong.err.as_str()),
        (64, "warroom: there is no rule redis-flsh (did you mean redis-flush?)\n")
    );
    assert!(run("", &["--rules"]).out.contains("  redis-flush "));
}

#[test]
fn a_file_that_is_not_there_is_one_sentence() {
    let run = run("", &["other.md"]);
    assert_eq!((run.code, run.err.as_str()), (66, "warroom: cannot read other.md: no such file\n"));
}

#[test]
fn findings_of_one_rule_are_one_block_with_all_places() {
    let text = CLEAN.replace(
        "rollout restart \"${DEPLOYMENT:?}\"\n",
        "rollout restart \"${DEPLOYMENT:?}\"\nsleep 10\nsleep 20\nsleep 30\n",
    );
    let run = run(&text, &["book.md"]);
    assert_eq!(run.out.matches("[fixed-sleep]").count(), 1, "{}", run.out);
    let at = text.lines().position(|line| line == "sleep 20").unwrap() + 1;
    assert!(run.out.contains(&format!("  also at book.md:{at}:1")), "{}", run.out);
    assert!(run.out.contains("book.md: usable, 3 warnings"), "{}", run.out);
}

#[test]
fn other_programs_read_findings_as_sarif_and_as_workflow_commands() {
    let text = CLEAN.replace("get pods -o wide", "logs -f api-0");
    let line = text.lines().position(|line| line.contains("logs -f")).unwrap() + 1;
    let sarif = run(&text, &["--format", "sarif", "book.md"]);
    assert_eq!(sarif.code, 2);
    let document: serde_json::Value = serde_json::from_str(&sarif.out).unwrap();
    assert_eq!(document["version"], "2.1.0");
    let result = &document["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"never-returns".into(), &"error".into()));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!((&place["artifactLocation"]["uri"], &place["region"]["startLine"]), (&"book.md".into(), &line.into()));
    let rules = document["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.iter().any(|rule| rule["id"] == "never-returns"));
    let github = run(&text, &["--format", "github", "book.md"]);
    let start = format!("::error file=book.md,line={line},col=1,title=never-returns::");
    assert!(github.code == 2 && github.out.starts_with(&start) && github.out.lines().count() == 1, "{}", github.out);
}

#[test]
fn what_has_one_right_form_is_written_so() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("book.md");
    let bad = "# T\n\n## Look\n\n```\nkubectl get nodes\n```\n\n- in a list:\n\n  ~~~bash\n  $ kubectl get pods\n  NAME\n  ~~~\n";
    fs::write(&file, bad).unwrap();
    let fixed = |file: &std::path::Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_warroom"))
            .args(["runbook", "lint", "--fix"])
            .arg(file)
            .env_clear()
            .env("HOME", home.path())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let out = fixed(&file);
    let good = bad.replace("```\nkubectl get nodes", "```bash\nkubectl get nodes").replace("~~~bash", "~~~console");
    assert_eq!(fs::read_to_string(&file).unwrap(), good);
    assert!(out.contains("book.md: 2 fixed\n") && !out.contains("unlabelled-command"), "{out}");
    assert!(!fixed(&file).contains(" fixed"), "the second time nothing is left");
}
