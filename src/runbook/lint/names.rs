//! Which variables have a value from where on, and where their names occur: asked for each use, so counted once.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use super::block::{Assigned, Block};
use crate::Runbook;

/// The names of a runbook's variables.
#[derive(Default)]
pub(super) struct Names {
    /// The first byte of the document from which on a variable has a value.
    set_from: HashMap<String, usize>,
    /// Where a name stands in code: block and byte of its code. Only names that somebody sets.
    occurrences: HashMap<String, Vec<(usize, usize)>>,
    /// Where assignments start.
    assigned: HashSet<(usize, usize)>,
}

impl Names {
    pub(super) fn of(runbook: &Runbook, blocks: &[Block<'_>], assignments: &[Assigned]) -> Self {
        let mut names = Names::default();
        for assigned in assignments {
            names.assigned.insert((assigned.block, assigned.span.start));
            names.occurrences.entry(assigned.name.clone()).or_default();
            if !assigned.prefix {
                // A function may be written above the place that sets what it reads.
                let block = &blocks[assigned.block];
                let from = if block.action.code.contains("()") { block.start() } else { assigned.at };
                names.set(&assigned.name, from);
            }
        }
        for name in runbook.front.vars.keys() {
            names.set(name, 0);
            names.occurrences.entry(name.clone()).or_default();
        }
        for block in blocks {
            // `"${NAME:?}"` has stopped the run where it was empty.
            for used in block.uses().filter(|used| used.ensured) {
                names.set(&used.name, block.in_document(used.span.clone()).start);
            }
            if let Some(capture) = &block.action.attributes.capture {
                names.set(&capture.variable, block.end());
            }
            // Behind the code, where nothing is assigned.
            let database = block.action.attributes.database_variable().map(|name| (block.action.code.len(), name));
            for (at, word) in identifiers(&block.action.code).chain(database) {
                if let Some(found) = names.occurrences.get_mut(word) {
                    found.push((block.index, at));
                }
            }
        }
        names
    }

    fn set(&mut self, name: &str, from: usize) {
        match self.set_from.get_mut(name) {
            Some(first) => *first = from.min(*first),
            None => {
                self.set_from.insert(name.to_owned(), from);
            }
        }
    }

    /// Whether the variable has a value at this byte of the document.
    pub(super) fn is_set(&self, name: &str, at: usize) -> bool {
        self.set_from.get(name).is_some_and(|from| *from <= at)
    }

    /// Whether the runbook gives it a value anywhere.
    pub(super) fn defines(&self, name: &str) -> bool {
        self.set_from.contains_key(name) || self.occurrences.contains_key(name)
    }

    /// Whether the name occurs in code where it is not given a value.
    pub(super) fn is_used(&self, name: &str) -> bool {
        self.occurrences.get(name).into_iter().flatten().any(|place| !self.assigned.contains(place))
    }
}

/// The words of a text that could be names of variables, with their places.
fn identifiers(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        at += bytes.get(at..)?.iter().position(part)?;
        let length = bytes[at..].iter().position(|byte| !part(byte)).unwrap_or(bytes.len() - at);
        let word: Range<usize> = at..at + length;
        at = word.end;
        Some((word.start, &text[word]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_found_between_any_other_characters() {
        let found: Vec<_> = identifiers("a=é$B_1 \"${c}\"").collect();
        assert_eq!(found, [(0, "a"), (5, "B_1"), (12, "c")]);
    }
}
