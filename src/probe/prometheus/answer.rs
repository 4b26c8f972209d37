//! Reads the answer of `/api/v1/query`: <https://prometheus.io/docs/prometheus/latest/querying/api/>.

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use warroom_domain::health::{Observation, Unit, quantity};
use warroom_host::{
    bounded::json::read as read_json,
    plain::{first_line, plain, shortened},
};

/// Rows of the table.
const SHOWN: usize = 50;
const MOST_LABELS: usize = 200;

#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    status: String,
    data: Option<Data>,
    #[serde(default, rename = "errorType")]
    error_type: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Vector(Vec<Series>),
    Scalar(Sample),
    Matrix(serde::de::IgnoredAny),
    String(serde::de::IgnoredAny),
}

#[derive(Debug, Deserialize)]
struct Series {
    metric: IndexMap<String, String>,
    value: Option<Sample>,
}

/// Seconds since 1970, and the number as Go prints it (`NaN`, `+Inf`).
#[derive(Debug, Deserialize)]
struct Sample(f64, String);

impl Sample {
    fn value(&self) -> Option<f64> {
        self.1.parse().ok()
    }
}

/// None when the body is not what Prometheus answers.
pub(super) fn read(body: &[u8]) -> Option<Answer> {
    read_json(body).ok().filter(|answer: &Answer| {
        matches!(answer.status.as_str(), "success" | "error") && (answer.data.is_some() || !answer.error.is_empty())
    })
}

impl Answer {
    pub(super) fn observe(&self, unit: &Unit) -> Observation {
        let mut seen = match &self.data {
            None => Observation::unknown(self.refusal()),
            Some(Data::Matrix(_)) => {
                Observation::unknown("the query gives a range of values: reduce it, as in avg_over_time(x[5m])")
            }
            Some(Data::String(_)) => Observation::unknown("the query gives a text, not a number"),
            Some(Data::Scalar(sample)) => observe(&[(String::new(), sample)], 1, unit),
            Some(Data::Vector(series)) => {
                let samples: Vec<(String, &Sample)> =
                    series.iter().filter_map(|series| Some((labels(&series.metric), series.value.as_ref()?))).collect();
                if samples.is_empty() && !series.is_empty() {
                    Observation::unknown("the query gives histograms: take histogram_quantile(0.99, …)")
                } else {
                    observe(&samples, series.len(), unit)
                }
            }
        };
        if !self.warnings.is_empty() {
            let warnings: Vec<String> =
                self.warnings.iter().take(10).map(|text| first_line(&plain(text), 200)).collect();
            seen.summary = format!("{} (Prometheus warns)", seen.summary);
            seen.details.insert("warnings".to_owned(), warnings.into());
        }
        seen
    }

    fn refusal(&self) -> String {
        let said = first_line(&plain(&self.error), 160);
        match self.error_type.as_str() {
            "bad_data" => format!("the query is wrong: {said}"),
            "timeout" => format!("the query took too long: {said}"),
            "canceled" => format!("the query was cancelled: {said}"),
            "execution" => format!("the query cannot be answered: {said}"),
            _ => format!("Prometheus says: {said}"),
        }
    }
}

fn observe(samples: &[(String, &Sample)], count: usize, unit: &Unit) -> Observation {
    let mut numbers: Vec<(&str, f64)> = samples
        .iter()
        .filter_map(|(labels, sample)| Some((labels.as_str(), sample.value().filter(|value| !value.is_nan())?)))
        .collect();
    numbers.sort_by(|a, b| b.1.total_cmp(&a.1));
    let row = |(labels, value): &(&str, f64)| {
        let value = if value.is_finite() { json!(value) } else { infinite(*value).into() };
        json!({ "labels": labels, "value": value })
    };
    let mut details = Map::new();
    let mut put = |name: &str, value: Value| details.insert(name.to_owned(), value);
    put("series_count", count.into());
    put("series", numbers.iter().take(SHOWN).map(row).collect());
    if let (Some(largest), Some(smallest)) = (numbers.first(), numbers.last()) {
        put("min", smallest.1.into());
        put("max", largest.1.into());
    }
    let at = samples.first().and_then(|(_, sample)| {
        Timestamp::UNIX_EPOCH.checked_add(SignedDuration::try_from_secs_f64(sample.0).ok()?).ok()
    });
    if let Some(at) = at {
        put("evaluated_at", format!("{at:.0}").into());
    }
    if numbers.len() < samples.len() {
        put("not_a_number", (samples.len() - numbers.len()).into());
    }
    let seen = match (numbers.first(), count) {
        (_, 0) => Observation::unknown("the query returns nothing"),
        (None, _) => Observation::unknown("the query gives NaN: 0/0, no traffic?"),
        (Some((_, value)), _) if !value.is_finite() => {
            Observation::unknown(format!("the query gives {}: a division by zero?", infinite(*value)))
        }
        (Some((_, value)), 1) => Observation::ok(quantity(*value, Some(unit))).with_value(*value, unit.clone()),
        (Some((labels, value)), _) => {
            let most = quantity(*value, Some(unit));
            let which = shortened(labels, 60);
            Observation::ok(format!("{most}, the largest of {count}: {which}")).with_value(*value, unit.clone())
        }
    };
    seen.with_details(details.into())
}

fn infinite(value: f64) -> &'static str {
    if value > 0.0 { "+Inf" } else { "-Inf" }
}

/// As PromQL writes a series: `name{a="x", b="y"}`.
fn labels(metric: &IndexMap<String, String>) -> String {
    let name = metric.get("__name__").map_or("", String::as_str);
    let pairs: Vec<String> = metric
        .iter()
        .filter(|(label, _)| *label != "__name__")
        .map(|(label, value)| format!("{label}={value:?}"))
        .collect();
    shortened(&plain(&format!("{name}{{{}}}", pairs.join(", "))), MOST_LABELS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use warroom_domain::health::Status;

    fn seen(body: &str) -> Observation {
        read(body.as_bytes()).expect("an answer of Prometheus").observe(&Unit::Percent)
    }

    fn vector(samples: &[(&str, &str)]) -> String {
        let series: Vec<Value> = samples
            .iter()
            .map(
                |(instance, value)| json!({"metric": {"__name__": "x", "instance": instance}, "value": [1.7e9, value]}),
            )
            .collect();
        json!({"status": "success", "data": {"resultType": "vector", "result": series}}).to_string()
    }

    #[test]
    fn of_several_series_the_largest_counts_and_all_are_shown() {
        let seen = seen(&vector(&[("a", "1.5"), ("b", "7.5"), ("c", "NaN")]));
        assert_eq!((seen.verdict, seen.value), (Status::Ok, Some(7.5)));
        assert_eq!(seen.summary, "7.5 %, the largest of 3: x{instance=\"b\"}");
        assert_eq!(seen.details["series"][1], json!({"labels": "x{instance=\"a\"}", "value": 1.5}));
        assert_eq!(seen.details["not_a_number"], 1);
        assert_eq!(seen.details["evaluated_at"], "2023-11-14T22:13:20Z");
    }

    #[test]
    fn what_is_not_a_number_is_unknown_and_says_why() {
        let result = |kind: &str, result: Value| {
            json!({"status": "success", "data": {"resultType": kind, "result": result}}).to_string()
        };
        let cases = [
            (vector(&[]), "the query returns nothing"),
            (vector(&[("a", "NaN"), ("b", "NaN")]), "the query gives NaN: 0/0, no traffic?"),
            (vector(&[("a", "1"), ("b", "+Inf")]), "the query gives +Inf: a division by zero?"),
            (result("matrix", json!([])), "the query gives a range"),
            (result("string", json!([1, "x"])), "the query gives a text"),
            (result("vector", json!([{"metric": {}, "histogram": [1, {}]}])), "the query gives histograms"),
            (
                json!({"status": "error", "errorType": "bad_data", "error": "parse error"}).to_string(),
                "the query is wrong",
            ),
        ];
        for (body, words) in cases {
            let seen = seen(&body);
            assert_eq!((seen.verdict, seen.value), (Status::Unknown, None), "{body}");
            assert!(seen.summary.starts_with(words), "{}", seen.summary);
        }
        assert!(read(b"<html>").is_none() && read(b"{\"status\": \"success\"}").is_none());
    }

    proptest! {
        #[test]
        fn any_body_is_read_without_trouble(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(answer) = read(&body) {
                let _ = answer.observe(&Unit::Percent);
            }
        }
    }
}
