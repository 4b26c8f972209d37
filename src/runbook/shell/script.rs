//! The data that shell analysis gives: every command of a piece of shell, wherever it stands.

use std::{borrow::Cow, ops::Range};

use super::text::Text;
use crate::program::Piece;

/// A piece of shell, taken apart. Spans are bytes of the analysed code, also for what stood in a nested string.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// Every simple command, in the order in which they stand.
    pub commands: Vec<Invocation>,
    /// `A=b` that stand alone, and those of `export`, `local`, `readonly` and `declare`. Prefixes of a command are in it.
    pub assignments: Vec<Assignment>,
    /// Names of the functions that the code defines.
    pub functions: Vec<String>,
    /// Names that `alias` gives to other commands.
    pub aliases: Vec<String>,
    /// Text that is run and cannot be seen: `eval "$X"`, `curl … | sh`.
    pub unseen: Vec<Unseen>,
    /// Text that bash evaluates once more, which is seen and may hold code all the same: a subscript that is not a number.
    pub evaluated: Vec<Unseen>,
    /// Text that another shell runs, with what this one puts into it.
    pub spliced: Vec<Spliced>,
    /// The first thing that could not be parsed; the commands are then those that were found in spite of it.
    pub problem: Option<SyntaxProblem>,
}

impl Script {
    /// What is piped into a command, when it is known: the words of `echo` or `printf`, or the lines of `cat <<EOF`.
    pub fn piped_text(&self, invocation: &Invocation) -> Option<Text> {
        super::wrapper::piped_text(&self.commands, invocation)
    }
}

/// Code that is run and that nobody can read before it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// What runs it, as a sentence's start: `eval runs text that is put together at run time`.
    pub what: String,
    pub span: Range<usize>,
}

/// Words that are code for another shell: `bash -c "cat $F"`, `ssh host cat "$F"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spliced {
    /// What runs it: `bash`.
    pub program: String,
    pub words: Vec<Word>,
    pub span: Range<usize>,
}

/// Text that is not shell, or that is nested too deeply to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxProblem {
    pub message: String,
    pub span: Range<usize>,
    /// Bash would refuse it, too. False for what our own parser cannot do, and for what is left unread.
    pub certain: bool,
}

/// One simple command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The program and its arguments; wrappers are taken off. Empty when there are only redirects (`> file`).
    pub words: Vec<Word>,
    /// The wrappers that were taken off, the outermost first.
    pub through: Vec<Wrapper>,
    /// `A=b` before the program, or given to `env` and `sudo`.
    pub assignments: Vec<Assignment>,
    pub redirects: Vec<Redirect>,
    pub placement: Placement,
    /// Words follow that are only known when it runs, as `xargs` adds them.
    pub appended: bool,
    pub span: Range<usize>,
}

/// A program that does nothing itself but run another: `sudo -u postgres`, `kubectl exec pod --`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapper {
    /// The program without its path: `sudo`, `kubectl`, `sh`.
    pub name: String,
    /// All of its own words, the name first; what it runs is not among them.
    pub words: Vec<Word>,
}

/// `NAME=value`, `NAME+=value`, `NAME[i]=value` or `NAME=(…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub name: String,
    /// One word; for an array all of them.
    pub values: Vec<Word>,
    pub append: bool,
    pub array: bool,
    /// By `export` or `declare -x`.
    pub exported: bool,
    /// The function in which it stands.
    pub function: Option<String>,
    pub span: Range<usize>,
}

impl Assignment {
    /// The value when it is one word.
    pub fn value(&self) -> Option<&Word> {
        if self.array { None } else { self.values.first() }
    }
}

/// `> file`, `2>&1`, `<<EOF`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The number before the operator.
    pub descriptor: Option<i32>,
    pub operator: RedirectOperator,
    /// File, descriptor or, for a here-string, the text. Nothing for a here-document and for a process substitution.
    pub target: Option<Word>,
    pub document: Option<HereDocument>,
    pub span: Range<usize>,
}

impl Redirect {
    /// It gives standard input.
    pub fn gives_input(&self) -> bool {
        use RedirectOperator as R;
        matches!(self.operator, R::Read | R::HereDocument | R::HereString | R::ReadWrite)
            && self.descriptor.is_none_or(|descriptor| descriptor == 0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectOperator {
    /// `<`
    Read,
    /// `>`
    Write,
    /// `>>`
    Append,
    /// `<>`
    ReadWrite,
    /// `>|`
    Clobber,
    /// `<&`
    DuplicateInput,
    /// `>&`
    DuplicateOutput,
    /// `&>`
    WriteBoth,
    /// `&>>`
    AppendBoth,
    /// `<<` or `<<-`
    HereDocument,
    /// `<<<`
    HereString,
}

impl RedirectOperator {
    /// It opens its target for writing.
    pub fn writes(self) -> bool {
        use RedirectOperator as R;
        matches!(self, R::Write | R::Append | R::ReadWrite | R::Clobber | R::WriteBoth | R::AppendBoth)
    }
}

/// The lines between `<<EOF` and `EOF`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HereDocument {
    /// The lines as one word: its parts show what is expanded.
    pub body: Word,
    /// `<<'EOF'`: nothing in it is expanded.
    pub quoted: bool,
}

/// Where a command stands among the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    /// Number of the pipeline in the script, from 0; commands of one pipeline share it.
    pub pipeline: usize,
    /// Place in the pipeline, from 0.
    pub index: usize,
    /// How many commands the pipeline has.
    pub length: usize,
    /// Its standard input is the output of another command, also when that one stands outside of a group or wrapper.
    pub piped: bool,
    /// Inside `$(…)`, backquotes, `<(…)` or `>(…)`.
    pub substitution: bool,
    /// Inside `( … )`.
    pub subshell: bool,
    /// In the body of `for`, `while`, `until`, or in the condition of the last two.
    pub in_loop: bool,
    /// In the condition of `if`, `elif`, `while` or `until`, or after `!`: its failure ends nothing.
    pub condition: bool,
    /// In a branch of `if` or `case`.
    pub branch: bool,
    /// Name of the function that holds it.
    pub function: Option<String>,
    /// `&` or `coproc`.
    pub background: bool,
    /// It stands after `&&` or `||`.
    pub after: Option<Connector>,
    /// An `||` follows in its list: its failure ends nothing.
    pub or_follows: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connector {
    /// `&&`
    And,
    /// `||`
    Or,
}

/// One word, before expansion.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Word {
    /// As written, quotes included.
    pub raw: String,
    /// What the program sees, when no expansion is in it. File name patterns count as text here.
    pub literal: Option<String>,
    pub parts: Vec<WordPart>,
    pub span: Range<usize>,
}

impl Piece for Word {
    fn text(&self) -> Option<&str> {
        self.literal.as_deref()
    }

    fn start(&self) -> &str {
        super::args::known_start(self)
    }

    fn splits(&self) -> bool {
        false
    }

    fn may_be_option(&self) -> bool {
        false
    }
}

impl Word {
    /// Any expansion that is not inside double quotes, so that the result is split into words.
    pub fn has_unquoted_expansion(&self) -> bool {
        self.parts.iter().any(|part| match &part.kind {
            PartKind::Variable { .. } | PartKind::Substitution { .. } => true,
            PartKind::Literal(_) | PartKind::Single(_) | PartKind::Double(_) | PartKind::Glob(_) => false,
            PartKind::Arithmetic(_) | PartKind::Braces(_) | PartKind::Tilde(_) | PartKind::ProcessSubstitution => false,
        })
    }

    /// Every variable it expands, also inside double quotes: name, whether it stands in double quotes, and operator.
    pub fn variables(&self) -> Vec<(&str, bool, Option<&str>)> {
        fn collect<'a>(parts: &'a [WordPart], quoted: bool, found: &mut Vec<(&'a str, bool, Option<&'a str>)>) {
            for part in parts {
                match &part.kind {
                    PartKind::Variable { name, operator, .. } => {
                        found.push((name.as_str(), quoted, operator.as_deref()));
                    }
                    PartKind::Double(inner) => collect(inner, true, found),
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.parts, false, &mut found);
        found
    }

    /// What a program sees of it, as far as that is known: `$NAME` for a variable, `$(code)` for a substitution.
    pub fn text(&self) -> Cow<'_, str> {
        match &self.literal {
            Some(literal) => Cow::Borrowed(literal),
            None => Cow::Owned(self.written(&|code| code.to_owned())),
        }
    }

    /// The text that is known, with `$NAME` for a variable and `$(…)` for a substitution.
    pub fn shown(&self) -> String {
        match &self.literal {
            Some(literal) => literal.clone(),
            None => self.written(&|_| "…".to_owned()),
        }
    }

    /// The word with what `inner` says for the code and the arithmetic in it.
    fn written(&self, inner: &dyn Fn(&str) -> String) -> String {
        fn write(parts: &[WordPart], inner: &dyn Fn(&str) -> String, out: &mut String) {
            for part in parts {
                match &part.kind {
                    PartKind::Literal(text) | PartKind::Single(text) | PartKind::Glob(text) => out.push_str(text),
                    PartKind::Braces(text) | PartKind::Tilde(text) => out.push_str(text),
                    PartKind::Double(parts) => write(parts, inner, out),
                    PartKind::Variable { name, .. } => out.extend(["$", name]),
                    PartKind::Substitution { code } => out.extend(["$(", &inner(code), ")"]),
                    PartKind::Arithmetic(text) => out.extend(["$((", &inner(text), "))"]),
                    PartKind::ProcessSubstitution => out.extend(["<(", &inner(""), ")"]),
                }
            }
        }
        let mut out = String::with_capacity(self.raw.len());
        write(&self.parts, inner, &mut out);
        out
    }
}

/// A stretch of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordPart {
    pub kind: PartKind,
    /// With its quotes.
    pub span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartKind {
    /// Text as it is, escapes taken off.
    Literal(String),
    /// `'…'` or `$'…'`, without the quotes.
    Single(String),
    /// `"…"`.
    Double(Vec<WordPart>),
    /// Unquoted text with `*`, `?` or `[`.
    Glob(String),
    /// Unquoted text with a `{a,b}` or `{1..3}` in it.
    Braces(String),
    /// `~` or `~user`.
    Tilde(String),
    /// `$NAME`, `${NAME}`, `${NAME:-word}`, `$1`, `$@`.
    Variable {
        name: String,
        /// What stands after the name: `:?`, `:-`, `-`, `:=`, `+`, `#`, `%%`, `/`, …; `#` alone before the name is `length`.
        operator: Option<String>,
        /// The word after the operator, as written.
        argument: Option<String>,
    },
    /// `$(…)` or backquotes; the commands in it are among the script's own.
    Substitution { code: String },
    /// `$((…))`.
    Arithmetic(String),
    /// `<(…)` or `>(…)` as an argument.
    ProcessSubstitution,
}
