//! Other people's text made fit to be read: which characters deceive a reader or steer a terminal, and how they are shown.
//!
//! The one list and the one rule for both front ends, every export and every message. Packs, runbooks, probes, notes and
//! command output come from outside: whatever they hold, a reader sees it, and a terminal only prints it.

mod word;

use std::{borrow::Cow, fmt::Write};

pub use word::word;

/// True for characters that steer a terminal, change the order of what is seen, or cannot be seen at all. Line breaks and tabs
/// are among them: only whoever lays the text out knows whether they have a place there.
///
/// Controls (`Cc`), the bidirectional marks, embeddings, overrides and isolates, and what Unicode calls default-ignorable
/// (`DerivedCoreProperties.txt`) but for U+FE00 to U+FE0F, which choose between the two looks of an emoji.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Soft hyphen, grapheme joiner, Arabic letter mark, Hangul and Khmer fillers, Mongolian selectors.
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            // Zero width, direction marks; line and paragraph separator, direction overrides; joiners, isolates.
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            // Hangul fillers, byte order mark, annotations.
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            // Shorthand and musical controls; tags and the supplement of the variation selectors.
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text with every hidden character shown as such: `\e`, `\r`, `\x07`, `\u{202e}`. Line breaks and tabs stay. What was shown
/// once is shown the same again.
pub fn shown(text: &str) -> Cow<'_, str> {
    replaced(text, |c| is_hidden(c) && !matches!(c, '\n' | '\t'), push_shown)
}

/// The same as one line: line breaks inside become ` ↵ `, tabs a space.
pub fn line(text: &str) -> Cow<'_, str> {
    replaced(text.trim_end_matches('\n'), is_hidden, |out, c| match c {
        '\n' => out.push_str(" ↵ "),
        '\t' => out.push(' '),
        c => push_shown(out, c),
    })
}

/// The lines of a command or another text of several lines, without empty ones at the end. Unlike [`str::lines`] it keeps a
/// carriage return, which a shell takes as a part of the line.
pub fn rows(text: &str) -> impl Iterator<Item = &str> {
    text.trim_end_matches('\n').split('\n')
}

/// JSON in which every hidden character is an escape, which means the same to a program. In JSON they stand nowhere but in
/// strings; line breaks and tabs between members stay.
pub fn json(text: &str) -> Cow<'_, str> {
    replaced(
        text,
        |c| is_hidden(c) && !matches!(c, '\n' | '\t'),
        |out, c| {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        },
    )
}

/// Appends a hidden character as it is shown.
pub fn push_shown(out: &mut String, c: char) {
    let _ = match c {
        '\u{1b}' => out.write_str("\\e"),
        '\r' => out.write_str("\\r"),
        '\n' => out.write_str("\\n"),
        '\t' => out.write_str("\\t"),
        c if c.is_ascii() => write!(out, "\\x{:02x}", u32::from(c)),
        c => write!(out, "\\u{{{:x}}}", u32::from(c)),
    };
}

fn replaced<'t>(text: &'t str, which: impl Fn(char) -> bool, put: impl Fn(&mut String, char)) -> Cow<'t, str> {
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let Some(first) = text.find(&which) else { return Cow::Borrowed(text) };
    let (before, rest) = text.split_at(first);
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(before);
    for c in rest.chars() {
        if which(c) { put(&mut out, c) } else { out.push(c) }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hidden_characters_are_shown_as_such() {
        for (text, expected) in [
            ("plain — ok → 漢字 ✔\u{fe0f} é", "plain — ok → 漢字 ✔\u{fe0f} é"),
            ("\u{1b}]0;owned\u{7}\u{1b}[2J", "\\e]0;owned\\x07\\e[2J"),
            ("a\u{9b}31mb\u{7f}\0", "a\\u{9b}31mb\\x7f\\x00"),
            ("rm \u{202e}x\u{2066}y\u{200e}\u{61c}", "rm \\u{202e}x\\u{2066}y\\u{200e}\\u{61c}"),
            ("a\u{200b}b\u{2028}c\u{feff}\u{ad}", "a\\u{200b}b\\u{2028}c\\u{feff}\\u{ad}"),
            ("t\u{e0041}\u{e0100}\u{3164}", "t\\u{e0041}\\u{e0100}\\u{3164}"),
            ("a\tb\r\nc", "a\tb\\r\nc"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
            assert_eq!(shown(expected), expected);
        }
        assert_eq!(line("a\tb\nc\u{202e}\n"), "a b ↵ c\\u{202e}");
    }

    #[test]
    fn json_means_the_same() {
        let value = serde_json::json!({"a\u{9b}": "b\u{202e}c\u{1b}\u{7f}\u{e0041}\n", "d": [1.5, "\u{2028}"]});
        let text = serde_json::to_string_pretty(&value).unwrap();
        let escaped = json(&text);
        assert!(!escaped.chars().any(|c| c != '\n' && is_hidden(c)), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            prop_assert!(!shown(&text).chars().any(|c| !matches!(c, '\n' | '\t') && is_hidden(c)));
            prop_assert!(!line(&text).chars().any(is_hidden));
            prop_assert_eq!(shown(&shown(&text)).into_owned(), shown(&text).into_owned());
        }
    }
}
