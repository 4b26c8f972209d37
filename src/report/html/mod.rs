//! The HTML export: one file that needs nothing else, to read, to print and to send.

mod chart;

use minijinja::{Environment, UndefinedBehavior, Value, value::Serde};
use serde::Serialize;

use super::{
    Source,
    runs::{Act, Run, Tone, runs},
    tables::{self, Table, Told},
    words::{NOT_RECORDED, Times, clean, day, full, maybe_span, output as without_colours, span},
};
use warroom_domain::health::bytes;
use warroom_runbook::run::Mode;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");

/// Characters of one output that are shown: its beginning and its end, half each. The whole of it is kept as evidence.
const SHOWN: usize = 200_000;

/// A run with its actions, for the page.
#[derive(Serialize)]
struct RunView {
    title: String,
    result: &'static str,
    tone: Tone,
    facts: Vec<(&'static str, String)>,
    acts: Vec<ActView>,
}

/// One action with what it printed.
#[derive(Serialize)]
struct ActView {
    time: String,
    what: String,
    who: String,
    took: String,
    risk: String,
    result: String,
    tone: Tone,
    notes: Vec<String>,
    place: String,
    command: Option<String>,
    /// How much it printed, and what of it is kept.
    printed: Option<String>,
    output: Option<String>,
}

/// A large number with its name.
#[derive(Serialize)]
struct Tile {
    name: &'static str,
    value: String,
    known: bool,
}

/// What the template names.
#[derive(Serialize)]
struct Page {
    style: &'static str,
    id: String,
    title: String,
    severity: String,
    phase: &'static str,
    open: bool,
    mode: Option<&'static str>,
    date: Option<String>,
    as_of: String,
    facts: Table,
    tiles: Vec<Tile>,
    turning_points: Table,
    chart: Option<chart::Chart>,
    timeline: Vec<Told>,
    runs: Vec<RunView>,
    first: Vec<Table>,
    parts: Vec<Table>,
    checkpoints: Table,
}

/// The whole incident as one page without scripts. The error is one of the page's own template.
pub fn html(source: &Source<'_>) -> Result<String, minijinja::Error> {
    let times = Times::of(source);
    let state = source.state;
    let runs = runs(source);
    let tile = |(name, value): (_, Option<_>)| Tile { name, value: maybe_span(value), known: value.is_some() };
    // What it meant stands before what happened; how people worked comes last.
    let mut first = vec![tables::recovery_table(source, times), tables::impact_table(source)];
    first.retain(|table| !table.rows.is_empty());
    let mut parts = vec![
        tables::role_table(source, times),
        tables::phase_table(source, times),
        tables::severity_table(source, times),
        tables::update_table(source, times),
        tables::escalation_table(source, times),
        tables::action_items(source),
    ];
    parts.retain(|table| !table.rows.is_empty());
    let page = Page {
        style: STYLE,
        id: clean(source.id),
        title: clean(&state.title),
        severity: clean(&tables::severity(source)),
        phase: state.phase().word(),
        open: state.phase().is_open(),
        mode: state.mode.and_then(Mode::mark),
        date: state.detected_at.map(day),
        as_of: source.as_of().map_or_else(|| NOT_RECORDED.to_owned(), full),
        facts: tables::facts(source),
        tiles: tables::measures(source).into_iter().map(tile).collect(),
        turning_points: tables::turning_points(source, times),
        chart: chart::chart(source, times),
        timeline: tables::told(source, times),
        runs: runs.iter().map(|run| view(run, source, times)).collect(),
        first,
        parts,
        checkpoints: tables::checkpoint_table(source),
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Everything is escaped by the name's ending; only the style, which is ours, is marked as safe.
    environment.render_named_str("page.html", PAGE, Value::from(Serde(&page)))
}

fn view(run: &Run, source: &Source<'_>, times: Times) -> RunView {
    let (result, tone) = run.result();
    let mut facts = vec![
        ("Begun", format!("{} by {}", times.maybe(run.started), clean(&run.by))),
        ("Took", maybe_span(run.lasted)),
        ("Estimated", run.estimate.map_or_else(String::new, span)),
        ("Runbook", clean(&run.runbook)),
        ("Environment", clean(&run.environment)),
        ("Reason", clean(run.reason.as_deref().unwrap_or_default())),
        ("Document SHA-256", clean(&run.digest)),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    let acts = run.acts.iter().map(|act| act_view(act, run, source, times)).collect();
    RunView { title: clean(&run.title), result, tone, facts, acts }
}

fn act_view(act: &Act, run: &Run, source: &Source<'_>, times: Times) -> ActView {
    let attempt = if act.attempt > 1 { format!(" (attempt {})", act.attempt) } else { String::new() };
    let mut notes: Vec<String> = act.agreed.iter().chain(&act.lowered).map(|how| clean(how)).collect();
    if act.late {
        notes.push("end found later".to_owned());
    }
    let output = act.evidence.as_ref().and_then(|evidence| (source.outputs)(&run.id, evidence));
    let printed = act.evidence.as_ref().map(|evidence| {
        let size = bytes(evidence.bytes as f64);
        match evidence.dropped_bytes {
            0 => format!("{size}, SHA-256 {}", clean(&evidence.sha256)),
            dropped => format!("{size} kept, {} not kept, SHA-256 {}", bytes(dropped as f64), clean(&evidence.sha256)),
        }
    });
    ActView {
        time: times.at(act.at),
        what: clean(&format!("{}{attempt}", act.title)),
        who: clean(&act.by),
        took: act.took.map_or_else(String::new, span),
        risk: act.risk.map_or_else(String::new, |risk| risk.to_string()),
        result: clean(&act.result),
        tone: act.tone,
        notes,
        place: clean(&act.place.join(", ")),
        command: act.command.as_deref().map(clean),
        printed,
        output: output.map(|text| ends_of(&without_colours(&text))),
    }
}

/// A long text's beginning and end.
fn ends_of(text: &str) -> String {
    let length = text.chars().count();
    if length <= SHOWN {
        return text.to_owned();
    }
    let head: String = text.chars().take(SHOWN / 2).collect();
    let tail: String = text.chars().skip(length - SHOWN / 2).collect();
    format!("{head}\n\n… {} characters are left out here …\n\n{tail}", length - SHOWN)
}
