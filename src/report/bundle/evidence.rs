//! The outputs that runbooks want kept as evidence, each under its own heading.

use std::{io::Read, path::Path};

use crate::{markdown::Document, words};
use warroom_incident::{IncidentState, journal::verify::open_below};
use warroom_runbook::{
    self as runbook, Runbook,
    run::{EventKind, RunEvent, RunId},
};

/// Longest document that is read.
const LONGEST: u64 = 4 << 20;

/// The page, and whether it says anything. `root` is the incident's folder, `inside` the same in the bundle.
pub(super) fn page(root: &Path, inside: &Path, state: &IncidentState) -> Option<String> {
    let mut page = Document::default();
    page.heading(1, "Evidence");
    page.paragraph("Outputs of the steps that their runbooks mark as evidence.");
    let mut any = false;
    for (run, events) in &state.runs {
        let Some(document) = document(root, run) else { continue };
        for event in events.iter() {
            any |= entry(&mut page, inside, &document, event).is_some();
        }
    }
    any.then(|| page.finish())
}

fn document(root: &Path, run: &RunId) -> Option<Runbook> {
    let mut text = String::new();
    let file = open_below(root, &Path::new("runs").join(&run.0).join("runbook.md")).ok()?;
    file.take(LONGEST).read_to_string(&mut text).ok()?;
    Some(runbook::parse("runbook.md", &text))
}

fn entry(page: &mut Document, inside: &Path, document: &Runbook, event: &RunEvent) -> Option<()> {
    let EventKind::ActionEnded { action, attempt, outcome, .. } = &event.kind else { return None };
    let (step, action) = document.action(action).filter(|(_, action)| action.attributes.evidence)?;
    let evidence = outcome.evidence.as_ref()?;
    let name = action.name.as_ref().map_or_else(String::new, |name| format!(": {name}"));
    page.heading(2, &words::clean(&format!("{}{name}", step.title)));
    page.list([
        ("runbook", document.title.clone()),
        ("run by", format!("{}, {}, attempt {attempt}", event.by, words::full(event.at))),
        ("file", inside.join(&evidence.file).display().to_string()),
        ("SHA-256", evidence.sha256.clone()),
    ]);
    Some(())
}
