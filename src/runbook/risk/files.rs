//! What a redirect does to the file that it names.

use super::{Risk, findings::Findings};
use crate::{
    program,
    shell::{Invocation, PartKind, Redirect, RedirectOperator, Script, Word},
};

pub(super) fn redirects(script: &Script, invocation: &Invocation, findings: &mut Findings) {
    for redirect in &invocation.redirects {
        if let Some((risk, text)) = redirect_risk(script, redirect) {
            findings.add(risk, text, redirect.span.clone());
        }
    }
}

fn redirect_risk(script: &Script, redirect: &Redirect) -> Option<(Risk, String)> {
    let target = redirect.target.as_ref()?;
    let duplicates = redirect.operator == RedirectOperator::DuplicateOutput;
    if !redirect.operator.writes() && !duplicates {
        return None;
    }
    if duplicates
        && target
            .literal
            .as_deref()
            .is_none_or(|text| text.trim_end_matches('-').bytes().all(|byte| byte.is_ascii_digit()))
    {
        return None;
    }
    let name = target.shown();
    if name.starts_with("/dev/") {
        return (!is_sink(&name)).then(|| (Risk::Destructive, format!("> {name} writes over a device")));
    }
    if name.starts_with("/proc/sysrq") {
        return Some((Risk::Destructive, format!("> {name} orders the kernel")));
    }
    if is_fresh(script, target) || target.parts.iter().any(|part| part.kind == PartKind::ProcessSubstitution) {
        return None;
    }
    if let Some(why) = program::own_file(&name.replacen("$HOME/", "~/", 1)) {
        return Some((Risk::Change, format!("> {name} {why}")));
    }
    match redirect.operator {
        RedirectOperator::Append | RedirectOperator::AppendBoth => {
            Some((Risk::Change, format!(">> {name} adds to a file")))
        }
        _ => Some((Risk::Change, format!("> {name} replaces what is in the file"))),
    }
}

/// What is written there is gone or seen.
pub(super) fn is_sink(name: &str) -> bool {
    matches!(name, "/dev/null" | "/dev/stdout" | "/dev/stderr" | "/dev/tty" | "-") || name.starts_with("/dev/fd/")
}

/// A file that the same code has just made with `mktemp`, for itself: nobody else knows its name.
pub(super) fn is_fresh(script: &Script, target: &Word) -> bool {
    let made = |word: &Word| substitutions(word).iter().any(|code| code.trim_start().starts_with("mktemp"));
    let variables = target.variables();
    let Some((variable, _, None)) = variables.first() else { return made(target) };
    let shown = target.shown();
    if !shown.starts_with(&format!("${variable}")) || shown.contains("/..") {
        return false;
    }
    let mut assigned = script.assignments.iter().filter(|one| one.name == *variable).peekable();
    assigned.peek().is_some() && assigned.all(|one| !one.append && one.value().is_some_and(made))
}

fn substitutions(word: &Word) -> Vec<&str> {
    fn collect<'w>(parts: &'w [crate::shell::WordPart], found: &mut Vec<&'w str>) {
        for part in parts {
            match &part.kind {
                PartKind::Substitution { code } => found.push(code),
                PartKind::Double(inner) => collect(inner, found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    collect(&word.parts, &mut found);
    found
}
