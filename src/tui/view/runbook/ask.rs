//! The question before an action: where it acts, how dangerous it is, the exact command, and what it takes to go on.

use ratatui::{Frame, layout::Rect, text::Line};

use super::risk_style;
use crate::{
    action::{Action, Context},
    model::{Ask, Drawn, Model},
    text,
    theme::Role,
    view::{
        pieces::span,
        popup::{Popup, columns, entry, keys, paragraph},
    },
};
use warroom_domain::{health::Status, text::rows};
use warroom_exec::{gate::Wants, place::Fact};

/// The first thing to know of a place.
const ENVIRONMENT: &str = "environment";

pub(in crate::view) fn draw(model: &Model, ask: &Ask, frame: &mut Frame, body: Rect, drawn: &mut Drawn) {
    let room = columns(body);
    let popup = Popup {
        title: &ask.question.title,
        right: ask.question.risk.word().to_owned(),
        text: content(model, ask, room),
        standing: question(model, ask, room),
        scroll: ask.scroll,
    };
    popup.draw(model, frame, body, drawn);
}

fn content(model: &Model, ask: &Ask, room: usize) -> Vec<Line<'static>> {
    let theme = &model.appearance.theme;
    let mut lines = Vec::new();
    let facts = ask.question.place.iter().filter(|fact| fact.name != ENVIRONMENT);
    let facts: Vec<&Fact> = facts.collect();
    let all = facts.iter().copied().chain(&ask.question.effects);
    let labels = all.map(|fact| text::width(&fact.name)).max().unwrap_or(0).clamp(ENVIRONMENT.len(), 16);
    let label = |name: &str| span(format!(" {}  ", text::fit(name, labels)), theme.dim());
    if !model.facts.environment.is_empty() {
        let mut spans = vec![label(ENVIRONMENT), span(text::clean(&model.facts.environment), theme.text())];
        if ask.question.protected {
            spans.push(span("  ", theme.text()));
            spans.push(span(" PROTECTED ", theme.role(Role::Protected)));
        }
        lines.push(Line::from(spans));
    }
    let shown = |fact: &Fact| {
        let parts = text::wrap(&text::clean(&fact.value), room.saturating_sub(labels + 3)).into_iter().enumerate();
        let line = |(index, part)| {
            let name = if index == 0 { fact.name.as_str() } else { "" };
            Line::from(vec![label(name), span(part, theme.text())])
        };
        parts.map(line).collect::<Vec<_>>()
    };
    lines.extend(facts.into_iter().flat_map(shown));
    let mut risk = vec![label("risk"), span(ask.question.risk.word(), risk_style(theme, ask.question.risk))];
    if ask.question.external {
        risk.push(span("  seen from outside", theme.status(Status::Warn)));
    }
    lines.push(Line::from(risk));
    if let Some(sentence) = &ask.question.lowered {
        for line in text::wrap(&text::clean(sentence), room.saturating_sub(labels + 3)) {
            lines.push(Line::from(vec![label(""), span(line, theme.status(Status::Warn))]));
        }
    }
    for reason in &ask.question.reasons {
        for line in text::wrap(&text::clean(reason), room.saturating_sub(labels + 3)) {
            lines.push(Line::from(vec![label(""), span(line, theme.text())]));
        }
    }
    lines.extend(ask.question.effects.iter().flat_map(shown));
    for note in &ask.question.notes {
        lines.extend(paragraph(&text::clean(note), room, theme.status(Status::Warn)));
    }
    lines.push(Line::default());
    lines.extend(command(model, &ask.question.command, room));
    lines
}

/// The exact command; what does not fit into a row goes on in the next, marked.
pub(super) fn command(model: &Model, command: &str, room: usize) -> Vec<Line<'static>> {
    let theme = &model.appearance.theme;
    let mut lines = Vec::new();
    for (index, line) in rows(command).enumerate() {
        for (part, piece) in text::chunks(&text::clean(line), room.saturating_sub(3)).enumerate() {
            let mark = match (index, part) {
                (0, 0) => " $ ",
                (_, 0) => "   ",
                _ => " … ",
            };
            lines.push(Line::from(vec![span(mark, theme.dim()), span(piece.to_owned(), theme.accent())]));
        }
    }
    lines
}

fn question(model: &Model, ask: &Ask, room: usize) -> Vec<Line<'static>> {
    let theme = &model.appearance.theme;
    let key = |action, context| model.keymap.chords(action, context).next().map(|c| c.to_string()).unwrap_or_default();
    let strong = theme.title(true);
    let mut lines = match ask.wants() {
        Wants::Enter => {
            vec![keys(theme, &[(key(Action::RunAsked, Context::Ask), "run it"), (key_no(model), "do not")])]
        }
        Wants::YesOrNo => vec![Line::from(vec![
            span(if ask.question.is_for_a_person { " Done? " } else { " Run this? " }, strong),
            span(key(Action::Agree, Context::Ask), theme.role(Role::Key)),
            span("/", theme.dim()),
            span("N", theme.role(Role::Key)),
            span("  (enter is no)", theme.dim()),
        ])],
        Wants::Type { name } => {
            let name = text::clean(name);
            let sentence = format!("Type {name} to run this.");
            let mut lines = paragraph(&sentence, room, strong);
            lines.push(entry(theme, "name: ", &ask.input, false, room));
            lines
        }
        Wants::SecondPerson { first } if ask.question.elsewhere => {
            let sentence = format!(
                "Waiting for a second person: somebody other than {} agrees in a console of their own. Or give a reason to do \
                 without; it is kept with the run.",
                text::clean(first)
            );
            let mut lines = paragraph(&sentence, room, strong);
            lines.push(entry(theme, "reason: ", &ask.input, false, room));
            lines
        }
        Wants::SecondPerson { .. } => {
            let sentence = "This takes a second person, and a run of no incident can ask nobody: declare the incident and open the \
                            runbook in it. Or give a reason to go on alone; it is kept with the run.";
            let mut lines = paragraph(sentence, room, strong);
            lines.push(entry(theme, "reason: ", &ask.input, false, room));
            lines
        }
        Wants::Reason { why, .. } => {
            let mut lines = paragraph(&text::clean(why), room, theme.status(Status::Warn));
            lines.extend(paragraph("To go on all the same, give a reason; it is kept with the run.", room, strong));
            lines.push(entry(theme, "reason: ", &ask.input, false, room));
            lines
        }
    };
    if let Some(problem) = &ask.problem {
        lines.extend(paragraph(&text::clean(problem), room, theme.status(Status::Down)));
    }
    lines
}

fn key_no(model: &Model) -> String {
    model.keymap.chords(Action::Refuse, Context::Ask).nth(1).map(|c| c.to_string()).unwrap_or_default()
}
