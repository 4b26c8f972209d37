//! CEL, the one expression language of packs: thresholds, alert rules, gates and conditions on JSON.

use std::{fmt, sync::Arc};

use cel::{Context, Program, Value};

/// A compiled CEL expression and its source text.
#[derive(Clone)]
pub struct Expression {
    source: Arc<str>,
    program: Arc<Program>,
}

/// Why an expression does not compile, or has no answer for the data it was given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ExpressionError {
    /// `column` counts from 1 in the expression's own text.
    #[error("`{source_text}` is not a CEL expression: {message}")]
    Syntax { source_text: String, message: String, line: usize, column: usize },
    #[error("`{source_text}` has no answer: {message}")]
    Evaluation { source_text: String, message: String },
}

impl Expression {
    pub fn compile(source: &str) -> Result<Self, ExpressionError> {
        match Program::compile(source) {
            Ok(program) => Ok(Expression { source: source.into(), program: Arc::new(program) }),
            Err(errors) => {
                let first = errors.errors.first();
                Err(ExpressionError::Syntax {
                    source_text: source.to_owned(),
                    message: first.map_or_else(|| errors.to_string(), |e| e.msg.clone()),
                    line: first.map_or(1, |e| usize::try_from(e.pos.0).unwrap_or(1).max(1)),
                    column: first.map_or(1, |e| usize::try_from(e.pos.1).unwrap_or(1).max(1)),
                })
            }
        }
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// Names of the top-level variables that the expression reads.
    pub fn variables(&self) -> Vec<String> {
        self.program.references().variables().into_iter().map(str::to_owned).collect()
    }

    /// The compiled syntax tree, for checks of what is referred to.
    pub fn tree(&self) -> &cel::parser::Expression {
        self.program.expression()
    }

    /// True or false for these variables. Anything else, a missing variable included, is an error.
    pub fn holds(&self, variables: &serde_json::Map<String, serde_json::Value>) -> Result<bool, ExpressionError> {
        match self.evaluate(variables)? {
            Value::Bool(answer) => Ok(answer),
            other => Err(self.no_answer(format!("it is {:?}, not true or false", other.type_of()))),
        }
    }

    fn evaluate(&self, variables: &serde_json::Map<String, serde_json::Value>) -> Result<Value, ExpressionError> {
        let mut context = Context::default();
        for (name, value) in variables {
            context.add_variable_from_value(name.as_str(), from_json(value));
        }
        self.program.execute(&context).map_err(|error| self.no_answer(error.to_string()))
    }

    fn no_answer(&self, message: String) -> ExpressionError {
        ExpressionError::Evaluation { source_text: self.source.to_string(), message }
    }
}

/// JSON integers become CEL ints (also those above `i64::MAX`, as doubles), so that `count > 3` needs no suffix.
fn from_json(value: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match value {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => n.as_i64().map_or_else(|| Value::Float(n.as_f64().unwrap_or(f64::NAN)), Value::Int),
        Json::String(s) => Value::from(s.as_str()),
        Json::Array(items) => Value::from(items.iter().map(from_json).collect::<Vec<_>>()),
        Json::Object(members) => Value::from(
            members
                .iter()
                .map(|(k, v)| (k.clone(), from_json(v)))
                .collect::<std::collections::HashMap<String, Value>>(),
        ),
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({})", self.source)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(source: &str, variables: serde_json::Value) -> Result<bool, ExpressionError> {
        let serde_json::Value::Object(variables) = variables else { panic!("an object") };
        Expression::compile(source).unwrap().holds(&variables)
    }

    #[test]
    fn whole_and_fractional_numbers_compare_with_each_other() {
        for value in [serde_json::json!({"value": 71}), serde_json::json!({"value": 70.5})] {
            assert_eq!(holds("value > 70", value.clone()), Ok(true));
            assert_eq!(holds("value > 70.2", value.clone()), Ok(true));
            assert_eq!(holds("value > 80", value), Ok(false));
        }
    }

    #[test]
    fn a_missing_member_is_an_error_and_has_guards_it() {
        let details = serde_json::json!({"connections": {"used": 3}});
        assert!(holds("connections.used_percent > 95", details.clone()).is_err());
        assert_eq!(holds("has(connections.used_percent) && connections.used_percent > 95", details), Ok(false));
    }

    #[test]
    fn a_syntax_error_says_where() {
        let Err(ExpressionError::Syntax { column, .. }) = Expression::compile("value >") else { panic!("compiled") };
        assert!(column >= 7, "{column}");
    }
}
