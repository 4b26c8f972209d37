//! Puts the values of variables into the words of a script, so that what is rated is what will run.

use crate::shell::{Assignment, Invocation, PartKind, Script, Word, WordPart};

/// A copy of the script in which every variable that `value` knows, and that the script does not set itself, is its value. Outside of quotes
/// a value is split at blanks, as the shell does.
pub fn filled(script: &Script, value: &dyn Fn(&str) -> Option<String>) -> Script {
    let own = |name: &str| script.assignments.iter().any(|one| one.name == name);
    let known = |name: &str| if own(name) { None } else { value(name) };
    let fill = Fill { value: &known };
    let mut filled = script.clone();
    for command in &mut filled.commands {
        fill.command(command);
    }
    for one in &mut filled.assignments {
        one.values.iter_mut().for_each(|word| *word = fill.whole(word));
    }
    // Until the script sets such a variable it has the value that it came with: one more that it may have.
    let mut names: Vec<&str> = script.assignments.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let came_with = names.into_iter().filter_map(|name| Some((name, value(name)?)));
    filled.assignments.extend(came_with.map(|(name, text)| before(name, text)));
    filled
}

/// The value that a variable has before the script sets it.
fn before(name: &str, text: String) -> Assignment {
    let parts = vec![WordPart { kind: PartKind::Single(text.clone()), span: 0..0 }];
    Assignment {
        name: name.to_owned(),
        values: vec![Word { raw: text.clone(), literal: Some(text), parts, span: 0..0 }],
        append: false,
        array: false,
        exported: false,
        function: None,
        span: 0..0,
    }
}

struct Fill<'v> {
    value: &'v dyn Fn(&str) -> Option<String>,
}

impl Fill<'_> {
    fn command(&self, command: &mut Invocation) {
        command.words = self.words(&command.words);
        for wrapper in &mut command.through {
            wrapper.words = self.words(&wrapper.words);
        }
        for one in &mut command.assignments {
            one.values.iter_mut().for_each(|word| *word = self.whole(word));
        }
        for redirect in &mut command.redirects {
            if let Some(target) = &mut redirect.target {
                *target = self.whole(target);
            }
            if let Some(document) = &mut redirect.document {
                document.body = self.whole(&document.body);
            }
        }
    }

    fn words(&self, words: &[Word]) -> Vec<Word> {
        words.iter().flat_map(|word| self.split(word)).collect()
    }

    /// The word with its values, which stay one word.
    fn whole(&self, word: &Word) -> Word {
        if word.literal.is_some() {
            return word.clone();
        }
        word_of(word, self.parts(&word.parts))
    }

    /// The words that a word becomes.
    fn split(&self, word: &Word) -> Vec<Word> {
        if word.literal.is_some() {
            return vec![word.clone()];
        }
        let mut all: Vec<Vec<WordPart>> = vec![Vec::new()];
        let mut any = false;
        for part in &word.parts {
            let PartKind::Variable { name, operator, .. } = &part.kind else {
                any = true;
                if let Some(last) = all.last_mut() {
                    last.extend(self.parts(std::slice::from_ref(part)));
                }
                continue;
            };
            let Some(text) = self.expanded(name, operator.as_deref()) else {
                any = true;
                if let Some(last) = all.last_mut() {
                    last.push(part.clone());
                }
                continue;
            };
            let mut pieces = text.split([' ', '\t', '\n']);
            if let (Some(first), Some(last)) = (pieces.next(), all.last_mut())
                && !first.is_empty()
            {
                any = true;
                last.push(plain(first, part));
            }
            for piece in pieces {
                all.push(if piece.is_empty() { Vec::new() } else { vec![plain(piece, part)] });
                any |= !piece.is_empty();
            }
        }
        if !any {
            return Vec::new();
        }
        all.into_iter().filter(|parts| !parts.is_empty()).map(|parts| word_of(word, parts)).collect()
    }

    fn parts(&self, parts: &[WordPart]) -> Vec<WordPart> {
        let fill = |part: &WordPart| match &part.kind {
            PartKind::Double(inner) => WordPart { kind: PartKind::Double(self.parts(inner)), span: part.span.clone() },
            PartKind::Variable { name, operator, .. } => match self.expanded(name, operator.as_deref()) {
                Some(text) => WordPart { kind: PartKind::Literal(text), span: part.span.clone() },
                None => part.clone(),
            },
            _ => part.clone(),
        };
        parts.iter().map(fill).collect()
    }

    /// The value where it is what the variable gives; operators that change it keep it unknown.
    fn expanded(&self, name: &str, operator: Option<&str>) -> Option<String> {
        match operator {
            None => (self.value)(name),
            Some(":?" | "?" | ":-" | "-" | ":=" | "=") => (self.value)(name).filter(|value| !value.is_empty()),
            _ => None,
        }
    }
}

/// A piece of a value outside of quotes: it may be a pattern of files.
fn plain(text: &str, part: &WordPart) -> WordPart {
    let kind = if text.contains(['*', '?', '[']) {
        PartKind::Glob(text.to_owned())
    } else {
        PartKind::Literal(text.to_owned())
    };
    WordPart { kind, span: part.span.clone() }
}

fn word_of(word: &Word, parts: Vec<WordPart>) -> Word {
    Word { raw: word.raw.clone(), literal: text(&parts), parts, span: word.span.clone() }
}

/// The text of parts without any expansion.
fn text(parts: &[WordPart]) -> Option<String> {
    let one = |part: &WordPart| match &part.kind {
        PartKind::Literal(text) | PartKind::Single(text) | PartKind::Glob(text) => Some(text.clone()),
        PartKind::Double(inner) => text(inner),
        _ => None,
    };
    parts.iter().map(one).collect::<Option<Vec<String>>>().map(|texts| texts.concat())
}
