//! Takes one word apart: quotes, variables, substitutions.

use std::ops::Range;

use brush_parser::{
    ParserOptions,
    word::{
        Parameter, ParameterExpr, ParameterTestType, ParameterTransformOp, SubstringMatchKind, WordPiece,
        WordPieceWithSource, parse, parse_heredoc,
    },
};

use super::{
    script::{PartKind, Word, WordPart},
    text::Text,
};

/// A word, and the code of the substitutions in it.
pub struct Taken {
    pub word: Word,
    pub substitutions: Vec<Text>,
    /// Subscripts and arithmetic that hold more than numbers: bash evaluates what they give once more.
    pub evaluated: Vec<Range<usize>>,
    /// Why it could not be taken apart.
    pub problem: Option<String>,
}

/// Takes a word apart. `text` is the word as written, traced to the code.
pub fn take(text: &Text, options: &ParserOptions) -> Taken {
    let raw = &text.value;
    let span = text.outer_range(0..raw.len());
    if !raw.bytes().any(|byte| matches!(byte, b'\'' | b'"' | b'\\' | b'$' | b'`' | b'~' | b'*' | b'?' | b'[' | b'{')) {
        let parts = vec![WordPart { kind: PartKind::Literal(raw.clone()), span: span.clone() }];
        let word = Word { raw: raw.clone(), literal: Some(raw.clone()), parts, span };
        return Taken { word, substitutions: Vec::new(), evaluated: Vec::new(), problem: None };
    }
    if let Some(parts) = plain(text) {
        let literal = literal(&parts);
        return Taken {
            word: Word { raw: raw.clone(), literal, parts, span },
            substitutions: Vec::new(),
            evaluated: Vec::new(),
            problem: None,
        };
    }
    match parse(raw, options) {
        Ok(pieces) => finish(text, &pieces, false),
        Err(error) => broken(text, error.to_string()),
    }
}

/// The parts of a word in one of the forms that most quoted words have, which need no grammar: `'…'`, `"…"` with nothing expanded
/// in it, `"$NAME"`, `"${NAME}"` and `"${NAME:?}"`.
fn plain(text: &Text) -> Option<Vec<WordPart>> {
    let raw = &text.value;
    let (&quote, rest) = raw.as_bytes().split_first()?;
    let inner = raw.get(1..raw.len() - 1).filter(|_| matches!(quote, b'\'' | b'"') && rest.last() == Some(&quote))?;
    let span = text.outer_range(0..raw.len());
    let of = |kind| Some(vec![WordPart { kind, span: span.clone() }]);
    if inner.is_empty() || inner.as_bytes().contains(&quote) {
        return None;
    }
    if quote == b'\'' {
        return of(PartKind::Single(inner.to_owned()));
    }
    let kind = if !inner.bytes().any(|byte| matches!(byte, b'\\' | b'$' | b'`')) {
        PartKind::Literal(inner.to_owned())
    } else {
        let (name, stops) = match inner.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            Some(braced) => braced.strip_suffix(":?").map_or((braced, false), |name| (name, true)),
            None => (inner.strip_prefix('$')?, false),
        };
        let first = |char: char| char.is_ascii_alphabetic() || char == '_';
        let is_name = name.starts_with(first) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_name.then(|| PartKind::Variable {
            name: name.to_owned(),
            operator: stops.then(|| ":?".to_owned()),
            argument: stops.then(String::new),
        })?
    };
    of(PartKind::Double(vec![WordPart { kind, span: text.outer_range(1..raw.len() - 1) }]))
}

/// Takes the lines of a here-document apart; quotes mean nothing in them.
pub fn take_document(text: &Text, quoted: bool, options: &ParserOptions) -> Taken {
    if quoted || !text.value.bytes().any(|byte| matches!(byte, b'$' | b'`' | b'\\')) {
        let span = text.outer_range(0..text.value.len());
        let parts = vec![WordPart { kind: PartKind::Single(text.value.clone()), span: span.clone() }];
        let word = Word { raw: text.value.clone(), literal: Some(text.value.clone()), parts, span };
        return Taken { word, substitutions: Vec::new(), evaluated: Vec::new(), problem: None };
    }
    match parse_heredoc(&text.value, options) {
        Ok(pieces) => finish(text, &pieces, true),
        Err(error) => broken(text, error.to_string()),
    }
}

fn broken(text: &Text, message: String) -> Taken {
    let span = text.outer_range(0..text.value.len());
    let word = Word { raw: text.value.clone(), literal: None, parts: Vec::new(), span };
    Taken { word, substitutions: Vec::new(), evaluated: Vec::new(), problem: Some(message) }
}

fn finish(text: &Text, pieces: &[WordPieceWithSource], document: bool) -> Taken {
    let mut found = Nested::default();
    let mut parts = Vec::with_capacity(pieces.len());
    for piece in pieces {
        parts.push(part(text, piece, document, &mut found));
    }
    if !document {
        mark_braces(&mut parts);
    }
    let literal = literal(&parts);
    let span = text.outer_range(0..text.value.len());
    let word = Word { raw: text.value.clone(), literal, parts, span };
    Taken { word, substitutions: found.substitutions, evaluated: found.evaluated, problem: None }
}

/// What stands inside of the parts of a word.
#[derive(Default)]
struct Nested {
    substitutions: Vec<Text>,
    evaluated: Vec<Range<usize>>,
}

/// The text that the program sees, when nothing in the word is expanded.
fn literal(parts: &[WordPart]) -> Option<String> {
    let mut out = String::new();
    for part in parts {
        match &part.kind {
            PartKind::Literal(text) | PartKind::Single(text) | PartKind::Glob(text) => out.push_str(text),
            PartKind::Double(inner) => out.push_str(&literal(inner)?),
            _ => return None,
        }
    }
    Some(out)
}

/// `{a,b}` may be cut into several pieces by quotes; the piece that opens it is enough to say that the word is expanded.
fn mark_braces(parts: &mut [WordPart]) {
    for part in parts {
        if let PartKind::Literal(text) | PartKind::Glob(text) = &part.kind
            && let Some(open) = text.find('{')
            && text.get(open..).is_some_and(|rest| rest.contains(',') || rest.contains(".."))
            && text.get(open..).is_some_and(|rest| rest.contains('}'))
        {
            part.kind = PartKind::Braces(text.clone());
        }
    }
}

fn part(text: &Text, piece: &WordPieceWithSource, document: bool, found: &mut Nested) -> WordPart {
    let span = text.outer_range(piece.start_index..piece.end_index);
    let kind = match &piece.piece {
        WordPiece::Text(value) if !document && value.contains(['*', '?', '[']) => PartKind::Glob(value.clone()),
        WordPiece::Text(value) => PartKind::Literal(value.clone()),
        WordPiece::SingleQuotedText(value) => PartKind::Single(value.clone()),
        WordPiece::AnsiCQuotedText(value) => PartKind::Single(ansi_c(value)),
        WordPiece::DoubleQuotedSequence(inner) | WordPiece::GettextDoubleQuotedSequence(inner) => {
            PartKind::Double(inner.iter().map(|piece| part(text, piece, true, found)).collect())
        }
        WordPiece::TildeExpansion(_) => {
            PartKind::Tilde(text.value.get(piece.start_index..piece.end_index).unwrap_or("~").to_owned())
        }
        WordPiece::ParameterExpansion(expression) => {
            let kind = variable(expression);
            if let Some(index) = subscript(expression) {
                nested(text, piece, index, found);
                if !is_number(index) {
                    found.evaluated.push(span.clone());
                }
            }
            if let PartKind::Variable { argument: Some(argument), .. } = &kind {
                nested(text, piece, argument, found);
            }
            kind
        }
        WordPiece::CommandSubstitution(code) => {
            let start = piece.start_index + 2;
            found.substitutions.push(text.slice(start..start + code.len()));
            PartKind::Substitution { code: code.clone() }
        }
        WordPiece::BackquotedCommandSubstitution(code) => {
            // Backquotes take their own backslashes off: `\$` and `\\`.
            let code = code.replace("\\\\", "\\").replace("\\$", "$");
            found.substitutions.push(text.aligned(&code, piece.start_index + 1..piece.end_index.saturating_sub(1)));
            PartKind::Substitution { code }
        }
        WordPiece::EscapeSequence(escape) => {
            let after = escape.strip_prefix('\\').unwrap_or(escape);
            PartKind::Literal(if after == "\n" { String::new() } else { after.to_owned() })
        }
        WordPiece::ArithmeticExpression(expression) => {
            nested(text, piece, &expression.value, found);
            if has_subscript(&expression.value) {
                found.evaluated.push(span.clone());
            }
            PartKind::Arithmetic(expression.value.clone())
        }
    };
    WordPart { kind, span }
}

/// A subscript that is evaluated to itself: `0`, `-1`.
pub(super) fn is_number(subscript: &str) -> bool {
    subscript.trim().trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether an arithmetic expression holds a subscript that is evaluated once more: `a[b]`, not `a[0]`.
pub(super) fn has_subscript(expression: &str) -> bool {
    expression.match_indices('[').any(|(at, _)| {
        let inside = expression.get(at + 1..).unwrap_or_default();
        !is_number(inside.split(']').next().unwrap_or(inside))
    })
}

/// Commands in the word of `${X:-$(date)}` or in `$(( $(nproc) * 2 ))`.
fn nested(text: &Text, piece: &WordPieceWithSource, inner: &str, found: &mut Nested) {
    if !inner.contains(['$', '`']) {
        return;
    }
    let here = text.slice(piece.start_index..piece.end_index);
    let Some(at) = here.value.find(inner) else { return };
    let inner = here.slice(at..at + inner.len());
    match parse_heredoc(&inner.value, &ParserOptions::default()) {
        Ok(pieces) => {
            for piece in &pieces {
                part(&inner, piece, true, found);
            }
        }
        // What cannot be read is handed on whole: as code it becomes a syntax problem or unknown programs.
        Err(_) => found.substitutions.push(inner),
    }
}

/// The escapes of `$'…'` that matter for reading a command; numeric ones stay as written.
fn ansi_c(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value.chars();
    while let Some(char) = rest.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        match rest.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some(quote @ ('\'' | '"' | '\\' | '?')) => out.push(quote),
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => out.push('\\'),
        }
    }
    out
}

/// What stands between the brackets of `${NAME[…]}`.
pub(super) fn subscript(expression: &ParameterExpr) -> Option<&str> {
    use ParameterExpr as E;
    let parameter = match expression {
        E::Parameter { parameter, .. }
        | E::UseDefaultValues { parameter, .. }
        | E::AssignDefaultValues { parameter, .. }
        | E::IndicateErrorIfNullOrUnset { parameter, .. }
        | E::UseAlternativeValue { parameter, .. }
        | E::ParameterLength { parameter, .. }
        | E::RemoveSmallestSuffixPattern { parameter, .. }
        | E::RemoveLargestSuffixPattern { parameter, .. }
        | E::RemoveSmallestPrefixPattern { parameter, .. }
        | E::RemoveLargestPrefixPattern { parameter, .. }
        | E::Substring { parameter, .. }
        | E::Transform { parameter, .. }
        | E::UppercaseFirstChar { parameter, .. }
        | E::UppercasePattern { parameter, .. }
        | E::LowercaseFirstChar { parameter, .. }
        | E::LowercasePattern { parameter, .. }
        | E::ReplaceSubstring { parameter, .. } => parameter,
        E::VariableNames { .. } | E::MemberKeys { .. } => return None,
    };
    match parameter {
        Parameter::NamedWithIndex { index, .. } => Some(index),
        _ => None,
    }
}

fn name_of(parameter: &Parameter) -> String {
    match parameter {
        Parameter::Positional(number) => number.to_string(),
        Parameter::Special(special) => special.to_string(),
        Parameter::Named(name)
        | Parameter::NamedWithIndex { name, .. }
        | Parameter::NamedWithAllIndices { name, .. } => name.clone(),
    }
}

fn variable(expression: &ParameterExpr) -> PartKind {
    use ParameterExpr as E;
    let tested = |test: &ParameterTestType, sign: &str| match test {
        ParameterTestType::UnsetOrNull => format!(":{sign}"),
        ParameterTestType::Unset => sign.to_owned(),
    };
    let (parameter, operator, argument) = match expression {
        E::Parameter { parameter, indirect } => (parameter, indirect.then(|| "!".to_owned()), None),
        E::UseDefaultValues { parameter, test_type, default_value, .. } => {
            (parameter, Some(tested(test_type, "-")), default_value.clone())
        }
        E::AssignDefaultValues { parameter, test_type, default_value, .. } => {
            (parameter, Some(tested(test_type, "=")), default_value.clone())
        }
        E::IndicateErrorIfNullOrUnset { parameter, test_type, error_message, .. } => {
            (parameter, Some(tested(test_type, "?")), error_message.clone())
        }
        E::UseAlternativeValue { parameter, test_type, alternative_value, .. } => {
            (parameter, Some(tested(test_type, "+")), alternative_value.clone())
        }
        E::ParameterLength { parameter, .. } => (parameter, Some("length".to_owned()), None),
        E::RemoveSmallestSuffixPattern { parameter, pattern, .. } => (parameter, Some("%".to_owned()), pattern.clone()),
        E::RemoveLargestSuffixPattern { parameter, pattern, .. } => (parameter, Some("%%".to_owned()), pattern.clone()),
        E::RemoveSmallestPrefixPattern { parameter, pattern, .. } => (parameter, Some("#".to_owned()), pattern.clone()),
        E::RemoveLargestPrefixPattern { parameter, pattern, .. } => (parameter, Some("##".to_owned()), pattern.clone()),
        E::Substring { parameter, offset, .. } => (parameter, Some(":".to_owned()), Some(offset.value.clone())),
        E::Transform { parameter, op: ParameterTransformOp::PromptExpand, .. } => {
            (parameter, Some("@P".to_owned()), None)
        }
        E::Transform { parameter, .. } => (parameter, Some("@".to_owned()), None),
        E::UppercaseFirstChar { parameter, pattern, .. } => (parameter, Some("^".to_owned()), pattern.clone()),
        E::UppercasePattern { parameter, pattern, .. } => (parameter, Some("^^".to_owned()), pattern.clone()),
        E::LowercaseFirstChar { parameter, pattern, .. } => (parameter, Some(",".to_owned()), pattern.clone()),
        E::LowercasePattern { parameter, pattern, .. } => (parameter, Some(",,".to_owned()), pattern.clone()),
        E::ReplaceSubstring { parameter, pattern, replacement, match_kind, .. } => {
            let operator = match match_kind {
                SubstringMatchKind::Prefix => "/#",
                SubstringMatchKind::Suffix => "/%",
                SubstringMatchKind::FirstOccurrence => "/",
                SubstringMatchKind::Anywhere => "//",
            };
            // Both may hold substitutions; they stand next to each other in the text.
            let argument = match replacement {
                Some(replacement) => format!("{pattern}/{replacement}"),
                None => pattern.clone(),
            };
            (parameter, Some(operator.to_owned()), Some(argument))
        }
        E::VariableNames { prefix, .. } => {
            return PartKind::Variable { name: prefix.clone(), operator: Some("names".to_owned()), argument: None };
        }
        E::MemberKeys { variable_name, .. } => {
            return PartKind::Variable {
                name: variable_name.clone(),
                operator: Some("keys".to_owned()),
                argument: None,
            };
        }
    };
    PartKind::Variable { name: name_of(parameter), operator, argument }
}

/// The words as a shell would put them together for `eval`, `ssh` and `sh -c`: the quotes of this layer taken off, joined by a
/// blank, variables kept as `${NAME}`. A substitution becomes `$_`, since its commands have been read already.
pub fn as_code<'a>(words: impl IntoIterator<Item = &'a Word>) -> Text {
    let mut text = Text::default();
    for (number, word) in words.into_iter().enumerate() {
        if number > 0 {
            text.push(" ", word.span.start.saturating_sub(1));
        }
        add_code(&word.parts, &mut text);
    }
    text
}

fn add_code(parts: &[WordPart], text: &mut Text) {
    for part in parts {
        let start = part.span.start;
        match &part.kind {
            PartKind::Literal(value) => {
                // An escape is one byte longer in the code than in the value.
                let escape = part.span.len().saturating_sub(value.len());
                text.push(value, start + escape.min(1));
            }
            PartKind::Glob(value) | PartKind::Braces(value) | PartKind::Tilde(value) => text.push(value, start),
            PartKind::Single(value) => text.push(value, start + usize::from(part.span.len() > value.len())),
            PartKind::Double(inner) => add_code(inner, text),

            PartKind::Variable { name, .. } => text.push(&format!("${{{name}}}"), start),
            PartKind::Substitution { .. } => text.push("$_", start),
            PartKind::Arithmetic(_) => text.push("0", start),
            PartKind::ProcessSubstitution => text.push("/dev/fd/63", start),
        }
    }
}

/// A word that holds SQL, as SQL: what the shell puts in is a name of its own, so that the rest can be read. `"$TABLE"` becomes
/// the quoted name `$TABLE`, and inside SQL quotes it is text.
pub fn as_sql(word: &Word) -> Text {
    let mut sql = Sql::default();
    sql.parts(&word.parts);
    sql.text
}

#[derive(Default)]
struct Sql {
    text: Text,
    /// The SQL quote that is open.
    quote: Option<char>,
}

impl Sql {
    fn parts(&mut self, parts: &[WordPart]) {
        for (number, part) in parts.iter().enumerate() {
            let start = part.span.start;
            match &part.kind {
                PartKind::Literal(value) => {
                    let escape = part.span.len().saturating_sub(value.len());
                    self.known(value, start + escape.min(1));
                }
                PartKind::Glob(value) | PartKind::Braces(value) | PartKind::Tilde(value) => self.known(value, start),
                PartKind::Single(value) => self.known(value, start + usize::from(part.span.len() > value.len())),
                PartKind::Double(inner) => self.parts(inner),
                PartKind::Variable { name, .. } => self.unknown(name, start, parts.get(number + 1)),
                PartKind::Substitution { .. } | PartKind::ProcessSubstitution => {
                    self.unknown("(…)", start, parts.get(number + 1));
                }
                PartKind::Arithmetic(_) => self.known("0", start),
            }
        }
    }

    fn known(&mut self, value: &str, start: usize) {
        for char in value.chars() {
            match self.quote {
                Some(quote) if quote == char => self.quote = None,
                None if matches!(char, '\'' | '"') => self.quote = Some(char),
                _ => {}
            }
        }
        self.text.push(value, start);
    }

    fn unknown(&mut self, name: &str, start: usize, next: Option<&WordPart>) {
        let joins = |char: char| char.is_alphanumeric() || char == '_';
        let before = self.text.value.ends_with(joins);
        let after = match next.map(|part| &part.kind) {
            Some(PartKind::Literal(text) | PartKind::Glob(text)) => text.starts_with(joins),
            Some(PartKind::Variable { .. }) => true,
            _ => false,
        };
        let shown = format!("${name}");
        if self.quote.is_some() {
            self.text.push(&shown, start);
        } else if before || after {
            // A part of a name: `backup_$DAY`.
            let plain: String = name.chars().map(|char| if joins(char) { char } else { '_' }).collect();
            self.text.push(&plain, start);
        } else {
            self.text.push(&format!("\"{shown}\""), start);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the grammar says of a word that has a plain form too.
    fn by_grammar(text: &Text) -> Option<Vec<WordPart>> {
        let pieces = parse(&text.value, &ParserOptions::default()).ok()?;
        Some(finish(text, &pieces, false).word.parts)
    }

    #[test]
    fn plain_words_are_taken_apart_as_the_grammar_does() {
        for (word, is_plain) in [
            ("'SELECT 1'", true),
            ("'a \\ $b `c` \"d\" * ~'", true),
            ("'a\nb'", true),
            ("\"two words é\"", true),
            ("\"a * ? [x] {a,b} ~\"", true),
            ("\"$NAME\"", true),
            ("\"${_n1}\"", true),
            ("\"${NAME:?}\"", true),
            ("\"${NAME:-x}\"", false),
            ("\"${NAME:?why}\"", false),
            ("\"$1\"", false),
            ("\"$NAME/x\"", false),
            ("\"\"", false),
            ("''", false),
            ("'", false),
            ("'a''b'", false),
            ("\"a\\\"", false),
            ("\"$(date)\"", false),
        ] {
            let text = Text::verbatim(word, 7);
            let found = plain(&text);
            assert_eq!(found.is_some(), is_plain, "{word}");
            if is_plain {
                assert_eq!(found, by_grammar(&text), "{word}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_plain_word_is_taken_apart_in_another_way(word in "['\"]([$a-b{}:?!\\-` \n'\"é*~\\\\]|\\$\\{A:\\?|\\$A){0,6}['\"]") {
            let text = Text::verbatim(&word, 3);
            if let Some(parts) = plain(&text) {
                prop_assert_eq!(Some(parts), by_grammar(&text));
            }
        }
    }
}
