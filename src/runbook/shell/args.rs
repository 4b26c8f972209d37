//! Asks a command for its program, flags and positional arguments.

use super::script::{Invocation, PartKind, Word, WordPart, Wrapper};

impl Invocation {
    /// The program without its path, when it is known: `/usr/bin/psql` is `psql`, and so is `"$PGBIN/psql"`.
    pub fn program(&self) -> Option<&str> {
        program_of(self.words.first()?)
    }

    /// Any of the flags is there: `-f`, `--force`, `--force=…`, or `f` in a cluster of letters like `-rf`.
    pub fn has_flag(&self, names: &[&str]) -> bool {
        has_flag(&self.words, names)
    }

    /// The value of the first flag that is there: `--n=v`, `--n v`, `-n v` or `-nv`. The value's word is the flag's own word for
    /// the joined forms, see [`Invocation::value_text`].
    pub fn value_of(&self, names: &[&str]) -> Option<&Word> {
        find_value(&self.words, names).map(|(word, _)| word)
    }

    /// The known text of a flag's value, with `$NAME` for variables.
    pub fn value_text(&self, names: &[&str]) -> Option<String> {
        value_text(&self.words, names)
    }

    /// The arguments that are neither flags nor values of `flags_with_values`; after `--` everything is positional.
    pub fn positional(&self, flags_with_values: &[&str]) -> Vec<&Word> {
        positional(self.words.get(1..).unwrap_or_default(), flags_with_values)
    }

    /// Its wrapper of that name, the innermost first.
    pub fn through(&self, name: &str) -> Option<&Wrapper> {
        self.through.iter().rev().find(|wrapper| wrapper.name == name)
    }
}

impl Wrapper {
    /// As [`Invocation::has_flag`].
    pub fn has_flag(&self, names: &[&str]) -> bool {
        has_flag(&self.words, names)
    }

    /// As [`Invocation::value_text`].
    pub fn value_text(&self, names: &[&str]) -> Option<String> {
        value_text(&self.words, names)
    }

    /// As [`Invocation::positional`].
    pub fn positional(&self, flags_with_values: &[&str]) -> Vec<&Word> {
        positional(self.words.get(1..).unwrap_or_default(), flags_with_values)
    }
}

/// The last part of the path, when it is known.
pub fn program_of(word: &Word) -> Option<&str> {
    if let Some(literal) = &word.literal {
        // A backslash before the name (`\rm`) only switches aliases off; the parser has taken it off already.
        return Some(literal.rsplit('/').next().unwrap_or(literal)).filter(|name| !name.is_empty());
    }
    // `$PGBIN/pg_ctl` and `~/bin/tool`: what follows the last slash is known.
    use super::script::PartKind as K;
    let last = match &word.parts.last()?.kind {
        K::Literal(text) | K::Single(text) => text,
        K::Double(inner) => match &inner.last()?.kind {
            K::Literal(text) => text,
            _ => return None,
        },
        _ => return None,
    };
    last.rsplit_once('/').map(|(_, name)| name).filter(|name| !name.is_empty())
}

/// The start of a word that is known before any expansion: `--replicas=$N` gives `--replicas=`.
pub fn known_start(word: &Word) -> &str {
    use super::script::PartKind as K;
    if let Some(literal) = &word.literal {
        return literal;
    }
    match word.parts.first().map(|part| &part.kind) {
        Some(K::Literal(text) | K::Single(text) | K::Glob(text) | K::Braces(text)) => text,
        Some(K::Double(inner)) => match inner.first().map(|part| &part.kind) {
            Some(K::Literal(text)) => text,
            _ => "",
        },
        _ => "",
    }
}

fn is_flag(start: &str) -> bool {
    start.len() > 1 && start.starts_with('-')
}

pub fn has_flag(words: &[Word], names: &[&str]) -> bool {
    words
        .iter()
        .skip(1)
        .map(known_start)
        .take_while(|start| *start != "--")
        .any(|start| names.iter().any(|name| matches_flag(start, name)))
}

/// `--force` and `--force=x` match `--force`; `-rf` matches `-f`; `-name` (as of find) matches only itself.
fn matches_flag(start: &str, name: &str) -> bool {
    if start == name {
        return true;
    }
    if let Some(rest) = start.strip_prefix(name)
        && rest.starts_with('=')
    {
        return true;
    }
    let mut letters = name.chars();
    let (Some('-'), Some(letter), None) = (letters.next(), letters.next(), letters.next()) else { return false };
    let Some(cluster) = start.strip_prefix('-') else { return false };
    letter != '-' && !cluster.starts_with('-') && cluster.chars().all(char::is_alphabetic) && cluster.contains(letter)
}

/// The word that holds the value, and from which byte of its known text on.
pub fn find_value<'a>(words: &'a [Word], names: &[&str]) -> Option<(&'a Word, usize)> {
    for (at, word) in words.iter().enumerate().skip(1) {
        let start = known_start(word);
        if start == "--" {
            return None;
        }
        if !is_flag(start) {
            continue;
        }
        for name in names {
            if start == *name && word.literal.is_some() {
                return words.get(at + 1).map(|value| (value, 0));
            }
            if let Some(rest) = start.strip_prefix(name) {
                if rest.starts_with('=') {
                    return Some((word, name.len() + 1));
                }
                // `-n5`, `-h$HOST`
                if !name.starts_with("--") && name.len() == 2 && (!rest.is_empty() || word.literal.is_none()) {
                    return Some((word, name.len()));
                }
            }
        }
    }
    None
}

pub fn value_text(words: &[Word], names: &[&str]) -> Option<String> {
    let (word, from) = find_value(words, names)?;
    word.shown().get(from..).map(str::to_owned)
}

pub fn positional<'a>(words: &'a [Word], flags_with_values: &[&str]) -> Vec<&'a Word> {
    let mut found = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let start = known_start(word);
        if start == "--" && word.literal.is_some() {
            found.extend(rest);
            break;
        }
        if is_flag(start) {
            if word.literal.is_some() && flags_with_values.contains(&start) {
                rest.next();
            }
            continue;
        }
        found.push(word);
    }
    found
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
