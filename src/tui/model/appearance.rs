//! How the screen looks: theme, signs, time zone.

use jiff::{Timestamp, tz::TimeZone};

use crate::theme::{DEFAULT, Theme, Themes};

/// What the user can choose about the looks.
#[derive(Debug, Clone)]
pub struct Appearance {
    pub themes: Themes,
    /// Name of the theme that is on.
    pub name: String,
    pub theme: Theme,
    /// False where the locale has no Unicode.
    pub unicode: bool,
    /// The zone in which times are shown; `None` is UTC.
    pub local: Option<TimeZone>,
    /// This machine's zone, for when local time is asked for.
    pub zone: TimeZone,
}

impl Appearance {
    /// The error is one sentence: there is no theme of that name.
    pub fn new(themes: Themes, wanted: Option<&str>, unicode: bool, zone: TimeZone) -> Result<Self, String> {
        let name = wanted.unwrap_or(DEFAULT);
        let Some(theme) = themes.get(name) else {
            let known: Vec<&str> = themes.list().map(|(name, _)| name).collect();
            let hint = themes.nearest(name).unwrap_or(DEFAULT);
            return Err(format!("there is no theme `{name}`; did you mean `{hint}`? There are {}", known.join(", ")));
        };
        Ok(Appearance { name: name.to_owned(), theme, themes, unicode, local: None, zone })
    }

    /// Switches to a theme; an unknown name changes nothing.
    pub fn switch(&mut self, name: &str) {
        if let Some(theme) = self.themes.get(name) {
            self.theme = theme;
            self.name = name.to_owned();
        }
    }

    /// The time of day: `14:03:22Z`, or `16:03:22` in local time.
    pub fn clock(&self, at: Timestamp) -> String {
        match &self.local {
            None => at.strftime("%H:%M:%SZ").to_string(),
            Some(zone) => at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string(),
        }
    }

    /// The time of day with the zone's name, for the top bar.
    pub fn long_clock(&self, at: Timestamp) -> String {
        match &self.local {
            None => at.strftime("%F %H:%M:%SZ").to_string(),
            Some(zone) => at.to_zoned(zone.clone()).strftime("%F %H:%M:%S %Z").to_string(),
        }
    }
}
