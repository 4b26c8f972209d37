//! One action of the document with where it stands, and what its code says by itself.

use std::{borrow::Cow, ops::Range};

use super::scripts::VariableUse;
use crate::{Action, OptionKey, SectionKind, shell::SyntaxProblem};

/// One action with where it stands.
pub(super) struct Block<'a> {
    pub(super) index: usize,
    pub(super) action: &'a Action,
    pub(super) option: Option<&'a OptionKey>,
    pub(super) section: SectionKind,
    pub(super) step_title: &'a str,
    /// It stands after `**Rollback:**`.
    pub(super) is_undo: bool,
    pub(super) step_has_undo: bool,
    /// It is offered only while a condition over the probes holds.
    pub(super) gated: bool,
    /// Bash could not read it: where and why.
    pub(super) problem: Option<&'a SyntaxProblem>,
    /// Where it runs code that nobody can see before.
    pub(super) unseen: Vec<Range<usize>>,
    /// The code of the whole fence, of which this may be a part.
    pub(super) fence_code: Cow<'a, str>,
    /// Variables that it uses.
    pub(super) uses: Vec<VariableUse>,
    /// Its commands in `Subject::commands`.
    pub(super) commands: Range<usize>,
    pub(super) procedure: usize,
}

/// `NAME=value`, `export NAME=value`, `read NAME`, `for NAME in`.
#[derive(Debug, Clone)]
pub(super) struct Assigned {
    pub(super) name: String,
    /// As written, without quotes.
    pub(super) value: String,
    /// In the block's code.
    pub(super) span: Range<usize>,
    pub(super) block: usize,
    /// In the document.
    pub(super) at: usize,
    /// Only for the command that it stands before.
    pub(super) prefix: bool,
    pub(super) exported: bool,
}

impl<'a> Block<'a> {
    /// Bytes of the code as bytes of the document.
    pub(super) fn in_document(&self, span: Range<usize>) -> Range<usize> {
        let start = self.byte(span.start, false);
        start..self.byte(span.end, true).max(start)
    }

    /// Where the block starts in the document.
    pub(super) fn start(&self) -> usize {
        self.action.spans.first().map_or(0, |span| span.start)
    }

    /// Where it ends there.
    pub(super) fn end(&self) -> usize {
        self.action.spans.last().map_or(0, |span| span.end)
    }

    fn byte(&self, at: usize, end: bool) -> usize {
        let mut left = self.action.written_at(at, end);
        for span in &self.action.spans {
            if left < span.len() || end && left == span.len() {
                return span.start + left;
            }
            left -= span.len();
        }
        self.action.spans.last().map_or(0, |span| span.end)
    }

    /// Lines of the code, with where they start in it.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &'a str)> {
        let mut start = 0;
        self.action.code.split_inclusive('\n').map(move |line| {
            let at = start;
            start += line.len();
            (at, line.trim_end())
        })
    }

    /// The first line that is not empty.
    pub(super) fn first_line(&self) -> Range<usize> {
        let first = self.lines().find(|(_, line)| !line.trim().is_empty());
        first.map_or(0..0, |(start, line)| start + line.len() - line.trim_start().len()..start + line.len())
    }

    pub(super) fn step_title(&self) -> &'a str {
        self.step_title
    }

    /// Variables that it uses.
    pub(super) fn uses(&self) -> impl Iterator<Item = &VariableUse> {
        self.uses.iter()
    }

    /// Whether SQL statements start at or after this byte: then bash's trouble with it has another name.
    pub(super) fn reads_as_sql(&self, at: usize) -> bool {
        let line_start = self.action.code[..at.min(self.action.code.len())].rfind('\n').map_or(0, |found| found + 1);
        let rest = self.action.code.get(line_start..).unwrap_or_default().trim_start();
        ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "CREATE ", "ALTER ", "VACUUM", "WITH "]
            .iter()
            .any(|word| rest.starts_with(word))
    }
}
