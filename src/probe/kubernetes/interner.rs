//! Words that thousands of rows share (namespaces, nodes, statuses, owners), kept once.

use std::{collections::HashSet, sync::Arc};

use super::workloads::Owner;

/// Below this many words nothing is thrown away.
const SMALL: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Interner {
    texts: HashSet<Arc<str>>,
    owners: HashSet<Arc<Owner>>,
    /// Throw away what nobody uses any more when this many are kept (names of finished jobs come and go).
    limit: usize,
}

impl Interner {
    pub(super) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        self.make_room();
        let new: Arc<str> = Arc::from(text);
        self.texts.insert(new.clone());
        new
    }

    pub(super) fn owner(&mut self, owner: Owner) -> Arc<Owner> {
        if let Some(known) = self.owners.get(&owner) {
            return known.clone();
        }
        self.make_room();
        let new = Arc::new(owner);
        self.owners.insert(new.clone());
        new
    }

    fn make_room(&mut self) {
        if self.texts.len() + self.owners.len() < self.limit.max(SMALL) {
            return;
        }
        self.texts.retain(|text| Arc::strong_count(text) > 1);
        self.owners.retain(|owner| Arc::strong_count(owner) > 1);
        self.limit = (self.texts.len() + self.owners.len()) * 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_nobody_uses_are_thrown_away() {
        let mut words = Interner::default();
        let kept = words.text("production");
        for number in 0..10_000 {
            words.text(&format!("job-{number}"));
        }
        assert!(words.texts.len() <= SMALL, "{}", words.texts.len());
        assert!(Arc::ptr_eq(&kept, &words.text("production")));
    }
}
