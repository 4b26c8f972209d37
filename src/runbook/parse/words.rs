//! Takes the words in braces after a fence's language apart: `timeout=2m because="it is a replica" tty`.

use std::ops::Range;

/// One word: a name, and a value when there is an `=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub name: String,
    pub name_span: Range<usize>,
    pub value: Option<String>,
    /// Of the value with its quotes; of the name when there is no value.
    pub value_span: Range<usize>,
}

/// Why the rest was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unclosed {
    pub span: Range<usize>,
}

/// What is between the braces.
pub(super) struct Words {
    pub words: Vec<Word>,
    /// A quote or the brace that nothing closes.
    pub problem: Option<Unclosed>,
}

/// Reads from the byte after `{`. `base` is where `text` stands in the document. Values with spaces are quoted: in double
/// quotes `\"` and `\\` stand for the second character, and everything else is what it is, so that regular expressions stay
/// readable; in single quotes nothing is special.
pub(super) fn read(text: &str, base: usize) -> Words {
    let mut words = Vec::new();
    let mut at = 0;
    loop {
        at += blanks(&text[at..]);
        let rest = &text[at..];
        if rest.is_empty() {
            let end = base + text.len();
            return Words { words, problem: Some(Unclosed { span: end..end }) };
        }
        if rest.starts_with('}') {
            return Words { words, problem: None };
        }
        let name = rest.find(|c: char| c == '=' || c == '}' || separates(c)).unwrap_or(rest.len());
        let name_span = base + at..base + at + name;
        let word = rest[..name].to_owned();
        at += name;
        if !text[at..].starts_with('=') {
            words.push(Word { name: word, value_span: name_span.clone(), name_span, value: None });
            continue;
        }
        at += 1;
        let start = at;
        let value = match text[at..].chars().next() {
            Some(quote @ ('"' | '\'')) => match quoted(&text[at + 1..], quote) {
                Some((value, length)) => {
                    at += 1 + length;
                    value
                }
                None => {
                    return Words { words, problem: Some(Unclosed { span: base + at..base + text.len() }) };
                }
            },
            first => {
                let rest = &text[at..];
                // A list is one value: `hl_lines=[1,"3-4"]`.
                let list = first.filter(|first| *first == '[').and_then(|_| rest.find(']'));
                let length = rest.find(|c: char| c == '}' || separates(c)).unwrap_or(rest.len());
                let length = list.map_or(length, |end| end + 1);
                at += length;
                rest[..length].to_owned()
            }
        };
        words.push(Word { name: word, name_span, value: Some(value), value_span: base + start..base + at });
    }
}

fn separates(c: char) -> bool {
    c.is_whitespace() || c == ','
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches(separates).len()
}

/// The value up to the closing quote, and how many bytes that are with it.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        match c {
            _ if c == quote => return Some((value, at + 1)),
            '\\' if quote == '"' => match characters.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, next)) => value.push(next),
                None => value.push('\\'),
            },
            _ => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, Option<String>)> {
        read(text, 0).words.into_iter().map(|word| (word.name, word.value)).collect()
    }

    #[test]
    fn values_may_be_bare_or_quoted() {
        let some = |text: &str| Some(text.to_owned());
        let read = pairs(r#"timeout=2m, tty expect="^\d+ \"rows\"$" because='it''s' context="a}b"}"#);
        assert_eq!(read[0], ("timeout".to_owned(), some("2m")));
        assert_eq!(read[1], ("tty".to_owned(), None));
        assert_eq!(read[2], ("expect".to_owned(), some(r#"^\d+ "rows"$"#)));
        assert_eq!(read[3], ("because".to_owned(), some("it")));
        assert_eq!(read.last().unwrap(), &("context".to_owned(), some("a}b")));
    }

    #[test]
    fn what_nothing_closes_is_pointed_at() {
        assert_eq!(read("tty", 10).problem, Some(Unclosed { span: 13..13 }));
        assert_eq!(read("a=\"b}", 10).problem, Some(Unclosed { span: 12..15 }));
        assert_eq!(read("}", 0).problem, None);
    }

    #[test]
    fn spans_are_of_the_document() {
        let words = read("risk=read}", 100).words;
        assert_eq!((words[0].name_span.clone(), words[0].value_span.clone()), (100..104, 105..109));
    }
}
