//! What a rule is: data that explains it, plus the small function that finds it.

use super::{block::Block, command::Command, report::Report, sql_text::SqlText, subject::Subject};
use warroom_domain::platform::DiagnosticSeverity;

/// One thing that goes wrong with runbooks, and how to write it so that it doesn't.
#[derive(Debug)]
pub struct Rule {
    /// In kebab-case; what `--explain` and suppression comments say. Never changes once published.
    pub name: &'static str,
    pub severity: DiagnosticSeverity,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Why it goes wrong, for somebody who has not met it yet.
    pub explanation: &'static str,
    /// What to do instead, in one sentence: the help line of each finding.
    pub help: &'static str,
    /// The correct form as it would stand in a runbook; empty when the help says it all.
    pub correct: &'static str,
    pub(super) check: Check,
}

/// How a rule looks at a runbook.
#[derive(Debug, Clone, Copy)]
pub(super) enum Check {
    /// At each simple command whose program is one of these; none means every command.
    Command(&'static [&'static str], fn(&Command<'_>, &mut Report<'_>)),
    /// At each SQL text: SQL blocks, `psql -c`, here-documents to psql.
    Sql(fn(&SqlText<'_>, &mut Report<'_>)),
    /// At each executable block.
    Block(fn(&Block<'_>, &mut Report<'_>)),
    /// At the whole document.
    Document(fn(&Subject<'_>, &mut Report<'_>)),
    /// The linter itself reports it.
    Itself,
}

/// Rules of one kind of tool.
#[derive(Debug)]
pub struct Family {
    /// The heading of the generated page.
    pub title: &'static str,
    pub rules: &'static [Rule],
}

/// A mistake: it fails, destroys, or does the opposite.
pub(super) const ERROR: DiagnosticSeverity = DiagnosticSeverity::Error;
/// A hazard: it works until the day it does not.
pub(super) const WARNING: DiagnosticSeverity = DiagnosticSeverity::Warning;
/// Nothing is wrong: a reviewer should know it.
pub(super) const NOTE: DiagnosticSeverity = DiagnosticSeverity::Note;
