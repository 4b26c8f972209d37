//! The Timeline pane: the entries of the incident, which of them are shown, and where the cursor is.
//!
//! An incident may have a million entries. What is kept by the filters is a list of places that grows with them; nothing is
//! formatted here.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use crate::model::{Cursor, Input};
use warroom_incident::{
    EventRef, IncidentEvent, IncidentState, Versioned,
    journal::Item,
    timeline::{Category, TimelineEntry, entry},
};
use warroom_room::incident::desk::Told;

/// The state of the pane.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// Every entry, the oldest first.
    entries: Vec<TimelineEntry>,
    /// Beside each entry: the place of its event.
    places: Vec<usize>,
    /// Events that say something about earlier entries, by their places.
    remarks: Vec<(usize, EventRef)>,
    /// How many of the events they are made of.
    taken: usize,
    /// Places of the entries that the filters keep, the oldest first; `None` while all are shown.
    kept: Option<Vec<usize>>,
    /// The text that `kept` was made for.
    kept_for: String,
    pub filter: Filter,
    /// Everybody and everything that entries come from.
    people: BTreeSet<String>,
    /// How many of them have the same name before the `@`.
    namesakes: HashMap<String, usize>,
    /// The selected row; the newest entry is row 0.
    pub cursor: Cursor,
}

/// Which entries are shown.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Every word occurs in an entry's time (UTC), who, category or text.
    pub text: Input,
    pub category: Option<Category>,
    /// As in `Timeline::people`.
    pub who: Option<String>,
    /// Only what belongs to the story.
    pub key: bool,
}

impl Filter {
    /// Nothing is filtered away.
    pub fn is_empty(&self) -> bool {
        self.text.text().trim().is_empty() && self.category.is_none() && self.who.is_none() && !self.key
    }
}

impl Timeline {
    /// Takes the entries of the events from `first` on. The cursor stays on its entry; at the top it stays at the top.
    pub fn take(&mut self, first: usize, items: &[Arc<Item>], entries: Vec<Told>, state: &IncidentState) {
        let selected = self.selected_place().filter(|_| self.cursor.selected > 0);
        let selected = selected.and_then(|place| Some((place, self.entries.get(place)?.of.clone())));
        let from = self.places.partition_point(|item| *item < first);
        self.entries.truncate(from);
        self.places.truncate(from);
        if let Some(kept) = &mut self.kept {
            kept.truncate(kept.partition_point(|place| *place < from));
        }
        // What was said about earlier entries and is not said any more, and what is said now, changes them.
        let said = self.remarks.partition_point(|(item, _)| *item < first);
        let mut changed: BTreeSet<EventRef> = self.remarks.drain(said..).map(|(_, of)| of).collect();
        for ((place, item), entry) in items.iter().enumerate().skip(first).zip(entries) {
            if let Some(of) = concerned(item) {
                changed.insert(of.clone());
                self.remarks.push((place, of));
            }
            if let Some(entry) = entry {
                self.entries.push(entry);
                self.places.push(place);
                self.meet(self.entries.len() - 1);
            }
        }
        self.taken = items.len();
        self.extend_kept(from);
        self.renew(&changed, items, state);
        match selected {
            Some((place, of)) => self.select_entry(place, &of),
            None => self.cursor.selected = 0,
        }
    }

    /// Makes entries anew.
    fn renew(&mut self, changed: &BTreeSet<EventRef>, items: &[Arc<Item>], state: &IncidentState) {
        if changed.is_empty() {
            return;
        }
        let words = self.words();
        let mut left = changed.len();
        for place in (0..self.entries.len()).rev() {
            if left == 0 {
                break;
            }
            if !changed.contains(&self.entries[place].of) {
                continue;
            }
            left -= 1;
            let renewed = self.places.get(place).and_then(|item| entry(items.get(*item)?, state));
            if let Some(renewed) = renewed {
                self.entries[place] = renewed;
            }
            let keeps = self.keeps(place, &words);
            if let Some(kept) = &mut self.kept {
                match (kept.binary_search(&place), keeps) {
                    (Ok(at), false) => {
                        kept.remove(at);
                    }
                    (Err(at), true) => kept.insert(at, place),
                    _ => {}
                }
            }
        }
    }

    /// Puts the cursor on an entry that was at `place`; when it is not shown any more, on the next older one.
    fn select_entry(&mut self, place: usize, of: &EventRef) {
        let same = self.entries.get(place).is_some_and(|entry| entry.of == *of);
        let place = if same { Some(place) } else { self.entries.iter().rposition(|entry| entry.of == *of) };
        if let Some(place) = place {
            self.cursor.selected = self.row_of(place);
        }
        self.cursor.step(0, self.len());
    }

    /// The row of the entry at `place`; when it is not shown, of the next older one.
    fn row_of(&self, place: usize) -> usize {
        let row = match &self.kept {
            None => self.entries.len().saturating_sub(place + 1),
            Some(kept) => kept.len() - kept.partition_point(|kept| *kept <= place),
        };
        row.min(self.len().saturating_sub(1))
    }

    /// Notes who an entry comes from.
    fn meet(&mut self, place: usize) {
        let who = self.who(place);
        if !self.people.contains(who) {
            let who = who.to_owned();
            *self.namesakes.entry(head(&who).to_owned()).or_default() += 1;
            self.people.insert(who);
        }
    }

    fn words(&self) -> Vec<String> {
        self.filter.text.text().to_lowercase().split_whitespace().map(str::to_owned).collect()
    }

    /// Adds the entries from `from` on to those that are kept.
    fn extend_kept(&mut self, from: usize) {
        let Some(mut kept) = self.kept.take() else { return };
        let words = self.words();
        kept.extend((from..self.entries.len()).filter(|place| self.keeps(*place, &words)));
        self.kept = Some(kept);
    }

    /// Works out again what the filters keep. The cursor stays on its entry, so that what a filter has found is seen among its
    /// neighbours when the filter goes; where the entry is not shown any more, it goes to the next older one.
    pub fn arrange(&mut self) {
        let selected = self.selected_place();
        let text = self.filter.text.text().to_owned();
        // More letters keep less: only what was kept before is looked at again.
        let narrower = self.kept.take().filter(|_| !self.kept_for.is_empty() && text.starts_with(&self.kept_for));
        if !self.filter.is_empty() {
            let words = self.words();
            let keeps = |place: &usize| self.keeps(*place, &words);
            self.kept = Some(match narrower {
                Some(before) => before.into_iter().filter(keeps).collect(),
                None => (0..self.entries.len()).filter(keeps).collect(),
            });
        }
        self.kept_for = text;
        self.cursor.selected = selected.map_or(0, |place| self.row_of(place));
    }

    /// Changes a filter that is not the text.
    fn set(&mut self, change: impl FnOnce(&mut Filter)) {
        change(&mut self.filter);
        self.kept_for.clear();
        self.arrange();
    }

    /// The next category: all, then each.
    pub fn next_category(&mut self) {
        let next = match self.filter.category {
            None => Category::ALL.first().copied(),
            Some(now) => Category::ALL.into_iter().find(|category| *category > now),
        };
        self.set(|filter| filter.category = next);
    }

    /// The next of those that entries come from: all, then each.
    pub fn next_who(&mut self) {
        let next = match &self.filter.who {
            None => self.people.first(),
            Some(now) => self.people.iter().find(|who| *who > now),
        };
        let next = next.cloned();
        self.set(|filter| filter.who = next);
    }

    /// Only key entries, or all.
    pub fn toggle_key(&mut self) {
        self.set(|filter| filter.key = !filter.key);
    }

    pub fn clear_filters(&mut self) {
        self.set(|filter| *filter = Filter::default());
    }

    fn keeps(&self, place: usize, words: &[String]) -> bool {
        let (entry, filter) = (&self.entries[place], &self.filter);
        if filter.category.is_some_and(|category| category != entry.category)
            || (filter.key && !entry.key)
            || filter.who.as_ref().is_some_and(|who| who != self.who(place))
        {
            return false;
        }
        if words.is_empty() {
            return true;
        }
        let text = shown_text(entry).to_lowercase();
        let rest = || {
            let time = entry.at.strftime("%F %H:%M:%SZ").to_string();
            format!("{time} {} {}", self.who(place), entry.category.word()).to_lowercase()
        };
        let mut other = None;
        words.iter().all(|word| text.contains(word) || other.get_or_insert_with(rest).contains(word))
    }

    /// Every entry, the oldest first.
    pub fn entries(&self) -> &[TimelineEntry] {
        &self.entries
    }

    /// Entries that are shown.
    pub fn len(&self) -> usize {
        self.kept.as_ref().map_or(self.entries.len(), Vec::len)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The place among [`Timeline::entries`] of what stands in a row; row 0 is the newest.
    pub fn place(&self, row: usize) -> Option<usize> {
        let from_end = self.len().checked_sub(row + 1)?;
        match &self.kept {
            None => Some(from_end),
            Some(kept) => kept.get(from_end).copied(),
        }
    }

    fn selected_place(&self) -> Option<usize> {
        self.place(self.cursor.selected)
    }

    pub fn selected(&self) -> Option<&TimelineEntry> {
        self.entries.get(self.selected_place()?)
    }

    /// The place of an entry; newer ones are found sooner.
    pub fn find(&self, of: &EventRef) -> Option<usize> {
        self.entries.iter().rposition(|entry| entry.of == *of)
    }

    /// The place of an entry's event among those of the incident.
    pub fn item(&self, place: usize) -> Option<usize> {
        self.places.get(place).copied()
    }

    /// Who or what an entry comes from, with the host.
    pub fn who(&self, place: usize) -> &str {
        self.entries.get(place).map_or("", TimelineEntry::who)
    }

    /// A name without its host, where there is only one of that name.
    pub fn short<'a>(&self, who: &'a str) -> &'a str {
        let head = head(who);
        if self.namesakes.get(head).is_some_and(|count| *count > 1) { who } else { head }
    }
}

fn head(who: &str) -> &str {
    who.split_once('@').map(|(head, _)| head).filter(|head| !head.is_empty()).unwrap_or(who)
}

/// What an entry shows: what it says now; the original when it was taken back.
pub fn shown_text(entry: &TimelineEntry) -> &str {
    entry.current().unwrap_or(&entry.text)
}

/// The earlier entry that an event says something about.
fn concerned(item: &Item) -> Option<EventRef> {
    if !matches!(item.entry.kind.as_ref(), "corrected" | "marked_key") {
        return None;
    }
    match item.entry.event::<Versioned>().ok()?.event {
        IncidentEvent::Corrected { of, .. } | IncidentEvent::MarkedKey { of, .. } => Some(of),
        _ => None,
    }
}
