//! Drawing: reads the model, changes nothing, and gives back where things stood.

mod activity;
mod details;
mod footer;
mod header;
mod health;
mod help;
mod history;
mod incident;
mod log;
mod overview;
mod palette;
mod panel;
mod pieces;
mod pods;
mod popup;
mod runbook;
mod sparkline;
mod table;
#[cfg(test)]
mod tests;

use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    widgets::Clear,
};

use super::{
    glyphs,
    model::{DOCKED, Drawn, Model, Overlay, Pane, SIDE_BY_SIDE, Target},
};
use warroom_domain::{health::Panel, text::is_hidden};

/// Draws the whole screen.
pub fn draw(model: &Model, frame: &mut Frame) -> Drawn {
    let mut drawn = model.drawn.next();
    let area = frame.area();
    frame.buffer_mut().set_style(area, model.appearance.theme.text());
    let has = |wanted: bool, least: u16| u16::from(wanted && area.height >= least);
    let rows = [
        Constraint::Length(1),
        Constraint::Length(has(model.incidents.open.is_some() || !model.facts.objectives.is_empty(), 12)),
        Constraint::Length(incident::banners::height(model, area.height) + has(!model.banner().is_empty(), 8)),
        Constraint::Fill(1),
        Constraint::Length(has(true, 4)),
    ];
    let [bar, objectives, banner, body, footer] = Layout::vertical(rows).areas(area);
    let panels = model.board.panels(model.now);
    header::bar(model, &panels, frame, bar);
    if objectives.height > 0 {
        match &model.incidents.open {
            Some(open) => incident::clocks::draw(model, open, frame, objectives),
            None => header::objectives(model, frame, objectives),
        }
    }
    if banner.height > 0 {
        let rest = incident::banners::draw(model, frame, banner, &mut drawn);
        header::banner(model, frame, rest, &mut drawn);
    }
    body_of(model, &panels, frame, body, &mut drawn);
    if footer.height > 0 {
        footer::draw(model, frame, footer, &mut drawn);
    }
    if !model.appearance.unicode {
        glyphs::to_ascii(frame.buffer_mut());
    }
    nothing_hidden(frame.buffer_mut());
    drawn
}

/// Nothing that is hidden reaches the terminal, whatever a view forgot to show as such.
fn nothing_hidden(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let symbol = cell.symbol();
        if symbol.len() > 1 && symbol.chars().any(is_hidden) {
            cell.set_char('\u{fffd}');
        }
    }
}

fn body_of(model: &Model, panels: &[Panel<'_>], frame: &mut Frame, body: Rect, drawn: &mut Drawn) {
    let open = model.overlays.iter().any(|overlay| matches!(overlay, Overlay::Details(_) | Overlay::Log(_)));
    let docked = open && body.width >= DOCKED && !model.panes.zoomed;
    let over = if docked {
        let [left, right] = Layout::horizontal([Constraint::Fill(2), Constraint::Fill(3)]).areas(body);
        stacked(model, panels, frame, left, drawn);
        right
    } else {
        if !open {
            panes(model, panels, frame, body, drawn);
        }
        body
    };
    for overlay in &model.overlays {
        match overlay {
            Overlay::Details(details) => details::draw(model, panels, details, frame, over, drawn),
            Overlay::Log(log) => {
                blank(model, frame, over);
                log::draw(model, log, frame, over, drawn);
            }
            Overlay::Help(help) => {
                let area = popup(body, 100, 90);
                blank(model, frame, area);
                help::draw(model, help, frame, area, drawn);
            }
            Overlay::Palette(palette) => {
                let area = popup(body, 78, 70);
                blank(model, frame, area);
                palette::draw(model, palette, frame, area, drawn);
            }
            Overlay::Picker(picker) => runbook::picker::draw(model, picker, frame, body, drawn),
            Overlay::Menu(menu) => runbook::menu::draw(model, menu, frame, body, drawn),
            Overlay::Prompt(prompt) => runbook::prompt::draw(model, prompt, frame, body, drawn),
            Overlay::Form(form) => runbook::form::draw(model, form, frame, body, drawn),
            Overlay::Ask(ask) => runbook::ask::draw(model, ask, frame, body, drawn),
            Overlay::Entry(view) => incident::entry::draw(model, view, frame, body, drawn),
            Overlay::Sheet(sheet) => incident::sheet::draw(model, sheet, frame, body, drawn),
        }
    }
}

/// The panes: one when zoomed, tabs on a narrow screen, else side by side.
fn panes(model: &Model, panels: &[Panel<'_>], frame: &mut Frame, body: Rect, drawn: &mut Drawn) {
    if body.width < SIDE_BY_SIDE {
        drawn.tabbed = true;
        let [tabs, rest] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(body);
        header::tabs(model, frame, tabs, drawn);
        pane(model, panels, model.panes.focus, frame, rest, drawn);
    } else if model.panes.zoomed {
        pane(model, panels, model.panes.focus, frame, body, drawn);
    } else {
        // A runbook at work needs the room more than the health beside it.
        let (health, runbook) = if model.runbooks.open.is_some() { (1, 1) } else { (3, 2) };
        let [left, right] = Layout::horizontal([Constraint::Fill(health), Constraint::Fill(runbook)]).areas(body);
        stacked(model, panels, frame, left, drawn);
        pane(model, panels, Pane::Runbook, frame, right, drawn);
    }
}

/// Health above Activity; Health gets what it needs, Activity at least a third.
fn stacked(model: &Model, panels: &[Panel<'_>], frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    let most = area.height - area.height / 3;
    let wanted = health::wanted_height(model, panels, most.saturating_sub(2)) + 2;
    let rows = [Constraint::Length(wanted.min(most)), Constraint::Fill(1)];
    let [health, activity] = Layout::vertical(rows).areas(area);
    pane(model, panels, Pane::Health, frame, health, drawn);
    pane(model, panels, Pane::Activity, frame, activity, drawn);
}

fn pane(model: &Model, panels: &[Panel<'_>], pane: Pane, frame: &mut Frame, area: Rect, drawn: &mut Drawn) {
    drawn.target(area, Target::Pane(pane));
    match pane {
        Pane::Health => health::draw(model, panels, frame, area, drawn),
        Pane::Activity => match &model.incidents.open {
            Some(open) => incident::timeline::draw(model, open, frame, area, drawn),
            None => activity::draw(model, frame, area, drawn),
        },
        Pane::Runbook => runbook::draw(model, frame, area, drawn),
    }
}

/// Empties an area for something that lies over it.
fn blank(model: &Model, frame: &mut Frame, area: Rect) {
    frame.render_widget(Clear, area);
    frame.buffer_mut().set_style(area, model.appearance.theme.text());
}

/// An area in the middle of `body`: at most `columns` wide, and a share of its height.
fn popup(body: Rect, columns: u16, percent: u16) -> Rect {
    let width = columns.min(body.width);
    let height = (u32::from(body.height) * u32::from(percent) / 100) as u16;
    let height = height.max(12).min(body.height);
    Rect { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 2, width, height }
}
