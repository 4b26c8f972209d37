//! What terminals with fewer abilities are sent.

use crate::lab::{Terminal, TerminalOptions};

fn demo_with(variables: &[(&str, &str)]) -> Terminal {
    let mut options = TerminalOptions::warroom(&["demo"]).size(120, 40);
    for (name, value) in variables {
        options = options.env(name, value);
    }
    let terminal = options.start();
    terminal.wait_for("Backups");
    terminal
}

/// Parameters of all SGR sequences that were sent.
fn styles(terminal: &Terminal) -> Vec<String> {
    let output = String::from_utf8_lossy(&terminal.output()).into_owned();
    let sequences = output.split("\x1b[").skip(1);
    let end = |part: &str| part.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':');
    sequences
        .filter_map(|part| {
            let at = end(part)?;
            part[at..].starts_with('m').then(|| part[..at].to_owned())
        })
        .collect()
}

fn has_color(style: &str) -> bool {
    let numbers: Vec<u32> = style.split([';', ':']).filter_map(|n| n.parse().ok()).collect();
    numbers.iter().any(|n| matches!(n, 30..=38 | 40..=48 | 90..=97 | 100..=107))
}

#[test]
fn no_color_sends_no_colour() {
    let terminal = demo_with(&[("NO_COLOR", "1")]);
    let coloured: Vec<String> = styles(&terminal).into_iter().filter(|style| has_color(style)).collect();
    assert_eq!(coloured, Vec::<String>::new());
    terminal.wait_for("●");
}

#[test]
fn sixteen_colours_are_not_exceeded() {
    let terminal = demo_with(&[("TERM", "xterm"), ("COLORTERM", "")]);
    let exact: Vec<String> =
        styles(&terminal).into_iter().filter(|s| s.contains("38;2") || s.contains("48;2")).collect();
    assert_eq!(exact, Vec::<String>::new());
    assert!(styles(&terminal).iter().any(|style| has_color(style)));
}

#[test]
fn a_locale_without_unicode_gets_ascii_only() {
    for locale in ["C", "POSIX", "de_DE.ISO-8859-1"] {
        let terminal = demo_with(&[("LANG", locale)]);
        assert!(terminal.output().is_ascii(), "{locale}:\n{}", terminal.contents());
    }
}

#[test]
fn every_theme_can_be_started_with() {
    for theme in ["dark", "light", "high-contrast", "colorblind", "solarized", "monochrome"] {
        let terminal = TerminalOptions::warroom(&["demo", "--theme", theme]).size(80, 24).start();
        terminal.wait_for("Backups");
    }
}
