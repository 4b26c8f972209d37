//! The dialog that asks for one line.

use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    model::{Drawn, Model, Prompt, Purpose},
    view::popup::{Popup, columns, entry, paragraph},
};
use warroom_domain::health::Status;

pub(in crate::view) fn draw(model: &Model, prompt: &Prompt, frame: &mut Frame, body: Rect, drawn: &mut Drawn) {
    let theme = &model.appearance.theme;
    let room = columns(body);
    let mut text: Vec<Line<'static>> = Vec::new();
    for sentence in &prompt.text {
        text.extend(paragraph(sentence, room, theme.dim()));
    }
    let label = if prompt.purpose == Purpose::Command { "$ " } else { "reason: " };
    let mut standing = vec![entry(theme, label, &prompt.input, false, room)];
    if let Some(problem) = &prompt.problem {
        standing.extend(paragraph(problem, room, theme.status(Status::Warn)));
    }
    Popup { title: &prompt.title, right: String::new(), text, standing, scroll: 0 }.draw(model, frame, body, drawn);
}
