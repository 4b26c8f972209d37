//! What was left in from the day of writing: placeholders, sample dates, fields nobody filled.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    Language,
    lint::{
        report::Report,
        rule::{Check::Document, ERROR, Rule, WARNING},
        subject::Subject,
    },
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "placeholder",
        severity: ERROR,
        title: "a placeholder is left in a command",
        explanation: "Somebody was to fill it in. At 3 a.m. it is run as it stands, or edited by hand with a typing mistake.",
        help: "make it a variable: vars in the front matter, with a pattern or the command that lists the choices",
        correct: "aws ec2 describe-security-groups --group-ids \"${GROUP:?}\"",
        check: Document(placeholder),
    },
    Rule {
        name: "sample-date",
        severity: WARNING,
        title: "a date from the day of writing is left in a command",
        explanation: "The backup of that day is gone, or worse, it is still there and is restored.",
        help: "ask for it (a variable with from: a command that lists what there is)",
        correct: "pg_restore -d portal_restored --exit-on-error \"${BACKUP:?}\"",
        check: Document(sample_date),
    },
    Rule {
        name: "unrendered-template",
        severity: ERROR,
        title: "braces that a template should have filled",
        explanation: "The document was made from a template, and this part was never rendered.",
        help: "fill it in",
        correct: "",
        check: Document(unrendered),
    },
    Rule {
        name: "unfilled-field",
        severity: WARNING,
        title: "a field nobody has filled in",
        explanation: "`[DBA Name]` and `TBD` are found out when somebody is to be called.",
        help: "fill it in, or take it out",
        correct: "",
        check: Document(unfilled),
    },
    Rule {
        name: "retired-address",
        severity: WARNING,
        title: "this address is no longer the right one",
        explanation: "The vendor moved its status page; the old address redirects today and will not for ever.",
        help: "use https://health.aws.amazon.com/health/status, https://azure.status.microsoft",
        correct: "",
        check: Document(retired_address),
    },
];

/// What is a placeholder wherever it stands in a word of a command. Each is followed by an example of it.
static PLACEHOLDER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?x)(?:^|[^A-Za-z0-9_${])(?P<hit>",
        r"YOUR_[A-Z_]+ | your[_-](?:password|token|key|org|domain|secret|user|server|bucket|cluster|namespace|database|app|table|host)\b", // YOUR_TOKEN
        r"| (?:PAGE|INCIDENT|ACCOUNT|CLUSTER|INSTANCE|VPC|SUBNET|ZONE|PROJECT|CUSTOMER|USER|ORDER|TENANT|HOSTED_ZONE)_ID\b", // PAGE_ID
        r"| (?:PREVIOUS|TARGET|NEW|OLD|LAST_GOOD|GOOD)_(?:VERSION|REVISION|TAG|IMAGE)\b", // PREVIOUS_VERSION
        r"| MISSING_VAR\b | SOME_VALUE\b | CHANGE_?ME\b | change-?me\b | REPLACE_?ME\b | FIXME\b | TODO\b | TBD\b", // CHANGEME
        r"| (?:sg|vol|vpc|subnet|i|snap|ami|eni|igw|rtb|acl|tgw)-(?:x{2,}|12345678|87654321|0?123456789\w*|abc123\w*)\b", // sg-xxx
        r"| Z(?:X{3,}|123456\d*|789012\d*)\b",            // ZXXXXX
        r"| arn:aws:[a-z0-9-]+:\.\.\.",                   // arn:aws:rds:...
        r"| /path/to/ | path/to/\w",                      // /path/to/wal
        r"| [a-z0-9-]+-xxxxx(?:-yyyyy)?\b | \w+-X{3,}\b", // backend-xxxxx-yyyyy
        r"| node-in-failed-az\b | latest-snapshot\b | restored-endpoint\b | critical_table\b",
        r"| user:pass(?:word)?@",                           // postgres://user:pass@host
        r"| (?:primary|secondary|backup|new|old)-server\b", // backup-server:/backups
        r"| (?:[a-z0-9-]+\.)*(?:yourdomain|yourcompany|mydomain)\.[a-z]+ | (?:[a-z0-9-]+\.)*example\.(?:com|org|net)\b",
        r"| 1\.2\.3\.4\b | 5\.6\.7\.8\b", // from counting
        r"| <[A-Za-z][A-Za-z0-9_\x20-]*> | \[[a-z][a-z-]*(?:\|[a-z-]+)*\] | YYYY-?MM-?DD | YYYYMMDD", // <name>, [path]
        r")"
    ))
    .ok()
});

/// `20250103_020000`, `2024-11-04`, `2024-01-01T12:00:00Z`.
static SAMPLE_DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^0-9])(?P<hit>20[12]\d(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[_T-]?\d{4,6}\b|-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])))").ok()
});

fn placeholder(subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(regex) = PLACEHOLDER.as_ref() else { return };
    in_code(subject, report, regex, |hit| format!("{hit} is a placeholder"));
}

fn sample_date(subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(regex) = SAMPLE_DATE.as_ref() else { return };
    in_code(subject, report, regex, |hit| format!("{hit} is a date from the day of writing"));
}

/// Looks at each line of code that is no comment; the first hit of a line is told.
fn in_code(subject: &Subject<'_>, report: &mut Report<'_>, regex: &Regex, message: fn(&str) -> String) {
    for block in &subject.blocks {
        let comment = if block.action.language == Language::Sql { "--" } else { "#" };
        for (start, line) in block.lines() {
            if line.trim_start().starts_with(comment) || block.is_message(subject, start) {
                continue;
            }
            for found in regex.captures_iter(line) {
                let Some(hit) = found.name("hit").or_else(|| found.get(0)) else { continue };
                let at = start + hit.start();
                // What stands left of an equals sign is a name, not a value.
                let name = line[hit.end()..].starts_with('=')
                    && hit.as_str().bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
                let own = subject.defines(hit.as_str());
                let comment_at = subject.trailing_comment(block, start, line);
                // There it is what mktemp fills in.
                let is_filled = hit.as_str().ends_with("XXX")
                    && block.commands(subject).any(|c| c.program() == "mktemp" && c.span.contains(&at));
                if is_filled
                    || (name && hit.as_str() != "MISSING_VAR")
                    || own
                    || comment_at.is_some_and(|comment| comment <= at)
                {
                    continue;
                }
                report.code(block, at..start + hit.end(), message(hit.as_str()));
                break;
            }
        }
    }
}

static BRACES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{\{\s*[\w.| '-]+\s*\}\}").ok());
static FIELD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\[[A-Z][A-Za-z][A-Za-z0-9 ,/'&-]*\]|\b(?:TBD|TODO|FIXME)\b").ok());

fn unrendered(subject: &Subject<'_>, report: &mut Report<'_>) {
    in_prose(subject, report, &BRACES, |hit| format!("{hit} was never filled in"));
}

fn unfilled(subject: &Subject<'_>, report: &mut Report<'_>) {
    in_prose(subject, report, &FIELD, |hit| format!("{hit} was never filled in"));
}

fn in_prose(
    subject: &Subject<'_>,
    report: &mut Report<'_>,
    regex: &LazyLock<Option<Regex>>,
    message: fn(&str) -> String,
) {
    let Some(regex) = regex.as_ref() else { return };
    for (start, line) in subject.outline.prose() {
        if !line.contains(['[', '{', 'T']) {
            continue;
        }
        for hit in regex.find_iter(line) {
            let rest = &line[hit.end()..];
            // A link, a reference, or code.
            let link = rest.starts_with(['(', '[', ':']) || line[..hit.start()].ends_with(['!', ']']);
            let code = line[..hit.start()].matches('`').count() % 2 == 1;
            if !link && !code && !line.trim_start().starts_with("<!--") {
                report.document(start + hit.start()..start + hit.end(), message(hit.as_str()));
            }
        }
    }
}

fn retired_address(subject: &Subject<'_>, report: &mut Report<'_>) {
    const RETIRED: [&str; 2] = ["status.aws.amazon.com", "status.azure.com"];
    let text: &str = &subject.runbook.source;
    for address in RETIRED {
        for (at, _) in text.match_indices(address) {
            report.document(at..at + address.len(), format!("{address} has moved"));
        }
    }
}
