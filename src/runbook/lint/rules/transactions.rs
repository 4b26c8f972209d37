//! SQL transactions that a text begins itself.

use crate::runbook::lint::{
    report::Report,
    rule::{Check::Sql, ERROR, Rule},
    sql_text::SqlText,
};

pub(super) const RULES: &[Rule] = &[Rule {
    name: "transaction-left-open",
    severity: ERROR,
    title: "the SQL begins a transaction and does not end it",
    explanation: "A session that ends inside of a transaction rolls it back: every statement succeeds, psql exits with 0, and nothing \
                  of it is there.",
    help: "end it with COMMIT, or leave BEGIN out: an SQL block runs in one transaction anyway",
    correct: "psql -X -v ON_ERROR_STOP=1 -d portal -c 'BEGIN; SELECT 1; COMMIT'",
    check: Sql(left_open),
}];

fn left_open(sql: &SqlText<'_>, report: &mut Report<'_>) {
    let mut open = None;
    for statement in sql.statements() {
        let mut words = statement.words();
        let Some(first) = words.next() else { continue };
        let second = words.next();
        let second_is = |word: &str| second.is_some_and(|second| second.is(word));
        if first.is("BEGIN") && !second_is("ATOMIC") || first.is("START") && second_is("TRANSACTION") {
            open = Some(first.span.clone());
        } else if first.is("COMMIT")
            || first.is("END")
            || first.is("ABORT")
            || first.is("ROLLBACK") && !statement.words().any(|word| word.is("TO"))
            || first.is("PREPARE") && second_is("TRANSACTION")
        {
            open = None;
        }
    }
    if let Some(span) = open {
        report.code(
            sql.block(report.subject),
            sql.in_code(span),
            "this transaction is never ended, so nothing of it is kept",
        );
    }
}
