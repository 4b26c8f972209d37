//! Text that comes from outside, made safe to draw; and text cut to the columns it may take.

use unicode_width::UnicodeWidthStr;

/// Columns that a text takes.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// One line in which every hidden character is shown as such.
pub fn clean(text: &str) -> String {
    warroom_domain::text::line(text).into_owned()
}

/// Cuts a text to at most `columns`; a cut text ends in `…`.
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        // A variation selector makes the character before it wider: only the whole has a width.
        if width(&out) > columns - 1 {
            out.pop();
            break;
        }
    }
    // What opens or joins the next words says nothing without them.
    let kept = out.trim_end_matches([' ', '(', '[', ',', '·', '—']).len();
    out.truncate(kept);
    out.push('…');
    out
}

/// Exactly `columns` wide: cut or filled with spaces on the right.
pub fn fit(text: &str, columns: usize) -> String {
    let mut out = cut(text, columns);
    let missing = columns.saturating_sub(width(&out));
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// Exactly `columns` wide: cut or filled with spaces on the left.
pub fn fit_right(text: &str, columns: usize) -> String {
    let out = cut(text, columns);
    let missing = columns.saturating_sub(width(&out));
    format!("{}{out}", " ".repeat(missing))
}

/// Breaks a text into lines of at most `columns`, at spaces where there are any.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word = word;
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        while width(word) > columns {
            let (head, tail) = split_at(word, columns);
            lines.push(head.to_owned());
            word = tail;
        }
        if !line.is_empty() && !word.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The longest head of at most `columns` (at least one character), and the rest.
fn split_at(text: &str, columns: usize) -> (&str, &str) {
    for (index, c) in text.char_indices() {
        let end = index + c.len_utf8();
        if index > 0 && text.get(..end).is_some_and(|head| width(head) > columns) {
            return text.split_at(index);
        }
    }
    (text, "")
}

/// A text in pieces of at most `columns`, broken anywhere; at least one piece.
pub fn chunks(text: &str, columns: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let (head, tail) = split_at(rest?, columns.max(1));
        rest = Some(tail).filter(|tail| !tail.is_empty());
        Some(head)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_cut_at_columns_not_at_bytes() {
        assert_eq!(cut("replication", 6), "repli…");
        assert_eq!(cut("refused by 10.0.0.1 (and 1 more)", 22), "refused by 10.0.0.1…");
        assert_eq!(cut("漢字漢字", 5), "漢字…");
        assert_eq!(fit("日本", 6), "日本  ");
        assert_eq!(fit_right("38 s", 6), "  38 s");
        assert_eq!(wrap("connection refused by host", 12), ["connection", "refused by", "host"]);
    }

    proptest! {
        #[test]
        fn fitted_texts_take_exactly_their_columns(text in "\\PC{0,40}", columns in 0usize..30) {
            prop_assert_eq!(width(&fit(&clean(&text), columns)), columns);
        }

        #[test]
        fn wrapped_lines_lose_no_words(text in "[a-z ]{0,80}", columns in 1usize..30) {
            let joined: String = wrap(&text, columns).concat();
            prop_assert_eq!(joined.replace(' ', ""), text.replace(' ', ""));
            prop_assert!(wrap(&text, columns).iter().all(|line| width(line) <= columns));
        }
    }
}
