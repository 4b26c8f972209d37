//! Tests of whole documents.

use std::{fmt::Write, time::Duration};

use crate::runbook::{Expectation, Language, Risk, Runbook, StepKind, parse};

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
**Expected output**: a number

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
