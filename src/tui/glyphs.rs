//! The signs on the screen, and what stands for them where the locale has no Unicode.
//!
//! Views draw in Unicode. As the last step of a frame [`to_ascii`] replaces every sign that an ASCII terminal can't show, in
//! place and of the same width, so that no view can forget it.

use ratatui::buffer::Buffer;

use warroom_domain::health::Status;

/// Eight levels of a sparkline, lowest first.
pub const LEVELS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// A sample that has nothing to show.
pub const NO_SAMPLE: &str = "·";
/// Frames of the spinner.
pub const SPINNER: [&str; 8] = ["⣾", "⣽", "⣻", "⢿", "⡿", "⣟", "⣯", "⣷"];

/// The sign of a status; never shown without its word nearby.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Ok => "●",
        Status::Warn => "▲",
        Status::Unknown => "?",
        Status::Down => "✖",
    }
}

/// The spinner's frame after a number of steps.
pub fn spinner(step: usize) -> &'static str {
    SPINNER[step % SPINNER.len()]
}

/// Replaces what is not ASCII by the nearest ASCII sign of the same width.
pub fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let symbol = cell.symbol();
        if !symbol.is_ascii() {
            let plain = ascii(symbol.chars().next().unwrap_or(' '));
            cell.set_symbol(plain);
        }
    }
}

fn ascii(sign: char) -> &'static str {
    match sign {
        '●' | '★' => "*",
        '↵' => "/",
        '▲' => "!",
        '✖' => "X",
        '✔' => "v",
        '▁' => "_",
        '▂' => ".",
        '▃' => "-",
        '▄' => "=",
        '▅' => "+",
        '▆' => "*",
        '▇' => "%",
        '█' => "#",
        '⣾' | '⡿' => "|",
        '⣽' | '⣟' => "/",
        '⣻' | '⣯' => "-",
        '⢿' | '⣷' => "\\",
        '▸' | '→' | '›' | '»' | '▶' => ">",
        '…' => "~",
        '│' | '┃' | '║' | '▎' | '▏' => "|",
        '─' | '━' | '═' | '–' | '—' | '‐' | '−' => "-",
        '┌' | '┐' | '└' | '┘' | '╭' | '╮' | '╰' | '╯' | '├' | '┤' | '┬' | '┴' | '┼' => "+",
        '·' | '•' => ".",
        '↑' => "^",
        '↓' => "v",
        '×' => "x",
        '☐' | '◦' => "o",
        '☑' => "v",
        '▪' => "+",
        '↪' => ">",
        '○' => "o",
        '◉' => "*",
        '↶' => "<",
        '±' => "~",
        'µ' => "u",
        '‘' | '’' => "'",
        '“' | '”' => "\"",
        '\u{a0}' | '\u{2009}' | '\u{202f}' => " ",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use ratatui::{layout::Rect, style::Style};

    use super::*;

    #[test]
    fn ascii_screens_hold_nothing_else_and_keep_their_columns() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 1));
        buffer.set_string(0, 0, "┌ ● ok → 漢字 ▁█…", Style::default());
        to_ascii(&mut buffer);
        let text: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(text.is_ascii(), "{text}");
        assert!(text.starts_with("+ * ok > ?"), "{text}");
    }

    #[test]
    fn every_status_has_its_own_sign_in_both_sets() {
        let signs: Vec<&str> = Status::ALL.into_iter().map(status).collect();
        let plain: Vec<&str> = signs.iter().map(|s| ascii(s.chars().next().unwrap())).collect();
        for i in 0..4 {
            for j in 0..i {
                assert_ne!(signs[i], signs[j]);
                assert!(plain[i] != plain[j] || signs[i] == "?" || signs[j] == "?", "{plain:?}");
            }
        }
    }
}
