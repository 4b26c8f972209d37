//! Themes by meaning: views ask for the style of a role, a theme file says what it looks like.
//!
//! A theme is a TOML file: `title`, a `[palette]` of named colours (`{ rgb = "#rrggbb", ansi = "light-red" }`; with `only_ansi` it
//! is for terminals of sixteen colours alone), and `[roles]`, one
//! style for every [`Role`]. Six are built in (`themes/*.toml`); files in `$XDG_CONFIG_HOME/warroom/themes` are added, and
//! replace a built-in theme of the same name.

use std::{collections::HashMap, path::Path};

use include_dir::{Dir, include_dir};
use indexmap::IndexMap;
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use super::color::{Depth, ThemeColor};
use warroom_domain::{health::Status, platform::bounds};
use warroom_host::plain_file;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../themes");

/// The theme without a setting.
pub const DEFAULT: &str = "dark";
/// The theme whose modifiers are used where there are no colours.
const COLORLESS: &str = "monochrome";

/// What a piece of the screen means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything that has no other role, and the background.
    Text,
    /// What matters less: ages, thresholds, explanations.
    Dim,
    Title,
    TitleFocused,
    Border,
    BorderFocused,
    /// The selected row of the pane that has the focus.
    Selection,
    /// The selected row of another pane.
    SelectionUnfocused,
    /// Names and numbers that should be found first.
    Accent,
    /// A key in a hint.
    Key,
    /// The top line.
    Bar,
    /// `PROTECTED`.
    Protected,
    /// `SIMULATED`.
    Simulated,
    /// The line of alerts that fired.
    Banner,
    /// Text being typed.
    Input,
    /// The letters of a fuzzy match.
    Match,
    Ok,
    Warn,
    Unknown,
    Down,
}

impl Role {
    pub const ALL: [Role; 20] = [
        Role::Text,
        Role::Dim,
        Role::Title,
        Role::TitleFocused,
        Role::Border,
        Role::BorderFocused,
        Role::Selection,
        Role::SelectionUnfocused,
        Role::Accent,
        Role::Key,
        Role::Bar,
        Role::Protected,
        Role::Simulated,
        Role::Banner,
        Role::Input,
        Role::Match,
        Role::Ok,
        Role::Warn,
        Role::Unknown,
        Role::Down,
    ];
}

/// The styles of all roles at the depth of this terminal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Theme {
    styles: [Style; Role::ALL.len()],
}

impl Theme {
    pub fn role(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    pub fn text(&self) -> Style {
        self.role(Role::Text)
    }

    pub fn dim(&self) -> Style {
        self.role(Role::Dim)
    }

    pub fn accent(&self) -> Style {
        self.role(Role::Accent)
    }

    pub fn title(&self, focused: bool) -> Style {
        self.role(if focused { Role::TitleFocused } else { Role::Title })
    }

    pub fn border(&self, focused: bool) -> Style {
        self.role(if focused { Role::BorderFocused } else { Role::Border })
    }

    pub fn selection(&self, focused: bool) -> Style {
        self.role(if focused { Role::Selection } else { Role::SelectionUnfocused })
    }

    pub fn status(&self, status: Status) -> Style {
        self.role(match status {
            Status::Ok => Role::Ok,
            Status::Warn => Role::Warn,
            Status::Unknown => Role::Unknown,
            Status::Down => Role::Down,
        })
    }
}

/// A theme file, read and checked.
#[derive(Debug, Clone)]
struct ThemeSource {
    title: String,
    roles: HashMap<Role, (Option<ThemeColor>, Option<ThemeColor>, Modifier)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThemeFile {
    title: String,
    #[serde(default)]
    palette: HashMap<String, PaletteEntry>,
    roles: HashMap<Role, StyleEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PaletteEntry {
    rgb: Option<String>,
    ansi: String,
    #[serde(default)]
    only_ansi: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct StyleEntry {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    reverse: bool,
}

impl ThemeSource {
    /// Reads a theme file. The error is one sentence.
    fn parse(text: &str) -> Result<Self, String> {
        bounds::document(text).map_err(|(excess, _)| format!("it is {excess}"))?;
        let file: ThemeFile = toml::from_str(text).map_err(|e| e.message().to_owned())?;
        let mut palette = HashMap::new();
        for (name, entry) in file.palette {
            palette.insert(name, entry.read()?);
        }
        let color = |name: &Option<String>| match name {
            None => Ok(None),
            Some(name) => palette.get(name).copied().map(Some).ok_or(format!("the palette has no colour `{name}`")),
        };
        let mut roles = HashMap::new();
        for (role, entry) in &file.roles {
            roles.insert(*role, (color(&entry.fg)?, color(&entry.bg)?, entry.modifier()));
        }
        match Role::ALL.iter().find(|role| !roles.contains_key(role)) {
            Some(missing) => Err(format!("the role {missing:?} has no style")),
            None => Ok(ThemeSource { title: file.title, roles }),
        }
    }

    fn resolve(&self, depth: Depth) -> Theme {
        let mut styles = [Style::new(); Role::ALL.len()];
        for (role, (fg, bg, modifier)) in &self.roles {
            let color = |color: &Option<ThemeColor>| color.and_then(|c| c.at(depth));
            let mut style = Style::new().add_modifier(*modifier);
            style.fg = color(fg);
            style.bg = color(bg);
            styles[*role as usize] = style;
        }
        Theme { styles }
    }
}

impl PaletteEntry {
    fn read(&self) -> Result<ThemeColor, String> {
        let ansi = match self.ansi.as_str() {
            "default" => Color::Reset,
            name => name.parse().map_err(|_| format!("`{name}` is not an ANSI colour name"))?,
        };
        let rgb = match &self.rgb {
            None => None,
            Some(hex) => Some(hex_rgb(hex).ok_or(format!("`{hex}` is not a colour like #1e90ff"))?),
        };
        Ok(ThemeColor { rgb, ansi, only_ansi: self.only_ansi })
    }
}

fn hex_rgb(hex: &str) -> Option<(u8, u8, u8)> {
    let digits = hex.strip_prefix('#').filter(|d| d.len() == 6 && d.is_ascii())?;
    let part = |i: usize| u8::from_str_radix(&digits[i..i + 2], 16).ok();
    Some((part(0)?, part(2)?, part(4)?))
}

impl StyleEntry {
    fn modifier(&self) -> Modifier {
        let wishes = [
            (self.bold, Modifier::BOLD),
            (self.dim, Modifier::DIM),
            (self.italic, Modifier::ITALIC),
            (self.underline, Modifier::UNDERLINED),
            (self.reverse, Modifier::REVERSED),
        ];
        wishes.into_iter().filter(|(wish, _)| *wish).fold(Modifier::empty(), |all, (_, one)| all | one)
    }
}

/// All themes that can be chosen, by name.
#[derive(Debug, Clone)]
pub struct Themes {
    sources: IndexMap<String, ThemeSource>,
    depth: Depth,
    /// Files that could not be used, one sentence each.
    pub faults: Vec<String>,
}

impl Themes {
    /// The built-in themes, and those in `folder`, which need not exist.
    pub fn load(folder: Option<&Path>, depth: Depth) -> Themes {
        let mut themes = Themes { sources: IndexMap::new(), depth, faults: Vec::new() };
        for file in EMBEDDED.files() {
            themes.add(file.path(), file.contents_utf8().unwrap_or_default());
        }
        let mut paths: Vec<_> = folder
            .and_then(|folder| std::fs::read_dir(folder).ok())
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|e| e == "toml"))
            .collect();
        paths.sort();
        for path in paths {
            match plain_file::read_text(&path) {
                Ok(text) => themes.add(&path, &text),
                Err(error) => themes.faults.push(format!("cannot read the theme {}: {error}", path.display())),
            }
        }
        themes.sources.sort_by(|a, _, b, _| (a != DEFAULT, a).cmp(&(b != DEFAULT, b)));
        themes
    }

    fn add(&mut self, path: &Path, text: &str) {
        let Some(name) = path.file_stem().and_then(|s| s.to_str()) else { return };
        match ThemeSource::parse(text) {
            Ok(source) => {
                self.sources.insert(name.to_owned(), source);
            }
            Err(why) => self.faults.push(format!("the theme {} is not used: {why}", path.display())),
        }
    }

    /// The colours of this terminal.
    pub fn depth(&self) -> Depth {
        self.depth
    }

    /// Names and titles, the default theme first.
    pub fn list(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sources.iter().map(|(name, source)| (name.as_str(), source.title.as_str()))
    }

    /// The theme of that name for this terminal.
    pub fn get(&self, name: &str) -> Option<Theme> {
        let wanted = self.sources.get(name)?;
        match self.depth {
            Depth::None => Some(self.sources.get(COLORLESS).unwrap_or(wanted).resolve(Depth::None)),
            depth => Some(wanted.resolve(depth)),
        }
    }

    /// The name after `name`, round and round.
    pub fn next(&self, name: &str) -> &str {
        let index = self.sources.get_index_of(name).map_or(0, |i| (i + 1) % self.sources.len().max(1));
        self.sources.get_index(index).map_or(DEFAULT, |(name, _)| name)
    }

    /// The nearest name to a wrong one.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        self.sources
            .keys()
            .map(String::as_str)
            .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_built_in_themes_parse_and_style_every_role() {
        for depth in [Depth::None, Depth::Ansi16, Depth::Ansi256, Depth::True] {
            let themes = Themes::load(None, depth);
            assert_eq!(themes.faults, Vec::<String>::new());
            let names: Vec<&str> = themes.list().map(|(name, _)| name).collect();
            assert_eq!(names, ["dark", "colorblind", "high-contrast", "light", "monochrome", "solarized"]);
            for name in names {
                let theme = themes.get(name).unwrap();
                assert_ne!(theme.selection(true), theme.text(), "{name}: the selection must be seen");
                assert_ne!(theme.status(Status::Down), theme.status(Status::Ok), "{name} {depth:?}");
            }
        }
    }

    #[test]
    fn without_colours_no_style_has_one() {
        let themes = Themes::load(None, Depth::None);
        let names: Vec<String> = themes.list().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            let theme = themes.get(&name).unwrap();
            assert!(Role::ALL.iter().all(|r| theme.role(*r).fg.is_none() && theme.role(*r).bg.is_none()), "{name}");
        }
    }

    #[test]
    fn sixteen_colour_terminals_get_ansi_colours_only() {
        let themes = Themes::load(None, Depth::Ansi16);
        for (name, _) in themes.list() {
            let theme = themes.get(name).unwrap();
            for role in Role::ALL {
                let style = theme.role(role);
                for color in [style.fg, style.bg].into_iter().flatten() {
                    assert!(!matches!(color, Color::Rgb(..) | Color::Indexed(_)), "{name} {role:?}");
                }
            }
        }
    }

    #[test]
    fn a_broken_theme_of_the_user_is_named_and_the_others_work() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.toml"), "title = 'Mine'\n[roles]\ntext = { fg = 'pink' }").unwrap();
        let themes = Themes::load(Some(folder.path()), Depth::True);
        assert_eq!(themes.faults.len(), 1);
        assert!(
            themes.faults[0].ends_with("mine.toml is not used: the palette has no colour `pink`"),
            "{:?}",
            themes.faults
        );
        assert!(themes.get("dark").is_some());
        assert_eq!(themes.nearest("solarised"), Some("solarized"));
    }
}
