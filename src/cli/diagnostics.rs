//! Shows diagnostics: with the source around them, or as JSON lines.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet, renderer::DecorStyle};
use anyhow::Result;
use serde_json::json;

use super::{output::Output, painted::Painted};
use crate::{
    platform::{Diagnostic, DiagnosticSeverity},
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
pub(super) fn as_snippets(found: &[Diagnostic], source: impl Fn(&str) -> Option<String>, output: &Output) -> Painted {
    let renderer = if output.colored() { Renderer::styled() } else { Renderer::plain() };
    let decor = if output.unicode() { DecorStyle::Unicode } else { DecorStyle::Ascii };
    let renderer = renderer.decor_style(decor).term_width(output.width().map_or(140, usize::from));
    found
        .iter()
        .map(|diagnostic| {
            let level = match diagnostic.severity {
                DiagnosticSeverity::Error => Level::ERROR,
                DiagnosticSeverity::Warning => Level::WARNING,
            };
            let title = level.primary_title(shown(&diagnostic.message));
            let file = line(&diagnostic.file);
            let text = source(&diagnostic.file);
            let cut = diagnostic.position.as_ref().zip(text.as_deref()).and_then(|(at, text)| readable(text, &at.span));
            let mut group = match cut {
                Some((text, span)) => {
                    title.element(Snippet::source(text).path(file).annotation(AnnotationKind::Primary.span(span)))
                }
                None => Group::with_title(title).element(Origin::path(line(&place(diagnostic)).into_owned())),
            };
            if let Some(help) = &diagnostic.help {
                group = group.element(Level::HELP.message(shown(help)));
            }
            Painted::colored(&(renderer.render(&[group]) + "\n\n"))
        })
        .collect()
}

/// The text with hidden characters shown as such, and where in it the span is then. `None` where the file has changed since it
/// was read.
fn readable(text: &str, span: &Range<usize>) -> Option<(String, Range<usize>)> {
    let before = shown(text.get(..span.start)?);
    let inside = shown(text.get(span.clone())?);
    let after = shown(text.get(span.end..)?);
    let start = before.len();
    Some((format!("{before}{inside}{after}"), start..start + inside.len()))
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
    let errors = found.iter().filter(|d| d.severity == DiagnosticSeverity::Error).count();
    let warnings = found.len() - errors;
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    match (errors, warnings) {
        (0, 0) => format!("{file}: nothing is wrong"),
        (0, _) => format!("{file}: usable, {}", count(warnings, "warning")),
        (_, 0) => format!("{file}: {}", count(errors, "error")),
        _ => format!("{file}: {}, {}", count(errors, "error"), count(warnings, "warning")),
    }
}
