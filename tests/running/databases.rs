//! SQL in another database of the server that a probe names.

use crate::{
    desk::{Desk, stderr, stdout},
    lab::{self, Postgres},
};

const STEPS: &str = r#"# A task

## Steps

### 1. Make it
```sql {db=primary write}
CREATE TABLE here (n int);
```

### 2. Its name
```bash {capture=COPY}
echo "copy ' of it"
```

### 3. Look into the copy
```sql {db=primary database=$COPY}
SELECT current_database();
```

### 4. Look into the one that is always there
```sql {db=primary database=template1}
SELECT current_database();
```
"#;

fn desk(server: &Postgres, steps: &str) -> Desk {
    let probe = format!("[[probes]]\nid = \"primary\"\nkind = \"postgres\"\nurl = \"{}\"\n", server.url());
    Desk::new("", steps).with_pack(&probe)
}

#[test]
fn a_step_runs_in_the_database_that_it_names_or_that_a_variable_names() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    server.sql("CREATE DATABASE \"copy ' of it\"");
    let desk = desk(&server, STEPS);
    let output = desk.run(&["runbook", "run", "task", "--confirm", "change"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    assert!(text.contains(" copy ' of it") && text.contains(" template1"), "{text}");
    // Where it acts is part of the record.
    let places: Vec<String> = desk.events().iter().map(|event| event["place"].to_string()).collect();
    assert!(places.iter().any(|place| place.contains("copy ' of it")), "{places:?}");
}

#[test]
fn a_database_that_nobody_has_named_yet_stops_the_step() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    let start = STEPS.find("### 3").unwrap();
    let desk = desk(&server, &format!("# A task\n\n## Steps\n\n{}", &STEPS[start..]));
    let output = desk.run(&["runbook", "run", "task"]);
    assert_eq!(output.status.code(), Some(4), "{}", stdout(&output));
    assert!(stderr(&output).contains("COPY names the database and has no value yet"), "{}", stderr(&output));
    let output = desk.run(&["runbook", "run", "task", "--dry-run"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
}
