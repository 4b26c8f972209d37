//! When the head of the WAL passed which position: the way from bytes behind to seconds behind.
//!
//! `now() - pg_last_xact_replay_timestamp()` is the age of the last replayed commit. On an idle primary it grows without
//! any lag, and after a pause of the application it jumps. What was seen at earlier looks has no such fault: the lag
//! is the time since the head first stood beyond what the replica has replayed.

use std::collections::VecDeque;

use jiff::Timestamp;

/// More samples than this are thinned out to every second one: the span stays, the resolution halves.
const MOST: usize = 512;

/// Positions of the head of the WAL, each with the time at which it was first seen.
#[derive(Debug, Default)]
pub(super) struct History {
    samples: VecDeque<(Timestamp, i64)>,
}

impl History {
    /// Notes where the head stands. A position that goes backwards (a restored server) starts over.
    pub(super) fn note(&mut self, at: Timestamp, head: i64) {
        match self.samples.back() {
            Some((_, last)) if *last == head => return,
            Some((_, last)) if *last > head => self.samples.clear(),
            _ => {}
        }
        self.samples.push_back((at, head));
        if self.samples.len() > MOST {
            let mut keep = false;
            self.samples.retain(|_| {
                keep = !keep;
                keep
            });
        }
    }

    /// The last position of the head that was seen.
    pub(super) fn head(&self) -> Option<i64> {
        self.samples.back().map(|(_, head)| *head)
    }

    /// When the last position was first seen.
    pub(super) fn head_since(&self) -> Option<Timestamp> {
        self.samples.back().map(|(at, _)| *at)
    }

    /// Seconds, as of `at`, since the head first stood beyond `position`; 0 when it never did. At most one look's
    /// interval too small. `None` when the oldest sample is beyond it already and nothing older is known.
    pub(super) fn seconds_behind(&self, position: i64, at: Timestamp) -> Option<f64> {
        let Some(first) = self.samples.iter().position(|(_, head)| *head > position) else { return Some(0.0) };
        let (since, _) = self.samples.get(first)?;
        let seconds = at.duration_since(*since).as_secs_f64().max(0.0);
        (first > 0 || seconds > 0.0).then_some(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn an_idle_head_makes_no_lag_and_a_stuck_replica_does() {
        let mut history = History::default();
        history.note(at(0), 100);
        assert_eq!(history.seconds_behind(100, at(3600)), Some(0.0));
        history.note(at(3600), 200);
        // The commit after an hour of silence is seconds old, not an hour.
        assert_eq!(history.seconds_behind(100, at(3604)), Some(4.0));
        assert_eq!(history.seconds_behind(200, at(3604)), Some(0.0));
    }

    #[test]
    fn one_look_does_not_know_how_long() {
        let mut history = History::default();
        history.note(at(0), 100);
        assert_eq!(history.seconds_behind(50, at(0)), None);
    }

    #[test]
    fn a_long_history_is_thinned_and_keeps_its_span() {
        let mut history = History::default();
        for second in 0..10_000 {
            history.note(at(second), second + 1);
        }
        assert!(history.samples.len() <= MOST);
        assert_eq!(history.seconds_behind(0, at(10_000)), Some(10_000.0));
    }
}
