//! Bounds on what a person's text may be before a parser library sees it: how long, how deep, how many operators.
//!
//! Parsers of expressions and documents call themselves for each level of nesting, and what they build is dropped, printed and
//! evaluated the same way, so that deep text exhausts the stack, which no program survives. Text as people write it is far
//! below these bounds. Nothing here knows quotes: whoever hides brackets in them is counted all the same.

use std::{fmt, ops::Range};

/// Longest expression, in bytes.
const EXPRESSION: usize = 8 * 1024;
/// Characters of operators in an expression: each may be a level of what is built.
const EXPRESSION_LINKS: usize = 400;
/// Longest document of settings, in bytes. A pack of 1,500 components has about 200 kB.
const DOCUMENT: usize = 8 << 20;
/// Brackets inside of brackets in a document of settings, and names in one dotted key.
const DOCUMENT_DEPTH: usize = 16;

/// Longest Markdown document, in bytes.
const MARKDOWN: usize = 4 << 20;
/// Quotes and lists that one line of Markdown opens.
const MARKDOWN_DEPTH: usize = 100;

/// What is too much about a text. Reads on after its name: "the expression is nested more than 8 deep".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// More bytes than this.
    Long(usize),
    /// Nested deeper than this.
    Deep(usize),
    /// More operators than this.
    Operators(usize),
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Excess::Long(most) => write!(f, "longer than {} kB", most / 1024),
            Excess::Deep(most) => write!(f, "nested more than {most} deep"),
            Excess::Operators(most) => write!(f, "longer than {most} operators"),
        }
    }
}

impl std::error::Error for Excess {}

/// As much of a text as a message about it shows.
pub fn shown(text: &str) -> String {
    const MOST: usize = 120;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// CEL and PromQL. `most_depth` bounds brackets inside of brackets.
///
/// # Errors
/// What is too much about it.
pub fn expression(text: &str, most_depth: usize) -> Result<(), Excess> {
    if text.len() > EXPRESSION {
        return Err(Excess::Long(EXPRESSION));
    }
    let (mut depth, mut links) = (0usize, 0usize);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                links += 1;
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'+' | b'-' | b'*' | b'/' | b'%' | b'^' | b'<' | b'>' | b'=' | b'!' | b'&' | b'|' | b'?' | b':' | b'.' => {
                links += 1;
            }
            _ => {}
        }
        if depth > most_depth {
            return Err(Excess::Deep(most_depth));
        }
    }
    // PromQL's operators can be words.
    let words = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| {
        ["and", "or", "unless", "atan2", "in"].iter().any(|operator| word.eq_ignore_ascii_case(operator))
    });
    links += words.count();
    if links > EXPRESSION_LINKS {
        return Err(Excess::Operators(EXPRESSION_LINKS));
    }
    Ok(())
}

/// TOML. Brackets and dots in texts and comments do not count.
///
/// # Errors
/// What is too much about it, and the byte at which it is.
pub fn document(text: &str) -> Result<(), (Excess, usize)> {
    if text.len() > DOCUMENT {
        return Err((Excess::Long(DOCUMENT), 0));
    }
    let bytes = text.as_bytes();
    let (mut depth, mut names, mut at) = (0usize, 0usize, 0usize);
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'.' => names += 1,
            b'=' | b',' | b'\n' => names = 0,
            b'#' => at = line_end(bytes, at),
            b'"' | b'\'' => at = text_end(bytes, start, byte),
            _ => {}
        }
        if depth > DOCUMENT_DEPTH || names > DOCUMENT_DEPTH {
            return Err((Excess::Deep(DOCUMENT_DEPTH), start));
        }
    }
    Ok(())
}

/// Markdown: the parts of it, in order, that no reader should be given.
pub fn markdown(text: &str) -> Vec<(Excess, Range<usize>)> {
    let mut found = Vec::new();
    let mut most = text.len().min(MARKDOWN);
    while !text.is_char_boundary(most) {
        most -= 1;
    }
    let mut start = 0;
    for line in text[..most].split_inclusive('\n') {
        let marks = line.bytes().take_while(|byte| b" \t>-*+.)0123456789".contains(byte));
        if marks.filter(|byte| b">-*+.)".contains(byte)).count() > MARKDOWN_DEPTH && !is_rule(line) {
            found.push((Excess::Deep(MARKDOWN_DEPTH), start..start + line.len()));
        }
        start += line.len();
    }
    if most < text.len() {
        found.push((Excess::Long(MARKDOWN), most..text.len()));
    }
    found
}

/// `-----` and `* * *` are one mark, however long.
fn is_rule(line: &str) -> bool {
    let mut marks = line.trim().bytes().filter(|byte| *byte != b' ' && *byte != b'\t');
    marks.next().is_some_and(|first| matches!(first, b'-' | b'*') && marks.all(|byte| byte == first))
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes.iter().skip(from).position(|byte| *byte == b'\n').map_or(bytes.len(), |length| from + length)
}

/// Where the text ends that starts here. One that is not closed ends with its line, as the parser has it.
fn text_end(bytes: &[u8], start: usize, quote: u8) -> usize {
    let three = [quote; 3];
    let long = bytes.get(start..start + 3) == Some(three.as_slice());
    let mut at = if long { start + 3 } else { start + 1 };
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' if !long => return at,
            b'\\' if quote == b'"' && bytes.get(at + 1) != Some(&b'\n') => at += 1,
            _ if byte == quote && !long => return at + 1,
            _ if byte == quote && bytes.get(at..at + 3) == Some(three.as_slice()) => return at + 3,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_as_people_write_them_are_far_below_the_bounds() {
        for text in [
            "has(connections.used_percent) && connections.used_percent > 80 || replication.lag_seconds >= 5.5",
            "probes.exists(id, probes[id].status == 'down') && size(probes) > 3",
            "sum(rate(http_requests_total{code=~\"5..\"}[5m])) / sum(rate(http_requests_total[5m])) * 100",
        ] {
            assert_eq!(expression(text, 4), Ok(()), "{text}");
        }
        assert_eq!(expression(&format!("{}1{}", "(".repeat(9), ")".repeat(9)), 8), Err(Excess::Deep(8)));
        assert_eq!(expression(&format!("1{}", "+1".repeat(401)), 8), Err(Excess::Operators(400)));
        assert_eq!(expression(&format!("a{}", " or a".repeat(401)), 8), Err(Excess::Operators(400)));
        assert_eq!(expression(&format!("'{}'", "a".repeat(9000)), 8), Err(Excess::Long(8192)));
    }

    #[test]
    fn lines_of_markdown_that_open_too_much_are_found() {
        let (quote, rule, fill) = (">".repeat(150), "-".repeat(150), "x\n".repeat(10));
        let text = format!("# T\n{quote} x\n{rule}\n{fill}- 1. a\n");
        assert_eq!(markdown(&text), [(Excess::Deep(100), 4..4 + 153)]);
        assert_eq!(markdown(&"x\n".repeat(100)), []);
        assert_eq!(markdown(&"x\n".repeat(3 << 20)), [(Excess::Long(4 << 20), 4 << 20..6 << 20)]);
    }

    #[test]
    fn documents_are_measured_outside_of_their_texts() {
        let brackets = "[".repeat(40);
        let dots = "a.".repeat(40);
        for text in [
            format!("a = \"{brackets}{dots}\\\"{brackets}\""),
            format!("a = '{brackets}\\'\nb = 1 # {brackets}{dots}"),
            format!("a = \"\"\"\n{brackets}\n\"{dots}\n\"\"\""),
            format!("a = '''\n{brackets}\n''{dots}\n'''\nb = [[1], [2.5]]"),
            "a.b.c = 1\n".repeat(40),
        ] {
            assert_eq!(document(&text), Ok(()), "{text}");
        }
        assert_eq!(document(&format!("a = {brackets}")), Err((Excess::Deep(16), 20)));
        assert_eq!(document(&format!("[{dots}a]")).map_err(|(excess, _)| excess), Err(Excess::Deep(16)));
        assert!(document(&format!("a = \"open\nb = {brackets}")).is_err(), "a text that is not closed hides nothing");
    }
}
