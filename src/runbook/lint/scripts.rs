//! The shell of every action, analysed once, in the order in which rules see the actions.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use super::command::Command;
use crate::{
    Action, Language, Runbook, Step,
    shell::{self, Assignment, PartKind, Redirect, Script, SyntaxProblem, Word, WordPart},
};

/// One script an action, with its code; an empty one for SQL.
pub(super) struct Scripts<'a> {
    scripts: Vec<(Arc<Script>, &'a str)>,
}

/// A variable used in a block.
#[derive(Debug, Clone)]
pub(super) struct VariableUse {
    pub(super) name: String,
    /// An operator says what happens when it is not there: `:?`, `:-`, `:=`, `+`.
    pub(super) guarded: bool,
    /// The operator stops or fills it, so that it is there afterwards.
    pub(super) ensured: bool,
    /// The operator says what stands in its place, so that it may be missing.
    pub(super) optional: bool,
    /// In the block's code.
    pub(super) span: Range<usize>,
}

/// Name, value as written without quotes, place, whether it holds for one command only, whether it is exported.
pub(super) type FoundAssignment = (String, String, Range<usize>, bool, bool);

impl<'a> Scripts<'a> {
    pub(super) fn of(runbook: &'a Runbook) -> Self {
        let script = |action: &Action| match action.language {
            Language::Sql => Arc::default(),
            Language::Bash => {
                runbook.scripts.get(&action.id).cloned().unwrap_or_else(|| Arc::new(shell::analyse(&action.code)))
            }
        };
        let actions = runbook.steps().flat_map(Step::all_actions);
        Scripts { scripts: actions.map(|action| (script(action), action.code.as_str())).collect() }
    }

    pub(super) fn of_block(&self, index: usize) -> Option<Analysed<'_>> {
        self.scripts.get(index).map(|(script, code)| Analysed { script, code })
    }
}

/// Names of the variables that a block, taken apart, uses without setting them or saying what happens when they are not there: their values
/// have to come from elsewhere.
pub fn needed_variables(script: &Script, code: &str) -> Vec<String> {
    outer_variables(script, code, |variable, optional| !variable.guarded && !optional.contains(variable.name.as_str()))
}

/// Variables of which the code says somewhere what it does without them: `${NAME:-}` in a condition around their use.
pub(super) fn optional_variables<'u>(uses: impl IntoIterator<Item = &'u VariableUse>) -> BTreeSet<&'u str> {
    uses.into_iter().filter(|used| used.optional).map(|used| used.name.as_str()).collect()
}

/// Variables that code takes from outside, also those that it can do without.
pub fn used_variables(script: &Script, code: &str) -> Vec<String> {
    outer_variables(script, code, |_, _| true)
}

fn outer_variables(script: &Script, code: &str, wanted: impl Fn(&VariableUse, &BTreeSet<&str>) -> bool) -> Vec<String> {
    let analysed = Analysed { script, code };
    let set: BTreeSet<String> = analysed.assignments().into_iter().map(|(name, ..)| name).collect();
    let mut names: Vec<String> = Vec::new();
    let uses = analysed.uses();
    let optional = optional_variables(&uses);
    for variable in &uses {
        let is_new = !set.contains(&variable.name) && !names.contains(&variable.name);
        if is_new && wanted(variable, &optional) && is_name(&variable.name) {
            names.push(variable.name.clone());
        }
    }
    names
}

/// The script of one action.
pub(super) struct Analysed<'a> {
    script: &'a Script,
    code: &'a str,
}

impl<'a> Analysed<'a> {
    pub(super) fn problem(&self) -> Option<&'a SyntaxProblem> {
        self.script.problem.as_ref()
    }

    /// Where code is run that nobody can see before.
    pub(super) fn unseen(&self) -> Vec<Range<usize>> {
        self.script.unseen.iter().map(|unseen| unseen.span.clone()).collect()
    }

    /// Adds its commands; a wrapper comes before the first command that it runs.
    pub(super) fn commands(&self, block: usize, into: &mut Vec<Command<'a>>) {
        let mut wrappers = BTreeSet::new();
        for invocation in &self.script.commands {
            for (depth, wrapper) in invocation.through.iter().enumerate() {
                let key = wrapper.words.first().map(|word| word.span.start);
                if wrappers.insert((key, wrapper.name.as_str())) {
                    into.extend(Command::wrapper(into.len(), block, invocation, depth));
                }
            }
            into.extend(Command::direct(into.len(), block, invocation));
        }
    }

    /// Every variable that is set, also by `read` and by loops.
    pub(super) fn assignments(&self) -> Vec<FoundAssignment> {
        let mut found: Vec<FoundAssignment> = self.script.assignments.iter().map(|a| assigned(a, false)).collect();
        for invocation in &self.script.commands {
            found.extend(invocation.assignments.iter().map(|assignment| assigned(assignment, true)));
            let words: Vec<_> = invocation.words.iter().map(Word::text).collect();
            let named: Vec<usize> = match words.first().map(AsRef::as_ref) {
                Some("read" | "mapfile" | "readarray" | "getopts") => (1..words.len()).collect(),
                Some("printf") if words.get(1).is_some_and(|word| word == "-v") => vec![2],
                // `export NAME` of what was set before.
                Some("export") => (1..words.len()).collect(),
                _ => Vec::new(),
            };
            let exported = words.first().is_some_and(|word| word == "export");
            for index in named {
                if let (Some(word), Some(source)) = (words.get(index), invocation.words.get(index))
                    && is_name(word)
                {
                    // What is only exported was set elsewhere, or nowhere.
                    let value = if exported { "$" } else { "$(read)" };
                    found.push((word.to_string(), value.to_owned(), source.span.clone(), exported, exported));
                }
            }
        }
        found.extend(self.loop_variables());
        found.extend(self.counters());
        found
    }

    /// What an expression in a word sets: `"$((tries += 1))"`.
    fn counters(&self) -> Vec<FoundAssignment> {
        let mut found = Vec::new();
        for word in self.words() {
            arithmetic(&word.parts, &mut |expression, span| {
                let names = shell::assigned_by(expression).into_iter();
                found.extend(names.map(|name| (name.to_owned(), "$((…))".to_owned(), span.clone(), false, false)));
            });
        }
        found
    }

    /// Every word in which something is expanded: of commands, assignments, redirects and here-documents.
    fn words(&self) -> impl Iterator<Item = &Word> {
        let of_commands = self.script.commands.iter().flat_map(|invocation| {
            let words = invocation.through.iter().flat_map(|wrapper| &wrapper.words).chain(&invocation.words);
            let given = invocation.assignments.iter().flat_map(|assignment| &assignment.values);
            words.chain(given).chain(invocation.redirects.iter().filter_map(redirected))
        });
        of_commands.chain(self.script.assignments.iter().flat_map(|assignment| &assignment.values))
    }

    /// `for NAME in`, which is no command.
    fn loop_variables(&self) -> Vec<FoundAssignment> {
        let mut found = Vec::new();
        let mut rest = self.code;
        while let Some(at) = rest.find("for ").or_else(|| rest.find("select ")) {
            let after = rest[at..].split_once(' ').map_or("", |(_, after)| after);
            let start = self.code.len() - after.len();
            let name: String = after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if is_name(&name) && after[name.len()..].trim_start().starts_with(['i', ';', '\n']) {
                let span = start..start + name.len();
                found.push((name, "$(loop)".to_owned(), span, false, true));
            }
            rest = after;
        }
        found
    }

    /// Every variable that is used, in words, redirects and here-documents.
    pub(super) fn uses(&self) -> Vec<VariableUse> {
        let mut found = Vec::new();
        self.words().for_each(|word| variables(&word.parts, &mut found));
        found.sort_by_key(|variable| variable.span.start);
        found.dedup_by(|a, b| a.span == b.span && a.name == b.name);
        found
    }
}

fn assigned(assignment: &Assignment, prefix: bool) -> FoundAssignment {
    let value = assignment.values.iter().map(|word| word.text().into_owned()).collect::<Vec<_>>().join(" ");
    (assignment.name.clone(), value, assignment.span.clone(), prefix, assignment.exported)
}

fn redirected(redirect: &Redirect) -> Option<&Word> {
    match &redirect.document {
        Some(document) => (!document.quoted).then_some(&document.body),
        None => redirect.target.as_ref(),
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The arithmetic expressions in a word, with their places.
fn arithmetic(parts: &[WordPart], found: &mut impl FnMut(&str, &Range<usize>)) {
    for part in parts {
        match &part.kind {
            PartKind::Double(inner) => arithmetic(inner, found),
            PartKind::Arithmetic(expression) => found(expression, &part.span),
            _ => {}
        }
    }
}

fn variables(parts: &[WordPart], found: &mut Vec<VariableUse>) {
    for part in parts {
        match &part.kind {
            PartKind::Double(inner) => variables(inner, found),
            PartKind::Variable { name, operator, .. } if is_name(name) => {
                let operator = operator.as_deref().unwrap_or_default();
                let starts = |marks: &[&str]| marks.iter().any(|mark| operator.starts_with(mark));
                let guarded = starts(&[":?", "?", ":-", "-", ":=", "=", ":+", "+"]);
                let ensured = starts(&[":?", "?", ":=", "="]);
                let optional = guarded && !starts(&[":?", "?"]);
                found.push(VariableUse { name: name.clone(), guarded, ensured, optional, span: part.span.clone() });
            }
            _ => {}
        }
    }
}
