//! Tabs, collapsed parts and notes of documentation dialects, which stand around blocks and which Markdown does not know: MDX,
//! Hugo, GitBook and Jekyll, mdBook, MkDocs, Sphinx and MyST, VitePress, Quarto, GitLab, Microsoft Learn.

use std::ops::Range;

use super::{
    dialect::Kind,
    scan::{self, Edit, Node},
};
use crate::Asks;

/// What a document has around its blocks.
#[derive(Debug, Default)]
pub(super) struct Containers {
    /// Where options begin and where their groups end, in the order of the document.
    pub marks: Vec<Mark>,
    /// Parts whose actions are never run by themselves.
    pub asking: Vec<(Range<usize>, Asks)>,
    /// Text of the same length that takes the place of a mark, so that Markdown sees what stands in the container.
    pub edits: Vec<Edit>,
    /// Where alternatives are meant and not understood, and why.
    pub problems: Vec<(Range<usize>, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub at: usize,
    /// Number and title of the option's group; no title where the group ends.
    pub group: usize,
    pub title: Option<String>,
}

/// Finds the containers of a document whose front matter is blanked.
pub(super) fn find(text: &str) -> Containers {
    let Some(root) = scan::scan(text) else { return Containers::default() };
    let mut writer = Writer { text, groups: 0, found: Containers::default() };
    writer.walk(&root.children);
    writer.edits(root);
    let mut found = writer.found;
    found.marks.sort_by_key(|mark| mark.at);
    found.edits.sort_by_key(|edit| edit.span.start);
    found
}

/// From the tree of containers to what a runbook makes of it.
struct Writer<'a> {
    text: &'a str,
    groups: usize,
    found: Containers,
}

impl Writer<'_> {
    fn walk(&mut self, nodes: &[Node]) {
        let mut rest = nodes;
        while let [node, after @ ..] = rest {
            let next = |(node, before): &(&Node, &Node)| {
                let between = self.text.get(before.span.end..node.span.start);
                node.kind == before.kind && between.is_some_and(|between| between.trim().is_empty())
            };
            // Collapsed parts in a row, and tabs without a group around them.
            let row = match node.kind {
                Kind::Details | Kind::Tab => 1 + after.iter().zip(rest).take_while(next).count(),
                _ => 1,
            };
            let (row, left) = rest.split_at(row);
            rest = left;
            if row.len() > 1 && row.iter().all(|node| node.runs() > 0) {
                self.group(&row.iter().collect::<Vec<_>>());
                continue;
            }
            row.iter().for_each(|node| self.node(node));
        }
    }

    fn node(&mut self, node: &Node) {
        let tabs = node.tabs();
        let beside = node.runs() - tabs.iter().map(|tab| tab.runs()).sum::<usize>();
        match node.kind {
            _ if node.runs() == 0 => {}
            _ if !node.closed && node.runs() > 1 => self.problem(node, "nothing ends it"),
            Kind::Tabs | Kind::Fences if tabs.len() > 1 && beside == 0 => self.group(&tabs),
            Kind::Tabs | Kind::Fences if node.runs() > 1 => {
                let why = if tabs.is_empty() { "it has no tabs" } else { "commands stand beside its tabs" };
                self.problem(node, why);
            }
            Kind::Unknown if node.runs() > 1 => self.problem(node, "nothing is known of it"),
            Kind::Details => {
                self.found.asking.push((node.span.clone(), Asks::Collapsed));
                self.walk(&node.children);
            }
            _ => self.walk(&node.children),
        }
    }

    fn problem(&mut self, node: &Node, why: &str) {
        self.found.problems.push((node.mark.clone(), why.to_owned()));
        self.found.asking.push((node.span.clone(), Asks::NotUnderstood));
    }

    fn group(&mut self, tabs: &[&Node]) {
        let group = self.groups;
        self.groups += 1;
        self.options(tabs, group, "");
        let end = tabs.iter().map(|tab| tab.span.end).max().unwrap_or_default();
        self.found.marks.push(Mark { at: end, group, title: None });
    }

    /// Tabs in a tab that has nothing else are options of the same group.
    fn options(&mut self, tabs: &[&Node], group: usize, before: &str) {
        for tab in tabs {
            let title = format!("{before}{}", tab.title.trim());
            let inner = tab.children.iter().find(|node| node.kind == Kind::Tabs && node.runs() == tab.runs());
            let inner_tabs = inner.filter(|node| node.closed && node.runs() > 0).map(Node::tabs).unwrap_or_default();
            let within = inner_tabs.iter().map(|tab| tab.runs()).sum::<usize>();
            if inner_tabs.len() > 1 && within == tab.runs() {
                self.options(&inner_tabs, group, &format!("{title}, "));
                continue;
            }
            self.found.marks.push(Mark { at: tab.span.start, group, title: Some(title) });
            self.inside(&tab.children);
        }
    }

    /// What stands in an option and cannot be options itself.
    fn inside(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node.kind {
                Kind::Tabs | Kind::Fences | Kind::Unknown if node.runs() > 1 => {
                    self.problem(node, "it stands in an option that has other commands");
                }
                Kind::Details if node.runs() > 0 => {
                    self.found.asking.push((node.span.clone(), Asks::Collapsed));
                    self.inside(&node.children);
                }
                _ => self.inside(&node.children),
            }
        }
    }

    fn edits(&mut self, node: Node) {
        self.found.edits.extend(node.edits);
        node.children.into_iter().for_each(|child| self.edits(child));
    }
}

/// The text with its marks taken out.
pub(super) fn edited(text: &str, edits: &[Edit]) -> String {
    let mut edited = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits.iter().filter(|edit| edit.span.start <= edit.span.end) {
        if edit.span.start < at {
            continue;
        }
        edited.push_str(&text[at..edit.span.start]);
        let old = &text[edit.span.clone()];
        // Only within its first line, and never longer than what was there.
        let first = old.find('\n').unwrap_or(old.len());
        let new = if edit.text.len() <= first { edit.text.as_str() } else { "" };
        edited.push_str(new);
        for byte in old.as_bytes()[new.len()..].iter() {
            edited.push(if matches!(byte, b'\n' | b'\r') { char::from(*byte) } else { ' ' });
        }
        at = edit.span.end;
    }
    edited.push_str(&text[at..]);
    edited
}
