//! The headings of a document as trees: one for each section, and one for what comes before the first section.

use std::ops::Range;

use super::{
    blocks::{Block, Kind},
    heading,
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
}

/// The trees of a document.
pub(super) struct Trees {
    pub title: Option<String>,
    /// What comes before the first section.
    pub lead: Node,
    pub sections: Vec<Node>,
}

/// Block, level and text of every heading that stands in no list and no quote. A bold line that begins an option
/// (`**Option A: Restore in place**`) is one too, below the last heading: people write alternatives like that, and to run one
/// after the other would be the worst way to read them.
fn headings(blocks: &[Block]) -> Vec<(usize, u8, &str)> {
    let mut level_below = 3;
    let mut found = Vec::new();
    for (index, block) in blocks.iter().enumerate().filter(|(_, block)| block.depth == 0) {
        match &block.kind {
            Kind::Heading { level, text } => {
                level_below = level + 1;
                found.push((index, *level, text.as_str()));
            }
            Kind::Paragraph(lines) => {
                let option = lines.first().filter(|line| heading::option(&line.text[..line.bold]).is_some());
                found.extend(option.map(|line| (index, level_below, line.text.trim())));
            }
            _ => {}
        }
    }
    found
}

/// Puts the headings that stand in no list and no quote into trees. `start` is where the Markdown begins.
pub(super) fn trees(blocks: &[Block], start: usize) -> Trees {
    let headings = headings(blocks);
    let known = |text: &str| heading::section_kind(text) != SectionKind::Other;
    // Sections are second-level headings, unless the template's own are at the first level.
    let top = if headings.iter().skip(1).any(|(_, level, text)| *level == 1 && known(text)) { 1 } else { 2 };
    let titled = headings.first().is_some_and(|(_, level, text)| *level == 1 && !(top == 1 && known(text)));
    let is_section = |place: usize, level: u8| level <= top && !(titled && place == 0);

    let first = headings.iter().enumerate().position(|(place, (_, level, _))| is_section(place, *level));
    let lead_end = first.map_or(blocks.len(), |first| headings[first].0);
    // Text before the title belongs to what comes before the first section too.
    let (lead_start, span) = match headings.first() {
        Some((0, ..)) if titled => (1, blocks[0].span.clone()),
        _ => (0, start..start),
    };
    let title = headings.first().map(|(_, _, text)| (*text).to_owned()).filter(|title| !title.is_empty());
    let mut lead = Node {
        level: 0,
        title: title.clone().filter(|_| titled).unwrap_or_default(),
        span,
        own: lead_start..lead_end,
        all: lead_start..lead_end,
        children: Vec::new(),
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
    for (place, (index, level, text)) in headings.iter().enumerate().skip(usize::from(titled)) {
        let section = is_section(place, *level);
        while open.last().is_some_and(|node| section || node.level >= *level) {
            close(&mut open, &mut lead, &mut sections, *index);
        }
        if *index < lead_end {
            lead.own.end = lead.own.end.min(*index);
        }
        let end = headings.get(place + 1).map_or(blocks.len(), |(next, ..)| *next);
        open.push(Node {
            level: *level,
            title: (*text).to_owned(),
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
