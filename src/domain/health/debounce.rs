//! Debouncing: a status must agree with itself several times before it counts as a transition.

use jiff::Timestamp;

use super::Status;

/// The settled status of one probe, and the one that may replace it.
#[derive(Debug, Clone, Default)]
pub struct Debounce {
    settled: Option<(Status, Timestamp)>,
    candidate: Option<Candidate>,
}

#[derive(Debug, Clone)]
struct Candidate {
    status: Status,
    first_at: Timestamp,
    seen: u32,
}

impl Debounce {
    /// The settled status and since when it holds: the time of the first of the agreeing readings.
    pub fn settled(&self) -> Option<(Status, Timestamp)> {
        self.settled
    }

    /// Takes one status in. The very first settles at once; later ones need `confirm` equal readings in a row.
    /// Returns the status before when this reading made a transition (`Some(None)` for the first).
    pub fn take(&mut self, status: Status, at: Timestamp, confirm: u32) -> Option<Option<Status>> {
        let Some((settled, _)) = self.settled else {
            self.settled = Some((status, at));
            return Some(None);
        };
        if status == settled {
            self.candidate = None;
            return None;
        }
        let candidate = match self.candidate.take() {
            Some(candidate) if candidate.status == status => Candidate { seen: candidate.seen + 1, ..candidate },
            _ => Candidate { status, first_at: at, seen: 1 },
        };
        if candidate.seen >= confirm.max(1) {
            self.settled = Some((status, candidate.first_at));
            return Some(Some(settled));
        }
        self.candidate = Some(candidate);
        None
    }

    /// Settles at once, without agreement: for what is a fact of its own, as a reading that has become too old.
    pub fn settle(&mut self, status: Status, at: Timestamp) -> Option<Status> {
        self.candidate = None;
        match self.settled {
            Some((settled, _)) if settled == status => None,
            before => {
                self.settled = Some((status, at));
                Some(before.map_or(Status::Unknown, |(settled, _)| settled))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::health::testing::at;

    fn statuses() -> impl Strategy<Value = Vec<Status>> {
        proptest::collection::vec((0usize..4).prop_map(|i| Status::ALL[i]), 1..60)
    }

    proptest! {
        #[test]
        fn a_transition_needs_agreement_and_names_what_was_agreed_on(seen in statuses(), confirm in 1u32..4) {
            let mut debounce = Debounce::default();
            for (i, status) in seen.iter().enumerate() {
                let moved = debounce.take(*status, at(i64::try_from(i).unwrap()), confirm);
                if matches!(moved, Some(Some(_))) {
                    let agreeing = seen[..=i].iter().rev().take_while(|s| *s == status).count();
                    prop_assert!(agreeing >= usize::try_from(confirm).unwrap());
                    prop_assert_eq!(debounce.settled().unwrap().0, *status);
                }
            }
        }

        #[test]
        fn alternating_statuses_never_oscillate(length in 2usize..100, confirm in 2u32..5) {
            let mut debounce = Debounce::default();
            let mut transitions = 0;
            for i in 0..length {
                let status = if i % 2 == 0 { Status::Ok } else { Status::Down };
                if matches!(debounce.take(status, at(i64::try_from(i).unwrap()), confirm), Some(Some(_))) {
                    transitions += 1;
                }
            }
            prop_assert_eq!(transitions, 0);
        }
    }
}
