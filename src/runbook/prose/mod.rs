//! Markdown as styled lines of a width, for the terminal and for the console alike. Pure.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`mod@line`] | lines, spans, styles |
//! | `wrap` | text broken into lines |
//! | `table` | tables that fit |

pub mod line;
mod table;
mod wrap;

#[cfg(test)]
mod tests;

pub use line::{Role, Span, Style, StyledLine};

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, LinkType, Parser, Tag, TagEnd};
use unicode_width::UnicodeWidthStr;

use self::{
    table::Table,
    wrap::{Inline, cut, visible, wrap},
};
use super::parse::readable;

/// The signs that lines are drawn with.
#[derive(Debug, Clone, Copy)]
pub struct Glyphs {
    bullets: [&'static str; 3],
    open: &'static str,
    done: &'static str,
    bar: &'static str,
    rule: &'static str,
    crossing: &'static str,
    wrapped: &'static str,
}

impl Glyphs {
    pub const UNICODE: Glyphs =
        Glyphs {
            bullets: ["•", "◦", "▪"], open: "☐", done: "☑", bar: "│", rule: "─", crossing: "┼", wrapped: "↪ "
        };
    pub const ASCII: Glyphs = Glyphs {
        bullets: ["*", "-", "+"],
        open: "[ ]",
        done: "[x]",
        bar: "|",
        rule: "-",
        crossing: "+",
        wrapped: "> ",
    };

    pub fn new(unicode: bool) -> Self {
        if unicode { Self::UNICODE } else { Self::ASCII }
    }
}

/// Text is not squeezed into less than this many columns.
const NARROWEST: usize = 20;

/// Draws Markdown: a whole document (front matter is left out) or any part of one that starts at a line's start. Lines are at
/// most `width` columns wide, and `width` counts as at least 20.
pub fn render(markdown: &str, width: usize) -> Vec<StyledLine> {
    render_with(markdown, width, Glyphs::UNICODE)
}

/// [`render`] with other signs.
pub fn render_with(markdown: &str, width: usize, glyphs: Glyphs) -> Vec<StyledLine> {
    let text = readable::for_reading(markdown);
    let mut writer = Writer::new(markdown, width.max(NARROWEST), glyphs);
    for (event, span) in Parser::new_ext(&text, readable::options()).into_offset_iter() {
        writer.event(event, span);
    }
    writer.flush();
    while writer.lines.last().is_some_and(|line| line.spans.is_empty()) {
        writer.lines.pop();
    }
    writer.lines
}

/// Plain text, no Markdown, in lines of at most `width` columns and without control characters; line breaks become spaces.
pub fn plain(text: &str, width: usize) -> Vec<StyledLine> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    wrap(&vec![(visible(&text), Style::default())], width)
}

/// What stands before every line of a list item or a quote.
struct Frame {
    /// Before the first line; then `rest`.
    first: Option<Vec<Span>>,
    rest: Vec<Span>,
}

struct Writer<'a> {
    markdown: &'a str,
    width: usize,
    glyphs: Glyphs,
    lines: Vec<StyledLine>,
    frames: Vec<Frame>,
    /// Lists around the current place: the next number of a numbered one.
    lists: Vec<Option<u64>>,
    inline: Inline,
    bold: usize,
    italic: usize,
    struck: usize,
    heading: Option<u8>,
    links: Vec<(LinkType, String, usize)>,
    table: Option<Table>,
    /// The lines of the code block that is being read, and where each starts.
    code: Option<Vec<(usize, String)>>,
    /// Nothing has been written in the current list item or quote.
    at_start: bool,
}

impl<'a> Writer<'a> {
    fn new(markdown: &'a str, width: usize, glyphs: Glyphs) -> Self {
        Writer {
            markdown,
            width,
            glyphs,
            lines: Vec::new(),
            frames: Vec::new(),
            lists: Vec::new(),
            inline: Inline::new(),
            bold: 0,
            italic: 0,
            struck: 0,
            heading: None,
            links: Vec::new(),
            table: None,
            code: None,
            at_start: true,
        }
    }

    fn style(&self) -> Style {
        let role = match self.heading {
            Some(level) => Role::Heading(level),
            None if !self.links.is_empty() => Role::Link,
            None => Role::Text,
        };
        Style { role, bold: self.bold > 0, italic: self.italic > 0, struck: self.struck > 0 }
    }

    fn event(&mut self, event: Event<'_>, span: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(_) if self.code.is_some() => self.code_piece(span),
            Event::Text(text) => self.inline.push((visible(&text), self.style())),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                let style = Style { role: Role::Code, ..self.style() };
                self.inline.push((visible(&text), style));
            }
            Event::InlineHtml(html) if is_line_break(&html) => self.inline.push(("\n".to_owned(), self.style())),
            Event::InlineHtml(html) if html.starts_with("<!--") => {}
            Event::InlineHtml(html) => self.inline.push((visible(&html), Style::of(Role::Html))),
            Event::Html(html) => self.html(&html),
            Event::SoftBreak => self.inline.push((" ".to_owned(), self.style())),
            Event::HardBreak => self.inline.push(("\n".to_owned(), self.style())),
            Event::Rule => {
                self.space();
                let rule = self.glyphs.rule.repeat(self.room());
                self.line_of(vec![Span { text: rule, style: Style::of(Role::Mark) }], None);
            }
            Event::TaskListMarker(done) => self.task(done),
            Event::FootnoteReference(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => {
                self.flush();
                self.space();
            }
            Tag::Heading { level, .. } => {
                self.flush();
                self.space();
                self.heading = Some(number(level));
            }
            Tag::BlockQuote(kind) => {
                self.flush();
                self.space();
                let bar = Span { text: format!("{} ", self.glyphs.bar), style: Style::of(Role::Mark) };
                self.frames.push(Frame { first: None, rest: vec![bar] });
                if let Some(kind) = kind {
                    let word = format!("{kind:?}");
                    let style = Style { bold: true, ..Style::default() };
                    self.line_of(vec![Span { text: word, style }], None);
                }
                self.at_start = true;
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                self.space();
                self.code = Some(Vec::new());
                let indent = if matches!(kind, CodeBlockKind::Fenced(_)) { "  " } else { "    " };
                let rest = vec![Span { text: indent.to_owned(), style: Style::default() }];
                self.frames.push(Frame { first: None, rest });
            }
            Tag::List(first) => {
                self.flush();
                if self.lists.is_empty() {
                    self.space();
                }
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::Table(alignments) => {
                self.flush();
                self.space();
                self.table = Some(Table { alignments, ..Table::default() });
            }
            Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(Vec::new());
                }
            }
            Tag::TableHead => self.bold += 1,
            Tag::Strong => self.bold += 1,
            Tag::Emphasis => self.italic += 1,
            Tag::Strikethrough => self.struck += 1,
            Tag::Link { link_type, dest_url, .. } => {
                self.links.push((link_type, visible(&dest_url), self.inline.len()));
            }
            Tag::Image { link_type, dest_url, .. } => {
                self.inline.push(("image: ".to_owned(), Style::of(Role::Mark)));
                self.links.push((link_type, visible(&dest_url), self.inline.len()));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.flush(),
            TagEnd::Heading(_) => {
                self.flush();
                self.heading = None;
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.frames.pop();
            }
            TagEnd::Item => {
                self.flush();
                // An item without text still has its bullet.
                if self.frames.last().is_some_and(|frame| frame.first.is_some()) {
                    self.line_of(Vec::new(), None);
                }
                self.frames.pop();
            }
            TagEnd::CodeBlock => {
                self.code_lines();
                self.frames.pop();
            }
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.inline);
                if let Some(table) = &mut self.table {
                    table.rows.last_mut().unwrap_or(&mut table.head).push(cell);
                }
            }
            TagEnd::TableHead => self.bold = self.bold.saturating_sub(1),
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    for line in table.draw(self.room(), &self.glyphs) {
                        self.line_of(line.spans, None);
                    }
                }
            }
            TagEnd::Strong => self.bold = self.bold.saturating_sub(1),
            TagEnd::Emphasis => self.italic = self.italic.saturating_sub(1),
            TagEnd::Strikethrough => self.struck = self.struck.saturating_sub(1),
            TagEnd::Link | TagEnd::Image => self.link(),
            _ => {}
        }
    }

    /// Says where a link leads, unless its text says so already.
    fn link(&mut self) {
        let Some((kind, url, from)) = self.links.pop() else { return };
        let text: String = self.inline.iter().skip(from).map(|(text, _)| text.as_str()).collect();
        let is_said = matches!(kind, LinkType::Autolink | LinkType::Email) || text == url;
        if !is_said && !url.is_empty() && !url.starts_with('#') {
            self.inline.push((" (".to_owned(), self.style()));
            self.inline.push((url, Style { role: Role::Url, ..self.style() }));
            self.inline.push((")".to_owned(), self.style()));
        }
    }

    fn item(&mut self) {
        self.flush();
        let depth = self.lists.len().saturating_sub(1);
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                let mark = format!("{number}. ");
                *number = number.saturating_add(1);
                mark
            }
            _ => format!("{} ", self.glyphs.bullets[depth % self.glyphs.bullets.len()]),
        };
        self.frames.push(self.frame(&mark, Role::Mark));
        self.at_start = true;
    }

    /// The box takes the bullet's place.
    fn task(&mut self, done: bool) {
        let (mark, role) = if done { (self.glyphs.done, Role::Done) } else { (self.glyphs.open, Role::Open) };
        let frame = self.frame(&format!("{mark} "), role);
        if let Some(last) = self.frames.last_mut() {
            *last = frame;
        }
    }

    fn frame(&self, mark: &str, role: Role) -> Frame {
        let indent = Span { text: " ".repeat(columns(mark)), style: Style::default() };
        Frame { first: Some(vec![Span { text: mark.to_owned(), style: Style::of(role) }]), rest: vec![indent] }
    }

    /// HTML blocks come line by line. Comments are not for readers.
    fn html(&mut self, html: &str) {
        if !html.trim_start().starts_with("<!--") {
            let text = visible(html.trim_end());
            self.line_of(vec![Span { text, style: Style::of(Role::Html) }], None);
        }
    }

    /// Takes a piece of code as it stands in the text: a part of a line, or some lines.
    fn code_piece(&mut self, span: Range<usize>) {
        let Some(lines) = &mut self.code else { return };
        let mut at = span.start;
        for line in self.markdown.get(span).unwrap_or_default().split_inclusive('\n') {
            match lines.last_mut() {
                Some((_, last)) if !last.ends_with('\n') => last.push_str(line),
                _ => lines.push((at, line.to_owned())),
            }
            at += line.len();
        }
    }

    /// Writes the lines of code, cut at the width; what goes on in the next line is marked.
    fn code_lines(&mut self) {
        let sign = self.glyphs.wrapped;
        let mark = Span { text: sign.to_owned(), style: Style::of(Role::Mark) };
        let room = self.room().saturating_sub(columns(sign)).max(1);
        for (start, line) in self.code.take().unwrap_or_default() {
            let line = visible(line.trim_end_matches(['\n', '\r']));
            // A line that just fits needs no room for the sign.
            let room = if columns(&line) <= self.room() { self.room() } else { room };
            for (number, row) in cut(&line, Style::of(Role::Code), room).into_iter().enumerate() {
                let spans = if number == 0 { row } else { std::iter::once(mark.clone()).chain(row).collect() };
                self.line_of(spans, (number == 0).then_some(start));
            }
        }
    }

    /// Columns that are left beside the frames.
    fn room(&self) -> usize {
        let used: usize = self.frames.iter().flat_map(|frame| &frame.rest).map(|span| columns(&span.text)).sum();
        self.width.saturating_sub(used).max(NARROWEST / 2)
    }

    /// Writes what has been read of a paragraph.
    fn flush(&mut self) {
        if self.inline.is_empty() {
            return;
        }
        let inline = std::mem::take(&mut self.inline);
        if self.table.is_some() {
            return;
        }
        for line in wrap(&inline, self.room()) {
            self.line_of(line.spans, None);
        }
        self.at_start = false;
    }

    /// An empty line between blocks; none at the start of an item or quote, and none in lists, which read well without.
    fn space(&mut self) {
        let at_start = std::mem::take(&mut self.at_start);
        if !at_start && self.lists.is_empty() && self.lines.last().is_some_and(|line| !line.spans.is_empty()) {
            self.line_of(Vec::new(), None);
        }
    }

    fn line_of(&mut self, spans: Vec<Span>, code_at: Option<usize>) {
        let mut line = StyledLine { code_at, ..StyledLine::default() };
        for frame in &mut self.frames {
            let prefix = frame.first.take();
            for span in prefix.as_ref().unwrap_or(&frame.rest) {
                line.push(&span.text, span.style);
            }
        }
        spans.iter().for_each(|span| line.push(&span.text, span.style));
        // Spaces at a line's end say nothing.
        while let Some(last) = line.spans.last_mut() {
            last.text.truncate(last.text.trim_end_matches(' ').len());
            if !last.text.is_empty() {
                break;
            }
            line.spans.pop();
        }
        self.lines.push(line);
    }
}

fn columns(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

fn is_line_break(html: &str) -> bool {
    let tag = html.trim_matches(['<', '>', '/', ' ']);
    tag.eq_ignore_ascii_case("br")
}

fn number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}
