//! The data of the grammar: programs, sub-commands, options and operands, and what each of them does.

use std::sync::OnceLock;

use crate::Risk;

/// A program.
#[derive(Debug)]
pub struct Program {
    /// Without folder: the name and its aliases.
    pub names: Vec<&'static str>,
    pub style: Style,
    /// Its options may stand behind the sub-command too.
    pub inherit: bool,
    /// The first operand is a cluster of letters.
    pub bundle: bool,
    /// Words that only lead to further sub-commands, at any depth.
    pub groups: Vec<&'static str>,
    /// Options that only print something about the program when they stand alone, and sub-commands that do.
    pub help: Vec<&'static str>,
    /// What it does without a sub-command; its options are the program's.
    pub root: Command,
    /// Sub-commands, the special before the general.
    pub commands: Vec<SubCommand>,
}

/// A sub-command, read when it is first asked for.
#[derive(Debug)]
pub struct SubCommand {
    /// Patterns of the words that choose it.
    pub path: Vec<&'static str>,
    text: &'static str,
    read: fn(&'static str) -> Result<Command, String>,
    command: OnceLock<Command>,
}

impl SubCommand {
    /// `read` makes the command of the text.
    pub(super) fn new(
        path: &'static str,
        text: &'static str,
        read: fn(&'static str) -> Result<Command, String>,
    ) -> Self {
        Self { path: path.split(' ').collect(), text, read, command: OnceLock::new() }
    }

    pub fn command(&self) -> &Command {
        self.command.get_or_init(|| (self.read)(self.text).unwrap_or_else(|_| Command::unreadable()))
    }
}

/// How options are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// `-abc`, `-nV`, `--name=V`, `--name V`, prefixes of long names.
    #[default]
    Gnu,
    /// `-name V`, `-name=V`: one dash, a whole word.
    Words,
}

/// What one sub-command, or a program without any, does.
#[derive(Debug, Default)]
pub struct Command {
    /// Nothing where a program has sub-commands and none of them was given.
    pub rating: Option<Rating>,
    pub options: Vec<Opt>,
    /// With one of these it changes nothing: names of an option, and a pattern of its value; an empty pattern is no value.
    pub rehearse: Vec<(&'static str, Option<&'static str>)>,
    /// What it does without operands.
    pub bare: Option<Rating>,
    pub operands: Operands,
    pub input: Input,
    /// Where the name stands that a person types, the first that is found.
    pub target: Vec<&'static str>,
    /// People outside see it.
    pub external: bool,
    pub when: Vec<When>,
    /// Any long option is a parameter of the call.
    pub open: bool,
    /// Options end at the first operand.
    pub stop: bool,
}

impl Command {
    /// Of data that cannot be read, which a test rules out, nothing is known.
    fn unreadable() -> Self {
        let rating = Rating { risk: Risk::Destructive, why: "is not known" };
        Self { rating: Some(rating), ..Self::default() }
    }
}

/// A risk and why: the rest of a sentence that starts with the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rating {
    pub risk: Risk,
    pub why: &'static str,
}

/// An option.
#[derive(Debug)]
pub struct Opt {
    /// With their dashes and commas between them; the last one is what it is called by.
    pub(super) names: &'static str,
    pub arity: Arity,
    /// What its value is.
    pub kind: Kind,
    pub effect: Effect,
}

impl Opt {
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.names.split(',')
    }

    pub fn is(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }

    /// The longest of its names.
    pub fn name(&self) -> &str {
        self.names().max_by_key(|name| name.len()).unwrap_or_default()
    }
}

/// What follows an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arity {
    Switch,
    /// A value, joined to it or the next word.
    Value,
    /// A value, only when it is joined.
    Joined,
    /// The words up to `;` or `+`.
    Until,
    /// All the words that are left.
    Rest,
}

/// What an option does to the risk of its command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    None,
    /// At least this.
    Raises(Rating),
    /// It chooses what the program does.
    Mode(Rating),
}

/// What a value or an operand is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Without an effect.
    Plain,
    /// A file that is read.
    In,
    /// A file that is written.
    Out,
    /// A password or token.
    Secret,
    /// Text that a shell runs.
    Shell,
    /// A command: this word and those after it.
    Command,
    /// The name of a program that is run.
    Program,
    /// A program in a language that is not read here.
    Code,
    /// A file that is run.
    Script,
    Sql,
    Sed,
    Awk,
    Redis,
    /// `NAME=value` words before a command.
    Assignment,
    /// A machine.
    Host,
    /// An address.
    Url,
}

/// The kinds of operands, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operands {
    pub kinds: Vec<Kind>,
    /// The last kind repeats.
    pub repeats: bool,
    /// The kind before this place may be left out or repeat: `assign... cmd...`.
    pub assigns: bool,
    /// What stands behind `--` is a command.
    pub after_dashes: bool,
}

impl Default for Operands {
    fn default() -> Self {
        Self { kinds: vec![Kind::Plain], repeats: true, assigns: false, after_dashes: false }
    }
}

impl Operands {
    /// What the operand number `number` is.
    pub fn kind(&self, number: usize) -> Option<Kind> {
        self.kinds.get(number).or(self.kinds.last().filter(|_| self.repeats)).copied()
    }
}

/// What a program makes of what is piped into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Input {
    #[default]
    Data,
    Shell,
    Sql,
    Code,
    Redis,
}

/// What values change about the risk.
#[derive(Debug)]
pub struct When {
    pub option: Option<&'static str>,
    /// A pattern of the option's value.
    pub value: Option<&'static str>,
    /// A pattern of the values that it does not hold for.
    pub except: Option<&'static str>,
    /// A pattern of an operand.
    pub operand: Option<&'static str>,
    /// Holds when no operand was given.
    pub without_operands: bool,
    pub rating: Rating,
    pub target: Vec<&'static str>,
    pub external: bool,
    /// A value that is not known before it runs does not fit.
    pub certain: bool,
    /// It may rate less than the command.
    pub lower: bool,
}
