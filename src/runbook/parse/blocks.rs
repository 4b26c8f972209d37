//! From Markdown to a flat row of blocks in document order: headings, paragraphs by line, lists, items and fences.

use std::{iter::Peekable, ops::Range, slice};

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};

use super::{
    containers::{Containers, Mark},
    dialect, fence,
    language::{self, Use},
    readable,
};
use crate::Asks;

/// One block. Its place in lists and quotes is in `depth` and `item`.
#[derive(Debug)]
pub(super) struct Block {
    pub kind: Kind,
    /// Bytes of the whole block in the document.
    pub span: Range<usize>,
    /// How many lists and quotes are around it.
    pub depth: usize,
    /// The innermost list item around it: an index of the same row.
    pub item: Option<usize>,
    /// Why actions in it are never run by themselves.
    pub asks: Option<Asks>,
}

#[derive(Debug)]
pub(super) enum Kind {
    Heading {
        level: u8,
        text: String,
    },
    Paragraph(Vec<Line>),
    /// The start of a list; `span` is all of it.
    List,
    /// The start of a list item; `ticked` when it is a task.
    Item {
        ticked: Option<bool>,
    },
    Fence(Fence),
    /// One of several alternatives begins, with the number of their group.
    Option {
        group: usize,
        title: String,
    },
    /// The alternatives before this are all of them.
    OptionsEnd,
    /// Code by indentation, HTML, a table, a rule, the start of a quote.
    Other,
}

/// A line of a paragraph without its marks.
#[derive(Debug, Default, Clone)]
pub(super) struct Line {
    pub text: String,
    /// How many bytes of `text`, from its start, are bold; 0 when it does not start with bold text.
    pub bold: usize,
    /// Bytes of `text` that are inline code.
    pub code: Vec<Range<usize>>,
    /// Where the line starts in the document.
    pub start: usize,
}

/// A fenced code block.
#[derive(Debug, Default)]
pub(super) struct Fence {
    /// What stands after the opening mark, as written.
    pub info: Range<usize>,
    /// The code, without a list's indentation and without carriage returns.
    pub code: Vec<Range<usize>>,
    /// What is done with it.
    pub what: Use,
    /// The document ended before the fence did.
    pub unclosed: bool,
}

/// Reads the whole document. `text` has the same offsets as `source`, which is what is quoted.
pub(super) fn read(source: &str, text: &str, containers: &Containers) -> Vec<Block> {
    let (blocks, around, marks) = (Vec::new(), Vec::new(), containers.marks.iter().peekable());
    let mut reader = Reader { source, blocks, around, inline: None, fence: None, marks, asking: &containers.asking };
    for (event, span) in Parser::new_ext(text, readable::options()).into_offset_iter() {
        reader.event(event, span);
    }
    reader.mark(usize::MAX);
    reader.blocks
}

struct Reader<'a> {
    source: &'a str,
    blocks: Vec<Block>,
    /// Lists, items and quotes around the current place; the index of the block that an item is.
    around: Vec<Option<usize>>,
    inline: Option<Inline>,
    fence: Option<Fence>,
    /// Where alternatives begin and end, those that are still to come.
    marks: Peekable<slice::Iter<'a, Mark>>,
    asking: &'a [(Range<usize>, Asks)],
}

/// The lines of a paragraph or heading that is being read.
struct Inline {
    lines: Vec<Line>,
    span: Range<usize>,
    bold: usize,
    /// No text but bold text has come on this line.
    all_bold: bool,
    /// The heading's level.
    level: Option<u8>,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, span: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, span),
            Event::End(tag) => self.end(tag, span),
            Event::Text(text) if self.fence.is_some() => self.code(&text, span),
            Event::Code(text) => {
                self.text(&text, span);
                if let Some(line) = self.inline.as_mut().and_then(|inline| inline.lines.last_mut()) {
                    line.code.push(line.text.len() - text.len()..line.text.len());
                }
            }
            Event::Text(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.text(&text, span),
            Event::SoftBreak | Event::HardBreak => {
                if let Some(inline) = &mut self.inline {
                    inline.lines.push(Line { start: span.end, ..Line::default() });
                    inline.all_bold = true;
                }
            }
            Event::TaskListMarker(ticked) => {
                if let Some(Some(item)) = self.around.last() {
                    self.blocks[*item].kind = Kind::Item { ticked: Some(ticked) };
                }
            }
            Event::Rule => {
                self.flush();
                self.push(Kind::Other, span);
            }
            Event::Html(_) | Event::InlineHtml(_) | Event::FootnoteReference(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, span: Range<usize>) {
        match tag {
            Tag::Strong => {
                if self.inline.is_none() {
                    self.open(span.clone(), None);
                }
                if let Some(inline) = &mut self.inline {
                    inline.bold += 1;
                }
                return;
            }
            Tag::Emphasis | Tag::Strikethrough | Tag::Superscript | Tag::Subscript | Tag::Link { .. } => return,
            Tag::Image { .. } => return,
            _ => self.flush(),
        }
        match tag {
            Tag::Paragraph => self.open(span, None),
            Tag::Heading { level, .. } => self.open(span, Some(number(level))),
            Tag::List(_) => {
                self.push(Kind::List, span);
                self.around.push(None);
            }
            Tag::Item => {
                let item = self.push(Kind::Item { ticked: None }, span);
                self.around.push(Some(item));
            }
            Tag::BlockQuote(_) => {
                self.push(Kind::Other, span);
                self.around.push(None);
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(_)) => {
                self.fence = Some(Fence { info: self.info(&span), ..Fence::default() });
            }
            Tag::TableHead | Tag::TableRow | Tag::TableCell => {}
            _ => {
                self.push(Kind::Other, span);
            }
        }
    }

    fn end(&mut self, tag: TagEnd, span: Range<usize>) {
        match tag {
            TagEnd::Strong => {
                if let Some(inline) = &mut self.inline {
                    inline.bold = inline.bold.saturating_sub(1);
                }
            }
            TagEnd::Paragraph | TagEnd::Heading(_) => self.flush(),
            TagEnd::List(_) | TagEnd::Item | TagEnd::BlockQuote(_) => {
                self.flush();
                self.around.pop();
            }
            TagEnd::CodeBlock => {
                if let Some(mut fence) = self.fence.take() {
                    fence.unclosed = !self.is_closed(&span);
                    fence.without_options(self.source);
                    let code = fence.code.iter().map(|span| &self.source[span.clone()]).collect::<String>();
                    fence.what = language::of(&self.source[fence.info.clone()], &code);
                    self.push(Kind::Fence(fence), span);
                }
            }
            // A table's text is no paragraph.
            TagEnd::TableCell | TagEnd::HtmlBlock => self.inline = None,
            _ => {}
        }
    }

    fn push(&mut self, kind: Kind, span: Range<usize>) -> usize {
        self.mark(span.start);
        let item = self.around.iter().rev().find_map(|around| *around);
        let asks = self.asking.iter().rev().find(|(part, _)| part.contains(&span.start)).map(|(_, asks)| *asks);
        self.blocks.push(Block { kind, span, depth: self.around.len(), item, asks });
        self.blocks.len() - 1
    }

    /// The marks up to this byte.
    fn mark(&mut self, at: usize) {
        while let Some(mark) = self.marks.next_if(|mark| mark.at <= at) {
            let kind = match &mark.title {
                Some(title) => Kind::Option { group: mark.group, title: title.clone() },
                None => Kind::OptionsEnd,
            };
            let (span, depth) = (mark.at..mark.at, self.around.len());
            self.blocks.push(Block { kind, span, depth, item: None, asks: None });
        }
    }

    fn open(&mut self, span: Range<usize>, level: Option<u8>) {
        let first = Line { start: span.start, ..Line::default() };
        self.inline = Some(Inline { lines: vec![first], span, bold: 0, all_bold: true, level });
    }

    /// Text of a tight list's item stands in no paragraph: it gets one.
    fn text(&mut self, text: &str, span: Range<usize>) {
        if self.inline.is_none() {
            self.open(span.clone(), None);
        }
        let Some(inline) = &mut self.inline else { return };
        inline.span.end = inline.span.end.max(span.end);
        let Some(line) = inline.lines.last_mut() else { return };
        line.text.push_str(text);
        inline.all_bold &= inline.bold > 0;
        if inline.all_bold {
            line.bold = line.text.len();
        }
    }

    fn flush(&mut self) {
        let Some(inline) = self.inline.take() else { return };
        match inline.level {
            Some(level) => {
                let text: Vec<&str> = inline.lines.iter().map(|line| line.text.trim()).collect();
                self.push(Kind::Heading { level, text: text.join(" ").trim().to_owned() }, inline.span);
            }
            None => {
                self.push(Kind::Paragraph(inline.lines), inline.span);
            }
        }
    }

    /// Takes a piece of code by its place. Only what is really there counts: a tab that a list took part of comes as spaces,
    /// and a carriage return must not reach bash.
    fn code(&mut self, text: &str, span: Range<usize>) {
        let Some(fence) = &mut self.fence else { return };
        let piece = self.source.get(span.clone()).unwrap_or_default();
        if piece.is_empty() && !text.is_empty() {
            return;
        }
        let mut start = span.start;
        for (at, _) in piece.match_indices("\r\n") {
            add(&mut fence.code, start..span.start + at);
            start = span.start + at + 1;
        }
        add(&mut fence.code, start..span.end);
    }

    fn info(&self, span: &Range<usize>) -> Range<usize> {
        let block = &self.source[span.clone()];
        let line = block.split('\n').next().unwrap_or_default();
        let mark = line.len() - line.trim_start_matches(['`', '~', '\\', ':']).len();
        let rest = &line[mark..];
        let start = span.start + mark + (rest.len() - rest.trim_start().len());
        start..start + rest.trim().len()
    }

    fn is_closed(&self, span: &Range<usize>) -> bool {
        let block = self.source[span.clone()].trim_end();
        let last = block.rsplit('\n').next().unwrap_or_default();
        let mark = last.trim_start_matches(['>', ' ', '\t']);
        let marks_only = !mark.is_empty() && mark.chars().all(|c| matches!(c, '`' | '~' | '\\' | ':'));
        marks_only && block.contains('\n')
    }
}

impl Fence {
    /// Takes the options of a MyST directive off the code: lines `:name: value` before a blank one.
    fn without_options(&mut self, source: &str) {
        if dialect::code_directive(&source[self.info.clone()]).is_none() {
            return;
        }
        let lines = fence::lines(source, &self.code);
        let is_option = |line: &[Range<usize>]| {
            let text = fence::text_of(source, line);
            text.strip_prefix(':').is_some_and(|rest| rest.split_once(':').is_some_and(|(name, _)| !name.contains(' ')))
        };
        let options = lines.iter().take_while(|line| is_option(line)).count();
        let is_blank = lines.get(options).is_some_and(|line| fence::text_of(source, line).trim().is_empty());
        let skipped = if options > 0 { options + usize::from(is_blank) } else { 0 };
        self.code = fence::join(&lines[skipped..].concat());
    }
}

/// Adds a span, joined to the last one when nothing is between them.
fn add(spans: &mut Vec<Range<usize>>, span: Range<usize>) {
    if span.is_empty() {
        return;
    }
    match spans.last_mut() {
        Some(last) if last.end == span.start => last.end = span.end,
        _ => spans.push(span),
    }
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
