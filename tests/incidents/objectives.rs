//! What an export judges the objectives by.

use std::{
    fs::{self, File},
    time::{Duration, SystemTime},
};

use serde_json::Value;
use sha2::{Digest, Sha256};
use warroom::host::clock;

use crate::{
    lab::desk::{Desk, stderr, stdout},
    verbs::{PLATFORM, desk},
};

/// A desk whose database has backups: how many minutes old, and whether a checksum vouches for it.
fn with_backups(backups: &[(u64, bool)]) -> Desk {
    let desk = desk();
    let folder = desk.path("backups");
    fs::create_dir(&folder).unwrap();
    for (minutes, verified) in backups {
        let name = format!("{minutes}.dump");
        let content = [42; 1000];
        fs::write(folder.join(&name), content).unwrap();
        if *verified {
            let digest: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
            fs::write(folder.join(format!("{name}.sha256")), format!("{digest}  {name}\n")).unwrap();
        }
        let modified = SystemTime::from(clock::now()) - Duration::from_secs(minutes * 60);
        File::options().append(true).open(folder.join(&name)).unwrap().set_modified(modified).unwrap();
    }
    let probe = format!(
        "\n[[probes]]\nid = \"backups\"\ntitle = \"Backups\"\npanel = \"backups\"\ncomponent = \"database\"\n\
         kind = \"backup\"\npath = \"{}/*.dump\"\nverify = \"checksum\"\nmax_age = \"24h\"\n",
        folder.display()
    );
    desk.with_pack(&probe)
}

#[test]
fn the_rpo_verdict_counts_a_verified_backup_from_before_the_failure_or_what_was_recorded() {
    assert!(PLATFORM.contains("rpo = \"24h\""));
    let hour = 60;
    let recorded = ["incident", "data-loss", "--restored-to", "3h", "the carts of three hours"];
    #[rustfmt::skip]
    let cases = [
        // Backups (minutes old, verified), detected, whether a restore point was recorded: verdict.
        (&[(2 * hour, true)][..], "30m", false, Value::Bool(true)),
        (&[(26 * hour, true)], "30m", false, Value::Bool(false)),
        (&[(2 * hour, false)], "30m", false, Value::Null),
        (&[(2 * hour, true)], "3h", false, Value::Null),
        (&[(2 * hour, false), (26 * hour, true)], "30m", false, Value::Bool(false)),
        (&[], "30m", false, Value::Null),
        (&[(2 * hour, false)], "30m", true, Value::Bool(true)),
        (&[(26 * hour, true)], "30m", true, Value::Bool(true)),
    ];
    for (backups, detected, is_recorded, verdict) in cases {
        let desk = with_backups(backups);
        let words =
            ["incident", "declare", "--severity", "P0", "--title", "x", "--component", "database", "--detected"];
        let declared = desk.run(&[&words[..], &[detected]].concat());
        assert_eq!(declared.status.code(), Some(0), "{}", stderr(&declared));
        if is_recorded {
            let output = desk.run(&recorded);
            assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        }
        let export = desk.run(&["incident", "export", "--format", "json"]);
        let export: Value = serde_json::from_slice(&export.stdout).unwrap();
        let database = &export["summary"]["recovery"][0];
        let case = format!("{backups:?}, detected {detected} ago, recorded {is_recorded}: {database}");
        assert_eq!(database["rpo_met"], verdict, "{case}");
        assert_eq!(database["recorded"], is_recorded, "{case}");
        let shown = desk.run(&["incident", "show", "--json"]);
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
        let clocks = shown["clocks"].as_array().unwrap();
        let clock = clocks.iter().find(|clock| clock["id"] == "rpo:database").unwrap();
        let level = match verdict {
            Value::Bool(true) => "met",
            Value::Bool(false) => "red",
            _ => "amber",
        };
        assert_eq!(clock["level"], level, "{case}: {clock}");
        let draft = stdout(&desk.run(&["incident", "export", "--format", "postmortem"]));
        assert_eq!(draft.contains("restore point unknown"), verdict == Value::Null, "{case}: {draft}");
    }
}
