//! What a rule has found, with its place in the document.

use std::ops::Range;

use super::{block::Block, command::Command, subject::Subject};
use warroom_domain::platform::{Diagnostic, DiagnosticSeverity, Position};

/// One finding of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub rule: &'static str,
    pub severity: DiagnosticSeverity,
    /// The file as the user named it.
    pub file: String,
    pub position: Position,
    /// What is wrong here, one sentence, no full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// What to write instead, where there is one right form.
    pub fix: Option<Fix>,
}

/// Bytes of the document, and what is to stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    pub span: Range<usize>,
    pub text: String,
}

impl Finding {
    /// The same as a diagnostic, for what shows diagnostics; the rule's name ends the message.
    pub fn to_diagnostic(&self) -> Diagnostic {
        Diagnostic {
            severity: self.severity,
            file: self.file.clone(),
            position: Some(self.position.clone()),
            message: format!("{} [{}]", self.message, self.rule),
            help: self.help.clone(),
        }
    }
}

/// Takes the findings of one rule.
pub(super) struct Report<'a> {
    pub(super) subject: &'a Subject<'a>,
    /// Of the rule: its name, how bad it is, and what to do instead.
    pub(super) rule: &'static str,
    pub(super) severity: DiagnosticSeverity,
    pub(super) help: &'static str,
    pub(super) found: &'a mut Vec<Finding>,
}

impl<'a> Report<'a> {
    /// At bytes of a block's code.
    pub(super) fn code(&mut self, block: &Block<'_>, span: Range<usize>, message: impl Into<String>) {
        self.document(block.in_document(span), message);
    }

    /// At a whole command.
    pub(super) fn command(&mut self, command: &Command<'_>, message: impl Into<String>) {
        self.code(command.block(self.subject), command.span.clone(), message);
    }

    /// At the word of a command that is text number `index`.
    pub(super) fn word(&mut self, command: &Command<'_>, index: usize, message: impl Into<String>) {
        let span = command.word_span(index);
        self.code(command.block(self.subject), span, message);
    }

    /// At bytes of the document.
    pub(super) fn document(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.found.push(Finding {
            rule: self.rule,
            severity: self.severity,
            file: self.subject.runbook.file.clone(),
            position: self.subject.outline.position(span),
            message: message.into(),
            help: (!self.help.is_empty()).then(|| self.help.to_owned()),
            fix: None,
        });
    }

    /// Says what to write instead of the finding that was told last: at bytes of the document.
    pub(super) fn fix(&mut self, span: Range<usize>, text: impl Into<String>) {
        if let Some(last) = self.found.last_mut() {
            last.fix = Some(Fix { span, text: text.into() });
        }
    }
}
