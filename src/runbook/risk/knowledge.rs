//! What SQL statements, functions, commands of psql and Redis, and addresses do: read once from files of the grammar.

use std::{collections::HashSet, sync::OnceLock};

use serde::Deserialize;

use super::Risk;
use crate::program::glob::glob;

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    pub(super) statements: Vec<Statement>,
    /// Functions that do more than read.
    pub(super) functions: Vec<Named>,
    /// Functions that only read, in small letters.
    reading: HashSet<&'static str>,
    /// psql's backslash commands.
    pub(super) meta: Vec<Named>,
    pub(super) redis: Vec<Named>,
    /// Hosts that people outside hear from.
    pub(super) outside: Vec<Named>,
}

impl Knowledge {
    /// A function of PostgreSQL, or of an extension that comes with it, that is known to only read.
    pub(super) fn only_reads(&self, function: &str) -> bool {
        self.reading.contains(function)
    }
}

/// A SQL statement by its verb.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Statement {
    /// A pattern over the verb in capitals.
    pub(super) verb: String,
    pub(super) risk: Risk,
    pub(super) why: String,
    #[cfg_attr(not(test), expect(dead_code, reason = "a test tries it"))]
    pub(super) example: Option<String>,
}

/// Names with one meaning.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    /// Patterns.
    pub(super) names: Vec<String>,
    pub(super) risk: Risk,
    pub(super) why: String,
    #[cfg_attr(not(test), expect(dead_code, reason = "a test tries it"))]
    pub(super) example: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sql {
    statement: Vec<Statement>,
    function: Vec<Named>,
    reading: Reading,
    meta: Vec<Named>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Reading {
    functions: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Redis {
    command: Vec<Named>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Outside {
    host: Vec<Named>,
}

pub(super) fn knowledge() -> &'static Knowledge {
    static KNOWLEDGE: OnceLock<Knowledge> = OnceLock::new();
    KNOWLEDGE.get_or_init(|| {
        // The files are part of the program and a test reads them: empty ones, with which nothing is known to read, cannot happen.
        let sql: Sql = serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/sql.json"))).unwrap_or_default();
        let redis: Redis =
            serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/redis-commands.json"))).unwrap_or_default();
        let outside: Outside =
            serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/outside.json"))).unwrap_or_default();
        let names: &'static str = sql.reading.functions.leak();
        Knowledge {
            statements: sql.statement,
            functions: sql.function,
            reading: names.split_whitespace().collect(),
            meta: sql.meta,
            redis: redis.command,
            outside: outside.host,
        }
    })
}

/// The first that any pattern of fits.
pub(super) fn named<'t>(rows: &'t [Named], name: &str) -> Option<&'t Named> {
    rows.iter().find(|one| one.names.iter().any(|pattern| glob(pattern, name)))
}
