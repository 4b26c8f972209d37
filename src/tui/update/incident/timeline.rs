//! The Timeline pane: moving and filtering, marking and correcting entries, and the entry that is opened.

use super::verbs;
use crate::{
    effect::Effect,
    model::{
        EntryView, Model, OpenIncident, Opened, Overlay, Pane, Row, Sheet, SheetPurpose, SheetRow, Timeline,
        incident::{entry_view::job_of, timeline::shown_text},
    },
    output::{Go, Seen},
    text::clean,
    update::focus,
};
use warroom_incident::{EventRef, IncidentEvent, Versioned};
use warroom_room::{incident::Verb, run};
use warroom_runbook::{
    ActionId, StepId,
    run::{EventKind, RunId},
};

/// Moves the cursor by rows.
pub(in crate::update) fn step(model: &mut Model, by: isize) {
    if let Some(open) = &mut model.incidents.open {
        let len = open.timeline.len();
        open.timeline.cursor.step(by, len);
    }
}

/// Changes which entries are shown.
pub(in crate::update) fn filtered(model: &mut Model, change: impl FnOnce(&mut Timeline)) {
    if let Some(open) = &mut model.incidents.open {
        change(&mut open.timeline);
    }
}

/// The entry that is opened, else the selected one.
fn chosen(model: &Model) -> Option<(&OpenIncident, usize)> {
    let open = model.incidents.open.as_deref()?;
    let place = match model.overlays.last() {
        Some(Overlay::Entry(view)) => open.timeline.find(&view.of),
        _ => open.timeline.place(open.timeline.cursor.selected),
    };
    Some((open, place?))
}

/// Opens the selected entry.
pub(in crate::update) fn open(model: &mut Model) {
    let Some((open, place)) = chosen(model) else { return };
    let Some(entry) = open.timeline.entries().get(place) else { return };
    let view = EntryView::new(entry.of.clone());
    model.overlays.push(Overlay::Entry(Box::new(view)));
}

/// Puts the entry into the story, or takes it out of it.
pub(in crate::update) fn mark_key(model: &mut Model) -> Vec<Effect> {
    if verbs::open(model).is_none() {
        return vec![];
    }
    let entry = chosen(model).and_then(|(open, place)| open.timeline.entries().get(place));
    let Some(entry) = entry else { return vec![] };
    let verb = Verb::MarkKey { of: entry.of.clone(), key: !entry.key };
    super::wish(model, verb).map(Effect::Incident).into_iter().collect()
}

/// Asks what the entry should have said.
pub(in crate::update) fn correct(model: &mut Model) {
    if verbs::open(model).is_none() {
        return;
    }
    let entry = chosen(model).and_then(|(open, place)| open.timeline.entries().get(place));
    let Some(entry) = entry else { return };
    let said = format!(
        "Written {} by {}. The original is kept, and so is every correction.",
        model.appearance.clock(entry.at),
        clean(entry.source())
    );
    let help = "What it should say. Empty takes the entry back.";
    let rows = vec![SheetRow::lines("text", "Text", shown_text(entry), help)];
    let sheet = Sheet::new(SheetPurpose::Correct(entry.of.clone()), "Correct an entry", "correct", rows).saying(said);
    model.overlays.push(Overlay::Sheet(Box::new(sheet)));
}

/// Switches between the opened entry and the output that it refers to.
pub(in crate::update) fn toggle_output(model: &mut Model) {
    let job = evidence(model);
    let Some(Overlay::Entry(view)) = model.overlays.last_mut() else { return };
    if view.shows_output {
        view.shows_output = false;
        return;
    }
    match job {
        Some(job) => view.show_output(job),
        None => model.say("no output belongs to this entry"),
    }
}

/// The job whose output the opened entry refers to.
fn evidence(model: &Model) -> Option<std::path::PathBuf> {
    let (open, place) = chosen(model)?;
    job_of(open.timeline.entries().get(place)?, &open.folder)
}

/// From the output back to the entry. True when that was shown.
pub(in crate::update) fn back_to_entry(model: &mut Model) -> bool {
    match model.overlays.last_mut() {
        Some(Overlay::Entry(view)) if view.shows_output => {
            view.shows_output = false;
            true
        }
        _ => false,
    }
}

/// Scrolls the output by rows.
pub(in crate::update) fn scroll(view: &mut EntryView, by: isize) {
    view.output.go(match by {
        isize::MIN => Go::Start,
        isize::MAX => Go::End,
        by => Go::By(by),
    });
}

/// Begins a search in the output.
pub(in crate::update) fn search(model: &mut Model) {
    match model.overlays.last_mut() {
        Some(Overlay::Entry(view)) if view.shows_output => view.output.search.clear(),
        _ => model.say("the search is for the output of an entry"),
    }
}

/// Goes to the next place that the search finds, or the one before.
pub(in crate::update) fn search_on(model: &mut Model, backwards: bool) {
    match model.overlays.last_mut() {
        Some(Overlay::Entry(view)) if view.shows_output && !view.output.search.is_empty() => {
            view.output.go(Go::Find { backwards });
        }
        _ => model.say("there is no search: / begins one in the output"),
    }
}

/// Takes what was read of the output; gives back what was read for somebody else.
pub(in crate::update) fn took(
    model: &mut Model,
    ticket: u64,
    result: Result<Seen, String>,
) -> Option<Result<Seen, String>> {
    let view = model.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Entry(view) if view.output.awaits(ticket) => Some(view),
        _ => None,
    });
    let Some(view) = view else { return Some(result) };
    view.output.take(ticket, result.map_err(|why| clean(&why)));
    if std::mem::take(&mut view.output.not_found) {
        model.say("the search finds nothing");
    } else if std::mem::take(&mut view.output.seen.around) {
        model.say("the search went on at the other end");
    }
    None
}

/// The next look at the output of the opened entry, when one is wanted.
pub(in crate::update) fn due(model: &mut Model) -> Vec<Effect> {
    let (size, depth) = (model.drawn.evidence_size, model.appearance.themes.depth());
    if !matches!(model.overlays.last(), Some(Overlay::Entry(view)) if view.shows_output) {
        return vec![];
    }
    let ticket = model.ticket();
    let Some(Overlay::Entry(view)) = model.overlays.last_mut() else { return vec![] };
    let look = view.output.due(size, depth, ticket);
    look.map(|look| Effect::ReadOutput { ticket, look }).into_iter().collect()
}

/// Shows the step that the entry is about, in the Runbook pane.
pub(in crate::update) fn go_to_step(model: &mut Model) -> Vec<Effect> {
    let about = chosen(model).and_then(|(open, place)| about(open, place));
    let Some(about) = about else {
        model.say("the entry is not about a step of a runbook");
        return vec![];
    };
    if let Some(opened) = model.runbooks.open.as_mut().filter(|opened| opened.run.as_ref() == Some(&about.run)) {
        if let Some(row) = row(opened, &about) {
            opened.select(row);
        }
    } else if model.facts.read_only {
        model.say("this console is read-only: it opens no runs");
        return vec![];
    }
    let open = model.runbooks.open.as_ref().is_some_and(|opened| opened.run.as_ref() == Some(&about.run));
    model.overlays.clear();
    focus(model, Pane::Runbook);
    if open { vec![] } else { vec![Effect::Run(run::Command::Reopen(about.run))] }
}

/// What of a run an entry is about.
struct About {
    run: RunId,
    step: Option<StepId>,
    action: Option<ActionId>,
}

fn about(open: &OpenIncident, place: usize) -> Option<About> {
    let event = open.item(open.timeline.item(place)?)?.entry.event::<Versioned>().ok()?.event;
    match event {
        IncidentEvent::Run { run, kind } => {
            let (step, action) = part(kind);
            Some(About { run, step, action })
        }
        IncidentEvent::StepClaimed { run, step } => Some(About { run, step: Some(step), action: None }),
        IncidentEvent::SecondAsked { run, action, .. } => Some(About { run, step: None, action: Some(action) }),
        IncidentEvent::SecondAnswered { of, .. } => {
            let request = open.state.seconds.get(&of)?;
            Some(About { run: request.run.clone(), step: None, action: Some(request.action.clone()) })
        }
        _ => None,
    }
}

fn part(kind: EventKind) -> (Option<StepId>, Option<ActionId>) {
    use EventKind as K;
    match kind {
        K::CheckTicked { step, .. }
        | K::StepTicked { step, .. }
        | K::StepSkipped { step, .. }
        | K::FailureAccepted { step, .. } => (Some(step), None),
        K::RollbackStarted { step } => (step, None),
        K::Confirmed { action, .. }
        | K::ActionIntended { action, .. }
        | K::ActionEnded { action, .. }
        | K::PriorStateSaved { action, .. } => (None, Some(action)),
        _ => (None, None),
    }
}

/// The row of the checklist that stands for it.
fn row(opened: &Opened, about: &About) -> Option<Row> {
    if let Some(step) = &about.step {
        return opened.document.step(step).map(|step| Row::Step(step.id.clone()));
    }
    let action = about.action.as_ref()?;
    if opened.commands.iter().any(|(id, _)| id == action) {
        return Some(Row::Command(action.clone()));
    }
    let step = opened.document.steps().find(|step| step.all_actions().any(|known| known.id == *action))?;
    Some(Row::Step(step.id.clone()))
}

/// True when the entry is about a run.
pub(crate) fn has_step(model: &Model, of: &EventRef) -> bool {
    let open = model.incidents.open.as_deref();
    open.and_then(|open| about(open, open.timeline.find(of)?)).is_some()
}
