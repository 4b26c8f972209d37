//! Reads a scenario file, and says what is wrong with it and where.

use std::{ops::Range, time::Duration};

use indexmap::IndexMap;
use toml_edit::{Document, Item, TableLike, Value};

use super::{
    Scenario, ScenarioStatus, Scene, Track,
    reader::{LONGEST, Reader, key_span},
};
use crate::platform::{Diagnostic, DiagnosticSeverity, Position, bounds, nearest};

/// More events than a person can follow; each keeps a copy of what its probe says.
const MOST_EVENTS: usize = 2000;

const SCENARIO_KEYS: &[&str] = &["id", "title", "duration"];
const SCENE_KEYS: &[&str] =
    &["status", "summary", "value", "unit", "latency_ms", "waiting_for", "exposure", "details", "pods", "logs"];
const EVENT_KEYS: &[&str] = &["at", "probe", "clear"];
const CLEARABLE: &[&str] = &["value", "exposure", "details", "pods", "logs"];

pub(super) fn scenario(file: &str, text: &str) -> (Option<Scenario>, Vec<Diagnostic>) {
    if let Err((excess, at)) = bounds::document(text) {
        let position = Position::of(text, at..at);
        return (None, vec![Diagnostic::error(file, Some(position), format!("this cannot be read: it is {excess}"))]);
    }
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let position = error.span().map(|span| Position::of(text, span));
            let message = format!("this is not TOML: {}", error.message().lines().collect::<Vec<_>>().join(", "));
            return (None, vec![Diagnostic::error(file, position, message)]);
        }
    };
    let mut reader = Reader { file, text, diagnostics: Vec::new() };
    let scenario = reader.document(document.as_table());
    let failed = reader.diagnostics.iter().any(|d| d.severity == DiagnosticSeverity::Error);
    (scenario.filter(|_| !failed), reader.diagnostics)
}

/// An event whose time and probe are known.
struct Event<'d> {
    at: Duration,
    probe: &'d str,
    table: &'d dyn TableLike,
}

impl Reader<'_> {
    fn document(&mut self, root: &toml_edit::Table) -> Option<Scenario> {
        self.known_keys(root, &[&["scenario", "probes", "events"]]);
        let Some(head) = root.get("scenario").and_then(Item::as_table_like) else {
            self.error(None, "the table [scenario] is missing").help("start with [scenario], id, title and duration");
            return None;
        };
        self.known_keys(head, &[SCENARIO_KEYS]);
        let id = self.required_text(head, "id", "[scenario]");
        let title = self.required_text(head, "title", "[scenario]");
        let duration = match head.get("duration") {
            Some(item) => self.duration(item, "duration"),
            None => {
                self.error(key_span(root, "scenario"), "[scenario] has no duration")
                    .help("for instance duration = \"6m\"");
                None
            }
        };

        let mut probes: IndexMap<String, Vec<Scene>> = IndexMap::new();
        if let Some(item) = root.get("probes") {
            for (name, item) in self.table(item, "probes").into_iter().flat_map(TableLike::iter) {
                if let Some(table) = self.table(item, name) {
                    self.known_keys(table, &[SCENE_KEYS]);
                    if !table.contains_key("status") {
                        self.error(item.span(), format!("probe {name:?} has no status"))
                            .help("say what it is at the start: status = \"ok\"");
                    }
                    let scene = self.scene(table, Scene::start(), Duration::ZERO);
                    probes.insert(name.to_owned(), vec![scene]);
                }
            }
        }
        if let Some(item) = root.get("events") {
            self.events(item, duration.unwrap_or(LONGEST), &mut probes);
        }
        Some(Scenario { id: id?, title: title?, duration: duration?, probes })
    }

    fn events(&mut self, item: &Item, duration: Duration, probes: &mut IndexMap<String, Vec<Scene>>) {
        let Some(tables) = tables(item) else {
            self.error(item.span(), "events is not a list of tables").help("write each event as [[events]]");
            return;
        };
        if tables.len() > MOST_EVENTS {
            self.error(
                item.span(),
                format!("{} events are more than the {MOST_EVENTS} that are allowed", tables.len()),
            );
            return;
        }
        let mut events: Vec<Event<'_>> = Vec::new();
        for (table, span) in tables {
            self.known_keys(table, &[EVENT_KEYS, SCENE_KEYS]);
            let at = match table.get("at") {
                Some(item) => self.duration(item, "at"),
                None => {
                    self.error(span.clone(), "this event has no time").help("add at = \"30s\", counted from the start");
                    None
                }
            };
            let probe = match table.get("probe") {
                Some(item) => self.text(item, "probe"),
                None => {
                    self.error(span.clone(), "this event has no probe").help("add probe = \"ID\"");
                    None
                }
            };
            let (Some(at), Some(probe)) = (at, probe) else { continue };
            if at > duration {
                let message = "this event comes after the end of the scenario";
                self.warning(table.get("at").and_then(Item::span), message).help("make [scenario] duration longer");
            }
            if !probes.contains_key(probe) {
                let nearest = nearest(probe, probes.keys().map(String::as_str));
                let nearest = nearest.map(|near| format!("did you mean `{near}`?"));
                self.error(
                    table.get("probe").and_then(Item::span),
                    format!("the event is about probe {probe:?}, which this scenario does not have"),
                )
                .help(nearest.unwrap_or_else(|| format!("add [probes.{probe}] with what it says at the start")));
                continue;
            }
            events.push(Event { at, probe, table });
        }
        events.sort_by_key(|event| event.at);
        for Event { at, probe, table } in events {
            let Some(before) = probes.get(probe).and_then(|scenes| scenes.last()).cloned() else { continue };
            let before = self.cleared(table, before);
            let scene = self.scene(table, before, at);
            if let Some(scenes) = probes.get_mut(probe) {
                scenes.push(scene);
            }
        }
    }

    /// Takes away what the event's `clear` names.
    fn cleared(&mut self, event: &dyn TableLike, mut scene: Scene) -> Scene {
        let Some(item) = event.get("clear") else { return scene };
        for (name, span) in self.texts(item, "clear") {
            match name.as_str() {
                "value" => scene.value = None,
                "exposure" => scene.exposure = None,
                "details" => scene.details.clear(),
                "pods" => scene.pods.clear(),
                "logs" => scene.logs.clear(),
                _ => self
                    .error(span, format!("{name:?} cannot be cleared"))
                    .help(format!("one of {}", CLEARABLE.join(", "))),
            }
        }
        scene
    }

    /// What a probe says from `at` on, when it said `before` until then.
    fn scene(&mut self, table: &dyn TableLike, before: Scene, at: Duration) -> Scene {
        let mut scene = Scene { from: at, ..before };
        if let Some(item) = table.get("status") {
            scene.status = self.status(item).unwrap_or(scene.status);
        }
        for (name, field) in [("summary", &mut scene.summary), ("waiting_for", &mut scene.waiting_for)] {
            if let Some(text) = table.get(name).and_then(|item| self.text(item, name)) {
                *field = text.to_owned();
            }
        }
        if let Some(item) = table.get("value") {
            scene.value = self.number(item, "value", scene.value.as_ref(), at).or(scene.value);
        }
        if let Some(unit) = table.get("unit").and_then(|item| self.text(item, "unit")) {
            scene.unit = Some(unit.to_owned());
        }
        if let Some(item) = table.get("latency_ms")
            && let Some(track) = self.number(item, "latency_ms", Some(&scene.latency_ms), at)
        {
            scene.latency_ms = track;
        }
        if let Some(item) = table.get("exposure") {
            scene.exposure = self.exposure(item, scene.exposure, at);
        }
        for (name, field) in [("details", &mut scene.details), ("pods", &mut scene.pods)] {
            if let Some(table) = table.get(name).and_then(|item| self.table(item, name)) {
                self.merge(table, field, at);
            }
        }
        if let Some(logs) = table.get("logs").and_then(|item| self.table(item, "logs")) {
            for (pod, item) in logs.iter() {
                let lines = self.texts(item, pod).into_iter().map(|(line, _)| line).collect();
                scene.logs.insert(pod.to_owned(), lines);
            }
        }
        self.placeholders(table, &scene);
        scene
    }

    fn placeholders(&mut self, table: &dyn TableLike, scene: &Scene) {
        let span = table.get("summary").and_then(Item::span);
        for (_, rest) in scene.summary.match_indices('{').map(|(at, _)| scene.summary.split_at(at)) {
            if !rest.starts_with("{value}") {
                self.error(span.clone(), "a summary has a placeholder that is not {value}")
                    .help("write the words as they shall stand there");
            } else if scene.value.is_none() {
                self.error(span.clone(), "the summary shows {value}, and the probe has no value at that time")
                    .help("give it a value, or another summary");
            }
        }
    }

    fn status(&mut self, item: &Item) -> Option<ScenarioStatus> {
        Some(match self.text(item, "status")? {
            "ok" => ScenarioStatus::Ok,
            "warn" => ScenarioStatus::Warn,
            "unknown" => ScenarioStatus::Unknown,
            "down" => ScenarioStatus::Down,
            other => {
                let message = format!("{other:?} is not a status");
                self.error(item.span(), message).help("one of ok, warn, unknown, down");
                return None;
            }
        })
    }

    fn exposure(
        &mut self,
        item: &Item,
        before: Option<(String, Track, bool)>,
        at: Duration,
    ) -> Option<(String, Track, bool)> {
        let table = self.table(item, "exposure")?;
        self.known_keys(table, &[&["source", "loss_seconds", "verified"]]);
        let was_verified = before.as_ref().is_none_or(|(.., verified)| *verified);
        let (source, loss) = before.map(|(source, loss, _)| (source, loss)).unzip();
        let source = match table.get("source") {
            Some(item) => self.text(item, "source").map(str::to_owned),
            None => source,
        };
        let loss = match table.get("loss_seconds") {
            Some(item) => self.number(item, "loss_seconds", loss.as_ref(), at),
            None => loss,
        };
        if source.is_none() || loss.is_none() {
            self.error(item.span(), "exposure needs both source and loss_seconds");
        }
        let verified = match table.get("verified") {
            Some(item) => self.truth(item, "verified").unwrap_or(was_verified),
            None => was_verified,
        };
        source.zip(loss).map(|(source, loss)| (source, loss, verified))
    }
}

impl Scene {
    /// What a probe says that says nothing yet.
    fn start() -> Self {
        Scene {
            from: Duration::ZERO,
            status: ScenarioStatus::Ok,
            summary: String::new(),
            value: None,
            unit: None,
            latency_ms: Track::constant(1.0),
            waiting_for: String::new(),
            exposure: None,
            details: IndexMap::new(),
            pods: IndexMap::new(),
            logs: IndexMap::new(),
        }
    }
}

/// A table, and where it stands.
type Placed<'d> = (&'d dyn TableLike, Option<Range<usize>>);

/// The tables of `[[x]]` or `x = [{…}]`, with their places.
fn tables(item: &Item) -> Option<Vec<Placed<'_>>> {
    match item {
        Item::ArrayOfTables(tables) => {
            Some(tables.iter().map(|table| (table as &dyn TableLike, table.span())).collect())
        }
        Item::Value(Value::Array(items)) => items
            .iter()
            .map(|value| value.as_inline_table().map(|table| (table as &dyn TableLike, table.span())))
            .collect(),
        _ => None,
    }
}
