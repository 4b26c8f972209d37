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

    /// What a colour that a program asked for becomes on this terminal; `None` means the terminal's own.
    pub fn nearest(self, color: Color) -> Option<Color> {
        match (self, color) {
            (Depth::None, _) => None,
            (Depth::True, _) => Some(color),
            (Depth::Ansi256, Color::Rgb(r, g, b)) => Some(Color::Indexed(nearest_256((r, g, b)))),
            (Depth::Ansi256, _) => Some(color),
            (Depth::Ansi16, Color::Rgb(r, g, b)) => Some(nearest_16((r, g, b))),
            (Depth::Ansi16, Color::Indexed(index)) => Some(match index {
                0..16 => NAMED[usize::from(index)].0,
                16..232 => {
                    let step = |i: u8| STEPS[usize::from(i % 6)];
                    let cube = index - 16;
                    nearest_16((step(cube / 36), step(cube / 6), step(cube)))
                }
                232.. => nearest_16([8 + 10 * (index - 232); 3].into()),
            }),
            (Depth::Ansi16, _) => Some(color),
        }
    }
}

/// Levels of a colour in xterm's 6×6×6 cube.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The sixteen colours, as xterm shows them unless told otherwise.
const NAMED: [(Color, (u8, u8, u8)); 16] = [
    (Color::Black, (0, 0, 0)),
    (Color::Red, (205, 0, 0)),
    (Color::Green, (0, 205, 0)),
    (Color::Yellow, (205, 205, 0)),
    (Color::Blue, (0, 0, 238)),
    (Color::Magenta, (205, 0, 205)),
    (Color::Cyan, (0, 205, 205)),
    (Color::Gray, (229, 229, 229)),
    (Color::DarkGray, (127, 127, 127)),
    (Color::LightRed, (255, 0, 0)),
    (Color::LightGreen, (0, 255, 0)),
    (Color::LightYellow, (255, 255, 0)),
    (Color::LightBlue, (92, 92, 255)),
    (Color::LightMagenta, (255, 0, 255)),
    (Color::LightCyan, (0, 255, 255)),
    (Color::White, (255, 255, 255)),
];

/// The nearest of the sixteen.
fn nearest_16(rgb: (u8, u8, u8)) -> Color {
    NAMED.iter().min_by_key(|(_, named)| distance(*named, rgb)).map_or(Color::Reset, |(color, _)| *color)
}

/// How far two colours are apart.
fn distance((x, y, z): (u8, u8, u8), (r, g, b): (u8, u8, u8)) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    square(x, r) + square(y, g) + square(z, b)
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
    let step = |v: u8| (0..6u8).min_by_key(|i| STEPS[*i as usize].abs_diff(v)).unwrap_or(0);
    let (ri, gi, bi) = (step(r), step(g), step(b));
    let cube = (STEPS[ri as usize], STEPS[gi as usize], STEPS[bi as usize]);
    let average = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
    let level = (average.saturating_sub(3) / 10).min(23) as u8;
    let grey = 8 + 10 * level;
    if distance((grey, grey, grey), (r, g, b)) < distance(cube, (r, g, b)) {
        232 + level
    } else {
        16 + 36 * ri + 6 * gi + bi
    }
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
        assert_eq!(Depth::Ansi16.nearest(Color::Indexed(196)), Some(Color::LightRed));
        assert_eq!(Depth::Ansi16.nearest(Color::Indexed(232)), Some(Color::Black));
        assert_eq!(Depth::Ansi256.nearest(Color::Rgb(255, 0, 0)), Some(Color::Indexed(196)));
        assert_eq!(Depth::None.nearest(Color::Red), None);
    }
}
