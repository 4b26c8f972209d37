//! The headings of a document as trees: one for each section, and one for what comes before the first section.

use std::{borrow::Cow, ops::Range};

use super::{
    blocks::{Block, Kind},
    heading, step,
};
use crate::SectionKind;

/// A heading with what is below it.
#[derive(Debug)]
pub(super) struct Node {
    pub level: u8,
    /// As written.
    pub title: String,
    /// Bytes of the heading; empty, where the text starts, when there is none.
    pub span: Range<usize>,
    /// Blocks below the heading, before the next heading of any level.
    pub own: Range<usize>,
    /// Blocks below the heading, with those of headings below it.
    pub all: Range<usize>,
    pub children: Vec<Node>,
    /// It is a tab: one option of the group with this number.
    pub tab: Option<usize>,
}

/// The trees of a document.
pub(super) struct Trees {
    pub title: Option<String>,
    /// What comes before the first section.
    pub lead: Node,
    pub sections: Vec<Node>,
}

/// A heading, or what stands for one.
struct Heading<'b> {
    block: usize,
    level: u8,
    text: Cow<'b, str>,
    /// It is a tab, of the group with this number.
    tab: Option<usize>,
}

/// Every heading that stands in no list and no quote. A bold line that begins an option
/// (`**Option A: Restore in place**`) is one too, below the last heading: people write alternatives like that, and to run one
/// after the other would be the worst way to read them. So are tabs, and what is to be done after them.
fn headings(blocks: &[Block]) -> Vec<Heading<'_>> {
    let mut level_below = 3;
    let mut last = "";
    // The level of the tab around: what stands in it is below it.
    let mut tab: Option<u8> = None;
    let mut found: Vec<Heading<'_>> = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let inner = |level: u8| tab.map_or(level, |tab| level.max(tab + 1));
        let heading = |level: u8, text: Cow<'_, str>, tab: Option<usize>| {
            (Heading { block: index, level, text: text.into_owned().into(), tab }, level)
        };
        let (made, level) = match &block.kind {
            Kind::Heading { level, text } if block.depth == 0 => {
                if tab.is_none() {
                    level_below = level + 1;
                    last = text;
                }
                heading(inner(*level), text.as_str().into(), None)
            }
            Kind::Paragraph(lines) if block.depth == 0 => {
                let option = lines.first().filter(|line| heading::option(&line.text[..line.bold]).is_some());
                let Some(line) = option else { continue };
                heading(inner(level_below.max(3)), line.text.trim().into(), None)
            }
            Kind::Option { group, title } => heading(level_below.max(3), title.as_str().into(), Some(*group)),
            Kind::OptionsEnd => {
                tab = None;
                let ends = |block: &Block| {
                    matches!(block.kind, Kind::Option { .. })
                        || block.depth == 0 && matches!(block.kind, Kind::Heading { .. })
                };
                let after = blocks[index + 1..].split(|block| ends(block)).next().unwrap_or_default();
                if !step::has_work(after) {
                    continue;
                }
                let text = format!("{} (continued)", heading::number(last).1);
                heading(level_below.max(3), text.trim().to_owned().into(), None)
            }
            _ => continue,
        };
        if made.tab.is_some() {
            tab = Some(level);
        }
        found.push(made);
    }
    found
}

/// Puts the headings that stand in no list and no quote into trees. `start` is where the Markdown begins.
pub(super) fn trees(blocks: &[Block], start: usize) -> Trees {
    let headings = headings(blocks);
    let known = |text: &str| heading::section_kind(text) != SectionKind::Other;
    // Sections are second-level headings, unless the template's own are at the first level.
    let top = if headings.iter().skip(1).any(|heading| heading.level == 1 && known(&heading.text)) { 1 } else { 2 };
    let titled = headings.first().is_some_and(|first| first.level == 1 && !(top == 1 && known(&first.text)));
    let is_section = |place: usize, level: u8| level <= top && !(titled && place == 0);

    let first = headings.iter().enumerate().position(|(place, heading)| is_section(place, heading.level));
    let lead_end = first.map_or(blocks.len(), |first| headings[first].block);
    // Text before the title belongs to what comes before the first section too.
    let (lead_start, span) = match headings.first() {
        Some(Heading { block: 0, .. }) if titled => (1, blocks[0].span.clone()),
        _ => (0, start..start),
    };
    let first_title = headings.iter().find(|heading| heading.tab.is_none());
    let title = first_title.map(|heading| heading.text.clone().into_owned()).filter(|title| !title.is_empty());
    let mut lead = Node {
        level: 0,
        title: title.clone().filter(|_| titled).unwrap_or_default(),
        span,
        own: lead_start..lead_end,
        all: lead_start..lead_end,
        children: Vec::new(),
        tab: None,
    };
    let mut sections = Vec::new();
    // Headings whose trees are still growing, the outermost first.
    let mut open: Vec<Node> = Vec::new();
    let close = |open: &mut Vec<Node>, lead: &mut Node, sections: &mut Vec<Node>, at: usize| {
        let Some(mut node) = open.pop() else { return };
        node.all.end = at;
        match open.last_mut() {
            Some(parent) => parent.children.push(node),
            None if node.span.start < blocks.get(lead_end).map_or(usize::MAX, |block| block.span.start) => {
                lead.children.push(node);
            }
            None => sections.push(node),
        }
    };
    for (place, heading) in headings.iter().enumerate().skip(usize::from(titled)) {
        let Heading { block: index, level, text, tab } = heading;
        let section = is_section(place, *level);
        while open.last().is_some_and(|node| section || node.level >= *level) {
            close(&mut open, &mut lead, &mut sections, *index);
        }
        if *index < lead_end {
            lead.own.end = lead.own.end.min(*index);
        }
        let end = headings.get(place + 1).map_or(blocks.len(), |next| next.block);
        open.push(Node {
            level: *level,
            tab: *tab,
            title: text.clone().into_owned(),
            span: blocks[*index].span.clone(),
            own: index + 1..end,
            all: index + 1..blocks.len(),
            children: Vec::new(),
        });
    }
    while !open.is_empty() {
        close(&mut open, &mut lead, &mut sections, blocks.len());
    }
    Trees { title, lead, sections }
}
