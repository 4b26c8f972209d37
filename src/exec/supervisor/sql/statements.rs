//! What an SQL text consists of, as far as running it needs to know: how many statements, and their first words.

use sqlparser::{
    dialect::PostgreSqlDialect,
    tokenizer::{Token, Tokenizer},
};

/// The words that a statement begins with, in capitals: `["CREATE", "UNIQUE", "INDEX", …]`, at most eight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    words: Vec<String>,
}

/// Statements that PostgreSQL does not run inside a transaction.
const ALONE: [&[&str]; 11] = [
    &["VACUUM"],
    &["CREATE", "DATABASE"],
    &["DROP", "DATABASE"],
    &["CREATE", "TABLESPACE"],
    &["DROP", "TABLESPACE"],
    &["ALTER", "SYSTEM"],
    &["CREATE", "SUBSCRIPTION"],
    &["DROP", "SUBSCRIPTION"],
    &["ALTER", "DATABASE"],
    &["CLUSTER"],
    &["CHECKPOINT"],
];

/// First words of statements that begin or end a transaction.
const TRANSACTION: [&str; 6] = ["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"];

impl Statement {
    fn starts(&self, words: &[&str]) -> bool {
        self.words.len() >= words.len() && self.words.iter().zip(words).all(|(have, wanted)| have == wanted)
    }

    /// It must be sent outside of any transaction.
    pub(super) fn runs_alone(&self) -> bool {
        ALONE.iter().any(|words| self.starts(words))
            || self.words.iter().any(|word| word == "CONCURRENTLY")
                && ["CREATE", "DROP", "REINDEX", "REFRESH"].iter().any(|word| self.starts(&[word]))
    }

    /// It begins or ends a transaction. `ROLLBACK TO` only goes back to a savepoint.
    pub(super) fn bounds_transaction(&self) -> bool {
        self.words.first().is_some_and(|word| TRANSACTION.contains(&word.as_str()))
            && !self.words.iter().any(|word| word == "TO")
            || self.starts(&["PREPARE", "TRANSACTION"])
    }

    /// What psql prints when it is done: `UPDATE 3`, `CREATE INDEX`.
    pub(super) fn tag(&self, rows: u64) -> String {
        let first = self.words.first().map_or("", String::as_str);
        match first {
            "INSERT" => format!("INSERT 0 {rows}"),
            "UPDATE" | "DELETE" | "MERGE" | "SELECT" | "COPY" | "FETCH" | "MOVE" | "WITH" => format!("{first} {rows}"),
            "CREATE" | "ALTER" | "DROP" => {
                let passed_over =
                    ["OR", "REPLACE", "UNIQUE", "TEMP", "TEMPORARY", "UNLOGGED", "GLOBAL", "LOCAL", "RECURSIVE"];
                let object = self.words.iter().skip(1).find(|word| !passed_over.contains(&word.as_str()));
                let object = match object.map(String::as_str) {
                    Some("MATERIALIZED") => "MATERIALIZED VIEW",
                    Some("USER") => "ROLE",
                    Some(object) => object,
                    None => "",
                };
                format!("{first} {object}")
            }
            "TRUNCATE" | "LOCK" => format!("{first} TABLE"),
            "REFRESH" => "REFRESH MATERIALIZED VIEW".to_owned(),
            _ => first.to_owned(),
        }
    }
}

/// Splits at semicolons that are not inside of anything. `None` when the text cannot be read that far (the server will say
/// why, better than we can).
pub(super) fn statements(code: &str) -> Option<Vec<Statement>> {
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, code).tokenize().ok()?;
    let mut statements = Vec::new();
    let mut words = Vec::new();
    let mut something = false;
    for token in tokens.iter().chain([&Token::SemiColon]) {
        match token {
            Token::SemiColon => {
                if something {
                    statements.push(Statement { words: std::mem::take(&mut words) });
                }
                something = false;
            }
            Token::Whitespace(_) => {}
            Token::Word(word) if words.len() < 8 => {
                something = true;
                words.push(if word.quote_style.is_some() { String::new() } else { word.value.to_uppercase() });
            }
            _ => something = true,
        }
    }
    Some(statements)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(code: &str) -> Statement {
        let mut all = statements(code).unwrap();
        assert_eq!(all.len(), 1, "{code}");
        all.remove(0)
    }

    #[test]
    fn semicolons_inside_of_things_do_not_end_a_statement() {
        let code = "SELECT ';', \";\" /* ; */; -- ;\nDO $$ begin; end $$;\n;";
        assert_eq!(statements(code).unwrap().len(), 2);
        assert_eq!(statements("-- nothing").unwrap().len(), 0);
    }

    #[test]
    fn what_begins_or_ends_a_transaction_is_known() {
        for code in
            ["begin", "START TRANSACTION", "commit and chain", "/* x */ END", "rollback", "prepare transaction 'x'"]
        {
            assert!(only(code).bounds_transaction(), "{code}");
        }
        for code in ["rollback to savepoint a", "select 1", "savepoint a", "prepare p as select 1"] {
            assert!(!only(code).bounds_transaction(), "{code}");
        }
    }

    #[test]
    fn tags_are_those_of_psql() {
        for (code, tag) in [
            ("insert into x values (1)", "INSERT 0 3"),
            ("update x set a = 1", "UPDATE 3"),
            ("create unique index on x (a)", "CREATE INDEX"),
            ("CREATE OR REPLACE VIEW v AS SELECT 1", "CREATE VIEW"),
            ("drop table x", "DROP TABLE"),
            ("grant select on x to y", "GRANT"),
        ] {
            assert_eq!(only(code).tag(3), tag);
        }
        assert!(only("create index concurrently i on x (a)").runs_alone());
        assert!(only("vacuum (full) x").runs_alone());
    }
}
