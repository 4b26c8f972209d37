//! The table of programs and verbs: read once from the files of `table/`, and how its rows match a command.

use std::{collections::HashMap, sync::OnceLock};

use serde::Deserialize;

use super::Risk;
use crate::runbook::shell::{
    Invocation, Word,
    args::{find_value, known_start},
};

/// The whole table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Table {
    pub program: Vec<Program>,
    /// SQL statements by verb.
    pub sql: Vec<Statement>,
    /// SQL functions that do something.
    pub function: Vec<Named>,
    /// psql's backslash commands.
    pub meta: Vec<Named>,
    /// Redis commands.
    pub redis: Vec<Named>,
    /// Hosts that people outside hear from.
    pub outside: Vec<Named>,
    #[serde(skip)]
    exact: HashMap<String, usize>,
    #[serde(skip)]
    patterns: Vec<(String, usize)>,
}

/// A program and its verbs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Without path; `*` stands for anything.
    pub names: Vec<String>,
    /// Flags that are followed by a value, so that it is not taken for a verb.
    #[serde(default)]
    pub values: Vec<String>,
    /// Flags are words with one dash (`terraform -auto-approve`): `-rf` is not `-r -f`.
    #[serde(default)]
    pub one_dash: bool,
    /// Read by code of its own after the rows: `psql`, `redis`, `http`.
    pub reader: Option<Reader>,
    /// What counts when no row matches.
    pub otherwise: Risk,
    /// Why, for `otherwise`.
    pub reason: String,
    #[serde(default)]
    pub external: bool,
    #[serde(default)]
    pub target: Vec<String>,
    /// A command that no row matches.
    pub example: String,
    #[serde(default)]
    pub row: Vec<Row>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reader {
    Psql,
    Redis,
    Http,
}

/// One verb of a program. The first row that matches counts; every condition must hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The first positional arguments, as patterns: `rollout undo`, `describe-*|get-*`.
    #[serde(default)]
    pub verb: String,
    /// Any of these flags: `--force`, `-f,--force`, `--replicas=0`, `-X,--request=POST|PUT`.
    #[serde(default)]
    pub with: Vec<String>,
    /// None of these flags.
    #[serde(default)]
    pub without: Vec<String>,
    /// A pattern that any argument matches as it stands.
    #[serde(default)]
    pub any: Vec<String>,
    /// Patterns of which every positional argument after the verb matches one; there must be at least one.
    #[serde(default)]
    pub all: Vec<String>,
    /// True: no positional argument follows the verb.
    #[serde(default)]
    pub alone: bool,
    /// A value that is not known yet does not count as a match.
    #[serde(default)]
    pub certain: bool,
    pub risk: Risk,
    #[serde(default)]
    pub external: bool,
    /// The rest of a sentence that starts with the command.
    pub reason: String,
    /// Where the name is that a person types, first found: `flag:--name,--id`, `rest`, `first`, `last`, `kubernetes`.
    #[serde(default)]
    pub target: Vec<String>,
    pub example: String,
    /// What the example's target is.
    #[serde(default)]
    pub targets: Vec<String>,
    /// The words of `verb`.
    #[serde(skip)]
    words: Vec<String>,
}

/// A SQL statement by its verb.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// A pattern over the verb in capitals.
    pub verb: String,
    pub risk: Risk,
    pub reason: String,
    pub example: String,
}

/// Names with one meaning.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Patterns.
    pub names: Vec<String>,
    pub risk: Risk,
    pub reason: String,
    pub example: String,
}

/// How well something fits: what is not known before it runs may fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    No,
    Maybe,
    Yes,
}

impl From<bool> for Fit {
    fn from(fits: bool) -> Self {
        if fits { Fit::Yes } else { Fit::No }
    }
}

/// The table, read when it is first needed.
pub fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    // The file is part of the program and a test reads it: an empty table, in which every program is unknown, cannot happen.
    TABLE.get_or_init(|| read().unwrap_or_default())
}

/// The files of the table; a program stands in one of them.
const FILES: [&str; 6] = [
    include_str!("table/kubernetes.toml"),
    include_str!("table/containers.toml"),
    include_str!("table/cloud.toml"),
    include_str!("table/data.toml"),
    include_str!("table/system.toml"),
    include_str!("table/sql.toml"),
];

/// Reads the table from the text that is built in.
pub fn read() -> Result<Table, toml::de::Error> {
    let mut table: Table = toml::from_str(include_str!("table/redis.toml"))?;
    for file in FILES {
        let mut one: Table = toml::from_str(file)?;
        table.program.append(&mut one.program);
        table.sql.append(&mut one.sql);
        table.function.append(&mut one.function);
        table.meta.append(&mut one.meta);
        table.redis.append(&mut one.redis);
        table.outside.append(&mut one.outside);
    }
    for (number, program) in table.program.iter_mut().enumerate() {
        for row in &mut program.row {
            row.words = row.verb.split_whitespace().map(str::to_owned).collect();
        }
        for name in &program.names {
            if name.contains('*') {
                table.patterns.push((name.clone(), number));
            } else {
                table.exact.insert(name.clone(), number);
            }
        }
    }
    Ok(table)
}

impl Table {
    /// The program of that name.
    pub fn program(&self, name: &str) -> Option<&Program> {
        let number = self.exact.get(name).copied();
        let number =
            number.or_else(|| self.patterns.iter().find(|(pattern, _)| glob(pattern, name)).map(|(_, number)| *number));
        self.program.get(number?)
    }
}

/// The first that any pattern of fits.
pub fn named<'t>(table: &'t [Named], name: &str) -> Option<&'t Named> {
    table.iter().find(|one| one.names.iter().any(|pattern| glob(pattern, name)))
}

/// `*` stands for any characters, `|` parts alternatives; capitals count.
pub fn glob(pattern: &str, text: &str) -> bool {
    pattern.split('|').any(|pattern| glob_one(pattern.as_bytes(), text.as_bytes()))
}

fn glob_one(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    // Where to go on when the text after the last `*` does not fit.
    let mut back: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                back = Some((at + 1, from));
                at += 1;
            }
            Some(byte) if text.get(from) == Some(byte) => {
                at += 1;
                from += 1;
            }
            _ => match back {
                Some((after, taken)) => {
                    at = after;
                    from = taken + 1;
                    back = Some((after, from));
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

impl Program {
    /// Its positional arguments, flags and their values left out.
    pub fn positional<'i>(&self, invocation: &'i Invocation) -> Vec<&'i Word> {
        let values: Vec<&str> = self.values.iter().map(String::as_str).collect();
        let mut words = invocation.positional(&values);
        // `kubectl $FLAGS get pods`: an expansion that stands where a verb could stand, and is followed by one, is flags.
        while words.len() > 1
            && words.first().is_some_and(|word| word.has_unquoted_expansion())
            && words.get(1).is_some_and(|next| next.literal.as_deref().is_some_and(|next| self.knows(next)))
        {
            words.remove(0);
        }
        words
    }

    fn knows(&self, verb: &str) -> bool {
        self.row.iter().any(|row| row.words.first().is_some_and(|first| glob(first, verb)))
    }
}

impl Row {
    /// How well the row fits a command whose positional arguments are these.
    pub fn fits(&self, program: &Program, invocation: &Invocation, positional: &[&Word]) -> Fit {
        let mut fit = Fit::Yes;
        let mut verbs = 0;
        for (number, pattern) in self.words.iter().enumerate() {
            verbs += 1;
            fit = fit.min(match positional.get(number) {
                Some(word) => match &word.literal {
                    Some(text) => glob(pattern, text).into(),
                    None => Fit::Maybe,
                },
                None => Fit::No,
            });
            if fit == Fit::No {
                return Fit::No;
            }
        }
        let rest = positional.get(verbs..).unwrap_or_default();
        if self.alone && !rest.is_empty() {
            return Fit::No;
        }
        if !self.with.is_empty() {
            fit = fit.min(self.with.iter().map(|flag| flag_fits(program, invocation, flag)).max().unwrap_or(Fit::No));
        }
        for flag in &self.without {
            fit = fit.min(match flag_fits(program, invocation, flag) {
                Fit::Yes => Fit::No,
                Fit::Maybe => Fit::Maybe,
                Fit::No => Fit::Yes,
            });
        }
        if !self.any.is_empty() {
            let words = invocation.words.get(1..).unwrap_or_default();
            let known = words.iter().map(|word| text_fits(&self.any, word)).filter(|fit| *fit == Fit::Yes).max();
            // An argument that is not known yet may be the word only where a verb stands: names are expansions everywhere.
            let verb = positional.first().filter(|word| word.literal.is_none()).map(|_| Fit::Maybe);
            fit = fit.min(known.or(verb).unwrap_or(Fit::No));
        }
        if !self.all.is_empty() {
            fit = fit.min(rest.iter().map(|word| text_fits(&self.all, word)).min().unwrap_or(Fit::No));
        }
        if self.certain && fit == Fit::Maybe { Fit::No } else { fit }
    }

    /// How many of the positional arguments are the verb.
    pub fn verbs(&self) -> usize {
        self.words.len()
    }
}

fn text_fits(patterns: &[String], word: &Word) -> Fit {
    match &word.literal {
        // `/tmp/../etc` is not in `/tmp/`.
        Some(text) if text.starts_with('/') && text.split('/').any(|part| part == "..") => Fit::No,
        Some(text) => patterns.iter().any(|pattern| glob(pattern, text)).into(),
        None => {
            // What stands before the expansion may rule it out: `/data/$X` is not in `/tmp/`.
            let shown = word.shown();
            if patterns.iter().any(|pattern| glob(pattern, &shown)) { Fit::Yes } else { Fit::Maybe }
        }
    }
}

fn flag_fits(program: &Program, invocation: &Invocation, flag: &str) -> Fit {
    let (names, values) = match flag.split_once('=') {
        Some((names, values)) => (names, Some(values)),
        None => (flag, None),
    };
    let names: Vec<&str> = names.split(',').collect();
    match values {
        None if program.one_dash => {
            let words = invocation.words.iter().skip(1).map(known_start);
            words
                .take_while(|start| *start != "--")
                .any(|start| {
                    names.iter().any(|name| {
                        start.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
                    })
                })
                .into()
        }
        None if invocation.has_flag(&names) => switched(invocation, &names),
        None => Fit::No,
        Some(values) => match find_value(&invocation.words, &names) {
            Some((word, from)) => match &word.literal {
                Some(text) => text.get(from..).is_some_and(|value| glob(values, value)).into(),
                None => Fit::Maybe,
            },
            None => Fit::No,
        },
    }
}

/// `--dry-run` switches on, `--dry-run=false` does not, and `--dry-run=$X` may.
fn switched(invocation: &Invocation, names: &[&str]) -> Fit {
    let joined = invocation.words.iter().skip(1).find_map(|word| {
        let start = known_start(word);
        let name = names.iter().find(|name| start.strip_prefix(**name).is_some_and(|rest| rest.starts_with('=')))?;
        Some((word, name.len() + 1))
    });
    match joined {
        Some((word, from)) => match &word.literal {
            Some(text) => (!glob("false|none|no|0", text.get(from..).unwrap_or_default())).into(),
            None => Fit::Maybe,
        },
        None => Fit::Yes,
    }
}
