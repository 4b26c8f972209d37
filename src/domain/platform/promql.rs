//! PromQL, read with bounds.

use promql_parser::parser::{self, Expr};

use super::bounds;

/// Brackets inside of brackets.
const DEEPEST: usize = 20;

/// Reads a query or a selector. The error says what is wrong, in one line.
pub fn parse(text: &str) -> Result<Expr, String> {
    bounds::expression(text, DEEPEST).map_err(|excess| format!("it is {excess}"))?;
    parser::parse(text)
        .map_err(|error| error.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned())
}
