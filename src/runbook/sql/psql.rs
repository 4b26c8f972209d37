//! What a call of `psql` runs: the SQL of its flags, of its input, and the files that nobody can see.

use crate::runbook::shell::{
    Invocation, RedirectOperator, Script, Text, Word,
    options::{Grammar, Options, read},
    words::as_sql,
};

const GRAMMAR: Grammar = Grammar {
    short: "cfdhpUovPFRLT",
    long: &[
        "--command",
        "--file",
        "--dbname",
        "--host",
        "--port",
        "--username",
        "--output",
        "--variable",
        "--set",
        "--pset",
        "--field-separator",
        "--record-separator",
        "--log-file",
        "--table-attr",
    ],
};

/// One call of psql.
#[derive(Debug, Clone)]
pub struct PsqlCall {
    /// Each `-c`, here-document, here-string or known piped text: SQL with what the shell puts in shown as names.
    pub sql: Vec<Text>,
    /// The files of `-f` and `<`.
    pub files: Vec<Word>,
    /// Its input is another command's output that is not known here.
    pub piped: bool,
    /// No SQL is given at all: a person types it.
    pub interactive: bool,
    /// `-l`, `--version`, `--help`: it runs no SQL.
    pub lists: bool,
    /// As the call says it: the name, or the last part of a connection string; may be `$VARIABLE`.
    pub database: Option<String>,
    pub options: Options,
}

/// Reads a call of psql.
pub fn call(script: &Script, invocation: &Invocation) -> PsqlCall {
    let options = read(&invocation.words, GRAMMAR);
    let mut sql: Vec<Text> = options.values(&["-c", "--command"]).map(as_sql).collect();
    let is_stdin = |word: &Word| matches!(word.literal.as_deref(), Some("-" | "/dev/stdin"));
    let mut files: Vec<Word> = options.values(&["-f", "--file"]).filter(|word| !is_stdin(word)).cloned().collect();
    let reads_stdin = options.values(&["-f", "--file"]).any(is_stdin);
    let lists = options.has(&["-l", "--list", "-V", "--version", "-?", "--help"]);
    let given = !sql.is_empty() || !files.is_empty() || lists;
    let mut piped = false;
    let mut interactive = false;
    // With `-c` or `-f` psql leaves its standard input alone.
    if !given || reads_stdin {
        let input = invocation.redirects.iter().rev().find(|one| one.gives_input());
        match input {
            Some(redirect) => match (&redirect.document, &redirect.target) {
                (Some(document), _) => sql.push(as_sql(&document.body)),
                (None, Some(target)) if redirect.operator == RedirectOperator::HereString => sql.push(as_sql(target)),
                (None, Some(target)) => files.push(target.clone()),
                (None, None) => piped = true,
            },
            None if invocation.placement.piped => match script.piped_text(invocation) {
                Some(text) => sql.push(text),
                None => piped = true,
            },
            None => interactive = true,
        }
    }
    let database =
        options.value(&["-d", "--dbname"]).or_else(|| options.positional.first()).map(|word| database(&word.shown()));
    let database = database.or_else(|| {
        let one = invocation.assignments.iter().rev().find(|one| one.name == "PGDATABASE")?;
        Some(one.value()?.shown())
    });
    PsqlCall { sql, files, piped, interactive, lists, database, options }
}

/// The database in a connection string, or the name itself.
pub fn database(name: &str) -> String {
    if let Some((_, rest)) = name.split_once("://") {
        let path = rest.split_once('/').map(|(_, path)| path).unwrap_or_default();
        let path = path.split(['?', '#']).next().unwrap_or_default();
        // A password may stand in the rest, which is why no part of it is ever shown.
        return if path.is_empty() { "postgres".to_owned() } else { path.to_owned() };
    }
    name.split_whitespace().find_map(|pair| pair.strip_prefix("dbname=")).unwrap_or(name).to_owned()
}
