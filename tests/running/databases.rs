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

const UPPER: &str = "# A task\n\n## Steps\n\n### 1. In a fence\n```sql {db=primary}\nSELECT upper('a');\n```\n\n\
    ### 2. By psql\n```bash\npsql \"$DB\" -XAtc \"SELECT upper('b')\"\n```\n";

#[test]
fn a_function_of_the_servers_own_under_a_known_name_asks() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    let with = |steps: &str| {
        let desk = desk(&server, steps);
        desk.run(&["runbook", "run", "task", "--var", &format!("DB={}", server.url())])
    };
    let front = format!("---\nvars:\n  DB: {{ prompt: \"Database\" }}\n---\n{UPPER}");
    let read = with(&front);
    assert_eq!(read.status.code(), Some(0), "{}{}", stdout(&read), stderr(&read));

    // Declared STABLE, it is no proof: what it calls is not looked at.
    server.sql("CREATE FUNCTION public.upper(integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT $1'");
    let fence = &UPPER[UPPER.find("### 1").unwrap()..UPPER.find("### 2").unwrap()];
    for steps in [front.replace(fence, ""), front[..front.find("### 2").unwrap()].to_owned()] {
        let asked = with(&steps);
        assert_eq!(asked.status.code(), Some(4), "{}{}", stdout(&asked), stderr(&asked));
        let said = stdout(&asked) + &stderr(&asked);
        assert!(said.contains("this server also defines public.upper"), "{said}");
    }
}
