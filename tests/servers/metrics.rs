//! The `metrics` probe on a metrics page that the test controls.

use std::time::Duration;

use warroom::{
    health::Status,
    platform::{ProbeTarget, SecretText, WebFields},
};

use crate::{
    lab::{Answer, Http},
    look,
    look::expect,
    looking::Looking,
};

fn target(url: &str) -> ProbeTarget {
    ProbeTarget::Metrics {
        url: SecretText::Literal(url.to_owned()),
        errors: "http_requests_total{code=~\"5..\"}".to_owned(),
        total: "http_requests_total".to_owned(),
        window: Duration::from_secs(60),
        web: WebFields::default(),
    }
}

/// Counts requests in the background, `errors` of every hundred failed.
fn traffic(web: &std::sync::Arc<Http>, errors: f64) -> tokio::task::JoinHandle<()> {
    let web = web.clone();
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        loop {
            tick.tick().await;
            web.count("http_requests_total{code=\"200\",path=\"/users/{id}\"}", 100.0 - errors);
            web.count("http_requests_total{code=\"503\",path=\"/users/{id}\"}", errors);
        }
    })
}

#[tokio::test]
async fn a_single_look_reads_the_page_twice_and_knows_the_rate() {
    let web = std::sync::Arc::new(Http::start());
    let traffic = traffic(&web, 12.0);
    let reading = look::at(target(&web.url("/metrics"))).await;
    traffic.abort();
    expect(&reading, Status::Ok, "12 % of");
    assert!((reading.value.unwrap() - 12.0).abs() < 0.01, "{:?}", reading.value);
    assert_eq!(reading.details["series"]["errors"], 1);
}

#[tokio::test]
async fn a_restart_of_the_program_does_not_upset_the_rate() {
    let web = Http::start();
    let count = |good: f64, bad: f64| {
        web.count("http_requests_total{code=\"200\"}", good);
        web.count("http_requests_total{code=\"500\"}", bad);
    };
    count(5000.0, 50.0);
    let looking = Looking::at(target(&web.url("/metrics")));
    let seen = looking.look().await;
    assert_eq!((seen.verdict, seen.value), (Status::Unknown, None), "{}", seen.summary);
    assert!(seen.summary.starts_with("no requests in the last"), "{}", seen.summary);
    count(90.0, 10.0);
    assert_eq!(looking.look().await.value, Some(10.0));
    web.reset_counters();
    count(90.0, 10.0);
    let seen = looking.look().await;
    assert_eq!((seen.value, &seen.details["total"]), (Some(10.0), &200.0.into()));
    assert_eq!(seen.details["resets"], 2);
}

/// A proxy that has run for weeks with 20 % errors, and with 1 % now; once its exporter cannot reach it.
#[tokio::test]
async fn a_page_without_the_series_does_not_count_their_life_as_growth() {
    let web = Http::start();
    let page = |good: u64, bad: u64| {
        let lines = [("200", 4_000_000 + good), ("500", 1_000_000 + bad)];
        let lines = lines.map(|(code, count)| format!("http_requests_total{{code=\"{code}\"}} {count}\n"));
        web.on("/metrics", Answer::text(format!("proxy_up 1\n{}", lines.concat())));
    };
    let looking = Looking::at(target(&web.url("/metrics")));
    page(0, 0);
    looking.look().await;
    page(99, 1);
    assert_eq!(looking.look().await.value, Some(1.0));
    web.on("/metrics", Answer::text("proxy_up 0\n"));
    let seen = looking.look().await;
    assert_eq!(seen.verdict, Status::Unknown, "{}", seen.summary);
    assert!(seen.summary.starts_with("no series on the page matches"), "{}", seen.summary);
    page(198, 2);
    let seen = looking.look().await;
    assert_eq!((seen.value, &seen.details["total"]), (Some(1.0), &200.0.into()));
}

#[tokio::test]
async fn a_counter_that_a_restart_made_anew_counts_from_zero() {
    let web = Http::start();
    let page = |started: &str, good: u64, bad: u64| {
        let counters =
            format!("http_requests_total{{code=\"200\"}} {good}\nhttp_requests_total{{code=\"500\"}} {bad}\n");
        web.on("/metrics", Answer::text(format!("process_start_time_seconds {started}\n{counters}")));
    };
    let looking = Looking::at(target(&web.url("/metrics")));
    page("1.7e9", 10, 0);
    looking.look().await;
    page("1.7e9", 20, 0);
    looking.look().await;
    // More than before, but all of it since the start.
    page("1.8e9", 40, 10);
    let seen = looking.look().await;
    assert_eq!((seen.details["total"].as_f64(), seen.details["errors"].as_f64()), (Some(60.0), Some(10.0)));
}

#[tokio::test]
async fn pages_that_say_nothing_are_unknown_with_the_cause() {
    let mut web = Http::start();
    let url = web.url("/page");
    let look = async || look::at(target(&url)).await;
    expect(&look().await, Status::Unknown, "no metrics page at http://127.0.0.1");
    web.on("/page", Answer::text("<html>\nhello {\n"));
    expect(&look().await, Status::Unknown, "is not a metrics page");
    web.on("/page", Answer::text("up 1\n"));
    expect(&look().await, Status::Unknown, "no series on the page matches http_requests_total");
    web.on("/page", Answer::text("x 1\n".repeat(5_000_000)));
    expect(&look().await, Status::Unknown, "too large: stopped reading at 16 MiB (raise `body_limit`)");
    web.stop();
    expect(&look().await, Status::Down, "connection refused by");
}
