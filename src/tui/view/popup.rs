//! What the dialogs are made of: a frame as high as its text, paragraphs, a line being typed, a question at the bottom.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use crate::{
    model::{Drawn, Input, Model, Target},
    text,
    theme::{Role, Theme},
    view::{
        blank,
        footer::typed,
        pieces::{frame_of, put, scrolled, span, title},
    },
};

/// The widest that a dialog is.
const COLUMNS: u16 = 100;

/// A dialog: text that scrolls, and below it rows that always stand.
pub(super) struct Popup<'a> {
    pub title: &'a str,
    pub right: String,
    pub text: Vec<Line<'static>>,
    pub standing: Vec<Line<'static>>,
    pub scroll: usize,
}

/// The columns that a dialog has for its text.
pub(super) fn columns(body: Rect) -> usize {
    usize::from(COLUMNS.min(body.width)).saturating_sub(4)
}

impl Popup<'_> {
    /// Draws it in the middle of `body`, and gives back where the standing rows begin.
    pub(super) fn draw(self, model: &Model, frame: &mut Frame, body: Rect, drawn: &mut Drawn) -> Rect {
        let theme = &model.appearance.theme;
        let width = COLUMNS.min(body.width);
        let wanted = self.text.len() + self.standing.len() + 3;
        let height = u16::try_from(wanted).unwrap_or(u16::MAX).min(body.height);
        let area = Rect { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 2, width, height };
        blank(model, frame, area);
        let block = frame_of(theme, title(theme, self.title, true), self.right, true);
        let inner = block.inner(area);
        frame.render_widget(block, area);
        drawn.target(area, Target::Overlay);
        let standing = u16::try_from(self.standing.len() + 1).unwrap_or(u16::MAX).min(inner.height);
        let top = Rect { height: inner.height - standing, ..inner };
        // Keys reach the marks' column from the text's width.
        let place = Rect { width: top.width.saturating_sub(1), ..top };
        let from = scrolled(theme, frame, place, (self.scroll, self.text.len()), drawn);
        for (row, line) in self.text.iter().skip(from).take(top.height.into()).enumerate() {
            put(frame, top, row as u16, line);
        }
        let hidden = self.text.len().saturating_sub(from + usize::from(top.height));
        let rule_at = Rect { y: top.bottom(), height: standing.min(1), ..inner };
        if standing > 0 {
            let note = if hidden > 0 { format!(" {hidden} more rows below ") } else { String::new() };
            let rest = usize::from(inner.width).saturating_sub(text::width(&note) + 2);
            put(
                frame,
                rule_at,
                0,
                &Line::from(vec![
                    span("──", theme.border(false)),
                    span(note, theme.accent()),
                    span("─".repeat(rest), theme.border(false)),
                ]),
            );
        }
        let bottom = Rect { y: rule_at.bottom(), height: standing.saturating_sub(1), ..inner };
        for (row, line) in self.standing.iter().enumerate() {
            put(frame, bottom, row as u16, line);
        }
        bottom
    }
}

/// A text as lines of at most `columns`, one column in.
pub(super) fn paragraph(sentence: &str, columns: usize, style: Style) -> Vec<Line<'static>> {
    text::wrap(sentence, columns).into_iter().map(|line| Line::styled(format!(" {line}"), style)).collect()
}

/// A line being typed after its label. What does not fit is cut at its beginning, so that the cursor is seen.
pub(super) fn entry(theme: &Theme, label: &str, input: &Input, secret: bool, columns: usize) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = vec![span(format!(" {label}"), theme.role(Role::Key))];
    let room = columns.saturating_sub(text::width(label) + 2).max(4);
    spans.extend(field(theme, input, secret, room));
    Line::from(spans)
}

/// The text of an input with its cursor, in at most `room` columns.
pub(super) fn field(theme: &Theme, input: &Input, secret: bool, room: usize) -> Vec<Span<'static>> {
    let mut spans = if secret {
        let dots = "•".repeat(input.text().chars().count());
        let mut hidden = Input::default();
        hidden.fill(&dots);
        typed(theme, &hidden)
    } else {
        typed(theme, input)
    };
    // Before, under and after the cursor.
    let tail: usize = spans.iter().skip(1).map(|s| text::width(&s.content)).sum();
    if let Some(head) = spans.first_mut() {
        let room = room.saturating_sub(tail.min(room / 2));
        if text::width(&head.content) > room {
            let letters: Vec<char> = head.content.chars().collect();
            let kept: String = letters[letters.len().saturating_sub(room.saturating_sub(1))..].iter().collect();
            *head = span(format!("…{kept}"), head.style);
        }
    }
    spans
}

/// Keys and what they do, in a row.
pub(super) fn keys(theme: &Theme, pairs: &[(String, &str)]) -> Line<'static> {
    let mut spans = vec![span(" ", theme.text())];
    for (key, label) in pairs {
        spans.push(span(key.clone(), theme.role(Role::Key)));
        spans.push(span(format!(" {label}   "), theme.dim()));
    }
    Line::from(spans)
}
