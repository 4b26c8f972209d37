//! The rows of the checklist: sections, alternatives, steps; below the selected step its sub-checks and its actions.

use warroom_runbook::{Action, ActionId, Runbook, Section, SectionKind, Step, StepId};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A section's heading, by its place in the document.
    Section(usize),
    /// An alternative of a group, above its steps.
    Alternative {
        group: String,
        key: String,
    },
    Step(StepId),
    /// A sub-check of a step, counted from 0.
    Check {
        step: StepId,
        index: usize,
    },
    /// One of several actions of a step.
    Action {
        step: StepId,
        action: ActionId,
    },
    /// A command of no runbook.
    Command(ActionId),
}

impl Row {
    /// The step that the row belongs to.
    pub fn step(&self) -> Option<&StepId> {
        match self {
            Row::Step(step) | Row::Check { step, .. } | Row::Action { step, .. } => Some(step),
            Row::Section(_) | Row::Alternative { .. } | Row::Command(_) => None,
        }
    }
}

/// The rows when `unfolded` is the step that shows what it is made of. `dropped` says which alternatives were not chosen: their
/// steps are not shown. What helps after a failure is shown once a step has `failed`.
pub(super) fn rows(
    runbook: &Runbook,
    unfolded: Option<&StepId>,
    dropped: impl Fn(&str, &str) -> bool,
    failed: impl Fn(&Step) -> bool,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for (index, section) in runbook.sections.iter().enumerate() {
        if has_heading(runbook, section) {
            rows.push(Row::Section(index));
        }
        let mut alternative: Option<(&str, &str)> = None;
        for step in &section.steps {
            let of = step.option.as_ref().map(|o| (o.group.as_str(), o.key.as_str()));
            if let Some((group, key)) = of
                && alternative != of
            {
                rows.push(Row::Alternative { group: group.to_owned(), key: key.to_owned() });
            }
            alternative = of;
            if of.is_some_and(|(group, key)| dropped(group, key)) {
                continue;
            }
            rows.push(Row::Step(step.id.clone()));
            if unfolded == Some(&step.id) {
                rows.extend(parts(step, failed(step)));
            }
        }
    }
    rows
}

/// A section that says something, or whose steps are not the main ones.
fn has_heading(runbook: &Runbook, section: &Section) -> bool {
    let text = runbook.source.get(section.body.clone()).unwrap_or_default();
    match section.kind {
        SectionKind::Steps => !text.trim().is_empty(),
        _ => !section.steps.is_empty() || !text.trim().is_empty(),
    }
}

/// Checks and commands as they stand in the document, for that is the order in which they are done; what helps after a failure
/// comes last.
fn parts(step: &Step, failed: bool) -> Vec<Row> {
    let action = |action: &Action| Row::Action { step: step.id.clone(), action: action.id.clone() };
    let checks = step.checks.iter().enumerate();
    let checks = checks.map(|(index, check)| (check.line, Row::Check { step: step.id.clone(), index }));
    let actions = step.actions.iter().filter(|_| step.actions.len() > 1).map(|it| (it.line, action(it)));
    let mut parts: Vec<(usize, Row)> = checks.chain(actions).collect();
    parts.sort_by_key(|(line, _)| *line);
    let remedies = step.remedies.iter().filter(|_| failed).map(action);
    parts.into_iter().map(|(_, row)| row).chain(remedies).collect()
}
