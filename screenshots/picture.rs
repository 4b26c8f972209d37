//! Draws a terminal's screen as a picture, the same bytes for the same screen on every machine with the same font.

use std::fmt::Write;

use resvg::{tiny_skia, usvg};
use vt100::{Cell, Color, Screen};

use super::shapes;

/// Size of a cell in pixels. The font's advance is 1233/2048 of its size, so that 10 pixels make a size of 16.61.
const CELL: (f32, f32) = (10.0, 20.0);
const FONT_SIZE: f32 = CELL.0 * 2048.0 / 1233.0;
const BASELINE: f32 = 15.5;
const MARGIN: f32 = 12.0;

const FONTS: [&str; 3] = ["DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf", "DejaVuSans.ttf"];
const FONT_FOLDER: &str = "/usr/share/fonts/truetype/dejavu";

/// What the terminal shows where the program names no colour, and for the sixteen named ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    foreground: [u8; 3],
    background: [u8; 3],
    named: [u32; 16],
}

impl Palette {
    pub(crate) const DARK: Palette = Palette {
        foreground: [0xd8, 0xdc, 0xe2],
        background: [0x11, 0x15, 0x1a],
        named: [
            0x1d2229, 0xe5565b, 0x63b267, 0xd9a441, 0x5a9bdc, 0xb582d9, 0x4fb3bf, 0xc4c9d1, //
            0x5c6570, 0xff7b80, 0x85d188, 0xf0c674, 0x82bdf2, 0xd0a5ee, 0x7dd3dc, 0xffffff,
        ],
    };
    pub(crate) const LIGHT: Palette = Palette {
        foreground: [0x22, 0x27, 0x2e],
        background: [0xfb, 0xfb, 0xf8],
        named: [
            0x22272e, 0xb3261e, 0x2b7a3d, 0x8a5a00, 0x1f5fae, 0x7b3fa0, 0x0b7285, 0xd0d4da, //
            0x6b7480, 0xd6453d, 0x3c9a50, 0xa87200, 0x3b7fd0, 0x9a5cc0, 0x1f94a8, 0xffffff,
        ],
    };

    fn rgb(&self, color: Color, default: [u8; 3]) -> [u8; 3] {
        match color {
            Color::Default => default,
            Color::Rgb(red, green, blue) => [red, green, blue],
            Color::Idx(index @ 0..=15) => {
                let [_, red, green, blue] = self.named[usize::from(index)].to_be_bytes();
                [red, green, blue]
            }
            // xterm's cube of 6×6×6 and its 24 greys.
            Color::Idx(index @ 16..=231) => {
                let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
                let index = index - 16;
                [level(index / 36), level(index / 6 % 6), level(index % 6)]
            }
            Color::Idx(index) => [8 + 10 * (index - 232); 3],
        }
    }

    /// Ink and paper of a cell.
    fn colors(&self, cell: &Cell) -> ([u8; 3], [u8; 3]) {
        let mut ink = self.rgb(cell.fgcolor(), self.foreground);
        let mut paper = self.rgb(cell.bgcolor(), self.background);
        if cell.inverse() {
            std::mem::swap(&mut ink, &mut paper);
        }
        if cell.dim() {
            for (ink, paper) in ink.iter_mut().zip(paper) {
                *ink = ((u16::from(*ink) * 11 + u16::from(paper) * 9) / 20) as u8;
            }
        }
        (ink, paper)
    }
}

/// A PNG file's bytes.
pub(crate) fn png(screen: &Screen, palette: Palette) -> Result<Vec<u8>, String> {
    let mut options = usvg::Options { font_family: "DejaVu Sans Mono".into(), ..usvg::Options::default() };
    for font in FONTS {
        let path = format!("{FONT_FOLDER}/{font}");
        let loaded = options.fontdb_mut().load_font_file(&path);
        loaded.map_err(|error| format!("{path}: {error} (apt-get install fonts-dejavu-core)"))?;
    }
    let tree = usvg::Tree::from_str(&svg(screen, palette), &options).map_err(|error| error.to_string())?;
    let size = tree.size().to_int_size();
    let mut pixels = tiny_skia::Pixmap::new(size.width(), size.height()).ok_or("the screen is empty")?;
    resvg::render(&tree, tiny_skia::Transform::default(), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| error.to_string())
}

fn svg(screen: &Screen, palette: Palette) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let width = f32::from(columns) * CELL.0 + 2.0 * MARGIN;
    let height = f32::from(rows) * CELL.1 + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\">\
         <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\
         <g transform=\"translate({MARGIN} {MARGIN})\" font-family=\"DejaVu Sans Mono\" font-size=\"{FONT_SIZE}\">\n",
        hex(palette.background),
    );
    for row in 0..rows {
        papers(&mut svg, screen, palette, row, columns);
    }
    for row in 0..rows {
        inks(&mut svg, screen, palette, row, columns);
    }
    if !screen.hide_cursor() {
        let (row, column) = screen.cursor_position();
        let (x, y) = (f32::from(column) * CELL.0, f32::from(row) * CELL.1);
        let color = hex(palette.foreground);
        let _ = write!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"2\" height=\"{}\" fill=\"{color}\"/>", CELL.1);
    }
    svg + "</g></svg>\n"
}

/// Backgrounds, one rectangle for each run of cells with the same one, so that no seams show.
fn papers(svg: &mut String, screen: &Screen, palette: Palette, row: u16, columns: u16) {
    let paper = |column| screen.cell(row, column).map(|cell| palette.colors(cell).1);
    let mut start = 0;
    while start < columns {
        let color = paper(start);
        let end = (start..columns).find(|&column| paper(column) != color).unwrap_or(columns);
        if let Some(color) = color.filter(|color| *color != palette.background) {
            let (x, y) = (f32::from(start) * CELL.0, f32::from(row) * CELL.1);
            let width = f32::from(end - start) * CELL.0;
            let (height, color) = (CELL.1, hex(color));
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{color}\" shape-rendering=\"crispEdges\"/>"
            );
        }
        start = end;
    }
}

/// Characters: lines, blocks and braille as shapes that meet their neighbours, the rest as text, each cell at its own place.
fn inks(svg: &mut String, screen: &Screen, palette: Palette, row: u16, columns: u16) {
    let y = f32::from(row) * CELL.1;
    let mut run: Option<Run> = None;
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else { continue };
        let (ink, _) = palette.colors(cell);
        let color = hex(ink);
        let x = f32::from(column) * CELL.0;
        let text = cell.contents();
        if cell.underline() {
            let width = if cell.is_wide() { 2.0 * CELL.0 } else { CELL.0 };
            let _ =
                writeln!(svg, "<rect x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"1\" fill=\"{color}\"/>", y + 18.0);
        }
        if text.trim().is_empty() {
            continue;
        }
        let mut characters = text.chars();
        if let (Some(character), None) = (characters.next(), characters.next())
            && let Some(shape) = shapes::shape(character, x, y, CELL, &color)
        {
            svg.push_str(&shape);
            continue;
        }
        let style = Style { color, bold: cell.bold(), italic: cell.italic() };
        match &mut run {
            // Combining marks share their base's place: only cells of one character stand in a run.
            Some(run) if run.style == style && text.chars().count() == 1 => run.add(x, text),
            _ => {
                if let Some(run) = run.take() {
                    run.write(svg, y);
                }
                let mut new = Run { style, places: String::new(), text: String::new() };
                new.add(x, text);
                if text.chars().count() == 1 {
                    run = Some(new);
                } else {
                    new.write(svg, y);
                }
            }
        }
    }
    if let Some(run) = run {
        run.write(svg, y);
    }
}

#[derive(PartialEq)]
struct Style {
    color: String,
    bold: bool,
    italic: bool,
}

/// Characters of one style in one row, each with its place.
struct Run {
    style: Style,
    places: String,
    text: String,
}

impl Run {
    fn add(&mut self, x: f32, text: &str) {
        let _ = write!(self.places, "{x} ");
        for character in text.chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                other => self.text.push(other),
            }
        }
    }

    fn write(&self, svg: &mut String, y: f32) {
        let weight = if self.style.bold { " font-weight=\"bold\"" } else { "" };
        // The font has no italic face in Debian's core package: slant it.
        let slant = if self.style.italic { " font-style=\"oblique\"" } else { "" };
        let (places, baseline, color, text) = (self.places.trim_end(), y + BASELINE, &self.style.color, &self.text);
        let _ = writeln!(svg, "<text x=\"{places}\" y=\"{baseline}\" fill=\"{color}\"{weight}{slant}>{text}</text>");
    }
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
