//! `metrics`: an error rate computed here from a program's own metrics page, for when Prometheus itself is down.
//!
//! The page is read at every look; the value is what the `errors` series grew within the `window`, in percent of what
//! the `total` series grew. The first look (and the only one of a sweep) reads the page twice or more, a second apart. A
//! counter that fell was reset, and so was one whose `_created` or whose program's `process_start_time_seconds` is newer: all of
//! its new value counts. A counter that was away for a page goes on from its last value. The page must be one program's: behind
//! a load balancer each look may see another one's counters.
//!
//! | what is seen | status |
//! | --- | --- |
//! | both grew, or only `total` | ok; thresholds judge `value` |
//! | no request within the window | unknown: no traffic is no proof of health |
//! | no series matches `total`, a page that is no metrics page, a page that does not come | unknown |
//! | connection refused or closed | down: the program serves the page itself |
//!
//! Details: `errors`, `total` (growth), `window_seconds` (as far as it is covered), `requests_per_second`, `series` (`errors`,
//! `total`: how many match), `error_series` (table, at most 20, growth since the last look: `series`, `errors`), `resets`,
//! `page_bytes`.

mod counters;
mod exposition;
mod selector;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use self::{
    counters::{Count, Counters, Grown},
    selector::Selector,
};
use super::{
    Look, Probe, Surroundings,
    net_error::{NetError, Trouble},
    web,
};
use warroom_domain::{
    health::{Observation, Unit, bytes, duration, number},
    platform::{OnTimeout, ProbeSpec, SecretText, WebFields},
};
use warroom_host::{clock, plain::shortened, secret::SecretStore};

/// Decoded size of a page.
const BODY_LIMIT: usize = 16 * 1024 * 1024;
/// More matched series than this, or longer names of them, is a selector that forgot something.
const MOST_SERIES: usize = 20_000;
const SERIES_BYTES: usize = 4 * 1024 * 1024;
/// What client libraries say of their process: seconds since 1970.
const STARTED: &str = "process_start_time_seconds";
/// Time between the pages of a first look.
const PAUSE: Duration = Duration::from_secs(1);
/// Pages of a first look, at most.
const FIRST_PAGES: usize = 4;

/// See the module.
pub(super) struct MetricsProbe {
    url: SecretText,
    /// Errors and total, or what is wrong with them.
    selectors: Result<(Selector, Selector), String>,
    window: Duration,
    /// A first look stops waiting for traffic after this.
    patience: Duration,
    on_timeout: OnTimeout,
    secrets: Arc<SecretStore>,
    web: web::Fields,
    counters: Mutex<Counters>,
}

/// One page, counted.
struct Scrape {
    counts: Vec<Count>,
    /// When the program started, in seconds since 1970.
    started: Option<f64>,
    bytes: usize,
}

impl MetricsProbe {
    pub(super) fn new(
        url: &SecretText,
        errors: &str,
        total: &str,
        window: Duration,
        web: &WebFields,
        spec: &ProbeSpec,
        surroundings: &Surroundings,
    ) -> Self {
        let selectors = Selector::parse(errors).and_then(|errors| Ok((errors, Selector::parse(total)?)));
        MetricsProbe {
            url: url.clone(),
            selectors,
            window,
            patience: spec.timeout / 2,
            on_timeout: spec.on_timeout,
            secrets: surroundings.secrets.clone(),
            web: surroundings.web(web, BODY_LIMIT),
            counters: Mutex::default(),
        }
    }

    async fn look(&self, look: &Look) -> Result<Observation, NetError> {
        let first = !self.counters().has_past(look.at, self.window);
        let mut scrape = self.scrape(look).await?;
        let mut pages = 1;
        loop {
            let (errors, total) = (tally(&scrape, |count| count.error), tally(&scrape, |count| count.total));
            let bytes = scrape.bytes;
            let grown = {
                let mut counters = self.counters();
                counters.take(clock::now(), scrape.counts, scrape.started, self.window);
                counters.grown()
            };
            let waited = PAUSE * u32::try_from(pages).unwrap_or(u32::MAX);
            let more = first && pages < FIRST_PAGES && (pages == 1 || waited < self.patience);
            if !more || grown.is_some_and(|grown| grown.total > 0.0) || total == 0 {
                return Ok(self.observe(grown, errors, total, bytes));
            }
            look.stage("waiting for the counters to move");
            tokio::time::sleep(PAUSE).await;
            scrape = self.scrape(look).await?;
            pages += 1;
        }
    }

    async fn scrape(&self, look: &Look) -> Result<Scrape, NetError> {
        let ours = |cause: String| NetError::new(Trouble::Ours, cause);
        let (errors, total) = self.selectors.as_ref().map_err(|cause| ours(cause.clone()))?;
        let url = self.secrets.resolve(&self.url).await.map_err(|error| ours(error.to_string()))?;
        let url = web::parse_url(url.expose_secret()).map_err(ours)?;
        let shown = web::shown(&url);
        let answer = web::fetch(&self.web.get(url), look).await.map_err(|failure| failure.error)?;
        if !answer.status.is_success() {
            return Err(unseen(format!("no metrics page at {shown}: {}", answer.status_text())));
        }
        if answer.cut {
            return Err(unseen(format!("the metrics page is too large: {}", self.web.stopped())));
        }
        let mut counts = Vec::new();
        let mut names = 0;
        let (mut created, mut started) = (HashMap::new(), None);
        let counted = |name: &str| errors.may_match(name) || total.may_match(name);
        let wanted = |name: &str| counted(name) || name == STARTED || base(name).is_some_and(|name| counted(&name));
        let page = exposition::read(&answer.text(), wanted, |sample| {
            if sample.name == STARTED && sample.labels.is_empty() {
                started = Some(sample.value);
            }
            if let Some(of) = base(&sample.name).filter(|_| created.len() <= MOST_SERIES) {
                created.insert(identity(of, sample.labels.clone()), sample.value);
            }
            let error = errors.matches(&sample.name, &sample.labels);
            let total = total.matches(&sample.name, &sample.labels);
            if (error || total) && counts.len() <= MOST_SERIES && names <= SERIES_BYTES {
                let series = identity(sample.name, sample.labels);
                names += series.len();
                counts.push(Count { series, error, total, value: sample.value, created: None });
            }
        });
        if page.samples == 0 {
            return Err(unseen(format!("what {shown} answers is not a metrics page")));
        }
        if names > SERIES_BYTES {
            return Err(unseen(format!(
                "the selectors match series with more than {} of labels: narrow them",
                bytes(SERIES_BYTES as f64)
            )));
        }
        if counts.len() > MOST_SERIES {
            return Err(unseen(format!("the selectors match more than {MOST_SERIES} series: narrow them")));
        }
        for count in counts.iter_mut().filter(|_| !created.is_empty()) {
            count.created = created.get(&count.series).copied();
        }
        Ok(Scrape { counts, started, bytes: answer.body.len() })
    }

    fn observe(&self, grown: Option<Grown>, errors: usize, total: usize, bytes: usize) -> Observation {
        let counters = self.counters();
        let grown = grown.unwrap_or_default();
        let covered = grown.covered.as_secs_f64();
        let percent = grown.errors / grown.total * 100.0;
        let seen = if total == 0 {
            let source = self.selectors.as_ref().map_or("", |(_, total)| total.source());
            Observation::unknown(format!("no series on the page matches {}", shortened(source, 80)))
        } else if grown.total <= 0.0 {
            Observation::unknown(format!("no requests in the last {}", duration(rounded(grown.covered))))
        } else {
            let (share, requests) = (number(percent), number(grown.total));
            let span = duration(rounded(grown.covered));
            Observation::ok(format!("{share} % of {requests} requests in {span}")).with_value(percent, Unit::Percent)
        };
        let latest: Vec<Value> = counters
            .latest_errors
            .iter()
            .take(20)
            .map(|(series, errors)| json!({ "series": shortened(series, 200), "errors": errors }))
            .collect();
        seen.with_details(json!({
            "errors": grown.errors,
            "total": grown.total,
            "window_seconds": covered,
            "requests_per_second": if covered > 0.0 { grown.total / covered } else { 0.0 },
            "series": { "errors": errors, "total": total },
            "error_series": latest,
            "resets": counters.resets,
            "page_bytes": bytes,
        }))
    }

    fn counters(&self) -> std::sync::MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Probe for MetricsProbe {
    fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation> {
        Box::pin(async move { self.look(look).await.unwrap_or_else(|error| error.observation(self.on_timeout)) })
    }
}

/// The counter that a `_created` sample is about (OpenMetrics 1.0).
fn base(name: &str) -> Option<String> {
    name.strip_suffix("_created").map(|base| format!("{base}_total"))
}

fn unseen(cause: String) -> NetError {
    NetError::new(Trouble::Other, cause)
}

fn tally(scrape: &Scrape, which: impl Fn(&Count) -> bool) -> usize {
    scrape.counts.iter().filter(|count| which(count)).count()
}

/// Half seconds say nothing in a sentence, and `0s` would be wrong.
fn rounded(span: Duration) -> Duration {
    Duration::from_secs(span.as_secs_f64().round().max(1.0) as u64)
}

/// The same series has the same identity whatever the order of its labels.
fn identity(name: String, mut labels: Vec<(String, String)>) -> String {
    labels.sort();
    let pairs: Vec<String> = labels.iter().map(|(label, value)| format!("{label}={value:?}")).collect();
    format!("{name}{{{}}}", pairs.join(", "))
}
