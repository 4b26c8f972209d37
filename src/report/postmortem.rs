//! The draft of the post-mortem: what the journal knows is filled in, what only people can write is left as a marked prompt.

use super::{
    Source,
    markdown::Document,
    milestones::{inferred, metrics},
    runs::{Run, Tone, runs},
    spans::{Span, phases},
    tables::{self, Cell, Table},
    words::{NOT_RECORDED, Times, count, day, full, maybe_span, span},
};
use warroom_incident::{ImpactField, IncidentEvent, NoteKind, Versioned};

/// The post-mortem as Markdown.
pub fn postmortem(source: &Source<'_>) -> String {
    let times = Times::of(source);
    let runs = runs(source);
    let mut to = Document::default();
    head(source, &mut to);
    to.heading(2, "Executive Summary");
    to.paragraph(&sentence(source));
    to.prompt(
        "two or three sentences for readers who were not there: what happened, whom it hit, why, and what changes.",
    );

    to.heading(2, "Timeline");
    to.table(&tables::turning_points(source, times));
    measures(source, &mut to);
    under(&mut to, &tables::phase_table(source, times), "Duration of each phase");
    if !source.timeline.is_empty() {
        to.heading(3, "Key events");
        let mut key = tables::told(source, times);
        key.retain(|entry| entry.key);
        // Where all are key, none stands out.
        key.iter_mut().for_each(|entry| entry.key = false);
        to.timeline(&key);
    }
    impact(source, times, &mut to);

    to.heading(2, "Root Cause");
    notes(source, NoteKind::Finding, times, &mut to, "Findings written down during the incident:");
    to.prompt("what caused the incident, in detail: the chain from trigger to impact, and what let it get that far.");

    to.heading(2, "Detection");
    detection(source, times, &mut to);
    to.prompt("how it was noticed, and whether it could have been noticed sooner.");

    resolution(source, &runs, times, &mut to);
    response(source, times, &mut to);

    to.heading(2, "What Went Well");
    to.block("- _To be written: what helped, and should be kept._");
    to.heading(2, "What Didn't Go Well");
    let hints = hints(&runs, source);
    if !hints.is_empty() {
        to.list(hints);
    }
    to.block("- _To be written: what cost time, was missing, or went wrong._");
    to.heading(2, "Lessons Learned");
    to.block("1. _To be written: what is known now that was not known before._");

    to.heading(2, "Action Items");
    let items = tables::action_items(source);
    if items.rows.is_empty() {
        to.paragraph("None was written down during the incident.");
    } else {
        to.table(&items);
    }
    to.prompt("the actions that follow, each with one owner and a due date.");
    to.heading(2, "Prevention");
    to.block("1. _To be written: what keeps this from happening again, or makes it smaller._");
    to.checkpoints(source);
    to.finish()
}

fn head(source: &Source<'_>, to: &mut Document) {
    let state = source.state;
    to.heading(1, &format!("Post-Mortem: {}", state.title));
    let mut people: Vec<&str> = Vec::new();
    for change in &state.role_history {
        if change.value.2 && !people.contains(&change.value.1.as_str()) {
            people.push(&change.value.1);
        }
    }
    let took_part = if people.is_empty() { String::new() } else { format!(" (held a role: {})", people.join(", ")) };
    to.list([
        ("Incident", source.id.to_owned()),
        ("Severity", tables::severity(source)),
        ("Date of Incident", state.detected_at.map_or_else(|| NOT_RECORDED.to_owned(), day)),
        ("Affected components", tables::components(source)),
        ("As of", source.as_of().map_or_else(|| NOT_RECORDED.to_owned(), full)),
    ]);
    to.prompt("the date of the post-mortem.");
    to.prompt(&format!("the attendees{took_part}."));
    if state.phase().is_open() {
        to.paragraph("The incident is not resolved yet: this draft is not the last one.");
    }
}

/// What a machine can say in one sentence.
fn sentence(source: &Source<'_>) -> String {
    let state = source.state;
    let begin = state.detected_at.map_or_else(String::new, |at| format!("Detected {}", full(at)));
    let hit =
        if state.components.is_empty() { String::new() } else { format!(", {} affected", tables::components(source)) };
    let end = match (metrics(state).restore, state.restored_at) {
        (Some(took), Some(_)) => format!("; service restored after {}", span(took)),
        (Some(took), None) => format!("; resolved after {}, restoration not recorded", span(took)),
        (None, _) => "; service not restored yet".to_owned(),
    };
    format!("{begin}{hit}{end}. Severity {}.", tables::severity(source))
}

fn measures(source: &Source<'_>, to: &mut Document) {
    let mut said: Vec<(&str, String)> = Vec::new();
    let is_inferred = inferred(source.state, "restored").is_some();
    let until = if is_inferred { "Detection to resolved" } else { "Detection to restored" };
    said.push((until, maybe_span(metrics(source.state).restore)));
    let measures = tables::measures(source).into_iter();
    said.extend(measures.map(|(name, value)| (name, maybe_span(value))));
    to.list(said);
}

/// A table one level down, under another title.
fn under(to: &mut Document, table: &Table, title: &str) {
    if !table.rows.is_empty() {
        to.heading(3, title);
        to.table(table);
    }
}

fn impact(source: &Source<'_>, times: Times, to: &mut Document) {
    let state = source.state;
    to.heading(2, "Impact");
    let said = |field| state.impact.get(&field).map(|said| said.value.clone());
    let mut known = vec![("Duration", duration(source))];
    let mut open = Vec::new();
    let fields = [
        (ImpactField::UsersAffected, "Users Affected", "how many users, or which share of them, could not do what."),
        (ImpactField::Revenue, "Revenue Impact", "what it cost, or that it cost nothing."),
    ];
    for (field, name, prompt) in fields {
        match said(field) {
            Some(value) => known.push((name, value)),
            None => open.push((name, prompt)),
        }
    }
    known.push(("Data Loss", tables::data_loss(source)));
    for (field, name) in [(ImpactField::Services, "Services"), (ImpactField::Other, "Other")] {
        known.extend(said(field).map(|value| (name, value)));
    }
    to.list(known);
    for (name, prompt) in open {
        to.prompt(&format!("{name}: {prompt}"));
    }
    under(to, &tables::recovery_table(source, times), "Recovery objectives against actual");
}

/// `51 min, from 2026-01-21 03:12:00 UTC to 2026-01-21 04:03:00 UTC`.
fn duration(source: &Source<'_>) -> String {
    let state = source.state;
    match state.detected_at.zip(state.restored()) {
        Some((from, to)) => format!("{}, from {} to {}", span(to.duration_since(from)), full(from), full(to)),
        None => tables::restored(source),
    }
}

fn detection(source: &Source<'_>, times: Times, to: &mut Document) {
    let state = source.state;
    let mut facts: Vec<(&str, String)> = Vec::new();
    facts.push(("Detected", state.detected_at.map_or_else(|| NOT_RECORDED.to_owned(), full)));
    facts.push(("Declared from", state.alert.as_ref().map_or("no alert".to_owned(), |alert| format!("alert {alert}"))));
    let alerts = events(source).find_map(|(at, event)| match event {
        IncidentEvent::AlertFired { title, since, .. } => Some(format!("{title}, {}", times.at(since.unwrap_or(at)))),
        _ => None,
    });
    let probes = events(source).filter_map(|(at, event)| match event {
        IncidentEvent::ProbeChanged { probe, to, summary, since, .. } if to != warroom_domain::health::Status::Ok => {
            Some((since.unwrap_or(at), format!("{probe} {to}"), summary))
        }
        _ => None,
    });
    let probe = probes.min_by_key(|(at, ..)| *at);
    let probe = probe.map(|(at, what, summary)| format!("{what}, {}: {summary}", times.at(at)));
    facts.push(("First alert in the journal", alerts.unwrap_or_else(|| NOT_RECORDED.to_owned())));
    facts.push(("First probe that was not well", probe.unwrap_or_else(|| NOT_RECORDED.to_owned())));
    to.list(facts);
}

fn resolution(source: &Source<'_>, runs: &[Run], times: Times, to: &mut Document) {
    to.heading(2, "Resolution");
    notes(source, NoteKind::Decision, times, to, "Decisions written down during the incident:");
    if runs.is_empty() {
        to.paragraph("No runbook or command was run from the console.");
    } else {
        under(to, &tables::runs_table(runs, times), "What ran");
        if !runs.iter().any(Run::is_estimated) {
            to.paragraph("The journal holds no estimates for what ran; the durations are measured.");
        }
    }
    for run in runs.iter().filter(|run| !run.acts.is_empty()) {
        to.heading(4, &format!("Steps of {}", run.title));
        to.table(&tables::run_table(run, times));
        if !run.steps.is_empty() {
            to.heading(4, &format!("Durations of the steps of {}", run.title));
            to.table(&tables::step_table(run, times));
        }
    }
    to.prompt("which of these steps resolved the incident, and what was done outside of the console.");
}

/// How the response went: roles, updates, escalations.
fn response(source: &Source<'_>, times: Times, to: &mut Document) {
    let parts = [
        (tables::role_table(source, times), "Roles over time"),
        (tables::update_table(source, times), "Punctuality of communication"),
        (tables::escalation_table(source, times), "Escalations"),
    ];
    if parts.iter().all(|(table, _)| table.rows.is_empty()) {
        return;
    }
    to.heading(2, "Response");
    parts.iter().for_each(|(table, title)| under(to, table, title));
}

/// What the journal shows to have gone wrong, for people to think about.
fn hints(runs: &[Run], source: &Source<'_>) -> Vec<(&'static str, String)> {
    let mut hints = Vec::new();
    let failed = runs.iter().flat_map(|run| run.acts.iter().filter(|act| act.tone == Tone::Bad));
    hints.extend(failed.map(|act| ("Step failed", format!("{} {}", act.title, act.result))));
    let missed = |table: &Table, said: &dyn Fn(&[Cell]) -> String| {
        let bad = table.rows.iter().filter(|row| row.iter().any(|cell| cell.tone == Tone::Bad));
        bad.map(|row| said(row)).collect::<Vec<_>>()
    };
    let times = Times::of(source);
    let text = |row: &[Cell], index: usize| row.get(index).map(|cell| cell.text.clone()).unwrap_or_default();
    let recovery = missed(&tables::recovery_table(source, times), &|row| {
        let which =
            [("RTO", 3), ("RPO", 6)].into_iter().filter(|(_, at)| row.get(*at).is_some_and(|c| c.tone == Tone::Bad));
        format!("{}: {}", text(row, 0), which.map(|(name, _)| name).collect::<Vec<_>>().join(" and "))
    });
    hints.extend(recovery.into_iter().map(|said| ("Objective missed", said)));
    let table = tables::recovery_table(source, times);
    let open = table.rows.iter().filter(|row| row.iter().any(|cell| cell.tone == Tone::Warn));
    hints.extend(open.map(|row| ("RTO not proved", format!("{}: {}", text(row, 0), text(row, 3)))));
    let told = missed(&tables::update_table(source, times), &|row| format!("{}: {}", text(row, 0), text(row, 4)));
    hints.extend(told.into_iter().map(|said| ("Updates", said)));
    let reopened = phases(source).windows(2).filter(|pair| order(&pair[1]) < order(&pair[0])).count();
    if reopened > 0 {
        hints.push(("Phases", format!("{} back to an earlier phase", count(reopened, "step"))));
    }
    hints
}

fn order(span: &Span) -> Option<usize> {
    warroom_incident::Phase::ALL.iter().position(|phase| phase.word() == span.what)
}

/// Notes of a kind, as they read now.
fn notes(source: &Source<'_>, wanted: NoteKind, times: Times, to: &mut Document, title: &str) {
    let of_kind = |item: &&std::sync::Arc<warroom_incident::journal::Item>| {
        let event = item.entry.event::<Versioned>().map(|versioned| versioned.event);
        matches!(event, Ok(IncidentEvent::Noted { kind, .. }) if kind == wanted)
    };
    let found: Vec<_> = source
        .items
        .iter()
        .filter(|item| item.intact)
        .filter(of_kind)
        .filter_map(|item| {
            let entry = source.timeline.iter().find(|e| e.of.log == item.log && e.of.seq == item.entry.seq)?;
            Some((times.at(entry.time()), format!("{} ({})", entry.current()?, entry.by)))
        })
        .collect();
    if !found.is_empty() {
        to.paragraph(title);
        to.list(found);
    }
}

fn events<'a>(source: &Source<'a>) -> impl Iterator<Item = (jiff::Timestamp, IncidentEvent)> + use<'a> {
    let intact = source.items.iter().filter(|item| item.intact);
    intact.filter_map(|item| Some((item.entry.at, item.entry.event::<Versioned>().ok()?.event)))
}
