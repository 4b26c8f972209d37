//! The Runbook pane: empty in this version, and says so.

use ratatui::{Frame, layout::Rect, text::Line};

use super::pieces::{frame_of, put, title};
use crate::{
    health::firing,
    tui::{
        action::Action,
        model::{Model, Pane},
        text::{self, clean},
    },
};

pub(super) fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    let theme = &model.appearance.theme;
    let focused = model.panes.focus == Pane::Runbook && model.overlays.is_empty();
    let block = frame_of(theme, title(theme, "Runbook", focused), String::new(), focused);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let width = usize::from(inner.width).saturating_sub(4).min(72);
    let mut lines: Vec<Line<'static>> = vec![Line::default()];
    lines.push(Line::styled("  No runbook is open.", theme.title(focused)));
    lines.push(Line::default());
    let mut paragraph = |text: &str| {
        lines.extend(text::wrap(text, width).into_iter().map(|line| Line::styled(format!("  {line}"), theme.dim())));
        lines.push(Line::default());
    };
    paragraph(
        "The steps of the runbook will stand here, next to the health of what they act on. This version shows health \
         only: it runs no steps and changes nothing on the platform.",
    );
    let named: Vec<String> = firing(model.board.alerts())
        .filter_map(|(alert, _)| {
            alert.rule.runbook.as_ref().map(|r| format!("{} for {}", clean(r), clean(&alert.rule.id)))
        })
        .collect();
    match named.is_empty() {
        true => paragraph(
            "When an alert fires, the runbook that it names is listed here, so that you can open the document yourself.",
        ),
        false => paragraph(&format!(
            "The alerts that fire now name: {}. Open that document beside this console.",
            named.join(", ")
        )),
    }
    let key = |action| {
        model
            .keymap
            .chords(action, crate::tui::action::Context::Panes)
            .next()
            .map(|k| k.to_string())
            .unwrap_or_default()
    };
    paragraph(&format!(
        "Until then: {} opens the selected panel, {} looks again now, {} finds every command, {} lists the keys.",
        key(Action::Open),
        key(Action::LookNow),
        key(Action::Palette),
        key(Action::Help)
    ));
    for (row, line) in lines.iter().enumerate() {
        put(frame, inner, row as u16, line);
    }
}
