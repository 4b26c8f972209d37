//! Headings, fences and lines of a document by plain scanning: what rules need beyond the parsed runbook.
//!
//! The parsed runbook keeps steps and executable blocks. Rules also ask which headings enclose a block, where other fences
//! (PromQL) are, and which bytes are prose. Documents found in the wild hold fences with escaped backquotes, which
//! CommonMark takes for text, so this looks at lines.

use std::ops::Range;

use warroom_domain::platform::Position;

/// A line that starts with one to six `#`.
#[derive(Debug, Clone)]
pub(super) struct Heading<'a> {
    pub(super) level: usize,
    pub(super) title: &'a str,
    pub(super) span: Range<usize>,
}

/// A fenced block of any language.
#[derive(Debug, Clone)]
pub(super) struct Fence<'a> {
    /// The first word after the backquotes, without braces.
    pub(super) language: &'a str,
    /// The lines between the fences.
    pub(super) body: Range<usize>,
    /// With its fences.
    pub(super) whole: Range<usize>,
}

#[derive(Debug)]
pub(super) struct Outline<'a> {
    text: &'a str,
    line_starts: Vec<usize>,
    pub(super) headings: Vec<Heading<'a>>,
    /// For each heading, the number of the one that encloses it and where what it rules over ends.
    tree: Vec<(Option<usize>, usize)>,
    pub(super) fences: Vec<Fence<'a>>,
}

impl<'a> Outline<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let mut outline =
            Outline { text, line_starts: Vec::new(), headings: Vec::new(), tree: Vec::new(), fences: Vec::new() };
        let mut open: Option<(Mark, &'a str, usize, usize)> = None;
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            outline.line_starts.push(start);
            let end = start + line.len();
            let trimmed = line.trim();
            match (&open, Mark::of(trimmed)) {
                (Some((mark, language, whole, body)), Some(other)) if other.closes(*mark, trimmed) => {
                    let (body, whole) = (*body..start, *whole..end);
                    outline.fences.push(Fence { language, body, whole });
                    open = None;
                }
                (None, Some(mark)) => {
                    let info = trimmed.trim_start_matches(['\\', '`', '~']).trim_start();
                    let language = info.split([' ', '\t', '{', ',']).next().unwrap_or_default();
                    open = Some((mark, language, start, end));
                }
                (None, None) => outline.headings.extend(heading(line, start)),
                (Some(_), _) => {}
            }
            start = end;
        }
        if let Some((_, language, whole, body)) = open {
            outline.fences.push(Fence { language, body: body..text.len(), whole: whole..text.len() });
        }
        outline.tree = tree(&outline.headings, text.len());
        outline
    }

    /// Line and column of a byte range.
    pub(super) fn position(&self, span: Range<usize>) -> Position {
        let mut start = span.start.min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let line = self.line_starts.partition_point(|line| *line <= start).max(1);
        let line_start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let column = self.text[line_start..start].chars().count() + 1;
        Position { line, column, span: start..span.end.clamp(start, self.text.len()) }
    }

    /// The bytes of a line, counted from 1, without its line break.
    pub(super) fn line(&self, number: usize) -> Range<usize> {
        let start = self.line_starts.get(number.saturating_sub(1)).copied().unwrap_or(self.text.len());
        let end = self.line_starts.get(number).copied().unwrap_or(self.text.len());
        start..start + self.text[start..end].trim_end().len()
    }

    /// The headings that enclose a byte, the outermost first.
    pub(super) fn path(&self, at: usize) -> Vec<&Heading<'a>> {
        let mut path: Vec<&Heading<'a>> = Vec::new();
        let before = self.headings.partition_point(|heading| heading.span.start <= at);
        let mut next = before.checked_sub(1);
        while let Some(number) = next {
            path.extend(self.headings.get(number));
            next = self.tree.get(number).and_then(|(parent, _)| *parent);
        }
        path.reverse();
        path
    }

    /// The fence in whose body a byte stands.
    pub(super) fn fence_at(&self, at: usize) -> Option<&Fence<'a>> {
        let before = self.fences.partition_point(|fence| fence.body.end <= at);
        self.fences.get(before).filter(|fence| fence.body.contains(&at))
    }

    /// The bytes that a heading rules over: to the next heading of its level or above.
    pub(super) fn extent(&self, heading: &Heading<'_>) -> Range<usize> {
        let number = self.headings.partition_point(|other| other.span.start < heading.span.start);
        heading.span.start..self.tree.get(number).map_or(self.text.len(), |(_, end)| *end)
    }

    /// Lines outside fences, with where they start.
    pub(super) fn prose(&self) -> impl Iterator<Item = (usize, &'a str)> + '_ {
        let mut fences = self.fences.iter().peekable();
        self.line_starts.iter().enumerate().filter_map(move |(index, start)| {
            while fences.next_if(|fence| fence.whole.end <= *start).is_some() {}
            if fences.peek().is_some_and(|fence| fence.whole.contains(start)) {
                return None;
            }
            let end = self.line_starts.get(index + 1).copied().unwrap_or(self.text.len());
            Some((*start, self.text[*start..end].trim_end()))
        })
    }
}

/// See [`Outline::tree`].
fn tree(headings: &[Heading<'_>], length: usize) -> Vec<(Option<usize>, usize)> {
    let mut tree = vec![(None, length); headings.len()];
    let mut open: Vec<usize> = Vec::new();
    for (number, heading) in headings.iter().enumerate() {
        while let Some(last) = open.pop_if(|last| headings[*last].level >= heading.level) {
            tree[last].1 = heading.span.start;
        }
        tree[number].0 = open.last().copied();
        open.push(number);
    }
    tree
}

/// The characters of a fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    character: char,
    length: usize,
}

impl Mark {
    /// Of a trimmed line. Backquotes may each be escaped: such fences occur where a document was made by a template.
    fn of(line: &str) -> Option<Self> {
        let plain = line.trim_start_matches("> ");
        let character = plain.trim_start_matches('\\').chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let length = plain.chars().filter(|c| *c != '\\').take_while(|c| *c == character).count();
        (length >= 3).then_some(Mark { character, length })
    }

    fn closes(self, opened: Mark, line: &str) -> bool {
        self.character == opened.character
            && self.length >= opened.length
            && line.trim_start_matches("> ").trim_matches(['\\', self.character]).is_empty()
    }
}

fn heading(line: &str, start: usize) -> Option<Heading<'_>> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let title = line.get(level..)?;
    if !(1..=6).contains(&level) || !title.starts_with([' ', '\t']) {
        return None;
    }
    let span = start..start + line.trim_end().len();
    Some(Heading { level, title: title.trim().trim_end_matches('#').trim_end(), span })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_inside_fences_are_not_headings_also_when_the_fence_is_escaped() {
        let text = "# T\n\n```bash\n# comment\n```\n\n## A\n\\`\\`\\`sh\n# no\n\\`\\`\\`\n### B\n~~~\n# no\n~~~\n";
        let outline = Outline::of(text);
        let titles: Vec<_> = outline.headings.iter().map(|h| (h.level, h.title)).collect();
        assert_eq!(titles, [(1, "T"), (2, "A"), (3, "B")]);
        let languages: Vec<_> = outline.fences.iter().map(|f| (f.language, &text[f.body.clone()])).collect();
        assert_eq!(languages, [("bash", "# comment\n"), ("sh", "# no\n"), ("", "# no\n")]);
    }

    #[test]
    fn the_path_of_a_byte_names_its_enclosing_headings() {
        let text = "# T\n## A\n### A1\n## B\n#### B1\nhere\n";
        let outline = Outline::of(text);
        let path: Vec<_> = outline.path(text.find("here").unwrap()).iter().map(|h| h.title).collect();
        assert_eq!(path, ["T", "B", "B1"]);
        let b = &outline.headings[3];
        assert_eq!(&text[outline.extent(b)], "## B\n#### B1\nhere\n");
    }

    #[test]
    fn positions_count_lines_from_one_and_columns_in_characters() {
        let outline = Outline::of("é b\nc\n");
        assert_eq!((outline.position(3..4).line, outline.position(3..4).column), (1, 3));
        assert_eq!((outline.position(5..6).line, outline.position(5..6).column), (2, 1));
        assert_eq!(outline.position(99..100).line, 2);
    }
}
