//! Variables of a runbook: which names they may have, and which values.

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;

use crate::{Variable, VariableKind, risk};

/// Whether something may be the name of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    Good,
    /// A part of a sentence: `bash does not accept it …`.
    Refused(&'static str),
}

/// Names that bash sets or takes apart itself.
const RESERVED: [&str; 8] = ["DIRSTACK", "EUID", "GROUPS", "OLDPWD", "PPID", "PWD", "TERM", "UID"];

/// Says whether a variable may be called this. Bash names: letters, digits and underscores.
pub fn name(name: &str) -> Name {
    static BASH: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("^[A-Za-z_][A-Za-z0-9_]*$").ok());
    if !BASH.as_ref().is_some_and(|bash| bash.is_match(name)) {
        return Name::Refused("a name is made of letters, digits and underscores, and starts with no digit");
    }
    if RESERVED.contains(&name) || name.starts_with("WARROOM_") {
        return Name::Refused("the shell or the console uses it itself");
    }
    // A value in it could make a program run something else than the runbook shows, or act elsewhere.
    if risk::obeyed(name).is_some() { Name::Refused("programs obey it: give it another name") } else { Name::Good }
}

/// Checks a value for a variable and gives it back as it is given to commands: a time in UTC, a number without needless signs,
/// the rest unchanged. `choices` are those of the document, or those that its command printed. That a file exists is not
/// looked at here. The error is one sentence that does not repeat the value, which may be secret.
pub fn check(name: &str, variable: &Variable, choices: &[String], value: &str) -> Result<String, String> {
    if value.is_empty() {
        return if variable.required { Err(format!("{name} needs a value")) } else { Ok(String::new()) };
    }
    if value.contains('\0') {
        return Err(format!("{name} holds a NUL byte, which no program can be given"));
    }
    if !choices.is_empty() && !choices.iter().any(|choice| choice == value) {
        let few = choices.iter().take(8).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if choices.len() > 8 { ", …" } else { "" };
        return Err(format!("{name} is one of {few}{more}"));
    }
    if let Some(pattern) = &variable.pattern {
        let whole = Regex::new(&format!("^(?:{pattern})$"))
            .map_err(|_| format!("the pattern of {name} is no regular expression"))?;
        if !whole.is_match(value) {
            return Err(format!("{name} has to match {pattern}"));
        }
    }
    match variable.kind {
        VariableKind::Text | VariableKind::File => Ok(value.to_owned()),
        VariableKind::Integer => {
            let number = value.parse::<i64>().map_err(|_| format!("{name} is a whole number"))?;
            Ok(number.to_string())
        }
        VariableKind::Time => {
            let time = value.parse::<Timestamp>();
            let time = time.map_err(|_| format!("{name} is a time with its zone, like 2026-02-03T04:05:06Z"))?;
            Ok(time.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_change_what_runs_are_refused() {
        assert_eq!(name("TARGET_TIME"), Name::Good);
        for bad in ["", "2X", "a-b", "a b", "PATH", "LD_PRELOAD", "BASH_ENV", "IFS", "A\nB", "É"] {
            assert!(matches!(name(bad), Name::Refused(_)), "{bad:?}");
        }
    }

    #[test]
    fn a_value_must_be_what_the_runbook_says() {
        let with = |change: fn(&mut Variable)| {
            let mut variable = Variable { required: true, ..Variable::default() };
            change(&mut variable);
            variable
        };
        let check = |name: &str, variable: &Variable, value: &str| check(name, variable, &variable.choices, value);
        let text = with(|_| {});
        assert_eq!(check("A", &text, "$(rm -rf /)\n'\""), Ok("$(rm -rf /)\n'\"".to_owned()));
        assert_eq!(check("A", &text, ""), Err("A needs a value".to_owned()));
        assert!(check("A", &text, "a\0b").is_err());
        assert_eq!(check("A", &with(|v| v.required = false), ""), Ok(String::new()));
        let pattern = with(|v| v.pattern = Some("a|b+".to_owned()));
        assert!(check("A", &pattern, "bb").is_ok());
        assert_eq!(check("A", &pattern, "xa"), Err("A has to match a|b+".to_owned()));
        assert!(check("A", &pattern, "a\n").is_err());
        let choices = with(|v| v.choices = vec!["east".to_owned(), "west".to_owned()]);
        assert_eq!(check("A", &choices, "north"), Err("A is one of east, west".to_owned()));
        let time = with(|v| v.kind = VariableKind::Time);
        assert_eq!(check("A", &time, "2026-01-31T04:12:00+01:00"), Ok("2026-01-31T03:12:00Z".to_owned()));
        assert!(check("A", &time, "2026-01-31T04:12:00").is_err());
        let integer = with(|v| v.kind = VariableKind::Integer);
        assert!(check("A", &integer, "-3").is_ok() && check("A", &integer, "3.5").is_err());
    }
}
