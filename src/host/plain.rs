//! Text that programs print, reduced to what a terminal would show of it.

use warroom_domain::text::shown;

/// The text without the escape sequences and control characters that a terminal would take; line ends stay, tabs become a blank.
/// Hidden characters that are left are shown as such.
pub fn plain(text: &str) -> String {
    let text: String = anstream::adapter::strip_str(text)
        .to_string()
        .chars()
        .filter_map(|c| match c {
            '\t' => Some(' '),
            c if c.is_ascii_control() && c != '\n' => None,
            c => Some(c),
        })
        .collect();
    shown(&text).into_owned()
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
    fn what_a_program_prints_is_shown_without_its_sequences() {
        let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mDISK\u{1b}[0m OK\r\u{8}\t- \u{202e}fine\u{9b}1m\n";
        let plain = plain(hostile);
        assert_eq!(plain, "DISK OK - \\u{202e}fine\\u{9b}1m\n");
    }

    #[test]
    fn long_lines_are_cut_and_say_so() {
        assert_eq!(first_line("\n  \nabcdef\nx", 4), "abc…");
        assert_eq!(first_line("abcd", 4), "abcd");
    }
}
