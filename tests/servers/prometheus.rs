//! The `prometheus` probe on a real Prometheus that scrapes a page which the test controls.

use std::time::Duration;

use warroom::{
    health::{Status, Unit},
    platform::{Expression, ProbeSpec, ProbeTarget, SecretText, WebFields},
};

use crate::{
    lab::{self, Answer, Hanging, Http, Prometheus},
    look,
    look::{expect, spec},
};

fn target(server: &str, query: &str) -> ProbeTarget {
    ProbeTarget::Prometheus {
        server: SecretText::Literal(server.to_owned()),
        query: query.to_owned(),
        unit: Some("%".to_owned()),
        web: WebFields::default(),
    }
}

#[tokio::test]
async fn values_several_series_nothing_and_nonsense_are_told_apart() {
    lab::require!(lab::PROMETHEUS);
    let web = Http::start();
    web.count("http_requests_total{code=\"200\"}", 970.0);
    web.count("http_requests_total{code=\"500\"}", 30.0);
    let prometheus = Prometheus::scraping(&[web.address()]);
    lab::wait_until("it has scraped", Duration::from_secs(20), || {
        prometheus.value("sum(http_requests_total)").is_some()
    });
    let ask = async |query: &str| look::at(target(&prometheus.url(), query)).await;

    let share = "100 * sum(http_requests_total{code=~\"5..\"}) / sum(http_requests_total)";
    let reading = ask(share).await;
    expect(&reading, Status::Ok, "3 %");
    assert_eq!((reading.value, reading.unit), (Some(3.0), Some(Unit::Percent)));
    let threshold = Some(Expression::compile("value > 1").unwrap());
    let judged = look::with(ProbeSpec { warn: threshold, ..spec(target(&prometheus.url(), share)) }).await;
    expect(&judged, Status::Warn, "3 %");

    let reading = ask("http_requests_total").await;
    expect(&reading, Status::Ok, "the largest of 2: http_requests_total{code=\"200\"");
    assert_eq!(reading.value, Some(970.0));
    assert_eq!(reading.details["series"][1]["value"], 30.0);

    expect(&ask("42").await, Status::Ok, "42 %");
    expect(&ask("no_such_metric").await, Status::Unknown, "the query returns nothing");
    expect(&ask("scalar(no_such_metric)").await, Status::Unknown, "NaN");
    expect(&ask("vector(1) / 0").await, Status::Unknown, "+Inf");
    expect(&ask("http_requests_total[1m]").await, Status::Unknown, "a range of values");
    expect(&ask("\"word\"").await, Status::Unknown, "a text, not a number");
    expect(&ask("sum(").await, Status::Unknown, "the query is wrong");
    expect(
        &ask("http_requests_total * on() http_requests_total").await,
        Status::Unknown,
        "the query cannot be answered",
    );
}

#[tokio::test]
async fn a_prometheus_that_stops_is_unknown_and_clears_by_itself() {
    lab::require!(lab::PROMETHEUS);
    let mut prometheus = Prometheus::scraping(&[]);
    let target = || target(&prometheus.url(), "1");
    let (url, spec) = (prometheus.address(), target());
    let again = spec.clone();
    expect(&look::at(spec).await, Status::Ok, "1 %");
    prometheus.stop();
    let reading = look::at(again.clone()).await;
    expect(&reading, Status::Unknown, &format!("cannot ask Prometheus: connection refused by {url}"));
    prometheus.run();
    expect(&look::at(again).await, Status::Ok, "1 %");
}

#[tokio::test]
async fn what_is_no_prometheus_or_lets_nobody_in_is_unknown() {
    let web = Http::start();
    let ask = async || look::at(target(&web.url(""), "1")).await;
    expect(&ask().await, Status::Unknown, "does not answer as Prometheus: 404 Not Found");
    web.on("/api/v1/query", Answer::text("<html>hello"));
    expect(&ask().await, Status::Unknown, "does not answer as Prometheus: 200 OK");
    web.on("/api/v1/query", Answer::new(401, "no"));
    expect(&ask().await, Status::Unknown, "401 Unauthorized: Prometheus refuses this request");
    web.on("/api/v1/query", Answer::new(503, "Service Unavailable"));
    expect(&ask().await, Status::Unknown, "not ready");

    let hanging = Hanging::start();
    let reading = look::with(look::impatient(target(&format!("http://{}", hanging.address()), "1"))).await;
    expect(&reading, Status::Unknown, "no answer within");
}

#[tokio::test]
async fn a_proxy_that_lets_only_get_through_is_asked_by_get() {
    let web = Http::start();
    web.on("/prometheus/api/v1/query", Answer::new(405, ""));
    let reading = look::at(target(&web.url("/prometheus/"), "up{job=\"a b\"}")).await;
    expect(&reading, Status::Unknown, "405");
    let asked = web.requests("/prometheus/api/v1/query");
    assert_eq!(asked.len(), 2);
    assert!(asked[1].target.contains("query=up%7Bjob%3D%22a+b%22%7D"), "{}", asked[1].target);
}
