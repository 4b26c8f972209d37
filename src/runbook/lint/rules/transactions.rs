//! SQL transactions that a text begins itself.

use crate::{
    lint::{
        report::Report,
        rule::{Check::Sql, ERROR, Rule},
        sql_text::SqlText,
    },
    sql,
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

fn left_open(text: &SqlText<'_>, report: &mut Report<'_>) {
    let mut open = None;
    for statement in sql::analyse(text.text()).statements {
        let written = text.text().get(statement.span.clone()).unwrap_or_default().to_ascii_uppercase();
        match statement.verb.as_str() {
            "BEGIN" | "START" => open = Some(statement.span),
            "COMMIT" | "END" | "ABORT" | "PREPARE TRANSACTION" => open = None,
            // `ROLLBACK TO` goes back to a savepoint.
            "ROLLBACK" if !written.split_whitespace().any(|word| word == "TO") => open = None,
            _ => {}
        }
    }
    if let Some(span) = open {
        let message = "this transaction is never ended, so nothing of it is kept";
        report.code(text.block(report.subject), text.in_code(span), message);
    }
}
