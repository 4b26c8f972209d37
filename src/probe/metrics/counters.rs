//! Counters over time: how much they grew within a window, whatever resets in between.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Duration,
};

use jiff::Timestamp;

/// One matched series of a page: its identity, what it counts, and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Count {
    pub(super) series: String,
    pub(super) error: bool,
    pub(super) total: bool,
    pub(super) value: f64,
    /// When the counter began, in seconds since 1970, where the page says it.
    pub(super) created: Option<f64>,
}

/// What was last seen of a series.
#[derive(Debug)]
struct Seen {
    at: Timestamp,
    value: f64,
    created: Option<f64>,
}

/// Series that are remembered. Beyond it those that left the page are forgotten, and what is new counts from its first value.
const KEPT: usize = 50_000;

/// Growth between two pages.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Growth {
    from: Timestamp,
    to: Timestamp,
    errors: f64,
    total: f64,
}

/// Growth over the window, as far as it is covered.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Grown {
    pub(super) errors: f64,
    pub(super) total: f64,
    /// Time between the first and the last page that count.
    pub(super) covered: Duration,
}

/// What is kept between looks: what was last seen of each series, and a few numbers for each page of the window.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// When the last page came, and the metrics that were on it.
    last: Option<(Timestamp, HashSet<String>)>,
    seen: HashMap<String, Seen>,
    /// Something was forgotten: a series that is not remembered may be an old one.
    forgot: bool,
    /// When the program started, in seconds since 1970, where the page says it.
    started: Option<f64>,
    growth: VecDeque<Growth>,
    /// Counter resets seen so far (restarts of the program).
    pub(super) resets: u64,
    /// Errors between the last two pages, by series.
    pub(super) latest_errors: Vec<(String, f64)>,
}

impl Counters {
    /// Whether a new page can be compared with an earlier one at `now`. What is older than the window says nothing about it.
    pub(super) fn has_past(&self, now: Timestamp, window: Duration) -> bool {
        self.last.as_ref().is_some_and(|(at, _)| recent(*at, now, window))
    }

    /// Takes a page in. `started` is when the page's program began.
    ///
    /// A value below the one before means that the counter started anew, and so does a later start of the program or of the
    /// counter: all of it is growth. A series that left the page and comes back goes on from its last value, and without
    /// growth when that is older than the window. A series that was never seen started at zero when its metric was on the
    /// page before; else the page may just not have had it (an exporter that did not reach its target). NaN is no value.
    pub(super) fn take(&mut self, at: Timestamp, counts: Vec<Count>, started: Option<f64>, window: Duration) {
        let past = if self.has_past(at, window) { self.last.take() } else { None };
        // The start is read from a clock that is adjusted now and then.
        let restarted = self.started.zip(started).is_some_and(|(before, now)| now > before + 1.0);
        self.started = started.or(self.started);
        let mut metrics = HashSet::new();
        let (mut errors, mut total) = (0.0, 0.0);
        self.latest_errors.clear();
        for count in counts.into_iter().filter(|count| count.value.is_finite()) {
            let metric = count.series.split('{').next().unwrap_or_default();
            let before = past.as_ref().and_then(|(last, metrics)| match self.seen.get(&count.series) {
                Some(seen) if !recent(seen.at, at, window) => None,
                Some(seen) => {
                    let anew = seen.created.zip(count.created).is_some_and(|(before, now)| now > before);
                    let reset = restarted || anew || count.value < seen.value;
                    self.resets += u64::from(reset);
                    Some(if reset { 0.0 } else { seen.value })
                }
                None => {
                    let first = match count.created {
                        Some(created) => created >= last.as_second() as f64,
                        None => restarted || metrics.contains(metric) && !self.forgot,
                    };
                    first.then_some(0.0)
                }
            });
            let grown = before.map_or(0.0, |before| count.value - before);
            if count.error && grown > 0.0 {
                errors += grown;
                self.latest_errors.push((count.series.clone(), grown));
            }
            if count.total {
                total += grown;
            }
            if !metrics.contains(metric) {
                metrics.insert(metric.to_owned());
            }
            self.seen.insert(count.series, Seen { at, value: count.value, created: count.created });
        }
        if self.seen.len() > KEPT {
            self.forgot = true;
            self.seen.retain(|_, seen| seen.at == at);
        }
        self.latest_errors.sort_by(|a, b| b.1.total_cmp(&a.1));
        match past {
            Some((from, _)) => self.growth.push_back(Growth { from, to: at, errors, total }),
            None => self.growth.clear(),
        }
        // The newest always stays; an older one must end within the window.
        while self.growth.len() > 1 && self.growth.front().is_some_and(|first| since(first.to, at) >= window) {
            self.growth.pop_front();
        }
        self.last = Some((at, metrics));
    }

    pub(super) fn grown(&self) -> Option<Grown> {
        let (first, last) = (self.growth.front()?, self.growth.back()?);
        let mut grown = Grown { covered: since(first.from, last.to), ..Grown::default() };
        for part in &self.growth {
            grown.errors += part.errors;
            grown.total += part.total;
        }
        Some(grown)
    }
}

fn recent(at: Timestamp, now: Timestamp, window: Duration) -> bool {
    since(at, now) <= window.max(Duration::from_secs(60))
}

fn since(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    fn page(values: &[(&str, f64)]) -> Vec<Count> {
        values
            .iter()
            .map(|(series, value)| Count {
                series: format!("requests{{{series}}}"),
                error: series.starts_with('5'),
                total: true,
                value: *value,
                created: None,
            })
            .collect()
    }

    fn grown(pages: &[&[(&str, f64)]]) -> (f64, f64) {
        let mut counters = Counters::default();
        for (index, values) in pages.iter().enumerate() {
            counters.take(at(index as i64 * 10), page(values), None, WINDOW);
        }
        let grown = counters.grown().unwrap();
        (grown.errors, grown.total)
    }

    #[test]
    fn resets_new_series_and_nan_are_counted_right() {
        assert_eq!(grown(&[&[("200", 100.0), ("500", 4.0)], &[("200", 190.0), ("500", 14.0)]]), (10.0, 100.0));
        // Restarted: 30 and 2 since then.
        assert_eq!(grown(&[&[("200", 100.0), ("500", 4.0)], &[("200", 30.0), ("500", 2.0)]]), (2.0, 32.0));
        // The first error ever makes its series.
        assert_eq!(grown(&[&[("200", 100.0)], &[("200", 107.0), ("503", 3.0)]]), (3.0, 10.0));
        assert_eq!(grown(&[&[("200", 100.0), ("500", 4.0)], &[("200", 110.0)]]), (0.0, 10.0));
        assert_eq!(
            grown(&[&[("200", 100.0)], &[("200", f64::NAN)], &[("200", 105.0)]]),
            (0.0, 5.0),
            "NaN neither counts nor resets"
        );
    }

    #[test]
    fn a_counter_that_comes_back_goes_on_and_one_that_only_appears_has_not_grown() {
        let weeks: &[(&str, f64)] = &[("200", 4e6), ("500", 1e6)];
        let later: &[(&str, f64)] = &[("200", 4e6 + 99.0), ("500", 1e6 + 1.0)];
        assert_eq!(grown(&[weeks, &[], later]), (1.0, 100.0), "one page without it");
        assert_eq!(grown(&[weeks, &[("200", 4e6 + 50.0)], later]), (1.0, 100.0), "one page without a part of it");
        assert_eq!(grown(&[&[], weeks, later]), (1.0, 100.0), "the first page lacks it");
        let pages: [&[(&str, f64)]; 9] = [weeks, &[], &[], &[], &[], &[], &[], &[], later];
        assert_eq!(grown(&pages), (0.0, 0.0), "gone for longer than the window");
    }

    #[test]
    fn a_start_that_the_page_tells_is_believed() {
        let of = |pages: &[(f64, Option<f64>, Option<f64>)]| {
            let mut counters = Counters::default();
            for (index, (value, created, started)) in pages.iter().enumerate() {
                let mut counts = page(&[("500", *value)]);
                counts[0].created = *created;
                counters.take(at(index as i64 * 10), counts, *started, WINDOW);
            }
            counters.grown().unwrap().errors
        };
        assert_eq!(of(&[(5.0, None, Some(1e9)), (7.0, None, Some(1.7e9))]), 7.0, "the program was restarted");
        assert_eq!(of(&[(5.0, None, Some(1e9)), (7.0, None, Some(1e9 + 0.2))]), 2.0, "a clock was adjusted");
        assert_eq!(of(&[(5.0, Some(1e9), None), (7.0, Some(1.7e9), None)]), 7.0, "the counter was made anew");
        assert_eq!(of(&[(5.0, Some(1e9), None), (7.0, Some(1e9), None)]), 2.0);
        let mut counters = Counters::default();
        counters.take(at(0), page(&[("200", 10.0)]), None, WINDOW);
        let mut counts = page(&[("500", 1e6), ("503", 2.0)]);
        (counts[0].created, counts[1].created) = (Some(1e9), Some(1_700_000_005.0));
        counters.take(at(10), counts, None, WINDOW);
        assert_eq!(counters.grown().unwrap().errors, 2.0, "an old counter that appears has not grown");
    }

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let mut counters = Counters::default();
        for second in (0..600).step_by(10) {
            counters.take(at(second), page(&[("200", second as f64)]), None, WINDOW);
        }
        let grown = counters.grown().unwrap();
        assert_eq!((grown.total, grown.covered), (60.0, WINDOW));
        assert!(counters.growth.len() <= 7);
        assert!(!counters.has_past(at(700), WINDOW));
        counters.take(at(700), page(&[("200", 1e6)]), None, WINDOW);
        assert_eq!(counters.grown(), None, "a long gap starts anew");
    }

    proptest! {
        #[test]
        fn errors_among_all_never_exceed_all_and_nothing_is_negative(
            pages in proptest::collection::vec(proptest::collection::vec(0.0..1e6f64, 4), 2..20)
        ) {
            let mut counters = Counters::default();
            for (index, values) in pages.iter().enumerate() {
                let named: Vec<_> = ["200", "404", "500", "503"].into_iter().zip(values.iter().copied()).collect();
                counters.take(at(index as i64 * 10), page(&named), None, WINDOW);
            }
            let grown = counters.grown().unwrap();
            prop_assert!(0.0 <= grown.errors && grown.errors <= grown.total + 1e-6);
        }
    }
}
