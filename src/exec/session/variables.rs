//! Which variables go from one action to the next, and how a value with a secret in it is stored.

use serde::{Deserialize, Serialize};

/// A piece of a stored value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Piece {
    Text(String),
    Secret {
        /// Its name.
        secret: String,
    },
    /// Not UTF-8.
    Bytes(Vec<u8>),
}

/// Variables that bash makes itself, that say something about one process only, or that a later action must not inherit.
const LEFT_OUT: [&str; 32] = [
    "COLUMNS",
    "COPROC",
    "DIRSTACK",
    "ENV",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "EUID",
    "FUNCNAME",
    "GROUPS",
    "HISTCMD",
    "HOSTNAME",
    "HOSTTYPE",
    "IFS",
    "LINENO",
    "LINES",
    "MACHTYPE",
    "MAILCHECK",
    "MAPFILE",
    "OPTARG",
    "OPTERR",
    "OPTIND",
    "OSTYPE",
    "PIPESTATUS",
    "PPID",
    "PROMPT_COMMAND",
    "PWD",
    "RANDOM",
    "REPLY",
    "SECONDS",
    "SHLVL",
    "SRANDOM",
    "UID",
];

/// True for a variable that belongs to the session.
pub(super) fn is_carried(name: &str) -> bool {
    is_name(name)
        && name != "_"
        && !name.starts_with("BASH")
        && !name.starts_with("COMP_")
        && !matches!(name, "SHELLOPTS" | "TERM" | "PS4" | "KUBECONFIG")
        && !LEFT_OUT.contains(&name)
}

/// True for what bash takes as a variable's name.
pub(super) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Splits a value at the secrets in it (name and value, the longest first).
pub(super) fn split(value: &[u8], secrets: &[(&str, &str)]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = value;
    while !rest.is_empty() {
        let found = secrets
            .iter()
            .filter_map(|(name, secret)| Some((find(rest, secret.as_bytes())?, *name, secret.len())))
            .min_by_key(|(at, ..)| *at);
        let Some((at, name, length)) = found else { break };
        push(&mut pieces, &rest[..at]);
        pieces.push(Piece::Secret { secret: name.to_owned() });
        rest = &rest[at + length..];
    }
    push(&mut pieces, rest);
    pieces
}

/// Puts the secrets back; `None` when one of them is not known any more.
pub(super) fn join(pieces: &[Piece], secrets: &[(&str, &str)]) -> Option<Vec<u8>> {
    let mut value = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => value.extend_from_slice(text.as_bytes()),
            Piece::Bytes(bytes) => value.extend_from_slice(bytes),
            Piece::Secret { secret } => {
                let (_, known) = secrets.iter().find(|(name, _)| name == secret)?;
                value.extend_from_slice(known.as_bytes());
            }
        }
    }
    Some(value)
}

fn push(pieces: &mut Vec<Piece>, bytes: &[u8]) {
    if !bytes.is_empty() {
        pieces.push(match std::str::from_utf8(bytes) {
            Ok(text) => Piece::Text(text.to_owned()),
            Err(_) => Piece::Bytes(bytes.to_vec()),
        });
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() { None } else { text.windows(part.len()).position(|window| window == part) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_inside_a_value_is_stored_as_its_name() {
        let secrets = [("LONG", "hunter2hunter2"), ("SHORT", "hunter2")];
        let pieces = split(b"postgres://app:hunter2@h hunter2hunter2", &secrets);
        assert_eq!(
            serde_json::to_string(&pieces).unwrap(),
            r#"["postgres://app:",{"secret":"SHORT"},"@h ",{"secret":"LONG"}]"#
        );
        assert_eq!(join(&pieces, &secrets).unwrap(), b"postgres://app:hunter2@h hunter2hunter2");
        assert_eq!(join(&pieces, &secrets[..1]), None);
    }
}
