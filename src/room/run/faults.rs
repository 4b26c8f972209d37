//! What the linter found wrong with the steps of a runbook: an error stops the step that it is about, before anything of it runs.

use std::collections::HashMap;

use warroom_domain::platform::{DiagnosticSeverity, Pack};
use warroom_runbook::{
    Runbook, StepId,
    lint::{Finding, LintContext, lint},
};

/// The run itself knows which variables have a value, and starts nothing that uses one without.
const KNOWN_BY_THE_RUN: &str = "unset-variable";
/// What the parser could not make sense of: where it stands outside of the steps, it may be about all of them.
const OF_THE_DOCUMENT: &str = "document";

/// The errors, one sentence each, in the order of the document.
#[derive(Debug, Default)]
pub(super) struct Faults {
    of_all: Vec<String>,
    of_steps: HashMap<StepId, Vec<String>>,
}

impl Faults {
    /// `pack` says which variables its environments set.
    pub(super) fn of(document: &Runbook, pack: &Pack) -> Self {
        let environments = pack.environments.values();
        let variables = environments.flat_map(|environment| environment.vars.keys().cloned()).collect();
        let mut faults = Faults::default();
        let found = lint(document, &LintContext { variables }).into_iter();
        for finding in found.filter(|f| f.severity == DiagnosticSeverity::Error && f.rule != KNOWN_BY_THE_RUN) {
            let at = &finding.position;
            // The body of a step begins below its heading.
            let step = document.steps().find(|step| step.line == at.line || step.body.contains(&at.span.start));
            match step {
                Some(step) => faults.of_steps.entry(step.id.clone()).or_default().push(sentence(&finding)),
                None if finding.rule == OF_THE_DOCUMENT => faults.of_all.push(sentence(&finding)),
                None => {}
            }
        }
        faults
    }

    /// What stops a step; without one, what stops everything of the document.
    pub(super) fn stopping(&self, step: Option<&StepId>) -> Vec<String> {
        let own = step.and_then(|step| self.of_steps.get(step)).into_iter().flatten();
        self.of_all.iter().chain(own).cloned().collect()
    }
}

fn sentence(finding: &Finding) -> String {
    format!("line {}: {} [{}]", finding.position.line, finding.message, finding.rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use warroom_runbook::parse;

    const STEPS: &str = "# T\n\n## Steps\n\n### 1. Good\n```bash\nuptime\n```\n\n### 2. Left in\n```bash\naws ec2 \
                         describe-security-groups --group-ids sg-xxx\n```\n\n### 3. Cut off\n```bash\nif true; then echo\n```\n\n\
                         ### 4. Misspelt\n```bash {timeot=5s}\nuptime\n```\n";

    #[test]
    fn an_error_stops_its_own_step_only() {
        let document = parse("t.md", STEPS);
        let faults = Faults::of(&document, &Pack::default());
        let of = |title: &str| {
            let step = document.steps().find(|step| step.title == title).unwrap();
            faults.stopping(Some(&step.id)).join("; ")
        };
        assert_eq!(of("Good"), "");
        assert!(of("Left in").contains("line 12: sg-xxx is a placeholder [placeholder]"), "{}", of("Left in"));
        assert!(of("Cut off").contains("[shell-syntax]"), "{}", of("Cut off"));
        assert!(of("Misspelt").contains("there is no attribute `timeot`"), "{}", of("Misspelt"));
    }

    #[test]
    fn what_cannot_be_read_outside_of_the_steps_stops_all_of_them() {
        let document = parse("t.md", &format!("---\nvars: [\n---\n{STEPS}"));
        let faults = Faults::of(&document, &Pack::default());
        assert!(!faults.stopping(None).is_empty());
        assert!(document.steps().all(|step| !faults.stopping(Some(&step.id)).is_empty()));
    }
}
