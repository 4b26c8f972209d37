//! A command line against its grammar: which sub-command, which options with which values, which operands, and which words nobody knows.

use std::ops::Range;

use super::{
    glob::glob,
    grammar::{Arity, Command, Effect, Input, Kind, Opt, Program, Rating, SubCommand},
    options::{Flag, Found, Scope},
};
use crate::Risk;

/// A word of a command, as far as it is known.
pub trait Piece {
    /// All of it, when nothing in it is expanded.
    fn text(&self) -> Option<&str>;
    /// What is known before the first expansion.
    fn start(&self) -> &str;
    /// It may turn into several words, or into none.
    fn splits(&self) -> bool;
    /// It is nothing but expansions that may turn out to be an option.
    fn may_be_option(&self) -> bool;
}

/// A command line, read. Numbers are places of words; the program is word 0.
#[derive(Debug)]
pub struct Call<'g> {
    pub program: &'g Program,
    /// The sub-command; the program itself when it has none. None when there should be one and it is not known.
    pub command: Option<&'g Command>,
    /// Patterns of the words that chose it.
    pub patterns: &'g [&'static str],
    /// The words of the sub-command.
    pub path: Vec<usize>,
    pub options: Vec<Given<'g>>,
    pub operands: Vec<usize>,
    /// What nobody knows, in the order of the words.
    pub unknown: Vec<Unknown>,
    pub inner: Vec<Inner>,
    /// `NAME=value` words before the command that it runs.
    pub assigned: Vec<usize>,
}

/// An option that was given.
#[derive(Debug, Clone, Copy)]
pub struct Given<'g> {
    pub option: &'g Opt,
    pub word: usize,
    /// The word of its value, and from which byte on.
    pub value: Option<(usize, usize)>,
    /// Its name is written out.
    pub exact: bool,
    /// It stands before the sub-command.
    pub early: bool,
}

/// A word that is not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// An option; before the sub-command nobody knows which of the words that follow is the sub-command.
    Option { word: usize, early: bool },
    /// A sub-command that the program is not known to have, or one that is only known when it runs.
    Command { word: usize },
    /// An operand beyond those that the command takes.
    Operand { word: usize },
    /// It may turn into options when it is expanded.
    Expansion { word: usize, early: bool },
}

/// A command that this command runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inner {
    /// These words are a command.
    Words(Range<usize>),
    /// These words, joined, are shell.
    Joined(Range<usize>),
    /// This word is shell, from this byte on.
    Text { word: usize, from: usize },
    /// It reads shell from its standard input.
    Input,
}

/// Reads a command line.
pub fn read<'g, P: Piece>(program: &'g Program, words: &[P]) -> Call<'g> {
    let call = Call {
        program,
        command: program.commands.is_empty().then_some(&program.root),
        patterns: &[],
        path: Vec::new(),
        options: Vec::new(),
        operands: Vec::new(),
        unknown: Vec::new(),
        inner: Vec::new(),
        assigned: Vec::new(),
    };
    let mut reader = Reader { words, at: 1, call, dashes: false, groups: 0 };
    if reader.call.command.is_none() {
        reader.command();
    }
    reader.arguments();
    let mut call = reader.call;
    // `command -v psql` and `sudo -l reboot` only ask.
    let asks = |given: &Given<'_>| matches!(&given.option.effect, Effect::Mode(rating) if rating.risk == Risk::Read);
    if call.options.iter().any(asks) {
        call.inner.clear();
    }
    call
}

struct Reader<'w, 'g, P> {
    words: &'w [P],
    at: usize,
    call: Call<'g>,
    dashes: bool,
    /// How many words of the path only lead to others.
    groups: usize,
}

impl<'g, P: Piece> Reader<'_, 'g, P> {
    /// Finds the sub-command.
    fn command(&mut self) {
        let program = self.call.program;
        // The row that fits the words so far, while longer ones may fit too.
        let mut complete: Option<&'g SubCommand> = None;
        while let Some(word) = self.words.get(self.at) {
            if is_option(word) {
                let scope = self.early_scope(complete.map(SubCommand::command));
                self.option(&scope, true);
                continue;
            }
            let Some(text) = word.text() else {
                if complete.is_none() {
                    self.call.unknown.push(Unknown::Command { word: self.at });
                    self.at += 1;
                    return;
                }
                break;
            };
            if text == "--" {
                if complete.is_some() {
                    break;
                }
                self.at += 1;
                continue;
            }
            if self.groups == self.call.path.len() && program.groups.contains(&text) && complete.is_none() {
                self.call.path.push(self.at);
                self.groups += 1;
                self.at += 1;
                continue;
            }
            let depth = self.call.path.len() - self.groups;
            let mut words: Vec<&str> = self.path_words();
            words.push(text);
            let fits = |command: &&SubCommand| {
                command.path.len() > depth && words.iter().zip(&command.path).all(|(word, pattern)| glob(pattern, word))
            };
            let whole = program.commands.iter().find(|command| command.path.len() == depth + 1 && fits(command));
            let longer = program.commands.iter().any(|command| command.path.len() > depth + 1 && fits(&command));
            match (whole, longer, complete) {
                (Some(command), ..) => {
                    complete = Some(command);
                    self.call.path.push(self.at);
                    self.at += 1;
                    if !longer {
                        break;
                    }
                }
                (None, true, None) => {
                    self.call.path.push(self.at);
                    self.at += 1;
                }
                // A word that only leads to others takes no operands: this is one that it is not known to lead to.
                (None, false, Some(command)) if command.command().operands.kinds.is_empty() && self.leads(command) => {
                    self.call.unknown.push(Unknown::Command { word: self.at });
                    self.call.path.push(self.at);
                    self.at += 1;
                    return;
                }
                // `config view` is longer than `config`: it may still come.
                (None, _, Some(_)) => break,
                (None, false, None) => {
                    self.call.path.push(self.at);
                    self.call.unknown.push(Unknown::Command { word: self.at });
                    self.at += 1;
                    return;
                }
            }
        }
        self.call.command = complete.map(SubCommand::command);
        self.call.patterns = complete.map(|command| command.path.as_slice()).unwrap_or_default();
        if complete.is_none() && self.call.path.is_empty() {
            // No sub-command at all: what the program says for itself counts.
            self.call.command = Some(&program.root).filter(|root| root.rating.is_some() || root.bare.is_some());
        }
    }

    /// Whether longer rows start with the words of this one.
    fn leads(&self, command: &SubCommand) -> bool {
        let depth = command.path.len();
        self.call.program.commands.iter().any(|other| {
            other.path.len() > depth
                && other.path.iter().zip(&command.path).all(|(one, own)| one == own || glob(one, own) || glob(own, one))
        })
    }

    fn path_words(&self) -> Vec<&str> {
        let words = self.call.path.iter().skip(self.groups);
        words.filter_map(|at| self.words.get(*at)?.text()).collect()
    }

    /// Options that may stand before the sub-command is complete: the program's, and those of the words so far.
    fn early_scope(&self, complete: Option<&'g Command>) -> Scope<'g> {
        let program = self.call.program;
        let mut lists = vec![program.root.options.as_slice()];
        lists.extend(complete.map(|command| command.options.as_slice()));
        let open = program.root.open || complete.is_some_and(|command| command.open);
        Scope { style: program.style, lists, open }
    }

    fn scope(&self) -> Scope<'g> {
        let program = self.call.program;
        match self.call.command {
            Some(command) if std::ptr::eq(command, &program.root) => {
                Scope { style: program.style, lists: vec![command.options.as_slice()], open: command.open }
            }
            Some(command) => {
                let mut lists = vec![command.options.as_slice()];
                if program.inherit {
                    lists.push(program.root.options.as_slice());
                }
                Scope { style: program.style, lists, open: command.open || program.inherit && program.root.open }
            }
            None => {
                Scope { style: program.style, lists: vec![program.root.options.as_slice()], open: program.root.open }
            }
        }
    }

    /// Options and operands after the sub-command.
    fn arguments(&mut self) {
        let scope = self.scope();
        let command = self.call.command;
        let kinds = command.map(|command| &command.operands);
        let stops = command.is_some_and(|command| command.stop)
            || kinds.is_some_and(|kinds| {
                !kinds.after_dashes && matches!(kinds.kinds.first(), Some(Kind::Command | Kind::Shell))
            });
        if self.call.program.bundle {
            self.bundle(&scope);
        }
        let mut ended = false;
        while let Some(word) = self.words.get(self.at) {
            if !ended && word.text() == Some("--") {
                ended = true;
                self.dashes = true;
                self.at += 1;
                if kinds.is_some_and(|kinds| kinds.after_dashes) {
                    return self.runs(Kind::Command);
                }
                continue;
            }
            if !ended && is_option(word) {
                self.option(&scope, false);
                continue;
            }
            if !ended && word.may_be_option() {
                self.call.unknown.push(Unknown::Expansion { word: self.at, early: false });
            }
            let Some(kinds) = kinds else {
                self.call.operands.push(self.at);
                self.at += 1;
                continue;
            };
            if kinds.assigns && self.call.operands.is_empty() && is_assignment(word.start()) {
                self.call.assigned.push(self.at);
                self.at += 1;
                continue;
            }
            let number = self.call.operands.len();
            match kinds.kind(number) {
                Some(kind @ (Kind::Command | Kind::Shell)) if kinds.repeats && number + 1 >= kinds.kinds.len() => {
                    return self.runs(kind);
                }
                Some(Kind::Shell) => {
                    self.call.inner.push(Inner::Text { word: self.at, from: 0 });
                    self.call.operands.push(self.at);
                }
                Some(_) => self.call.operands.push(self.at),
                None => {
                    self.call.unknown.push(Unknown::Operand { word: self.at });
                    self.call.operands.push(self.at);
                }
            }
            self.at += 1;
            if stops {
                ended = true;
            }
        }
        self.input();
    }

    /// What is left is a command, or shell when it is joined.
    fn runs(&mut self, kind: Kind) {
        let rest = self.at..self.words.len();
        if rest.is_empty() {
            return;
        }
        self.call.inner.push(match kind {
            Kind::Shell => Inner::Joined(rest),
            _ => Inner::Words(rest),
        });
        self.at = self.words.len();
    }

    /// A shell without a script reads its standard input.
    fn input(&mut self) {
        let Some(command) = self.call.command.filter(|command| command.input == Input::Shell) else { return };
        let script = (0..self.call.operands.len()).any(|number| command.operands.kind(number) == Some(Kind::Script));
        if !script && self.call.inner.is_empty() {
            self.call.inner.push(Inner::Input);
        }
    }

    /// `tar tf x`: the first operand's letters are options, whose values follow in their order.
    fn bundle(&mut self, scope: &Scope<'g>) {
        let Some(text) = self.words.get(self.at).and_then(Piece::text) else { return };
        if text.starts_with('-') || text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return;
        }
        let word = self.at;
        self.at += 1;
        for letter in text.chars() {
            match scope.look_up(&format!("-{letter}"), true) {
                Found::Known(flags) => {
                    for flag in flags {
                        let takes = matches!(flag.option.arity, Arity::Value) && self.at < self.words.len();
                        let value = takes.then_some((self.at, 0));
                        self.at += usize::from(takes);
                        let given = Given { option: flag.option, word, value, exact: true, early: false };
                        self.call.options.push(given);
                    }
                }
                _ => self.call.unknown.push(Unknown::Option { word, early: false }),
            }
        }
    }

    /// One word of options, and the value that follows.
    fn option(&mut self, scope: &Scope<'g>, early: bool) {
        let word = self.at;
        let Some(piece) = self.words.get(word) else { return };
        let found = scope.look_up(piece.start(), piece.text().is_some());
        self.at += 1;
        match found {
            Found::Known(flags) => {
                for flag in flags {
                    self.give(&flag, word, early);
                }
            }
            Found::Parameter { from: None } => {
                // Its value are the words up to the next option.
                while self.words.get(self.at).is_some_and(|next| !is_option(next)) {
                    self.at += 1;
                    if early {
                        break;
                    }
                }
            }
            Found::Parameter { from: Some(_) } => {}
            Found::Unknown(worst) => {
                self.call.unknown.push(Unknown::Option { word, early });
                if let Some(flag) = worst {
                    self.give(&flag, word, early);
                }
            }
        }
    }

    fn give(&mut self, flag: &Flag<'g>, word: usize, early: bool) {
        let option = flag.option;
        let mut value = flag.from.map(|from| (word, from));
        match option.arity {
            Arity::Switch | Arity::Joined => {}
            Arity::Value => {
                if value.is_none() && self.at < self.words.len() {
                    value = Some((self.at, 0));
                    self.at += 1;
                }
                if let Some((word, _)) = value
                    && self.words.get(word).is_some_and(Piece::splits)
                {
                    self.call.unknown.push(Unknown::Expansion { word, early });
                }
            }
            Arity::Until => {
                let start = self.at;
                while self.words.get(self.at).is_some_and(|next| !matches!(next.start(), ";" | "+")) {
                    self.at += 1;
                }
                if self.at > start {
                    self.call.inner.push(Inner::Words(start..self.at));
                }
                self.at += 1;
            }
            Arity::Rest => self.runs(Kind::Command),
        }
        if option.kind == Kind::Shell
            && let Some((word, from)) = value
        {
            self.call.inner.push(Inner::Text { word, from });
        }
        self.call.options.push(Given { option, word, value, exact: flag.exact, early });
    }
}

impl<'g> Call<'g> {
    /// Whether one of these options was given, by any of its names.
    pub fn has(&self, names: &[&str]) -> bool {
        self.given(names).next().is_some()
    }

    /// Whether an option of that name may stand there.
    pub fn knows(&self, name: &str) -> bool {
        let lists = self.command.iter().map(|command| &command.options).chain([&self.program.root.options]);
        lists.flatten().any(|option| option.is(name))
    }

    /// The options of these names, in their order.
    pub fn given<'c>(&'c self, names: &'c [&str]) -> impl DoubleEndedIterator<Item = &'c Given<'g>> {
        self.options.iter().filter(|given| names.iter().any(|name| given.option.is(name)))
    }

    /// Where the value stands that counts: the last one.
    pub fn value(&self, names: &[&str]) -> Option<(usize, usize)> {
        self.given(names).rev().find_map(|given| given.value)
    }

    /// What it does as it was called: the worst of its modes, what it does without operands, or what it is for.
    pub fn rating(&self) -> Option<&'g Rating> {
        let command = self.command?;
        let modes = self.options.iter().filter_map(|given| match &given.option.effect {
            Effect::Mode(rating) => Some(rating),
            _ => None,
        });
        let bare = || command.bare.as_ref().filter(|_| self.is_bare());
        modes.max_by_key(|rating| rating.risk).or_else(bare).or(command.rating.as_ref())
    }

    /// It was given nothing to work on; no command, when it is there to run one.
    pub fn is_bare(&self) -> bool {
        let runs = self
            .command
            .is_some_and(|command| matches!(command.operands.kinds.last(), Some(Kind::Command | Kind::Shell)));
        let given = runs || self.operands.is_empty();
        given && self.assigned.is_empty() && !self.inner.iter().any(|inner| *inner != Inner::Input)
    }
}

/// It starts with a dash and is no lone dash.
pub fn is_option<P: Piece>(word: &P) -> bool {
    let start = word.start();
    (start.len() > 1 || word.text().is_none() && !start.is_empty())
        && start.starts_with('-')
        && word.text() != Some("--")
}

/// `NAME=value`
fn is_assignment(start: &str) -> bool {
    start.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|char: char| char.is_ascii_digit())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}
