//! Colour and weight of text: what is left of a program's escape sequences.

/// One of the colours that SGR sequences can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// 0–7 as 30–37, 8–15 as 90–97.
    Named(u8),
    Indexed(u8),
    Rgb(u8, u8, u8),
}

/// How text looks. Blinking and hidden text do not exist here: hidden text must be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    pub foreground: Option<Color>,
    pub background: Option<Color>,
    /// Bits of [`ATTRIBUTES`].
    attributes: u8,
}

/// SGR numbers that switch an attribute on; the bit is the index.
const ATTRIBUTES: [u16; 6] = [1, 2, 3, 4, 7, 9];

impl Style {
    /// Follows one SGR sequence, given as the text between `ESC [` and `m`.
    pub fn apply(&mut self, parameters: &[u8]) {
        let Ok(text) = std::str::from_utf8(parameters) else { return };
        let mut parts = text.split(';');
        while let Some(part) = parts.next() {
            // `4:3` is a kind of underline, `38:2::1:2:3` a colour in one part.
            let mut subparts = part.split(':');
            let first = subparts.next().unwrap_or_default();
            let Some(number) = number(first) else { continue };
            match number {
                38 | 48 => {
                    let color = if part.contains(':') {
                        let rest: Vec<&str> = subparts.collect();
                        // `38:2:<space>:r:g:b` has a colour space that most leave out.
                        let skip = usize::from(rest.first() == Some(&"2") && rest.len() > 4);
                        let flat: Vec<&str> =
                            rest.iter().enumerate().filter(|(i, _)| !(skip == 1 && *i == 1)).map(|(_, s)| *s).collect();
                        color(&mut flat.into_iter())
                    } else {
                        color(&mut parts)
                    };
                    if color.is_some() {
                        let ground = if number == 38 { &mut self.foreground } else { &mut self.background };
                        *ground = color;
                    }
                }
                4 if part == "4:0" => self.set(4, false),
                _ => self.one(number),
            }
        }
    }

    fn one(&mut self, number: u16) {
        match number {
            0 => *self = Style::default(),
            21 | 24 => self.set(4, false),
            22 => {
                self.set(1, false);
                self.set(2, false);
            }
            23 => self.set(3, false),
            27 => self.set(7, false),
            29 => self.set(9, false),
            30..=37 => self.foreground = Some(Color::Named(low(number - 30))),
            90..=97 => self.foreground = Some(Color::Named(low(number - 82))),
            39 => self.foreground = None,
            40..=47 => self.background = Some(Color::Named(low(number - 40))),
            100..=107 => self.background = Some(Color::Named(low(number - 92))),
            49 => self.background = None,
            _ => self.set(number, true),
        }
    }

    fn set(&mut self, attribute: u16, on: bool) {
        if let Some(index) = ATTRIBUTES.iter().position(|known| *known == attribute) {
            let bit = 1 << index;
            self.attributes = if on { self.attributes | bit } else { self.attributes & !bit };
        }
    }

    /// Writes the sequence that gives this style, whatever was before.
    pub fn write(self, to: &mut Vec<u8>) {
        to.extend_from_slice(b"\x1b[0");
        for (index, number) in ATTRIBUTES.iter().enumerate() {
            if self.attributes & (1 << index) != 0 {
                to.extend_from_slice(format!(";{number}").as_bytes());
            }
        }
        for (color, base) in [(self.foreground, 30_u16), (self.background, 40)] {
            let words = match color {
                None => continue,
                Some(Color::Named(n @ 0..=7)) => format!(";{}", base + u16::from(n)),
                Some(Color::Named(n)) => format!(";{}", base + 52 + u16::from(n)),
                Some(Color::Indexed(n)) => format!(";{};5;{n}", base + 8),
                Some(Color::Rgb(r, g, b)) => format!(";{};2;{r};{g};{b}", base + 8),
            };
            to.extend_from_slice(words.as_bytes());
        }
        to.push(b'm');
    }
}

fn number(text: &str) -> Option<u16> {
    if text.is_empty() { Some(0) } else { text.parse().ok() }
}

fn low(number: u16) -> u8 {
    u8::try_from(number).unwrap_or_default()
}

/// `5;n` or `2;r;g;b`.
fn color<'t>(parts: &mut impl Iterator<Item = &'t str>) -> Option<Color> {
    let mut byte = || parts.next().and_then(number).and_then(|n| u8::try_from(n).ok());
    match byte()? {
        5 => Some(Color::Indexed(byte()?)),
        2 => Some(Color::Rgb(byte()?, byte()?, byte()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(parameters: &str) -> String {
        let mut style = Style::default();
        style.apply(parameters.as_bytes());
        let mut out = Vec::new();
        style.write(&mut out);
        String::from_utf8(out).unwrap().replace('\x1b', "")
    }

    #[test]
    fn colours_come_out_as_they_went_in() {
        for (given, wanted) in [
            ("1;31", "[0;1;31m"),
            ("97;104", "[0;97;104m"),
            ("38;5;208", "[0;38;5;208m"),
            ("48;2;1;2;3", "[0;48;2;1;2;3m"),
            ("38:2::10:20:30", "[0;38;2;10;20;30m"),
            ("38:2:10:20:30", "[0;38;2;10;20;30m"),
            ("31;0", "[0m"),
            ("", "[0m"),
            ("1;22;4;24", "[0m"),
        ] {
            assert_eq!(rewritten(given), wanted, "{given}");
        }
    }

    #[test]
    fn text_cannot_be_hidden_or_blink() {
        assert_eq!(rewritten("8"), "[0m");
        assert_eq!(rewritten("5;6"), "[0m");
    }
}
