//! `breach-response`: evidence first, then people, the deadline of the authority, and what is left to do for thirty days.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::stage::{DotMac, Part, Run, minutes_ago};

const HOUR: i64 = 60;

fn response(dotmac: &DotMac, known_hours_ago: i64) -> Run<'_> {
    dotmac
        .run("breach-response")
        .var("BREACH_FROM", minutes_ago((known_hours_ago + 5) * HOUR))
        .var("BREACH_UNTIL", minutes_ago(10))
        .var("KNOWN_AT", minutes_ago(known_hours_ago * HOUR))
        .var("EVIDENCE", dotmac.at("evidence"))
}

/// The evidence file whose name begins with this, and what it holds.
fn evidence(dotmac: &DotMac, prefix: &str) -> String {
    let files = fs::read_dir(dotmac.path("evidence")).unwrap().map(|entry| entry.unwrap().path());
    let mut found = files.filter(|file| file.file_name().unwrap().to_str().unwrap().starts_with(prefix));
    let file = found.next().unwrap_or_else(|| panic!("no evidence is named {prefix}…"));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    fs::read_to_string(file).unwrap()
}

#[test]
fn evidence_is_kept_sealed_and_the_deadline_of_the_authority_is_watched() {
    let Some(dotmac) = DotMac::start(&[Part::Cluster, Part::Database]) else { return };
    response(&dotmac, 2).go().says("69 hours are left").completed();
    let logs = evidence(&dotmac, "breach-logs-");
    assert_eq!(logs.matches("GET /invoices 500").count(), 3, "of three pods:\n{logs}");
    assert!(evidence(&dotmac, "breach-objects-").contains("kind: Ingress"));
    assert_eq!(evidence(&dotmac, "BREACH-SHA256SUMS").lines().count(), 2);

    let agree = "Those who decide agree that it is over";
    response(&dotmac, 2)
        .from("verification-those-who-decide-agree-that-it-is-over")
        .decide(agree, "n")
        .go()
        .left_open();
    let late = "The deadline for the authority is met, or the notice is sent";
    response(&dotmac, 73).go().failed_at(late);
    for entry in fs::read_dir(dotmac.path("evidence")).unwrap() {
        let file = entry.unwrap().path();
        if !file.display().to_string().ends_with("SHA256SUMS") {
            fs::write(file, "nothing happened\n").unwrap();
        }
    }
    let changed = response(&dotmac, 2).from("verification-the-evidence-is-unchanged").go();
    changed.failed_at("The evidence is unchanged");
}

#[test]
fn what_can_be_kept_is_kept_when_a_pod_and_the_database_do_not_answer() {
    let Some(mut dotmac) = DotMac::start(&[Part::Cluster, Part::Database]) else { return };
    let names = dotmac.cluster().pods();
    dotmac.cluster().kubelet.lose_logs_of(dotmac.cluster().namespace(), &names[0], "portal");
    dotmac.server_mut().stop();
    let done = response(&dotmac, 2)
        .decide("Preserve what is volatile", "s its lines are exported from the log store")
        .decide("Assess the scope", "s the database is down, its log is kept")
        .go();
    done.completed();
    let logs = evidence(&dotmac, "breach-logs-");
    assert!(!logs.contains(&format!("500 {}", names[0])), "{logs}");
    assert!(names[1..].iter().all(|name| logs.contains(&format!("500 {name}"))), "the others' lines are kept:\n{logs}");
    assert!(evidence(&dotmac, "breach-objects-").contains(&names[0]));
}

#[test]
fn times_in_the_wrong_order_are_refused_before_anything_is_done() {
    let Some(dotmac) = DotMac::start(&[Part::Cluster]) else { return };
    let run = dotmac.run("breach-response").var("EVIDENCE", dotmac.at("evidence"));
    let run =
        run.var("BREACH_FROM", minutes_ago(10)).var("BREACH_UNTIL", minutes_ago(60)).var("KNOWN_AT", minutes_ago(5));
    run.go().failed_at("The span of the intrusion makes sense");
    assert!(!dotmac.path("evidence").exists());
}
