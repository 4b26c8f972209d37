//! One line of output as rows of the screen: its colours, its tabs, the places that a search found.

use ansi_to_tui::IntoText;
use ratatui::{
    style::{Color, Modifier, Style},
    text::{Line, Span},
};
use unicode_width::UnicodeWidthChar;

use crate::{color::Depth, text::clean};

/// Columns from one tab stop to the next.
const TAB: usize = 8;

/// The text alone.
pub(super) fn plain(line: &str) -> String {
    clean(&warroom_host::plain::plain(line))
}

/// A line whose only escape sequences are colours, in rows of at most `columns`; at least one.
pub(super) fn wrapped(line: &str, columns: usize, query: &str, depth: Depth) -> Vec<Line<'static>> {
    let columns = columns.max(1);
    let mut letters = letters(line, depth);
    mark(&mut letters, query);
    let mut rows = vec![Row::default()];
    let mut at = 0;
    let mut put = |letter: char, style: Style, width: usize, at: &mut usize| {
        if *at + width > columns && *at > 0 {
            rows.push(Row::default());
            *at = 0;
        }
        if let Some(row) = rows.last_mut() {
            row.put(letter, style);
        }
        *at += width;
    };
    for (letter, style) in letters {
        if letter == '\t' {
            for _ in 0..TAB - at % TAB {
                put(' ', style, 1, &mut at);
            }
        } else {
            put(letter, style, letter.width().unwrap_or(0), &mut at);
        }
    }
    rows.into_iter().map(Row::line).collect()
}

/// The letters with their styles. Tabs stay; nothing else that is not seen does.
fn letters(line: &str, depth: Depth) -> Vec<(char, Style)> {
    let text = line.into_text().unwrap_or_else(|_| plain(line).into());
    let spans = text.lines.into_iter().flat_map(|line| line.spans);
    spans
        .flat_map(|span| {
            let style = shown(span.style, depth);
            let safe: String = span.content.split('\t').map(clean).collect::<Vec<_>>().join("\t");
            safe.chars().map(|letter| (letter, style)).collect::<Vec<_>>()
        })
        .collect()
}

/// A style at this depth. The default colours are the theme's.
fn shown(style: Style, depth: Depth) -> Style {
    let color = |color: Option<Color>| color.filter(|color| *color != Color::Reset).and_then(|c| depth.nearest(c));
    Style {
        fg: color(style.fg),
        bg: color(style.bg),
        underline_color: None,
        // Text that hides or blinks is not what an operator needs.
        add_modifier: style.add_modifier - Modifier::HIDDEN - Modifier::SLOW_BLINK - Modifier::RAPID_BLINK,
        sub_modifier: Modifier::empty(),
    }
}

/// Turns around what the query matches.
fn mark(letters: &mut [(char, Style)], query: &str) {
    let wanted: Vec<char> = query.chars().flat_map(char::to_lowercase).collect();
    if wanted.is_empty() {
        return;
    }
    let lower = |letter: char| letter.to_lowercase().next().unwrap_or(letter);
    let mut at = 0;
    while at + wanted.len() <= letters.len() {
        if letters[at..].iter().zip(&wanted).all(|((letter, _), wanted)| lower(*letter) == *wanted) {
            for (_, style) in &mut letters[at..at + wanted.len()] {
                *style = style.add_modifier(Modifier::REVERSED);
            }
            at += wanted.len();
        } else {
            at += 1;
        }
    }
}

#[derive(Default)]
struct Row {
    spans: Vec<(String, Style)>,
}

impl Row {
    fn put(&mut self, letter: char, style: Style) {
        match self.spans.last_mut() {
            Some((text, last)) if *last == style => text.push(letter),
            _ => self.spans.push((letter.to_string(), style)),
        }
    }

    fn line(self) -> Line<'static> {
        Line::from(self.spans.into_iter().map(|(text, style)| Span::styled(text, style)).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str, columns: usize) -> Vec<String> {
        wrapped(line, columns, "", Depth::True).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn colours_stay_and_come_down_to_what_the_terminal_has() {
        let line = "\u{1b}[31mred\u{1b}[0m plain \u{1b}[38;2;1;2;3mrgb\u{1b}[0m";
        let row = &wrapped(line, 40, "", Depth::True)[0];
        assert_eq!((row.spans[0].content.as_ref(), row.spans[0].style.fg), ("red", Some(Color::Red)));
        assert_eq!((row.spans[1].content.as_ref(), row.spans[1].style.fg), (" plain ", None));
        assert_eq!(row.spans[2].style.fg, Some(Color::Rgb(1, 2, 3)));
        assert!(wrapped(line, 40, "", Depth::None)[0].spans.iter().all(|span| span.style.fg.is_none()));
        assert_eq!(wrapped(line, 40, "", Depth::Ansi16)[0].spans[2].style.fg, Some(Color::Black));
    }

    #[test]
    fn tabs_and_wide_letters_take_their_columns() {
        assert_eq!(texts("a\tb", 20), ["a       b"]);
        assert_eq!(texts("漢字漢字", 5), ["漢字", "漢字"]);
        assert_eq!(texts("", 5), [""]);
    }

    #[test]
    fn nothing_but_text_and_colour_comes_through() {
        let rows = texts("a\u{1b}]52;c;aGk=\u{7}b\u{1b}[2Jc\u{202e}d\u{8}", 40);
        assert!(rows.concat().chars().all(|c| !c.is_control() && c != '\u{202e}'), "{rows:?}");
    }

    #[test]
    fn what_a_search_looks_for_is_turned_around() {
        let row = &wrapped("an Error here", 40, "error", Depth::True)[0];
        assert_eq!(row.spans[1].content, "Error");
        assert!(row.spans[1].style.add_modifier.contains(Modifier::REVERSED));
    }
}
