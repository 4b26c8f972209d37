//! What the server says against a statement, with the place in the action's own code.

use tokio_postgres::error::{DbError, ErrorPosition};

/// Several lines: the code and the words, the line of the action with a mark under the place, detail and hint.
pub(super) fn lines(error: &DbError, code: &str) -> String {
    let place = match error.position() {
        Some(ErrorPosition::Original(position)) => place(code, *position),
        _ => None,
    };
    let at = place.as_ref().map(|(line, ..)| format!(" at line {line}")).unwrap_or_default();
    let mut text = format!("{} {}{at}: {}\n", error.severity(), error.code().code(), error.message());
    if let Some((number, line, before)) = place {
        let label = format!("LINE {number}: ");
        let space = " ".repeat(label.len() + unicode_width::UnicodeWidthStr::width(before));
        text.push_str(&format!("{label}{line}\n{space}^\n"));
    }
    for (name, words) in [("DETAIL", error.detail()), ("HINT", error.hint()), ("CONTEXT", error.where_())] {
        if let Some(words) = words {
            text.push_str(&format!("{name}: {words}\n"));
        }
    }
    if error.code().code() == "25006" {
        text.push_str(
            "HINT: this action may only read; give its fence the attribute `write` if it is meant to change data\n",
        );
    }
    if code.lines().any(|line| line.trim_start().starts_with('\\')) {
        text.push_str(
            "HINT: lines that begin with a backslash are commands of psql: run them with psql in a bash block\n",
        );
    }
    text
}

/// Line number from 1, the line, and what of it stands before a position (in characters from 1).
fn place(code: &str, position: u32) -> Option<(usize, &str, &str)> {
    let at = usize::try_from(position).ok()?.checked_sub(1)?;
    let byte = code.char_indices().nth(at).map_or(code.len(), |(byte, _)| byte);
    let start = code[..byte].rfind('\n').map_or(0, |at| at + 1);
    let end = code[byte..].find('\n').map_or(code.len(), |length| byte + length);
    let number = code[..start].matches('\n').count() + 1;
    Some((number, &code[start..end], &code[start..byte]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counts_characters_and_is_told_as_a_line() {
        assert_eq!(place("SELECT 'ä',\n  nix FROM x", 15), Some((2, "  nix FROM x", "  ")));
        assert_eq!(place("SELECT", 7), Some((1, "SELECT", "SELECT")));
    }
}
