//! What credentials look like when nobody has declared them.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexSet};

/// A line without any of these words (in any case) holds nothing that [`SHAPES`] know.
const TRIGGERS: [&str; 54] = [
    "AKIA",
    "ASIA",
    "eyJ",
    "gh",
    "glpat-",
    "xox",
    "xapp-",
    "_live_",
    "_test_",
    "whsec_",
    "sk-",
    "AIza",
    "ya29.",
    "hvs.",
    "hvb.",
    "dop_v1_",
    "dckr_pat_",
    "pypi-",
    "glsa_",
    "shpat_",
    "tskey-",
    "atatt3",
    "nrak-",
    "age-secret-key-",
    "8q~",
    "bearer",
    "authorization",
    "cookie",
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "sig",
    "://",
    "sg.",
    "npm_",
    "LS0tLS1CRUdJTi",
    "--user",
    "--pat",
    "curl",
    "wget",
    "skopeo",
    "redis-cli",
    "valkey-cli",
    "mysql",
    "mariadb",
    "mongosh",
    "mongodump",
    "mongorestore",
    "sshpass",
    "docker",
    "podman",
    "helm",
];

/// Regular expressions whose groups are what nobody may see.
const SHAPES: [&str; 25] = [
    // AWS: key ids and temporary ones
    r"\b((?:AKIA|ASIA)[A-Z0-9]{16})\b",
    // JSON web tokens
    r"\b(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?)",
    // GitHub, GitLab, npm, PyPI, Docker
    r"\b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}|dckr_pat_[A-Za-z0-9_-]{20,})",
    // Slack
    r"\b(xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,})",
    r"hooks\.slack\.com/services/([A-Za-z0-9/_-]+)",
    // Stripe, SendGrid
    r"\b((?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})",
    // Google, model providers, Vault, DigitalOcean, Grafana, Shopify, Tailscale, Atlassian, New Relic, age, Azure
    r"\b(AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|sk-[A-Za-z0-9_-]{20,}|hv[sb]\.[A-Za-z0-9_-]{20,}|dop_v1_[a-f0-9]{40,}|glsa_[A-Za-z0-9_]{30,}|shpat_[a-fA-F0-9]{32}|tskey-[A-Za-z0-9-]{20,}|ATATT3[A-Za-z0-9_=-]{20,}|NRAK-[A-Z0-9]{20,}|AGE-SECRET-KEY-1[A-Z0-9]{50,})",
    r"([A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,34})",
    r"(?i)\b(?:bearer)[ \t]+([A-Za-z0-9._~+/=-]{8,})",
    r#"(?i)\b(?:proxy-)?authorization["']?[ \t]*[:=][ \t]*["']?(?:basic|token|digest|apikey)[ \t]+([^\s"']+)"#,
    // cookies: what a browser would send
    r"(?i)\bset-cookie2?:[ \t]*[^=;\s]+=([^;\s]+)",
    r#"(?i)(?:^|[\s"'])cookie:[ \t]*([^"'\r\n]+)"#,
    // in a URL: the password, a token in its place, a signature
    r#"://[^\s/:@"'<>]*:([^\s/@"'<>$\[*][^\s/@"'<>]*)@"#,
    r#"://([A-Za-z0-9_-]{20,})@"#,
    r#"(?i)[?&](?:sig|signature|x-(?:amz|goog)-(?:signature|security-token|credential)|access_token|auth|key|apikey|token)=([^\s&"'#$<\[]{8,})"#,
    // name=value, name: value, "name": "value"
    r#"(?i)(?:passw(?:or)?d|passphrase|secret|(?:api|access|account|encryption|signing|private|secret|auth|client)[_-]?(?:key|token)|(?:session|refresh|id|bearer)[_-]?token|secretaccesskey)["']?[ \t]*(?:=|:)[ \t]*(?:"((?:[^"\\$<*\[]|\\.)(?:[^"\\]|\\.)+)"|'([^'$<*\[][^']+)'|([^\s"'&,;$<*\[{(][^\s"'&,;]{2,}))"#,
    // the short names, where they can be nothing else: a test prints PASS: 12, a shell PWD=/root
    r#"(?i)(?:^|[^a-z0-9])(?:[a-z0-9]+[_-])*(?:pass|pwd)=["']?([^\s"'/~.$<*\[&,;][^\s"'&,;]{3,})"#,
    r#"(?i)"(?:[a-z0-9]+[_-])*(?:pass|pwd)"[ \t]*:[ \t]*"([^"/~$<*\[][^"]{3,})""#,
    r#"(?i)\btoken["']?[ \t]*[:=][ \t]*["']?([A-Za-z0-9._~+/-]{16,}=*)"#,
    // options of programs
    r#"(?i)(?:^|\s)--(?:password|passwd|pass|passphrase|token|secret|api-key|access-token|auth-token|client-secret|pat)[ =]+["']?([^\s"'$<\[-][^\s"']*)"#,
    r#"\b(?:curl|wget|skopeo|https?|oc|regctl)\b[^|;&\n]*?[ \t](?:-u|--user|--proxy-user|--creds|--src-creds|--dest-creds)[ =]?["']?[^\s:"']+:([^\s"'$<\[][^\s"']*)"#,
    r#"\b(?:redis-cli|valkey-cli)\b[^|;&\n]*?[ \t](?:-a|--pass)[ =]?["']?([^\s"'$<\[-][^\s"']*)"#,
    r#"\b(?:mysql(?:dump|admin)?|mariadb(?:-dump|-admin)?|sshpass|mongosh|mongodump|mongorestore|docker login|podman login|helm registry login)\b[^|;&\n]*?[ \t]-p[ ]?["']?([^\s"'$<\[-][^\s"']*)"#,
    // SQL
    r"(?i)\bpassword[ \t]+'([^']+)'",
    // a key on one line, as JSON has it, or its base64
    r"(-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\\ \t]+(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----)?|LS0tLS1CRUdJTi(?:BQUklW|BSU0Eg|BFQy|BPUEVO|BFTkNS|BEU0Eg|BQR1Ag)[A-Za-z0-9+/_-]+=*)",
];

static TRIGGER: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(TRIGGERS).ok());

static SHAPE: LazyLock<Vec<Regex>> =
    LazyLock::new(|| SHAPES.iter().filter_map(|shape| Regex::new(shape).ok()).collect());

/// The same as one, to know which of them to try.
static ALL: LazyLock<Option<RegexSet>> = LazyLock::new(|| RegexSet::new(SHAPES).ok());

static KEY_BEGINS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[ \t]*\r?\n?$").ok());

/// The base64 of a private key up to the end of its line.
static WRAPPED_BEGINS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new("(LS0tLS1CRUdJTi(?:BQUklW|BSU0Eg|BFQy|BPUEVO|BFTkNS|BEU0Eg|BQR1Ag)[A-Za-z0-9+/_-]{20,})[ \t]*\r?\n?$")
        .ok()
});

/// The next position at or after `from` where a line could hold a credential.
pub(super) fn suspicious(text: &[u8], from: usize) -> Option<usize> {
    let trigger = TRIGGER.as_ref()?;
    Some(from + trigger.find(text.get(from..)?)?.start())
}

/// Calls `found` with the bytes of everything in a line that looks like a credential.
pub(super) fn find(line: &[u8], mut found: impl FnMut(std::ops::Range<usize>)) {
    let Some(all) = ALL.as_ref() else { return };
    for shape in all.matches(line).into_iter().filter_map(|number| SHAPE.get(number)) {
        for groups in shape.captures_iter(line) {
            if let Some(group) = groups.iter().skip(1).flatten().next() {
                found(group.range());
            }
        }
    }
}

/// A private key of several lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// PEM or OpenPGP armour.
    Armoured,
    /// Its base64, broken into lines of this length.
    Wrapped(usize),
}

impl Key {
    /// The key that begins with this line and goes on after it.
    pub(super) fn begins(line: &[u8]) -> Option<Key> {
        if KEY_BEGINS.as_ref().is_some_and(|begin| begin.is_match(line)) {
            return Some(Key::Armoured);
        }
        let found = WRAPPED_BEGINS.as_ref()?.captures(line)?;
        Some(Key::Wrapped(found.get(1)?.len()))
    }

    /// True while a line can belong to it.
    pub(super) fn goes_on(self, line: &[u8]) -> bool {
        match self {
            Key::Armoured => armoured(line),
            Key::Wrapped(_) => {
                let line = line.trim_ascii();
                !line.is_empty()
                    && line
                        .iter()
                        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_'))
            }
        }
    }

    /// True when this line of it is the last: only that one may be shorter.
    pub(super) fn ends_with(self, line: &[u8]) -> bool {
        matches!(self, Key::Wrapped(length) if line.trim_ascii().len() < length)
    }
}

/// A line of PEM or OpenPGP armour.
fn armoured(line: &[u8]) -> bool {
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
        assert!(ALL.is_some() && TRIGGER.is_some() && KEY_BEGINS.is_some() && WRAPPED_BEGINS.is_some());
    }
}
