//! Writes the catalogue: as a Markdown page for readers, as a table, and as one rule explained.

use std::fmt::Write;

use super::{
    rule::Rule,
    rules::{FAMILIES, rules},
};
use warroom_domain::platform::DiagnosticSeverity;

/// The page `RULES.md`, made of the catalogue alone.
pub fn page() -> String {
    let mut page = String::from(
        "# What `warroom runbook lint` looks for\n\n\
         <!-- Made from the catalogue: WARROOM_WRITE_RULES=1 cargo test --test runbooks the_page_of_rules -->\n\n\
         An *error* fails, destroys, or does the opposite of what is meant. A *warning* works until the day it does not. \
         A *note* is nothing wrong, and is to be known before the day. \
         `warroom runbook lint --explain RULE` prints one of them.\n\n\
         To accept a hazard, say so and why, before the fence, right under a heading (for all that stands under it), or at the top \
         (for the whole document): `<!-- warroom-lint: allow RULE reason -->`.\n\n",
    );
    let _ = writeln!(page, "{} rules:\n", rules().count());
    for family in FAMILIES {
        let _ = writeln!(page, "- {}: {}", family.title, links(family.rules));
    }
    for family in FAMILIES {
        let _ = writeln!(page, "\n## {}", family.title);
        for rule in family.rules {
            let _ =
                write!(page, "\n### {}\n\n*{}*: {}.\n\n{}\n", rule.name, severity(rule), rule.title, rule.explanation);
            if !rule.help.is_empty() {
                let _ = write!(page, "\nInstead: {}.\n", rule.help);
            }
            if !rule.correct.is_empty() {
                let _ = write!(page, "\n```bash\n{}\n```\n", rule.correct);
            }
        }
    }
    page
}

fn links(rules: &[Rule]) -> String {
    let links: Vec<String> = rules.iter().map(|rule| format!("[{0}](#{0})", rule.name)).collect();
    links.join(", ")
}

/// `error`, `warning` or `note`.
pub fn severity(rule: &Rule) -> &'static str {
    match rule.severity {
        DiagnosticSeverity::Error => "error",
        DiagnosticSeverity::Warning => "warning",
        DiagnosticSeverity::Note => "note",
    }
}

/// One rule explained for a terminal.
pub fn explain(rule: &Rule) -> String {
    let mut text = format!("{} ({}): {}\n\n{}\n", rule.name, severity(rule), rule.title, rule.explanation);
    if !rule.help.is_empty() {
        let _ = write!(text, "\nInstead: {}.\n", rule.help);
    }
    if !rule.correct.is_empty() {
        let indented: Vec<String> = rule.correct.lines().map(|line| format!("    {line}")).collect();
        let _ = write!(text, "\n{}\n", indented.join("\n"));
    }
    text
}
