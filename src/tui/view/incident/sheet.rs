//! A sheet about the incident: rows of text, choices and ticks, and the row that says it.

use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    action::{Action, Context},
    model::{Drawn, Model, Sheet, SheetKind, SheetRow},
    text,
    theme::{Role, Theme},
    view::{
        pieces::span,
        popup::{Popup, columns, field, keys, paragraph},
    },
};
use warroom_domain::health::Status;

/// The widest that labels are.
const LABEL: usize = 16;

pub(in crate::view) fn draw(model: &Model, sheet: &Sheet, frame: &mut Frame, body: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let room = columns(body);
    let labels = sheet.rows.iter().filter(|row| !matches!(row.kind, SheetKind::Tick(_)));
    let label = labels.map(|row| text::width(&row.label)).max().unwrap_or(0).min(LABEL);
    let mut lines: Vec<Line<'static>> = Vec::new();
    for sentence in &sheet.text {
        lines.extend(paragraph(sentence, room, theme.dim()));
    }
    if !sheet.text.is_empty() {
        lines.push(Line::default());
    }
    let mut focus = 0..0;
    for (index, row) in sheet.rows.iter().enumerate() {
        if let Some(heading) = &row.heading {
            lines.push(Line::default());
            lines.extend(paragraph(&text::clean(heading), room, theme.title(false)));
        }
        let first = lines.len();
        lines.extend(rows(row, index == sheet.at, label, room, theme));
        if index == sheet.at {
            focus = first..lines.len();
        }
    }
    let last = sheet.at >= sheet.rows.len();
    if sheet.rows.len() > 1 {
        lines.push(Line::default());
        let style = if last { theme.selection(true) } else { theme.text() };
        lines.push(Line::from(vec![
            span(format!(" {} ", mark(last)), theme.role(Role::Key)),
            span(format!(" {} ", sheet.verb), style),
        ]));
        if last {
            focus = lines.len() - 1..lines.len();
        }
    }
    let mut standing = Vec::new();
    if let Some(problem) = &sheet.problem {
        standing.extend(paragraph(problem, room, theme.status(Status::Down)));
    }
    standing.push(hints(model, sheet));
    let height = usize::from(body.height).saturating_sub(standing.len() + 3);
    // The row with the keyboard is always seen, with what belongs to it.
    let scroll = focus.end.saturating_sub(height);
    let right = if sheet.sent { "writing…".to_owned() } else { String::new() };
    Popup { title: &sheet.title, right, text: lines, standing, scroll }.draw(model, frame, body, drawn);
}

fn mark(focused: bool) -> &'static str {
    if focused { "▸" } else { " " }
}

fn rows(row: &SheetRow, focused: bool, label: usize, room: usize, theme: &Theme) -> Vec<Line<'static>> {
    let head = span(format!(" {} ", mark(focused)), theme.role(Role::Key));
    let name = |text: &str| span(format!("{}  ", text::fit(&text::clean(text), label)), theme.title(focused));
    let left = room.saturating_sub(label + 6).max(8);
    let mut lines = Vec::new();
    let mut help = row.help.clone();
    match &row.kind {
        SheetKind::Text(input) => {
            let mut spans = vec![head, name(&row.label)];
            match focused {
                true => spans.extend(field(theme, input, false, left)),
                false => spans.push(span(text::cut(&text::clean(input.text()), left), theme.text())),
            }
            lines.push(Line::from(spans));
        }
        SheetKind::Choice { options, at } => {
            let option = options.get(*at);
            let value = option.map_or("", |option| option.label.as_str());
            let mut spans = vec![head, name(&row.label)];
            let style = if focused { theme.selection(true) } else { theme.text() };
            let (before, after) = (if *at > 0 { "‹ " } else { "  " }, if at + 1 < options.len() { " ›" } else { "  " });
            if focused {
                spans.push(span(before, theme.role(Role::Key)));
            }
            spans.push(span(text::cut(value, left.saturating_sub(4)), style));
            if focused {
                spans.push(span(after, theme.role(Role::Key)));
                spans.push(span(format!("  {} of {}", at + 1, options.len()), theme.dim()));
            }
            lines.push(Line::from(spans));
            let detail = option.map(|option| option.detail.clone()).unwrap_or_default();
            help = [detail, help].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
        }
        SheetKind::Tick(on) => {
            let text = if *on { "[x] " } else { "[ ] " };
            let style = if *on { theme.title(focused) } else { theme.text() };
            for (index, line) in text::wrap(&text::clean(&row.label), room.saturating_sub(8)).into_iter().enumerate() {
                let spans = match index {
                    0 => vec![head.clone(), span(text, theme.role(Role::Key)), span(line, style)],
                    _ => vec![span(format!("       {line}"), style)],
                };
                lines.push(Line::from(spans));
            }
        }
    }
    if focused && !help.is_empty() {
        let indented = text::wrap(&help, left);
        lines.extend(
            indented.into_iter().map(|line| Line::styled(format!("{}{line}", " ".repeat(label + 5)), theme.dim())),
        );
    }
    lines
}

/// The keys of the row that has the keyboard.
fn hints(model: &Model, sheet: &Sheet) -> Line<'static> {
    let context = if sheet.is_typed() { Context::SheetText } else { Context::Sheet };
    let key = |action| model.keymap.chords(action, context).next().map(|c| c.to_string()).unwrap_or_default();
    let mut pairs = Vec::new();
    match sheet.row().map(|row| &row.kind) {
        Some(SheetKind::Choice { .. }) => {
            let both = format!("{} {}", key(Action::PreviousValue), key(Action::NextValue));
            pairs.push((both, "change"));
        }
        Some(SheetKind::Tick(_)) => pairs.push((key(Action::TickRow), "tick")),
        _ => {}
    }
    pairs.push((key(Action::Accept), if sheet.is_last() { sheet.verb.as_str() } else { "next" }));
    if !sheet.is_last() {
        pairs.push((key(Action::Submit), sheet.verb.as_str()));
    }
    pairs.push((key(Action::Cancel), "leave"));
    keys(&model.appearance.theme, &pairs)
}
