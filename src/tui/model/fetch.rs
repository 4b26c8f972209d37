//! An inquiry that is asked again and again: what is under way, what came last.

use jiff::{SignedDuration, Timestamp};

/// From one answer to the next question.
const REFRESH: SignedDuration = SignedDuration::from_secs(2);

/// The state of one repeated inquiry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fetch {
    /// The question under way, and since when.
    under_way: Option<(u64, Timestamp)>,
    /// When the last answer came.
    pub answered: Option<Timestamp>,
    /// Why the last answer was none.
    pub error: Option<String>,
}

impl Fetch {
    /// Notes that a question was asked.
    pub fn asked(&mut self, ticket: u64, now: Timestamp) {
        self.under_way = Some((ticket, now));
    }

    /// True when the answer to this question is waited for.
    pub fn awaits(&self, ticket: u64) -> bool {
        self.under_way.is_some_and(|(awaited, _)| awaited == ticket)
    }

    /// Notes the answer, or why there was none.
    pub fn take(&mut self, error: Option<String>, now: Timestamp) {
        *self = Fetch { under_way: None, answered: Some(now), error };
    }

    /// Drops the question under way; its answer will not count.
    pub fn forget(&mut self) {
        *self = Fetch::default();
    }

    /// True when it is time to ask again.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.under_way.is_none() && self.answered.is_none_or(|at| now.duration_since(at) >= REFRESH)
    }

    /// Since when the question has been under way.
    pub fn waiting_since(&self) -> Option<Timestamp> {
        self.under_way.map(|(_, since)| since)
    }

    /// True when the question takes long enough to say so.
    pub fn is_slow(&self, now: Timestamp) -> bool {
        self.waiting_since().is_some_and(|since| self.answered.is_none() || now.duration_since(since).as_secs() >= 1)
    }
}
