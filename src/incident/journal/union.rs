//! The union of the logs: one order for all their events, whatever order they arrive in.
//!
//! An event that arrives late and belongs earlier (a partition that healed, a machine whose clock is behind) is an insertion:
//! whoever folds events into a state folds again from there.

use std::{cmp::Ordering, sync::Arc};

use super::{
    Batch, Checkpoint, Entry, Hlc, LogName,
    read::{Found, LogFolder, Source},
};

/// An event with the log it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub log: LogName,
    pub entry: Entry,
    /// False when its line does not fit its chain.
    pub intact: bool,
}

impl Item {
    /// The hybrid clock, and for events that know nothing of each other the log's name; then the number in the log.
    fn key(&self) -> (Hlc, &LogName, u64) {
        (self.entry.hlc, &self.log, self.entry.seq)
    }

    /// The total order of events.
    pub fn order(&self, other: &Item) -> Ordering {
        // Two lines of one number exist only where somebody forged one.
        self.key().cmp(&other.key()).then_with(|| self.entry.hash.hex().cmp(&other.entry.hash.hex()))
    }
}

/// What became of the union by a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// The first place that holds another event than before; all before it are untouched. `None`: nothing changed.
    pub first: Option<usize>,
    /// Where new events stand now, rising.
    pub inserted: Vec<usize>,
    /// Events that are no more, as their log took them back.
    pub removed: Vec<Arc<Item>>,
    /// New events stand behind all others and nothing was removed: folding can go on.
    pub appended: bool,
}

/// All events of an incident in their order.
#[derive(Debug, Clone, Default)]
pub struct Union {
    items: Vec<Arc<Item>>,
}

impl Union {
    /// Everything that a folder of logs holds now, with what is wrong with the logs.
    pub fn read(source: &mut impl Source) -> Result<(Self, Vec<super::Finding>), String> {
        let mut union = Union::default();
        let mut findings = Vec::new();
        for mut batch in source.poll()? {
            findings.append(&mut batch.findings);
            union.items.extend(items(&batch.log, batch.found));
        }
        // Runs of rising events are found and merged by the sort.
        union.items.sort_by(|a, b| a.order(b));
        Ok((union, findings))
    }

    /// Everything in an incident's `log` folder.
    pub fn of_folder(logs: &std::path::Path) -> Result<(Self, Vec<super::Finding>), String> {
        Self::read(&mut LogFolder::new(logs))
    }

    /// The events, the earliest first.
    pub fn items(&self) -> &[Arc<Item>] {
        &self.items
    }

    /// The last line of each log, sorted by log: what an export prints.
    ///
    /// Into one's own log goes what stood here some seconds ago and still stands: a line of another machine that was seen
    /// before that machine synced it may, after a power cut there, rightly be no more.
    pub fn heads(&self) -> Vec<Checkpoint> {
        let mut heads = std::collections::BTreeMap::<&LogName, &Item>::new();
        for item in &self.items {
            let head = heads.entry(&item.log).or_insert(item);
            if head.entry.seq < item.entry.seq {
                *head = item;
            }
        }
        let checkpoint = |(log, item): (&LogName, &Item)| Checkpoint {
            log: log.clone(),
            seq: item.entry.seq,
            hash: item.entry.hash,
        };
        heads.into_iter().map(checkpoint).collect()
    }

    /// Takes in the news of one log.
    pub fn take(&mut self, batch: Batch) -> Change {
        let mut change = Change::default();
        let mut new = items(&batch.log, batch.found);
        if batch.afresh {
            self.forget_what_is_gone(&batch.log, &mut new, &mut change);
        }
        new.sort_by(|a, b| a.order(b));
        let Some(first) = new.first().cloned() else { return change };
        let from = self.items.partition_point(|item| item.order(&first) == Ordering::Less);
        change.appended = from == self.items.len() && change.removed.is_empty();
        change.first = Some(change.first.map_or(from, |gone| gone.min(from)));
        // Everything from the first new one on is merged; usually that is nothing but the new ones.
        let old = self.items.split_off(from);
        let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
        loop {
            let take_new = match (old.peek(), new.peek()) {
                (None, None) => return change,
                (Some(old), Some(new)) => new.order(old) == Ordering::Less,
                (old, _) => old.is_none(),
            };
            if take_new {
                change.inserted.push(self.items.len());
            }
            self.items.extend(if take_new { new.next() } else { old.next() });
        }
    }

    /// `new` is all that the log holds: removes from the union what it lacks, and from `new` what the union has.
    fn forget_what_is_gone(&mut self, log: &LogName, new: &mut Vec<Arc<Item>>, change: &mut Change) {
        let still: std::collections::HashMap<_, bool> =
            new.iter().map(|item| ((item.entry.seq, item.entry.hash), item.intact)).collect();
        let mut kept = std::collections::HashSet::new();
        let mut place = 0;
        self.items.retain(|item| {
            let key = (item.entry.seq, item.entry.hash);
            let stays = item.log != *log || still.get(&key) == Some(&item.intact);
            if !stays {
                change.first.get_or_insert(place);
                change.removed.push(item.clone());
            } else if item.log == *log {
                kept.insert(key);
            }
            place += 1;
            stays
        });
        new.retain(|item| !kept.contains(&(item.entry.seq, item.entry.hash)));
    }
}

fn items(log: &LogName, found: Vec<Found>) -> Vec<Arc<Item>> {
    let item = |Found { entry, intact }| Arc::new(Item { log: log.clone(), entry, intact });
    found.into_iter().map(item).collect()
}
