//! Finds values that somebody meant to fill in later.

use std::sync::LazyLock;

use regex::Regex;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::findings::Findings;

/// Placeholders as plans contain them: `[Name]`, `TBD`, `{{ region }}`, `<your-host>`, `sg-xxx`, `PAGE_ID`, `YOUR_TOKEN`,
/// `yourdomain.com`.
#[expect(clippy::expect_used, reason = "a constant that the tests compile")]
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\[[A-Z][A-Za-z ]*\]|\b(?:TBD|TBA|TODO|FIXME|CHANGEME|PAGE_ID)\b|\{\{.*?\}\}|<[a-z][a-z -]*>",
        r"|\b[a-zA-Z]+-x{3,}\b|\bYOUR[_-][A-Z_]+\b|\byour-?(?:domain|company|org)\b"
    ))
    .expect("a valid pattern")
});

/// How the finding about a placeholder ends.
pub(super) const STILL: &str = " is still to be filled in";

/// Keys whose values are written in a language of their own, in which brackets and braces mean something else.
const CODE: [&str; 10] = ["warn", "down", "when", "json", "matches", "query", "errors", "total", "run", "body"];

/// The placeholder in a text, when it has one.
pub(super) fn placeholder(text: &str) -> Option<std::ops::Range<usize>> {
    PLACEHOLDER.find(text).map(|found| found.range())
}

/// Flags every value of the document that is still to be filled in.
pub(super) fn flag(table: &DeTable<'_>, findings: &Findings<'_>) {
    for (key, value) in table {
        if !CODE.contains(&key.get_ref().as_ref()) {
            flag_value(value, findings);
        }
    }
}

fn flag_value(value: &Spanned<DeValue<'_>>, findings: &Findings<'_>) {
    match value.get_ref() {
        DeValue::String(text) => {
            for found in PLACEHOLDER.find_iter(text) {
                let message = format!("`{}`{STILL}", found.as_str());
                findings.warning(findings.inside(&value.span(), found.range()), message, None);
            }
        }
        DeValue::Array(items) => items.iter().for_each(|item| flag_value(item, findings)),
        DeValue::Table(table) => flag(table, findings),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told_from_plain_text() {
        for text in ["[Name]", "TBD", "call {{ number }}", "sg-xxx", "PAGE_ID", "https://api.yourdomain.com/health"] {
            assert!(placeholder(text).is_some(), "{text}");
        }
        for text in ["[::1]:5432", "production", "up[5m]", "a@b.example", "Database", "xxl"] {
            assert!(placeholder(text).is_none(), "{text}");
        }
    }
}
