//! Query texts as they may be shown: on one line, short, and without the data in their literals.

use std::sync::LazyLock;

use regex::Regex;

/// Longest query text that is shown, in characters.
const LONGEST: usize = 160;

/// Strings with backslash escapes, strings, dollar quotes. A literal that is cut off ends with the text.
static LITERAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?s)\b[eE]'(?:[^'\\]|\\.|'')*(?:'|\\?$)|'(?:[^']|'')*(?:'|$)|\$[A-Za-z_]*\$.*?(?:\$[A-Za-z_]*\$|$)")
        .ok()
});

/// The text with every quoted literal replaced by `'…'`: queries may carry passwords and personal data.
pub(super) fn masked(query: &str) -> String {
    let Some(literal) = LITERAL.as_ref() else { return String::new() };
    let hidden = literal.replace_all(query, "'…'");
    let line = hidden.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_hidden_and_the_rest_is_on_one_line() {
        for (query, shown) in [
            ("SELECT *\n  FROM users\tWHERE email = 'a@b.c'", "SELECT * FROM users WHERE email = '…'"),
            ("ALTER ROLE app PASSWORD 'it''s secret' VALID UNTIL 'x'", "ALTER ROLE app PASSWORD '…' VALID UNTIL '…'"),
            (r"SELECT E'a\'secret', 1", "SELECT '…', 1"),
            ("DO $body$ secret $body$", "DO '…'"),
            ("SELECT 'cut off in the midd", "SELECT '…'"),
            ("SELECT $1, $2", "SELECT $1, $2"),
        ] {
            assert_eq!(masked(query), shown);
        }
        assert_eq!(masked(&"x".repeat(500)).chars().count(), LONGEST);
    }
}
