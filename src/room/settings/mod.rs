//! Settings of the program (not of a platform): layers, each over the one before, with where every value came from.
//!
//! 1. built-in defaults
//! 2. `/etc/warroom/config.toml`
//! 3. `$XDG_CONFIG_HOME/warroom/config.toml`
//! 4. `--config FILE`
//! 5. `WARROOM__SECTION__KEY` environment variables
//! 6. command-line flags

mod check;
mod layers;
mod places;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

pub use layers::{Layer, Layers, Origin, load};
pub use places::Places;

/// All settings, merged.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The pack to open: a folder, or a name that is looked up in `pack_dirs` and then among the embedded packs.
    #[serde(default)]
    pub pack: Option<String>,
    /// Folders that hold packs, one folder each.
    pub pack_dirs: Vec<PathBuf>,
    /// The environment of the pack to act in.
    #[serde(default)]
    pub environment: Option<String>,
    /// Where incidents and logs are kept.
    pub data_dir: PathBuf,
    /// The Unix group, by name or number, whose members share `data_dir`; without it, what is kept there is its owner's alone.
    #[serde(default)]
    pub data_group: Option<String>,
    /// Run nothing that can change anything.
    pub read_only: bool,
    /// Every environment is protected, whatever its pack says; also this machine, where there is no pack.
    pub protected: bool,
    pub ui: Ui,
    /// Action → key, or keys.
    #[serde(default)]
    pub keys: BTreeMap<String, Chords>,
    pub log: Log,
}

/// The `[ui]` section.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ui {
    pub theme: String,
    pub color: Color,
    pub glyphs: Glyphs,
    /// Show local time beside UTC.
    pub local_time: bool,
    /// At most this many frames a second, 1 to 60.
    pub frames_per_second: u8,
    pub mouse: bool,
}

/// How many colours the terminal can show: `auto`, `never`, `16`, `256` or `truecolor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Color {
    /// As `NO_COLOR`, `COLORTERM` and `TERM` say.
    Auto,
    Never,
    Ansi16,
    Indexed256,
    Truecolor,
}

/// Read as text, because an environment variable's `16` arrives as a number.
impl TryFrom<String> for Color {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "auto" => Ok(Color::Auto),
            "never" => Ok(Color::Never),
            "16" => Ok(Color::Ansi16),
            "256" => Ok(Color::Indexed256),
            "truecolor" => Ok(Color::Truecolor),
            other => Err(format!("{other} is none of auto, never, 16, 256, truecolor")),
        }
    }
}

/// Which characters may be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Glyphs {
    /// As the locale says.
    Auto,
    Unicode,
    Ascii,
}

/// One key chord or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Chords {
    One(String),
    Several(Vec<String>),
}

/// The `[log]` section: diagnostics of the program itself, under `data_dir/log`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`, or filter directives (`warroom=debug,kube=info`).
    pub level: String,
}
