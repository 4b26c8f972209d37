//! What a scenario says at each moment, and what is wrong with broken ones.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const LAG: &str = r#"
[scenario]
id = "lag"
title = "The replica falls behind"
duration = "2m"

[probes.replication]
status = "ok"
summary = "{value} behind"
value = 0.0
unit = "s"
details.replicas = [{ name = "replica-1", state = "streaming", lag_bytes = 0, seen_at = { ago = "1s" } }]
details.slots = { kept = 1 }

[[events]]
at = "60s"
probe = "replication"
status = "ok"
value = { to = 0.0, over = "10s" }

[[events]]
at = "10s"
probe = "replication"
status = "warn"
value = { to = 40.0, over = "20s" }
details.replicas = [{ lag_bytes = { to = 1000, over = "10s" } }]
"#;

fn start() -> Timestamp {
    "2026-01-15T14:00:00Z".parse().unwrap()
}

fn parse(text: &str) -> Scenario {
    let (scenario, diagnostics) = Scenario::parse("drills/x.toml", text);
    assert_eq!(diagnostics, []);
    scenario.unwrap()
}

fn complaints(text: &str) -> Vec<String> {
    let (scenario, diagnostics) = Scenario::parse("x.toml", text);
    assert!(scenario.is_none());
    diagnostics.iter().map(ToString::to_string).collect()
}

fn say(scenario: &Scenario, seconds: u64) -> Saying {
    scenario.say("replication", start(), Duration::from_secs(seconds)).unwrap()
}

#[test]
fn events_happen_at_their_time_whatever_their_order_in_the_file() {
    let scenario = parse(LAG);
    let values: Vec<_> = [0, 9, 10, 20, 30, 59, 60, 65, 70, 7000].map(|s| say(&scenario, s).value.unwrap()).into();
    assert_eq!(values, [0.0, 0.0, 0.0, 20.0, 40.0, 40.0, 40.0, 20.0, 0.0, 0.0]);
    assert_eq!(say(&scenario, 30).status, ScenarioStatus::Warn);
    assert_eq!(say(&scenario, 60).status, ScenarioStatus::Ok);
}

#[test]
fn an_event_leaves_the_details_that_it_does_not_name() {
    let scenario = parse(LAG);
    assert_eq!(
        Value::Object(say(&scenario, 15).details),
        json!({
            "replicas": [{"name": "replica-1", "state": "streaming", "lag_bytes": 500, "seen_at": "2026-01-15T13:59:59Z"}],
            "slots": {"kept": 1},
        })
    );
}

#[test]
fn a_probe_that_the_scenario_does_not_know_has_nothing_to_say() {
    assert_eq!(parse(LAG).say("primary", start(), Duration::ZERO), None);
}

#[test]
fn cleared_things_are_gone() {
    let scenario = parse(&format!(
        "{LAG}\n[[events]]\nat = \"80s\"\nprobe = \"replication\"\nsummary = \"gone\"\nclear = [\"value\", \"details\"]\n"
    ));
    let said = say(&scenario, 80);
    assert_eq!((said.value, said.details.len()), (None, 0));
}

#[test]
fn pods_and_logs_are_answered_from_the_scenario() {
    let scenario = parse(
        r#"
        [scenario]
        id = "pods"
        title = "Pods"
        duration = "1m"
        [probes.pods]
        status = "ok"
        pods.web-1 = { namespace = "production", status = "Running", age_seconds = { from = 60, per_second = 1 } }
        logs.web-1 = ["started"]
        logs."web-1 previous" = ["killed"]
        [[events]]
        at = "10s"
        probe = "pods"
        pods.web-1 = { status = "CrashLoopBackOff" }
        "#,
    );
    let at = Duration::from_secs(10);
    let rows = json!([{"name": "web-1", "namespace": "production", "status": "CrashLoopBackOff", "age_seconds": 70}]);
    assert_eq!(scenario.pods("pods", start(), at).map(Value::Array), Some(rows));
    assert_eq!(scenario.log("pods", at, "web-1", false).unwrap(), ["started"]);
    assert_eq!(scenario.log("pods", at, "web-1", true).unwrap(), ["killed"]);
    assert_eq!(scenario.log("pods", at, "web-2", false), None);
}

#[test]
fn mistakes_are_named_with_their_place_and_the_nearest_word() {
    let text = LAG.replace("status = \"warn\"", "staus = \"warn\"").replace("at = \"60s\"", "at = \"soon\"");
    assert_eq!(
        complaints(&text),
        [
            "x.toml:16:6: at = \"soon\" is not a span of time: it is no number with a unit (write it as \"30s\", \"4m\", \"1h30m\")",
            "x.toml:24:1: unknown key \"staus\" (did you mean `status`?)",
        ]
    );
    assert_eq!(
        complaints(&LAG.replace("probe = \"replication\"", "probe = \"replicaton\"")).first().unwrap(),
        "x.toml:17:9: the event is about probe \"replicaton\", which this scenario does not have (did you mean `replication`?)"
    );
    assert!(complaints(&LAG.replace("{value} behind", "{lag} behind"))[0].contains("not {value}"));
    assert!(complaints(&LAG.replace("value = 0.0", "value = nan"))[0].contains("value is not a number"));
    assert!(complaints("x = [")[0].starts_with("x.toml:1:"));
    assert!(complaints("")[0].contains("[scenario] is missing"));
}

proptest! {
    #[test]
    fn any_text_gives_a_scenario_or_an_error(text in ".{0,400}") {
        let (scenario, diagnostics) = Scenario::parse("x.toml", &text);
        prop_assert!(scenario.is_some() || !diagnostics.is_empty());
    }

    #[test]
    fn a_damaged_scenario_never_panics(at in 0..LAG.len(), with in "[ -~\\n]{0,6}", cut in 0..12usize, seconds in 0..200u64) {
        let mut text = LAG.to_owned();
        text.replace_range(at..(at + cut).min(LAG.len()), &with);
        let (scenario, diagnostics) = Scenario::parse("x.toml", &text);
        prop_assert!(scenario.is_some() || !diagnostics.is_empty());
        if let Some(scenario) = scenario {
            let _ = scenario.say("replication", start(), Duration::from_secs(seconds));
        }
    }

    #[test]
    fn the_same_moment_always_gives_the_same_answer_within_the_jitter(
        to in -1e6..1e6f64, jitter in 0.0..1.0f64, over in 0..100u64, millis in 0..200_000u64,
    ) {
        let text = LAG.replace("value = { to = 40.0, over = \"20s\" }",
            &format!("value = {{ to = {to:?}, over = \"{over}s\", jitter = {jitter:?} }}"));
        let elapsed = Duration::from_millis(millis);
        let once = parse(&text).say("replication", start(), elapsed);
        prop_assert_eq!(&once, &parse(&text).say("replication", start(), elapsed));
        let value = once.unwrap().value.unwrap();
        prop_assert!(value.is_finite() && value.abs() <= to.abs() * (1.0 + jitter) + 0.001);
    }

    #[test]
    fn events_are_in_the_order_of_their_times(times in proptest::collection::vec(0..100u64, 1..8), seconds in 0..100u64) {
        let mut text = LAG.split("[[events]]").next().unwrap().to_owned();
        for at in &times {
            text += &format!("[[events]]\nat = \"{at}s\"\nprobe = \"replication\"\nvalue = {at}\n");
        }
        let expected = times.iter().copied().filter(|at| *at <= seconds).max().unwrap_or(0);
        prop_assert_eq!(say(&parse(&text), seconds).value, Some(expected as f64));
    }
}

/// The scenario of `warroom demo`.
mod primary_outage {
    use super::*;

    const FILE: &str = "runbooks/dotmac/drills/primary-outage.toml";

    fn demo() -> Scenario {
        let text =
            std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(FILE)).unwrap();
        let (scenario, diagnostics) = Scenario::parse(FILE, &text);
        assert_eq!(diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
        scenario.unwrap()
    }

    fn at(scenario: &Scenario, probe: &str, seconds: u64) -> Saying {
        scenario.say(probe, start(), Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn it_unfolds_as_promised() {
        let demo = demo();
        for probe in demo.probes() {
            assert_eq!(at(&demo, probe, 10).status, ScenarioStatus::Ok, "{probe} is well at the start");
            assert_eq!(at(&demo, probe, 400).status, ScenarioStatus::Ok, "{probe} is well in the end");
        }
        assert!(at(&demo, "replication", 74).value.unwrap() > 60.0, "the replica falls behind");
        assert!(at(&demo, "error_rate", 75).value.unwrap() > 5.0, "errors climb");
        assert_eq!(at(&demo, "primary", 90).summary, "connection refused by 10.20.1.11:5432");
        assert_eq!(at(&demo, "portal", 90).details["status"], 503);
        for unharmed in ["redis", "stripe"] {
            assert_eq!(at(&demo, unharmed, 120).status, ScenarioStatus::Ok);
        }
    }

    #[test]
    fn the_pods_that_are_counted_are_the_pods_that_are_listed() {
        let demo = demo();
        for seconds in (0..360).step_by(5) {
            let counts = at(&demo, "pods", seconds).details["pods"].clone();
            let listed = demo.pods("pods", start(), Duration::from_secs(seconds)).unwrap();
            let ready = listed.iter().filter(|pod| matches!(pod["ready"].as_str(), Some("1/1" | "2/2"))).count();
            let looping = listed.iter().filter(|pod| pod["status"] == "CrashLoopBackOff").count();
            assert_eq!((counts["total"].as_u64(), listed.len()), (Some(14), 14));
            assert_eq!(counts["ready"], ready, "at {seconds} s");
            assert_eq!(counts["crashloop"], looping, "at {seconds} s");
        }
    }
}
