//! The words of a command with its variables put in, and the environment that a command will see.

use std::collections::HashMap;

use super::{Wanted, environment, exposed};
use warroom_runbook::shell::{Assignment, Invocation, PartKind, Word, WordPart};

/// What surrounds the commands of an action.
pub(super) struct Surroundings {
    /// Variables of the run over those of the process.
    variables: HashMap<String, String>,
    /// What the code itself assigns outside of commands; `None` when the value is not known before it runs.
    assigned: HashMap<String, Option<String>>,
    /// Those of `assigned` that commands see.
    exported: Vec<String>,
}

/// A word as the program will get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Argument {
    /// What is known; `$NAME` and `$(…)` stand for what is not.
    pub(super) text: String,
    /// All of it is known.
    pub(super) sure: bool,
}

impl Surroundings {
    pub(super) fn new(wanted: &Wanted<'_>, process: Vec<(String, String)>) -> Self {
        let mut variables: HashMap<String, String> = process.into_iter().collect();
        variables.extend(exposed(wanted.variables));
        let mut found = Surroundings { variables, assigned: HashMap::new(), exported: Vec::new() };
        for one in wanted.script.iter().flat_map(|script| &script.assignments) {
            let again = found.assigned.contains_key(&one.name);
            // Which of two values holds, and whether a function is called at all, depends on the run.
            let value = if again || one.function.is_some() { None } else { found.value(one) };
            found.assigned.insert(one.name.clone(), value);
            if one.exported || found.variables.contains_key(&one.name) {
                found.exported.push(one.name.clone());
            }
        }
        found
    }

    /// Every variable with its value: those of the process, of the run, and those that the code assigns.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let assigned = self.assigned.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)));
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(assigned)
    }

    /// A variable as a command without anything before it sees it. Empty counts as not set.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// A variable as this command sees it. `Err` when it is set to something that is not known before it runs.
    pub(super) fn seen_by(&self, command: &Invocation, name: &str) -> Result<Option<String>, ()> {
        if let Some(own) = command.assignments.iter().rev().find(|one| one.name == name) {
            return self.value(own).map(|value| Some(value).filter(|value| !value.is_empty())).ok_or(());
        }
        if environment::loses_environment(command) {
            return Ok(None);
        }
        match self.assigned.get(name) {
            Some(value) if self.exported.iter().any(|one| one == name) => value.clone().map(Some).ok_or(()),
            _ => Ok(self.variable(name)),
        }
    }

    /// The arguments of a command, the program left out; what is not quoted is split as a shell would.
    pub(super) fn arguments(&self, words: &[Word]) -> Vec<Argument> {
        let mut arguments = Vec::with_capacity(words.len());
        for word in words.iter().skip(1) {
            let argument = self.word(word);
            if argument.sure && word.has_unquoted_expansion() {
                let pieces = argument.text.split_whitespace();
                arguments.extend(pieces.map(|text| Argument { text: text.to_owned(), sure: true }));
            } else {
                arguments.push(argument);
            }
        }
        arguments
    }

    pub(super) fn word(&self, word: &Word) -> Argument {
        if let Some(literal) = &word.literal {
            return Argument { text: literal.clone(), sure: true };
        }
        let mut argument = Argument { text: String::new(), sure: true };
        self.parts(&word.parts, &mut argument);
        argument
    }

    fn parts(&self, parts: &[WordPart], into: &mut Argument) {
        for part in parts {
            match &part.kind {
                PartKind::Literal(text) | PartKind::Single(text) => into.text.push_str(text),
                PartKind::Double(inner) => self.parts(inner, into),
                PartKind::Variable { name, operator, argument } => {
                    match self.expanded(name, operator.as_deref(), argument.as_deref()) {
                        Some(value) => into.text.push_str(&value),
                        None => into.unknown(&format!("${name}")),
                    }
                }
                PartKind::Tilde(text) if text == "~" => match self.variable("HOME") {
                    Some(home) => into.text.push_str(&home),
                    None => into.unknown(text),
                },
                PartKind::Glob(text) | PartKind::Braces(text) | PartKind::Tilde(text) => into.unknown(text),
                PartKind::Substitution { .. } => into.unknown("$(…)"),
                PartKind::Arithmetic(_) => into.unknown("$((…))"),
                PartKind::ProcessSubstitution => into.unknown("<(…)"),
            }
        }
    }

    /// `$NAME` and the operators that only say what to do without a value.
    fn expanded(&self, name: &str, operator: Option<&str>, argument: Option<&str>) -> Option<String> {
        let value = match self.assigned.get(name) {
            Some(value) => Some(value.clone()?),
            None => self.variables.get(name).cloned(),
        };
        let filled = value.clone().filter(|value| !value.is_empty());
        let plain = |text: &str| {
            let text = text.trim_matches(['"', '\'']);
            (!text.contains(['$', '`', '\\', '"', '\''])).then(|| text.to_owned())
        };
        match operator {
            // A variable that nobody sets is either empty or set by a step that has not run yet.
            None | Some("?") => value,
            Some(":?") => filled,
            Some(":-" | ":=") => filled.or_else(|| plain(argument.unwrap_or_default())),
            Some("-" | "=") => value.or_else(|| plain(argument.unwrap_or_default())),
            Some(_) => None,
        }
    }

    fn value(&self, assignment: &Assignment) -> Option<String> {
        if assignment.append || assignment.array {
            return None;
        }
        match assignment.value() {
            Some(word) => Some(self.word(word)).filter(|argument| argument.sure).map(|argument| argument.text),
            None => Some(String::new()),
        }
    }
}

impl Argument {
    fn unknown(&mut self, shown: &str) {
        self.text.push_str(shown);
        self.sure = false;
    }
}
