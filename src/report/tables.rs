//! The parts of a report as tables of clean text: what Markdown, HTML and the post-mortem have in common.

use jiff::SignedDuration;
use serde::Serialize;

use super::{
    Source,
    milestones::{Milestones, inferred, metrics},
    punctuality::{Informed, escalations, title_of, updates},
    recovery::{lost, recovery},
    runs::{Run, Tone},
    spans::{Span, phases, roles, severities},
    words::{NOT_RECORDED, Times, clean, count, full, maybe_span, span},
};
use warroom_domain::platform::Component;
use warroom_incident::{ImpactField, timeline::TimelineEntry};
use warroom_runbook::run::Mode;

/// One cell; its text is clean, and not yet escaped for any format.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) tone: Tone,
}

impl Cell {
    pub(super) fn toned(text: &str, tone: Tone) -> Self {
        Cell { text: clean(text), tone }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Cell::toned(text.as_ref(), Tone::Plain)
    }
}

/// A table with a title; without rows it is not shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Table {
    pub(super) title: &'static str,
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Table {
    fn new(title: &'static str, head: &[&'static str], rows: Vec<Vec<Cell>>) -> Self {
        Table { title, head: head.to_vec(), rows }
    }
}

/// What a reader needs first: pairs of a name and what is to be said.
pub(super) fn facts(source: &Source<'_>) -> Table {
    let state = source.state;
    let points = Milestones::of(state);
    let at = |at: Option<jiff::Timestamp>| at.map_or_else(|| NOT_RECORDED.to_owned(), full);
    let mut rows: Vec<Vec<Cell>> = vec![
        vec!["Incident".into(), source.id.into()],
        vec!["Severity".into(), severity(source).into()],
        vec!["Phase".into(), state.phase().word().into()],
        vec!["Platform".into(), platform(source).into()],
        vec!["Affected components".into(), components(source).into()],
        vec!["Detected".into(), at(points.detected).into()],
        vec!["Declared".into(), declared(source).into()],
        vec!["Service restored".into(), restored(source).into()],
        vec!["Resolved".into(), at(points.resolved).into()],
        vec!["Data loss".into(), data_loss(source).into()],
    ];
    if let Some(alert) = &state.alert {
        rows.push(vec!["Declared from alert".into(), alert.into()]);
    }
    if !state.criteria.is_empty() {
        rows.push(vec!["Criteria that held".into(), state.criteria.join("; ").into()]);
    }
    let strange = source.items.iter().filter(|item| !item.intact).count();
    if strange > 0 {
        let said = format!("{} not fit the log and changed nothing here", count_of_lines(strange));
        rows.push(vec!["Journal".into(), Cell::toned(&said, Tone::Bad)]);
    }
    rows.push(vec!["As of".into(), at(source.as_of()).into()]);
    Table::new("Summary", &["", ""], rows)
}

fn count_of_lines(number: usize) -> String {
    format!("{} {}", count(number, "line"), if number == 1 { "does" } else { "do" })
}

/// `P1 (High)`.
pub(super) fn severity(source: &Source<'_>) -> String {
    let level = source.state.severity();
    let known = source.pack.and_then(|pack| pack.severities.iter().find(|severity| severity.level == level));
    match known.filter(|known| !known.title.is_empty() && known.title != level) {
        Some(known) => format!("{level} ({})", known.title),
        None if level.is_empty() => NOT_RECORDED.to_owned(),
        None => level.to_owned(),
    }
}

fn platform(source: &Source<'_>) -> String {
    let state = source.state;
    let title = source.pack.filter(|pack| pack.name == state.platform).map(|pack| pack.title.as_str());
    let name = title.filter(|title| !title.is_empty()).unwrap_or(&state.platform);
    let mode = state.mode.and_then(Mode::mark).map_or_else(String::new, |mark| format!(", {mark}"));
    if state.environment.is_empty() { format!("{name}{mode}") } else { format!("{name}, {}{mode}", state.environment) }
}

/// The affected components by their titles.
pub(super) fn components(source: &Source<'_>) -> String {
    let title = |id: &String| {
        let known: Option<&Component> = source.pack.and_then(|pack| pack.component(id));
        known.map_or(id.as_str(), |component| &component.title).to_owned()
    };
    let titles: Vec<_> = source.state.components.iter().map(title).collect();
    if titles.is_empty() { "none named".to_owned() } else { titles.join(", ") }
}

fn declared(source: &Source<'_>) -> String {
    match &source.state.declared {
        Some(declared) => format!("{} by {}", full(declared.at), declared.by),
        None => NOT_RECORDED.to_owned(),
    }
}

/// When, and after how long; or that it is not.
pub(super) fn restored(source: &Source<'_>) -> String {
    let state = source.state;
    let mark = inferred(state, "restored").map_or_else(String::new, |from| format!(" (inferred: {from})"));
    match (state.restored(), metrics(state).restore) {
        (Some(at), Some(after)) => format!("{}, {} after detection{mark}", full(at), span(after)),
        (Some(at), None) => full(at),
        (None, _) => match state.detected_at.zip(source.as_of()) {
            Some((detected, now)) => format!("not yet, {} after detection", span(now.duration_since(detected))),
            None => "not yet".to_owned(),
        },
    }
}

/// What was lost, in the words of whoever assessed it.
pub(super) fn data_loss(source: &Source<'_>) -> String {
    match &source.state.data_loss {
        Some(loss) => match lost(source) {
            Some(lost) => format!("{} ({} of writes)", loss.value.statement, span(lost)),
            None => loss.value.statement.clone(),
        },
        None => source.state.impact.get(&ImpactField::DataLoss).map_or("not assessed", |said| &said.value).to_owned(),
    }
}

/// Time to acknowledge, identify, restore and resolve: name and duration.
pub(super) fn measures(source: &Source<'_>) -> Vec<(&'static str, Option<SignedDuration>)> {
    let metrics = metrics(source.state);
    let is_inferred = inferred(source.state, "restored").is_some();
    vec![
        ("Time to acknowledge", metrics.acknowledge),
        ("Time to identify", metrics.identify),
        (if is_inferred { "Time to restore (inferred)" } else { "Time to restore" }, metrics.restore),
        ("Time to resolve", metrics.resolve),
    ]
}

/// The turning points in the words of the post-mortem, in their order; those that are not recorded come last.
pub(super) fn turning_points(source: &Source<'_>, times: Times) -> Table {
    let points = Milestones::of(source.state);
    let mut all = [
        ("Incident detected", "detected", points.detected),
        ("Incident declared", "declared", points.declared),
        ("Team assembled", "assembled", points.assembled),
        ("Root cause identified", "identified", points.identified),
        ("Fix deployed", "fixed", points.fixed),
        ("Service restored", "restored", points.restored),
        ("Incident resolved", "resolved", points.resolved),
        ("Incident closed", "closed", points.closed),
    ];
    all.sort_by_key(|(.., at)| (at.is_none(), *at));
    let row = |(what, name, at): (&str, &str, Option<jiff::Timestamp>)| {
        let after = at.zip(points.detected).map(|(at, detected)| at.duration_since(detected));
        let after = after.filter(|after| !after.is_zero()).map_or_else(String::new, span);
        let mark = inferred(source.state, name).map_or_else(String::new, |from| format!(" (inferred: {from})"));
        vec![Cell::from(times.maybe(at)), format!("{what}{mark}").into(), after.into()]
    };
    let rows = all.into_iter().map(row).collect();
    Table::new("Turning points", &[times.head(), "Event", "After detection"], rows)
}

fn spans(
    title: &'static str,
    head: &'static str,
    spans: &[Span],
    times: Times,
    name: impl Fn(&Span) -> String,
) -> Table {
    let row = |span: &Span| {
        let to = span.to.map_or_else(|| "—".to_owned(), |to| times.at(to));
        let lasted = span.lasted.map_or_else(String::new, super::words::span);
        let reason = span.reason.as_deref().unwrap_or_default();
        vec![
            name(span).into(),
            times.at(span.from).into(),
            to.into(),
            lasted.into(),
            span.by.as_str().into(),
            reason.into(),
        ]
    };
    Table::new(
        title,
        &[head, "From (UTC)", "To (UTC)", "Lasted", "Written by", "Reason"],
        spans.iter().map(row).collect(),
    )
}

pub(super) fn phase_table(source: &Source<'_>, times: Times) -> Table {
    spans("Phases", "Phase", &phases(source), times, |span| span.what.clone())
}

pub(super) fn severity_table(source: &Source<'_>, times: Times) -> Table {
    spans("Severities", "Severity", &severities(source), times, |span| span.what.clone())
}

pub(super) fn role_table(source: &Source<'_>, times: Times) -> Table {
    let row = |span: &Span| {
        let to = span.to.map_or_else(|| "—".to_owned(), |to| times.at(to));
        let role = title_of(source, &span.what);
        vec![
            role.into(),
            span.who.as_str().into(),
            times.at(span.from).into(),
            to.into(),
            maybe_span(span.lasted).into(),
        ]
    };
    Table::new("Roles", &["Role", "Who", "From (UTC)", "To (UTC)", "Held for"], roles(source).iter().map(row).collect())
}

pub(super) fn impact_table(source: &Source<'_>) -> Table {
    let said = source.state.impact.iter();
    let rows =
        said.map(|(field, said)| vec![capital(field.word()).into(), said.value.as_str().into(), (&*said.by).into()]);
    Table::new("Impact", &["What", "How much", "Written by"], rows.collect())
}

/// Objectives of the affected components against what was reached.
pub(super) fn recovery_table(source: &Source<'_>, times: Times) -> Table {
    let row = |one: &super::recovery::Recovery| {
        let objective = |value: Option<SignedDuration>| value.map_or_else(|| "none".to_owned(), span);
        let verdict = |met: Option<bool>, none: &str| match met {
            Some(true) => Cell::toned("met", Tone::Good),
            Some(false) => Cell::toned("missed", Tone::Bad),
            None => Cell::from(none),
        };
        let took = match (one.took, one.restored) {
            (Some(took), true) => span(took),
            (Some(took), false) => format!("not restored after {}", span(took)),
            (None, _) => NOT_RECORDED.to_owned(),
        };
        let exposed = match (one.recovery_point, one.exposed) {
            (Some(point), Some(exposed)) => {
                let what = if one.recorded { "restored to" } else { "restore point" };
                format!("{} ({what} {})", span(exposed), times.at(point))
            }
            _ if one.rpo.is_some() => "restore point unknown".to_owned(),
            _ => NOT_RECORDED.to_owned(),
        };
        let rto = match &one.rto_objection {
            Some(objection) => Cell::toned(objection, Tone::Warn),
            None => verdict(one.rto_met, if one.rto.is_some() { "open" } else { "—" }),
        };
        vec![
            one.title.as_str().into(),
            objective(one.rto).into(),
            took.into(),
            rto,
            objective(one.rpo).into(),
            exposed.into(),
            verdict(one.rpo_met, "—"),
        ]
    };
    let head = ["Component", "RTO", "Recovered in", "RTO is", "RPO", "Exposed at failure", "RPO is"];
    Table::new("Recovery objectives", &head, recovery(source).iter().map(row).collect())
}

/// What was done in one run, with how long it took.
pub(super) fn run_table(run: &Run, times: Times) -> Table {
    let row = |act: &super::runs::Act| {
        let attempt = if act.attempt > 1 { format!(" (attempt {})", act.attempt) } else { String::new() };
        let mut notes = act.agreed.clone();
        notes.extend(act.lowered.clone());
        if act.late {
            notes.push("end found later".to_owned());
        }
        let risk = act.risk.map_or_else(String::new, |risk| risk.to_string());
        vec![
            times.at(act.at).into(),
            format!("{}{attempt}", act.title).into(),
            risk.into(),
            act.by.as_str().into(),
            act.took.map_or_else(String::new, span).into(),
            Cell::toned(&act.result, act.tone),
            notes.join("; ").into(),
        ]
    };
    let head = [times.head(), "Step", "Risk", "Who", "Took", "Result", "Notes"];
    Table::new("Steps", &head, run.acts.iter().map(row).collect())
}

/// How long the steps of one run took, against what the runbook says.
pub(super) fn step_table(run: &Run, times: Times) -> Table {
    let row = |step: &super::estimates::StepTime| {
        let estimate = step.estimate.map_or_else(|| "—".to_owned(), span);
        let begun = step.begun.map_or_else(String::new, |at| times.at(at));
        let took = step.took.map_or_else(|| "—".to_owned(), span);
        let verdict = match step.failed {
            true => Cell::toned("failed", Tone::Bad),
            false => against(step.estimate, step.took),
        };
        vec![step.title.as_str().into(), begun.into(), estimate.into(), took.into(), verdict]
    };
    let mut rows: Vec<Vec<Cell>> = run.steps.iter().map(row).collect();
    if run.estimate.is_some() {
        rows.push(vec![
            "The whole run".into(),
            run.started.map_or_else(String::new, |at| times.at(at)).into(),
            maybe_span(run.estimate).into(),
            maybe_span(run.lasted).into(),
            against(run.estimate, run.lasted),
        ]);
    }
    Table::new("Durations", &["Step", "Begun (UTC)", "Estimated", "Took", "Against the estimate"], rows)
}

fn against(estimate: Option<SignedDuration>, took: Option<SignedDuration>) -> Cell {
    match estimate.zip(took).map(|(estimate, took)| took.saturating_sub(estimate)) {
        None => "—".into(),
        Some(over) if over.is_positive() => Cell::toned(&format!("{} longer", span(over)), Tone::Warn),
        Some(over) if over.is_zero() => Cell::toned("as estimated", Tone::Good),
        Some(under) => Cell::toned(&format!("{} shorter", span(under.abs())), Tone::Good),
    }
}

/// The runs of the incident, a line each.
pub(super) fn runs_table(runs: &[Run], times: Times) -> Table {
    let row = |run: &Run| {
        let (result, tone) = run.result();
        let result = match &run.reason {
            Some(reason) => format!("{result}: {reason}"),
            None => result.to_owned(),
        };
        let actions = run.acts.iter().filter(|act| act.command.is_some());
        vec![
            times.maybe(run.started).into(),
            run.title.as_str().into(),
            run.by.as_str().into(),
            count(actions.count(), "action").into(),
            maybe_span(run.lasted).into(),
            Cell::toned(&result, tone),
        ]
    };
    let head = [times.head(), "What", "Begun by", "Ran", "Took", "Result"];
    Table::new("What ran", &head, runs.iter().map(row).collect())
}

/// Were people told when they had to be.
pub(super) fn update_table(source: &Source<'_>, times: Times) -> Table {
    let row = |one: &Informed| {
        let sent = one.updates.iter().map(|at| times.at(*at)).collect::<Vec<_>>().join(", ");
        let wanted = match (one.first_within, one.every) {
            (Some(first), Some(every)) => format!("within {}, then every {}", span(first), span(every)),
            (Some(first), None) => format!("within {}", span(first)),
            (None, Some(every)) => format!("every {}", span(every)),
            (None, None) => "no rule".to_owned(),
        };
        let first = one.first_after.map_or_else(|| "—".to_owned(), |after| format!("after {}", span(after)));
        vec![
            one.title.as_str().into(),
            wanted.into(),
            (if sent.is_empty() { "none".to_owned() } else { sent }).into(),
            first.into(),
            punctual(one),
        ]
    };
    let head = ["Audience", "Wanted", "Updates (UTC)", "First", "Punctuality"];
    Table::new("Communication", &head, updates(source).iter().map(row).collect())
}

fn punctual(one: &Informed) -> Cell {
    if !one.wanted || one.on_time + one.late == 0 && !one.missing {
        return "—".into();
    }
    let mut said = Vec::new();
    if one.on_time > 0 {
        said.push(format!("{} on time", one.on_time));
    }
    if one.late > 0 {
        said.push(format!("{} late", one.late));
    }
    if one.missing {
        said.push("one due and not sent".to_owned());
    }
    let worst = one.worst.map_or_else(String::new, |worst| format!(" (at most {} late)", span(worst)));
    let tone = if one.late > 0 || one.missing { Tone::Bad } else { Tone::Good };
    Cell::toned(&format!("{}{worst}", said.join(", ")), tone)
}

pub(super) fn escalation_table(source: &Source<'_>, times: Times) -> Table {
    let row = |one: &super::punctuality::EscalationDue| {
        let result = match (&one.done, &one.dismissed_because) {
            (Some(at), Some(reason)) => Cell::toned(&format!("not told, {}: {reason}", times.at(*at)), Tone::Warn),
            (Some(at), None) => match one.late {
                Some(late) => Cell::toned(&format!("told {}, {} late", times.at(*at), span(late)), Tone::Warn),
                None => Cell::toned(&format!("told {}", times.at(*at)), Tone::Good),
            },
            (None, _) => match &one.condition {
                Some(condition) => Cell::from(format!("not recorded (only if: {condition})")),
                None => Cell::toned(NOT_RECORDED, Tone::Bad),
            },
        };
        let after = one.after.map_or_else(String::new, span);
        vec![
            one.title.as_str().into(),
            after.into(),
            times.maybe(one.due).into(),
            result,
            one.by.as_deref().unwrap_or("—").into(),
        ]
    };
    let head = ["Who", "After", "Due (UTC)", "Result", "By"];
    Table::new("Escalations", &head, escalations(source).iter().map(row).collect())
}

pub(super) fn action_items(source: &Source<'_>) -> Table {
    let none = || "nobody yet".to_owned();
    let row = |item: &warroom_incident::state::ActionItem| {
        let done = item.done.map(|at| Cell::toned(&format!("done {}", super::words::day(at)), Tone::Good));
        vec![
            item.text.as_str().into(),
            item.owner.clone().unwrap_or_else(none).into(),
            item.due.map_or_else(|| "no date".to_owned(), |due| due.to_string()).into(),
            done.unwrap_or_else(|| "open".into()),
        ]
    };
    let rows = source.state.action_items.iter().map(row).collect();
    Table::new("Action items", &["Action", "Owner", "Due date", "Status"], rows)
}

pub(super) fn checkpoint_table(source: &Source<'_>) -> Table {
    let row = |checkpoint: &super::Checkpoint| {
        let log = checkpoint.log.as_str();
        vec![log.into(), checkpoint.seq.to_string().into(), checkpoint.hash.to_string().into()]
    };
    let rows = source.checkpoints.iter().map(row).collect();
    Table::new("Checkpoints", &["Log", "Line", "SHA-256"], rows)
}

/// An entry of the timeline as it is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Told {
    pub(super) time: String,
    /// When it was written, where it speaks of another time.
    pub(super) written: Option<String>,
    pub(super) who: String,
    pub(super) category: &'static str,
    pub(super) key: bool,
    /// What it says now; `None` when it was taken back.
    pub(super) text: Option<String>,
    /// What it said before, the original first, each with who replaced it and when.
    pub(super) before: Vec<(String, String)>,
    pub(super) late: bool,
    pub(super) intact: bool,
}

/// The story, in the order of the times that it speaks of.
pub(super) fn told(source: &Source<'_>, times: Times) -> Vec<Told> {
    let mut entries: Vec<&TimelineEntry> = source.timeline.iter().collect();
    entries.sort_by_key(|entry| entry.time());
    entries.into_iter().map(|entry| tell(entry, times)).collect()
}

fn tell(entry: &TimelineEntry, times: Times) -> Told {
    let who = match &entry.author {
        Some(author) => format!("{author} (written by {})", entry.by),
        None => entry.source().to_owned(),
    };
    let mut before = Vec::new();
    let mut said = Some(entry.text.as_str());
    for correction in &entry.corrections {
        let how = if correction.text.is_some() { "corrected" } else { "taken back" };
        let note = format!("{how} {} by {}", times.at(correction.at), correction.by);
        before.push((said.map_or_else(|| "(taken back)".to_owned(), clean), clean(&note)));
        said = correction.text.as_deref();
    }
    Told {
        time: times.at(entry.time()),
        written: entry.about.map(|_| times.at(entry.at)),
        who: clean(&who),
        category: entry.category.word(),
        key: entry.key,
        text: entry.current().map(clean),
        before,
        late: entry.late,
        intact: entry.intact,
    }
}

/// The first letter made a capital one.
pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
