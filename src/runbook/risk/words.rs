//! Words of a command as far as they are known when nothing has run: which of them may turn into options, or into several words.

use crate::runbook::{
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

/// An expansion outside of quotes whose value nobody knows.
fn splits(script: &Script, part: &WordPart) -> bool {
    match &part.kind {
        PartKind::Variable { name, operator, argument } => {
            !variable(script, name, operator.as_deref(), argument.as_deref(), &is_one_word)
        }
        PartKind::Substitution { code } => !prints_plainly(code),
        PartKind::Double(inner) => inner.iter().any(|part| {
            matches!(&part.kind, PartKind::Variable { name, operator, .. } if name == "@" || operator.as_deref() == Some("keys"))
        }),
        _ => false,
    }
}

/// What it expands to may start with a dash.
fn may_start_with_dash(script: &Script, part: &WordPart) -> bool {
    match &part.kind {
        PartKind::Variable { name, operator, argument } => {
            !variable(script, name, operator.as_deref(), argument.as_deref(), &|text| !text.starts_with('-'))
        }
        PartKind::Substitution { code } => !prints_plainly(code),
        PartKind::Double(inner) => {
            inner.iter().find(|part| !is_empty(part)).is_some_and(|part| may_start_with_dash(script, part))
        }
        // A file may be called `-o`.
        PartKind::Glob(text) => text.starts_with(['*', '?', '[']),
        PartKind::Braces(text) => text.starts_with(['{', '-']),
        PartKind::Literal(_)
        | PartKind::Single(_)
        | PartKind::Arithmetic(_)
        | PartKind::Tilde(_)
        | PartKind::ProcessSubstitution => false,
    }
}

fn is_one_word(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('-') && !text.contains([' ', '\t', '\n', '*', '?', '['])
}

/// Whether all values that a variable can have in this script fit.
///
/// A variable that the script itself does not set is a variable of the run: the gate knows its value, puts it in, and looks again. Until
/// then it counts as one plain word.
fn variable(
    script: &Script,
    name: &str,
    operator: Option<&str>,
    argument: Option<&str>,
    fits: &dyn Fn(&str) -> bool,
) -> bool {
    match (name, operator) {
        ("?" | "#" | "$" | "!", _) | (_, Some("length")) => return true,
        ("@" | "*", _) | (_, Some("keys" | "names" | "!")) => return false,
        _ if name.bytes().all(|byte| byte.is_ascii_digit()) => return false,
        _ => {}
    }
    if let (Some(":-" | "-" | ":=" | "=" | ":+" | "+"), Some(text)) = (operator, argument) {
        let text = text.trim_matches(['"', '\'']);
        if text.contains(['$', '`']) || !text.is_empty() && !fits(text) {
            return false;
        }
    }
    let mut assigned = script.assignments.iter().filter(|one| one.name == name).peekable();
    assigned.peek().is_none() || assigned.all(|one| has_values(script, one, fits))
}

fn has_values(script: &Script, one: &Assignment, fits: &dyn Fn(&str) -> bool) -> bool {
    if one.append || one.values.is_empty() {
        return false;
    }
    one.values.iter().all(|word| match &word.literal {
        Some(text) => fits(text),
        None => match word.parts.as_slice() {
            [WordPart { kind: PartKind::Substitution { code }, .. }] => prints_plainly(code),
            [WordPart { kind: PartKind::Arithmetic(_), .. }] => true,
            [WordPart { kind: PartKind::Double(inner), .. }] => match inner.as_slice() {
                [WordPart { kind: PartKind::Substitution { code }, .. }] => prints_plainly(code),
                // `X="$Y"`, where the run sets Y.
                [WordPart { kind: PartKind::Variable { name, operator, argument }, .. }] if *name != one.name => {
                    variable_once(script, name, operator.as_deref(), argument.as_deref(), fits)
                }
                _ => {
                    known_start(word).starts_with(|char: char| char.is_alphanumeric() || char == '/')
                        && fits("x")
                        && !has_substitution(&word.parts)
                }
            },
            _ => false,
        },
    })
}

/// As [`variable`], for a variable behind another: it is not followed further.
fn variable_once(
    script: &Script,
    name: &str,
    operator: Option<&str>,
    argument: Option<&str>,
    fits: &dyn Fn(&str) -> bool,
) -> bool {
    let is_set = script.assignments.iter().any(|one| one.name == name);
    !is_set && variable(script, name, operator, argument, fits)
}

fn has_substitution(parts: &[WordPart]) -> bool {
    parts.iter().any(|part| match &part.kind {
        PartKind::Substitution { .. } => true,
        PartKind::Double(inner) => has_substitution(inner),
        _ => false,
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
        _ => PLAIN.contains(&program) && words.all(|word| !word.starts_with('+')),
    }
}

/// Whether everything that is expanded in a word is known, or is a variable of the run, whose value the gate puts in.
pub(super) fn is_known(script: &Script, word: &Word) -> bool {
    fn known(script: &Script, parts: &[WordPart]) -> bool {
        parts.iter().all(|part| match &part.kind {
            PartKind::Variable { name, operator, argument } => {
                variable(script, name, operator.as_deref(), argument.as_deref(), &|_| true)
            }
            PartKind::Substitution { code } => prints_plainly(code),
            PartKind::Double(inner) => known(script, inner),
            PartKind::ProcessSubstitution => false,
            _ => true,
        })
    }
    known(script, &word.parts)
}
