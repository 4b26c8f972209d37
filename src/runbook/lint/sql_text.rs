//! SQL wherever it stands in a runbook, as the tokens of a real SQL lexer with their places.

use std::{borrow::Cow, ops::Range};

use sqlparser::{
    dialect::PostgreSqlDialect,
    tokenizer::{Token, Tokenizer, Whitespace},
};

use super::command::Command;
use crate::shell::{PartKind, Word};

/// One SQL text: a block, the operand of `psql -c`, or a here-document.
#[derive(Debug)]
pub(super) struct SqlText<'a> {
    /// The number of its block.
    pub(super) block: usize,
    /// The number of the command that sends it; none for an SQL block.
    pub(super) command: Option<usize>,
    text: Cow<'a, str>,
    place: Place,
    tokens: Vec<SqlWord>,
}

/// Where the text stands in the block's code.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// Byte for byte from here on.
    From(usize),
    /// Somewhere in this range, changed by quoting.
    Within(Range<usize>),
}

/// A word, a comment or a string of SQL.
#[derive(Debug, Clone)]
pub(super) struct SqlWord {
    kind: Kind,
    /// Without quotes; keywords and unquoted names as written.
    pub(super) text: String,
    /// Bytes of the SQL text.
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Text,
    Comment,
    /// `$NAME`, `$1`.
    Placeholder,
    Semicolon,
    /// Any other token.
    Mark,
}

impl SqlWord {
    /// Whether it is this word, unquoted, in any case.
    pub(super) fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }
}

impl<'a> SqlText<'a> {
    pub(super) fn new(text: Cow<'a, str>, block: usize, command: Option<usize>, place: Place) -> Self {
        let tokens = lex(&text);
        SqlText { block, command, text, place, tokens }
    }

    /// The SQL that a command sends: `psql -c`, here-documents.
    pub(super) fn sent_by(command: &Command<'a>, block: usize) -> Vec<SqlText<'a>> {
        if command.program() != "psql" || command.is_wrapper {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (index, word) in command.words.iter().enumerate().skip(1) {
            let Some(source) = command.sources.get(index) else { continue };
            let separate = matches!(command.words[index - 1].as_ref(), "-c" | "--command");
            if separate {
                found.push(match inner(source) {
                    Some((raw, at)) => SqlText::new(Cow::Borrowed(raw), block, Some(command.index), Place::From(at)),
                    None => SqlText::new(word.clone(), block, Some(command.index), Place::Within(source.span.clone())),
                });
            } else if let Some(sql) = word.strip_prefix("--command=") {
                found.push(SqlText::new(
                    Cow::Owned(sql.to_owned()),
                    block,
                    Some(command.index),
                    Place::Within(source.span.clone()),
                ));
            }
        }
        for redirect in &command.invocation.redirects {
            if let Some(document) = &redirect.document {
                let body = &document.body;
                let place = if body.raw.len() == body.span.len() {
                    Place::From(body.span.start)
                } else {
                    Place::Within(body.span.clone())
                };
                found.push(SqlText::new(Cow::Borrowed(&body.raw), block, Some(command.index), place));
            }
        }
        found
    }

    /// Bytes of the text as bytes of the block's code.
    pub(super) fn in_code(&self, span: Range<usize>) -> Range<usize> {
        match &self.place {
            Place::From(start) => start + span.start..start + span.end,
            Place::Within(range) => range.clone(),
        }
    }

    /// All of it, in the block's code.
    pub(super) fn whole(&self) -> Range<usize> {
        self.in_code(0..self.text.len())
    }

    pub(super) fn statements(&self) -> impl Iterator<Item = Statement<'_>> {
        self.tokens
            .split(|token| token.kind == Kind::Semicolon)
            .filter(|tokens| tokens.iter().any(|token| token.kind == Kind::Word))
            .map(|tokens| Statement { tokens })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn words(&self) -> impl Iterator<Item = &SqlWord> {
        self.tokens.iter().filter(|token| token.kind == Kind::Word)
    }

    pub(super) fn placeholders(&self) -> impl Iterator<Item = &SqlWord> {
        self.tokens.iter().filter(|token| token.kind == Kind::Placeholder)
    }

    pub(super) fn has(&self, word: &str) -> bool {
        self.words().any(|other| other.is(word))
    }

    /// Whether it has a word with this in it.
    pub(super) fn has_part(&self, part: &str) -> bool {
        self.words().any(|word| word.text.to_ascii_lowercase().contains(part))
    }
}

/// The text between the quotes of a word that is one quoted string without escapes, and where it starts.
fn inner(word: &Word) -> Option<(&str, usize)> {
    let [part] = &word.parts[..] else { return None };
    let quoted = matches!(part.kind, PartKind::Single(_) | PartKind::Double(_)) && word.raw.len() == word.span.len();
    let raw = word.raw.get(1..word.raw.len().checked_sub(1)?).filter(|_| quoted && !word.raw.starts_with('$'))?;
    (!raw.contains('\\') || matches!(part.kind, PartKind::Single(_))).then_some((raw, word.span.start + 1))
}

/// What stands between two semicolons.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement<'a> {
    tokens: &'a [SqlWord],
}

impl<'a> Statement<'a> {
    pub(super) fn words(self) -> impl Iterator<Item = &'a SqlWord> {
        self.tokens.iter().filter(|token| token.kind == Kind::Word)
    }

    pub(super) fn has(self, word: &str) -> bool {
        self.words().any(|other| other.is(word))
    }

    pub(super) fn starts_with(self, words: &[&str]) -> bool {
        let mut own = self.words();
        words.iter().all(|word| own.next().is_some_and(|other| other.is(word)))
    }

    /// Whether `first` is called: the name with a parenthesis right after it.
    pub(super) fn calls(self, name: &str) -> Option<&'a SqlWord> {
        self.tokens.windows(2).find(|pair| pair[0].is(name) && pair[1].text == "(").map(|pair| &pair[0])
    }

    /// The first word, which says what kind of statement it is.
    pub(super) fn first(self) -> Option<&'a SqlWord> {
        self.words().next()
    }

    /// From its first to its last word.
    pub(super) fn span(self) -> Range<usize> {
        let mut words = self.words();
        let first = words.next().map_or(0..0, |word| word.span.clone());
        let last = words.last().map_or(first.clone(), |word| word.span.clone());
        first.start..last.end
    }

    /// Whether a comment in it holds one of the words.
    pub(super) fn comment_says(self, words: &[&str]) -> bool {
        self.tokens
            .iter()
            .filter(|token| token.kind == Kind::Comment)
            .any(|token| words.iter().any(|word| token.text.to_ascii_lowercase().contains(word)))
    }

    /// Whether a comment before the first word holds one of the words: what the statement is said to be for.
    pub(super) fn intent(self, words: &[&str]) -> bool {
        let head = self.tokens.iter().take_while(|token| token.kind == Kind::Comment).count();
        Statement { tokens: &self.tokens[..head] }.comment_says(words)
    }
}

fn lex(text: &str) -> Vec<SqlWord> {
    // What cannot be read at all (a quote that is never closed) is the risk table's concern, not a rule's.
    let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, text).tokenize_with_location() else { return Vec::new() };
    let mut cursor = Cursor { text, at: 0, line: 1, column: 1 };
    let mut words = Vec::with_capacity(tokens.len() / 2);
    for token in tokens {
        let (kind, written) = match token.token {
            Token::Whitespace(
                Whitespace::SingleLineComment { comment, .. } | Whitespace::MultiLineComment(comment),
            ) => (Kind::Comment, comment),
            Token::Whitespace(_) => continue,
            Token::Word(word) => (Kind::Word, word.value),
            Token::Placeholder(name) => (Kind::Placeholder, name),
            Token::SingleQuotedString(text) => (Kind::Text, text),
            Token::SemiColon => (Kind::Semicolon, String::new()),
            Token::EOF => break,
            other => (Kind::Mark, other.to_string()),
        };
        let start = cursor.go_to(token.span.start.line, token.span.start.column);
        let end = cursor.go_to(token.span.end.line, token.span.end.column);
        words.push(SqlWord { kind, text: written, span: start..end });
    }
    words
}

/// Turns the lexer's lines and columns (from 1, columns in characters), which only grow, into bytes.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
    line: u64,
    column: u64,
}

impl Cursor<'_> {
    fn go_to(&mut self, line: u64, column: u64) -> usize {
        while (self.line, self.column) < (line, column) {
            let Some(next) = self.text[self.at..].chars().next() else { break };
            self.at += next.len_utf8();
            if next == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(text: &str) -> SqlText<'_> {
        SqlText::new(Cow::Borrowed(text), 0, None, Place::From(0))
    }

    #[test]
    fn words_in_strings_and_comments_are_not_words() {
        let sql = sql("-- mean_time\nSELECT 'mean_time', \"x\" FROM t;\nSELECT now()");
        assert!(!sql.has("mean_time"));
        assert_eq!(sql.statements().count(), 2);
        assert!(sql.statements().nth(1).unwrap().calls("now").is_some());
    }

    #[test]
    fn words_know_their_place() {
        let text = "SELECT é,\n  mean_time FROM s";
        let sql = sql(text);
        let word = sql.words().find(|word| word.is("mean_time")).unwrap();
        assert_eq!(&text[word.span.clone()], "mean_time");
    }

    #[test]
    fn a_shell_variable_is_a_placeholder() {
        let sql = sql("SELECT 1 WHERE a BETWEEN $BREACH_START AND $2");
        let names: Vec<_> = sql.placeholders().map(|word| word.text.as_str()).collect();
        assert_eq!(names, ["$BREACH_START", "$2"]);
    }

    #[test]
    fn what_cannot_be_lexed_has_no_words() {
        assert_eq!(sql("SELECT 'open").words().count(), 0);
    }
}
