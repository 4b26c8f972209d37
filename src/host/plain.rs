//! Text that programs print, made fit for a screen: no escape sequences, no control characters.

/// The text without escape sequences; line ends stay, tabs become a blank, other control characters go.
pub fn plain(text: &str) -> String {
    let stripped = anstream::adapter::strip_str(text).to_string();
    stripped
        .chars()
        .filter_map(|c| match c {
            '\n' => Some('\n'),
            '\t' => Some(' '),
            // Bidirectional overrides can make a line read otherwise than it is.
            c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}') => None,
            c => Some(c),
        })
        .collect()
}

/// The first line with something in it, cut to `most` characters with an ellipsis.
pub fn first_line(text: &str, most: usize) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    shortened(line, most)
}

/// At most `most` characters; an ellipsis says that there was more.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_program_prints_can_move_the_cursor_or_set_the_title() {
        let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mDISK\u{1b}[0m OK\r\u{8}\t- \u{202e}fine\u{9b}1m\n";
        let shown = plain(hostile);
        assert!(shown.starts_with("DISK OK - fine"), "{shown:?}");
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    }

    #[test]
    fn long_lines_are_cut_and_say_so() {
        assert_eq!(first_line("\n  \nabcdef\nx", 4), "abc…");
        assert_eq!(first_line("abcd", 4), "abcd");
    }
}
