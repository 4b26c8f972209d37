//! The risk of SQL, and of what psql runs.

use super::{
    Risk,
    findings::Findings,
    knowledge::{knowledge, named},
    words,
};
use crate::{
    program::{glob::glob, verbs},
    shell::{Invocation, Script, Text},
    sql::{self, CopyDirection, MetaCommand, SqlScript, SqlStatement, StatementKind, psql},
};

/// Settings that only concern how a session prints, waits and plans.
const SETTINGS: &str = "statement_timeout|lock_timeout|idle_in_transaction_session_timeout|idle_session_timeout|transaction_timeout|\
    client_min_messages|client_encoding|application_name|timezone|datestyle|intervalstyle|extra_float_digits|bytea_output|\
    work_mem|hash_mem_multiplier|maintenance_work_mem|effective_cache_size|random_page_cost|seq_page_cost|jit|enable_*|\
    max_parallel_workers_per_gather|track_io_timing|lc_messages|lc_monetary|lc_numeric|lc_time|xmloption|standard_conforming_strings|\
    cursor_tuple_fraction|from_collapse_limit|join_collapse_limit|geqo|plan_cache_mode|stats_fetch_consistency";

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
    for source in &call.sources {
        if !words::is_known(shell, source) || !words::stays_in_sql(shell, source) {
            let text = "psql gets SQL that is put together when it runs".to_owned();
            findings.add(Risk::Destructive, text, source.span.clone());
            target(findings);
        }
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
        self::meta(meta, text, database, findings);
    }
    for spliced in &script.spliced {
        let message =
            format!("psql puts the value of {0} into the SQL as it stands: write :'{0}' or :\"{0}\"", spliced.name);
        findings.add(Risk::Change, message, text.outer_range(spliced.span.clone()));
    }
    let mine: Vec<String> = script
        .statements
        .iter()
        .filter(|statement| {
            statement.verb.starts_with("CREATE FUNCTION") || statement.verb.starts_with("CREATE PROCEDURE")
        })
        .flat_map(|statement| statement.objects.iter().map(|name| name.to_ascii_lowercase()))
        .collect();
    for statement in &script.statements {
        self::statement(statement, text, database, &mine, findings);
    }
}

/// A backslash command of psql.
fn meta(meta: &MetaCommand, text: &Text, database: Option<&str>, findings: &mut Findings) {
    let span = text.outer_range(meta.span.clone());
    let MetaCommand { name, arguments, .. } = meta;
    if arguments.contains('`') {
        return findings.add(Risk::Destructive, format!("\\{name} runs the command in backquotes"), span);
    }
    match name.as_str() {
        "copy" => {
            let (query, rest) = copied(arguments);
            let words = rest.to_ascii_lowercase();
            let direction = words.split_whitespace().find(|word| matches!(*word, "from" | "to"));
            let after =
                direction.and_then(|word| words.split_once(&format!("{word} "))).map(|(_, after)| after.trim_start());
            let target = after.unwrap_or_default();
            let program =
                target.strip_prefix("program").is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()));
            if program || direction.is_none() || words.contains("program") {
                findings.add(Risk::Destructive, "\\copy with a program runs it on this machine".to_owned(), span);
            } else if direction == Some("from") {
                findings.add(Risk::Change, "\\copy adds rows from a file".to_owned(), span);
            } else {
                // psql compares the whole word, and a quoted name may hold anything.
                let seen =
                    matches!(target.split_whitespace().next(), Some("stdout" | "pstdout")) && !words.contains('"');
                let (risk, why) =
                    if seen { (Risk::Read, "prints rows") } else { (Risk::Change, "writes rows to a file") };
                findings.add(risk, format!("\\copy {why}"), span.clone());
                // Places inside the query are those of the whole command.
                if let Some(query) = query {
                    let inner = Text::verbatim(query, span.start);
                    script(&sql::analyse(query), &inner, database, findings);
                }
            }
        }
        "g" | "gx" | "o" | "out" | "w" | "write" => {
            let target = match arguments.trim_start().strip_prefix('(').filter(|_| name.starts_with('g')) {
                Some(options) => options.split_once(')').map_or(options, |(_, after)| after),
                None => arguments,
            };
            let target = target.trim();
            let (risk, why) = match target {
                "" => (Risk::Read, "sends the query"),
                target if target.starts_with('|') => (Risk::Destructive, "hands its output to a command"),
                _ => (Risk::Change, "writes to a file"),
            };
            findings.add(risk, format!("\\{name} {why}"), span);
        }
        _ => match named(&knowledge().meta, name) {
            Some(row) => findings.add(row.risk, format!("\\{name} {}", row.why), span),
            None => findings.add(Risk::Change, format!("\\{name} is an unknown command of psql"), span),
        },
    }
}

/// Each function that a statement calls: known to read, known to do more, or unknown.
fn functions(statement: &SqlStatement, mine: &[String], say: &mut dyn FnMut(Risk, String)) {
    let planned = statement.kind == StatementKind::Explain;
    for function in &statement.functions {
        let bare = function.rsplit('.').next().unwrap_or(function);
        let foreign = function.contains('.');
        if !foreign && knowledge().only_reads(function) {
            continue;
        }
        if let Some(row) = named(&knowledge().functions, function).or_else(|| named(&knowledge().functions, bare)) {
            // A plan that is only shown does not call volatile functions.
            if !planned {
                say(row.risk, format!("{function} {}", row.why));
            }
            continue;
        }
        if foreign
            && matches!(
                statement.kind,
                StatementKind::Create | StatementKind::Grant | StatementKind::Revoke | StatementKind::Drop
            )
        {
            continue;
        }
        if function.contains('\\') {
            say(Risk::Destructive, format!("{function} is a name written with escapes"));
        } else if mine.iter().any(|name| name == function) {
            say(Risk::Destructive, format!("{function} runs code that is not read here"));
        } else if let Some(verb) = verbs::harmful(bare) {
            say(Risk::Destructive, format!("{function} is an unknown function, and says {verb}"));
        } else {
            // Planning evaluates functions that are called immutable.
            say(Risk::Change, format!("{function} is an unknown function, which may change data"));
        }
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

/// The verb with what the risk depends on: `COPY TO FILE`, `CREATE OR REPLACE VIEW`.
fn rated_verb(statement: &SqlStatement) -> String {
    let verb = &statement.verb;
    match (statement.kind, statement.copy) {
        (StatementKind::Copy, Some(direction)) => {
            let to = if direction == CopyDirection::To { "TO" } else { "FROM" };
            let what = match (statement.program, statement.server_file) {
                (true, _) => " PROGRAM",
                (_, true) => " FILE",
                _ if direction == CopyDirection::To => " STDOUT",
                _ => "",
            };
            format!("COPY {to}{what}")
        }
        (StatementKind::Create, _) if statement.replaces => verb.replacen("CREATE", "CREATE OR REPLACE", 1),
        (StatementKind::Set, _) if statement.setting.as_deref() == Some("session characteristics") => {
            "SET SESSION CHARACTERISTICS".to_owned()
        }
        (StatementKind::Insert, _) if statement.upserts => "INSERT ON CONFLICT DO UPDATE".to_owned(),
        _ => verb.clone(),
    }
}

fn statement(statement: &SqlStatement, text: &Text, database: Option<&str>, mine: &[String], findings: &mut Findings) {
    let span = text.outer_range(statement.span.clone());
    let mut worst = Risk::Read;
    let mut say = |risk: Risk, text: String| {
        worst = worst.max(risk);
        findings.add(risk, text, span.clone());
    };
    if statement.kind == StatementKind::Unknown {
        say(Risk::Destructive, "the statement cannot be read".to_owned());
    } else {
        let verb = rated_verb(statement);
        let row = knowledge().statements.iter().find(|row| glob(&row.verb, &verb));
        match row {
            Some(row) if statement.kind == StatementKind::Set => {
                let known = statement.setting.as_deref().is_some_and(|name| glob(SETTINGS, name));
                let harmless = known || statement.verb != "SET" || row.risk > Risk::Read;
                let setting = statement.setting.as_deref().unwrap_or_default();
                let (risk, why) = if harmless {
                    (row.risk, row.why.clone())
                } else {
                    (row.risk.max(Risk::Change), format!("{setting} changes what later statements do"))
                };
                say(risk, format!("{} {why}", statement.verb));
            }
            Some(row) => {
                let on = statement.objects.first().filter(|_| row.risk > Risk::Read);
                let on = on.map(|object| format!(" ({object})")).unwrap_or_default();
                let all = if statement.without_where { ", of every row" } else { "" };
                say(row.risk, format!("{} {}{all}{on}", statement.verb, row.why));
            }
            None => say(Risk::Change, format!("{} is an unknown statement", statement.verb)),
        }
    }
    for inner in &statement.inner {
        let row = knowledge().statements.iter().find(|row| glob(&row.verb, &inner.verb));
        let (risk, reason) = row.map_or((Risk::Change, "writes"), |row| (row.risk, row.why.as_str()));
        let all = if inner.without_where { ", of every row" } else { "" };
        say(risk, format!("{} inside {} {reason}{all}", inner.verb, statement.verb));
    }
    // It carries out what it explains, also what its own grammar holds no data for.
    if statement.verb.starts_with("EXPLAIN") && statement.verb.contains("ANALYZE") {
        let explained = text.value.get(statement.span.clone()).unwrap_or_default().to_ascii_lowercase();
        let words = || explained.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
        if words().any(|word| word == "execute") {
            say(Risk::Destructive, "EXPLAIN ANALYZE runs a prepared statement that is not read here".to_owned());
        } else if words().any(|word| matches!(word, "create" | "refresh")) {
            say(Risk::Change, "EXPLAIN ANALYZE carries out what it explains".to_owned());
        }
    }
    functions(statement, mine, &mut say);
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
