//! Values over time in one row of cells, or in several.

use ratatui::{
    style::{Modifier, Style},
    text::Span,
};

use super::pieces::span;
use crate::{glyphs, theme::Theme};
use warroom_domain::health::{Sample, Status};

/// Seconds that one column of [`line`] stands for. Columns move on this often and not with every sample, so that a quiet
/// screen sends little over a slow link.
const COLUMN_SECONDS: i64 = 10;

/// Levels of a bar in one row.
const TALLEST: usize = glyphs::LEVELS.len() - 1;

/// The newest samples in `width` columns, oldest at the left, coloured by their status. Samples of the same ten seconds
/// share a column: the worst status, the highest value. Levels go from zero (or the lowest value, when that is negative)
/// to the highest value on show, which leaves the top of the row free: bars of rows that follow one another stay apart.
pub(super) fn line<'a>(
    theme: &Theme,
    samples: impl DoubleEndedIterator<Item = &'a Sample>,
    width: usize,
) -> Vec<Span<'static>> {
    let columns = columns(samples, width);
    let (low, high) = range(columns.iter().filter_map(|column| column.value));
    let mut spans = vec![span(" ".repeat(width - columns.len()), theme.text())];
    let mut run = String::new();
    let mut style = Style::new();
    for column in columns.into_iter().rev() {
        let next = bar(theme, column.status);
        if next != style && !run.is_empty() {
            spans.push(span(std::mem::take(&mut run), style));
        }
        style = next;
        run.push_str(sign(column.value, column.status, low, high));
    }
    spans.push(span(run, style));
    spans
}

/// What one column of [`line`] shows.
struct Column {
    number: i64,
    value: Option<f64>,
    status: Status,
}

/// At most `width` columns, the newest first.
fn columns<'a>(samples: impl DoubleEndedIterator<Item = &'a Sample>, width: usize) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for sample in samples.rev() {
        let number = sample.at.as_second().div_euclid(COLUMN_SECONDS);
        let full = columns.len() == width;
        match columns.last_mut() {
            Some(column) if column.number == number => {
                column.status = column.status.max(sample.status);
                column.value = match (column.value, sample.value) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    (a, b) => a.or(b),
                };
            }
            _ if full => break,
            _ => columns.push(Column { number, value: sample.value, status: sample.status }),
        }
    }
    columns
}

/// The samples one by one, `height` rows high, from the top row down.
pub(super) fn chart<'a>(
    theme: &Theme,
    samples: impl DoubleEndedIterator<Item = &'a Sample>,
    width: usize,
    height: usize,
) -> Vec<Vec<Span<'static>>> {
    let newest: Vec<&Sample> = samples.rev().take(width).collect();
    let (low, high) = range(newest.iter().filter_map(|sample| sample.value));
    let steps = height * glyphs::LEVELS.len();
    (0..height)
        .rev()
        .map(|row| {
            let mut spans = vec![span(" ".repeat(width - newest.len()), theme.text())];
            for sample in newest.iter().rev() {
                let filled = match sample.value {
                    Some(value) => level(value, low, high, steps) + 1,
                    None if row == 0 => {
                        spans.push(span(sign(None, sample.status, low, high), bar(theme, sample.status)));
                        continue;
                    }
                    None => 0,
                };
                let cell = filled.saturating_sub(row * glyphs::LEVELS.len()).min(glyphs::LEVELS.len());
                let sign = if cell == 0 { " " } else { glyphs::LEVELS[cell - 1] };
                spans.push(span(sign, bar(theme, sample.status)));
            }
            spans
        })
        .collect()
}

/// The lowest (at most zero) and the highest value.
pub(super) fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values
        .filter(|value| value.is_finite())
        .fold((0.0, 0.0), |(low, high): (f64, f64), value| (low.min(value), high.max(value)))
}

/// The style of a status without reversal, which would turn a full bar into an empty one.
fn bar(theme: &Theme, status: Status) -> Style {
    theme.status(status).remove_modifier(Modifier::REVERSED)
}

fn sign(value: Option<f64>, status: Status, low: f64, high: f64) -> &'static str {
    match (value, status) {
        (Some(value), _) => glyphs::LEVELS[level(value, low, high, TALLEST)],
        // Without a value the status itself is the height.
        (None, Status::Ok) => glyphs::LEVELS[0],
        (None, Status::Warn) => glyphs::LEVELS[3],
        (None, Status::Down) => glyphs::LEVELS[TALLEST - 1],
        (None, Status::Unknown) => glyphs::NO_SAMPLE,
    }
}

/// Which of `steps` levels a value has, 0 the lowest.
fn level(value: f64, low: f64, high: f64, steps: usize) -> usize {
    if !value.is_finite() || high <= low {
        return 0;
    }
    let share = (value - low) / (high - low);
    (share * (steps - 1) as f64).round().clamp(0.0, (steps - 1) as f64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn the_line_is_as_wide_as_asked_and_shows_the_newest_at_the_right() {
        let theme = fixture::model().appearance.theme;
        let samples: Vec<Sample> = [(1.0, Status::Ok), (4.0, Status::Warn), (8.0, Status::Down)]
            .into_iter()
            .map(|(value, status)| fixture::sample(status, Some(value)))
            .chain([fixture::sample(Status::Unknown, None)])
            .zip(0..)
            .map(|(sample, n)| Sample { at: sample.at + std::time::Duration::from_secs(n * 10), ..sample })
            .collect();
        let text: String = line(&theme, samples.iter(), 6).iter().map(|s| s.content.to_string()).collect();
        assert_eq!(text, "  ▂▄▇·");
        let text: String = line(&theme, samples.iter(), 2).iter().map(|s| s.content.to_string()).collect();
        assert_eq!(text, "▇·");
        let same_ten_seconds = [(1.0, Status::Down), (8.0, Status::Ok)]
            .map(|(value, status)| Sample { at: samples[3].at, ..fixture::sample(status, Some(value)) });
        let spans = line(&theme, samples.iter().take(3).chain(&same_ten_seconds), 6);
        let text: String = spans.iter().map(|s| s.content.to_string()).collect();
        assert_eq!(text, "  ▂▄▇▇", "the highest value of a column");
        assert_eq!(spans.last().map(|s| s.style), Some(bar(&theme, Status::Down)), "and its worst status");
        let rows = chart(&theme, samples.iter(), 6, 3);
        assert_eq!(rows.len(), 3);
        let top: String = rows[0].iter().map(|s| s.content.to_string()).collect();
        assert_eq!(top, "    █ ");
    }
}
