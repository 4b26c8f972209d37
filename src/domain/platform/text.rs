//! Strings of a pack that may name a secret instead of holding it.

use std::fmt;

/// A pack string that is either literal text or a reference that is resolved when used
/// (`env:NAME`, `file:PATH`, `cmd:COMMAND`), so that a pack never holds a secret.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum SecretText {
    Literal(String),
    Env(String),
    File(String),
    Command(String),
}

impl SecretText {
    /// Reads the prefix; text without one of the three prefixes is literal.
    pub fn parse(text: &str) -> Self {
        match text.split_once(':') {
            Some(("env", name)) => SecretText::Env(name.trim().to_owned()),
            Some(("file", path)) if !path.starts_with("//") => SecretText::File(path.trim().to_owned()),
            Some(("cmd", command)) => SecretText::Command(command.trim().to_owned()),
            _ => SecretText::Literal(text.to_owned()),
        }
    }

    /// Where the text comes from, without the text: safe to print.
    pub fn origin(&self) -> String {
        match self {
            SecretText::Literal(_) => "the pack".to_owned(),
            SecretText::Env(name) => format!("environment variable {name}"),
            SecretText::File(path) => format!("file {path}"),
            SecretText::Command(_) => "a command".to_owned(),
        }
    }
}

/// Never prints literal text: a URL in a pack may carry a password although it should not.
impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretText({})", self.origin())
    }
}

impl<'de> serde::Deserialize<'de> for SecretText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(SecretText::parse(&String::deserialize(deserializer)?))
    }
}
