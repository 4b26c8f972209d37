//! The hybrid logical clock: orders the events of several machines, near to wall time and never against cause and effect.
//!
//! Kulkarni, Demirbas, Madappa, Avva, Leone: "Logical Physical Clocks", OPODIS 2014. One 64-bit number: 48 bits of
//! milliseconds since 1970 (UTC) above 16 bits of counter. The paper's three cases for (l, c) are then one maximum; a
//! counter that is full carries into the milliseconds, which keeps the order.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// How far ahead of this machine's clock another one may be and still pull ours along.
///
/// A clock that is wrong by a time zone (at most 14 hours) must still keep cause before effect; one that says 2099 must
/// not take every other log there for the rest of the incident. Its own lines keep their place, far in the future.
pub const MAX_DRIFT_MS: u64 = 24 * 60 * 60 * 1000;

const COUNTER_BITS: u32 = 16;

/// A moment of the hybrid clock. As text `019b1a2c3d4e-0000`: hexadecimal milliseconds and counter, which sorts as the moments do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hlc(u64);

impl Hlc {
    /// Milliseconds (48 bits) and counter.
    pub fn new(millis: u64, counter: u16) -> Self {
        Hlc((millis << COUNTER_BITS) | u64::from(counter))
    }

    /// The first moment of a wall time. Times before 1970 count as 1970.
    pub fn at(time: Timestamp) -> Self {
        Hlc::new(u64::try_from(time.as_millisecond()).unwrap_or(0), 0)
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> u64 {
        self.0 >> COUNTER_BITS
    }

    /// Which event of this millisecond.
    pub fn counter(self) -> u16 {
        (self.0 & 0xffff) as u16
    }

    /// The moment right after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Hlc(self.0.saturating_add(1))
    }
}

impl fmt::Display for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}-{:04x}", self.millis(), self.counter())
    }
}

/// The text is no moment of a hybrid clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hybrid clock reads 12 hexadecimal digits, a hyphen, 4 digits, all in lower case")]
pub struct NotAnHlc;

impl FromStr for Hlc {
    type Err = NotAnHlc;

    fn from_str(text: &str) -> Result<Self, NotAnHlc> {
        let (millis, counter) = text.split_once('-').ok_or(NotAnHlc)?;
        let digits = |text: &str, count: usize| {
            text.len() == count && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        if !digits(millis, 12) || !digits(counter, 4) {
            return Err(NotAnHlc);
        }
        let millis = u64::from_str_radix(millis, 16).map_err(|_| NotAnHlc)?;
        let counter = u16::from_str_radix(counter, 16).map_err(|_| NotAnHlc)?;
        Ok(Hlc::new(millis, counter))
    }
}

impl Serialize for Hlc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hlc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A log holds it without escapes, but a `str` cannot be borrowed from every reader.
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// Another machine's clock is too far ahead to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the other clock is {} hours ahead of this one: set the clocks right", ahead_ms / 3_600_000)]
pub struct Drift {
    /// Milliseconds.
    pub ahead_ms: u64,
}

/// The clock of one process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    last: Hlc,
}

impl Clock {
    /// A clock that goes on after `last`, the last moment in one's own log, however far that lies in the future.
    pub fn after(last: Hlc) -> Self {
        Clock { last }
    }

    /// The last moment given or seen.
    pub fn last(&self) -> Hlc {
        self.last
    }

    /// The moment of an event that happens now: later than everything given or seen before, whatever `now` does.
    pub fn tick(&mut self, now: Timestamp) -> Hlc {
        self.last = Hlc::at(now).max(self.last.next());
        self.last
    }

    /// Takes note of an event of another log: the next `tick` is later than it.
    ///
    /// # Errors
    /// More than [`MAX_DRIFT_MS`] ahead of `now`: the clock stays as it was.
    pub fn observe(&mut self, remote: Hlc, now: Timestamp) -> Result<(), Drift> {
        let ahead_ms = remote.millis().saturating_sub(Hlc::at(now).millis());
        if ahead_ms > MAX_DRIFT_MS && remote > self.last {
            return Err(Drift { ahead_ms });
        }
        self.last = self.last.max(remote);
        Ok(())
    }

    /// Goes on after `own`, a moment of one's own log: never refused.
    pub fn resume(&mut self, own: Hlc) {
        self.last = self.last.max(own);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_counting() {
        let mut clock = Clock::default();
        let first = clock.tick(at(1_000_000));
        let second = clock.tick(at(5));
        let third = clock.tick(at(1_000_001));
        assert_eq!((first, second), (Hlc::new(1_000_000, 0), Hlc::new(1_000_000, 1)));
        assert_eq!(third, Hlc::new(1_000_001, 0));
    }

    #[test]
    fn a_full_counter_carries_into_the_milliseconds() {
        let mut clock = Clock::after(Hlc::new(7, u16::MAX));
        assert_eq!(clock.tick(at(7)), Hlc::new(8, 0));
    }

    #[test]
    fn a_clock_of_another_age_is_not_followed() {
        let mut clock = Clock::default();
        let now = at(1_790_000_000_000);
        let future = Hlc::new(4_090_000_000_000, 0);
        let drift = clock.observe(future, now).unwrap_err();
        assert!(drift.to_string().starts_with("the other clock is 638888 hours ahead"), "{drift}");
        assert!(clock.tick(now) < future);
        let hours = Hlc::new(1_790_000_000_000 + 14 * 3_600_000, 3);
        clock.observe(hours, now).unwrap();
        assert_eq!(clock.tick(now), hours.next());
    }

    proptest! {
        #[test]
        fn ticks_rise_and_follow_what_was_seen(steps in prop::collection::vec((0i64..3_000, prop::option::of((0u64..3_000, any::<u16>()))), 1..60)) {
            let mut clock = Clock::default();
            let mut last = Hlc::default();
            for (now, remote) in steps {
                if let Some((millis, counter)) = remote {
                    let remote = Hlc::new(millis, counter);
                    clock.observe(remote, at(now)).unwrap();
                    last = last.max(remote);
                }
                let given = clock.tick(at(now));
                prop_assert!(given > last, "{given} after {last}");
                prop_assert!(given >= Hlc::at(at(now)));
                last = given;
            }
        }

        #[test]
        fn text_sorts_as_the_moments_and_comes_back(a in any::<u64>(), b in any::<u64>()) {
            let (a, b) = (Hlc(a), Hlc(b));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
            prop_assert_eq!(a.to_string().parse::<Hlc>(), Ok(a));
        }
    }
}
