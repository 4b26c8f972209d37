//! PromQL: queries that give NaN, nothing, or the average since the beginning.

use std::ops::Range;

use promql_parser::parser::{Call, Expr, token};

use crate::lint::{
    report::Report,
    rule::{Check::Document, ERROR, Rule, WARNING},
    subject::Subject,
};
use warroom_domain::platform::promql;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "promql-syntax",
        severity: ERROR,
        title: "Prometheus refuses this query",
        explanation: "The query does not parse, or gives a function the wrong kind of value.",
        help: "try it in the expression browser",
        correct: "",
        check: Document(syntax),
    },
    Rule {
        name: "promql-rate-ratio",
        severity: WARNING,
        title: "a ratio of rates that have different labels, or hardly move",
        explanation: "Dividing two vectors pairs series with equal labels; where they differ the answer is empty. rate() over a \
                      counter that moves once a day is 0/0, NaN.",
        help: "sum both sides: sum(increase(a[7d])) / sum(increase(b[7d])), or keep the time of the last success",
        correct: "",
        check: Document(rate_ratio),
    },
    Rule {
        name: "promql-quantile-of-counters",
        severity: ERROR,
        title: "the quantile is of all time",
        explanation: "Buckets are counters. Without rate() histogram_quantile averages over everything since the process \
                      started, and the last hour does not show.",
        help: "histogram_quantile(0.95, sum by (le) (rate(NAME_bucket[30d])))",
        correct: "",
        check: Document(quantile_of_counters),
    },
    Rule {
        name: "promql-increase-of-gauge",
        severity: WARNING,
        title: "increase() of a gauge takes a drop for a restart",
        explanation: "increase() and rate() are for counters: every fall is read as a reset to zero, so that a backup that shrank \
                      from 500 to 110 has grown by 110.",
        help: "delta(NAME[30d]), or compare with NAME offset 30d",
        correct: "",
        check: Document(increase_of_gauge),
    },
];

/// One query with its place in the document.
struct Query {
    span: Range<usize>,
    parsed: Result<Expr, String>,
}

/// Each query of the document's PromQL fences (queries are separated by blank lines or comments) and of `query=` in curl.
fn queries(subject: &Subject<'_>) -> Vec<Query> {
    let source = &subject.runbook.source;
    let mut found = Vec::new();
    for fence in subject.outline.fences.iter().filter(|fence| fence.language.eq_ignore_ascii_case("promql")) {
        let mut start = fence.body.start;
        let mut open: Option<Range<usize>> = None;
        for line in source[fence.body.clone()].split_inclusive('\n') {
            let end = start + line.len();
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                found.extend(open.take());
            } else {
                let first = start + line.len() - line.trim_start().len();
                open = Some(open.map_or(first, |range| range.start)..start + line.trim_end().len());
            }
            start = end;
        }
        found.extend(open);
    }
    let mut queries: Vec<Query> = found.into_iter().flat_map(|span| split(source, span)).collect();
    for command in subject.commands_of("curl") {
        for (index, word) in command.words.iter().enumerate() {
            if let Some(text) = word.strip_prefix("query=").filter(|text| !text.contains(['$', '%'])) {
                let block = &subject.blocks[command.block];
                queries.push(query(text, block.in_document(command.word_span(index))));
            }
        }
    }
    queries
}

fn query(text: &str, span: Range<usize>) -> Query {
    Query { span, parsed: promql::parse(text) }
}

/// A query may have several lines; several lines may also be one query each.
fn split(source: &str, span: Range<usize>) -> Vec<Query> {
    let whole = query(&source[span.clone()], span.clone());
    if whole.parsed.is_ok() {
        return vec![whole];
    }
    let mut start = span.start;
    let lines: Vec<Query> = source[span]
        .split_inclusive('\n')
        .map(|line| {
            let at = start;
            start += line.len();
            query(line.trim_end(), at..at + line.trim_end().len())
        })
        .collect();
    if lines.iter().all(|line| line.parsed.is_ok()) { lines } else { vec![whole] }
}

fn syntax(subject: &Subject<'_>, report: &mut Report<'_>) {
    for query in queries(subject) {
        if let Err(error) = &query.parsed {
            let reason = error.lines().next().unwrap_or_default().trim_end_matches('.');
            report.document(query.span, format!("Prometheus refuses this query: {reason}"));
        }
    }
}

fn each(subject: &Subject<'_>, report: &mut Report<'_>, wrong: fn(&Expr) -> Option<String>) {
    for query in queries(subject) {
        if let Some(message) = query.parsed.as_ref().ok().and_then(wrong) {
            report.document(query.span, message);
        }
    }
}

fn rate_ratio(subject: &Subject<'_>, report: &mut Report<'_>) {
    each(subject, report, |query| {
        find(query, &|expression| {
            let Expr::Binary(binary) = expression else { return None };
            let divides = binary.op.id() == token::T_DIV && binary.modifier.is_none();
            let (over, under) = (rated(&binary.lhs)?, rated(&binary.rhs)?);
            // sum/count of one summary or histogram: labels are equal by construction.
            let stem = |name: &str| name.trim_end_matches("_sum").trim_end_matches("_count").to_owned();
            (divides && stem(&over) != stem(&under)).then(|| {
                format!("{over} and {under} are divided series by series, and only where all labels are equal")
            })
        })
    });
}

fn quantile_of_counters(subject: &Subject<'_>, report: &mut Report<'_>) {
    each(subject, report, |query| {
        find(query, &|expression| {
            let call = call(expression, &["histogram_quantile"])?;
            let buckets = call.args.args.get(1)?;
            let rated = find(buckets, &|inner| call_any(inner, &["rate", "irate", "increase", "delta"]));
            let name = bare(buckets);
            (rated.is_none()).then(|| {
                name.filter(|name| name.ends_with("_bucket"))
                    .map(|name| format!("{name} counts since the process started"))
            })?
        })
    });
}

fn increase_of_gauge(subject: &Subject<'_>, report: &mut Report<'_>) {
    each(subject, report, |query| {
        find(query, &|expression| {
            let call = call(expression, &["increase", "rate", "irate"])?;
            let name = bare(call.args.args.first()?)?;
            let counter = ["_total", "_count", "_sum", "_bucket"].iter().any(|end| name.ends_with(end));
            let gauge = [
                "_bytes",
                "_ratio",
                "_percent",
                "_celsius",
                "_size",
                "_lag_seconds",
                "_age_seconds",
                "_connections",
                "_info",
            ]
            .iter()
            .any(|end| name.ends_with(end));
            (!counter && gauge).then(|| format!("{name} goes up and down: each fall counts as a restart here"))
        })
    });
}

/// The first message from this expression or one inside it.
fn find(expression: &Expr, wrong: &dyn Fn(&Expr) -> Option<String>) -> Option<String> {
    wrong(expression).or_else(|| match expression {
        Expr::Aggregate(aggregate) => find(&aggregate.expr, wrong),
        Expr::Unary(unary) => find(&unary.expr, wrong),
        Expr::Binary(binary) => find(&binary.lhs, wrong).or_else(|| find(&binary.rhs, wrong)),
        Expr::Paren(paren) => find(&paren.expr, wrong),
        Expr::Subquery(subquery) => find(&subquery.expr, wrong),
        Expr::Call(call) => call.args.args.iter().find_map(|argument| find(argument, wrong)),
        _ => None,
    })
}

fn call<'e>(expression: &'e Expr, names: &[&str]) -> Option<&'e Call> {
    match expression {
        Expr::Call(call) if names.contains(&call.func.name) => Some(call),
        _ => None,
    }
}

fn call_any(expression: &Expr, names: &[&str]) -> Option<String> {
    call(expression, names).map(|call| call.func.name.to_owned())
}

/// The metric that a bare `rate(NAME[…])` is of.
fn rated(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Paren(paren) => rated(&paren.expr),
        _ => bare(call(expression, &["rate", "irate", "increase"])?.args.args.first()?),
    }
}

/// The metric's name of a bare selector.
fn bare(expression: &Expr) -> Option<String> {
    match expression {
        Expr::VectorSelector(selector) => selector.name.clone(),
        Expr::MatrixSelector(selector) => selector.vs.name.clone(),
        Expr::Paren(paren) => bare(&paren.expr),
        _ => None,
    }
}
