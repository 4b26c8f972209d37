//! The union of logs is the same whatever order their lines arrive in.

use proptest::prelude::*;

use super::{
    union::{Change, Item},
    *,
};

/// Logs of several responders, as their lines would be read; clocks differ and step.
fn logs() -> impl Strategy<Value = Vec<(LogName, Vec<Found>)>> {
    let log = prop::collection::vec(0i64..40, 0..12);
    prop::collection::vec(log, 1..4).prop_map(|logs| {
        let made = |(number, times): (usize, Vec<i64>)| {
            let name = LogName::of(&format!("r{number}@b"), 1);
            let (mut bytes, mut hash, mut clock) = (Vec::new(), Digest::ZERO, hlc::Clock::default());
            for (index, ms) in times.into_iter().enumerate() {
                let event = line::EventText::of(&note(&format!("{number}:{index}"))).unwrap();
                hash =
                    line::write(&mut bytes, &hash, index as u64 + 1, moment(ms), clock.tick(moment(ms)), "r", &event);
            }
            let (mut chain, mut found) = (Chain::start(), Vec::new());
            lines::each_line(bytes.as_slice(), |_, line| {
                found.push(Found { entry: chain.next(line).unwrap(), intact: true });
            })
            .unwrap();
            (name, found)
        };
        logs.into_iter().enumerate().map(made).collect()
    })
}

fn batch(log: &LogName, found: &[Found], afresh: bool) -> Batch {
    Batch { log: log.clone(), found: found.to_vec(), afresh, findings: Vec::new() }
}

/// A consumer that keeps its own copy by what it is told.
#[derive(Default)]
struct Mirror(Vec<Arc<Item>>);

impl Mirror {
    fn apply(&mut self, change: &Change, union: &Union) {
        if change.appended {
            assert_eq!(change.first, Some(self.0.len()));
        }
        let before = self.0.clone();
        self.0.retain(|item| !change.removed.contains(item));
        for place in &change.inserted {
            self.0.insert(*place, union.items()[*place].clone());
        }
        assert_eq!(self.0, union.items());
        let same = before.iter().zip(&self.0).take_while(|(a, b)| a == b).count();
        match change.first {
            None => assert_eq!(before, self.0),
            Some(first) => assert_eq!(first, same, "the first place that changed"),
        }
    }
}

proptest! {
    #[test]
    fn any_interleaving_gives_the_same_union(logs in logs(), turns in prop::collection::vec((any::<prop::sample::Index>(), 1usize..5), 0..40)) {
        let (mut union, mut mirror) = (Union::default(), Mirror::default());
        let mut done = vec![0_usize; logs.len()];
        let rest = (0..logs.len()).map(|log| (log, usize::MAX));
        let turns: Vec<_> = turns.into_iter().map(|(log, count)| (log.index(logs.len()), count)).chain(rest).collect();
        for (log, count) in turns {
            let (name, found) = &logs[log];
            let end = done[log].saturating_add(count).min(found.len());
            let change = union.take(batch(name, &found[done[log]..end], false));
            mirror.apply(&change, &union);
            done[log] = end;
        }
        let mut at_once = Union::default();
        for (name, found) in logs.iter().rev() {
            at_once.take(batch(name, found, false));
        }
        prop_assert_eq!(union.items(), at_once.items());
        prop_assert!(union.items().is_sorted_by(|a, b| (a.entry.hlc, &a.log) < (b.entry.hlc, &b.log)));
        for (name, found) in &logs {
            let mine: Vec<_> = union.items().iter().filter(|item| item.log == *name).map(|item| &item.entry).collect();
            prop_assert_eq!(mine, found.iter().map(|found| &found.entry).collect::<Vec<_>>());
        }
        let heads: Vec<_> = logs.iter().filter(|(_, found)| !found.is_empty()).map(|(name, found)| (name, found.len() as u64)).collect();
        let seen = union.heads();
        prop_assert_eq!(seen.iter().map(|head| (&head.log, head.seq)).collect::<Vec<_>>(), heads);
    }

    #[test]
    fn a_log_read_afresh_takes_back_what_it_lacks_and_nothing_else(logs in logs(), keep in any::<prop::sample::Index>()) {
        let (mut union, mut mirror) = (Union::default(), Mirror::default());
        for (name, found) in &logs {
            let change = union.take(batch(name, found, false));
            mirror.apply(&change, &union);
        }
        let (name, found) = &logs[0];
        let kept = &found[..keep.index(found.len() + 1)];
        let change = union.take(batch(name, kept, true));
        mirror.apply(&change, &union);
        prop_assert_eq!(change.removed.len(), found.len() - kept.len());
        prop_assert!(change.inserted.is_empty());
        let change = union.take(batch(name, found, true));
        mirror.apply(&change, &union);
        prop_assert_eq!(change.inserted.len(), found.len() - kept.len());
    }
}
