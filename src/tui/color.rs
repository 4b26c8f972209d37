//! How many colours the terminal has, and what a colour becomes where there are fewer.

use ratatui::style::Color;

/// The colours of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// No colours by the user's wish; only bold, dim, underline and reverse.
    None,
    Ansi16,
    Ansi256,
    True,
}

impl Depth {
    /// Works the depth out from `TERM`, `COLORTERM` and `NO_COLOR` (no-color.org: any non-empty value), read through
    /// `variable`. `refused` is the command line's or the settings' wish.
    pub fn detect(refused: bool, variable: impl Fn(&str) -> Option<String>) -> Depth {
        let value = |name| variable(name).unwrap_or_default();
        if refused || !value("NO_COLOR").is_empty() {
            return Depth::None;
        }
        let term = value("TERM");
        if matches!(value("COLORTERM").as_str(), "truecolor" | "24bit") || term.ends_with("-direct") {
            return Depth::True;
        }
        if ["kitty", "ghostty", "alacritty", "foot", "wezterm"].iter().any(|name| term.contains(name)) {
            return Depth::True;
        }
        match term.as_str() {
            "" | "dumb" => Depth::None,
            _ if term.starts_with("vt") => Depth::None,
            _ if term.contains("256color") => Depth::Ansi256,
            _ => Depth::Ansi16,
        }
    }
}

/// A colour as a theme gives it: exact, and by its ANSI name for terminals with sixteen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThemeColor {
    pub rgb: Option<(u8, u8, u8)>,
    /// What sixteen-colour terminals show; their palette is the user's own.
    pub ansi: Color,
    /// No colour of its own where there are more than sixteen: what lies below keeps its colour.
    pub only_ansi: bool,
}

impl ThemeColor {
    /// The colour at a depth; `None` means the terminal's own.
    pub fn at(self, depth: Depth) -> Option<Color> {
        match (depth, self.rgb) {
            (Depth::None, _) => None,
            (Depth::Ansi256 | Depth::True, _) if self.only_ansi => None,
            (Depth::Ansi16, _) | (_, None) => Some(self.ansi),
            (Depth::Ansi256, Some(rgb)) => Some(Color::Indexed(nearest_256(rgb))),
            (Depth::True, Some((r, g, b))) => Some(Color::Rgb(r, g, b)),
        }
    }
}

/// The nearest of xterm's 6×6×6 cube (16-231) and grey ramp (232-255). The first sixteen are the user's and are not used.
fn nearest_256((r, g, b): (u8, u8, u8)) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |v: u8| (0..6u8).min_by_key(|i| STEPS[*i as usize].abs_diff(v)).unwrap_or(0);
    let distance = |(x, y, z): (u8, u8, u8)| {
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        square(x, r) + square(y, g) + square(z, b)
    };
    let (ri, gi, bi) = (step(r), step(g), step(b));
    let cube = (STEPS[ri as usize], STEPS[gi as usize], STEPS[bi as usize]);
    let average = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
    let level = (average.saturating_sub(3) / 10).min(23) as u8;
    let grey = 8 + 10 * level;
    if distance((grey, grey, grey)) < distance(cube) { 232 + level } else { 16 + 36 * ri + 6 * gi + bi }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(pairs: &[(&str, &str)]) -> Depth {
        Depth::detect(false, |name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn the_depth_follows_the_environment() {
        assert_eq!(detect(&[("TERM", "xterm")]), Depth::Ansi16);
        assert_eq!(detect(&[("TERM", "linux")]), Depth::Ansi16);
        assert_eq!(detect(&[("TERM", "tmux-256color")]), Depth::Ansi256);
        assert_eq!(detect(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(detect(&[("TERM", "xterm-kitty")]), Depth::True);
        assert_eq!(detect(&[("TERM", "xterm-kitty"), ("NO_COLOR", "1")]), Depth::None);
        assert_eq!(detect(&[("TERM", "xterm"), ("NO_COLOR", "")]), Depth::Ansi16);
        assert_eq!(detect(&[("TERM", "vt100")]), Depth::None);
        assert_eq!(Depth::detect(true, |_| Some("truecolor".into())), Depth::None);
    }

    #[test]
    fn exact_colours_come_down_to_the_nearest() {
        assert_eq!(nearest_256((255, 0, 0)), 196);
        assert_eq!(nearest_256((0, 0, 0)), 16);
        assert_eq!(nearest_256((128, 128, 128)), 244);
        assert_eq!(nearest_256((255, 255, 255)), 231);
    }
}
