//! What a pack and a runbook say about an incident: clocks of the scenario, restart order, roles, severity.

use serde_json::Value;

use crate::lab::desk::{Desk, stderr, stdout};

const PLATFORM: &str = r#"
[[components]]
id = "web"
title = "Web"
tier = 2
depends_on = ["api"]

[[components]]
id = "database"
title = "Database"
tier = 1
rto = "4h"

[[components]]
id = "api"
title = "API"
tier = 2
depends_on = ["database"]

[[severities]]
level = "P0"
title = "Everything is down"

[[severities]]
level = "P1"
title = "A part is down"

[[roles]]
id = "ic"
title = "Incident Commander"
"#;

const RECOVERY: &str = "---\nid: recovery\ncomponents: [web, database]\nseverity: P1\nrto: 30m\nroles: [Incident Commander, dba]\n\
    ---\n# Recover the database\n\n## Steps\n\n### 1. Look\n```bash\necho looked\n```\n";

fn desk() -> Desk {
    Desk::new("", RECOVERY).with_pack(PLATFORM)
}

fn shown(desk: &Desk, id: &str) -> (String, Value) {
    let text = desk.run(&["incident", "show", id]);
    let json = desk.run(&["incident", "show", id, "--json"]);
    (stdout(&text), serde_json::from_slice(&json.stdout).unwrap())
}

#[test]
fn a_runbook_says_what_an_incident_is_declared_with() {
    let desk = desk();
    let declared = desk.run(&["incident", "declare", "--runbook", "task", "--no-look"]);
    assert_eq!(declared.status.code(), Some(0), "{}", stderr(&declared));
    let (_, json) = shown(&desk, stdout(&declared).trim());
    assert_eq!(json["title"], "Recover the database");
    assert_eq!(json["severity"], "P1");
    assert_eq!(json["components"], serde_json::json!(["web", "database"]));
    // What is said counts.
    let said = ["incident", "declare", "--runbook", "task", "--severity", "p0", "--component", "api", "--no-look"];
    let (_, json) = shown(&desk, stdout(&desk.run(&said)).trim());
    assert_eq!((&json["severity"], &json["components"]), (&"P0".into(), &serde_json::json!(["api"])));
    let none = desk.run(&["incident", "declare", "--no-look"]);
    assert_eq!(none.status.code(), Some(64), "{}", stderr(&none));
}

#[test]
fn affected_components_are_shown_in_the_order_in_which_they_are_restarted() {
    let desk = desk();
    let declared = desk.run(&["incident", "declare", "--runbook", "task", "--no-look"]);
    let id = stdout(&declared).trim().to_owned();
    let (text, json) = shown(&desk, &id);
    // They depend on each other through what is not affected.
    assert_eq!(json["restart_order"], "database → web");
    assert!(text.lines().any(|line| line.starts_with("restart order") && line.ends_with("database → web")), "{text}");
}

#[test]
fn the_runbook_that_is_followed_brings_its_own_rto_and_asks_for_its_roles() {
    let desk = desk();
    let id = stdout(&desk.run(&["incident", "declare", "--runbook", "task", "--no-look"])).trim().to_owned();
    let clock = |desk: &Desk| {
        let (_, json) = shown(desk, &id);
        let clocks = json["clocks"].as_array().unwrap().clone();
        clocks.into_iter().find(|clock| clock["id"] == "rto:runbook:recovery")
    };
    assert_eq!(clock(&desk), None);
    let run = ["runbook", "run", "task", "--incident", &id];
    let first = desk.run(&run);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    let missing = "Recover the database needs roles that nobody has taken: ic, dba";
    assert!(stderr(&first).contains(missing), "{}", stderr(&first));
    let clock = clock(&desk).unwrap();
    assert_eq!(clock["label"], "RTO recovery");
    assert!(clock["text"].as_str().unwrap().starts_with("29m"), "{clock}");
    desk.run(&["incident", "role", "ic", "alice"]);
    let second = desk.run(&run);
    assert!(stderr(&second).contains("nobody has taken: dba"), "{}", stderr(&second));
}
