//! Keys as people write them: `ctrl-p`, `shift-tab`, `G`.

use std::{fmt, str::FromStr};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// One key with its modifiers. Shift is part of the letter (`G`), except for keys that have no letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// Names of keys without a letter. The first name of a code is how it is shown.
const NAMES: [(&str, KeyCode); 17] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("space", KeyCode::Char(' ')),
    ("return", KeyCode::Enter),
    ("escape", KeyCode::Esc),
];

impl Chord {
    /// True when the key writes a character.
    pub fn is_text(&self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && self.modifiers.is_empty() || self.code == KeyCode::Backspace
    }
}

impl From<KeyEvent> for Chord {
    fn from(key: KeyEvent) -> Self {
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        let (mut code, mut modifiers) = (key.code, key.modifiers & known);
        match code {
            KeyCode::BackTab => {
                code = KeyCode::Tab;
                modifiers |= KeyModifiers::SHIFT;
            }
            KeyCode::Char(letter) => {
                // Terminals differ in whether they report shift with a capital letter.
                if modifiers.contains(KeyModifiers::SHIFT) && letter.is_lowercase() {
                    code = KeyCode::Char(letter.to_ascii_uppercase());
                }
                modifiers -= KeyModifiers::SHIFT;
            }
            _ => {}
        }
        Chord { code, modifiers }
    }
}

impl From<Chord> for KeyEvent {
    fn from(chord: Chord) -> Self {
        KeyEvent::new(chord.code, chord.modifiers)
    }
}

impl FromStr for Chord {
    type Err = String;

    /// Reads `ctrl-p`, `alt-x`, `shift-tab`, `f5`, `space`, `G`, `-`. The error is one sentence.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a key; write keys like `r`, `G`, `ctrl-p`, `shift-tab`, `f5`");
        let mut rest = text;
        let mut modifiers = KeyModifiers::NONE;
        while let Some((prefix, tail)) =
            rest.split_once('-').filter(|(prefix, tail)| !prefix.is_empty() && !tail.is_empty())
        {
            modifiers |= match prefix.to_ascii_lowercase().as_str() {
                "ctrl" | "control" | "c" => KeyModifiers::CONTROL,
                "alt" | "meta" | "a" => KeyModifiers::ALT,
                "shift" | "s" => KeyModifiers::SHIFT,
                _ => return Err(wrong()),
            };
            rest = tail;
        }
        let mut letters = rest.chars();
        let code = match (letters.next(), letters.next()) {
            (Some(letter), None) if !letter.is_control() => KeyCode::Char(letter),
            _ => {
                let name = rest.to_ascii_lowercase();
                let function = name.strip_prefix('f').and_then(|n| n.parse().ok()).filter(|n| (1..=12).contains(n));
                let named = NAMES.iter().find(|(known, _)| *known == name).map(|(_, code)| *code);
                named.or(function.map(KeyCode::F)).ok_or_else(wrong)?
            }
        };
        Ok(KeyEvent::new(code, modifiers).into())
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let modifiers =
            [(KeyModifiers::CONTROL, "ctrl-"), (KeyModifiers::ALT, "alt-"), (KeyModifiers::SHIFT, "shift-")];
        for (modifier, prefix) in modifiers {
            if self.modifiers.contains(modifier) {
                text.push_str(prefix);
            }
        }
        match (NAMES.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => text.push_str(name),
            (None, KeyCode::Char(letter)) => text.push(letter),
            (None, KeyCode::F(number)) => text.push_str(&format!("f{number}")),
            (None, other) => text.push_str(&format!("{other:?}").to_lowercase()),
        }
        f.pad(&text)
    }
}
