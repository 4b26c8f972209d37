//! What a variable's value must look like.

use std::{collections::BTreeMap, path::Path};

use secrecy::{ExposeSecret, SecretString};

use warroom_domain::platform::Environment;
use warroom_host::secret::expand_home;
use warroom_runbook::{Runbook, Variable, VariableKind, parse::variables};

/// Variables of a run: the value of each, and whether it is secret.
pub type Values = BTreeMap<String, (SecretString, bool)>;

/// The values that hold before anybody has given one: what the environment pins, and the defaults.
pub fn at_start(document: &Runbook, environment: &Environment) -> Values {
    let vars = environment.vars.iter();
    let mut values: Values = vars.map(|(name, value)| (name.clone(), (value.clone().into(), false))).collect();
    for (name, variable) in &document.front.vars {
        let default = || checked(name, variable, &variable.choices, variable.default.as_ref()?).ok();
        match pinned(environment, name, variable).map_or_else(default, Result::ok) {
            Some(value) => values.insert(name.clone(), (value.into(), variable.secret)),
            // A value that the document rules out does not count, and its default is not what the environment wants.
            None => values.remove(name),
        };
    }
    values
}

/// Gives a variable of the runbook its value; `printed` are choices that its command printed. The error is one sentence.
pub fn set(values: &mut Values, document: &Runbook, printed: &[String], name: &str, value: &str) -> Result<(), String> {
    let variable = document.front.vars.get(name).ok_or_else(|| format!("this runbook has no variable {name}"))?;
    let choices = if variable.choices.is_empty() { printed } else { &variable.choices };
    let value = checked(name, variable, choices, value)?;
    values.insert(name.to_owned(), (value.into(), variable.secret));
    Ok(())
}

/// True when the variable has no value, or an empty one.
pub fn is_empty(values: &Values, name: &str) -> bool {
    values.get(name).is_none_or(|(value, _)| value.expose_secret().is_empty())
}

/// The value as it is given to commands (times in UTC, paths with their home), or one sentence that says what is wrong.
/// `choices` are those of the document, or those that its command printed.
pub fn checked(name: &str, variable: &Variable, choices: &[String], value: &str) -> Result<String, String> {
    let value = variables::check(name, variable, choices, value)?;
    if variable.kind != VariableKind::File || value.is_empty() {
        return Ok(value);
    }
    let path = expand_home(&value);
    let exists = Path::new(&path).is_file();
    if exists { Ok(path.display().to_string()) } else { Err(format!("there is no file {}", path.display())) }
}

/// The value that the environment pins for a variable, so that nobody has to be asked; `None` when it pins none. The error is
/// one sentence: the runbook does not take this value.
pub fn pinned(environment: &Environment, name: &str, variable: &Variable) -> Option<Result<String, String>> {
    environment.vars.get(name).map(|value| checked(name, variable, &variable.choices, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variable: &Variable, value: &str) -> Result<String, String> {
        checked("X", variable, &variable.choices, value)
    }

    #[test]
    fn a_value_is_of_its_kind() {
        let integer = Variable { kind: VariableKind::Integer, ..Variable::default() };
        assert_eq!(check(&integer, "3").as_deref(), Ok("3"));
        assert_eq!(check(&integer, "3; rm -rf /").unwrap_err(), "X is a whole number");
        let time = Variable { kind: VariableKind::Time, ..Variable::default() };
        assert_eq!(check(&time, "2026-02-03T04:05:06+02:00").as_deref(), Ok("2026-02-03T02:05:06Z"));
        assert!(check(&time, "2026-02-03 04:05:06").unwrap_err().contains("with its zone"));
        let file = Variable { kind: VariableKind::File, ..Variable::default() };
        assert_eq!(check(&file, "/no/such/file").unwrap_err(), "there is no file /no/such/file");
        assert!(check(&file, "Cargo.toml").is_ok());
    }

    #[test]
    fn a_pattern_is_for_the_whole_value() {
        let variable = Variable { pattern: Some("[a-z]+|x1".into()), ..Variable::default() };
        assert!(check(&variable, "abc").is_ok());
        assert!(check(&variable, "x1").is_ok());
        for wrong in ["abc\nrm", "a1", "1a"] {
            assert_eq!(check(&variable, wrong).unwrap_err(), "X has to match [a-z]+|x1");
        }
    }

    #[test]
    fn only_choices_and_only_values_that_can_be_given() {
        let variable = Variable { choices: vec!["blue".into(), "green".into()], ..Variable::default() };
        assert!(check(&variable, "blue").is_ok());
        assert_eq!(check(&variable, "red").unwrap_err(), "X is one of blue, green");
        assert!(check(&Variable::default(), "a\0b").unwrap_err().contains("NUL"));
        let required = Variable { required: true, ..Variable::default() };
        assert_eq!(check(&required, "").unwrap_err(), "X needs a value");
        assert_eq!(check(&Variable::default(), "").as_deref(), Ok(""));
    }
}
