//! SQL, taken apart: the statements of a script for psql and what each can do. Nothing is run.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`psql`] | the SQL that a call of psql runs |
//! | `split` | statements and psql's backslash commands, found in the text |
//! | `statement` | one statement: its verb, objects and the facts that risk depends on |

pub mod psql;
mod split;
mod statement;

use std::ops::Range;

pub use super::shell::SyntaxProblem;

/// The longest SQL that is analysed, in bytes.
pub const LONGEST: usize = 1024 * 1024;

/// A piece of SQL as psql would read it. Spans are bytes of the analysed text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SqlScript {
    pub statements: Vec<SqlStatement>,
    /// Lines like `\copy …` that psql itself acts on.
    pub meta_commands: Vec<MetaCommand>,
    /// `:name`: psql puts the value of its variable into the SQL as it stands.
    pub spliced: Vec<MetaCommand>,
    /// The first thing that could not be parsed.
    pub problem: Option<SyntaxProblem>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlStatement {
    pub kind: StatementKind,
    /// The words that say what it does, in capitals: `SELECT`, `DROP TABLE`, `VACUUM FULL`, `ALTER SYSTEM`.
    pub verb: String,
    /// What it acts on, as written without quotes: tables, databases, roles. For a query the tables it reads.
    pub objects: Vec<String>,
    /// Functions that it calls, in small letters, with their schema when that is not `pg_catalog`.
    pub functions: Vec<String>,
    /// `UPDATE`, `DELETE`, `INSERT` or `MERGE` inside it: in a `WITH`, or what `EXPLAIN ANALYZE` runs.
    pub inner: Vec<InnerWrite>,
    /// `UPDATE` or `DELETE` of every row.
    pub without_where: bool,
    /// `COPY … TO PROGRAM` and `COPY … FROM PROGRAM`.
    pub program: bool,
    /// `COPY … FROM` and `COPY … TO`.
    pub copy: Option<CopyDirection>,
    /// `COPY` reads or writes a file of the server.
    pub server_file: bool,
    /// `ON CONFLICT … DO UPDATE`.
    pub upserts: bool,
    /// `CREATE OR REPLACE`.
    pub replaces: bool,
    /// The setting that `SET` changes, in small letters.
    pub setting: Option<String>,
    /// `CONCURRENTLY`.
    pub concurrently: bool,
    /// Without the semicolon.
    pub span: Range<usize>,
}

/// A statement that writes inside another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InnerWrite {
    /// `DELETE`
    pub verb: String,
    pub object: Option<String>,
    pub without_where: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyDirection {
    From,
    To,
}

/// The family of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatementKind {
    /// `SELECT`, `VALUES`, `TABLE`, and `WITH` before them.
    Query,
    Insert,
    Update,
    Delete,
    Merge,
    Truncate,
    Drop,
    Create,
    Alter,
    Grant,
    Revoke,
    Copy,
    Set,
    Show,
    /// `BEGIN`, `COMMIT`, `ROLLBACK`, `SAVEPOINT`, …
    Transaction,
    /// Without `ANALYZE`.
    Explain,
    /// It runs what it explains.
    ExplainAnalyze,
    Vacuum,
    Analyze,
    Reindex,
    /// `DO $$ … $$`
    Do,
    Call,
    /// Any other statement that PostgreSQL has.
    Other,
    /// It is no SQL, or not known before it runs.
    Unknown,
}

/// A backslash command of psql.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaCommand {
    /// Without the backslash: `copy`, `!`, `i`, `c`.
    pub name: String,
    /// The rest of the line.
    pub arguments: String,
    pub span: Range<usize>,
}

/// Takes SQL apart. Never fails: what could not be read is the script's `problem`, and is there as a statement of kind `Unknown`.
pub fn analyse(text: &str) -> SqlScript {
    if text.len() > LONGEST {
        let message = format!("it is longer than {} KiB, which is too long to be read as one action", LONGEST / 1024);
        return SqlScript {
            problem: Some(SyntaxProblem { message, span: 0..0, certain: false }),
            ..SqlScript::default()
        };
    }
    let split = split::split(text);
    let mut script = SqlScript { meta_commands: split.meta_commands, spliced: split.spliced, ..SqlScript::default() };
    if let Some(at) = split.unclosed {
        let message = "a quote, comment or dollar-quoted text is not closed".to_owned();
        script.problem = Some(SyntaxProblem { message, span: at..text.len(), certain: false });
    }
    for span in split.statements {
        let Some(code) = split.clean.get(span.clone()) else { continue };
        match statement::read(code, span.start) {
            Ok(Some(statement)) => script.statements.push(statement),
            Ok(None) => {}
            Err(failed) => {
                let (statement, message) = *failed;
                if script.problem.is_none() {
                    script.problem = Some(SyntaxProblem { message, span: statement.span.clone(), certain: false });
                }
                script.statements.push(statement);
            }
        }
    }
    script
}

#[cfg(test)]
mod tests;
