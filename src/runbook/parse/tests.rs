//! Tests of whole documents.

use std::{fmt::Write, time::Duration};

use crate::{Check, Expectation, Language, Risk, Runbook, Step, StepKind, parse};

/// Sections and steps, one line each, with what the steps hold.
fn outline(runbook: &Runbook) -> String {
    let mut text = String::new();
    for section in &runbook.sections {
        let _ = writeln!(text, "{:?} {}", section.kind, section.title);
        for step in &section.steps {
            let option = step.option.as_ref().map(|o| format!(" [{}={}]", o.group, o.key)).unwrap_or_default();
            let number = step.number.as_ref().map(|n| format!("{n}. ")).unwrap_or_default();
            let _ = writeln!(text, "  {}{option}: {number}{} ({} checks)", step.id, step.title, step.checks.len());
            for action in step.all_actions() {
                let name = action.name.as_deref().unwrap_or("-");
                let _ = writeln!(
                    text,
                    "    {} line {}: {name} ({} expected)",
                    action.id,
                    action.line,
                    action.expected.len()
                );
            }
        }
    }
    text
}

/// The template of design and operations teams, every part of it.
const TEMPLATE: &str = r#"---
id: restore-database
components: [database]
severity: P0
rto: 1h
rpo: 5m
estimated: 45m
requires: [psql, kubectl]
roles: [incident-commander]
triggers: database-down
vars:
  TARGET:
    prompt: Which database?
    default: portal
    pattern: "[a-z_]+"
  PASSWORD: {secret: true}
  RETRIES: {type: integer, default: 5}
---
# Restore the database

Runs on the bastion.

## Overview
When the primary is lost.

## Prerequisites
- VPN
- [ ] Access to the backups

## Estimated Time
45 minutes

## Steps

First read all of it.

### 1. Stop the traffic
Scale the portal down:

```bash {timeout=2m risk=destructive because="it is down anyway"}
kubectl scale deployment portal --replicas=0
```

**Expected Output:**
```
deployment.apps/portal scaled
```

**If it fails:**
- Look at the pods
- Ask for help:
  ```bash
  kubectl describe pods
  ```

**Rollback:**
```bash
kubectl scale deployment portal --replicas=3
```

### 2. Look
- [ ] The site shows the maintenance page
- [x] The status page is up to date

### Option A: Restore in place
#### Drop
```sql {write db=primary}
DROP DATABASE portal;
```
#### Create
1. **Create it:**
   ```sh
   createdb "$TARGET"
   ```

### Option B – Fail over
```console
$ patronictl failover
Successfully failed over
```

## Verification

### Row counts
```sql {db=primary expect="^\d+$" expect-contains=4 expect-json="output > 3"}
SELECT count(*) FROM customers;
```
**Expected output**: `a number`

## Rollback
Restore the old volume.

## Notes
Nothing.
"#;

#[test]
fn the_template_is_understood_whole() {
    let runbook = parse("runbooks/restore.md", TEMPLATE);
    assert_eq!(runbook.diagnostics, []);
    assert_eq!((runbook.id.as_str(), runbook.title.as_str()), ("restore-database", "Restore the database"));
    let expected = "\
Overview 
Overview Overview
Prerequisites Prerequisites
  prerequisites: Prerequisites (1 checks)
EstimatedTime Estimated Time
Steps Steps
  stop-the-traffic: 1. Stop the traffic (0 checks)
    stop-the-traffic/1 line 41: - (1 expected)
    stop-the-traffic/remedy-1 line 53: Ask for help (0 expected)
    stop-the-traffic/undo-1 line 58: - (0 expected)
  look: 2. Look (2 checks)
  drop [drop=A]: Drop (0 checks)
    drop/1 line 68: - (0 expected)
  create [drop=A]: Create (0 checks)
    create/1 line 73: Create it (0 expected)
  fail-over [drop=B]: Fail over (0 checks)
    fail-over/1 line 78: - (1 expected)
Verification Verification
  verification-row-counts: Row counts (0 checks)
    verification-row-counts/1 line 86: - (4 expected)
Rollback Rollback
  rollback: Rollback (0 checks)
Notes Notes
";
    assert_eq!(outline(&runbook), expected);
}

#[test]
fn front_matter_attributes_and_expectations_have_their_values() {
    let runbook = parse("runbooks/restore.md", TEMPLATE);
    let front = &runbook.front;
    assert_eq!((front.rto, front.rpo), (Some(Duration::from_secs(3600)), Some(Duration::from_secs(300))));
    assert_eq!(
        (front.requires.as_slice(), front.triggers.as_slice()),
        (&["psql".into(), "kubectl".into()][..], &["database-down".into()][..])
    );
    let target = &front.vars["TARGET"];
    assert_eq!((target.default.as_deref(), target.line, target.required), (Some("portal"), 12, true));
    assert!(front.vars["PASSWORD"].secret);
    assert_eq!(front.vars["RETRIES"].default.as_deref(), Some("5"));

    let steps: Vec<_> = runbook.steps().collect();
    let stop = &steps[1].actions[0];
    assert_eq!(stop.code, "kubectl scale deployment portal --replicas=0\n");
    assert_eq!(stop.attributes.timeout, Some(Duration::from_secs(120)));
    assert_eq!(
        (stop.attributes.risk, stop.attributes.because.as_deref()),
        (Some(Risk::Destructive), Some("it is down anyway"))
    );
    let Expectation::Text { text, line: 46 } = &stop.expected[0] else { panic!("{:?}", stop.expected) };
    assert_eq!(text, "deployment.apps/portal scaled\n");
    let fails = steps[1].if_it_fails.clone().unwrap();
    assert!(runbook.source[fails].starts_with("- Look at the pods\n- Ask"));
    assert_eq!(steps[2].kind(), StepKind::Manual);
    assert_eq!(steps[2].checks.iter().map(|c| (c.ticked, c.line)).collect::<Vec<_>>(), [(false, 62), (true, 63)]);
    let sql = &steps[3].actions[0];
    assert_eq!(
        (sql.language, sql.attributes.write, sql.attributes.db.as_deref()),
        (Language::Sql, true, Some("primary"))
    );
    assert_eq!(steps[4].actions[0].code, "createdb \"$TARGET\"\n");
    assert_eq!(steps[5].actions[0].code, "patronictl failover\n");
    assert_eq!(steps[5].option.as_ref().unwrap().title, "Fail over");
    let rows = &steps[6].actions[0].expected;
    assert!(matches!(&rows[0], Expectation::Regex { pattern, line: 85 } if pattern == r"^\d+$"));
    assert!(matches!(&rows[1], Expectation::Contains { text, .. } if text == "4"));
    assert!(matches!(&rows[2], Expectation::Json { condition, .. } if condition.source() == "output > 3"));
    assert!(matches!(&rows[3], Expectation::Text { text, line: 88 } if text == "a number"));
}

/// Message and line of every diagnostic.
fn said(text: &str) -> Vec<(usize, String)> {
    let found = parse("x.md", text).diagnostics;
    found.into_iter().map(|d| (d.position.map_or(0, |at| at.line), d.message)).collect()
}

fn codes(text: &str) -> Vec<String> {
    let runbook = parse("x.md", text);
    runbook.steps().flat_map(Step::all_actions).map(|action| action.code.clone()).collect()
}

#[test]
fn a_document_without_the_template_has_a_step_for_each_heading_with_work() {
    let text = "# KubePodCrashLooping\n\n## Meaning\nA pod.\n\n## Impact\nBad.\n\n## Diagnosis\n\n```shell\nkubectl get pods\n```\n\n\
                ## Mitigation\n\n### Restart\n\n- Roll:\n\n  ```sh\n  kubectl rollout restart\n  ```\n\n#### Rollback\n```bash\n\
                kubectl rollout undo\n```\n\n### Nothing here\n";
    let expected = "\
Other Meaning
Other Impact
Other Diagnosis
  diagnosis: Diagnosis (0 checks)
    diagnosis/1 line 12: - (0 expected)
Other Mitigation
  mitigation-restart: Restart (0 checks)
    mitigation-restart/1 line 22: Roll (0 expected)
    mitigation-restart/undo-1 line 27: - (0 expected)
";
    let runbook = parse("x.md", text);
    assert_eq!(outline(&runbook), expected);
    assert_eq!(runbook.diagnostics, []);
}

#[test]
fn bare_fences_and_bare_headings_are_steps_too() {
    assert_eq!(
        outline(&parse("a/fix-it.md", "```bash\nls\n```\n")),
        "Overview \n  fix-it: fix-it (0 checks)\n    fix-it/1 line 2: - (0 expected)\n"
    );
    let text = "### One\n```bash\na\n```\n### Two\nprose\n### Three\n**Look:**\n```bash\nb\n```\n";
    let expected = "\
Overview 
  one: One (0 checks)
    one/1 line 3: - (0 expected)
  three: Three (0 checks)
    three/1 line 10: Look (0 expected)
";
    assert_eq!(outline(&parse("x.md", text)), expected);
    let first_level = "# Fix\n# Steps\n## 1. One\n# Verification\nLook.\n";
    let expected =
        "Steps Steps\n  one: 1. One (0 checks)\nVerification Verification\n  verification: Verification (0 checks)\n";
    assert_eq!(outline(&parse("x.md", first_level)), expected);
}

#[test]
fn alternatives_by_heading_or_by_bold_line_are_never_all_run() {
    let text = "## Steps\n### 1. Restore\nOne of:\n#### Option A: Here\n```sh\na\n```\n#### Option B: There\n```sh\nb\n```\n### 2. Look\n\
                ```sh\nc\n```\n## Other\n**Option 1: Slow** (safe)\n```sh\nd\n```\n\n**Option 2: Fast**\n\n```sh\ne\n```\n";
    let expected = "\
Steps Steps
  here [here=A]: Here (0 checks)
    here/1 line 6: - (0 expected)
  there [here=B]: There (0 checks)
    there/1 line 10: - (0 expected)
  look: 2. Look (0 checks)
    look/1 line 14: - (0 expected)
Other Other
  other-slow-safe [other-slow-safe=1]: Slow (safe) (0 checks)
    other-slow-safe/1 line 19: - (0 expected)
  other-fast [other-slow-safe=2]: Fast (0 checks)
    other-fast/1 line 25: - (0 expected)
";
    let runbook = parse("x.md", text);
    assert_eq!(outline(&runbook), expected);
    let first = runbook.steps().next().unwrap();
    assert!(runbook.source[first.body.clone()].starts_with("### 1. Restore\nOne of:"));
    let alone = parse("x.md", "## Steps\n### Option A: Here\n```sh\na\n```\n");
    assert_eq!((alone.steps().next().unwrap().option.clone(), alone.diagnostics.len()), (None, 1));
}

#[test]
fn every_line_of_the_document_is_shown_somewhere() {
    let runbook = parse("x.md", TEMPLATE);
    let bodies = runbook.sections.iter().map(|s| &s.body).chain(runbook.steps().map(|step| &step.body));
    let shown: Vec<&str> = bodies.map(|body| &runbook.source[body.clone()]).collect();
    for line in [
        "Runs on the bastion.",
        "When the primary is lost.",
        "First read all of it.",
        "- [ ] Access",
        "Restore the old volume.",
    ] {
        assert_eq!(shown.iter().filter(|text| text.contains(line)).count(), 1, "{line}: {shown:#?}");
    }
}

#[test]
fn carriage_returns_tabs_and_indentation_reach_no_command() {
    assert_eq!(codes("# T\r\n\r\n```bash\r\necho a \\\r\n  b\r\n```\r\n"), ["echo a \\\n  b\n"]);
    assert_eq!(codes("1. Do:\n\n   - deeper\n\n     ```bash\n     a\n       b\n     ```\n"), ["a\n  b\n"]);
    assert_eq!(codes("> quoted\n>\n> ```bash\n> a\n> b\n> ```\n"), ["a\nb\n"]);
    assert_eq!(codes("- x\n\n\t```bash\n\ta\n\t\tb\n\t```\n"), ["a\n\tb\n"]);
    assert_eq!(codes("~~~sh\na\n~~~\n"), ["a\n"]);
    assert_eq!(codes("    ```bash\n    not a fence\n    ```\n"), Vec::<String>::new());
    assert_eq!(codes("\u{feff}---\nid: x\n---\n```bash\na\n```\n"), ["a\n"]);
}

#[test]
fn escaped_fences_are_read_and_said() {
    let text = "# T\n## Look\n\\`\\`\\`bash\n# a heading to Markdown\nls\n\\`\\`\\`\n\n```text\n\\`\\`\\`\n```\n";
    assert_eq!(codes(text), ["# a heading to Markdown\nls\n"]);
    let message =
        "a code fence is escaped with backslashes, which shows as text elsewhere; it is taken as a fence here";
    assert_eq!(said(text), [(3, message.to_owned())]);
    // A template shown as an example holds no steps.
    let nested = "## A\n\\`\\`\\`markdown\n## Steps\n\\`\\`\\`bash\n# x\n\\`\\`\\`\n\\`\\`\\`\n## B\n";
    assert_eq!(outline(&parse("x.md", nested)), "Other A\nOther B\n");
    // One without its end takes nothing with it.
    assert_eq!(outline(&parse("x.md", "## A\n\\`\\`\\`bash\nls\n## B\n")), "Other A\nOther B\n");
}

#[test]
fn what_is_odd_is_said_at_its_line() {
    let one = |line: usize, message: &str| vec![(line, message.to_owned())];
    for (text, expected) in [
        ("```bash {timout=2m}\na\n```", one(1, "there is no attribute `timout`")),
        (
            "```bash {timeout=soon}\na\n```",
            one(1, "`soon` is no length of time for `timeout`: it is no number with a unit"),
        ),
        ("```bash {gate=\"a >\"}\na\n```", Vec::new()),
        ("```bash {expect=\"(\"}\na\n```", one(1, "`expect` is no regular expression: unclosed group")),
        (
            "```bash {capture=PATH}\na\n```",
            one(1, "`PATH` cannot be captured into: programs obey it: give it another name"),
        ),
        ("```bash {every=5s}\na\n```", one(1, "`every` has no effect without `retry`")),
        (
            "```bash {write}\na\n```",
            one(1, "`write` has no effect here: `write` is for SQL: commands of a shell may always write"),
        ),
        ("```bash {tty tty}\na\n```", one(1, "the attribute `tty` stands here twice; the last one counts")),
        ("```bash {tty\na\n```", one(1, "the attributes have no closing brace")),
        ("```bahs\na\n```", one(1, "`bahs` is no language that can be run, so this fence is only shown")),
        (
            "```yaml {timeout=2m}\na\n```",
            one(1, "attributes have no effect here: fences of this language are only shown"),
        ),
        ("x\n\n```bash\na\n", one(3, "this fence has no end: all that follows is taken as its commands")),
        (
            "```console\nno prompt\n```",
            one(1, "no line of this fence starts with a prompt, so there is nothing to run"),
        ),
        ("```bash\n```", one(1, "there is nothing to run in this fence")),
        ("---\nid: a\ntrigers: b\n---\n", one(3, "unknown key `trigers`")),
        (
            "---\nid: a\nvars:\n  PATH: b\n---\n",
            one(4, "`PATH` cannot be a variable: programs obey it: give it another name"),
        ),
        ("---\nvars:\n  A:\n    defualt: b\n---\n", one(4, "a variable has no key `defualt`")),
        (
            "---\nvars:\n  A: {default: b, type: integer}\n---\n",
            one(3, "the default does not suit the variable: A is a whole number"),
        ),
        ("---\nrto: soon\n---\n", one(2, "`soon` is no length of time for `rto`: it is no number with a unit")),
        ("---\nid: a\n# T\n", one(1, "the front matter has no end, so all of it is read as text")),
    ] {
        let found = said(text);
        if expected.is_empty() {
            assert!(found[0].1.starts_with("`gate` is not a CEL expression: "), "{found:?}");
        } else {
            assert_eq!(found, expected, "{text}");
        }
    }
    let broken = said("---\nid: a\nid: b\n---\n# T\n");
    assert!(
        broken.len() == 1 && broken[0].0 == 3 && broken[0].1.starts_with("the front matter is no YAML: "),
        "{broken:?}"
    );
    let runbook = parse("x.md", "```bash {timout=2m}\na\n```");
    let at = runbook.diagnostics[0].position.as_ref().unwrap();
    assert_eq!((at.column, runbook.diagnostics[0].help.as_deref()), (10, Some("did you mean `timeout`?")));
}

#[test]
fn a_fence_in_parts_keeps_what_is_said_about_its_output_for_the_last_one() {
    let text =
        "```bash {capture=A timeout=1m expect=x}\n# 1. one\na\n# 2. two\nb\n```\n**Expected Output:**\n```\ny\n```\n";
    let runbook = parse("x.md", text);
    let actions: Vec<_> = runbook.steps().flat_map(|step| &step.actions).collect();
    assert_eq!(
        actions.iter().map(|a| (a.attributes.capture.is_some(), a.expected.len())).collect::<Vec<_>>(),
        [(false, 0), (true, 2)]
    );
    assert!(actions.iter().all(|a| a.attributes.timeout == Some(Duration::from_secs(60))));
    let comments = parse("x.md", "```bash\n# 1. one\na\n# 2. Tell the customers\n# by mail\n```\n");
    let step = comments.steps().next().unwrap();
    assert_eq!(step.checks[0].text, "Tell the customers by mail");
    assert_eq!(step.actions.len(), 2);
}

#[test]
fn ten_thousand_lines_cost_no_more_than_ten_times_a_thousand() {
    let part = "## Section\n\n### 1. Step\n\nSome *prose* with `code`.\n\n- [ ] check\n\n```bash\n# Step 1: a\nls\n# Step 2: b\nls\n```\n\n\
                **Expected Output:**\n```\nx\n```\n\n";
    let lines = part.lines().count();
    let time = |count: usize| {
        let text = part.repeat(count / lines);
        let best = (0..3)
            .map(|_| {
                let at = std::time::Instant::now();
                let _ = parse("x.md", &text);
                at.elapsed()
            })
            .min();
        best.unwrap()
    };
    // Four times over, so that a busy machine fails nothing that is linear.
    assert!(time(10_000) < time(1_000) * 40);
}

#[test]
fn what_is_expected_is_compared_when_it_is_code_and_looked_at_by_a_person_when_it_is_prose() {
    let looked = |prose: &str| {
        let text =
            format!("# T\n\n## Steps\n\n### 1. Look\n\n```bash\ntrue\n```\n\n{prose}\n\n**If it fails:**\n- Stop\n");
        let runbook = parse("x.md", &text);
        let step = runbook.steps().next().unwrap().clone();
        let compared = step.actions[0].expected.iter().map(|expected| match expected {
            Expectation::Text { text, .. } => text.trim_end().to_owned(),
            other => format!("{other:?}"),
        });
        assert!(step.checks.iter().all(|check| check.about.as_ref().is_none_or(|about| *about == step.actions[0].id)));
        (compared.collect::<Vec<_>>(), step.checks.iter().map(Check::question).collect::<Vec<_>>())
    };
    let seen = |text: &str| format!("Is this what you see: {text}");
    for (prose, compared, checks) in [
        ("**Expected Output:** `ready`", &["ready"][..], vec![]),
        ("**Expected Output**: `ready` ", &["ready"], vec![]),
        ("**Expected Output:**\n`a b`\n`: c`", &["a b\n: c"], vec![]),
        ("**Expected Output:**\n\n`ready`", &["ready"], vec![]),
        ("**Expected Output:**\n```\nall pods\n```", &["all pods"], vec![]),
        ("**Expected Output:** all pods are Running", &[], vec![seen("all pods are Running")]),
        ("**Expected Output:** `ready`, or nothing", &[], vec![seen("ready, or nothing")]),
        ("**Expected Output:** `a` `b`", &[], vec![seen("a b")]),
        ("**Expected Output:**\n\nall pods\nare `Running`", &[], vec![seen("all pods are Running")]),
        ("**Expected Output:**\n\none\n\ntwo", &[], vec![seen("one")]),
        (
            "**Expected Output:**\n\n- pods are ready\n- none is `Pending`\n\nMore.",
            &[],
            vec![seen("pods are ready"), seen("none is Pending")],
        ),
        (
            "**Expected Output:**\n\n- [ ] pods are ready\n- [x] none waits",
            &[],
            vec!["pods are ready".to_owned(), "none waits".to_owned()],
        ),
        ("**Expected Output:**", &[], vec![]),
    ] {
        assert_eq!(looked(prose), (compared.iter().map(|text| (*text).to_owned()).collect(), checks), "{prose}");
    }
}

#[test]
fn prose_about_an_undo_or_a_remedy_is_no_check_of_the_step() {
    let text = "# T\n\n## Steps\n\n### 1. Do\n\n```bash\ntrue\n```\n\n**Rollback:**\n```bash\nfalse\n```\n\n\
                **Expected Output:** it is gone\n";
    let runbook = parse("x.md", text);
    assert!(runbook.steps().all(|step| step.checks.is_empty()));
}

#[test]
fn another_database_is_a_name_or_a_variable() {
    let read = |attribute: &str| {
        let runbook = parse(
            "x.md",
            &format!("# T\n\n## Steps\n\n### 1. A\n\n```sql {{db=primary {attribute}}}\nSELECT 1\n```\n"),
        );
        let attributes = runbook.steps().next().unwrap().actions[0].attributes.clone();
        let variable = attributes.database_variable().map(str::to_owned);
        (attributes.database, variable, runbook.diagnostics.len())
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(read("database=portal_new"), (some("portal_new"), None, 0));
    assert_eq!(read("database=$RESTORED"), (some("$RESTORED"), some("RESTORED"), 0));
    assert_eq!(read("database=\"${RESTORED}\""), (some("${RESTORED}"), some("RESTORED"), 0));
    for odd in ["database=x_$RESTORED", "database=$(pwd)", "database=$PATH", "database="] {
        assert_eq!(read(odd), (None, None, 1), "{odd}");
    }
}
