//! What is wrong with a file that a person wrote: where, why, and what to do.

use std::fmt;

/// How bad a [`Diagnostic`] is. An error makes the file unusable; a warning is shown and lived with; a note is to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Note,
    Warning,
    Error,
}

/// A place in a text: line and column count from 1 (columns in characters), `span` is in bytes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Position {
    pub line: usize,
    pub column: usize,
    #[serde(skip)]
    pub span: std::ops::Range<usize>,
}

impl Position {
    /// The position of a byte range in `text`. Offsets past the end are moved to the end.
    pub fn of(text: &str, span: std::ops::Range<usize>) -> Self {
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Position {
            line: before.bytes().filter(|b| *b == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            span: start..span.end.clamp(start, text.len()),
        }
    }
}

/// One finding about a file, in one sentence, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Diagnostic {
    pub severity: Severity,
    /// The file as the user named it.
    pub file: String,
    pub position: Option<Position>,
    /// What is wrong, one sentence, no full stop.
    pub message: String,
    /// What to do, when we know ("did you mean `timeout`?").
    pub help: Option<String>,
}

impl Diagnostic {
    pub fn error(file: &str, position: Option<Position>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, file, position, message)
    }

    pub fn warning(file: &str, position: Option<Position>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, file, position, message)
    }

    fn new(severity: Severity, file: &str, position: Option<Position>, message: impl Into<String>) -> Self {
        Diagnostic { severity, file: file.to_owned(), position, message: message.into(), help: None }
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// `file:line:column: message (help)`, the one-line form.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(at) = &self.position {
            write!(f, ":{}:{}", at.line, at.column)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(help) = &self.help {
            write!(f, " ({help})")?;
        }
        Ok(())
    }
}
