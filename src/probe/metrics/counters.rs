//! Counters over time: how much they grew within a window, whatever resets in between.

use std::{
    collections::{HashMap, VecDeque},
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
}

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

/// What is kept between looks: the last value of each matched series, and a few numbers for each page of the window.
#[derive(Debug, Default)]
pub(super) struct Counters {
    last: Option<(Timestamp, HashMap<String, f64>)>,
    growth: VecDeque<Growth>,
    /// Counter resets seen so far (restarts of the program).
    pub(super) resets: u64,
    /// Errors between the last two pages, by series.
    pub(super) latest_errors: Vec<(String, f64)>,
}

impl Counters {
    /// Whether a new page can be compared with an earlier one at `now`. What is older than the window says nothing about it.
    pub(super) fn has_past(&self, now: Timestamp, window: Duration) -> bool {
        self.last.as_ref().is_some_and(|(at, _)| since(*at, now) <= window.max(Duration::from_secs(60)))
    }

    /// Takes a page in.
    ///
    /// A value below the one before means that the counter started anew: all of it is growth. A series that was not on the
    /// page before started at zero. NaN is no value.
    pub(super) fn take(&mut self, at: Timestamp, counts: Vec<Count>, window: Duration) {
        let past = if self.has_past(at, window) { self.last.take() } else { None };
        let mut values = HashMap::with_capacity(counts.len());
        let (mut errors, mut total) = (0.0, 0.0);
        self.latest_errors.clear();
        for count in counts {
            let before = past.as_ref().map(|(_, values)| values.get(&count.series).copied());
            if !count.value.is_finite() {
                if let Some(Some(before)) = before {
                    values.insert(count.series, before);
                }
                continue;
            }
            if let Some(before) = before {
                let before = before.unwrap_or(0.0);
                let reset = count.value < before;
                self.resets += u64::from(reset);
                let grown = if reset { count.value } else { count.value - before };
                if count.error {
                    errors += grown;
                    if grown > 0.0 {
                        self.latest_errors.push((count.series.clone(), grown));
                    }
                }
                if count.total {
                    total += grown;
                }
            }
            values.insert(count.series, count.value);
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
        self.last = Some((at, values));
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
                series: (*series).to_owned(),
                error: series.starts_with('5'),
                total: true,
                value: *value,
            })
            .collect()
    }

    fn grown(pages: &[&[(&str, f64)]]) -> (f64, f64) {
        let mut counters = Counters::default();
        for (index, values) in pages.iter().enumerate() {
            counters.take(at(index as i64 * 10), page(values), WINDOW);
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
    fn what_is_older_than_the_window_is_forgotten() {
        let mut counters = Counters::default();
        for second in (0..600).step_by(10) {
            counters.take(at(second), page(&[("200", second as f64)]), WINDOW);
        }
        let grown = counters.grown().unwrap();
        assert_eq!((grown.total, grown.covered), (60.0, WINDOW));
        assert!(counters.growth.len() <= 7);
        assert!(!counters.has_past(at(700), WINDOW));
        counters.take(at(700), page(&[("200", 1e6)]), WINDOW);
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
                counters.take(at(index as i64 * 10), page(&named), WINDOW);
            }
            let grown = counters.grown().unwrap();
            prop_assert!(0.0 <= grown.errors && grown.errors <= grown.total + 1e-6);
        }
    }
}
