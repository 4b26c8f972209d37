//! `high-error-rate`: what fails is narrowed down, and one cause is taken away.

use std::time::Duration;

use crate::{
    lab::{Answer, Prometheus, closed_port, wait_until},
    stage::{DotMac, DotMacCluster, Part, Run},
};

const MORE_PODS: &str = "There are too few pods";
const RESTART: &str = "Pods are stuck, and a restart is known to help";

fn errors<'a>(dotmac: &'a DotMac, option: &str) -> Run<'a> {
    dotmac
        .run("high-error-rate")
        .var("EVIDENCE", dotmac.at("evidence"))
        .var("PORTAL_HEALTH", dotmac.portal().health())
        .option("it-began-with-a-release", option)
}

fn platform() -> Option<DotMac> {
    Some(DotMac::start(&[Part::Cluster, Part::Database, Part::Portal])?.impatient())
}

fn wait_for_share(dotmac: &DotMac, condition: &str) {
    let share = "sum(rate(http_requests_total{status=~\"5..\"}[2m])) / sum(rate(http_requests_total[2m]))";
    wait_until("Prometheus has seen it", Duration::from_secs(30), || {
        dotmac.prometheus().value(&format!("{share} {condition}")).is_some()
    });
}

/// Customers are served again, and so many that the errors of the last minutes weigh nothing.
fn serve(dotmac: &DotMac) {
    dotmac.portal().recover();
    let good = "http_requests_total{app=\"customer-portal\",status=\"200\",path=\"/invoices\",pod=\"one\"}";
    dotmac.portal().http.count(good, 1e7);
    wait_for_share(dotmac, "< 0.001");
}

#[test]
fn a_restart_replaces_the_pods_keeps_what_they_logged_and_has_to_end_the_errors() {
    let Some(dotmac) = platform() else { return };
    let cluster = dotmac.cluster();
    let nobody = closed_port();
    let away = format!("http://127.0.0.1:{}", nobody.number());
    errors(&dotmac, "c").var("PROMETHEUS_URL", away).go().failed_at("How many, and where");

    let idle = Prometheus::scraping(&[]);
    let nobody_asks = errors(&dotmac, "c").var("PROMETHEUS_URL", idle.url()).go();
    nobody_asks.says("nobody has asked anything").failed_at("How many, and where");

    dotmac.portal().fail_for_customers();
    wait_for_share(&dotmac, "> 0.05");
    let before = cluster.pods();
    cluster.fill_nodes();
    errors(&dotmac, "c").decide(RESTART, "u").go();
    assert_eq!(cluster.pods(), before, "those that were there go on");
    cluster.free_nodes();

    cluster.kubelet.lose_logs_of(cluster.namespace(), &before[0], "portal");
    let done = errors(&dotmac, "c")
        .decide("Keep the logs", "s one node does not answer, its lines are in the log store")
        .decide("Errors are below 1 %", "r")
        .meanwhile("Errors are below 1 %", || {
            serve(&dotmac);
            dotmac.portal().http.on("/api/health", Answer::new(503, "not yet\n"));
        })
        .decide("The portal answers", "r")
        .meanwhile("The portal answers", || dotmac.portal().recover())
        .go();
    done.says("status=503").completed();
    let after = cluster.pods();
    assert!(after.len() == 3 && after.iter().all(|pod| !before.contains(pod)), "{before:?} {after:?}");
    let kept = std::fs::read_dir(dotmac.path("evidence")).unwrap().map(|entry| entry.unwrap().path());
    let logs: Vec<String> = kept.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let of = |pod: &String| logs.iter().filter(|log| log.contains(&format!("GET /invoices 500 {pod}"))).count();
    assert!(before[1..].iter().all(|pod| of(pod) == logs.len()), "{logs:?}");
}

#[test]
fn more_pods_come_only_while_the_database_has_room_for_them() {
    let Some(dotmac) = platform() else { return };
    // Pods that wait for a node are waited for, for as long as that is.
    let dotmac = dotmac.rollouts_within("15s");
    let cluster = dotmac.cluster();
    errors(&dotmac, "a").go().completed();
    let held = dotmac.server().fill_connections(0);
    errors(&dotmac, "b").var("MORE_REPLICAS", "5").go().stopped_before("More pods");
    drop(held);
    errors(&dotmac, "b").var("MORE_REPLICAS", "3").go().failed_at(MORE_PODS);
    assert_eq!(cluster.replicas(), 3);

    cluster.fill_nodes();
    errors(&dotmac, "b").var("MORE_REPLICAS", "5").decide(MORE_PODS, "u").go();
    assert_eq!(cluster.replicas(), 3, "it goes back");
    cluster.free_nodes();
    errors(&dotmac, "b").var("MORE_REPLICAS", "5").go().completed();
    let deployment = cluster.get("deployment", DotMacCluster::DEPLOYMENT).unwrap();
    assert_eq!(deployment["status"]["readyReplicas"], 5);
}
