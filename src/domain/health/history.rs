//! The last readings of one probe, small enough to keep for sparklines and history tables.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{Reading, Status};

/// How many samples are kept: 20 minutes at one look in five seconds.
pub(super) const CAPACITY: usize = 240;

/// What is kept of a reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub at: Timestamp,
    pub status: Status,
    pub value: Option<f64>,
    pub latency: Duration,
    /// Shared with the sample before when it says the same.
    pub summary: Arc<str>,
}

/// A ring of [`Sample`]s, oldest first.
#[derive(Debug, Clone, Default)]
pub struct History {
    samples: VecDeque<Sample>,
}

impl History {
    pub(super) fn push(&mut self, reading: &Reading) {
        let summary = match self.samples.back() {
            Some(last) if *last.summary == *reading.summary => last.summary.clone(),
            _ => reading.summary.as_str().into(),
        };
        if self.samples.len() == CAPACITY {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample {
            at: reading.at,
            status: reading.status,
            value: reading.value,
            latency: reading.latency,
            summary,
        });
    }

    /// Samples, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Sample> + ExactSizeIterator {
        self.samples.iter()
    }

    pub fn len(&self) -> usize {
        self.samples.len()
    }

    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }
}
