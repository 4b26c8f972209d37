//! The risk of SQL, and of what psql runs.

use super::{
    Risk,
    assess::Findings,
    table::{glob, named, table},
};
use crate::runbook::{
    shell::{Invocation, Script, Text},
    sql::{self, CopyDirection, SqlScript, SqlStatement, StatementKind, psql},
};

pub(super) fn psql(shell: &Script, invocation: &Invocation, findings: &mut Findings) {
    let call = psql::call(shell, invocation);
    let span = invocation.span.clone();
    let database = call.database.clone();
    let target = |findings: &mut Findings| {
        if let Some(database) = &database {
            findings.target(Risk::Destructive, database.clone());
        }
    };
    for file in &call.files {
        let text = format!("psql runs the SQL of {}, which is not known here", file.shown());
        findings.add(Risk::Destructive, text, file.span.clone());
        target(findings);
    }
    if call.piped {
        findings.add(
            Risk::Destructive,
            "psql runs the SQL that is piped into it, which is not known here".to_owned(),
            span.clone(),
        );
        target(findings);
    }
    if call.interactive {
        findings.add(Risk::Change, "psql opens a session in which anything can be done".to_owned(), span.clone());
    }
    if call.lists {
        findings.add(Risk::Read, "psql lists databases".to_owned(), span.clone());
    }
    for text in &call.sql {
        let script = sql::analyse(&text.value);
        if script == SqlScript::default() {
            findings.add(Risk::Read, "psql runs no statement".to_owned(), span.clone());
        }
        self::script(&script, text, database.as_deref(), findings);
    }
}

/// The statements of a script. `database` is where they run, when the command says it.
pub(super) fn script(script: &SqlScript, text: &Text, database: Option<&str>, findings: &mut Findings) {
    if let Some(problem) = &script.problem {
        let message = format!("the SQL cannot be read: {}", problem.message);
        findings.add(Risk::Destructive, message, text.outer_range(problem.span.clone()));
        if let Some(database) = database {
            findings.target(Risk::Destructive, database);
        }
    }
    for meta in &script.meta_commands {
        let span = text.outer_range(meta.span.clone());
        match named(&table().meta, &meta.name) {
            Some(row) if meta.name == "copy" => {
                let (query, rest) = copied(&meta.arguments);
                let words: Vec<String> = rest.split_whitespace().map(str::to_ascii_lowercase).collect();
                if words.iter().any(|word| word == "program") {
                    findings.add(Risk::Destructive, "\\copy with a program runs it on this machine".to_owned(), span);
                } else if words
                    .iter()
                    .find(|word| matches!(word.as_str(), "from" | "to"))
                    .is_some_and(|word| word == "from")
                {
                    findings.add(row.risk, format!("\\copy {}", row.reason), span);
                } else {
                    findings.add(Risk::Read, "\\copy writes rows to a file".to_owned(), span.clone());
                    // Places inside the query are those of the whole command.
                    if let Some(query) = query {
                        let inner = Text::verbatim(query, span.start);
                        self::script(&sql::analyse(query), &inner, database, findings);
                    }
                }
            }
            Some(row) => findings.add(row.risk, format!("\\{} {}", meta.name, row.reason), span),
            None => {
                findings.add(
                    Risk::Change,
                    format!("\\{} is a command of psql that is not known here", meta.name),
                    span,
                );
            }
        }
    }
    for statement in &script.statements {
        self::statement(statement, text, database, findings);
    }
}

/// The query in parentheses of `\copy (…) to file`, and the rest.
fn copied(arguments: &str) -> (Option<&str>, &str) {
    let Some(inner) = arguments.trim_start().strip_prefix('(') else { return (None, arguments) };
    let mut depth = 1usize;
    for (at, char) in inner.char_indices() {
        match char {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (inner.get(..at), inner.get(at + 1..).unwrap_or_default());
        }
    }
    (None, arguments)
}

fn statement(statement: &SqlStatement, text: &Text, database: Option<&str>, findings: &mut Findings) {
    let span = text.outer_range(statement.span.clone());
    let mut worst = Risk::Read;
    let mut say = |risk: Risk, text: String| {
        worst = worst.max(risk);
        findings.add(risk, text, span.clone());
    };
    if statement.kind == StatementKind::Unknown {
        say(Risk::Destructive, "the statement cannot be read".to_owned());
    } else {
        let row = table().sql.iter().find(|row| glob(&row.verb, &statement.verb));
        match row {
            Some(row) => {
                let on = statement.objects.first().filter(|_| row.risk > Risk::Read);
                let on = on.map(|object| format!(" ({object})")).unwrap_or_default();
                let all = if statement.without_where { ", of every row" } else { "" };
                say(row.risk, format!("{} {}{all}{on}", statement.verb, row.reason));
            }
            None => say(Risk::Change, format!("{} is a statement that is not known here", statement.verb)),
        }
    }
    for inner in &statement.inner {
        let row = table().sql.iter().find(|row| glob(&row.verb, &inner.verb));
        let (risk, reason) = row.map_or((Risk::Change, "writes"), |row| (row.risk, row.reason.as_str()));
        let all = if inner.without_where { ", of every row" } else { "" };
        say(risk, format!("{} inside {} {reason}{all}", inner.verb, statement.verb));
    }
    // A plan that is only shown calls nothing.
    if statement.kind != StatementKind::Explain {
        for function in &statement.functions {
            if let Some(row) = named(&table().function, function) {
                say(row.risk, format!("{function} {}", row.reason));
            }
        }
    }
    if statement.program {
        say(Risk::Destructive, "COPY with a program runs it on the database server".to_owned());
    } else if statement.copy == Some(CopyDirection::From) {
        say(Risk::Change, "COPY FROM adds rows".to_owned());
    }
    if worst == Risk::Read {
        return;
    }
    let objects = statement.objects.iter().chain(statement.inner.iter().filter_map(|inner| inner.object.as_ref()));
    let named: Vec<&String> = match statement.kind {
        StatementKind::Query | StatementKind::ExplainAnalyze => {
            statement.inner.iter().filter_map(|inner| inner.object.as_ref()).collect()
        }
        _ => objects.collect(),
    };
    if statement.verb == "ALTER SYSTEM" || named.is_empty() {
        if let Some(database) = database {
            findings.target(worst, database);
        }
        return;
    }
    for object in named {
        findings.target(worst, object.clone());
    }
}
