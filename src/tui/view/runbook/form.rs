//! The form of a runbook's variables.

use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    action::{Action, Context},
    model::{Drawn, Field, Form, Listing, Model},
    text,
    theme::Role,
    view::{
        pieces::span,
        popup::{Popup, columns, field, keys, paragraph},
    },
};
use warroom_domain::health::Status;
use warroom_room::run::variables;
use warroom_runbook::VariableKind;

/// Choices that are shown at once.
const CHOICES: usize = 6;

pub(in crate::view) fn draw(model: &Model, form: &Form, frame: &mut Frame, body: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let room = columns(body);
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut focus = 0;
    for (index, field) in form.fields.iter().enumerate() {
        if index > 0 {
            lines.push(Line::default());
        }
        let first = lines.len();
        lines.extend(rows(model, field, index == form.at, room));
        if index == form.at {
            focus = lines.len().max(first + 1);
        }
    }
    let key = |action| model.keymap.chords(action, Context::Form).next().map(|c| c.to_string()).unwrap_or_default();
    let mut hints = vec![
        (key(Action::NextField), "next field"),
        (key(Action::Accept), if form.is_last() { "done" } else { "next field" }),
        (key(Action::Cancel), "leave"),
    ];
    if form.field().is_some_and(|f| f.listing != Listing::None) {
        hints.push((key(Action::ListChoices), "list choices"));
    }
    // The field with the keyboard is always seen, with what belongs to it.
    let height = usize::from(body.height).saturating_sub(4);
    let scroll = focus.saturating_sub(height);
    let right = format!("{} of {}", form.at + 1, form.fields.len());
    let popup = Popup { title: &form.title, right, text: lines, standing: vec![keys(theme, &hints)], scroll };
    popup.draw(model, frame, body, drawn);
}

fn rows(model: &Model, of: &Field, focused: bool, room: usize) -> Vec<Line<'static>> {
    let theme = &model.appearance.theme;
    let mut lines = Vec::new();
    let prompt = text::wrap(&text::clean(of.prompt()), room);
    for line in prompt {
        lines.push(Line::styled(format!(" {line}"), theme.title(focused)));
    }
    let mut spans = vec![span(format!(" {} = ", of.name), theme.dim())];
    let left = room.saturating_sub(of.name.len() + 4).max(4);
    if focused {
        spans.extend(field(theme, &of.input, of.variable.secret, left));
    } else if of.variable.secret {
        spans.push(span("•".repeat(of.input.text().chars().count()), theme.text()));
    } else {
        spans.push(span(text::cut(&text::clean(of.input.text()), left), theme.text()));
    }
    if of.input.is_empty() && of.kept {
        spans.push(span(" (given; stays as it is)", theme.dim()));
    }
    let pinned = variables::pinned(&model.facts.place, &of.name, &of.variable).and_then(Result::ok);
    if pinned.is_some_and(|value| of.input.text() == value) {
        spans.push(span(format!(" (pinned by {})", text::clean(&model.facts.environment)), theme.dim()));
    }
    lines.push(Line::from(spans));
    if let Some(problem) = &of.problem {
        lines.extend(paragraph(problem, room, theme.status(Status::Down)));
    }
    if focused {
        lines.extend(paragraph(&expects(of), room, theme.dim()));
        lines.extend(choices(model, of, room));
    }
    lines
}

/// What may be typed, in a sentence.
fn expects(field: &Field) -> String {
    let variable = &field.variable;
    let mut parts = vec![match variable.kind {
        VariableKind::Text => "text".to_owned(),
        VariableKind::Integer => "a whole number".to_owned(),
        VariableKind::Time => "a time with its zone, like 2026-03-01T14:00:00Z".to_owned(),
        VariableKind::File => "the path of a file that exists".to_owned(),
    }];
    if let Some(pattern) = &variable.pattern {
        parts.push(format!("like {}", text::clean(pattern)));
    }
    if variable.secret {
        parts.push("secret: shown and kept nowhere".to_owned());
    }
    if !variable.required {
        parts.push("may be empty".to_owned());
    }
    parts.join(" · ")
}

fn choices(model: &Model, field: &Field, room: usize) -> Vec<Line<'static>> {
    let theme = &model.appearance.theme;
    let mut lines = Vec::new();
    match &field.listing {
        Listing::Offered => {
            let key = model.keymap.chords(Action::ListChoices, Context::Form).next();
            if let (Some(key), Some(from)) = (key, &field.variable.from) {
                let text = format!("{key} lists what there is, with: {}", text::clean(from));
                lines.extend(paragraph(&text, room, theme.dim()));
            }
        }
        Listing::UnderWay => lines.extend(paragraph("listing…", room, theme.dim())),
        Listing::Failed(why) => lines.extend(paragraph(why, room, theme.status(Status::Warn))),
        Listing::None | Listing::Done => {}
    }
    let at = field.choices.iter().position(|choice| choice == field.input.text());
    let from = at.unwrap_or(0).saturating_sub(CHOICES - 1);
    for (index, choice) in field.choices.iter().enumerate().skip(from).take(CHOICES) {
        let chosen = at == Some(index);
        let mark = if chosen { " ▸ " } else { "   " };
        let style = if chosen { theme.role(Role::Match) } else { theme.text() };
        lines.push(Line::from(vec![
            span(mark, theme.role(Role::Key)),
            span(text::cut(&text::clean(choice), room.saturating_sub(3)), style),
        ]));
    }
    let rest = field.choices.len().saturating_sub(from + CHOICES);
    if rest > 0 {
        lines.push(Line::styled(format!("   and {rest} more"), theme.dim()));
    }
    lines
}
