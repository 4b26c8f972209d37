//! Which words of a command are a wrapper, and where the command starts that it runs.

use std::ops::Range;

use super::{
    args::{self, known_start},
    script::{Assignment, PartKind, Word, WordPart},
    text::Text,
    words::as_code,
};
use crate::{
    Risk,
    program::{self, Inner},
};

/// What the first words turn out to be.
pub(super) enum Peeled {
    /// A program of its own.
    Plain,
    /// The command starts at this word. `also` means that the wrapper does something itself; `appended`, that it adds words that are
    /// only known when it runs.
    Command { at: usize, also: bool, appended: bool },
    /// These words are shell, put together.
    Code { text: Text, from: Range<usize>, at: usize, also: bool },
    /// Commands besides the program itself (`find -exec`).
    Several(Vec<Part>),
    /// A shell that reads its commands from standard input.
    ShellInput { at: usize },
    /// Code that nobody can see.
    Unseen { what: &'static str },
}

/// One of the commands that a program runs.
pub(super) enum Part {
    Words(Range<usize>),
    Code(Text, Range<usize>),
}

/// Programs that add the lines that they read to the words of the command.
const APPENDING: [&str; 2] = ["xargs", "parallel"];
/// Shells, whose own command lines are like no other's: the string of `-c` comes after all options.
const SHELLS: [&str; 6] = ["sh", "bash", "dash", "zsh", "ksh", "ash"];

pub(super) fn peel(words: &[Word]) -> Peeled {
    let Some(name) = words.first().and_then(args::program_of) else { return Peeled::Plain };
    if SHELLS.contains(&name) {
        return shell(words);
    }
    let Some(program) = program::find(name) else { return Peeled::Plain };
    let call = program::read(program, words);
    let also = call.rating().is_some_and(|rating| rating.risk > Risk::Read);
    let appended = APPENDING.contains(&name) && !call.has(&["-I", "--replace", "-i", "-J"]);
    // With a user the operands are the command; without, the first one is the user.
    if name == "runuser"
        && call.has(&["-u", "--user"])
        && let Some(at) = call.operands.first()
    {
        return Peeled::Command { at: *at, also: false, appended: false };
    }
    match call.inner.as_slice() {
        [] if name == "parallel" && words.len() > 1 => Peeled::Unseen { what: "parallel runs the lines that it reads" },
        [] => Peeled::Plain,
        [Inner::Input] => Peeled::ShellInput { at: words.len() },
        [Inner::Words(range)] if range.end == words.len() => Peeled::Command { at: range.start, also, appended },
        [Inner::Joined(range)] => Peeled::Code {
            text: as_code(words.iter().skip(range.start)),
            from: range.start..words.len(),
            at: range.start,
            also,
        },
        [Inner::Text { word, from }] => match words.get(*word) {
            Some(source) => {
                Peeled::Code { text: from_byte(source, *from), from: *word..*word + 1, at: words.len(), also }
            }
            None => Peeled::Plain,
        },
        several => {
            let parts = several.iter().filter_map(|inner| match inner {
                Inner::Words(range) => Some(Part::Words(range.clone())),
                Inner::Joined(range) => Some(Part::Code(as_code(words.get(range.clone())?), range.clone())),
                Inner::Text { word, from } => Some(Part::Code(from_byte(words.get(*word)?, *from), *word..*word + 1)),
                Inner::Input => None,
            });
            Peeled::Several(parts.collect())
        }
    }
}

/// The word as code, without its first bytes.
fn from_byte(word: &Word, from: usize) -> Text {
    let text = as_code([word]);
    text.slice(from.min(text.value.len())..text.value.len())
}

/// `A=b` as an argument.
fn as_assignment(word: &Word) -> Option<Assignment> {
    let start = known_start(word);
    let (name, value) = start.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    if !is_name || name.starts_with(|char: char| char.is_ascii_digit()) {
        return None;
    }
    let mut parts = word.parts.clone();
    if let Some(first) = parts.first_mut()
        && let PartKind::Literal(text) = &mut first.kind
        && text.starts_with(&format!("{name}="))
    {
        text.drain(..=name.len());
        first.span.start += name.len() + 1;
    }
    let value = Word {
        raw: word.raw.get(name.len() + 1..).unwrap_or_default().to_owned(),
        literal: word.literal.is_some().then(|| value.to_owned()),
        parts,
        span: word.span.clone(),
    };
    Some(Assignment {
        name: name.to_owned(),
        values: vec![value],
        append: false,
        array: false,
        exported: true,
        function: None,
        span: word.span.clone(),
    })
}

/// `sh -c '…'`, `bash script`, `bash -s`, `bash`.
fn shell(words: &[Word]) -> Peeled {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let start = known_start(word);
        if start == "--" {
            at += 1;
            break;
        }
        let Some(letters) = start.strip_prefix(['-', '+']).filter(|letters| !letters.is_empty()) else { break };
        if word.literal.is_none() {
            return Peeled::Unseen { what: "a shell is started with flags that are not known before it runs" };
        }
        if start.starts_with("--") {
            if matches!(start, "--version" | "--help") {
                return Peeled::Plain;
            }
            at += if matches!(start, "--rcfile" | "--init-file") { 2 } else { 1 };
            continue;
        }
        if start.starts_with('-') && letters.contains('c') {
            // More flags may follow before the string.
            let mut string = at + 1;
            while words
                .get(string)
                .is_some_and(|word| known_start(word).starts_with(['-', '+']) && known_start(word).len() > 1)
            {
                string += 1;
            }
            return match words.get(string) {
                Some(code) => {
                    Peeled::Code { text: as_code([code]), from: string..string + 1, at: words.len(), also: false }
                }
                None => Peeled::Plain,
            };
        }
        if letters.contains('s') {
            return Peeled::ShellInput { at: words.len() };
        }
        if start == "-n" {
            return Peeled::Plain;
        }
        at += if letters.ends_with(['o', 'O']) { 2 } else { 1 };
    }
    match words.get(at) {
        Some(word) if word.literal.as_deref() == Some("-") => Peeled::ShellInput { at: words.len() },
        // The file is known by its name alone, like any other program.
        Some(word) if word.parts.iter().any(|part| part.kind == PartKind::ProcessSubstitution) => {
            Peeled::Unseen { what: "a shell runs the output of a command" }
        }
        Some(_) => Peeled::Command { at, also: false, appended: false },
        None => Peeled::ShellInput { at: words.len() },
    }
}

/// What a program puts into the words of the command that it runs: `{}` of `find -exec` and of `xargs -I{}`.
pub(super) struct Placeholder {
    pub(super) text: String,
    /// What stands for it starts with the path that is searched, and is no option.
    pub(super) is_path: bool,
}

pub(super) fn placeholder(words: &[Word]) -> Option<Placeholder> {
    let name = words.first().and_then(args::program_of)?;
    match name {
        "find" => Some(Placeholder { text: "{}".to_owned(), is_path: true }),
        "xargs" | "parallel" => {
            let call = program::read(program::find(name)?, words);
            let options = ["-I", "--replace", "-i", "-J"];
            if !call.has(&options) {
                return (name == "parallel").then(|| Placeholder { text: "{}".to_owned(), is_path: false });
            }
            let value = call.given(&options).find_map(|given| given.value);
            let text = value.and_then(|(at, from)| words.get(at)?.literal.as_deref()?.get(from..));
            let text = text.filter(|text| !text.is_empty()).unwrap_or("{}").to_owned();
            Some(Placeholder { text, is_path: false })
        }
        _ => None,
    }
}

impl Placeholder {
    /// The word with what nobody knows in the place of the placeholder.
    pub(super) fn filled(&self, word: Word) -> Word {
        let Some(literal) = word.literal.as_deref().filter(|literal| literal.contains(&self.text)) else { return word };
        if self.is_path && literal == self.text {
            return word;
        }
        let span = word.span.clone();
        let part = |kind| WordPart { kind, span: span.clone() };
        let mut parts = Vec::new();
        for (number, piece) in literal.split(&self.text).enumerate() {
            if number > 0 {
                let unknown = PartKind::Substitution { code: "cat".to_owned() };
                parts.push(part(PartKind::Double(vec![part(unknown)])));
            }
            if !piece.is_empty() {
                parts.push(part(PartKind::Single(piece.to_owned())));
            }
        }
        Word { literal: None, parts, ..word }
    }
}

/// The variables that a wrapper sets for what it runs: `env A=b`, `sudo A=b`.
pub(super) fn assigned(words: &[Word]) -> Vec<Assignment> {
    let Some(program) = words.first().and_then(args::program_of).and_then(program::find) else { return Vec::new() };
    let call = program::read(program, words);
    call.assigned.iter().filter_map(|at| as_assignment(words.get(*at)?)).collect()
}
