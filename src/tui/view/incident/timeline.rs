//! The Timeline pane: the entries of the incident, newest first. Only what is on the screen is formatted.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    model::{Drawn, Model, OpenIncident, Pane, Target, Timeline, incident::timeline::shown_text},
    text::{self, clean},
    theme::Role,
    view::pieces::{cut_spans, frame_of, put, scroll_marks, span, title, width},
};
use warroom_domain::health::Status;
use warroom_incident::timeline::{Category, TimelineEntry};

/// Least columns at which categories are written out.
const WIDE: usize = 66;
/// Columns that names take at least and at most.
const WHO: (usize, usize) = (5, 14);

pub(in crate::view) fn draw(model: &Model, open: &OpenIncident, frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let timeline = &open.timeline;
    let focused = model.panes.focus == Pane::Activity && model.overlays.is_empty();
    let room = usize::from(area.width).saturating_sub(16);
    let block = frame_of(theme, title(theme, "Timeline", focused), text::cut(&state(timeline), room), focused);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let height = usize::from(inner.height);
    if focused {
        drawn.page = height;
    }
    if timeline.is_empty() {
        let said = match timeline.entries().is_empty() {
            true => "The journal is being read.".to_owned(),
            false => "No entry is kept by the filters.".to_owned(),
        };
        put(frame, inner, 0, &Line::styled(format!(" {said}"), theme.dim()));
        return;
    }
    let len = timeline.len();
    let selected = timeline.cursor.selected.min(len - 1);
    let before = if selected == 0 { 0 } else { timeline.cursor.offset(model.drawn.activity_offset, height, len) };
    let (offset, rows) = layout(timeline, before, selected, height, day(model.now));
    drawn.activity_offset = offset;
    let places = rows.iter().filter_map(|row| match row {
        Row::Entry(_, place) => Some(*place),
        Row::Day(_) => None,
    });
    let who = places.map(|place| text::width(&clean(timeline.short(timeline.who(place))))).max().unwrap_or(0);
    let who = who.clamp(WHO.0, WHO.1);
    let mut last = offset;
    for (at, row) in rows.iter().enumerate() {
        let at = at as u16;
        match row {
            Row::Day(day) => put(frame, inner, at, &day_line(model, *day, inner.width.into())),
            Row::Entry(index, place) => {
                let Some(entry) = timeline.entries().get(*place) else { continue };
                put(frame, inner, at, &line(model, timeline, (*place, entry), who, inner.width.into()));
                let area = Rect { y: inner.y + at, height: 1, ..inner };
                drawn.target(area, Target::Event(*index));
                if focused && *index == selected {
                    frame.buffer_mut().set_style(area, theme.selection(true));
                }
                last = index + 1;
            }
        }
    }
    scroll_marks(theme, frame, inner, offset, len.saturating_sub(last));
}

/// A row of the pane.
#[derive(Debug, PartialEq, Eq)]
enum Row {
    /// Stands above the entries of a day.
    Day(Date),
    /// The row of the list, and the entry's place.
    Entry(usize, usize),
}

/// The rows from `from` on, or from later when the selected one would not be seen: dates take rows, too.
fn layout(timeline: &Timeline, from: usize, selected: usize, height: usize, today: Date) -> (usize, Vec<Row>) {
    let mut from = from.min(selected);
    loop {
        let mut rows = Vec::new();
        let mut above = today;
        let mut index = from;
        while rows.len() < height.max(1) {
            let Some(place) = timeline.place(index) else { break };
            let date = timeline.entries().get(place).map_or(above, |entry| day(entry.at));
            if date != above && rows.len() + 1 < height {
                rows.push(Row::Day(date));
            }
            above = date;
            rows.push(Row::Entry(index, place));
            index += 1;
        }
        if index > selected || from >= selected {
            return (from, rows);
        }
        from += 1;
    }
}

/// The day of a time, UTC.
fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn day_line(model: &Model, day: Date, columns: usize) -> Line<'static> {
    let theme = &model.appearance.theme;
    let text = format!(" {} ", day.strftime("%A %F"));
    let rest = columns.saturating_sub(text::width(&text) + 4);
    Line::from(vec![
        span(" ──", theme.border(false)),
        span(text, theme.accent()),
        span("─".repeat(rest), theme.border(false)),
    ])
}

/// `12 of 340 · notes · alice · "disk"`.
fn state(timeline: &Timeline) -> String {
    let all = timeline.entries().len();
    let entries = |count| if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") };
    let filter = &timeline.filter;
    if filter.is_empty() {
        return if all == 0 { String::new() } else { entries(all) };
    }
    let mut parts = vec![format!("{} of {all}", timeline.len())];
    parts.extend(filter.category.map(|category| plural(category).to_owned()));
    parts.extend(filter.who.as_ref().map(|who| clean(timeline.short(who))));
    parts.extend(filter.key.then(|| "key".to_owned()));
    let text = filter.text.text().trim();
    parts.extend((!text.is_empty()).then(|| format!("{text:?}")));
    parts.join(" · ")
}

/// A category where there is no room for its word.
fn short(category: Category) -> &'static str {
    match category {
        Category::Incident => "inc",
        Category::Health => "hlth",
        Category::Step => "step",
        Category::Note => "note",
        Category::Decision => "dec",
        Category::Message => "msg",
        Category::People => "ppl",
        Category::Journal => "jrnl",
    }
}

/// The entries of a category.
fn plural(category: Category) -> &'static str {
    match category {
        Category::Incident => "incident",
        Category::Health => "health",
        Category::Step => "steps",
        Category::Note => "notes",
        Category::Decision => "decisions",
        Category::Message => "messages",
        Category::People => "people",
        Category::Journal => "journal",
    }
}

/// The time of an entry, UTC and where it is wanted local.
fn times(model: &Model, at: Timestamp) -> String {
    let utc = at.strftime("%H:%M:%SZ").to_string();
    if model.appearance.local.is_some() { format!("{utc} {}", model.appearance.clock(at)) } else { utc }
}

fn line(
    model: &Model,
    timeline: &Timeline,
    (place, entry): (usize, &TimelineEntry),
    who: usize,
    columns: usize,
) -> Line<'static> {
    let theme = &model.appearance.theme;
    let taken_back = entry.current().is_none();
    let style = if taken_back { theme.dim() } else { theme.text() };
    let name = clean(timeline.short(timeline.who(place)));
    let word = entry.category.word();
    let category = if columns >= WIDE { text::fit(word, 8) } else { text::fit(short(entry.category), 4) };
    let key = if entry.key { "★" } else { " " };
    let mut spans = vec![
        span(format!(" {key} "), theme.accent()),
        span(format!("{}  ", times(model, entry.at)), theme.dim()),
        span(text::fit(&name, who), style),
        span(format!("  {category}  "), theme.dim()),
    ];
    if !entry.intact {
        spans.push(span("✖ does not fit its chain  ", theme.status(Status::Down)));
    }
    if let Some(about) = entry.about {
        spans.push(span(format!("for {}  ", about_time(entry.at, about)), theme.accent()));
    }
    let tags = tags(entry);
    let left = columns.saturating_sub(width(&spans) + 1);
    // The text gives way to what is said about it, as long as half is left for it.
    let tagged = text::width(&tags);
    let room = if tagged * 2 <= left { left - tagged } else { left };
    let style = if entry.key && !taken_back { theme.title(false) } else { style };
    spans.push(span(text::cut(&one_line(shown_text(entry)), room), style));
    if !tags.is_empty() {
        spans.push(span(tags, theme.role(Role::Accent)));
    }
    Line::from(cut_spans(spans, columns.saturating_sub(1)))
}

/// What is to be known of an entry beside its text.
fn tags(entry: &TimelineEntry) -> String {
    let mut tags = String::new();
    match entry.corrections.last() {
        Some(correction) if correction.text.is_none() => tags.push_str(" (taken back)"),
        Some(_) => tags.push_str(" (corrected)"),
        None => {}
    }
    if entry.late {
        tags.push_str(" (recorded late)");
    }
    tags
}

/// The time that an entry speaks of, with its date when that is another.
fn about_time(at: Timestamp, about: Timestamp) -> String {
    let format = if day(at) == day(about) { "%H:%MZ" } else { "%F %H:%MZ" };
    about.strftime(format).to_string()
}

/// A text of several lines in one, safe to draw.
pub(super) fn one_line(said: &str) -> String {
    if !said.contains('\n') {
        return clean(said);
    }
    said.lines().map(|line| clean(line.trim())).collect::<Vec<_>>().join(" ↵ ")
}
