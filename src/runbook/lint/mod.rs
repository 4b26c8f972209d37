//! The linter: named rules about what goes wrong with runbooks, each with an explanation and the correct form.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`rules`] | the catalogue, one file a family |
//! | [`rule`] | what a rule is |
//! | [`report`] | what it finds |
//! | [`page`] | the catalogue as a page |
//! | `subject`, `block`, `command`, `sql_text`, `outline` | what rules look at: shell and SQL analysed once |
//! | `around` | what stands around each of them |
//! | `allow` | suppression comments |

mod allow;
mod around;
mod block;
mod command;
mod names;
mod outline;
pub mod page;
pub mod report;
pub mod rule;
pub mod rules;
mod scripts;
mod sql_text;
mod subject;
mod version;
mod words;

use std::collections::BTreeSet;

use self::{report::Report, rule::Check, scripts::Scripts, subject::Subject};
pub use self::{
    report::{Finding, Fix},
    rule::{Family, Rule},
    scripts::{needed_variables, used_variables},
};
use super::Runbook;
use warroom_domain::platform::{DiagnosticSeverity, Position};

/// What a runbook cannot say about itself.
#[derive(Default)]
pub struct LintContext {
    /// Variables that the surroundings set: those of the pack's environment, and those that its probes read.
    pub variables: BTreeSet<String>,
}

/// Everything that the rules have to say about a runbook, what its parser had to say included, in the order of the document.
pub fn lint(runbook: &Runbook, context: &LintContext) -> Vec<Finding> {
    let scripts = Scripts::of(runbook);
    let subject = Subject::new(runbook, &scripts, context);
    let mut found = diagnostics(runbook);
    for rule in rules::rules() {
        check(rule, &subject, &mut found);
    }
    let mut found = allow::apply(&subject, found);
    found.sort_by(|a, b| (a.position.span.start, a.rule).cmp(&(b.position.span.start, b.rule)));
    found.dedup();
    found
}

fn check(rule: &'static Rule, subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let report = &mut Report { subject, rule: rule.name, severity: rule.severity, help: rule.help, found };
    match rule.check {
        Check::Command(programs, look) => {
            if programs.is_empty() {
                subject.commands.iter().for_each(|command| look(command, report));
            }
            programs.iter().flat_map(|program| subject.commands_of(program)).for_each(|command| look(command, report));
        }
        Check::Sql(look) => subject.sql.iter().for_each(|sql| look(sql, report)),
        Check::Block(look) => subject.blocks.iter().for_each(|block| look(block, report)),
        Check::Document(look) => look(subject, report),
        Check::Itself => {}
    }
}

/// What the parser found odd, under the rule `document`.
fn diagnostics(runbook: &Runbook) -> Vec<Finding> {
    runbook
        .diagnostics
        .iter()
        .map(|diagnostic| Finding {
            rule: "document",
            severity: diagnostic.severity,
            file: diagnostic.file.clone(),
            position: diagnostic.position.clone().unwrap_or_else(|| Position::of(&runbook.source, 0..0)),
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            fix: None,
        })
        .collect()
}

/// The worst severity among findings.
pub fn worst(found: &[Finding]) -> Option<DiagnosticSeverity> {
    found.iter().map(|finding| finding.severity).max()
}
