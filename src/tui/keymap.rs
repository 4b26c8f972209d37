//! Which action a key means where.

use std::collections::HashMap;

use super::{
    action::{Action, Context, Entry, REGISTRY, by_id, default_chords},
    chord::Chord,
};

/// Which action a key means in which context.
#[derive(Debug, Clone)]
pub struct Keymap {
    bindings: HashMap<(Context, Chord), Action>,
    /// Keys of each action, in the order in which they were given.
    keys: HashMap<Action, Vec<Chord>>,
}

impl Default for Keymap {
    fn default() -> Self {
        Keymap::build(&HashMap::new())
    }
}

impl Keymap {
    /// The default keys, with those of some actions replaced. `settings` are pairs of an action's id and its keys
    /// (separated by spaces). A key given here is taken away from the actions that have it by default.
    /// The error is one sentence.
    pub fn remapped<'a>(settings: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Keymap, String> {
        let mut own: HashMap<Action, Vec<Chord>> = HashMap::new();
        let mut taken: HashMap<(Context, Chord), &str> = HashMap::new();
        for (id, keys) in settings {
            let action = by_id(id).ok_or_else(|| unknown_action(id))?;
            let chords = keys
                .split_whitespace()
                .map(str::parse)
                .collect::<Result<Vec<Chord>, String>>()
                .map_err(|why| format!("keys.{id}: {why}"))?;
            let contexts = super::action::entry(action).map_or(&[][..], |entry| entry.contexts);
            for chord in &chords {
                for context in contexts.iter().filter(|c| !c.is_typing() || !chord.is_text()) {
                    if let Some(other) = taken.insert((*context, *chord), id).filter(|other| *other != id) {
                        return Err(format!("keys.{id}: the key `{chord}` is already given to `{other}`"));
                    }
                }
            }
            own.insert(action, chords);
        }
        let keymap = Keymap::build(&own);
        match keymap.bindings.values().any(|action| *action == Action::Quit) {
            true => Ok(keymap),
            false => Err("keys: no key is left for `quit`; give it one".to_owned()),
        }
    }

    fn build(own: &HashMap<Action, Vec<Chord>>) -> Keymap {
        let mut keymap = Keymap { bindings: HashMap::new(), keys: HashMap::new() };
        // Own keys come last, so that they win over defaults.
        let (defaults, replaced): (Vec<&Entry>, Vec<&Entry>) =
            REGISTRY.iter().partition(|e| !own.contains_key(&e.action));
        for entry in defaults {
            for context in entry.contexts {
                for chord in default_chords(entry, *context) {
                    keymap.bindings.entry((*context, chord)).or_insert(entry.action);
                }
            }
            keymap.keys.insert(entry.action, entry.keys.iter().filter_map(|key| key.parse().ok()).collect());
        }
        for entry in replaced {
            let chords = &own[&entry.action];
            for context in entry.contexts {
                for chord in chords.iter().filter(|c| !context.is_typing() || !c.is_text()) {
                    keymap.bindings.insert((*context, *chord), entry.action);
                }
            }
            keymap.keys.insert(entry.action, chords.clone());
        }
        keymap
    }

    /// The action of a key.
    pub fn action(&self, context: Context, chord: Chord) -> Option<Action> {
        self.bindings.get(&(context, chord)).copied()
    }

    /// The keys that mean this action in this context, the preferred one first.
    pub fn chords(&self, action: Action, context: Context) -> impl Iterator<Item = Chord> + '_ {
        let all = self.keys.get(&action).map_or(&[][..], Vec::as_slice);
        all.iter().copied().filter(move |chord| self.action(context, *chord) == Some(action))
    }
}

fn unknown_action(id: &str) -> String {
    let nearest = REGISTRY
        .iter()
        .map(|entry| entry.id)
        .max_by(|a, b| strsim::jaro_winkler(a, id).total_cmp(&strsim::jaro_winkler(b, id)))
        .unwrap_or_default();
    format!("keys.{id}: there is no such action; did you mean `{nearest}`?")
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;

    fn chord(text: &str) -> Chord {
        text.parse().unwrap()
    }

    #[test]
    fn keys_read_back_as_they_are_written() {
        for text in ["r", "G", "ctrl-p", "shift-tab", "alt-x", "f5", "space", "-", "ctrl--", "pgdn", ":", "ctrl-alt-k"]
        {
            assert_eq!(chord(text).to_string(), text);
        }
        assert_eq!(chord("Ctrl-P").to_string(), "ctrl-P");
        for wrong in ["", "hyper-x", "f13", "enterr", "ctrl-"] {
            assert!(wrong.parse::<Chord>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn terminals_that_report_shift_differently_mean_the_same_key() {
        let shifted = KeyEvent::new(KeyCode::Char('g'), KeyModifiers::SHIFT);
        let capital = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(Chord::from(shifted), chord("G"));
        assert_eq!(Chord::from(capital), chord("G"));
        assert_eq!(Chord::from(KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT)), chord("shift-tab"));
    }

    #[test]
    fn a_remapped_key_wins_over_the_default_that_had_it() {
        let keymap = Keymap::remapped([("zoom", "t f11"), ("theme", "T")]).unwrap();
        assert_eq!(keymap.action(Context::Panes, chord("t")), Some(Action::Zoom));
        assert_eq!(keymap.action(Context::Panes, chord("z")), None);
        assert_eq!(keymap.action(Context::Panes, chord("T")), Some(Action::NextTheme));
        let shown: Vec<String> = keymap.chords(Action::Zoom, Context::Panes).map(|c| c.to_string()).collect();
        assert_eq!(shown, ["t", "f11"]);
    }

    #[test]
    fn wrong_key_settings_are_one_sentence_with_the_nearest_name() {
        let error = |settings: &[(&str, &str)]| Keymap::remapped(settings.iter().copied()).unwrap_err();
        assert_eq!(error(&[("zom", "z")]), "keys.zom: there is no such action; did you mean `zoom`?");
        assert!(error(&[("zoom", "hyper-z")]).starts_with("keys.zoom: `hyper-z` is not a key"));
        assert_eq!(error(&[("zoom", "y"), ("theme", "y")]), "keys.theme: the key `y` is already given to `zoom`");
        assert_eq!(error(&[("quit", "")]), "keys: no key is left for `quit`; give it one");
    }

    #[test]
    fn letters_are_text_while_typing() {
        let keymap = Keymap::default();
        assert_eq!(keymap.action(Context::Palette, chord("j")), None);
        assert_eq!(keymap.action(Context::Palette, chord("down")), Some(Action::Down));
        assert_eq!(keymap.action(Context::Palette, chord("enter")), Some(Action::Accept));
    }
}
