//! One command against the grammar of its program.

use std::ops::Range;

use super::{
    Risk, database, files,
    findings::Findings,
    http, redis_cli, scripts,
    words::{self, seen},
};
use crate::{
    program::{
        self, Call, Effect, Given, Kind, Program, Unknown,
        glob::glob,
        grammar::{Input, Rating, When},
        verbs,
    },
    shell::{Invocation, PartKind, Redirect, Script, Word, Wrapper, args},
};

/// Programs whose own language says what they do.
const READERS: [&str; 4] = ["psql", "redis-cli", "valkey-cli", "keydb-cli"];

/// What a command is rated by: its words as far as they are known, and how they were read.
pub(super) struct Rated<'a> {
    pub(super) script: &'a Script,
    pub(super) invocation: &'a Invocation,
    pub(super) name: &'a str,
    pub(super) words: &'a [Word],
    pub(super) call: &'a Call<'a>,
    pub(super) span: Range<usize>,
}

/// The command itself.
pub(super) fn invocation(script: &Script, invocation: &Invocation, findings: &mut Findings) {
    let Some(first) = invocation.words.first() else { return };
    let span = invocation.span.clone();
    let Some(name) = invocation.program().filter(|_| is_certain(first)) else {
        let text = format!("{} is a program whose name is known only when it runs", first.raw);
        return findings.add(Risk::Destructive, text, span);
    };
    // A function's body is rated where it stands. A name that is also a program's may mean that program after all.
    let is_function = script.functions.iter().any(|function| function == name);
    let Some(known) = program::find(name) else {
        if is_function && invocation.through.is_empty() {
            return;
        }
        return unknown_program(script, name, invocation, findings);
    };
    rate(script, invocation, name, known, &invocation.words, false, findings);
}

/// A wrapper around a command: what it does itself. What it runs is a command of its own.
pub(super) fn wrapper(script: &Script, invocation: &Invocation, wrapper: &Wrapper, findings: &mut Findings) {
    let Some(known) = program::find(&wrapper.name) else { return };
    rate(script, invocation, &wrapper.name, known, &wrapper.words, true, findings);
}

/// The program's name is what will run: no file name pattern, and no escape that only the shell reads (`$'\x72m'`).
fn is_certain(first: &Word) -> bool {
    let pattern = first.parts.iter().any(|part| matches!(part.kind, PartKind::Glob(_)));
    let odd = first.literal.as_deref().is_some_and(|name| name.contains(['\\', ' ', '\n']));
    !odd && (!pattern || first.literal.as_deref() == Some("["))
}

/// Nobody described it: its name, and the words that could be its verb, are all there is to go by.
fn unknown_program(script: &Script, name: &str, invocation: &Invocation, findings: &mut Findings) {
    let span = invocation.span.clone();
    if script.aliases.iter().any(|alias| alias == name) {
        return findings.add(Risk::Destructive, format!("{name} is an alias, which stands for another command"), span);
    }
    let operands = invocation.words.iter().skip(1).filter_map(|word| word.literal.as_deref());
    // Paths and values name things; verbs are plain words.
    let verbs = operands.take_while(|text| *text != "--").filter(|text| !text.contains(['/', '=', '.', ' ']));
    match verbs::harmful(name).or_else(|| verbs.take(4).find_map(verbs::harmful)) {
        Some(verb) => {
            for word in invocation.words.iter().skip(1).filter(|word| !args::known_start(word).starts_with('-')) {
                findings.target(Risk::Destructive, word.shown());
            }
            findings.add(Risk::Destructive, format!("{name} is an unknown program, and says {verb}"), span);
        }
        None => findings.add(Risk::Change, format!("{name} is an unknown program"), span),
    }
}

fn rate(
    script: &Script,
    invocation: &Invocation,
    name: &str,
    known: &Program,
    words: &[Word],
    wrapping: bool,
    findings: &mut Findings,
) {
    let seen = seen(script, words);
    let call = program::read(known, &seen);
    let span = match words {
        [first, .., last] if wrapping => first.span.start..last.span.end,
        [only] if wrapping => only.span.clone(),
        _ => invocation.span.clone(),
    };
    let rated = Rated { script, invocation, name, words, call: &call, span };
    if !wrapping && rated.only_help() {
        return findings.add(Risk::Read, format!("{} prints its help or version", rated.shown()), rated.span.clone());
    }
    let rehearsed = call.unknown.is_empty() && rated.rehearsed();
    rated.base(wrapping, rehearsed, findings);
    rated.options(rehearsed, findings);
    rated.operands(findings);
    rated.unknown(findings);
    if !wrapping {
        rated.appended(findings);
        rated.input(findings);
        match name {
            "psql" => database::psql(script, invocation, findings),
            "redis-cli" | "valkey-cli" | "keydb-cli" => redis_cli::call(&rated, findings),
            "curl" | "wget" | "wget2" => http::call(&rated, findings),
            _ => {}
        }
    }
}

impl Rated<'_> {
    /// The program and its sub-command.
    pub(super) fn shown(&self) -> String {
        let mut text = self.name.to_owned();
        for at in &self.call.path {
            if let Some(word) = self.words.get(*at) {
                text.push(' ');
                text.push_str(&word.shown());
            }
        }
        text
    }

    fn word(&self, at: usize) -> Option<&Word> {
        self.words.get(at)
    }

    /// The known text of a value; None when it is only known when it runs.
    pub(super) fn value(&self, value: (usize, usize)) -> Option<&str> {
        self.word(value.0)?.literal.as_deref()?.get(value.1..)
    }

    /// A value as a person reads it.
    pub(super) fn value_shown(&self, value: (usize, usize)) -> String {
        let shown = self.word(value.0).map(Word::shown).unwrap_or_default();
        shown.get(value.1..).unwrap_or_default().to_owned()
    }

    pub(super) fn operand_words(&self) -> impl Iterator<Item = &Word> {
        self.call.operands.iter().filter_map(|at| self.words.get(*at))
    }

    fn only_help(&self) -> bool {
        let is_help =
            |word: &Word| word.literal.as_ref().is_some_and(|text| self.call.program.help.contains(&text.as_str()));
        // `gh help pr`: a sub-command that takes names of others.
        let first = self.word(1).and_then(|word| word.literal.as_deref()).is_some_and(|text| !text.starts_with('-'));
        if first && self.word(1).is_some_and(is_help) {
            return self
                .words
                .iter()
                .skip(2)
                .all(|word| word.literal.as_deref().is_some_and(|text| !text.starts_with('-')));
        }
        let rest: Vec<usize> = (1..self.words.len()).filter(|at| !self.call.path.contains(at)).collect();
        let known = self.call.command.is_some() || self.call.path.is_empty();
        known
            && !rest.is_empty()
            && rest.iter().all(|at| self.word(*at).is_some_and(|word| is_help(word) && self.is_help_here(word)))
    }

    /// `-v` prints the version of a program, and means something else to its sub-commands.
    fn is_help_here(&self, word: &Word) -> bool {
        let text = word.literal.as_deref().unwrap_or_default();
        let own = |command: &program::Command| command.options.iter().any(|option| option.is(text));
        self.call.path.is_empty() || matches!(text, "--help" | "-h" | "-help") && !self.call.command.is_some_and(own)
    }

    /// It was told to change nothing.
    fn rehearsed(&self) -> bool {
        let Some(command) = self.call.command else { return false };
        let rules = command.rehearse.iter().chain(&self.call.program.root.rehearse);
        let mut rules = rules.filter(|(name, _)| self.call.has(&[name]));
        rules.any(|(name, values)| {
            let negated = name.strip_prefix("--").map(|rest| format!("--no-{rest}")).unwrap_or_default();
            let names = [*name];
            self.call.has(&names)
                && self.call.given(&names).all(|given| {
                    let value = match given.value {
                        Some(value) => self.value(value),
                        None => Some(""),
                    };
                    given.exact
                        && match values {
                            Some(values) => value.is_some_and(|value| glob(values, value)),
                            None => given.value.is_none(),
                        }
                })
                && !self.call.has(&[&negated])
                && !self.words.iter().any(|word| args::known_start(word) == negated)
        })
    }

    fn base(&self, wrapping: bool, rehearsed: bool, findings: &mut Findings) {
        let Some(command) = self.call.command else {
            // The unknown word is told where unknown words are; without one, half a sub-command prints help or fails.
            if self.call.unknown.is_empty() {
                let text = format!("{} is not a whole command", self.shown());
                findings.add(Risk::Change, text, self.span.clone());
            }
            return;
        };
        let bare = wrapping && self.call.is_bare() && command.bare.is_some();
        let own = if bare { command.rating.as_ref() } else { self.call.rating() };
        if rehearsed {
            let text = format!("{} only rehearses", self.shown());
            return findings.add(Risk::Read, text, self.span.clone());
        }
        let by_reader = READERS.contains(&self.name) && own.is_some_and(|own| Some(own) == command.rating.as_ref());
        let mut rating = own.filter(|_| !by_reader).copied();
        let mut target = command.target.as_slice();
        let mut external = command.external;
        let mut raised: Vec<&When> = Vec::new();
        let general = &self.call.program.root;
        let general = if std::ptr::eq(command, general) { &[] } else { general.when.as_slice() };
        for when in command.when.iter().chain(general) {
            if !self.fits(when, &raised) {
                continue;
            }
            raised.push(when);
        }
        if let Some(worst) = raised.iter().max_by_key(|when| when.rating.risk) {
            let replaces = match &rating {
                Some(rating) => worst.rating.risk >= rating.risk || raised.iter().all(|when| when.lower),
                None => true,
            };
            if replaces {
                rating = Some(worst.rating);
                external |= worst.external;
                if !worst.target.is_empty() {
                    target = worst.target.as_slice();
                }
            }
        }
        let Some(Rating { risk, why }) = rating else { return };
        findings.add(risk, format!("{} {why}", self.shown()), self.span.clone());
        if risk > Risk::Read {
            if external {
                findings.outside();
            }
            for name in self.targets(target) {
                findings.target(risk, name);
            }
        }
    }

    /// Whether a condition holds. Of the conditions on operands the first one that an operand fits counts for it.
    fn fits(&self, when: &When, before: &[&When]) -> bool {
        if when.without_operands {
            return self.call.operands.is_empty();
        }
        if let Some(option) = when.option {
            let names = [option];
            if let Some(except) = &when.except {
                let is_other = |given: &Given<'_>| match given.value.map(|value| self.value(value)) {
                    Some(Some(text)) => !glob(except, text),
                    _ => true,
                };
                return self.call.given(&names).any(is_other);
            }
            let Some(pattern) = &when.value else { return self.call.has(&names) };
            return self.call.given(&names).any(|given| match given.value {
                None => glob(pattern, ""),
                Some(value) => match self.value(value) {
                    Some(text) => glob(pattern, text),
                    None => {
                        let known = self.word(value.0).is_some_and(|word| words::is_known(self.script, word));
                        !known && !when.certain && !when.lower
                    }
                },
            });
        }
        let Some(pattern) = &when.operand else { return false };
        let earlier: Vec<&str> = before.iter().filter_map(|when| when.operand).collect();
        let operands = self.operand_words().map(Some);
        let mut any = false;
        for word in operands.flatten() {
            // What a substitution gives is not its code.
            let shown = word.shown().replace("$(…)", "…").replace("<(…)", "…");
            if earlier.iter().any(|earlier| glob(earlier, &shown)) {
                continue;
            }
            let fits = match &word.literal {
                Some(text) => glob(pattern, text),
                None => {
                    let open = !words::is_known(self.script, word) && !when.certain && !when.lower;
                    glob(pattern, &shown) || open && may_become(&shown, pattern)
                }
            };
            any |= fits;
            if when.lower && !fits {
                return false;
            }
        }
        any
    }

    fn options(&self, rehearsed: bool, findings: &mut Findings) {
        for given in &self.call.options {
            let written =
                matches!(given.option.kind, Kind::Out) && given.value.is_some_and(|value| self.is_sink(value));
            if let Effect::Raises(rating) = &given.option.effect
                && !written
                && !(rehearsed && matches!(given.option.kind, Kind::Plain | Kind::In | Kind::Secret))
                && !self.is_off(given)
            {
                let text = format!("{} {} {}", self.shown(), given.option.name(), rating.why);
                findings.add(rating.risk, text, self.span.clone());
                self.target_of(rating.risk, given, findings);
            } else if let Some(value) = given.value {
                self.kind(given.option.kind, value, given.option.name(), findings);
            }
        }
    }

    /// `--force=false` switches off, in programs whose switches take a value.
    fn is_off(&self, given: &Given<'_>) -> bool {
        given.value.is_some_and(|value| {
            matches!(given.option.arity, program::grammar::Arity::Joined)
                && given.option.kind == Kind::Plain
                && given.option.names().all(|name| name.starts_with("--"))
                && !matches!(self.name, "man" | "sed" | "gsed")
                && matches!(self.value(value), Some("false" | "False"))
        })
    }

    fn target_of(&self, risk: Risk, given: &Given<'_>, findings: &mut Findings) {
        let command = self.call.command;
        let names = self.targets(command.map(|command| command.target.as_slice()).unwrap_or_default());
        let names = if names.is_empty() {
            let file = given.value.filter(|_| given.option.kind == Kind::Out).map(|value| self.value_shown(value));
            file.into_iter().collect()
        } else {
            names
        };
        for name in names {
            findings.target(risk, name);
        }
    }

    /// What is written there is gone, seen, or a file that the step made for itself.
    fn is_sink(&self, value: (usize, usize)) -> bool {
        let Some(word) = self.word(value.0) else { return false };
        files::is_sink(&self.value_shown(value)) || files::is_fresh(self.script, word)
    }

    /// What a value or operand does by its kind.
    fn kind(&self, kind: Kind, value: (usize, usize), by: &str, findings: &mut Findings) {
        let shown = self.shown();
        let text = self.value_shown(value);
        let mut add = |risk: Risk, why: String| findings.add(risk, why, self.span.clone());
        match kind {
            Kind::Out if !self.is_sink(value) => add(Risk::Change, format!("{shown} writes to the file {text}")),
            Kind::Program => add(Risk::Change, format!("{shown} {by} runs the program {text}")),
            Kind::Code => add(Risk::Destructive, format!("{shown} runs code that is not read here")),
            Kind::Script => match (self.value(value), verbs::harmful(&text)) {
                (None, _) => add(Risk::Destructive, format!("{shown} runs a file that is known only when it runs")),
                (_, Some(verb)) => add(Risk::Destructive, format!("{shown} runs the file {text}, which says {verb}")),
                _ => add(Risk::Change, format!("{shown} runs the file {text}")),
            },
            Kind::Sed => scripts::sed(self, value, findings),
            Kind::Awk => scripts::awk(self, value, findings),
            // `psql` reads its SQL itself.
            Kind::Sql if self.name != "psql" => scripts::sql(self, value, findings),
            _ => {}
        }
    }

    fn operands(&self, findings: &mut Findings) {
        let Some(command) = self.call.command else { return };
        let in_option = |kind: Kind| {
            self.call.options.iter().any(|given| given.option.kind == kind || given.option.kind == Kind::Code)
        };
        // `bash -n script` only looks at it.
        let looks = self
            .call
            .options
            .iter()
            .any(|given| matches!(&given.option.effect, Effect::Mode(rating) if rating.risk == Risk::Read));
        for (number, at) in self.call.operands.iter().enumerate() {
            if looks {
                break;
            }
            let Some(kind) = command.operands.kind(number) else { continue };
            // `sed -e SCRIPT FILE`: the script is given already, so that operands are files.
            if matches!(kind, Kind::Sed | Kind::Awk | Kind::Script) && in_option(kind) {
                continue;
            }
            let process = self
                .word(*at)
                .is_some_and(|word| word.parts.iter().any(|part| part.kind == PartKind::ProcessSubstitution));
            if matches!(kind, Kind::Script | Kind::Code) && process {
                let text = format!("{} runs the output of a command", self.shown());
                findings.add(Risk::Destructive, text, self.span.clone());
                continue;
            }
            self.kind(kind, (*at, 0), "", findings);
        }
    }

    fn unknown(&self, findings: &mut Findings) {
        for unknown in &self.call.unknown {
            let shown = |word: usize| self.word(word).map(Word::shown).unwrap_or_default();
            let (risk, text) = match *unknown {
                Unknown::Option { word, early: true } if !self.call.program.commands.is_empty() => {
                    (Risk::Destructive, format!("{} is an unknown option of {}", flag_name(&shown(word)), self.name))
                }
                Unknown::Option { word, .. } => {
                    (Risk::Change, format!("{} is an unknown option of {}", flag_name(&shown(word)), self.shown()))
                }
                Unknown::Command { word } => {
                    (Risk::Destructive, format!("{} is an unrecognised {} subcommand", shown(word), self.name))
                }
                Unknown::Operand { word } => (
                    Risk::Change,
                    format!("{} is one argument more than {} is known to take", shown(word), self.shown()),
                ),
                Unknown::Expansion { word, early } => {
                    let risk = if early { Risk::Destructive } else { self.worst_option() };
                    if risk == Risk::Read {
                        continue;
                    }
                    (risk, format!("{} may turn into options of {}", shown(word), self.shown()))
                }
            };
            findings.add(risk, text, self.span.clone());
        }
    }

    /// What an option that nobody sees could do to this command.
    fn worst_option(&self) -> Risk {
        let Some(command) = self.call.command else { return Risk::Destructive };
        let inherited = if self.call.program.inherit { self.call.program.root.options.as_slice() } else { &[] };
        let of = |option: &program::Opt| match (&option.effect, option.kind) {
            (Effect::Raises(rating) | Effect::Mode(rating), _) => rating.risk,
            (_, Kind::Code | Kind::Shell | Kind::Command | Kind::Sql | Kind::Script) => Risk::Destructive,
            (_, Kind::Out | Kind::Program | Kind::Sed | Kind::Awk) => Risk::Change,
            _ => Risk::Read,
        };
        command.options.iter().chain(inherited).map(of).max().unwrap_or(Risk::Read)
    }

    /// Words that are added when it runs, as `xargs` does.
    fn appended(&self, findings: &mut Findings) {
        if !self.invocation.appended {
            return;
        }
        let has_command = self.call.command.is_some();
        let last = self.call.command.and_then(|command| command.operands.kind(self.call.operands.len()));
        let risk = match last {
            _ if !has_command => Risk::Destructive,
            Some(Kind::Command | Kind::Shell | Kind::Code | Kind::Script | Kind::Sql | Kind::Redis) => {
                Risk::Destructive
            }
            Some(Kind::Out | Kind::Sed | Kind::Awk) => self.worst_option().max(Risk::Change),
            _ => self.worst_option(),
        };
        if risk > Risk::Read {
            let text = format!("{} gets more words from what is piped into it", self.shown());
            findings.add(risk, text, self.span.clone());
        }
    }

    /// Code that comes from standard input.
    fn input(&self, findings: &mut Findings) {
        let Some(command) = self.call.command else { return };
        // The operand of these names a database, of others a script.
        let names_database = matches!(self.name, "mysql" | "mariadb" | "sqlite3" | "cockroach");
        let only_dashes = self.call.operands.len() == self.dashes();
        if command.input != Input::Code || !(only_dashes || names_database) {
            return;
        }
        let gives = self.invocation.placement.piped || self.invocation.redirects.iter().any(Redirect::gives_input);
        let given = self.call.options.iter().any(|given| given.option.kind == Kind::Code);
        if gives && !given && !self.call.options.iter().any(|given| matches!(given.option.effect, Effect::Mode(_))) {
            let text = format!("{} runs code that is piped into it", self.shown());
            findings.add(Risk::Destructive, text, self.span.clone());
        }
    }

    /// Operands that are only a dash, for standard input.
    fn dashes(&self) -> usize {
        self.operand_words().filter(|word| word.literal.as_deref() == Some("-")).count()
    }

    /// The names that the first of the sources gives.
    fn targets(&self, sources: &[&str]) -> Vec<String> {
        let operands: Vec<&Word> = self.named().chain(self.operand_words()).collect();
        let show = |word: &&Word| word.shown();
        for source in sources {
            let found: Vec<String> = match *source {
                "rest" => operands.iter().map(show).collect(),
                "first" => operands.iter().take(1).map(show).collect(),
                "second" => operands.iter().skip(1).take(1).map(show).collect(),
                "last" => operands.last().map(show).into_iter().collect(),
                "kubernetes" => kubernetes(&operands),
                "host" => self.host().into_iter().collect(),
                other => match other.strip_prefix("flag:") {
                    Some(names) => names.split(',').find_map(|name| self.option_text(name)).into_iter().collect(),
                    // A word of its own: `this cluster`.
                    None => vec![other.to_owned()],
                },
            };
            let found: Vec<String> = found.into_iter().filter(|name| !name.is_empty()).collect();
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// Words of the sub-command that any name fits: `nginx` of `service nginx stop`.
    fn named(&self) -> impl Iterator<Item = &Word> {
        let patterns = self.call.patterns;
        let skipped = self.call.path.len().saturating_sub(patterns.len());
        let words = self.call.path.iter().skip(skipped).zip(patterns).filter(|(_, pattern)| **pattern == "*");
        words.filter_map(|(at, _)| self.words.get(*at))
    }

    /// The value of an option; of a parameter of an API call too.
    fn option_text(&self, name: &str) -> Option<String> {
        if let Some(value) = self.call.value(&[name]) {
            return Some(self.value_shown(value));
        }
        args::value_text(self.words, &[name])
    }

    fn host(&self) -> Option<String> {
        let ssh = self.invocation.through.iter().rev().find(|wrapper| wrapper.name == "ssh")?;
        let call = program::read(program::find("ssh")?, &ssh.words);
        Some(ssh.words.get(*call.operands.first()?)?.shown())
    }
}

/// An option's name without its value, which may be a password.
fn flag_name(text: &str) -> &str {
    text.split('=').next().unwrap_or(text)
}

/// Whether text with an expansion in it may become what a pattern describes: what stands before the expansion decides.
fn may_become(shown: &str, pattern: &str) -> bool {
    let known = shown.split('$').next().unwrap_or_default();
    pattern.split('|').any(|one| {
        let start = one.split('*').next().unwrap_or_default();
        start.starts_with(known) || known.starts_with(start)
    })
}

/// `deployment/api`, whether it was written so or as `deployment api`; only the kind when a selector chooses.
fn kubernetes(rest: &[&Word]) -> Vec<String> {
    let words: Vec<String> = rest.iter().map(|word| word.shown()).collect();
    match words.split_first() {
        Some((kind, names)) if !kind.contains('/') && !names.is_empty() => {
            names.iter().filter(|name| !name.contains('=')).map(|name| format!("{kind}/{name}")).collect()
        }
        Some((kind, names)) if kind.contains('/') => std::iter::once(kind.clone())
            .chain(names.iter().filter(|name| name.contains('/') && !name.contains('=')).cloned())
            .collect(),
        _ => Vec::new(),
    }
}
