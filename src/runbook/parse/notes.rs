//! Collects what is odd in a document, with its place; places are found without reading the text again.

use std::ops::Range;

use crate::Variable;
use warroom_domain::platform::{Diagnostic, DiagnosticSeverity, Position};

/// A document's text and where its lines start.
pub(super) struct Text<'a> {
    pub file: &'a str,
    pub source: &'a str,
    starts: Vec<usize>,
}

impl<'a> Text<'a> {
    pub(super) fn new(file: &'a str, source: &'a str) -> Self {
        let breaks = source.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Text { file, source, starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// The 1-based line of a byte.
    pub(super) fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }

    /// Bytes of a 1-based line, without its end.
    pub(super) fn line_span(&self, line: usize) -> Range<usize> {
        let start = self.starts.get(line - 1).copied().unwrap_or(self.source.len());
        let end = self.starts.get(line).copied().unwrap_or(self.source.len());
        start..start + self.source[start..end].trim_end_matches(['\n', '\r']).len()
    }

    pub(super) fn position(&self, span: Range<usize>) -> Position {
        let mut start = span.start.min(self.source.len());
        while !self.source.is_char_boundary(start) {
            start -= 1;
        }
        let line = self.line(start);
        let column = self.source[self.starts[line - 1]..start].chars().count() + 1;
        Position { line, column, span: start..span.end.clamp(start, self.source.len()) }
    }
}

/// The findings so far.
pub(super) struct Notes<'a> {
    pub text: Text<'a>,
    found: Vec<Diagnostic>,
    /// Variables for the placeholders in commands, in the order in which they are met.
    asked_for: Vec<(String, Variable)>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(file: &'a str, source: &'a str) -> Self {
        Notes { text: Text::new(file, source), found: Vec::new(), asked_for: Vec::new() }
    }

    pub(super) fn ask_for(&mut self, name: &str, variable: Variable) {
        if !self.asked_for.iter().any(|(known, _)| known == name) {
            self.asked_for.push((name.to_owned(), variable));
        }
    }

    pub(super) fn asked_for(&mut self) -> Vec<(String, Variable)> {
        std::mem::take(&mut self.asked_for)
    }

    /// Something that changes what a run would do: it must be mended first.
    pub(super) fn error(&mut self, span: Range<usize>, message: impl Into<String>, help: Option<String>) {
        let finding = Diagnostic::error(self.text.file, Some(self.text.position(span)), message);
        self.add(finding, help);
    }

    /// Something odd that can be lived with.
    pub(super) fn warning(&mut self, span: Range<usize>, message: impl Into<String>, help: Option<String>) {
        let finding = Diagnostic::warning(self.text.file, Some(self.text.position(span)), message);
        self.add(finding, help);
    }

    /// Nothing is wrong: somebody may want to know it.
    pub(super) fn note(&mut self, span: Range<usize>, message: impl Into<String>, help: Option<String>) {
        let severity = DiagnosticSeverity::Note;
        let finding =
            Diagnostic { severity, ..Diagnostic::warning(self.text.file, Some(self.text.position(span)), message) };
        self.add(finding, help);
    }

    fn add(&mut self, mut finding: Diagnostic, help: Option<String>) {
        finding.help = help;
        self.found.push(finding);
    }

    /// In document order.
    pub(super) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|finding| finding.position.as_ref().map_or(0, |at| at.span.start));
        self.found
    }
}
