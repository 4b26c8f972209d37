//! The linter: every rule by example, source documents with their known mistakes, clean runbooks, and anything at all.

mod clean;
mod command;
mod examples;
mod nonsense;
mod page;
mod seeds;

use warroom::runbook::{
    self,
    lint::{Finding, LintContext, lint},
};

/// The findings about a text, with nothing known of the machine.
fn findings(file: &str, text: &str) -> Vec<Finding> {
    lint(&runbook::parse(file, text), &LintContext::default())
}

/// `line: rule: message`, for a test that fails.
fn told(found: &[Finding]) -> String {
    let lines: Vec<String> = found.iter().map(|f| format!("{}: {}: {}", f.position.line, f.rule, f.message)).collect();
    lines.join("\n")
}
