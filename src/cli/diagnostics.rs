//! Shows diagnostics: with the source around them, or as JSON lines.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet, renderer::DecorStyle};
use anyhow::Result;
use serde_json::json;

use super::{output::Output, painted::Painted};
use warroom_domain::{
    platform::{Diagnostic, DiagnosticSeverity, Position},
    text::{line, shown},
};

/// One JSON document a line: `{"severity","file","line","column","message","help"}`.
pub(super) fn as_json_lines(found: &[Diagnostic]) -> Result<String> {
    let mut lines = String::new();
    for diagnostic in found {
        let line = json!({
            "severity": diagnostic.severity,
            "file": diagnostic.file,
            "line": diagnostic.position.as_ref().map(|p| p.line),
            "column": diagnostic.position.as_ref().map(|p| p.column),
            "message": diagnostic.message,
            "help": diagnostic.help,
        });
        lines.push_str(&serde_json::to_string(&line)?);
        lines.push('\n');
    }
    Ok(lines)
}

/// Each diagnostic with the lines that it is about. `source` gives the text of a file by the name that diagnostics use.
pub(super) fn as_snippets<'s>(
    found: &[Diagnostic],
    source: impl Fn(&str) -> Option<&'s str>,
    output: &Output,
) -> Painted {
    let renderer = if output.colored() { Renderer::styled() } else { Renderer::plain() };
    let decor = if output.unicode() { DecorStyle::Unicode } else { DecorStyle::Ascii };
    let renderer = renderer.decor_style(decor).term_width(output.width().map_or(140, usize::from));
    found
        .iter()
        .map(|diagnostic| {
            let level = match diagnostic.severity {
                DiagnosticSeverity::Error => Level::ERROR,
                DiagnosticSeverity::Warning => Level::WARNING,
                DiagnosticSeverity::Note => Level::NOTE,
            };
            let title = level.primary_title(shown(&diagnostic.message));
            let lines = diagnostic.position.as_ref().and_then(|at| lines(source(&diagnostic.file)?, at));
            let mut group = match lines {
                Some(Lines { text, first, span }) => title.element(
                    Snippet::source(text)
                        .line_start(first)
                        .path(line(&diagnostic.file))
                        .annotation(AnnotationKind::Primary.span(span)),
                ),
                None => Group::with_title(title).element(Origin::path(line(&place(diagnostic)).into_owned())),
            };
            if let Some(help) = &diagnostic.help {
                group = group.element(Level::HELP.message(shown(help)));
            }
            Painted::colored(&(renderer.render(&[group]) + "\n\n"))
        })
        .collect()
}

/// The lines that a position is about, with hidden characters shown as such, and the place in them.
struct Lines {
    text: String,
    /// Number of the first of them.
    first: usize,
    span: Range<usize>,
}

/// The renderer goes through all text that it is given for each finding, so it gets only what it shows. None when the file has
/// changed since it was read.
fn lines(text: &str, at: &Position) -> Option<Lines> {
    let inside = text.get(at.span.clone())?;
    let before = text.get(..at.span.start)?;
    let after = text.get(at.span.end..)?;
    let before = shown(&before[before.rfind('\n').map_or(0, |line| line + 1)..]);
    let after = shown(&after[..after.find('\n').unwrap_or(after.len())]);
    let inside = shown(inside);
    let start = before.len();
    let span = start..start + inside.len();
    Some(Lines { text: format!("{before}{inside}{after}"), first: at.line, span })
}

fn place(diagnostic: &Diagnostic) -> String {
    match &diagnostic.position {
        Some(at) => format!("{}:{}:{}", diagnostic.file, at.line, at.column),
        None => diagnostic.file.clone(),
    }
}

/// The first of several errors in one sentence, with where to read the others.
pub(super) fn first_of(errors: &[&Diagnostic], all: &str) -> String {
    match errors {
        [] => format!("see `{all}`"),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first}; {} more: see `{all}`", rest.len()),
    }
}

/// The sum in one line: `platform.toml: 2 errors, 1 warning`.
pub(super) fn verdict(file: &str, found: &[Diagnostic]) -> String {
    let count = |severity, noun: &str| {
        let number = found.iter().filter(|d| d.severity == severity).count();
        (number > 0).then(|| format!("{number} {noun}{}", if number == 1 { "" } else { "s" }))
    };
    let errors = count(DiagnosticSeverity::Error, "error");
    let warnings = count(DiagnosticSeverity::Warning, "warning");
    let notes = count(DiagnosticSeverity::Note, "note");
    let is_usable = errors.is_none();
    let is_clean = is_usable && warnings.is_none();
    let parts: Vec<String> = [errors, warnings, notes].into_iter().flatten().collect();
    match parts.join(", ").as_str() {
        "" => format!("{file}: nothing is wrong"),
        notes if is_clean => format!("{file}: nothing is wrong, {notes}"),
        parts if is_usable => format!("{file}: usable, {parts}"),
        parts => format!("{file}: {parts}"),
    }
}
