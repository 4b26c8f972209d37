//! `warroom runbook show` and `list` as a shell sees them.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

struct Run {
    code: i32,
    out: String,
    err: String,
}

/// Runs the program in a folder of its own that `prepare` fills.
fn run(prepare: impl FnOnce(&Path), arguments: &[&str]) -> Run {
    let home = tempfile::tempdir().unwrap();
    prepare(home.path());
    let output = Command::new(env!("CARGO_BIN_EXE_warroom"))
        .arg("runbook")
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

const RESTORE: &str = r#"---
id: restore-portal
components: [database]
severity: P0
rto: 1h
triggers: [database-down]
vars:
  TARGET: {prompt: "Which database?", default: portal}
  PASSWORD: {secret: true, default: hunter2}
---
# Restore the portal

When the **primary** is lost, see [the manual](https://example.org/manual).

## Steps

### 1. Stop the traffic

- [ ] The status page says so

```bash {timeout=2m}
kubectl scale deployment portal --replicas=0
```

**Expected Output:**
```
deployment.apps/portal scaled
```

**If it fails:**
- Ask for help

**Rollback:**
```bash
kubectl scale deployment portal --replicas=3
```

### Option A: In place

```sql {db=primary write}
DROP DATABASE portal;
```

### Option B: Aside

| Where | How long |
|---|--:|
| here | 45 min |

## Verification

```bash {capture=LAG:/lag retry=5 every=10s expect="^0$"}
curl -fsS https://portal.example.org/lag
```
"#;

fn files(home: &Path) {
    let pack = home.join(".config/warroom/packs/shop");
    fs::create_dir_all(&pack).unwrap();
    let manifest = "[platform]\nname = \"shop\"\n[[alerts]]\nid = \"a\"\nwhen = \"true\"\nrunbook = \"restor\"\n";
    fs::write(pack.join("platform.toml"), manifest).unwrap();
    fs::write(pack.join("restore.md"), RESTORE).unwrap();
    fs::write(pack.join("README.md"), "# About this folder\n").unwrap();
    fs::write(pack.join("call.md"), "# Call somebody\n\n- [ ] Called\n").unwrap();
    fs::write(home.join("odd.md"), "## Look\n```bash {timout=1m}\nls\n```\n\u{1b}]0;title\u{7}\n").unwrap();
}

#[test]
fn a_runbook_reads_well_on_eighty_columns() {
    let shown = run(files, &["show", "restore", "--pack", "shop"]);
    assert_eq!((shown.code, shown.err.as_str()), (0, ""));
    let expected = "\
Restore the portal
restore-portal · P0 · for database · RTO 1h · opens on database-down
  $TARGET Which database? [portal]
  $PASSWORD (secret)

When the primary is lost, see the manual (https://example.org/manual).

## Steps

1. Stop the traffic  [destructive]  stop-the-traffic
  ☐ The status page says so

    ▶ destructive · bash · at most 2m
      kubectl scale to 0 stops every pod
    kubectl scale deployment portal --replicas=0

  Expected Output:

    deployment.apps/portal scaled

  If it fails:

  • Ask for help

  Rollback:

    ▶ change · rollback · bash
      kubectl scale changes the number of pods
    kubectl scale deployment portal --replicas=3

Option A: In place  [destructive]  in-place
    ▶ destructive · sql · on primary · may write
      DROP DATABASE removes it for good (portal)
    DROP DATABASE portal;

Option B: Aside  [manual]  aside
  Where │ How long
  ──────┼─────────
  here  │   45 min

## Verification  [read]  verification
    ▶ read · bash · up to 5 retries, 10s apart · sets $LAG
    curl -fsS https://portal.example.org/lag

1 problem in this document
";
    let problems = shown.out.strip_prefix(expected).unwrap_or_else(|| panic!("{}", shown.out));
    let problems = problems.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        problems.contains("restore.md:9:37: the secret PASSWORD has a default") && !shown.out.contains("hunter2"),
        "{problems}"
    );
    assert!(shown.out.lines().all(|line| line.chars().count() <= 80), "{}", shown.out);
}

#[test]
fn json_keeps_its_contract() {
    let shown = run(files, &["show", "restore-portal", "--json", "--pack", "shop"]);
    let document: Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!((&document["id"], &document["title"]), (&json!("restore-portal"), &json!("Restore the portal")));
    let steps = &document["sections"][1]["steps"];
    let stop = &steps[0];
    assert_eq!(
        (&stop["id"], &stop["number"], &stop["kind"], &stop["option"]),
        (&json!("stop-the-traffic"), &json!("1"), &json!("executable"), &Value::Null)
    );
    assert_eq!(
        stop["checks"],
        json!([{"text": "The status page says so", "about": null, "ticked": false, "line": 19}])
    );
    let action = &stop["actions"][0];
    assert_eq!(action["language"], "bash");
    assert_eq!(action["code"], "kubectl scale deployment portal --replicas=0\n");
    assert_eq!((&action["risk"], &action["line"]), (&json!("destructive"), &json!(22)));
    assert_eq!(action["expected"], json!([{"kind": "text", "value": "deployment.apps/portal scaled\n", "line": 27}]));
    assert_eq!(action["attributes"], json!({"timeout_ms": 120_000}));
    assert_eq!(stop["undo"][0]["id"], "stop-the-traffic/undo-1");
    assert_eq!(steps[1]["option"], json!({"group": "in-place", "key": "A", "title": "In place"}));
    assert_eq!((&steps[2]["kind"], &steps[2]["option"]["group"]), (&json!("manual"), &json!("in-place")));
    let wait = &document["sections"][2]["steps"][0]["actions"][0];
    let attributes = json!({"capture": {"variable": "LAG", "pointer": "/lag"}, "retry": 5, "every_ms": 10_000});
    assert_eq!(wait["attributes"], attributes);
    assert_eq!(wait["expected"][0]["kind"], "regex");
    assert_eq!(document["vars"]["TARGET"]["prompt"], "Which database?");
    assert_eq!(
        (&document["vars"]["PASSWORD"]["default"], &document["vars"]["PASSWORD"]["secret"]),
        (&Value::Null, &json!(true))
    );
    assert_eq!(document["diagnostics"][0]["severity"], "warning");
    assert!(!shown.out.contains("hunter2"), "{}", shown.out);
}

#[test]
fn a_file_needs_no_pack_and_moves_no_cursor() {
    let shown = run(files, &["show", "odd.md", "--pack", "nowhere"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(
        shown.out.contains("odd.md:2:10: there is no attribute `timout` (did you mean `timeout`?)"),
        "{}",
        shown.out
    );
    assert!(!shown.out.contains('\u{1b}') && !shown.out.contains('\u{7}'));
}

#[test]
fn what_is_not_there_is_said_in_one_sentence() {
    let missing = |arguments: &[&str]| {
        let run = run(files, arguments);
        assert_eq!(run.err.lines().count(), 1, "{}", run.err);
        (run.code, run.err.trim().to_owned())
    };
    assert_eq!(missing(&["show", "none.md"]), (66, "warroom: cannot read none.md: no such file".to_owned()));
    let (code, sentence) = missing(&["show", "restor", "--pack", "shop"]);
    assert_eq!((code, sentence.as_str()), (64, "warroom: the pack shop has no runbook restor (did you mean restore?)"));
}

#[test]
fn the_list_names_runbooks_with_their_worst_risk_and_triggers() {
    let listed = run(files, &["list", "--pack", "shop"]);
    let expected = "\
RUNBOOK         TITLE               STEPS  RISK         TRIGGERS
call            Call somebody           1  manual
restore-portal  Restore the portal      4  destructive  database-down
";
    assert_eq!((listed.code, listed.out.as_str()), (0, expected), "{}", listed.err);
    let json = run(files, &["list", "--json", "--pack", "shop"]);
    let runbooks: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&runbooks[1]["id"], &runbooks[1]["steps"]), (&json!("restore-portal"), &json!(4)));
    assert_eq!((&runbooks[0]["risk"], &runbooks[1]["risk"]), (&Value::Null, &json!("destructive")));
    assert_eq!(runbooks[1]["triggers"], json!(["database-down"]));
    let embedded = run(files, &["list", "--pack", "dotmac"]);
    assert!(embedded.code == 0 && embedded.out.contains("database-recovery "), "{}", embedded.out);
    let bare = |home: &Path| {
        fs::create_dir(home.join("bare")).unwrap();
        fs::write(home.join("bare/platform.toml"), "[platform]\nname = \"bare\"\n").unwrap();
    };
    let none = run(bare, &["list", "--pack", "bare"]);
    assert!(none.code == 0 && none.out.contains("has no runbooks yet"), "{}{}", none.out, none.err);
}
