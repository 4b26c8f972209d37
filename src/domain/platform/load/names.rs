//! What a pack defines by id, and who refers to it.

use std::{cell::RefCell, fmt};

use indexmap::IndexSet;

use super::{findings::Findings, section::Text};
use crate::platform::nearest::suggestion;

/// The things that have ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Noun {
    Component,
    Probe,
    Panel,
    Alert,
    Severity,
    Role,
    Contact,
    Audience,
    Backup,
    Drill,
    Runbook,
    Scenario,
    Template,
}

impl fmt::Display for Noun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Noun::Component => "component",
            Noun::Probe => "probe",
            Noun::Panel => "panel",
            Noun::Alert => "alert rule",
            Noun::Severity => "severity",
            Noun::Role => "role",
            Noun::Contact => "contact",
            Noun::Audience => "audience",
            Noun::Backup => "backup",
            Noun::Drill => "drill",
            Noun::Runbook => "runbook",
            Noun::Scenario => "scenario",
            Noun::Template => "template",
        })
    }
}

/// One mention of an id.
struct Reference {
    /// Any of these may be meant.
    nouns: &'static [Noun],
    id: String,
    at: std::ops::Range<usize>,
    /// False: the pack works without it, so that it is only a warning.
    needed: bool,
}

/// All ids of a pack.
pub(super) struct Names<'f, 't> {
    findings: &'f Findings<'t>,
    defined: RefCell<IndexSet<(Noun, String)>>,
    references: RefCell<Vec<Reference>>,
}

impl<'f, 't> Names<'f, 't> {
    pub(super) fn new(findings: &'f Findings<'t>) -> Self {
        Names { findings, defined: RefCell::default(), references: RefCell::default() }
    }

    /// Takes an id in. An id that is there already is an error.
    pub(super) fn define(&self, noun: Noun, id: &Text<'_>) {
        if self.is_defined(noun, id.value) {
            self.findings.error(id.at.clone(), format!("there are two {noun}s with the id `{}`", id.value), None);
        }
        self.add(noun, id.value);
    }

    /// Takes an id in that may come again (panels).
    pub(super) fn add(&self, noun: Noun, id: &str) {
        self.defined.borrow_mut().insert((noun, id.to_owned()));
    }

    fn is_defined(&self, noun: Noun, id: &str) -> bool {
        self.defined.borrow().contains(&(noun, id.to_owned()))
    }

    /// Remembers that the text names something that must exist.
    pub(super) fn refer(&self, nouns: &'static [Noun], text: &Text<'_>) {
        self.push(nouns, text.value, text.at.clone(), true);
    }

    /// Remembers that the text names something that should exist.
    pub(super) fn mention(&self, nouns: &'static [Noun], text: &Text<'_>) {
        self.push(nouns, text.value, text.at.clone(), false);
    }

    pub(super) fn push(&self, nouns: &'static [Noun], id: &str, at: std::ops::Range<usize>, needed: bool) {
        self.references.borrow_mut().push(Reference { nouns, id: id.to_owned(), at, needed });
    }

    /// Reports the mentions of what does not exist.
    pub(super) fn resolve(&self) {
        for reference in self.references.borrow().iter() {
            let Reference { nouns, id, at, needed } = reference;
            if nouns.iter().any(|noun| self.is_defined(*noun, id)) {
                continue;
            }
            let what = nouns.iter().map(Noun::to_string).collect::<Vec<_>>().join(" or ");
            let defined = self.defined.borrow();
            let known: Vec<&str> =
                defined.iter().filter(|(noun, _)| nouns.contains(noun)).map(|(_, id)| id.as_str()).collect();
            let help = suggestion(id, &known).or_else(|| help_to_add(nouns, id));
            let message = format!("there is no {what} `{id}`");
            if *needed {
                self.findings.error(at.clone(), message, help);
            } else {
                self.findings.warning(at.clone(), message, help);
            }
        }
    }
}

/// What to do when there is nothing of the kind yet.
fn help_to_add(nouns: &[Noun], id: &str) -> Option<String> {
    match nouns {
        [Noun::Severity] => Some(format!("add [[severities]] with level = \"{id}\"")),
        [Noun::Component] => Some(format!("add [[components]] with id = \"{id}\"")),
        [Noun::Runbook] => Some(format!("add the runbook {id}.md to the pack's folder")),
        [Noun::Scenario] => Some(format!("add the scenario drills/{id}.toml to the pack's folder")),
        [Noun::Template] => Some(format!("add the template templates/{id} to the pack's folder")),
        _ => None,
    }
}
