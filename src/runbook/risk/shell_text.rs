//! Shell that runs text: expansions that are evaluated, names of variables with a subscript, functions that hide a program.

use super::{Risk, findings::Findings};
use crate::{
    program,
    shell::{Invocation, PartKind, Script, Word, WordPart},
};

/// Builtins whose operands are names of variables: the subscript of a name is evaluated, whatever quotes are around it.
const NAMES: &[&str] = &[
    "[",
    "declare",
    "export",
    "getopts",
    "let",
    "local",
    "mapfile",
    "printf",
    "read",
    "readarray",
    "readonly",
    "test",
    "typeset",
    "unset",
    "wait",
];

/// A function that is called like a program may be run in its place, here or there.
pub(super) fn functions(script: &Script, findings: &mut Findings) {
    for one in &script.evaluated {
        findings.add(Risk::Change, one.what.clone(), one.span.clone());
    }
    for name in &script.functions {
        if program::find(name).is_some() {
            findings.add(Risk::Change, format!("the function {name} hides the program of that name"), 0..0);
        }
    }
    for one in &script.assignments {
        for word in &one.values {
            word_parts(word, findings);
            // Arithmetic, `[[ -eq ]]`, `${x:n}` and builtins that take names evaluate what a variable holds.
            if word.literal.as_deref().is_some_and(holds_subscript) {
                let text = format!("{} holds a subscript that bash may evaluate", one.name);
                findings.add(Risk::Change, text, one.span.clone());
            }
        }
    }
}

/// The words of a command that the shell evaluates.
pub(super) fn words(invocation: &Invocation, findings: &mut Findings) {
    for word in invocation.words.iter().chain(invocation.assignments.iter().flat_map(|one| &one.values)) {
        word_parts(word, findings);
    }
    for redirect in &invocation.redirects {
        let words = redirect.target.iter().chain(redirect.document.iter().map(|document| &document.body));
        words.for_each(|word| word_parts(word, findings));
    }
    let Some(name) = invocation.program().filter(|name| NAMES.contains(name)) else { return };
    for word in invocation.words.iter().skip(1) {
        // `[ -f x ]` ends with a bracket, and a pattern of files is no name.
        let text = word.shown();
        let subscript = text.split_once('[').is_some_and(|(before, after)| {
            let is_name = !before.is_empty() && before.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            is_name
                && after
                    .trim_end_matches(']')
                    .bytes()
                    .any(|byte| !byte.is_ascii_digit() && !matches!(byte, b'@' | b'*'))
        });
        if subscript {
            findings.add(Risk::Change, format!("{name} evaluates the subscript of {text}"), word.span.clone());
        }
    }
}

/// `a[$(date)]`: text that runs a command where it is evaluated as the name of an element.
fn holds_subscript(text: &str) -> bool {
    text.split('[')
        .skip(1)
        .any(|rest| rest.split(']').next().is_some_and(|inner| inner.contains("$(") || inner.contains('`')))
}

fn word_parts(word: &Word, findings: &mut Findings) {
    parts(&word.parts, findings);
}

fn parts(all: &[WordPart], findings: &mut Findings) {
    for part in all {
        match &part.kind {
            PartKind::Double(inner) => parts(inner, findings),
            PartKind::Variable { name, operator: Some(operator), .. } if operator == "@P" => {
                findings.add(Risk::Change, format!("${{{name}@P}} runs what is in the value"), part.span.clone());
            }
            _ => {}
        }
    }
}
