//! Finds where tabs, collapsed parts and notes begin and end, line by line.

use std::ops::Range;

use super::{
    dialect::{self, Kind},
    language,
};

/// These bytes become blanks; `text` stands at their start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub span: Range<usize>,
    pub text: String,
}

/// What ends a container.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    /// A closing tag of this name.
    Name(String),
    /// A line of so many colons.
    Colons(usize),
    /// A fence's closing line.
    Fence(char, usize),
    /// A line that is not further in than this.
    Outdent(usize),
    /// A rule.
    Rule,
    /// The end of what it stands in.
    Outer,
}

#[derive(Debug)]
pub(super) struct Node {
    pub kind: Kind,
    pub title: String,
    end: End,
    pub span: Range<usize>,
    /// The mark that opens it.
    pub mark: Range<usize>,
    pub children: Vec<Node>,
    /// Fences with commands that stand right in it.
    fences: usize,
    pub closed: bool,
    pub edits: Vec<Edit>,
}

impl Node {
    pub(super) fn runs(&self) -> usize {
        self.fences + self.children.iter().map(Node::runs).sum::<usize>()
    }

    /// Its tabs, also those in a plain container between.
    pub(super) fn tabs(&self) -> Vec<&Node> {
        self.children
            .iter()
            .flat_map(|child| if child.kind == Kind::Plain { child.tabs() } else { vec![child] })
            .filter(|child| child.kind == Kind::Tab)
            .collect()
    }
}

/// The containers of a document whose front matter is blanked, as a tree whose root is the document.
pub(super) fn scan(text: &str) -> Option<Node> {
    let root = Node {
        kind: Kind::Plain,
        title: String::new(),
        end: End::Outer,
        span: 0..text.len(),
        mark: 0..0,
        children: Vec::new(),
        fences: 0,
        closed: true,
        edits: Vec::new(),
    };
    let mut scanner = Scanner { text, open: vec![root], fence: None };
    let mut at = 0;
    let mut skip = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if start >= skip {
            skip = scanner.line(start, line.trim_end_matches(['\n', '\r']));
        }
    }
    scanner.close_to(1, text.len(), false);
    scanner.open.pop()
}

/// A fence that is being passed.
struct Open {
    sign: char,
    length: usize,
    at: usize,
    info: Range<usize>,
    body: usize,
}

struct Scanner<'a> {
    text: &'a str,
    /// Containers around the current line; the first is the document.
    open: Vec<Node>,
    fence: Option<Open>,
}

impl Scanner<'_> {
    /// Reads one line; says up to which byte it has read.
    fn line(&mut self, start: usize, line: &str) -> usize {
        let trimmed = line.trim();
        let indent = line.len() - line.trim_start().len();
        let (from, end) = (start + indent, start + line.len());
        if let Some(fence) = &self.fence {
            if dialect::closes_fence(trimmed, fence.sign, fence.length)
                && let Some(fence) = self.fence.take()
            {
                if fence.sign == ':' {
                    self.edit(from..end, "```");
                }
                self.fence_ends(&fence, start, end);
            }
            return end;
        }
        if trimmed.is_empty() {
            return end;
        }
        let tab = dialect::indented(trimmed);
        self.outdent(indent, start, tab.as_ref().map(|tab| tab.kind));
        if let Some(tab) = tab {
            return self.indented(&tab, indent, from..end);
        }
        if let Some((sign, length)) = dialect::opens_fence(trimmed) {
            self.fence_begins(sign, length, from..end);
            return end;
        }
        if let Some(colons) = dialect::colons(trimmed) {
            self.colons(colons, from..end);
            return end;
        }
        if let Some(heading) = dialect::heading_tab(trimmed) {
            self.heading(&heading, from..end);
        } else if matches!(trimmed, "---" | "***" | "___" | "* * *") && self.innermost(&End::Rule).is_some() {
            self.close(&End::Rule, from, Some(Edit { span: from..end, text: String::new() }));
        } else if let Some(title) = trimmed.strip_prefix("== ")
            && self.open.iter().any(|node| node.kind == Kind::Tabs && matches!(node.end, End::Colons(_)))
        {
            self.tab(title.trim(), from..end);
        } else if self.open.last().is_some_and(|node| matches!(node.kind, Kind::Tabs | Kind::Tab))
            && let Some(title) = dialect::plain_heading(trimmed)
            && self.open.iter().rev().any(|node| node.kind == Kind::Tabs && node.title == dialect::BY_HEADING)
        {
            self.tab(title, from..end);
        } else if trimmed.starts_with(['<', '{']) {
            return self.tags(from, end);
        }
        end
    }

    /// A new tab of the tabs around, in place of the one that is open.
    fn tab(&mut self, title: &str, span: Range<usize>) {
        if let Some(tabs) = self.open.iter().rposition(|node| node.kind == Kind::Tabs) {
            self.close_to(tabs + 1, span.start, true);
        }
        let edits = vec![Edit { span: span.clone(), text: title.to_owned() }];
        self.push(Kind::Tab, title, End::Outer, span, edits);
    }

    fn push(&mut self, kind: Kind, title: &str, end: End, mark: Range<usize>, edits: Vec<Edit>) {
        let (title, span) = (title.to_owned(), mark.start..self.text.len());
        self.open.push(Node { kind, title, end, span, mark, children: Vec::new(), fences: 0, closed: false, edits });
    }

    fn edit(&mut self, span: Range<usize>, text: &str) {
        if let Some(node) = self.open.first_mut() {
            node.edits.push(Edit { span, text: text.to_owned() });
        }
    }

    fn innermost(&self, end: &End) -> Option<usize> {
        self.open.iter().rposition(|node| node.end == *end).filter(|at| *at > 0)
    }

    /// Closes the innermost container that ends like this.
    fn close(&mut self, end: &End, at: usize, edit: Option<Edit>) {
        let Some(place) = self.innermost(end) else { return };
        self.close_to(place + 1, at, false);
        let end = edit.as_ref().map_or(at, |edit| edit.span.end);
        if let Some(node) = self.open.last_mut() {
            node.closed = true;
            node.edits.extend(edit);
        }
        self.close_to(place, end, true);
    }

    /// Closes containers until so many are left.
    fn close_to(&mut self, left: usize, at: usize, properly: bool) {
        while self.open.len() > left.max(1) {
            let Some(mut node) = self.open.pop() else { return };
            node.closed |= properly || matches!(node.end, End::Outer | End::Outdent(_));
            node.span.end = at;
            let Some(outer) = self.open.last_mut() else { return };
            if !node.closed && node.kind == Kind::Unknown {
                // What only looks like a tag: `<Namespace>` in prose.
                outer.children.append(&mut node.children);
                outer.fences += node.fences;
            } else {
                outer.children.push(node);
            }
        }
    }

    /// Tabs by indentation end where a line is further out; a tab ends where the next one begins.
    fn outdent(&mut self, indent: usize, at: usize, next: Option<Kind>) {
        while let Some(place) = self.open.iter().position(|node| match node.end {
            End::Outdent(of) => indent < of || indent == of && (node.kind != Kind::Tabs || next != Some(Kind::Tab)),
            _ => false,
        }) {
            self.close_to(place, at, false);
        }
    }

    fn indented(&mut self, tab: &dialect::Indented<'_>, indent: usize, span: Range<usize>) -> usize {
        let open = self.open.last().is_some_and(|node| node.kind == Kind::Tabs && node.end == End::Outdent(indent));
        if tab.kind == Kind::Tab {
            if open && tab.begins {
                self.close_to(self.open.len() - 1, span.start, true);
            }
            if !open || tab.begins {
                self.push(Kind::Tabs, "", End::Outdent(indent), span.clone(), Vec::new());
            }
        }
        let edits = vec![Edit { span: span.start..span.start + tab.sign.len(), text: tab.sign.to_owned() }];
        let end = span.end;
        self.push(tab.kind, tab.title, End::Outdent(indent), span, edits);
        end
    }

    fn fence_begins(&mut self, sign: char, length: usize, line: Range<usize>) {
        let info = line.start + length..line.end;
        let text = self.text[info.clone()].trim();
        // Pandoc writes `{.name}` for a language.
        let directive = dialect::directive(text).filter(|(kind, _)| *kind != Kind::Unknown && !text.starts_with("{."));
        if let Some((kind, title)) = directive {
            let edits = vec![Edit { span: line.clone(), text: shown(kind, title).to_owned() }];
            return self.push(kind, title, End::Fence(sign, length), line, edits);
        }
        let of = |node: &Node| matches!(node.end, End::Fence(own, least) if own == sign && length >= least);
        if text.is_empty()
            && let Some(end) = self.open.iter().rev().find(|node| of(node)).map(|node| node.end.clone())
        {
            return self.close(&end, line.start, Some(Edit { span: line, text: String::new() }));
        }
        let body = (line.end + 1).min(self.text.len());
        self.fence = Some(Open { sign, length, at: line.start, info, body });
    }

    fn fence_ends(&mut self, fence: &Open, at: usize, end: usize) {
        let info = self.text[fence.info.clone()].trim();
        let body = self.text.get(fence.body..at).unwrap_or_default();
        let Some(around) = self.open.last_mut() else { return };
        // Outside of containers nobody asks.
        if around.end == End::Outer && around.kind == Kind::Plain {
            return;
        }
        let runs = usize::from(language::of(info, body) != language::Use::Show);
        if around.kind == Kind::Fences {
            around.children.push(Node {
                kind: Kind::Tab,
                title: dialect::fence_title(info),
                end: End::Outer,
                span: fence.at..end,
                mark: fence.at..end,
                children: Vec::new(),
                fences: runs,
                closed: true,
                edits: Vec::new(),
            });
        } else {
            around.fences += runs;
        }
    }

    fn colons(&mut self, colons: dialect::Colons<'_>, span: Range<usize>) {
        let edit = |text: &str| Edit { span: span.clone(), text: text.to_owned() };
        match colons {
            dialect::Colons::Close(count) => {
                // One that nothing opened is text.
                let longest = |node: &Node| matches!(node.end, End::Colons(own) if own <= count);
                let exact = self.innermost(&End::Colons(count)).map(|_| End::Colons(count));
                let end = exact.or_else(|| self.open.iter().rev().find(|node| longest(node)).map(|n| n.end.clone()));
                if let Some(end) = end {
                    self.close(&end, span.start, Some(edit("")));
                }
            }
            dialect::Colons::Code { count, info } => {
                self.edit(span.clone(), "```");
                let (at, body) = (span.start, (span.end + 1).min(self.text.len()));
                self.fence = Some(Open { sign: ':', length: count, at, info: span.end - info.len()..span.end, body });
            }
            dialect::Colons::Open { count, kind, title } => {
                self.push(kind, title, End::Colons(count), span.clone(), vec![edit(shown(kind, title))]);
            }
            dialect::Colons::Tabs => {
                self.push(Kind::Tabs, "", End::Name("tabs".to_owned()), span.clone(), vec![edit("")]);
            }
            dialect::Colons::TabTitle(title) => self.tab(title, span),
            dialect::Colons::EndTabs => self.close(&End::Name("tabs".to_owned()), span.start, Some(edit(""))),
        }
    }

    fn heading(&mut self, title: &str, span: Range<usize>) {
        if self.innermost(&End::Rule).is_none() {
            self.push(Kind::Tabs, "", End::Rule, span.clone(), Vec::new());
        }
        self.tab(title, span);
    }

    /// The tags at the start of a line. A tag may go on in the next lines.
    fn tags(&mut self, from: usize, end: usize) -> usize {
        let mut at = from;
        let mut read = end;
        while let Some(tag) = dialect::tag(self.text, at) {
            let edit = Edit { span: tag.span.clone(), text: String::new() };
            match tag.what {
                dialect::What::Opens(kind) => {
                    let text = shown(kind, &tag.title).to_owned();
                    let edits = if tag.blanked { vec![Edit { text, ..edit }] } else { Vec::new() };
                    self.push(kind, &tag.title, End::Name(tag.name), tag.span.clone(), edits);
                }
                dialect::What::Closes => {
                    let end = End::Name(tag.name);
                    match self.innermost(&end) {
                        Some(_) => self.close(&end, tag.span.start, tag.blanked.then_some(edit)),
                        // A part of a document may begin inside of it.
                        None if tag.blanked && tag.is_known => self.edit(edit.span, ""),
                        None => {}
                    }
                }
                dialect::What::Title => {
                    if let Some(node) = self.open.last_mut().filter(|node| node.kind == Kind::Details) {
                        node.edits.push(Edit { text: tag.title.clone(), ..edit });
                        node.title = tag.title;
                    }
                }
                dialect::What::Passed => {}
            }
            at = tag.span.end;
            read = read.max(at);
            let line_end = self.text[at..].find('\n').map_or(self.text.len(), |length| at + length);
            at += self.text[at..line_end].len() - self.text[at..line_end].trim_start().len();
            read = read.max(line_end.min(self.text.len()));
        }
        read
    }
}

/// What stays to be read of a mark: the titles of tabs and of what is folded away.
fn shown(kind: Kind, title: &str) -> &str {
    if matches!(kind, Kind::Tab | Kind::Details) { title } else { "" }
}
