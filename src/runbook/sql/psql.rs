//! What a call of `psql` runs: the SQL of its flags, of its input, and the files that nobody can see.

use crate::{
    program,
    shell::{Invocation, RedirectOperator, Script, Text, Word, args::without_start, words::as_sql},
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
    /// The word that names the database: a name or a connection string.
    pub connection: Option<Word>,
    /// Words that become SQL.
    pub sources: Vec<Word>,
}

/// Reads a call of psql.
pub fn call(script: &Script, invocation: &Invocation) -> PsqlCall {
    let words = &invocation.words;
    let read = program::find("psql").map(|grammar| program::read(grammar, words));
    let values = |names: &[&str]| -> Vec<Word> {
        let given = read.iter().flat_map(|call| call.given(names));
        given
            .filter_map(|given| given.value)
            .filter_map(|(at, from)| Some(without_start(words.get(at)?, from)))
            .collect()
    };
    let mut sources = values(&["--command"]);
    let is_stdin =
        |word: &Word| matches!(word.literal.as_deref(), Some("-" | "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0"));
    let (stdin, mut files): (Vec<Word>, Vec<Word>) = values(&["--file"]).into_iter().partition(is_stdin);
    let lists = read.as_ref().is_some_and(|call| call.has(&["--list", "--version", "--help", "-?"]));
    let given = !sources.is_empty() || !files.is_empty() || lists;
    let mut sql: Vec<Text> = sources.iter().map(as_sql).collect();
    let mut piped = false;
    let mut interactive = false;
    // With `-c` or `-f` psql leaves its standard input alone.
    if !given || !stdin.is_empty() {
        let input = invocation.redirects.iter().rev().find(|one| one.gives_input());
        let mut text = |word: &Word| {
            sql.push(as_sql(word));
            sources.push(word.clone());
        };
        match input {
            Some(redirect) => match (&redirect.document, &redirect.target) {
                (Some(document), _) => text(&document.body),
                (None, Some(target)) if redirect.operator == RedirectOperator::HereString => text(target),
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
    let named = values(&["--dbname"]).pop();
    let first = || read.as_ref().and_then(|call| words.get(*call.operands.first()?)).cloned();
    let connection = named.or_else(first);
    let database = connection.as_ref().map(|word| database(&word.shown()));
    let database = database.or_else(|| {
        let one = invocation.assignments.iter().rev().find(|one| one.name == "PGDATABASE")?;
        Some(one.value()?.shown())
    });
    PsqlCall { sql, files, piped, interactive, lists, database, connection, sources }
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
