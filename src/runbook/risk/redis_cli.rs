//! The risk of what redis-cli sends.

use super::{
    Risk,
    command::Rated,
    findings::Findings,
    knowledge::{Named, knowledge, named},
};
use crate::{
    program::glob::glob,
    shell::{RedirectOperator, Word, words::as_code},
};

/// Modes in which redis-cli only looks.
const LOOKING: &[&str] = &[
    "--scan",
    "--bigkeys",
    "--memkeys",
    "--keystats",
    "--hotkeys",
    "--stat",
    "--latency",
    "--latency-history",
    "--latency-dist",
    "--intrinsic-latency",
    "--rdb",
    "--functions-rdb",
    "--replica",
    "--version",
    "--help",
];

pub(super) fn call(rated: &Rated<'_>, findings: &mut Findings) {
    let span = rated.span.clone();
    let server = server(rated);
    let has = |names: &[&str]| rated.call.has(names);
    let mut sends = |what: &str| {
        findings.add(Risk::Destructive, format!("redis-cli {what}"), span.clone());
        findings.target(Risk::Destructive, server.clone());
    };
    if has(&["--pipe"]) {
        return sends("--pipe sends whatever is piped into it");
    }
    if has(&["--eval"]) {
        return sends("--eval runs a script that is not read here");
    }
    if has(&["-x", "-X"]) {
        sends("-x puts what is piped into it into the command");
    }
    if has(&["--quoted-input"]) {
        sends("--quoted-input sends words that are not what they look like");
    }
    let operands: Vec<&Word> = rated.operand_words().collect();
    if has(&["--cluster"]) {
        let verb = rated.call.value(&["--cluster"]).map(|value| rated.value_shown(value)).unwrap_or_default();
        if glob("check|info|help", &verb) {
            findings.add(Risk::Read, format!("redis-cli --cluster {verb} shows the state of the cluster"), span);
        } else {
            sends(&format!("--cluster {verb} moves or removes parts of the cluster"));
        }
        return;
    }
    if has(LOOKING) {
        return findings.add(Risk::Read, "redis-cli only looks at keys or latency".to_owned(), span);
    }
    if !operands.is_empty() {
        let words: Vec<Option<&str>> = operands.iter().map(|word| word.literal.as_deref()).collect();
        let shown: Vec<String> = operands.iter().map(|word| word.shown()).collect();
        return one(&words, &shown, &server, span, findings);
    }
    let input = rated.invocation.redirects.iter().rev().find(|one| one.gives_input());
    let text = match input {
        Some(redirect) => match (&redirect.document, &redirect.target) {
            (Some(document), _) => Some(as_code([&document.body])),
            (None, Some(target)) if redirect.operator == RedirectOperator::HereString => Some(as_code([target])),
            _ => None,
        },
        None if rated.invocation.placement.piped => rated.script.piped_text(rated.invocation),
        None => {
            return findings.add(
                Risk::Change,
                "redis-cli opens a session in which anything can be done".to_owned(),
                span,
            );
        }
    };
    let Some(text) = text else { return sends("sends whatever is piped into it") };
    for line in text.value.lines().filter(|line| !line.trim().is_empty()) {
        let mut shown: Vec<String> =
            line.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect();
        // A number before a command repeats it.
        if shown.first().is_some_and(|first| first.bytes().all(|byte| byte.is_ascii_digit())) && shown.len() > 1 {
            shown.remove(0);
        }
        let words: Vec<Option<&str>> =
            shown.iter().map(|word| Some(word.as_str()).filter(|word| !word.contains(['$', '\\']))).collect();
        one(&words, &shown, &server, span.clone(), findings);
    }
}

fn one(words: &[Option<&str>], shown: &[String], server: &str, span: std::ops::Range<usize>, findings: &mut Findings) {
    let Some(Some(command)) = words.first() else {
        findings.add(Risk::Destructive, "redis-cli sends a command that is known only when it runs".to_owned(), span);
        return findings.target(Risk::Destructive, server);
    };
    let command = command.to_ascii_uppercase();
    let sub = match words.get(1) {
        Some(Some(sub)) => sub.to_ascii_uppercase(),
        // `CONFIG $X`: any subcommand.
        Some(None) => "*".to_owned(),
        None => String::new(),
    };
    let both = format!("{command} {sub}");
    let rows = &knowledge().redis;
    let row = if sub == "*" {
        let start = format!("{command} ");
        let of_command = rows.iter().filter(|row| row.names.iter().any(|name| name.starts_with(&start)));
        of_command.max_by_key(|row| row.risk).or_else(|| find(rows, &command, &both))
    } else {
        let third = words.get(2).copied().flatten().map(|third| format!("{both} {}", third.to_ascii_uppercase()));
        let exactly = |name: &String| rows.iter().find(|row| row.names.contains(name));
        third.as_ref().and_then(exactly).or_else(|| find(rows, &command, &both))
    };
    let Some(row) = row else {
        let risk = if crate::program::verbs::harmful(&command).is_some() { Risk::Destructive } else { Risk::Change };
        return findings.add(risk, format!("{command} is an unknown Redis command"), span);
    };
    let mut risk = row.risk;
    // A script is as bad as the worst command that it may call.
    if command.starts_with("EVAL") && shown.get(1).is_some_and(|script| removes(script)) {
        risk = Risk::Destructive;
    }
    let subcommand = row.names.iter().any(|name| name.contains(' ')) && !sub.is_empty() && sub != "*";
    let name = if subcommand { both } else { command.clone() };
    findings.add(risk, format!("redis-cli {name} {}", row.why), span);
    if risk > Risk::Read {
        if glob("DEL|UNLINK", &command) {
            for key in shown.iter().skip(1) {
                findings.target(risk, key.clone());
            }
        } else {
            findings.target(risk, server);
        }
    }
}

/// Names of two words are matched with the subcommand, others with the command alone.
fn find<'t>(rows: &'t [Named], command: &str, both: &str) -> Option<&'t Named> {
    let fits = |name: &String| glob(name, if name.contains(' ') { both } else { command });
    named(rows, both).or_else(|| rows.iter().find(|row| row.names.iter().any(fits)))
}

fn removes(script: &str) -> bool {
    let script = script.to_ascii_lowercase();
    ["flush", "'del'", "\"del\"", "unlink", "$"].iter().any(|word| script.contains(word))
}

/// Host and database, as a person would name them: `redis-0/2`.
fn server(rated: &Rated<'_>) -> String {
    let value = |names: &[&str]| rated.call.value(names).map(|value| rated.value_shown(value));
    if let Some(shown) = value(&["-u"]) {
        // The address may hold a password before the `@`.
        return match shown.split_once("://") {
            Some((_, rest)) => rest.rsplit('@').next().unwrap_or(rest).to_owned(),
            None => shown,
        };
    }
    let host = value(&["-h"]).or_else(|| value(&["-s"])).unwrap_or_else(|| "localhost".to_owned());
    let database = value(&["-n"]).unwrap_or_else(|| "0".to_owned());
    format!("{host}/{database}")
}
