//! The checklist of a run as it was when the run began, and the names that it gives to steps and actions.

use serde::{Deserialize, Serialize};

use super::{EventKind, RunEvent};
use crate::{ActionId, OptionKey, Runbook, StepId, estimate};

/// Longer titles are cut, in characters.
const LONGEST_TITLE: usize = 160;
/// Together they take no more than this, in bytes of their texts: steps after that are named by their ids.
const MOST_BYTES: usize = 256 * 1024;

/// A step of the runbook as it was when the run began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedStep {
    pub id: StepId,
    /// As the heading says it: `1`, `2.3`, `A`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    pub title: String,
    /// The title of its section; empty for what stands before the first one.
    #[serde(default)]
    pub section: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate_seconds: Option<u64>,
    /// How many actions it has, its remedies and its undo not counted.
    #[serde(default)]
    pub actions: usize,
    /// Set when it is one of several alternatives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<OptionKey>,
}

/// The checklist of a runbook, in document order.
pub fn checklist(runbook: &Runbook) -> Vec<ListedStep> {
    let mut bytes = 0;
    let steps = runbook.sections.iter().flat_map(|section| section.steps.iter().map(move |step| (section, step)));
    let listed = steps.map(|(section, step)| ListedStep {
        id: step.id.clone(),
        number: step.number.as_deref().map(cut),
        title: cut(&step.title),
        section: cut(&section.title),
        estimate_seconds: estimate::of_step(runbook, step).map(|estimate| estimate.as_secs()),
        actions: step.actions.len(),
        option: step.option.as_ref().map(|option| OptionKey { title: cut(&option.title), ..option.clone() }),
    });
    let fits = |step: &ListedStep| {
        let option =
            step.option.as_ref().map_or(0, |option| option.group.len() + option.key.len() + option.title.len());
        bytes += 100 + step.id.0.len() + step.title.len() + step.section.len() + option;
        bytes <= MOST_BYTES
    };
    listed.take_while(fits).collect()
}

/// Ids of commands of no runbook begin with this.
pub const AD_HOC: &str = "command/";

/// Names the command that restores what was saved before a step. `number` counts the commands of no runbook.
pub fn restoring(step: &StepId, number: usize) -> ActionId {
    ActionId(format!("{AD_HOC}{number}/{step}"))
}

/// The step whose prior state this command restores.
pub(super) fn restored(action: &ActionId) -> Option<StepId> {
    Some(StepId(action.0.strip_prefix(AD_HOC)?.split_once('/')?.1.to_owned()))
}

/// What a command of no runbook is called: its text, as far as that is one line.
pub fn command_title(command: &str) -> String {
    let mut lines = command.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = cut(lines.next().unwrap_or_default());
    if lines.next().is_some() && !first.ends_with('…') { format!("{first} …") } else { first }
}

fn cut(title: &str) -> String {
    match title.char_indices().nth(LONGEST_TITLE) {
        Some((end, _)) => format!("{}…", &title[..end]),
        None => title.to_owned(),
    }
}

/// What the steps and actions of a run are called. What the checklist does not name is called by its id.
#[derive(Debug, Clone, Copy, Default)]
pub struct Names<'a> {
    steps: &'a [ListedStep],
    events: &'a [RunEvent],
}

impl<'a> Names<'a> {
    /// Of a run with these events, of which the first begins it.
    pub fn of(events: &'a [RunEvent]) -> Self {
        match events.first().map(|event| &event.kind) {
            Some(EventKind::RunStarted { steps, .. }) => Names { steps, events },
            _ => Names::default(),
        }
    }

    /// The journal does not say what they are called.
    pub fn is_empty(self) -> bool {
        self.steps.is_empty()
    }

    pub fn listed(self, id: &StepId) -> Option<&'a ListedStep> {
        self.steps.iter().find(|step| step.id == *id)
    }

    /// `3 Restore from backup`.
    pub fn step(self, id: &StepId) -> String {
        self.listed(id).map_or_else(|| id.0.clone(), ListedStep::name)
    }

    /// `3 Restore from backup`, `3 Restore from backup, action 2 of 4`, `3 Restore from backup, undo`; a command of no runbook is
    /// called by its own text.
    pub fn action(self, id: &ActionId) -> String {
        let known = || {
            let (step, part) = id.0.rsplit_once('/')?;
            let step = self.steps.iter().find(|known| known.id.0 == step)?;
            let name = step.name();
            let numbered = |word: &str, number: &str| match number {
                "1" => format!("{name}, {word}"),
                _ => format!("{name}, {word} {number}"),
            };
            Some(match (part.strip_prefix("undo-"), part.strip_prefix("remedy-")) {
                (Some(number), _) => numbered("undo", number),
                (_, Some(number)) => numbered("remedy", number),
                _ if step.actions > 1 => format!("{name}, action {part} of {}", step.actions),
                _ => name,
            })
        };
        let ad_hoc = || {
            let events = self.events.iter().filter(|_| id.0.starts_with(AD_HOC));
            events.rev().find_map(|event| match &event.kind {
                EventKind::ActionIntended { action, command, .. } if action == id => Some(command_title(command)),
                _ => None,
            })
        };
        known().or_else(ad_hoc).unwrap_or_else(|| id.0.clone())
    }

    /// `A Restore in place` for an alternative of a group.
    pub fn option(self, group: &str, key: &str) -> Option<String> {
        let mut options = self.steps.iter().filter_map(|step| step.option.as_ref());
        let option = options.find(|option| option.group == group && option.key == key)?;
        Some(format!("{key} {}", option.title).trim_end().to_owned())
    }
}

impl ListedStep {
    /// `3 Restore from backup`.
    pub fn name(&self) -> String {
        match &self.number {
            Some(number) if self.title != *number => format!("{number} {}", self.title),
            _ => self.title.clone(),
        }
    }
}

/// The step that an action belongs to, by its id.
pub fn step_of(action: &ActionId) -> Option<StepId> {
    action.0.rsplit_once('/').map(|(step, _)| StepId(step.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    const TEXT: &str = "# A\n\n## Steps\n\n### 1. Look (~2 min)\n```bash\necho 1\n```\n\n### 2. Restore\n```bash\necho 1\n```\n\
        ```bash\necho 2\n```\n\n**Rollback:**\n```bash\necho undo\n```\n\n### Option A: In place\n```bash\necho a\n```\n\n\
        ### Option B: Elsewhere\n```bash\necho b\n```\n\n## Verification\n\n- [ ] It answers\n";

    #[test]
    fn steps_and_actions_are_named_as_the_document_did() {
        let runbook = parse("a.md", TEXT);
        let steps = checklist(&runbook);
        let names = Names { steps: &steps, events: &[] };
        let called: Vec<_> =
            runbook.steps().flat_map(crate::Step::all_actions).map(|action| names.action(&action.id)).collect();
        let wanted = [
            "1 Look (~2 min)",
            "2 Restore, action 1 of 2",
            "2 Restore, action 2 of 2",
            "2 Restore, undo",
            "In place",
            "Elsewhere",
        ];
        assert_eq!(called, wanted);
        assert_eq!(steps[0].estimate_seconds, Some(120));
        let group = &steps.iter().find_map(|step| step.option.as_ref()).unwrap().group;
        assert_eq!(names.option(group, "B").as_deref(), Some("B Elsewhere"));
        assert_eq!(names.action(&ActionId("command/1".into())), "command/1");
        assert_eq!(Names::default().step(&StepId("restore".into())), "restore");
    }

    #[test]
    fn a_list_of_any_length_fits_a_line_of_the_journal() {
        let mut text = "# A\n\n## Steps\n".to_owned();
        for number in 0..5000 {
            text.push_str(&format!("\n### {number}. {}\n", "é".repeat(500)));
        }
        let steps = checklist(&parse("a.md", &text));
        assert!(steps.len() > 100);
        assert!(serde_json::to_string(&steps).unwrap().len() < 900_000);
    }
}
