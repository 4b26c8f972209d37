//! `incident-response`: what is broken is seen, a severity is chosen, and people find each other.

use crate::{
    lab::{Answer, Http, closed_port},
    stage::{DotMac, Helm, Part, Run, minutes_ago},
};

fn response<'a>(dotmac: &'a DotMac, severity: &str, detected: &str) -> Run<'a> {
    dotmac.run("incident-response").var("DETECTED_AT", detected).option("critical", severity)
}

#[test]
fn an_incident_of_each_severity_is_opened_with_what_was_seen() {
    let Some(dotmac) = DotMac::start(&[Part::Cluster, Part::Database]) else { return };
    Helm::of(&dotmac).release("2.3.1");
    let portal = Http::start();
    portal.on("/api/health", Answer::new(503, "waiting for its database\n"));
    let nobody = closed_port();
    let away = format!("http://127.0.0.1:{}/health", nobody.number());
    let detected = minutes_ago(12);
    let seen = |severity| {
        response(&dotmac, severity, &detected).var("PORTAL_HEALTH", portal.url("/api/health")).var("API_HEALTH", &away)
    };
    let done = seen("P0").go();
    done.says("/api/health: HTTP 503")
        .says("/health: no answer: curl: (7)")
        .says("customer-portal: 3 of 3 ready")
        .says("Install complete")
        .says(&format!("#incident-{}-{}{}", &detected[..10], &detected[11..13], &detected[14..16]))
        .completed();
    for severity in ["P1", "P2", "P3"] {
        seen(severity).go().completed();
    }
}

#[test]
fn a_slow_answer_a_later_finding_and_people_who_do_not_know_are_noticed() {
    let Some(mut dotmac) = DotMac::start(&[Part::Cluster, Part::Database]) else { return };
    dotmac.server_mut().stop();
    let seen = |minutes| {
        response(&dotmac, "P0", &minutes_ago(minutes))
            .decide("See what is broken", "s the database does not answer: it is what is broken")
            // Nobody has installed such a release.
            .decide("See what has changed", "s it is no release of Helm's")
    };
    seen(45).go().says("45 minutes after").failed_at("It was answered in time");
    let knows = seen(5).decide("Everybody knows", "n").go().left_open();
    knows.says("5 minutes after");

    // It turns out that it began earlier: the channel has another name by then.
    let open = seen(5).decide("Tell people", "n").go().left_open();
    let earlier = response(&dotmac, "P0", &minutes_ago(20)).resume(&open).go();
    earlier.failed_at("The channel's name says when the incident began");
}
