//! The JSON export: every event as the journal holds it, with what it all adds up to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::{
    Metrics, Source, history,
    milestones::{Milestones, all_inferred, metrics},
    punctuality::{EscalationDue, Informed, escalations, updates},
    recovery::{Recovery, recovery},
    runs::{Run, runs},
    spans::{Span, phases, roles, severities},
};
use warroom_incident::timeline::TimelineEntry;

/// The version of the document. It grows when members change their meaning; new ones may come at any time.
pub const VERSION: u32 = 1;

/// What the events add up to.
#[derive(Serialize)]
struct Summary<'a> {
    title: &'a str,
    platform: &'a str,
    environment: &'a str,
    mode: Option<warroom_runbook::run::Mode>,
    severity: &'a str,
    phase: warroom_incident::Phase,
    components: &'a [String],
    alert: Option<&'a str>,
    criteria: &'a [String],
    impact: BTreeMap<String, &'a str>,
    data_loss: Option<serde_json::Value>,
    milestones: Milestones,
    /// Milestones that nobody recorded as such.
    inferred: Vec<&'static str>,
    metrics: Metrics,
    severities: Vec<Span>,
    phases: Vec<Span>,
    roles: Vec<Span>,
    recovery: Vec<Recovery>,
    runs: Vec<Run>,
    probes: Vec<history::Line>,
    updates: Vec<Informed>,
    escalations: Vec<EscalationDue>,
    action_items: Vec<serde_json::Value>,
}

/// An entry of the timeline.
#[derive(Serialize)]
struct Entry<'a> {
    log: &'a str,
    seq: u64,
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<Timestamp>,
    by: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
    category: &'a str,
    key: bool,
    text: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    corrections: Vec<serde_json::Value>,
    late: bool,
    intact: bool,
}

/// The whole incident: `{"version", "incident", "as_of", "summary", "timeline", "checkpoints", "events"}`, each event
/// `{"log", "seq", "at", "hlc", "by", "hash", "intact", "event"}` with `event` as it stands in its log, one a line.
///
/// Characters that could do something to a terminal, or turn the reading direction, stand as `\u` escapes, which mean the same.
pub fn json(source: &Source<'_>) -> String {
    let mut text = String::from("{\n");
    let mut member = |name: &str, value: String| text.push_str(&format!("\"{name}\": {value},\n"));
    member("version", VERSION.to_string());
    member("incident", plain(&source.id));
    member("as_of", plain(&source.as_of()));
    member("summary", plain(&summary(source)));
    member("timeline", lines(source.timeline.iter().map(|of| plain(&entry(of)))));
    member("checkpoints", lines(source.checkpoints.iter().map(plain)));
    text.push_str(&format!("\"events\": {}\n}}\n", lines(source.items.iter().map(|item| event(item)))));
    warroom_domain::text::json(&text).into_owned()
}

/// These are plain members and cannot fail; `null` says so if they did.
fn plain(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// An array, one element a line.
fn lines(elements: impl Iterator<Item = String>) -> String {
    let elements: Vec<_> = elements.collect();
    if elements.is_empty() { "[]".to_owned() } else { format!("[\n{}\n]", elements.join(",\n")) }
}

/// One event. Its own text is put in as it is, so that no number is rounded and no member lost on the way.
fn event(item: &warroom_incident::journal::Item) -> String {
    let entry = &item.entry;
    format!(
        r#"{{"log":{},"seq":{},"at":{},"hlc":{},"by":{},"hash":{},"intact":{},"event":{}}}"#,
        plain(&item.log),
        entry.seq,
        plain(&entry.at),
        plain(&entry.hlc),
        plain(&&*entry.by),
        plain(&entry.hash),
        item.intact,
        entry.json()
    )
}

fn entry(of: &TimelineEntry) -> Entry<'_> {
    let corrections = of.corrections.iter();
    let correction =
        |one: &warroom_incident::state::Correction| json!({"at": one.at, "by": &*one.by, "text": one.text});
    Entry {
        log: of.of.log.as_str(),
        seq: of.of.seq,
        at: of.at,
        about: of.about,
        by: of.source(),
        author: of.author.as_deref(),
        category: of.category.word(),
        key: of.key,
        text: &of.text,
        corrections: corrections.map(correction).collect(),
        late: of.late,
        intact: of.intact,
    }
}

fn summary<'a>(source: &Source<'a>) -> Summary<'a> {
    let state = source.state;
    let item = |item: &warroom_incident::state::ActionItem| json!({"id": item.id, "text": item.text, "owner": item.owner, "due": item.due, "done_at": item.done});
    let loss = state.data_loss.as_ref().map(|loss| {
        let value = &loss.value;
        json!({"statement": value.statement, "restored_to": value.restored_to, "last_write": value.last_write,
            "at": loss.at, "by": &*loss.by})
    });
    Summary {
        title: &state.title,
        platform: &state.platform,
        environment: &state.environment,
        mode: state.mode,
        severity: state.severity(),
        phase: state.phase(),
        components: &state.components,
        alert: state.alert.as_deref(),
        criteria: &state.criteria,
        impact: state.impact.iter().map(|(of, said)| (of.word().replace(' ', "_"), said.value.as_str())).collect(),
        data_loss: loss,
        milestones: Milestones::of(state),
        inferred: all_inferred(state),
        metrics: metrics(state),
        severities: severities(source),
        phases: phases(source),
        roles: roles(source),
        recovery: recovery(source),
        runs: runs(source),
        probes: history::history(source),
        updates: updates(source),
        escalations: escalations(source),
        action_items: state.action_items.iter().map(item).collect(),
    }
}
