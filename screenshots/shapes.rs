//! Characters that must meet their neighbours, drawn as shapes: box drawing, blocks, braille.

use std::fmt::Write;

/// The shape of a character in the cell whose upper left corner is at `x`, `y`; `None` when the font draws it well.
pub(crate) fn shape(character: char, x: f32, y: f32, cell: (f32, f32), color: &str) -> Option<String> {
    let place = Place { x, y, width: cell.0, height: cell.1, color };
    match character {
        '\u{2580}'..='\u{259f}' => place.block(character),
        '\u{2800}'..='\u{28ff}' => Some(place.braille(character as u32 - 0x2800)),
        '╭' | '╮' | '╯' | '╰' => Some(place.corner(character)),
        '╱' | '╲' | '╳' => None,
        '\u{2500}'..='\u{257f}' => arms(character).map(|arms| place.lines(arms)),
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Arm {
    No,
    Light,
    Heavy,
    Double,
}

/// Left, right, up, down.
type Arms = [Arm; 4];

/// Which arms a character has; `None` for those that no terminal program draws frames with.
fn arms(character: char) -> Option<Arms> {
    use Arm::{Double, Heavy, Light, No};
    // The light set, then the same shapes heavy and double.
    const SHAPES: [(&str, [u8; 4]); 11] = [
        ("─━═", [1, 1, 0, 0]),
        ("│┃║", [0, 0, 1, 1]),
        ("┌┏╔", [0, 1, 0, 1]),
        ("┐┓╗", [1, 0, 0, 1]),
        ("└┗╚", [0, 1, 1, 0]),
        ("┘┛╝", [1, 0, 1, 0]),
        ("├┣╠", [0, 1, 1, 1]),
        ("┤┫╣", [1, 0, 1, 1]),
        ("┬┳╦", [1, 1, 0, 1]),
        ("┴┻╩", [1, 1, 1, 0]),
        ("┼╋╬", [1, 1, 1, 1]),
    ];
    for (characters, present) in SHAPES {
        if let Some(index) = characters.chars().position(|one| one == character) {
            let arm = [Light, Heavy, Double][index];
            return Some(present.map(|present| if present == 1 { arm } else { No }));
        }
    }
    Some(match character {
        '╴' => [Light, No, No, No],
        '╵' => [No, No, Light, No],
        '╶' => [No, Light, No, No],
        '╷' => [No, No, No, Light],
        '╸' => [Heavy, No, No, No],
        '╹' => [No, No, Heavy, No],
        '╺' => [No, Heavy, No, No],
        '╻' => [No, No, No, Heavy],
        '╼' => [Light, Heavy, No, No],
        '╾' => [Heavy, Light, No, No],
        '┝' => [No, Heavy, Light, Light],
        '┥' => [Heavy, No, Light, Light],
        '┠' => [No, Light, Heavy, Heavy],
        '┨' => [Light, No, Heavy, Heavy],
        '┯' => [Heavy, Heavy, No, Light],
        '┷' => [Heavy, Heavy, Light, No],
        '┿' => [Heavy, Heavy, Light, Light],
        '╂' => [Light, Light, Heavy, Heavy],
        _ => return None,
    })
}

struct Place<'a> {
    x: f32,
    y: f32,
    width: f32,
    height: f32,
    color: &'a str,
}

impl Place<'_> {
    /// A rectangle in eighths of the cell's width and height.
    fn rectangle(&self, left: f32, top: f32, right: f32, bottom: f32) -> String {
        self.pixels(
            self.width * left / 8.0,
            self.height * top / 8.0,
            self.width * (right - left) / 8.0,
            self.height * (bottom - top) / 8.0,
        )
    }

    fn pixels(&self, left: f32, top: f32, width: f32, height: f32) -> String {
        let (x, y, color) = (self.x + left, self.y + top, self.color);
        format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{color}\" shape-rendering=\"crispEdges\"/>\n"
        )
    }

    fn block(&self, character: char) -> Option<String> {
        let code = character as u32;
        Some(match code {
            0x2580 => self.rectangle(0.0, 0.0, 8.0, 4.0),
            // Lower eighths, U+2588 being all of them.
            0x2581..=0x2588 => self.rectangle(0.0, 8.0 - (code - 0x2580) as f32, 8.0, 8.0),
            // Left eighths, from seven down to one.
            0x2589..=0x258f => self.rectangle(0.0, 0.0, (0x2590 - code) as f32, 8.0),
            0x2590 => self.rectangle(4.0, 0.0, 8.0, 8.0),
            0x2591..=0x2593 => {
                let opacity = (code - 0x2590) as f32 / 4.0;
                let (x, y, width, height, color) = (self.x, self.y, self.width, self.height, self.color);
                format!(
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{color}\" fill-opacity=\"{opacity}\" \
                     shape-rendering=\"crispEdges\"/>\n"
                )
            }
            0x2594 => self.rectangle(0.0, 0.0, 8.0, 1.0),
            0x2595 => self.rectangle(7.0, 0.0, 8.0, 8.0),
            0x2596..=0x259f => {
                // Upper left, upper right, lower left, lower right.
                let quarters: u8 = [0b0010, 0b0001, 0b1000, 0b1011, 0b1001, 0b1110, 0b1101, 0b0100, 0b0110, 0b0111]
                    [(code - 0x2596) as usize];
                let places = [(0.0, 0.0), (4.0, 0.0), (0.0, 4.0), (4.0, 4.0)];
                let drawn = places.iter().zip([8, 4, 2, 1]).filter(|(_, bit)| quarters & bit != 0);
                drawn.map(|(&(left, top), _)| self.rectangle(left, top, left + 4.0, top + 4.0)).collect()
            }
            _ => return None,
        })
    }

    /// Dots 1 2 3 7 stand in the left column, 4 5 6 8 in the right one.
    fn braille(&self, dots: u32) -> String {
        const PLACES: [(f32, f32); 8] =
            [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (1.0, 0.0), (1.0, 1.0), (1.0, 2.0), (0.0, 3.0), (1.0, 3.0)];
        let mut svg = String::new();
        for (bit, (column, row)) in PLACES.iter().enumerate().filter(|(bit, _)| dots >> bit & 1 == 1) {
            let _ = bit;
            let x = self.x + self.width * (0.25 + 0.5 * column);
            let y = self.y + self.height * (0.125 + 0.25 * row);
            let _ = writeln!(svg, "<circle cx=\"{x}\" cy=\"{y}\" r=\"1.6\" fill=\"{}\"/>", self.color);
        }
        svg
    }

    fn corner(&self, character: char) -> String {
        let (middle_x, middle_y) = (self.x + self.width / 2.0, self.y + self.height / 2.0);
        let (end_x, end_y) = match character {
            '╭' => (self.x + self.width, self.y + self.height),
            '╮' => (self.x, self.y + self.height),
            '╯' => (self.x, self.y),
            _ => (self.x + self.width, self.y),
        };
        // The straight part of the longer side, then a quarter of a circle.
        let radius = self.width / 2.0;
        let bend_y = middle_y + radius * (end_y - middle_y).signum();
        let color = self.color;
        format!(
            "<path d=\"M{middle_x} {end_y} L{middle_x} {bend_y} Q{middle_x} {middle_y} {end_x} {middle_y}\" \
             fill=\"none\" stroke=\"{color}\" stroke-width=\"1.4\"/>\n"
        )
    }

    fn lines(&self, arms: Arms) -> String {
        let [left, right, up, down] = arms;
        let (middle_x, middle_y) = (self.width / 2.0, self.height / 2.0);
        let mut svg = String::new();
        // Doubled lines stand this far from the middle; the arms that cross them start there.
        let doubled = arms.contains(&Arm::Double);
        for (arm, across) in [(left, true), (right, true), (up, false), (down, false)]
            .iter()
            .zip(0..)
            .filter_map(|((arm, horizontal), index)| (*arm != Arm::No).then_some(((*arm, *horizontal), index)))
        {
            let (weight, horizontal) = arm;
            let thickness = if weight == Arm::Heavy { 3.0 } else { 1.0 };
            let offsets: &[f32] = if weight == Arm::Double { &[-2.0, 2.0] } else { &[0.0] };
            for offset in offsets {
                // Both halves overlap in the middle, so that corners are closed.
                let reach = thickness / 2.0 + if doubled { 2.0 } else { 0.0 };
                let start = |first: bool, middle: f32| if first { 0.0 } else { middle - reach };
                let first = across % 2 == 0;
                svg += &if horizontal {
                    self.pixels(
                        start(first, middle_x),
                        middle_y - thickness / 2.0 + offset,
                        middle_x + reach,
                        thickness,
                    )
                } else {
                    self.pixels(
                        middle_x - thickness / 2.0 + offset,
                        start(first, middle_y),
                        thickness,
                        middle_y + reach,
                    )
                };
            }
        }
        svg
    }
}
