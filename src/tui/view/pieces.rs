//! What several views are made of: framed panes, spans, scroll marks, coarse ages.

use std::{borrow::Cow, time::Duration};

use jiff::Timestamp;
use ratatui::{
    Frame,
    layout::{Alignment, Rect},
    style::Style,
    text::{Line, Span},
    widgets::{Block, BorderType, Padding},
};

use crate::{
    glyphs,
    model::{Drawn, Model},
    text,
    theme::Theme,
};
use warroom_domain::{health::Status, text::shown};

/// A pane's frame with its title, and something at the right of the title.
pub(super) fn frame_of<'a>(theme: &Theme, title: impl Into<Line<'a>>, right: String, focused: bool) -> Block<'a> {
    let mut block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.border(focused))
        .title(title.into())
        .padding(Padding::ZERO);
    if !right.is_empty() {
        block = block.title(Line::styled(format!(" {} ", shown(&right)), theme.dim()).alignment(Alignment::Right));
    }
    block
}

/// The title of a pane.
pub(super) fn title(theme: &Theme, text: &str, focused: bool) -> Line<'static> {
    Line::styled(format!(" {} ", shown(text)), theme.title(focused))
}

/// A piece of a line. What it says is shown as text, wherever it comes from; whoever has to know its width cleans it before.
pub(super) fn span(text: impl Into<String>, style: Style) -> Span<'static> {
    let text = text.into();
    match shown(&text) {
        Cow::Borrowed(_) => Span::styled(text, style),
        Cow::Owned(shown) => Span::styled(shown, style),
    }
}

/// Sign and word of a status, padded to nine columns.
pub(super) fn status(theme: &Theme, status: Status) -> Span<'static> {
    span(format!("{} {:<7}", glyphs::status(status), status.word()), theme.status(status))
}

/// Time between two moments; zero when the clock went backwards.
pub(super) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// An age in its largest unit, seconds in steps of ten from ten on: `3s`, `40s`, `4m`, `3h`, `9d`. What changes seldom costs a
/// slow link little.
pub(super) fn coarse(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..10 => format!("{seconds}s"),
        seconds @ 10..60 => format!("{}s", seconds / 10 * 10),
        seconds @ 60..3600 => format!("{}m", seconds / 60),
        seconds @ 3600..172_800 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

/// The spinner with the time something has taken, once it takes long enough to say so.
pub(super) fn waiting(model: &Model, since: Timestamp) -> String {
    let seconds = between(since, model.now).as_secs();
    format!("{} {seconds}s", glyphs::spinner(model.spin))
}

/// A line on one row of an area, cut at its end.
pub(super) fn put(frame: &mut Frame, area: Rect, row: u16, line: &Line<'_>) {
    if row < area.height {
        frame.buffer_mut().set_line(area.x, area.y + row, line, area.width);
    }
}

/// Marks at the right border that say how much is above and below.
pub(super) fn scroll_marks(theme: &Theme, frame: &mut Frame, inner: Rect, above: usize, below: usize) {
    let column = inner.right();
    let last = inner.bottom().saturating_sub(1);
    let buffer = frame.buffer_mut();
    for (count, row, sign) in [(above, inner.y, "↑"), (below, last, "↓")] {
        if count > 0 && inner.height > 1 && buffer.area.contains((column, row).into()) {
            buffer.set_string(column, row, sign, theme.accent());
        }
    }
}

/// Lets `total` rows scroll in an area that the frame leaves a column beside: notes for the keys how far they go, marks what is
/// above and below, and gives back the first row to show when `wanted` is asked for.
pub(super) fn scrolled(
    theme: &Theme,
    frame: &mut Frame,
    area: Rect,
    (wanted, total): (usize, usize),
    drawn: &mut Drawn,
) -> usize {
    let room = usize::from(area.height);
    drawn.page = room;
    drawn.max_scroll = total.saturating_sub(room);
    let from = wanted.min(drawn.max_scroll);
    scroll_marks(theme, frame, Rect { width: area.width + 1, ..area }, from, total.saturating_sub(from + room));
    from
}

/// Columns that spans take.
pub(super) fn width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| text::width(&span.content)).sum()
}

/// Items beside each other in at most `room` columns; what has no room is counted at the end. The first is always there.
pub(super) fn in_a_row(theme: &Theme, items: Vec<Vec<Span<'static>>>, mut room: usize) -> Vec<Span<'static>> {
    let mut line = vec![span(" ", theme.text())];
    let count = items.len();
    for (index, parts) in items.into_iter().enumerate() {
        let gap = if index == 0 { 0 } else { 3 };
        let taken = gap + width(&parts);
        if taken + 4 > room && index > 0 {
            line.push(span(format!("  +{}", count - index), theme.dim()));
            break;
        }
        if index > 0 {
            line.push(span(" │ ", theme.border(false)));
        }
        room = room.saturating_sub(taken);
        line.extend(parts);
    }
    line
}

/// Spans cut to a number of columns; the last one that is shown ends in `…` when something is lost.
pub(super) fn cut_spans(spans: Vec<Span<'static>>, columns: usize) -> Vec<Span<'static>> {
    if width(&spans) <= columns {
        return spans;
    }
    let mut room = columns;
    let mut kept = Vec::new();
    for part in spans {
        let taken = text::width(&part.content);
        if taken < room {
            room -= taken;
            kept.push(part);
        } else {
            // Forces the sign of the cut even when the span itself would just fit.
            let cut = text::cut(&format!("{}  ", part.content), room);
            kept.push(span(cut, part.style));
            break;
        }
    }
    kept
}
