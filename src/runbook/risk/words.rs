//! Words of a command as far as they are known when nothing has run: which of them may turn into options, or into several words.

use crate::{
    program::Piece,
    shell::{Assignment, PartKind, Script, Word, WordPart, args::known_start},
};

/// A word, among the others of its script.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'s> {
    pub(super) word: &'s Word,
    splits: bool,
    may_be_option: bool,
}

/// The words of a command.
pub(super) fn seen<'s>(script: &Script, words: &'s [Word]) -> Vec<Seen<'s>> {
    words.iter().map(|word| Seen::new(script, word)).collect()
}

impl<'s> Seen<'s> {
    fn new(script: &Script, word: &'s Word) -> Self {
        let plain = word.parts.iter().all(|part| matches!(part.kind, PartKind::Literal(_) | PartKind::Single(_)));
        if plain {
            return Self { word, splits: false, may_be_option: false };
        }
        let splits = word.parts.iter().any(|part| splits(script, part));
        let first = word.parts.iter().find(|part| !is_empty(part));
        Self { word, splits, may_be_option: splits || first.is_some_and(|part| may_start_with_dash(script, part)) }
    }
}

impl Piece for Seen<'_> {
    fn text(&self) -> Option<&str> {
        self.word.literal.as_deref()
    }

    fn start(&self) -> &str {
        known_start(self.word)
    }

    fn splits(&self) -> bool {
        self.splits
    }

    fn may_be_option(&self) -> bool {
        self.may_be_option
    }
}

fn is_empty(part: &WordPart) -> bool {
    match &part.kind {
        PartKind::Literal(text) | PartKind::Single(text) => text.is_empty(),
        PartKind::Double(inner) => inner.iter().all(is_empty),
        _ => false,
    }
}

/// What must hold for everything that an expansion may give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// It is known, whatever it is.
    Known,
    /// It starts with no dash, so that it is no option.
    NoDash,
    /// It is one word, which starts with no dash.
    OneWord,
    /// It is one word to every shell, in quotes and without.
    Plain,
    /// It ends no string and no statement of SQL.
    Sql,
    /// It is a number.
    Number,
}

impl Holds {
    fn of(self, text: &str) -> bool {
        match self {
            Holds::Known => true,
            Holds::NoDash => !text.starts_with('-'),
            Holds::OneWord => !text.starts_with('-') && !text.contains([' ', '\t', '\n', '*', '?', '[']),
            Holds::Plain => text.chars().all(|char| char.is_ascii_alphanumeric() || "_./:@%+=,-".contains(char)),
            Holds::Sql => {
                !text.contains([';', '\'', '"', '\\', '(', ':', '$', '`'])
                    && !text.contains("--")
                    && !text.contains("/*")
            }
            Holds::Number => text.chars().all(|char| char.is_ascii_digit() || char == '.'),
        }
    }
}

/// How often a variable is followed to another one.
const DEEPEST: usize = 4;

/// An expansion outside of quotes that may give several words.
fn splits(script: &Script, part: &WordPart) -> bool {
    match &part.kind {
        PartKind::Variable { .. } | PartKind::Substitution { .. } => !part_holds(script, part, Holds::OneWord, DEEPEST),
        // `"$@"` is several words in spite of its quotes.
        PartKind::Double(inner) => inner.iter().any(|part| {
            matches!(&part.kind, PartKind::Variable { name, operator, .. } if name == "@" || operator.as_deref() == Some("keys"))
        }),
        _ => false,
    }
}

/// What it expands to may start with a dash.
fn may_start_with_dash(script: &Script, part: &WordPart) -> bool {
    match &part.kind {
        // A file may be called `-o`.
        PartKind::Glob(text) => text.starts_with(['*', '?', '[']),
        PartKind::Braces(text) => text.starts_with(['{', '-']),
        PartKind::Literal(_) | PartKind::Single(_) => false,
        _ => !part_holds(script, part, Holds::NoDash, DEEPEST),
    }
}

/// Whether all that this shell puts into words is one plain word to the shell that runs them as code.
pub(super) fn splices_plainly(script: &Script, words: &[Word]) -> bool {
    words.iter().all(|word| expansions_hold(script, &word.parts, Holds::Plain))
}

/// Whether all that the shell puts into a word stays inside of its place in SQL.
pub(super) fn stays_in_sql(script: &Script, word: &Word) -> bool {
    expansions_hold(script, &word.parts, Holds::Sql)
}

/// Whether all that the shell puts into a word is a number.
pub(super) fn puts_in_numbers(script: &Script, word: &Word) -> bool {
    expansions_hold(script, &word.parts, Holds::Number)
}

/// Whether what comes first is not known before it runs: then it may be all of the text.
pub(super) fn starts_with_expansion(word: &Word) -> bool {
    fn starts(parts: &[WordPart]) -> bool {
        match parts.iter().find(|part| !is_empty(part)).map(|part| &part.kind) {
            Some(PartKind::Double(inner)) => starts(inner),
            Some(PartKind::Variable { .. } | PartKind::Substitution { .. }) => true,
            _ => false,
        }
    }
    starts(&word.parts)
}

fn expansions_hold(script: &Script, parts: &[WordPart], wanted: Holds) -> bool {
    parts.iter().all(|part| match &part.kind {
        PartKind::Double(inner) => expansions_hold(script, inner, wanted),
        PartKind::Variable { .. } | PartKind::Substitution { .. } => part_holds(script, part, wanted, DEEPEST),
        _ => true,
    })
}

/// Whether everything that is expanded in a word is known, or is a variable of the run, whose value the gate puts in.
pub(super) fn is_known(script: &Script, word: &Word) -> bool {
    holds(script, &word.parts, Holds::Known, DEEPEST)
}

fn holds(script: &Script, parts: &[WordPart], wanted: Holds, depth: usize) -> bool {
    match wanted {
        // What comes first decides.
        Holds::NoDash => {
            parts.iter().find(|part| !is_empty(part)).is_none_or(|part| part_holds(script, part, wanted, depth))
        }
        _ => parts.iter().all(|part| part_holds(script, part, wanted, depth)),
    }
}

fn part_holds(script: &Script, part: &WordPart, wanted: Holds, depth: usize) -> bool {
    match &part.kind {
        PartKind::Literal(text) | PartKind::Single(text) | PartKind::Glob(text) | PartKind::Braces(text) => {
            wanted.of(text)
        }
        PartKind::Double(inner) => holds(script, inner, wanted, depth),
        PartKind::Variable { name, operator, argument } => {
            variable(script, name, operator.as_deref(), argument.as_deref(), wanted, depth)
        }
        PartKind::Substitution { code } => prints_plainly(code),
        // It may be negative.
        PartKind::Arithmetic(_) => wanted == Holds::Known,
        PartKind::Tilde(_) => true,
        PartKind::ProcessSubstitution => wanted != Holds::Known,
    }
}

/// Whether it holds for all values that a variable can have in this script.
///
/// A variable that the script itself does not set is a variable of the run: the gate knows its value, puts it in, and looks again. Until
/// then it counts as one plain word.
fn variable(
    script: &Script,
    name: &str,
    operator: Option<&str>,
    argument: Option<&str>,
    wanted: Holds,
    depth: usize,
) -> bool {
    match (name, operator) {
        ("?" | "#" | "$" | "!", _) | (_, Some("length")) => return true,
        ("@" | "*", _) | (_, Some("keys" | "names" | "!")) => return false,
        _ if name.bytes().all(|byte| byte.is_ascii_digit()) => return false,
        _ => {}
    }
    if let (Some(":-" | "-" | ":=" | "=" | ":+" | "+"), Some(text)) = (operator, argument) {
        let text = text.trim_matches(['"', '\'']);
        if text.contains(['$', '`']) || !text.is_empty() && !wanted.of(text) {
            return false;
        }
    }
    let mut assigned = script.assignments.iter().filter(|one| one.name == name).peekable();
    assigned.peek().is_none() || depth > 0 && assigned.all(|one| assigned_holds(script, one, wanted, depth - 1))
}

fn assigned_holds(script: &Script, one: &Assignment, wanted: Holds, depth: usize) -> bool {
    // A value that is added to, or that is read, may be anything.
    if one.append || one.values.is_empty() {
        return false;
    }
    one.values.iter().all(|word| {
        let own = word.variables().iter().any(|(name, ..)| *name == one.name);
        !own && holds(script, &word.parts, wanted, depth)
    })
}

/// Programs whose output is one plain word that starts with no dash, whatever they are given that is not a format.
const PLAIN: [&str; 10] =
    ["mktemp", "hostname", "nproc", "pwd", "whoami", "arch", "tty", "uname", "realpath", "readlink"];

/// Whether a substitution gives one plain word: `$(date +%F)`, `$(mktemp)`.
fn prints_plainly(code: &str) -> bool {
    let mut words = code.split_whitespace();
    let Some(program) = words.next() else { return false };
    if code.contains(['|', ';', '&', '\n', '`', '$', '(', '<', '>']) {
        return false;
    }
    match program {
        "date" => {
            let format = words.find(|word| word.contains('+'));
            format.is_some_and(|format| {
                let format = format.trim_matches(['"', '\'']);
                format.starts_with("+%") && !format.contains("%-") && words.next().is_none()
            })
        }
        "seq" => words.all(|word| word.bytes().all(|byte| byte.is_ascii_digit())),
        _ => PLAIN.contains(&program) && words.all(|word| !word.starts_with('+')),
    }
}
