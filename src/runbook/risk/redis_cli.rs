//! The risk of what redis-cli sends.

use super::{
    Risk,
    assess::Findings,
    table::{Named, glob, table},
};
use crate::runbook::shell::{
    Invocation, RedirectOperator, Script, Word,
    options::{Grammar, Options, read},
    words::as_code,
};

const GRAMMAR: Grammar = Grammar {
    short: "hpsaunridD",
    long: &[
        "--user",
        "--pass",
        "--sni",
        "--cacert",
        "--cacertdir",
        "--cert",
        "--key",
        "--tls-ciphers",
        "--tls-ciphersuites",
        "--pattern",
        "--quoted-pattern",
        "--count",
        "--cursor",
        "--keystats-samples",
        "--memkeys-samples",
        "--intrinsic-latency",
        "--lru-test",
        "--rdb",
        "--functions-rdb",
        "--eval",
        "--show-pushes",
        "--name",
    ],
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

pub(super) fn call(script: &Script, invocation: &Invocation, findings: &mut Findings) {
    // Flags end at the command: `redis-cli SET k -1` has no flag.
    let options = read(&invocation.words, GRAMMAR);
    let span = invocation.span.clone();
    let server = server(&options);
    if options.has(&["--pipe"]) {
        findings.add(Risk::Destructive, "redis-cli --pipe sends whatever is piped into it".to_owned(), span);
        findings.target(Risk::Destructive, server);
        return;
    }
    if options.has(&["--eval"]) {
        findings.add(Risk::Destructive, "redis-cli --eval runs a script that is not known here".to_owned(), span);
        findings.target(Risk::Destructive, server);
        return;
    }
    if options.has(&["--cluster"]) {
        let verb = options.positional.first().map(Word::shown).unwrap_or_default();
        if glob("check|info|help", &verb) {
            findings.add(Risk::Read, format!("redis-cli --cluster {verb} looks at the cluster"), span);
        } else {
            findings.add(
                Risk::Destructive,
                format!("redis-cli --cluster {verb} moves or removes parts of the cluster"),
                span,
            );
            findings.target(Risk::Destructive, server);
        }
        return;
    }
    if options.has(LOOKING) {
        return findings.add(Risk::Read, "redis-cli looks at keys or latency".to_owned(), span);
    }
    if !options.positional.is_empty() {
        let words: Vec<Option<&str>> = options.positional.iter().map(|word| word.literal.as_deref()).collect();
        let shown: Vec<String> = options.positional.iter().map(Word::shown).collect();
        return one(&words, &shown, &server, span, findings);
    }
    let input = invocation.redirects.iter().rev().find(|one| one.gives_input());
    let text = match input {
        Some(redirect) => match (&redirect.document, &redirect.target) {
            (Some(document), _) => Some(as_code([&document.body])),
            (None, Some(target)) if redirect.operator == RedirectOperator::HereString => Some(as_code([target])),
            _ => None,
        },
        None if invocation.placement.piped => script.piped_text(invocation),
        None => {
            return findings.add(
                Risk::Change,
                "redis-cli opens a session in which anything can be done".to_owned(),
                span,
            );
        }
    };
    let Some(text) = text else {
        findings.add(Risk::Destructive, "redis-cli sends whatever is piped into it".to_owned(), span);
        return findings.target(Risk::Destructive, server);
    };
    for line in text.value.lines().filter(|line| !line.trim().is_empty()) {
        let shown: Vec<String> =
            line.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect();
        let words: Vec<Option<&str>> =
            shown.iter().map(|word| Some(word.as_str()).filter(|word| !word.contains('$'))).collect();
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
    let rows = &table().redis;
    let row = if sub == "*" {
        let start = format!("{command} ");
        let of_command = rows.iter().filter(|row| row.names.iter().any(|name| name.starts_with(&start)));
        of_command.max_by_key(|row| row.risk).or_else(|| find(rows, &command, &both))
    } else {
        find(rows, &command, &both)
    };
    let Some(row) = row else {
        return findings.add(Risk::Change, format!("redis-cli {command} is a command that is not known here"), span);
    };
    let mut risk = row.risk;
    // A script is as bad as the worst command that it may call.
    if command.starts_with("EVAL") && shown.get(1).is_some_and(|script| removes(script)) {
        risk = Risk::Destructive;
    }
    let subcommand = row.names.iter().any(|name| name.contains(' ')) && !sub.is_empty() && sub != "*";
    let name = if subcommand { both } else { command.clone() };
    findings.add(risk, format!("redis-cli {name} {}", row.reason), span);
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
    rows.iter().find(|row| row.names.iter().any(fits))
}

fn removes(script: &str) -> bool {
    let script = script.to_ascii_lowercase();
    ["flush", "'del'", "\"del\"", "unlink", "$"].iter().any(|word| script.contains(word))
}

/// Host and database, as a person would name them: `redis-0/2`.
fn server(options: &Options) -> String {
    if let Some(url) = options.value(&["-u"]) {
        let shown = url.shown();
        // The address may hold a password before the `@`.
        return match shown.split_once("://") {
            Some((_, rest)) => rest.rsplit('@').next().unwrap_or(rest).to_owned(),
            None => shown,
        };
    }
    let host = options.value(&["-h"]).or(options.value(&["-s"])).map_or_else(|| "localhost".to_owned(), Word::shown);
    let database = options.value(&["-n"]).map_or_else(|| "0".to_owned(), Word::shown);
    format!("{host}/{database}")
}
