//! `performance-check`: how long answers take, what pods, nodes and queries use, and who waits.

use std::time::Duration;

use crate::{
    lab::{Answer, wait_until},
    stage::{DotMac, Part, Run, Session},
};

fn check<'a>(dotmac: &'a DotMac, option: &str) -> Run<'a> {
    dotmac
        .run("performance-check")
        .var("PORTAL_URL", dotmac.portal().http.url("/"))
        .var("SAMPLES", "20")
        .var("MOST_MILLISECONDS", "100")
        .var("PROMETHEUS_URL", dotmac.prometheus().url())
        .option("pods-and-nodes-by-metrics-server", option)
}

/// What cAdvisor and the node exporter would say, until Prometheus has a rate of it.
fn measure(dotmac: &DotMac) {
    let http = &dotmac.portal().http;
    for pod in dotmac.cluster().pods() {
        let namespace = dotmac.cluster().namespace();
        let labels = format!("namespace=\"{namespace}\",pod=\"{pod}\",container=\"portal\"");
        http.count(&format!("container_memory_working_set_bytes{{{labels}}}"), 64.0 * 1024.0 * 1024.0);
    }
    wait_until("Prometheus knows what nodes and pods use", Duration::from_secs(30), || {
        http.count("node_cpu_seconds_total{mode=\"idle\",cpu=\"0\"}", 0.01);
        dotmac.prometheus().value("rate(node_cpu_seconds_total[5m])").is_some()
            && dotmac.prometheus().value("count(container_memory_working_set_bytes) == 3").is_some()
    });
}

fn slow(dotmac: &DotMac) {
    dotmac.portal().http.on("/", Answer::text("at last\n").after(Duration::from_millis(150)));
}

#[test]
fn prometheus_and_pg_stat_statements_say_where_the_time_goes() {
    let Some(dotmac) = DotMac::start(&[Part::Cluster, Part::Database, Part::Portal]) else { return };
    let dotmac = dotmac.impatient();
    let database = || dotmac.database("portal");
    let _blocks = Session::idle(database(), "web-1", 1);
    let _waits = Session::waiting(database(), "web-2", 1);
    let done = check(&dotmac, "b")
        // Nothing measures the pods at first, and the extension is not there.
        .decide("Pods and nodes by Prometheus", "r")
        .meanwhile("Pods and nodes by Prometheus", || measure(&dotmac))
        .decide("Which queries cost most", "r")
        .meanwhile("Which queries cost most", || {
            database().sql("CREATE EXTENSION pg_stat_statements; SELECT pg_sleep(1)");
        })
        .meanwhile("Say what was found", || slow(&dotmac))
        .decide("Answers are as fast as they should be", "r")
        .meanwhile("Answers are as fast as they should be", || dotmac.portal().recover())
        .go();
    done.says("relation \"pg_stat_statements\" does not exist")
        .says("memory of 3 containers")
        .says("64 MiB")
        .says("SELECT pg_sleep($1)")
        .says("1 sessions waiting for others, 0 idle in a transaction for more than a minute")
        .completed();
}

#[test]
fn slow_answers_broken_ones_and_a_missing_metrics_server_are_told_apart() {
    let Some(dotmac) = DotMac::start(&[Part::Cluster, Part::Database, Part::Portal]) else { return };
    slow(&dotmac);
    let done = check(&dotmac, "a").decide("How long answers take", "g it is slow, and the next steps say where").go();
    done.says("19 of 20 answers took at most 1")
        .says("Metrics API not available")
        .failed_at("Pods and nodes by metrics-server");
    dotmac.portal().fail();
    check(&dotmac, "b").go().says("503").failed_at("How long answers take");
}
