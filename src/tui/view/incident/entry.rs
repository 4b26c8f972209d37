//! An entry of the timeline, opened: what it says and said, who wrote it, where it stands in the journal; or its output.

use jiff::{Timestamp, tz::TimeZone};
use ratatui::{Frame, layout::Rect, style::Style, text::Line};

use crate::{
    action::{Action, Context},
    model::{
        Drawn, EntryView, Model, OpenIncident, Target,
        incident::{entry_view::job_of, timeline::shown_text},
    },
    text::{self, clean},
    theme::Theme,
    view::{
        blank,
        incident::timeline::one_line,
        pieces::{frame_of, put, scroll_marks, span, title},
        popup,
        popup::{Popup, columns, keys},
    },
};
use warroom_domain::health::{Status, bytes};
use warroom_incident::{EventRef, timeline::TimelineEntry};

/// Columns of the names of facts.
const LABEL: usize = 12;

/// True when an output belongs to the entry and can be looked for.
pub(in crate::view) fn has_output(model: &Model, of: &EventRef) -> bool {
    let Some(open) = &model.incidents.open else { return false };
    let entry = open.timeline.find(of).and_then(|place| open.timeline.entries().get(place));
    entry.is_some_and(|entry| job_of(entry, &open.folder).is_some())
}

pub(in crate::view) fn draw(model: &Model, view: &EntryView, frame: &mut Frame, body: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let open = model.incidents.open.as_deref();
    let found = open.and_then(|open| Some((open, open.timeline.find(&view.of)?)));
    let Some((open, place, entry)) =
        found.and_then(|(open, place)| Some((open, place, open.timeline.entries().get(place)?)))
    else {
        let text = vec![Line::styled(" The entry is not in the journal any more.", theme.dim())];
        let popup = Popup { title: "Entry", right: String::new(), text, standing: vec![], scroll: 0 };
        popup.draw(model, frame, body, drawn);
        return;
    };
    if view.shows_output {
        output(model, view, entry, frame, body, drawn);
        return;
    }
    let text = lines(model, open, (place, entry), columns(body));
    let head = format!("{}Entry · {}", if entry.key { "★ " } else { "" }, entry.category.word());
    let popup = Popup {
        title: &head,
        right: String::new(),
        text,
        standing: vec![hints(model, open, entry)],
        scroll: view.scroll,
    };
    popup.draw(model, frame, body, drawn);
}

/// Everything that is known of the entry.
fn lines(
    model: &Model,
    open: &OpenIncident,
    (place, entry): (usize, &TimelineEntry),
    room: usize,
) -> Vec<Line<'static>> {
    let theme = &model.appearance.theme;
    let mut lines = Vec::new();
    let facts = Facts { theme, room };
    if !entry.intact {
        let text =
            "✖ does not fit its chain: its line, or one before it, was changed. `warroom incident verify` says where.";
        lines.extend(said(text, room, theme.status(Status::Down)));
        lines.push(Line::default());
    }
    if entry.current().is_none() {
        lines.extend(said("(taken back) It said:", room, theme.accent()));
    }
    let style = if entry.current().is_none() { theme.dim() } else { theme.text() };
    lines.extend(said(shown_text(entry), room, style));
    lines.push(Line::default());
    lines.extend(facts.fact("written", &moment(model, entry.at)));
    if let Some(about) = entry.about {
        lines.extend(facts.fact("speaks of", &moment(model, about)));
    }
    if entry.late {
        lines.extend(facts.fact("late", "recorded when a console had come back, not when it happened"));
    }
    lines.extend(facts.fact("by", entry.source()));
    if let Some(author) = &entry.author {
        lines.extend(facts.fact("words of", author));
    }
    let key = if entry.key { "★ key: belongs to the story that is told afterwards" } else { "not key" };
    lines.extend(facts.fact("story", key));
    if let Some((run, evidence)) = &entry.evidence {
        lines.extend(facts.fact("run", &run.0));
        let dropped = match evidence.dropped_bytes {
            0 => String::new(),
            more => format!(", {} more were printed and are not kept", bytes(more as f64)),
        };
        lines.extend(facts.fact("output", &format!("{}{dropped} · {}", bytes(evidence.bytes as f64), evidence.file)));
        lines.extend(facts.fact("", &format!("sha256 {}", evidence.sha256)));
    }
    if !entry.corrections.is_empty() {
        lines.push(Line::default());
        lines.extend(said("Corrections", room, theme.title(false)));
        for correction in &entry.corrections {
            let head = format!("{} by {}", moment(model, correction.at), correction.by);
            lines.extend(said(&head, room, theme.dim()));
            lines.extend(said(correction.text.as_deref().unwrap_or("(taken back)"), room, theme.text()));
        }
        lines.extend(said("At first it said", room, theme.title(false)));
        lines.extend(said(&entry.text, room, theme.text()));
    }
    lines.push(Line::default());
    lines.extend(said("Checkpoint", room, theme.title(false)));
    lines.extend(facts.fact("incident", &open.id.to_string()));
    lines.extend(facts.fact("log, line", &format!("{} #{}", entry.of.log, entry.of.seq)));
    if let Some(item) = open.timeline.item(place).and_then(|item| open.item(item)) {
        lines.extend(facts.fact("hash", &item.entry.hash.to_string()));
    }
    lines
}

/// How facts are written: their names in a column of their own.
struct Facts<'t> {
    theme: &'t Theme,
    room: usize,
}

impl Facts<'_> {
    fn fact(&self, name: &str, value: &str) -> Vec<Line<'static>> {
        let value = clean(value);
        let parts = text::wrap(&value, self.room.saturating_sub(LABEL + 1));
        let line = |(index, part): (usize, String)| {
            let name = if index == 0 { name } else { "" };
            Line::from(vec![
                span(format!(" {}", text::fit(name, LABEL)), self.theme.dim()),
                span(part, self.theme.text()),
            ])
        };
        parts.into_iter().enumerate().map(line).collect()
    }
}

/// A text with the lines that it has, each wrapped.
fn said(text: &str, room: usize, style: Style) -> Vec<Line<'static>> {
    let wrapped = text.lines().flat_map(|line| {
        let lines = text::wrap(&clean(line), room);
        if lines.is_empty() { vec![String::new()] } else { lines }
    });
    wrapped.map(|line| Line::styled(format!(" {line}"), style)).collect()
}

/// A moment in UTC and in this machine's zone.
fn moment(model: &Model, at: Timestamp) -> String {
    let utc = at.to_zoned(TimeZone::UTC).strftime("%F %H:%M:%S%.3fZ").to_string();
    let local = at.to_zoned(model.appearance.zone.clone()).strftime("%F %H:%M:%S %Z").to_string();
    format!("{utc}   ({local})")
}

/// The keys that do something with this entry.
fn hints(model: &Model, open: &OpenIncident, entry: &TimelineEntry) -> Line<'static> {
    let key = |action| model.keymap.chords(action, Context::TimelineEntry).next().map(|c| c.to_string());
    let mut pairs: Vec<(String, &str)> = Vec::new();
    let mut add = |action, label| pairs.extend(key(action).map(|key| (key, label)));
    if job_of(entry, &open.folder).is_some() {
        add(Action::ShowOutput, "output");
    }
    if crate::update::has_step(model, &entry.of) {
        add(Action::GoToStep, "go to the step");
    }
    if !model.facts.read_only {
        add(Action::MarkKey, if entry.key { "not key" } else { "key" });
        add(Action::Correct, "correct");
    }
    add(Action::Close, "close");
    keys(&model.appearance.theme, &pairs)
}

/// The output that the entry refers to.
fn output(model: &Model, view: &EntryView, entry: &TimelineEntry, frame: &mut Frame, body: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let area = popup(body, 140, 96);
    blank(model, frame, area);
    let seen = &view.output.seen;
    let printed = entry.evidence.as_ref().map_or(0, |(_, evidence)| evidence.bytes);
    let mut right = bytes(printed as f64);
    if !view.output.search.is_empty() && !view.output.search.editing {
        right = format!("/{} · {right}", view.output.search.text());
    }
    let room = usize::from(area.width).saturating_sub(text::width(&right) + 8);
    let name = text::cut(&format!("Output · {}", one_line(shown_text(entry))), room);
    let block = frame_of(theme, title(theme, &name, true), right, true);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    drawn.target(area, Target::Overlay);
    let height = usize::from(inner.height);
    let columns = usize::from(inner.width).saturating_sub(2);
    drawn.page = height;
    drawn.evidence_size = (columns, height);
    let inside = Rect { x: inner.x + 1.min(inner.width), width: inner.width.saturating_sub(1), ..inner };
    let problem = match &view.output.error {
        Some(error) => Some(error.clone()),
        None if seen.bytes == 0 && printed > 0 && seen.at_end => {
            Some("the output is not here, or may not be read by this user".to_owned())
        }
        None if printed == 0 => Some("it printed nothing".to_owned()),
        None => None,
    };
    if let Some(problem) = problem {
        put(frame, inside, 0, &Line::styled(text::cut(&problem, columns), theme.status(Status::Warn)));
        return;
    }
    for (row, line) in seen.rows.iter().take(height).enumerate() {
        put(frame, inside, row as u16, line);
    }
    let above = usize::from(seen.top > crate::output::Place::default());
    scroll_marks(theme, frame, inner, above, usize::from(!seen.at_end));
}
