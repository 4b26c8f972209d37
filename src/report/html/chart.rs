//! The picture of what the probes said: where each band, line and label of it stands.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::Serialize;

use super::super::{
    Source,
    history::{Band, Line, history, window},
    milestones::Milestones,
    words::{Times, clean, span},
};
use warroom_domain::health::Status;
use warroom_host::plain::shortened;

/// Units of the picture; it is scaled to the page's width.
const WIDTH: f64 = 1120.0;
const LABELS: f64 = 230.0;
const RIGHT: f64 = 14.0;
const ROW: f64 = 30.0;
const LEVEL: f64 = 16.0;
/// About one character of the small text.
const LETTER: f64 = 6.4;
const MOST_TICKS: i64 = 8;
/// Seconds between two ticks.
const STEPS: [i64; 19] = [
    1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000,
];

/// The whole picture.
#[derive(Serialize)]
pub(super) struct Chart {
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    /// Where the rows begin and end.
    top: f64,
    bottom: f64,
    rows: Vec<Row>,
    ticks: Vec<Tick>,
    marks: Vec<Mark>,
}

#[derive(Serialize)]
struct Row {
    label: String,
    name: String,
    y: f64,
    middle: f64,
    bands: Vec<Bar>,
}

#[derive(Serialize)]
struct Bar {
    status: &'static str,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    /// Its word, where there is room for it.
    word: Option<String>,
    middle: f64,
    tip: String,
}

#[derive(Serialize)]
struct Tick {
    x: f64,
    label: String,
    anchor: &'static str,
}

/// A turning point.
#[derive(Serialize)]
struct Mark {
    x: f64,
    y: f64,
    label: String,
    anchor: &'static str,
}

/// Maps times to places.
struct Scale {
    start: Timestamp,
    seconds: f64,
}

impl Scale {
    fn x(&self, at: Timestamp) -> f64 {
        let part = at.duration_since(self.start).as_secs_f64() / self.seconds;
        round(LABELS + part.clamp(0.0, 1.0) * (WIDTH - LABELS - RIGHT))
    }
}

/// `None` when no probe changed.
pub(super) fn chart(source: &Source<'_>, times: Times) -> Option<Chart> {
    let lines = history(source);
    let (start, end) = shown(source, &lines)?;
    let scale = Scale { start, seconds: end.duration_since(start).as_secs_f64().max(1.0) };
    let (marks, levels) = marks(source, &scale, (start, end));
    let top = f64::from(levels) * LEVEL + 8.0;
    let rows: Vec<Row> = lines.iter().enumerate().map(|(index, line)| row(line, index, top, &scale, times)).collect();
    let bottom = top + ROW * rows.len() as f64;
    let ticks = ticks(&scale, (start, end), times);
    Some(Chart {
        width: WIDTH,
        height: bottom + 24.0,
        left: LABELS,
        right: WIDTH - RIGHT,
        top,
        bottom,
        rows,
        ticks,
        marks,
    })
}

/// From shortly before the first change to shortly after the last one or the end, so that a late closing does not squeeze it all.
fn shown(source: &Source<'_>, lines: &[Line]) -> Option<(Timestamp, Timestamp)> {
    let (first, last) = window(source)?;
    let state = source.state;
    let changes = || lines.iter().flat_map(|line| line.bands.iter()).map(|band| band.from).filter(|at| *at > first);
    let start = changes().chain(state.detected_at).min()?;
    lines.first()?;
    let points = [state.restored(), state.resolved_at(), state.detected_at].into_iter().flatten();
    let end = if state.phase().is_open() { last } else { changes().chain(points).max().unwrap_or(last) };
    let margin = (end.duration_since(start) / 20).max(SignedDuration::from_secs(1));
    let start = start.checked_sub(margin).unwrap_or(start).max(first);
    let end = end.checked_add(margin).unwrap_or(end).min(last);
    Some((start.min(end), end.max(start)))
}

fn row(line: &Line, index: usize, top: f64, scale: &Scale, times: Times) -> Row {
    let y = top + ROW * index as f64;
    let name = clean(&line.title).replace('\n', " ");
    Row {
        label: shortened(&name, 32),
        name,
        y,
        middle: y + ROW / 2.0,
        bands: line.bands.iter().map(|band| bar(band, y, scale, times)).collect(),
    }
}

/// The worse, the higher: the picture can be read without its colours.
fn bar(band: &Band, y: f64, scale: &Scale, times: Times) -> Bar {
    let height = match band.status {
        Status::Ok => 8.0,
        Status::Unknown => 14.0,
        Status::Warn => 16.0,
        Status::Down => 22.0,
    };
    let (x, to) = (scale.x(band.from), scale.x(band.to));
    let width = round((to - x).max(1.5));
    let word = band.status.word();
    let fits = band.status != Status::Ok && width > (word.len() as f64 + 1.5) * LETTER;
    let lasted = span(band.to.duration_since(band.from));
    let why = if band.summary.is_empty() { String::new() } else { format!(": {}", clean(&band.summary)) };
    Bar {
        status: word,
        x,
        y: y + (ROW - height) / 2.0,
        width,
        height,
        word: fits.then(|| word.to_owned()),
        middle: round(x + width / 2.0),
        tip: format!("{word} from {} to {} ({lasted}){why}", times.at(band.from), times.at(band.to)),
    }
}

/// The turning points, on as many levels as their labels need; and how many those are.
fn marks(source: &Source<'_>, scale: &Scale, shown: (Timestamp, Timestamp)) -> (Vec<Mark>, u32) {
    let points = Milestones::of(source.state);
    let named = [
        ("detected", points.detected),
        ("declared", points.declared),
        ("identified", points.identified),
        ("fix", points.fixed),
        ("restored", points.restored),
        ("resolved", points.resolved),
    ];
    let mut points: Vec<(Timestamp, &str)> = named.into_iter().filter_map(|(name, at)| Some((at?, name))).collect();
    points.retain(|(at, _)| (shown.0..=shown.1).contains(at));
    points.sort();
    let mut ends: Vec<f64> = Vec::new();
    let mut marks = Vec::new();
    for (at, name) in points {
        let label = format!("{name} {}", at.strftime("%H:%M"));
        let (x, length) = (scale.x(at), label.len() as f64 * LETTER);
        let to_the_left = x + length > WIDTH - RIGHT;
        let from = if to_the_left { x - length - 6.0 } else { x - 2.0 };
        let level = ends.iter().position(|end| *end < from).unwrap_or(ends.len());
        let to = if to_the_left { x } else { x + length + 6.0 };
        match ends.get_mut(level) {
            Some(end) => *end = to,
            None => ends.push(to),
        }
        let anchor = if to_the_left { "end" } else { "start" };
        let y = level as f64 * LEVEL + 12.0;
        marks.push(Mark { x, y, label, anchor });
    }
    (marks, u32::try_from(ends.len()).unwrap_or(u32::MAX))
}

fn ticks(scale: &Scale, (start, end): (Timestamp, Timestamp), times: Times) -> Vec<Tick> {
    let length = end.duration_since(start).as_secs();
    let step = STEPS.into_iter().find(|step| length / step <= MOST_TICKS).unwrap_or(length.max(1) / MOST_TICKS + 1);
    let format = match (step, times.crosses_midnight()) {
        (86_400.., _) => "%Y-%m-%d",
        (_, true) => "%m-%d %H:%M",
        (..60, false) => "%H:%M:%S",
        (_, false) => "%H:%M",
    };
    let first = start.as_second().div_euclid(step) + 1;
    (first..=end.as_second().div_euclid(step))
        .filter_map(|number| Timestamp::from_second(number * step).ok())
        .map(|at| {
            let x = scale.x(at);
            let near_the_edge = x > WIDTH - RIGHT - 30.0;
            let label = at.to_zoned(TimeZone::UTC).strftime(format).to_string();
            Tick { x, label, anchor: if near_the_edge { "end" } else { "middle" } }
        })
        .collect()
}

/// A tenth of a unit is enough, and the same on every machine.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
