//! A number of a scenario over time: a straight line from one value to another, with a little noise.

use std::time::Duration;

/// See the module. All times count from the start of the scenario.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Track {
    pub(super) from: f64,
    pub(super) to: f64,
    /// When the line leaves `from`.
    pub(super) start: Duration,
    /// How long it takes to reach `to`.
    pub(super) over: Duration,
    /// Growth from `start` on, without end.
    pub(super) per_second: f64,
    /// Noise, as a fraction of the number: 0.1 is ±10 %.
    pub(super) jitter: f64,
    /// Rounded to whole numbers.
    pub(super) whole: bool,
}

impl Track {
    pub(super) fn constant(value: f64) -> Self {
        Track {
            from: value,
            to: value,
            start: Duration::ZERO,
            over: Duration::ZERO,
            per_second: 0.0,
            jitter: 0.0,
            whole: false,
        }
    }

    /// The number without noise.
    pub(super) fn line(&self, elapsed: Duration) -> f64 {
        let since = elapsed.saturating_sub(self.start).as_secs_f64();
        let over = self.over.as_secs_f64();
        let share = if over > 0.0 { (since / over).min(1.0) } else { 1.0 };
        self.from + (self.to - self.from) * share + self.per_second * since
    }

    /// The number, always finite. The noise changes once a second.
    pub(super) fn at(&self, elapsed: Duration, seed: Seed) -> f64 {
        let value = self.line(elapsed) * (1.0 + self.jitter * seed.noise(elapsed.as_secs()));
        let rounded = if self.whole { value.round() } else { (value * 1000.0).round() / 1000.0 };
        if rounded.is_finite() { rounded } else { value.clamp(f64::MIN, f64::MAX) }
    }
}

/// Tells the noise of one number from that of another, the same in every run and on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seed(u64);

impl Seed {
    pub(super) fn new(name: &str) -> Self {
        Seed(0xcbf2_9ce4_8422_2325).of(name)
    }

    /// The seed of a part of this: FNV-1a over the names, because `std`'s hashers may change with a release.
    pub(super) fn of(self, name: &str) -> Self {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Seed(name.bytes().chain([0xff]).fold(self.0, step))
    }

    /// From -1 to 1: one round of SplitMix64.
    fn noise(self, second: u64) -> f64 {
        let mut z = self.0.wrapping_add(second.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        // The upper 32 bits fit a double exactly.
        f64::from(u32::try_from(z >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}
