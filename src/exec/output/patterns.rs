//! What credentials look like when nobody has declared them.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::bytes::Regex;

/// A line without any of these words (in any case) holds nothing that [`SHAPES`] know.
const TRIGGERS: [&str; 22] = [
    "AKIA",
    "ASIA",
    "eyJ",
    "gh",
    "glpat-",
    "xox",
    "_live_",
    "_test_",
    "whsec_",
    "sk-",
    "AIza",
    "bearer",
    "authorization",
    "passw",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "key",
    "://",
    "sg.",
    "npm_",
];

/// Regular expressions whose groups are what nobody may see.
const SHAPES: [&str; 13] = [
    // AWS: key ids and temporary ones
    r"\b((?:AKIA|ASIA)[A-Z0-9]{16})\b",
    // JSON web tokens
    r"\b(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?)",
    // GitHub, GitLab, npm
    r"\b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{36})",
    // Slack
    r"\b(xox[abeoprs]-[A-Za-z0-9-]{10,})",
    r"hooks\.slack\.com/services/([A-Za-z0-9/_-]+)",
    // Stripe, SendGrid
    r"\b((?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})",
    // Google, model providers
    r"\b(AIza[0-9A-Za-z_-]{35}|sk-[A-Za-z0-9_-]{20,})",
    r"(?i)\b(?:bearer)[ \t]+([A-Za-z0-9._~+/=-]{8,})",
    r#"(?i)\b(?:proxy-)?authorization["']?[ \t]*[:=][ \t]*["']?(?:basic|token|digest|apikey)[ \t]+([^\s"']+)"#,
    // the password in a URL
    r#"://[^\s/:@"'<>]*:([^\s/@"'<>$\[*][^\s/@"'<>]*)@"#,
    // name=value, name: value, "name": "value"
    r#"(?i)(?:passw(?:or)?d|passphrase|pwd|secret|(?:api|access|account|encryption|signing|private|secret|auth)[_-]?(?:key|token)|(?:session|refresh|id|bearer)[_-]?token|secretaccesskey)["']?[ \t]*(?:=|:)[ \t]*(?:"((?:[^"\\$<*\[]|\\.)(?:[^"\\]|\\.)+)"|'([^'$<*\[][^']+)'|([^\s"'&,;$<*\[{(][^\s"'&,;]{2,}))"#,
    // SQL
    r"(?i)\bpassword[ \t]+'([^']+)'",
    // a key on one line, as JSON has it
    r"(-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\\ \t]+(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----)?)",
];

static TRIGGER: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(TRIGGERS).ok());

static SHAPE: LazyLock<Vec<Regex>> =
    LazyLock::new(|| SHAPES.iter().filter_map(|shape| Regex::new(shape).ok()).collect());

static KEY_BEGINS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[ \t]*\r?\n?$").ok());

/// The next position at or after `from` where a line could hold a credential.
pub(super) fn suspicious(text: &[u8], from: usize) -> Option<usize> {
    let trigger = TRIGGER.as_ref()?;
    Some(from + trigger.find(text.get(from..)?)?.start())
}

/// Calls `found` with the bytes of everything in a line that looks like a credential.
pub(super) fn find(line: &[u8], mut found: impl FnMut(std::ops::Range<usize>)) {
    for shape in SHAPE.iter() {
        for groups in shape.captures_iter(line) {
            if let Some(group) = groups.iter().skip(1).flatten().next() {
                found(group.range());
            }
        }
    }
}

/// True when a private key begins after this line.
pub(super) fn key_begins(line: &[u8]) -> bool {
    KEY_BEGINS.as_ref().is_some_and(|begin| begin.is_match(line))
}

/// True while a line can belong to a private key in PEM or OpenPGP armour.
pub(super) fn key_goes_on(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let base64 =
        line.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'|' | b'>' | b' '));
    base64
        || line.starts_with(b"Proc-Type:")
        || line.starts_with(b"DEK-Info:")
        || line.starts_with(b"Version:")
        || line.starts_with(b"Comment:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_and_trigger_is_one() {
        assert_eq!(SHAPE.len(), SHAPES.len());
        assert!(TRIGGER.is_some() && KEY_BEGINS.is_some());
    }
}
