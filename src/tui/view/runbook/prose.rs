//! A runbook's Markdown in the theme's styles.

use ratatui::{
    style::{Modifier, Style},
    text::Line,
};

use crate::{text::clean, theme::Theme, view::pieces::span};
use warroom_domain::health::Status;
use warroom_runbook::prose::{self, Role};

/// Lines of at most `columns`, one column in.
pub(super) fn prose(theme: &Theme, markdown: &str, columns: usize) -> Vec<Line<'static>> {
    // Signs become ASCII with the rest of the screen where they have to.
    let lines = prose::render(markdown, columns.saturating_sub(1));
    let line = |line: prose::StyledLine| {
        let spans = line.spans.into_iter().map(|part| span(clean(&part.text), style(theme, part.style)));
        Line::from(std::iter::once(span(" ", theme.text())).chain(spans).collect::<Vec<_>>())
    };
    lines.into_iter().map(line).collect()
}

fn style(theme: &Theme, of: prose::Style) -> Style {
    let style = match of.role {
        Role::Text => theme.text(),
        Role::Heading(_) => theme.title(true),
        Role::Code | Role::Link => theme.accent(),
        Role::Url | Role::Mark | Role::Html => theme.dim(),
        Role::Open => theme.text(),
        Role::Done => theme.status(Status::Ok),
    };
    let modifiers = [(of.bold, Modifier::BOLD), (of.italic, Modifier::ITALIC), (of.struck, Modifier::CROSSED_OUT)];
    modifiers.into_iter().filter(|(wanted, _)| *wanted).fold(style, |style, (_, modifier)| style.add_modifier(modifier))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{color::Depth, theme::Themes};

    #[test]
    fn code_is_shown_as_it_is_and_text_without_its_marks() {
        let theme = Themes::load(None, Depth::True).get("dark").unwrap();
        let lines = prose(&theme, "Stop `api` **now**:\n\n```bash\nkubectl get pods | grep '**'\n```\n", 60);
        let text = lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(text.starts_with(" Stop api now:"), "{text}");
        assert!(text.contains("kubectl get pods | grep '**'"), "{text}");
        assert!(!text.contains("```"), "{text}");
    }
}
