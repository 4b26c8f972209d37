//! The console's options, worked out from the settings and from this terminal.

use std::path::Path;

use jiff::tz::TimeZone;

use super::{color::Depth, keymap::Keymap, model::Appearance, theme::Themes};
use warroom_host::locale;
use warroom_room::settings::{Chords, Color, Glyphs, Settings};

/// How the console looks and which keys it knows.
#[derive(Debug, Clone)]
pub struct Options {
    pub appearance: Appearance,
    pub keymap: Keymap,
    pub read_only: bool,
    pub mouse: bool,
    /// Frames a second, at most; at least 1.
    pub frames_per_second: u8,
}

/// A setting that the console cannot use. One sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OptionsError(pub String);

impl OptionsError {
    /// The setting that it is about: `ui.theme`, `keys.help`, `keys`.
    pub fn key(&self) -> &str {
        self.0.split_once(':').map_or("", |(key, _)| key)
    }
}

impl Options {
    /// `themes` is the folder of the user's own themes; it need not exist.
    pub fn new(settings: &Settings, themes: &Path) -> Result<Options, OptionsError> {
        let variable = |name: &str| std::env::var(name).ok();
        let depth = match settings.ui.color {
            Color::Auto => Depth::detect(false, variable),
            Color::Never => Depth::None,
            Color::Ansi16 => Depth::Ansi16,
            Color::Indexed256 => Depth::Ansi256,
            Color::Truecolor => Depth::True,
        };
        let unicode = match settings.ui.glyphs {
            Glyphs::Auto => locale::is_unicode(),
            Glyphs::Unicode => true,
            Glyphs::Ascii => false,
        };
        let themes = Themes::load(Some(themes), depth);
        let mut appearance = Appearance::new(themes, Some(&settings.ui.theme), unicode, TimeZone::system())
            .map_err(|why| OptionsError(format!("ui.theme: {why}")))?;
        appearance.local = settings.ui.local_time.then(|| appearance.zone.clone());
        let keys: Vec<(&str, String)> = settings
            .keys
            .iter()
            .map(|(action, chords)| match chords {
                Chords::One(chord) => (action.as_str(), chord.clone()),
                Chords::Several(chords) => (action.as_str(), chords.join(" ")),
            })
            .collect();
        let keymap =
            Keymap::remapped(keys.iter().map(|(action, keys)| (*action, keys.as_str()))).map_err(OptionsError)?;
        Ok(Options {
            appearance,
            keymap,
            read_only: settings.read_only,
            mouse: settings.ui.mouse,
            frames_per_second: settings.ui.frames_per_second.max(1),
        })
    }
}
