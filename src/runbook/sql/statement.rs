//! Reads one statement: its verb, its objects and what else its risk depends on.
//!
//! The library's parser decides whether the text is SQL at all; the facts are read from its tokens, because they are the same for the
//! statements that the library does not know (`REINDEX`, `DO`, `ALTER SYSTEM`, …).

use sqlparser::{
    dialect::PostgreSqlDialect,
    parser::Parser,
    tokenizer::{Token, Tokenizer},
};

use super::{CopyDirection, InnerWrite, SqlStatement, StatementKind};

/// How deep parentheses may be nested: the parser tries each level in several ways.
const DEEPEST: usize = 24;

/// Words and operators of one statement: the parser makes a level of each operator of a chain. Literals and what separates
/// them do not count, however many rows are inserted.
const MOST_LINKS: usize = 1500;

/// First words of statements that PostgreSQL has and the parser may not; their verb says enough about their risk.
const KNOWN: &[&str] = &[
    "ABORT",
    "ALTER",
    "ANALYZE",
    "BEGIN",
    "CALL",
    "CHECKPOINT",
    "CLOSE",
    "CLUSTER",
    "COMMENT",
    "COMMIT",
    "COPY",
    "CREATE",
    "DEALLOCATE",
    "DECLARE",
    "DISCARD",
    "DO",
    "DROP",
    "END",
    "EXECUTE",
    "FETCH",
    "GRANT",
    "IMPORT",
    "LISTEN",
    "LOAD",
    "LOCK",
    "MOVE",
    "NOTIFY",
    "PREPARE",
    "REASSIGN",
    "REFRESH",
    "REINDEX",
    "RELEASE",
    "RESET",
    "REVOKE",
    "ROLLBACK",
    "SAVEPOINT",
    "SECURITY",
    "SET",
    "SHOW",
    "START",
    "TABLE",
    "TRUNCATE",
    "UNLISTEN",
    "VACUUM",
];

type Failed = Box<(SqlStatement, String)>;

/// The statement, nothing for text without a token, or a statement of kind `Unknown` and why.
pub(super) fn read(code: &str, start: usize) -> Result<Option<SqlStatement>, Failed> {
    let mut statement = SqlStatement {
        kind: StatementKind::Unknown,
        verb: String::new(),
        objects: Vec::new(),
        functions: Vec::new(),
        inner: Vec::new(),
        without_where: false,
        program: false,
        copy: None,
        server_file: false,
        upserts: false,
        replaces: false,
        setting: None,
        concurrently: false,
        span: start..start + code.len(),
    };
    let dialect = PostgreSqlDialect {};
    let tokens = match Tokenizer::new(&dialect, code).tokenize() {
        Ok(tokens) => tokens,
        Err(error) => return Err(Box::new((statement, format!("this is not SQL: {error}")))),
    };
    let tokens = Tokens(tokens.into_iter().filter(|token| !matches!(token, Token::Whitespace(_))).collect());
    if tokens.0.is_empty() {
        return Ok(None);
    }
    if tokens.deepest() > DEEPEST {
        return Err(Box::new((statement, format!("its parentheses are nested more than {DEEPEST} deep"))));
    }
    if tokens.links() > MOST_LINKS {
        return Err(Box::new((statement, format!("it has more than {MOST_LINKS} words and operators"))));
    }
    let first = tokens.first_word();
    fill(&mut statement, &tokens, first);
    let known = tokens.word(first).is_some_and(|word| KNOWN.contains(&word.as_str()));
    if known && statement.kind != StatementKind::Unknown {
        return Ok(Some(statement));
    }
    match Parser::new(&dialect).with_tokens(tokens.0).parse_statements() {
        Ok(_) if statement.kind != StatementKind::Unknown => Ok(Some(statement)),
        Ok(_) => {
            let message = format!("PostgreSQL has no statement that starts with {}", statement.verb);
            Err(Box::new((statement, message)))
        }
        Err(error) => {
            statement.kind = StatementKind::Unknown;
            let message = error.to_string();
            let message = message.trim_start_matches("sql parser error: ");
            // Lines are counted in the statement alone, which means nothing to the reader.
            let message = message.split(" at Line:").next().unwrap_or(message);
            Err(Box::new((statement, format!("this is not SQL that PostgreSQL would understand: {message}"))))
        }
    }
}

fn fill(statement: &mut SqlStatement, tokens: &Tokens, first: usize) {
    use StatementKind as K;
    let word = tokens.word(first).unwrap_or_default();
    let (kind, verb) = match word.as_str() {
        "SELECT" | "VALUES" | "TABLE" => (K::Query, "SELECT".to_owned()),
        "WITH" => with_verb(tokens, first),
        "INSERT" => (K::Insert, word),
        "UPDATE" => (K::Update, word),
        "DELETE" => (K::Delete, word),
        "MERGE" => (K::Merge, word),
        "TRUNCATE" => (K::Truncate, word),
        "DROP" => (K::Drop, typed(tokens, first)),
        "CREATE" => (K::Create, typed(tokens, first)),
        "ALTER" => (K::Alter, typed(tokens, first)),
        "GRANT" => (K::Grant, word),
        "REVOKE" => (K::Revoke, word),
        "COPY" => (K::Copy, word),
        "SET" | "RESET" | "DISCARD" => (K::Set, word),
        "SHOW" => (K::Show, word),
        "COMMIT" | "ROLLBACK" if tokens.word(first + 1).as_deref() == Some("PREPARED") => {
            (K::Other, format!("{word} PREPARED"))
        }
        "PREPARE" if tokens.word(first + 1).as_deref() == Some("TRANSACTION") => {
            (K::Other, "PREPARE TRANSACTION".to_owned())
        }
        "BEGIN" | "START" | "COMMIT" | "END" | "ROLLBACK" | "ABORT" | "SAVEPOINT" | "RELEASE" => (K::Transaction, word),
        "EXPLAIN" if explain_runs(tokens, first) => (K::ExplainAnalyze, "EXPLAIN ANALYZE".to_owned()),
        "EXPLAIN" => (K::Explain, word),
        "VACUUM" if vacuum_is_full(tokens, first) => (K::Vacuum, "VACUUM FULL".to_owned()),
        "VACUUM" => (K::Vacuum, word),
        "ANALYZE" => (K::Analyze, word),
        "REINDEX" => (K::Reindex, word),
        "DO" => (K::Do, word),
        "CALL" => (K::Call, word),
        "COMMENT" => (K::Other, "COMMENT ON".to_owned()),
        "REFRESH" => (K::Other, "REFRESH MATERIALIZED VIEW".to_owned()),
        "REASSIGN" => (K::Other, "REASSIGN OWNED".to_owned()),
        known if KNOWN.contains(&known) => (K::Other, word),
        _ => (K::Unknown, word),
    };
    statement.kind = kind;
    statement.verb = verb;
    statement.objects = objects(tokens, first, kind);
    statement.functions = tokens.functions();
    statement.inner = inner_writes(tokens, first, kind);
    statement.without_where = matches!(kind, K::Update | K::Delete) && !tokens.has_word_at_depth(first, "WHERE");
    statement.concurrently = tokens.words().any(|word| word == "CONCURRENTLY");
    statement.upserts = tokens.find(first, "CONFLICT").is_some_and(|at| tokens.find(at, "UPDATE").is_some());
    statement.replaces = kind == K::Create && tokens.word(first + 2).as_deref() == Some("REPLACE");
    if kind == K::Set {
        statement.setting = setting(tokens, first);
    }
    if kind == K::Copy {
        statement.server_file = tokens.copies_file(first);
        statement.program = tokens.has_word_at_depth(first, "PROGRAM");
        statement.copy = match tokens.has_word_at_depth(first + 1, "FROM") {
            true => Some(CopyDirection::From),
            false => Some(CopyDirection::To),
        };
    }
    // `SELECT … INTO table` creates a table, and `FOR UPDATE` locks rows.
    if kind == K::Query && tokens.has_word_at_depth(first, "INTO") {
        statement.kind = K::Create;
        statement.verb = "SELECT INTO".to_owned();
    } else if kind == K::Query && tokens.locks_rows() {
        statement.verb = "SELECT FOR UPDATE".to_owned();
    }
}

/// `SET [SESSION | LOCAL] name`, `SET TRANSACTION …`, `RESET name`: the name, or the words that stand for one.
fn setting(tokens: &Tokens, first: usize) -> Option<String> {
    let at = tokens.skip(first + 1, &["SESSION", "LOCAL"]);
    match tokens.word(at).as_deref() {
        Some("AUTHORIZATION") => Some("session_authorization".to_owned()),
        Some("CHARACTERISTICS") => Some("session characteristics".to_owned()),
        Some("TIME") => Some("timezone".to_owned()),
        _ => tokens.names(at).first().map(|name| name.to_ascii_lowercase()),
    }
}

/// What stands after the `WITH` queries.
fn with_verb(tokens: &Tokens, first: usize) -> (StatementKind, String) {
    let mut depth = 0usize;
    for at in first..tokens.0.len() {
        match tokens.0.get(at) {
            Some(Token::LParen) => depth += 1,
            Some(Token::RParen) => depth = depth.saturating_sub(1),
            _ if depth == 0 => match tokens.word(at).as_deref() {
                Some("INSERT") => return (StatementKind::Insert, "INSERT".to_owned()),
                Some("UPDATE") => return (StatementKind::Update, "UPDATE".to_owned()),
                Some("DELETE") => return (StatementKind::Delete, "DELETE".to_owned()),
                Some("MERGE") => return (StatementKind::Merge, "MERGE".to_owned()),
                Some("SELECT" | "VALUES" | "TABLE") => break,
                _ => {}
            },
            _ => {}
        }
    }
    (StatementKind::Query, "SELECT".to_owned())
}

/// `DROP TABLE`, `CREATE INDEX`, `ALTER SYSTEM`: the verb and the type of object, modifiers left out.
fn typed(tokens: &Tokens, first: usize) -> String {
    const MODIFIERS: &[&str] = &[
        "OR",
        "REPLACE",
        "TEMP",
        "TEMPORARY",
        "UNLOGGED",
        "UNIQUE",
        "GLOBAL",
        "LOCAL",
        "RECURSIVE",
        "CONSTRAINT",
        "TRUSTED",
        "PROCEDURAL",
        "DEFAULT",
    ];
    let verb = tokens.word(first).unwrap_or_default();
    let mut words =
        (first + 1..first + 8).map_while(|at| tokens.word(at)).skip_while(|word| MODIFIERS.contains(&word.as_str()));
    match (words.next(), words.next()) {
        (Some(kind), Some(next))
            if matches!(
                (kind.as_str(), next.as_str()),
                ("MATERIALIZED", "VIEW")
                    | ("FOREIGN", "TABLE" | "DATA")
                    | ("EVENT", "TRIGGER")
                    | ("TEXT", "SEARCH")
                    | ("ACCESS", "METHOD")
                    | ("USER", "MAPPING")
                    | ("OWNED", "BY")
                    | ("LARGE", "OBJECT")
            ) =>
        {
            format!("{verb} {kind} {next}")
        }
        (Some(kind), _) => format!("{verb} {kind}"),
        (None, _) => verb,
    }
}

fn explain_runs(tokens: &Tokens, first: usize) -> bool {
    if tokens.0.get(first + 1) == Some(&Token::LParen) {
        let options = (first + 2..tokens.0.len()).take_while(|at| tokens.0.get(*at) != Some(&Token::RParen));
        for at in options {
            if tokens.word(at).as_deref() == Some("ANALYZE") {
                let off = tokens.word(at + 1).is_some_and(|word| matches!(word.as_str(), "FALSE" | "OFF"))
                    || matches!(tokens.0.get(at + 1), Some(Token::Number(number, _)) if number == "0");
                let ends = matches!(tokens.0.get(at + 2), Some(Token::Comma | Token::RParen));
                if !off || !ends {
                    return true;
                }
            }
        }
        return false;
    }
    (first + 1..first + 3).any(|at| tokens.word(at).is_some_and(|word| matches!(word.as_str(), "ANALYZE" | "ANALYSE")))
}

fn vacuum_is_full(tokens: &Tokens, first: usize) -> bool {
    (first + 1..first + 12)
        .map_while(|at| tokens.0.get(at).map(|_| tokens.word(at)))
        .any(|word| word.as_deref() == Some("FULL"))
}

/// Statements that write inside this one: right after an opening parenthesis, or what `EXPLAIN ANALYZE` runs.
fn inner_writes(tokens: &Tokens, first: usize, kind: StatementKind) -> Vec<InnerWrite> {
    let mut found = Vec::new();
    for at in first + 1..tokens.0.len() {
        let Some(verb) =
            tokens.word(at).filter(|word| matches!(word.as_str(), "INSERT" | "UPDATE" | "DELETE" | "MERGE"))
        else {
            continue;
        };
        let after = tokens.word(at + 1);
        // `ON CONFLICT DO UPDATE`, `FOR UPDATE`, `ON DELETE CASCADE` and a privilege list are no statements.
        let statement = match verb.as_str() {
            "INSERT" | "MERGE" => after.as_deref() == Some("INTO"),
            "DELETE" => after.as_deref() == Some("FROM"),
            _ => {
                tokens.0.get(at - 1) == Some(&Token::LParen)
                    || (kind == StatementKind::ExplainAnalyze && is_update(tokens, at))
            }
        };
        if !statement
            || matches!(
                kind,
                StatementKind::Explain | StatementKind::Create | StatementKind::Grant | StatementKind::Revoke
            )
        {
            continue;
        }
        let without_where = matches!(verb.as_str(), "UPDATE" | "DELETE") && !tokens.has_word_at_depth(at, "WHERE");
        let object = tokens.names(tokens.skip(at + 1, &["INTO", "FROM", "ONLY"])).into_iter().next();
        found.push(InnerWrite { verb, object, without_where });
    }
    // The verb of `WITH … DELETE FROM t` is the statement's own.
    if matches!(kind, StatementKind::Insert | StatementKind::Update | StatementKind::Delete | StatementKind::Merge) {
        found.retain(|_| tokens.word(first).as_deref() == Some("WITH"));
    }
    found
}

fn is_update(tokens: &Tokens, at: usize) -> bool {
    tokens.word(at - 1).as_deref() != Some("FOR") && tokens.has_word_at_depth(at, "SET")
}

fn objects(tokens: &Tokens, first: usize, kind: StatementKind) -> Vec<String> {
    use StatementKind as K;
    const TYPES: &[&str] = &[
        "TABLE",
        "TABLESPACE",
        "INDEX",
        "VIEW",
        "MATERIALIZED",
        "DATABASE",
        "SCHEMA",
        "ROLE",
        "USER",
        "GROUP",
        "SEQUENCE",
        "FUNCTION",
        "PROCEDURE",
        "TRIGGER",
        "TYPE",
        "DOMAIN",
        "EXTENSION",
        "PUBLICATION",
        "SUBSCRIPTION",
        "SERVER",
        "FOREIGN",
        "POLICY",
        "SYSTEM",
        "RULE",
        "OWNED",
        "BY",
        "EVENT",
        "UNIQUE",
        "UNLOGGED",
        "TEMP",
        "TEMPORARY",
        "OR",
        "REPLACE",
        "IF",
        "NOT",
        "EXISTS",
        "ONLY",
        "CONCURRENTLY",
        "FULL",
        "VERBOSE",
        "FREEZE",
        "ANALYZE",
        "INTO",
        "FROM",
        "STATISTICS",
        "AGGREGATE",
        "LANGUAGE",
        "CAST",
    ];
    let plain = |at: usize| tokens.names(tokens.skip(tokens.skip_parens(tokens.skip(at, TYPES)), TYPES));
    match kind {
        K::Drop | K::Alter | K::Truncate | K::Reindex | K::Vacuum | K::Analyze | K::Create => plain(first + 1),
        K::Update | K::Delete | K::Insert | K::Merge if tokens.word(first).as_deref() != Some("WITH") => {
            tokens.names(tokens.skip(first + 1, &["INTO", "FROM", "ONLY"])).into_iter().take(1).collect()
        }
        K::Copy | K::Call => tokens.names(first + 1).into_iter().take(1).collect(),
        K::Grant | K::Revoke => match tokens.find(first, "ON") {
            Some(on) => plain(on + 1),
            None => Vec::new(),
        },
        K::Other => plain(tokens.skip(first + 1, &["MATERIALIZED", "VIEW", "ON"])),
        K::Set | K::Show | K::Transaction | K::Do | K::Unknown => Vec::new(),
        K::Query | K::Explain | K::ExplainAnalyze | K::Update | K::Delete | K::Insert | K::Merge => {
            let mut found: Vec<String> = Vec::new();
            for at in first..tokens.0.len() {
                if tokens.word(at).is_some_and(|word| matches!(word.as_str(), "FROM" | "JOIN" | "INTO" | "UPDATE")) {
                    for name in tokens.names(tokens.skip(at + 1, &["ONLY", "LATERAL"])).into_iter().take(1) {
                        if !found.contains(&name) {
                            found.push(name);
                        }
                    }
                }
            }
            found
        }
    }
}

struct Tokens(Vec<Token>);

impl Tokens {
    /// The word at this place, in capitals, when it is not a quoted name.
    fn word(&self, at: usize) -> Option<String> {
        match self.0.get(at)? {
            Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_ascii_uppercase()),
            _ => None,
        }
    }

    fn words(&self) -> impl Iterator<Item = String> {
        (0..self.0.len()).filter_map(|at| self.word(at))
    }

    /// The first token that is no opening parenthesis.
    fn first_word(&self) -> usize {
        self.0.iter().position(|token| *token != Token::LParen).unwrap_or(0)
    }

    /// Brackets and `CASE` inside of each other; what closes one closes no other.
    fn deepest(&self) -> usize {
        let (mut brackets, mut cases, mut deepest) = (0usize, 0usize, 0usize);
        for token in &self.0 {
            match token {
                Token::LParen | Token::LBracket | Token::LBrace => brackets += 1,
                Token::RParen | Token::RBracket | Token::RBrace => brackets = brackets.saturating_sub(1),
                Token::Word(word) if word.value.eq_ignore_ascii_case("case") => cases += 1,
                Token::Word(word) if word.value.eq_ignore_ascii_case("end") => cases = cases.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(brackets + cases);
        }
        deepest
    }

    /// Tokens that may each be a level of what the parser makes.
    fn links(&self) -> usize {
        let separates = |token: &Token| {
            matches!(
                token,
                Token::Comma
                    | Token::Period
                    | Token::LParen
                    | Token::RParen
                    | Token::Number(..)
                    | Token::SingleQuotedString(_)
                    | Token::EscapedStringLiteral(_)
                    | Token::DollarQuotedString(_)
            )
        };
        self.0.iter().filter(|token| !separates(token)).count()
    }

    /// Steps over any of the words.
    fn skip(&self, mut at: usize, words: &[&str]) -> usize {
        while self.word(at).is_some_and(|word| words.contains(&word.as_str())) {
            at += 1;
        }
        at
    }

    /// Steps over `( … )`.
    fn skip_parens(&self, at: usize) -> usize {
        if self.0.get(at) != Some(&Token::LParen) {
            return at;
        }
        let mut depth = 0usize;
        for (number, token) in self.0.iter().enumerate().skip(at) {
            match token {
                Token::LParen => depth += 1,
                Token::RParen if depth == 1 => return number + 1,
                Token::RParen => depth -= 1,
                _ => {}
            }
        }
        self.0.len()
    }

    fn find(&self, from: usize, word: &str) -> Option<usize> {
        (from..self.0.len()).find(|at| self.word(*at).as_deref() == Some(word))
    }

    /// The word stands at the same depth of parentheses as the place it is looked for from, before that parenthesis closes.
    fn has_word_at_depth(&self, from: usize, word: &str) -> bool {
        let mut depth = 0usize;
        for at in from..self.0.len() {
            match self.0.get(at) {
                Some(Token::LParen) => depth += 1,
                Some(Token::RParen) if depth == 0 => return false,
                Some(Token::RParen) => depth -= 1,
                _ if depth == 0 && self.word(at).as_deref() == Some(word) => return true,
                _ => {}
            }
        }
        false
    }

    fn locks_rows(&self) -> bool {
        (0..self.0.len()).any(|at| {
            self.word(at).as_deref() == Some("FOR")
                && self.word(at + 1).is_some_and(|word| matches!(word.as_str(), "UPDATE" | "SHARE" | "NO" | "KEY"))
        })
    }

    /// Names separated by commas, each with its schema.
    fn names(&self, mut at: usize) -> Vec<String> {
        let mut found = Vec::new();
        while let Some(Token::Word(word)) = self.0.get(at) {
            let mut name = word.value.clone();
            at += 1;
            while self.0.get(at) == Some(&Token::Period) {
                let Some(Token::Word(word)) = self.0.get(at + 1) else { break };
                name = format!("{name}.{}", word.value);
                at += 2;
            }
            found.push(name);
            if self.0.get(at) != Some(&Token::Comma) {
                break;
            }
            at += 1;
        }
        found
    }

    /// `COPY … TO 'file'`: what stands after the direction is a string.
    fn copies_file(&self, first: usize) -> bool {
        let mut depth = 0usize;
        for at in first..self.0.len() {
            match self.0.get(at) {
                Some(Token::LParen) => depth += 1,
                Some(Token::RParen) => depth = depth.saturating_sub(1),
                _ if depth == 0 && self.word(at).is_some_and(|word| matches!(word.as_str(), "TO" | "FROM")) => {
                    return !self
                        .word(at + 1)
                        .is_some_and(|word| matches!(word.as_str(), "STDIN" | "STDOUT" | "PROGRAM"));
                }
                _ => {}
            }
        }
        false
    }

    /// Every name that an opening parenthesis follows and that is a function's: no keyword, no alias with columns, no query's name.
    fn functions(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for at in 0..self.0.len() {
            let (Some(Token::Word(word)), Some(Token::LParen)) = (self.0.get(at), self.0.get(at + 1)) else { continue };
            let plain = word.quote_style.is_none();
            let upper = word.value.to_ascii_uppercase();
            if plain && NO_FUNCTIONS.contains(&upper.as_str()) {
                continue;
            }
            let before = at.checked_sub(1).and_then(|before| self.word(before));
            if matches!(
                before.as_deref(),
                Some("AS" | "INTO" | "TABLE" | "COPY" | "ANALYZE" | "INDEX" | "REFERENCES" | "ON")
            ) {
                continue;
            }
            let after = self.skip_parens(at + 1);
            if self.word(after).as_deref() == Some("AS") && matches!(before.as_deref(), Some("WITH" | "RECURSIVE")) {
                continue;
            }
            let mut name = if plain { word.value.to_ascii_lowercase() } else { word.value.clone() };
            if at.checked_sub(1).and_then(|period| self.0.get(period)) == Some(&Token::Period)
                && let Some(Token::Word(schema)) = at.checked_sub(2).and_then(|schema| self.0.get(schema))
                && !schema.value.eq_ignore_ascii_case("pg_catalog")
            {
                name = format!("{}.{name}", schema.value.to_ascii_lowercase());
            }
            if !found.contains(&name) {
                found.push(name);
            }
        }
        found
    }
}

/// Words that an opening parenthesis follows and that call nothing.
const NO_FUNCTIONS: &[&str] = &[
    "ALL",
    "AND",
    "ANY",
    "ARRAY",
    "COPY",
    "AS",
    "BETWEEN",
    "BIT",
    "BY",
    "CASE",
    "CHAR",
    "CHARACTER",
    "CHECK",
    "COLUMN",
    "COLUMNS",
    "CONFLICT",
    "CUBE",
    "DECIMAL",
    "DEFAULT",
    "DISTINCT",
    "ELSE",
    "END",
    "EXCEPT",
    "EXCLUDE",
    "EXISTS",
    "EXPLAIN",
    "FETCH",
    "FILTER",
    "FLOAT",
    "FOREIGN",
    "FROM",
    "GROUPING",
    "HAVING",
    "ILIKE",
    "IN",
    "INCLUDE",
    "INTERSECT",
    "INTERVAL",
    "INTO",
    "IS",
    "JOIN",
    "KEY",
    "LATERAL",
    "LIKE",
    "LIMIT",
    "MATERIALIZED",
    "NOT",
    "NUMERIC",
    "OF",
    "OFFSET",
    "ON",
    "OR",
    "OVER",
    "PARTITION",
    "PRECISION",
    "PRIMARY",
    "REFERENCES",
    "RETURNING",
    "ROLLUP",
    "ROW",
    "SELECT",
    "SET",
    "SETS",
    "SIMILAR",
    "SOME",
    "TABLE",
    "THEN",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "TO",
    "UNION",
    "UNIQUE",
    "USING",
    "VACUUM",
    "VALUES",
    "VARBIT",
    "VARCHAR",
    "VARYING",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
    "WITHIN",
    "GROUP",
    "ORDER",
    "ANALYZE",
    "ANALYSE",
    "STORED",
    "ALWAYS",
    "VIRTUAL",
    "STATISTICS",
];
