//! Colours of runbooks on the terminal: prose by what it is, risks by how bad they are.

use comfy_table::Color;
use crossterm::style::{ContentStyle, Stylize};

use crate::{output::Output, painted::Painted, table::Cell};
use warroom_runbook::{
    Risk,
    prose::{Role, Style, StyledLine},
};

pub(super) fn risk_cell(risk: Risk) -> Cell {
    let cell = Cell::new(risk.word());
    match risk {
        Risk::Read => cell.fg(Color::Green),
        Risk::Change => cell.fg(Color::Yellow),
        Risk::Destructive => cell.fg(Color::Red).bold(),
    }
}

/// A word in the colour of a risk.
pub(super) fn risk(word: &str, risk: Risk, output: &Output) -> Painted {
    let style = match risk {
        Risk::Read => ContentStyle::new().green(),
        Risk::Change => ContentStyle::new().yellow(),
        Risk::Destructive => ContentStyle::new().red().bold(),
    };
    Painted::styled(word, style, output.colored())
}

/// Less important text.
pub(super) fn dim(text: &str, output: &Output) -> Painted {
    Painted::styled(text, ContentStyle::new().dim(), output.colored())
}

pub(super) fn bold(text: &str, output: &Output) -> Painted {
    Painted::styled(text, ContentStyle::new().bold(), output.colored())
}

/// A line of prose, after `indent` spaces.
pub(super) fn line(line: &StyledLine, indent: usize, output: &Output) -> Painted {
    let mut text = Painted::new();
    if !line.spans.is_empty() {
        text.push_str(&" ".repeat(indent));
    }
    line.spans.iter().for_each(|span| text.push(&Painted::styled(&span.text, style(span.style), output.colored())));
    text
}

fn style(style: Style) -> ContentStyle {
    let mut content = match style.role {
        Role::Text => ContentStyle::new(),
        Role::Heading(1 | 2) => ContentStyle::new().bold().underlined(),
        Role::Heading(_) => ContentStyle::new().bold(),
        Role::Code => ContentStyle::new().cyan(),
        Role::Link => ContentStyle::new().underlined(),
        Role::Url => ContentStyle::new().blue(),
        Role::Mark | Role::Html => ContentStyle::new().dim(),
        Role::Open => ContentStyle::new().yellow(),
        Role::Done => ContentStyle::new().green(),
    };
    if style.bold {
        content = content.bold();
    }
    if style.italic {
        content = content.italic();
    }
    if style.struck {
        content = content.crossed_out();
    }
    content
}
