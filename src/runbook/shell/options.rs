//! Reads a command line whose flags are known: clusters of letters, values joined or apart, long flags.

use super::{
    args::known_start,
    script::{PartKind, Word, WordPart},
};

/// Flags of a program that take a value.
#[derive(Debug, Clone, Copy)]
pub struct Grammar {
    /// Letters: `"cfd"` for `-c`, `-f` and `-d`.
    pub short: &'static str,
    /// With their dashes.
    pub long: &'static [&'static str],
}

/// A command line, read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Each flag by name with its dashes, and its value.
    pub flags: Vec<(String, Option<Word>)>,
    pub positional: Vec<Word>,
}

impl Options {
    pub fn has(&self, names: &[&str]) -> bool {
        self.flags.iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    /// The last value given, as it is the one that counts.
    pub fn value(&self, names: &[&str]) -> Option<&Word> {
        let mut given = self.flags.iter().filter(|(name, _)| names.contains(&name.as_str()));
        given.rfind(|(_, value)| value.is_some()).and_then(|(_, value)| value.as_ref())
    }

    pub fn values<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a Word> {
        self.flags
            .iter()
            .filter(move |(name, _)| names.contains(&name.as_str()))
            .filter_map(|(_, value)| value.as_ref())
    }
}

/// Reads the words after the program's name.
pub fn read(words: &[Word], grammar: Grammar) -> Options {
    let mut options = Options::default();
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        let start = known_start(word);
        if start == "--" && word.literal.is_some() {
            options.positional.extend(rest.cloned());
            break;
        }
        if start.starts_with("--") {
            match start.split_once('=') {
                Some((name, _)) => options.flags.push((name.to_owned(), Some(without_start(word, name.len() + 1)))),
                None => {
                    let value = grammar.long.contains(&start).then(|| rest.next().cloned()).flatten();
                    options.flags.push((start.to_owned(), value));
                }
            }
        } else if let Some(letters) = start.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            for (at, letter) in letters.char_indices() {
                let name = format!("-{letter}");
                if !grammar.short.contains(letter) {
                    options.flags.push((name, None));
                    continue;
                }
                let after = at + letter.len_utf8();
                let joined = after < letters.len() || word.literal.is_none();
                let value = if joined { Some(without_start(word, 1 + after)) } else { rest.next().cloned() };
                options.flags.push((name, value));
                break;
            }
        } else {
            options.positional.push(word.clone());
        }
    }
    options
}

/// The word without its first bytes, which are known text: the value in `--name=value`.
pub fn without_start(word: &Word, mut bytes: usize) -> Word {
    fn cut(parts: &[WordPart], bytes: &mut usize) -> Vec<WordPart> {
        let mut kept = Vec::with_capacity(parts.len());
        for part in parts {
            let mut part = part.clone();
            match &mut part.kind {
                PartKind::Double(inner) if *bytes > 0 => *inner = cut(inner, bytes),
                PartKind::Literal(text) | PartKind::Single(text) | PartKind::Glob(text) | PartKind::Braces(text)
                    if *bytes > 0 =>
                {
                    let taken = (*bytes).min(text.len());
                    *bytes -= taken;
                    part.span.start = (part.span.start + taken).min(part.span.end);
                    *text = text.get(taken..).unwrap_or_default().to_owned();
                }
                _ => {}
            }
            kept.push(part);
        }
        kept
    }
    let from = bytes;
    let parts = cut(&word.parts, &mut bytes);
    Word {
        raw: word.raw.clone(),
        literal: word.literal.as_ref().and_then(|literal| literal.get(from..)).map(str::to_owned),
        parts,
        span: (word.span.start + from).min(word.span.end)..word.span.end,
    }
}
