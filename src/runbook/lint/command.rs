//! One simple command as rules see it: words without quotes, options, its place among the others.

use std::{borrow::Cow, ops::Range};

use super::words::Line;
use crate::shell::{Connector, Invocation, PartKind, RedirectOperator, Word};

/// A command, or a wrapper around one (`sudo`, `kubectl exec … --`) with its own words only.
pub(super) struct Command<'a> {
    /// Its number among all commands of the document.
    pub(super) index: usize,
    /// The number of its block.
    pub(super) block: usize,
    /// Without quotes; `$NAME` for a variable, `$(code)` for a substitution. The first is the program.
    pub(super) words: Vec<Cow<'a, str>>,
    /// The wrappers around it, the outermost first, each with its words.
    pub(super) through: Vec<Vec<Cow<'a, str>>>,
    /// In the block's code, from the first to the last of its words.
    pub(super) span: Range<usize>,
    /// With the wrappers around it and its here-documents.
    pub(super) whole: Range<usize>,
    pub(super) is_wrapper: bool,
    /// Where the program's name starts in the first word, behind its folder.
    name: usize,
    line: Line,
    pub(super) sources: &'a [Word],
    pub(super) invocation: &'a Invocation,
}

/// A call of Compose, in either spelling.
pub(super) struct Compose<'c> {
    pub(super) verb: &'c str,
    /// What stands after the verb, with the numbers of the words.
    pub(super) operands: Vec<(usize, &'c str)>,
}

impl<'a> Command<'a> {
    /// The command itself; none when there are only redirects.
    pub(super) fn direct(index: usize, block: usize, invocation: &'a Invocation) -> Option<Self> {
        Self::new(index, block, invocation, &invocation.words, invocation.through.len(), false)
    }

    /// The wrapper number `depth` around it.
    pub(super) fn wrapper(index: usize, block: usize, invocation: &'a Invocation, depth: usize) -> Option<Self> {
        let wrapper = invocation.through.get(depth)?;
        Self::new(index, block, invocation, &wrapper.words, depth, true)
    }

    fn new(
        index: usize,
        block: usize,
        invocation: &'a Invocation,
        sources: &'a [Word],
        depth: usize,
        is_wrapper: bool,
    ) -> Option<Self> {
        let span = sources.first()?.span.start..sources.last()?.span.end;
        let documents = invocation.redirects.iter().filter_map(|redirect| redirect.document.as_ref());
        let end =
            documents.map(|document| document.body.span.end).max().unwrap_or(0).max(invocation.span.end).max(span.end);
        let whole = invocation.span.start.min(span.start)..end;
        let through = invocation.through.iter().take(depth);
        let through = through.map(|wrapper| wrapper.words.iter().map(Word::text).collect()).collect();
        let words: Vec<Cow<'a, str>> = sources.iter().map(Word::text).collect();
        let name = words.first().and_then(|word| word.rfind('/')).map_or(0, |slash| slash + 1);
        let program = words.first().and_then(|word| word.get(name..)).unwrap_or_default();
        let line = Line::read(program, &words);
        Some(Command { index, block, words, through, span, whole, is_wrapper, name, line, sources, invocation })
    }

    /// The program's name without its folder.
    pub(super) fn program(&self) -> &str {
        self.words.first().and_then(|word| word.get(self.name..)).unwrap_or_default()
    }

    pub(super) fn word_span(&self, index: usize) -> Range<usize> {
        self.sources.get(index).map_or_else(|| self.span.clone(), |word| word.span.clone())
    }

    /// A word as it is written.
    pub(super) fn raw(&self, index: usize) -> &str {
        self.sources.get(index).map_or("", |word| word.raw.as_str())
    }

    /// Whether it has one of these options, in any of the usual spellings.
    pub(super) fn flag(&self, names: &[&str]) -> bool {
        self.line.has(&self.words, names)
    }

    /// Whether it consists of the program and one of these options.
    pub(super) fn is_named_only(&self, options: &[&str]) -> bool {
        self.words.len() == 2 && options.contains(&self.words[1].as_ref())
    }

    pub(super) fn ends_in(&self, suffix: &str) -> bool {
        self.words.last().is_some_and(|word| word.ends_with(suffix))
    }

    /// The value of the first of these options.
    pub(super) fn value(&self, names: &[&str]) -> Option<&str> {
        self.value_at(names).map(|(_, value)| value)
    }

    /// With the number of the word that holds it.
    pub(super) fn value_at(&self, names: &[&str]) -> Option<(usize, &str)> {
        let (word, from) = self.line.value(&self.words, names)?;
        Some((word, self.words.get(word)?.get(from..)?))
    }

    pub(super) fn values<'w>(&'w self, names: &'w [&'w str]) -> impl Iterator<Item = (usize, &'w str)> + 'w {
        self.line.values(&self.words, names)
    }

    /// Words that are neither options nor their values, from word 1 on.
    pub(super) fn operands(&self) -> Vec<(usize, &str)> {
        let numbers = self.line.operands().iter();
        numbers.filter_map(|number| Some((*number, self.words.get(*number)?.as_ref()))).collect()
    }

    /// The first operand: `get` of kubectl, `rds` of aws.
    pub(super) fn verb(&self) -> &str {
        self.operand(0)
    }

    /// The second operand: `restart` of `kubectl rollout restart`, `wait` of `aws rds wait`.
    pub(super) fn second(&self) -> &str {
        self.operand(1)
    }

    fn operand(&self, index: usize) -> &str {
        self.line.operands().get(index).and_then(|number| self.words.get(*number)).map_or("", AsRef::as_ref)
    }

    pub(super) fn is(&self, program: &str, verb: &str) -> bool {
        self.program() == program && self.verb() == verb
    }

    /// The words that are its own: up to `--`.
    pub(super) fn own_words(&self) -> &[Cow<'a, str>] {
        let end = self.words.iter().position(|word| word == "--").unwrap_or(self.words.len());
        &self.words[..end]
    }

    /// Whether one of these runs it somewhere else.
    pub(super) fn is_inside(&self, programs: &[&str]) -> bool {
        self.through.iter().any(|words| programs.contains(&words.first().map_or("", AsRef::as_ref)))
    }

    pub(super) fn compose(&self) -> Option<Compose<'_>> {
        let mut operands = match self.program() {
            "docker-compose" => self.operands(),
            "docker" => {
                let mut operands = self.operands();
                if operands.first().is_none_or(|(_, word)| *word != "compose") {
                    return None;
                }
                operands.remove(0);
                operands
            }
            _ => return None,
        };
        let verb = if operands.is_empty() { "" } else { operands.remove(0).1 };
        Some(Compose { verb, operands })
    }

    /// Variables that a word uses, without those that say what happens when they are empty.
    pub(super) fn variables_of(&self, index: usize) -> impl Iterator<Item = &str> {
        self.named(index).map(|(name, _, _)| name)
    }

    /// Of those, the ones outside double quotes, whose value is split into words.
    pub(super) fn unquoted_of(&self, index: usize) -> impl Iterator<Item = &str> {
        self.named(index)
            .filter(|(name, quoted, operator)| !quoted && is_variable(name) && *operator != Some("length"))
            .map(|(name, _, _)| name)
    }

    /// Of those, the ones that may be empty.
    pub(super) fn unguarded_of(&self, index: usize) -> impl Iterator<Item = &str> {
        self.named(index)
            .filter(|(name, _, operator)| {
                is_variable(name) && !operator.is_some_and(|o| o.starts_with(":?") || o.starts_with(":-"))
            })
            .map(|(name, _, _)| name)
    }

    fn named(&self, index: usize) -> impl Iterator<Item = (&str, bool, Option<&str>)> {
        self.sources.get(index).map(Word::variables).unwrap_or_default().into_iter()
    }

    /// Whether the shell takes a word for a file pattern.
    pub(super) fn has_glob(&self, index: usize) -> bool {
        self.sources.get(index).is_some_and(|word| word.parts.iter().any(|part| matches!(part.kind, PartKind::Glob(_))))
    }

    /// Files that its standard output goes to.
    pub(super) fn output_files(&self) -> impl Iterator<Item = &str> {
        let writes = self
            .invocation
            .redirects
            .iter()
            .filter(|redirect| redirect.operator.writes() && redirect.descriptor != Some(2));
        writes.filter_map(|redirect| {
            redirect.target.as_ref()?.literal.as_deref().or(redirect.target.as_ref().map(|word| word.raw.as_str()))
        })
    }

    pub(super) fn redirects_output(&self) -> bool {
        self.output_files().next().is_some() || self.redirects_to_stderr()
    }

    pub(super) fn redirects_to_stderr(&self) -> bool {
        self.invocation.redirects.iter().any(|redirect| {
            redirect.operator == RedirectOperator::DuplicateOutput
                && redirect.target.as_ref().is_some_and(|word| word.raw == "2")
        })
    }

    /// The file that its output is added to.
    pub(super) fn appends_to(&self) -> Option<&str> {
        let appends = |operator| matches!(operator, RedirectOperator::Append | RedirectOperator::AppendBoth);
        let redirect = self.invocation.redirects.iter().find(|redirect| appends(redirect.operator))?;
        redirect.target.as_ref()?.literal.as_deref()
    }

    /// Files that it reads from (`< FILE`).
    pub(super) fn input_files(&self) -> impl Iterator<Item = &str> {
        let reads = self.invocation.redirects.iter().filter(|redirect| redirect.operator == RedirectOperator::Read);
        reads.filter_map(|redirect| Some(redirect.target.as_ref()?.raw.as_str()))
    }

    /// The texts of its here-documents and here-strings.
    pub(super) fn documents(&self) -> impl Iterator<Item = &str> {
        self.invocation.redirects.iter().filter_map(|redirect| match (&redirect.document, redirect.operator) {
            (Some(document), _) => Some(document.body.raw.as_str()),
            (None, RedirectOperator::HereString) => redirect.target.as_ref().map(|word| word.raw.as_str()),
            _ => None,
        })
    }

    /// Whether its input is a file or text in the block.
    pub(super) fn reads_file_or_document(&self) -> bool {
        self.input_files().next().is_some() || self.documents().next().is_some()
    }

    /// Whether it has any input at all.
    pub(super) fn reads_input(&self) -> bool {
        self.invocation.placement.piped || self.reads_file_or_document()
    }

    /// `NAME=value` before it.
    pub(super) fn sets_variable(&self, name: &str) -> bool {
        self.invocation.assignments.iter().any(|assignment| assignment.name == name)
    }

    pub(super) fn in_loop(&self) -> bool {
        self.invocation.placement.in_loop
    }

    pub(super) fn in_function(&self) -> bool {
        self.invocation.placement.function.is_some()
    }

    pub(super) fn in_substitution(&self) -> bool {
        self.invocation.placement.substitution
    }

    /// In the condition or a branch of `if` or `case`.
    pub(super) fn in_condition(&self) -> bool {
        self.invocation.placement.condition || self.invocation.placement.branch
    }

    pub(super) fn background(&self) -> bool {
        self.invocation.placement.background
    }

    pub(super) fn after_or(&self) -> bool {
        self.invocation.placement.after == Some(Connector::Or)
    }

    pub(super) fn after_and(&self) -> bool {
        self.invocation.placement.after == Some(Connector::And)
    }
}

/// A named variable, not `$1`, `$@` or `$?`.
fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}
