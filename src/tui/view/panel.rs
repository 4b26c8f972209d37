//! One panel in the Health pane: its row, and with more room the sentences below it.

use ratatui::text::{Line, Span};

use super::{
    pieces::{between, coarse, span},
    sparkline,
};
use crate::{glyphs, model::Model, text, text::clean};
use warroom_domain::health::{Panel, ProbeHealth, Status, quantity, shown_limit};

/// How much is said about each panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Density {
    /// One row a panel.
    Row,
    /// And the sentence below those that are not ok.
    Trouble,
    /// And the sentence below it.
    Sentence,
    /// And one line for each probe of a panel with several.
    Probes,
    /// And a blank line between panels.
    Airy,
}

impl Density {
    pub(super) const ALL: [Density; 5] =
        [Density::Row, Density::Trouble, Density::Sentence, Density::Probes, Density::Airy];
}

/// Columns of the rows, the same for all panels of the pane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    title: usize,
    value: usize,
    text: usize,
    spark: usize,
}

/// Columns of sign, spinner, word and age, with the gaps between all columns.
const FIXED: usize = 1 + 1 + 1 + 1 + 7 + 2 + 2 + 2 + 4 + 2 + 1;

/// Columns of `pending unknown`.
const PENDING: usize = 15;

/// Least columns of a line of the past, where there is one.
const SHORTEST_SPARK: usize = 5;

impl Columns {
    pub(super) fn fit(model: &Model, panels: &[Panel<'_>], width: usize) -> Columns {
        let title = panels.iter().map(|p| text::width(&name(p)) + 2).max().unwrap_or(10).clamp(8, 22);
        // Values of all probes: those that stand on lines of their own are aligned with the panels'.
        let probes = panels.iter().flat_map(|panel| &panel.probes);
        let value = probes.map(|probe| text::width(&value(model, Some(probe)).0)).max().unwrap_or(0).clamp(6, 16);
        let spark = match width {
            0..56 => 0,
            56..90 => 8,
            90..130 => 16,
            _ => 24,
        };
        let left = width.saturating_sub(FIXED + title + value);
        // A limit that is cut says nothing; a shorter line of the past still does.
        let limits = panels.iter().filter_map(|panel| panel.probes.first());
        let limit = limits.map(|probe| text::width(&limit(model, probe))).max().unwrap_or(0);
        let pending = if panels.iter().any(|panel| pending_of(model, panel).is_some()) { PENDING } else { 0 };
        let spark = if spark > 0 { spark.min(left.saturating_sub(limit.max(pending)).max(SHORTEST_SPARK)) } else { 0 };
        let text = left.saturating_sub(spark);
        Columns { title, value, text, spark }
    }
}

/// The lines of a panel.
pub(super) fn lines(model: &Model, panel: &Panel<'_>, columns: Columns, density: Density) -> Vec<Line<'static>> {
    let mut lines = vec![row(model, panel, columns, density)];
    let theme = &model.appearance.theme;
    // Below the title, up to the right end.
    let room = columns.title + 7 + columns.value + columns.text + columns.spark + 12;
    match below(model, panel, density) {
        Below::Nothing => {}
        Below::Sentence => {
            let style = if panel.status == Status::Ok { theme.dim() } else { theme.text() };
            let sentence = text::cut(&sentence(model, panel), room);
            lines.push(Line::from(vec![span("    ", style), span(sentence, style)]));
        }
        Below::Probes => lines.extend(panel.probes.iter().map(|probe| member(model, probe, columns))),
    }
    if density == Density::Airy {
        lines.push(Line::default());
    }
    lines
}

fn row(model: &Model, panel: &Panel<'_>, columns: Columns, density: Density) -> Line<'static> {
    let theme = &model.appearance.theme;
    let status = theme.status(panel.status);
    let worst = panel.probes.first().copied();
    let looking = model.slow_look(panel.probes.iter().map(|probe| probe.spec.id.as_str()));
    let (value, fresh) = value(model, worst);
    let pending = panel.probes.iter().all(|probe| probe.is_pending());
    let age = panel.since.filter(|_| !pending).map(|since| coarse(between(since, model.now))).unwrap_or_default();
    let limit = || worst.map(|probe| limit(model, probe)).unwrap_or_default();
    let (said, quiet) = match (pending_of(model, panel), below(model, panel, density)) {
        (Some(pending), _) => (pending, false),
        (None, Below::Nothing) if !repeats_value(model, panel) => (sentence(model, panel), panel.status == Status::Ok),
        (None, _) => (limit(), true),
    };
    let mut spans = vec![
        span(" ", theme.text()),
        span(glyphs::status(panel.status), status),
        span(looking.map_or(" ", |_| glyphs::spinner(model.spin)), theme.accent()),
        span(" ", theme.text()),
        span(text::fit(&name(panel), columns.title), theme.title(false)),
        span(format!("{:<7}  ", if pending { "" } else { panel.status.word() }), status),
        span(text::fit_right(&value, columns.value), if fresh { theme.text() } else { theme.dim() }),
        span("  ", theme.text()),
        span(text::fit(&said, columns.text), if quiet { theme.dim() } else { theme.text() }),
        span(format!("  {age:>4}  "), theme.dim()),
    ];
    if columns.spark > 0
        && let Some(probe) = worst
    {
        spans.extend(sparkline::line(theme, probe.history().iter(), columns.spark));
    }
    Line::from(spans)
}

/// What stands below a panel's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Below {
    Nothing,
    Sentence,
    Probes,
}

fn below(model: &Model, panel: &Panel<'_>, density: Density) -> Below {
    match density {
        Density::Row => Below::Nothing,
        Density::Trouble if panel.status == Status::Ok => Below::Nothing,
        Density::Probes | Density::Airy if panel.probes.len() > 1 => Below::Probes,
        _ if repeats_value(model, panel) => Below::Nothing,
        _ => Below::Sentence,
    }
}

/// True when the sentence of a panel's only probe says nothing but its value.
fn repeats_value(model: &Model, panel: &Panel<'_>) -> bool {
    let [probe] = panel.probes[..] else { return false };
    probe.verdict(model.now).reading.is_some_and(|reading| {
        reading.value.is_some_and(|value| quantity(value, reading.unit.as_ref()) == reading.summary)
    })
}

/// Rows that a panel takes.
pub(super) fn height(model: &Model, panel: &Panel<'_>, density: Density) -> usize {
    let below = match below(model, panel, density) {
        Below::Nothing => 0,
        Below::Sentence => 1,
        Below::Probes => panel.probes.len(),
    };
    1 + below + usize::from(density == Density::Airy)
}

/// One probe of a panel with several: its value and its sentence stand below those of the panel.
fn member(model: &Model, probe: &ProbeHealth, columns: Columns) -> Line<'static> {
    let theme = &model.appearance.theme;
    let status = probe.status(model.now);
    let (value, fresh) = value(model, Some(probe));
    // The row's title and word, less the sign and the gaps that come before the name here.
    let title = columns.title + 7 + 2 - 2;
    let room = columns.text + columns.spark + 8;
    let parts: Vec<Span<'static>> = vec![
        span("    ", theme.text()),
        span(glyphs::status(status), theme.status(status)),
        span(format!(" {}", text::fit(&clean(&probe.spec.title), title)), theme.text()),
        span(text::fit_right(&value, columns.value), if fresh { theme.text() } else { theme.dim() }),
        span("  ", theme.text()),
        span(
            text::cut(&pending(model, probe).unwrap_or_else(|| clean(&probe.summary(model.now))), room),
            if status == Status::Ok { theme.dim() } else { theme.text() },
        ),
    ];
    Line::from(parts)
}

fn name(panel: &Panel<'_>) -> String {
    clean(&panel.title)
}

/// The value of a probe, and whether it is fresh: what could not be looked at shows its last good value with its age.
pub(super) fn value(model: &Model, probe: Option<&ProbeHealth>) -> (String, bool) {
    let Some(probe) = probe else { return (String::new(), true) };
    let fresh = probe.status(model.now) != Status::Unknown;
    let measured = probe.measured(model.now).and_then(|reading| Some((reading, reading.value?)));
    let shown = measured.map(|(reading, value)| {
        let value = clean(&quantity(value, reading.unit.as_ref()));
        if fresh { value } else { format!("{value} {} ago", coarse(between(reading.at, model.now))) }
    });
    (shown.unwrap_or_default(), fresh)
}

/// What the newest reading of a probe says otherwise than its status, until that is confirmed.
pub(super) fn pending(model: &Model, probe: &ProbeHealth) -> Option<String> {
    let reading = probe.verdict(model.now).pending?;
    let value = reading.value.map(|value| format!("{}, ", quantity(value, reading.unit.as_ref())));
    Some(clean(&format!("pending {}: {}{}", reading.status, value.unwrap_or_default(), reading.summary)))
}

/// The worst of the changes of a panel that are not confirmed yet; with several probes, whose it is.
fn pending_of(model: &Model, panel: &Panel<'_>) -> Option<String> {
    let waiting = panel.probes.iter().rev().filter_map(|probe| Some((probe.verdict(model.now).pending?.status, probe)));
    let (_, probe) = waiting.max_by_key(|(status, _)| *status)?;
    let said = pending(model, probe)?;
    Some(if panel.probes.len() > 1 { format!("{said} ({})", clean(&probe.spec.title)) } else { said })
}

/// The sentence of the worst probe; with several probes, whose it is and how many are well.
fn sentence(model: &Model, panel: &Panel<'_>) -> String {
    let Some(worst) = panel.probes.first() else { return String::new() };
    let mut sentence = clean(&worst.summary(model.now));
    if worst.is_pending() {
        return sentence;
    }
    if panel.probes.len() > 1 {
        let well = panel.probes.iter().filter(|p| p.status(model.now) == Status::Ok).count();
        sentence = match panel.status {
            Status::Ok => format!("all {well} are ok"),
            _ => format!("{}: {sentence} · {well} of {} ok", clean(&worst.spec.title), panel.probes.len()),
        };
    }
    if worst.status(model.now) == Status::Unknown
        && let Some(good) = worst.last_good().filter(|good| good.value.is_none())
    {
        sentence.push_str(&format!(" · last good {} ago", coarse(between(good.at, model.now))));
    }
    sentence
}

/// The limit of the reading that the row is of, in words.
fn limit(model: &Model, probe: &ProbeHealth) -> String {
    let reading = probe.verdict(model.now).reading;
    reading.and_then(|reading| shown_limit(&probe.spec, reading)).map(|words| clean(&words)).unwrap_or_default()
}
