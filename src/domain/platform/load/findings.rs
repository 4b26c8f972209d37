//! Collects what is wrong with one TOML text, at the place where it is wrong.

use std::{cell::RefCell, ops::Range};

use crate::platform::{Diagnostic, Position};

/// The diagnostics of one file so far, and the text that they point into.
pub(super) struct Findings<'t> {
    file: &'t str,
    text: &'t str,
    found: RefCell<Vec<Diagnostic>>,
}

impl<'t> Findings<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Findings { file, text, found: RefCell::default() }
    }

    pub(super) fn error(&self, at: Range<usize>, message: impl Into<String>, help: Option<String>) {
        self.add(Diagnostic::error(self.file, Some(self.position(at)), message), help);
    }

    pub(super) fn warning(&self, at: Range<usize>, message: impl Into<String>, help: Option<String>) {
        self.add(Diagnostic::warning(self.file, Some(self.position(at)), message), help);
    }

    fn add(&self, mut diagnostic: Diagnostic, help: Option<String>) {
        diagnostic.help = help;
        self.found.borrow_mut().push(diagnostic);
    }

    pub(super) fn position(&self, at: Range<usize>) -> Position {
        Position::of(self.text, at)
    }

    /// Everything found, in the order of the text.
    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        let start = |d: &Diagnostic| d.position.as_ref().map_or(0, |p| p.span.start);
        found.sort_by_key(start);
        // What is wrong with a probe is found again in every environment that changes something else about it.
        let mut once: Vec<Diagnostic> = Vec::new();
        for diagnostic in found {
            let mut here = once.iter().rev().take_while(|other| start(other) == start(&diagnostic));
            if !here.any(|other| *other == diagnostic) {
                once.push(diagnostic);
            }
        }
        once
    }

    /// Where in the file a part of a TOML string stands. `at` is the string with its quotes; `part` counts bytes of the
    /// string's value, which escapes and line continuations make shorter than what is written.
    pub(super) fn inside(&self, at: &Range<usize>, part: Range<usize>) -> Range<usize> {
        let Some(written) = self.text.get(at.clone()) else { return at.clone() };
        let start = offset_as_written(written, part.start);
        let end = offset_as_written(written, part.end).max(start + 1);
        at.start + start..(at.start + end).min(at.end)
    }
}

/// The offset in a quoted TOML string at which byte `wanted` of its value is written.
fn offset_as_written(written: &str, wanted: usize) -> usize {
    let basic = written.starts_with('"');
    let multiline = written.starts_with(r#"""""#) || written.starts_with("'''");
    let mut at = if multiline { 3 } else { 1 };
    let rest = |at: usize| written.get(at..).unwrap_or_default();
    if multiline {
        // A line end right after the opening quotes is not part of the value.
        at += rest(at).bytes().take_while(|b| *b == b'\r').count();
        at += usize::from(rest(at).starts_with('\n'));
    }
    let mut value_length = 0;
    while value_length < wanted {
        let here = rest(at);
        let Some(first) = here.chars().next() else { break };
        if first != '\\' || !basic {
            at += first.len_utf8();
            value_length += first.len_utf8();
            continue;
        }
        let second = here.chars().nth(1).unwrap_or('\\');
        let digits = match second {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if second.is_whitespace() {
            at += 1 + here[1..].len() - here[1..].trim_start().len();
        } else if digits > 0 {
            let code = here.get(2..2 + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
            at += 2 + digits;
            value_length += code.and_then(char::from_u32).map_or(1, char::len_utf8);
        } else {
            at += 1 + second.len_utf8();
            value_length += 1;
        }
    }
    at.min(written.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_survive_escapes_and_continuations() {
        for (written, wanted, there) in [
            (r#""value >""#, 6, ">"),
            (r#"'value >'"#, 6, ">"),
            (r#""a[\"b\"] >""#, 7, ">"),
            (r#""\u00e9 >""#, 3, ">"),
            ("\"\"\"\nvalue\n >\"\"\"", 7, ">"),
            ("\"\"\"value \\\n   >\"\"\"", 6, ">"),
        ] {
            let at = offset_as_written(written, wanted);
            // A continuation belongs to the byte after it.
            assert!(written[at..].trim_start_matches(['\\', '\n', ' ']).starts_with(there), "{written} {at}");
        }
    }
}
