//! From what a probe saw to a reading: the thresholds of the pack applied.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Observation, Reading, Status, Unit, details, quantity};
use crate::platform::{Expression, Limit, OnTimeout, ProbeSpec};

/// Judges one observation. Thresholds make a verdict worse, never better, and are not asked when the target could not be
/// looked at or is down already. A threshold that has no answer (it reads a detail that this observation lacks) makes an
/// ok reading `unknown`: a check that cannot be evaluated must not look green.
pub fn judge(spec: &ProbeSpec, observation: Observation, at: Timestamp, latency: Duration) -> Reading {
    let mut reading = Reading {
        probe: spec.id.clone(),
        at,
        status: observation.verdict,
        value: observation.value,
        unit: observation.unit,
        summary: observation.summary,
        threshold: None,
        latency,
        details: observation.details,
        exposure: observation.exposure,
    };
    if !matches!(reading.status, Status::Ok | Status::Warn) {
        return reading;
    }
    let thresholds = [(&spec.down, Status::Down), (&spec.warn, Status::Warn)];
    if thresholds.iter().all(|(threshold, _)| threshold.is_none()) {
        return reading;
    }
    let variables = variables(&reading);
    for (threshold, status) in thresholds {
        let Some(threshold) = threshold else { continue };
        match threshold.holds(&variables) {
            // What the probe itself found is the cause as long as it is as bad.
            Ok(true) if status <= observation.verdict => break,
            Ok(true) => {
                reading.status = status;
                reading.threshold = Some(threshold.source().to_owned());
                let limit = in_words(threshold, reading.unit.as_ref());
                reading.summary = match observation.verdict {
                    Status::Ok => format!("{} ({limit})", reading.summary),
                    // The worse cause comes first.
                    _ => format!("{limit}; {}", reading.summary),
                };
                break;
            }
            Ok(false) => {}
            Err(error) if observation.verdict == Status::Ok => {
                reading.status = Status::Unknown;
                reading.threshold = Some(threshold.source().to_owned());
                reading.summary = format!("{} ({error})", reading.summary);
            }
            // What is wrong already explains why a detail is missing.
            Err(_) => {}
        }
    }
    reading
}

/// What a look means that was cut off at its time limit. `stage` is what the probe was waiting for.
pub fn timed_out(on_timeout: OnTimeout, limit: Duration, stage: &str) -> Observation {
    let status = match on_timeout {
        OnTimeout::Unknown => Status::Unknown,
        OnTimeout::Down => Status::Down,
    };
    let limit = super::number(limit.as_secs_f64());
    let summary = if stage.is_empty() {
        format!("no answer within {limit} s")
    } else {
        format!("no answer within {limit} s: {stage}")
    };
    Observation::new(status, summary)
}

/// The limit that stands beside a reading's value, in words: the one that decided (`> 5 %`); of what is ok, the nearest one with
/// what it would mean (`warn > 5 %`). None where no threshold decided: the summary has the cause. Limits are shown with the unit of
/// what they limit (`used > 80 %`), the reading's own value without its name; other conditions as they stand.
pub fn shown_limit(spec: &ProbeSpec, reading: &Reading) -> Option<String> {
    let thresholds = [(&spec.warn, Status::Warn), (&spec.down, Status::Down)];
    let mut thresholds = thresholds.into_iter().filter_map(|(threshold, status)| Some((threshold.as_ref()?, status)));
    let unit = reading.unit.as_ref();
    match reading.status {
        Status::Ok => thresholds.next().map(|(next, status)| format!("{status} {}", in_words(next, unit))),
        Status::Warn | Status::Down => {
            let decided = thresholds.find(|(threshold, _)| reading.threshold.as_deref() == Some(threshold.source()))?;
            Some(in_words(decided.0, unit))
        }
        Status::Unknown => None,
    }
}

fn in_words(threshold: &Expression, unit_of_value: Option<&Unit>) -> String {
    let limits = threshold.limits();
    let words = limits.map(|limits| limits.iter().map(|one| limit(one, unit_of_value)).collect::<Vec<_>>().join(", "));
    words.unwrap_or_else(|| threshold.source().to_owned())
}

fn limit(limit: &Limit, unit_of_value: Option<&Unit>) -> String {
    if limit.name == "value" {
        // A count's unit is a whole phrase; beside the value it need not be said again.
        let unit = unit_of_value.filter(|unit| !matches!(unit, Unit::Of(_)));
        return format!("{} {}", limit.operator, quantity(limit.bound, unit));
    }
    let (name, unit) = details::suffix(&limit.name);
    format!("{} {} {}", name.replace('_', " "), limit.operator, quantity(limit.bound, unit.as_ref()))
}

/// The variables of a threshold: the details, plus `value`, `latency_ms` and `status`.
pub(super) fn variables(reading: &Reading) -> Map<String, Value> {
    let mut variables = reading.details.clone();
    if let Some(value) = reading.value {
        variables.insert("value".to_owned(), value.into());
    }
    variables.insert("latency_ms".to_owned(), (reading.latency.as_secs_f64() * 1000.0).into());
    variables.insert("status".to_owned(), reading.status.word().into());
    variables
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::health::testing::{SPEC, at};

    fn spec(warn: &str, down: &str) -> ProbeSpec {
        let mut spec = SPEC.clone();
        spec.warn = Some(Expression::compile(warn).unwrap());
        spec.down = Some(Expression::compile(down).unwrap());
        spec
    }

    fn judged(spec: &ProbeSpec, verdict: Status, value: f64) -> Reading {
        let observation = Observation::new(verdict, "seen").with_value(value, Unit::Percent);
        judge(spec, observation, at(0), Duration::from_millis(5))
    }

    #[test]
    fn the_worse_threshold_wins_and_is_named() {
        let spec = spec("value > 70", "value > 95");
        assert_eq!(judged(&spec, Status::Ok, 50.0).status, Status::Ok);
        let warned = judged(&spec, Status::Ok, 80.0);
        assert_eq!((warned.status, warned.threshold.as_deref()), (Status::Warn, Some("value > 70")));
        let down = judged(&spec, Status::Ok, 96.0);
        assert_eq!((down.status, down.threshold.as_deref()), (Status::Down, Some("value > 95")));
    }

    #[test]
    fn a_threshold_without_an_answer_is_unknown_not_ok() {
        let reading = judged(&spec("connections.used > 3", "false"), Status::Ok, 1.0);
        assert_eq!(reading.status, Status::Unknown);
        assert!(reading.summary.contains("connections.used > 3"), "{}", reading.summary);
    }

    #[test]
    fn a_threshold_without_an_answer_does_not_hide_what_is_wrong() {
        let reading = judged(&spec("lag_seconds > 60", "lag_seconds > 300"), Status::Warn, 1.0);
        assert_eq!((reading.status, reading.summary.as_str()), (Status::Warn, "seen"));
    }

    #[test]
    fn thresholds_are_shown_in_words_with_their_units() {
        let reading = judged(&spec("value > 70", "value > 95"), Status::Ok, 80.0);
        let shown = |warn: &str| {
            let reading = Reading { threshold: Some(warn.to_owned()), ..reading.clone() };
            shown_limit(&spec(warn, "value > 95"), &reading).unwrap()
        };
        assert_eq!(shown("value > 70"), "> 70 %");
        assert_eq!(shown("has(c.used_percent) && c.used_percent > 70"), "used > 70 %");
        assert_eq!(shown("c.lag_seconds > 300"), "lag > 5m");
        assert_eq!(shown("latency_ms > 1000"), "latency > 1 s");
        assert_eq!(shown("age_seconds >= 300 && blocked > 2"), "age >= 5m, blocked > 2");
        assert_eq!(shown("status == 'warn'"), "status == 'warn'");
    }

    #[test]
    fn limit_and_cause_are_of_what_decided() {
        use Status::{Down, Ok, Unknown, Warn};
        let cases = [
            // Verdict, value: status, threshold, limit, cause.
            (Ok, 50.0, Ok, None, Some("warn > 70 %"), "seen"),
            (Ok, 80.0, Warn, Some("value > 70"), Some("> 70 %"), "seen (> 70 %)"),
            (Ok, 96.0, Down, Some("value > 95"), Some("> 95 %"), "seen (> 95 %)"),
            (Warn, 50.0, Warn, None, None, "seen"),
            (Warn, 80.0, Warn, None, None, "seen"),
            (Warn, 96.0, Down, Some("value > 95"), Some("> 95 %"), "> 95 %; seen"),
            (Down, 96.0, Down, None, None, "seen"),
            (Unknown, 96.0, Unknown, None, None, "seen"),
        ];
        let spec = spec("value > 70", "value > 95");
        for (verdict, value, status, threshold, limit, cause) in cases {
            let reading = judged(&spec, verdict, value);
            let found = (reading.status, reading.threshold.as_deref(), reading.summary.as_str());
            assert_eq!(found, (status, threshold, cause), "{verdict} {value}");
            assert_eq!(shown_limit(&spec, &reading).as_deref(), limit, "{verdict} {value}");
        }
    }

    #[test]
    fn a_time_out_says_what_was_waited_for() {
        let seen = timed_out(OnTimeout::Unknown, Duration::from_secs(3), "the server accepted but does not speak");
        assert_eq!(seen.verdict, Status::Unknown);
        assert_eq!(seen.summary, "no answer within 3 s: the server accepted but does not speak");
    }

    proptest! {
        #[test]
        fn thresholds_never_make_a_verdict_better(value in -10.0..200.0f64, verdict in 0usize..4) {
            let verdict = Status::ALL[verdict];
            let reading = judged(&spec("value > 70", "value > 95"), verdict, value);
            prop_assert!(reading.status >= verdict);
            if verdict >= Status::Unknown {
                prop_assert_eq!(reading.status, verdict);
            }
        }
    }
}
