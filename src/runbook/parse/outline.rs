//! From headings to sections and steps: which headings are steps, which of them are alternatives, and what text is whose.

use std::ops::Range;

use super::{
    blocks::Block,
    heading::{self, Slugs},
    notes::Notes,
    step,
    tree::{Node, Trees},
};
use crate::{OptionKey, Scripts, Section, SectionKind, Step, StepId};

/// Makes the sections, and takes the shell of their actions apart. `id` names steps of a document without headings.
pub(super) fn sections(trees: &Trees, blocks: &[Block], id: &str, notes: &mut Notes<'_>) -> (Vec<Section>, Scripts) {
    let mut writer = Writer {
        blocks,
        notes,
        slugs: Slugs::default(),
        under: Under::default(),
        steps: Vec::new(),
        scripts: Scripts::new(),
        gap: None,
    };
    let end = writer.notes.text.source.len();
    let ends = trees.sections.iter().skip(1).map(|node| node.span.start).chain([end]);
    let mut sections = Vec::new();
    let lead_end = trees.sections.first().map_or(end, |node| node.span.start);
    let lead = writer.section(&trees.lead, "", SectionKind::Overview, id, lead_end);
    if !lead.steps.is_empty() || !writer.notes.text.source[lead.body.clone()].trim().is_empty() {
        sections.push(lead);
    }
    for (node, end) in trees.sections.iter().zip(ends) {
        let kind = heading::section_kind(&node.title);
        sections.push(writer.section(node, &node.title, kind, id, end));
    }
    (sections, writer.scripts)
}

struct Writer<'r, 'a> {
    blocks: &'r [Block],
    notes: &'r mut Notes<'a>,
    slugs: Slugs,
    under: Under,
    /// Steps of the current section.
    steps: Vec<Step>,
    scripts: Scripts,
    /// Where text starts that belongs to no step yet, and will belong to the next one: a heading above it that is none itself.
    gap: Option<usize>,
}

/// What the next step is below.
#[derive(Default)]
struct Under {
    /// Slug of the section's title; empty under *Steps*, whose steps have the shortest names.
    section: String,
    /// Titles of the headings between the section and the step.
    path: Vec<String>,
    option: Option<Choice>,
    /// In the rollback section.
    rollback: bool,
}

/// One alternative of a group. The group has the name of its first step, which is known when that is made.
#[derive(Clone)]
struct Choice {
    group: Option<String>,
    key: String,
    title: String,
}

impl Writer<'_, '_> {
    fn section(&mut self, node: &Node, title: &str, kind: SectionKind, id: &str, end: usize) -> Section {
        let section = if kind == SectionKind::Steps { String::new() } else { heading::slug(heading::number(title).1) };
        self.under = Under { section, rollback: kind == SectionKind::Rollback, ..Under::default() };
        self.gap = None;
        let own_title = if node.title.is_empty() { id } else { &node.title };
        match kind {
            SectionKind::Steps | SectionKind::Verification | SectionKind::Rollback => {
                // Prose alone is something to do too, when there are no steps: `## Verification` and a sentence.
                let prose = node.children.is_empty() && !node.own.is_empty();
                if prose || self.has_work(&node.own) {
                    self.step(own_title, node, vec![node.own.clone()]);
                }
                self.template_steps(&node.children);
            }
            _ => {
                let works = self.has_work(&node.own);
                let labels = if works { labels(&node.children) } else { 0 };
                if works {
                    self.step(own_title, node, with_labels(node, labels, &[]));
                }
                self.working_steps(&node.children[labels..]);
            }
        }
        let mut body = node.span.end.min(end)..end;
        let mut steps = std::mem::take(&mut self.steps);
        if let Some(first) = steps.first() {
            body.end = self.starts(first).clamp(body.start, end);
        }
        if let Some(last) = steps.last_mut() {
            last.body.end = end.max(last.body.start);
        }
        let line = self.notes.text.line(node.span.start);
        Section { title: title.to_owned(), kind, body, line, steps }
    }

    /// Under *Steps*, *Verification* and *Rollback*: every heading one level down is a step, alternatives are opened.
    fn template_steps(&mut self, nodes: &[Node]) {
        self.each(nodes, |writer, node, _, is_option| {
            if !(has_options(node) || is_option && !node.children.is_empty()) {
                writer.step(&node.title, node, vec![node.all.clone()]);
                return 0;
            }
            writer.opened(node, |writer| {
                let works = writer.has_work(&node.own);
                if works {
                    writer.step(&node.title, node, vec![node.own.clone()]);
                }
                writer.template_steps(&node.children);
            });
            0
        });
    }

    /// Elsewhere: a heading with work right below it is a step. Headings such as `Rollback` right below or right after it are
    /// part of it.
    fn working_steps(&mut self, nodes: &[Node]) {
        self.each(nodes, |writer, node, after, is_option| {
            let works = writer.has_work(&node.own) || (is_option && !writer.has_work(&node.all));
            let below = if works { labels(&node.children) } else { 0 };
            let beside = if works { labels(after) } else { 0 };
            writer.opened(node, |writer| {
                if works {
                    writer.step(&node.title, node, with_labels(node, below, &after[..beside]));
                }
                writer.under.path.push(heading::number(&node.title).1.to_owned());
                writer.working_steps(&node.children[below..]);
                writer.under.path.pop();
            });
            beside
        });
    }

    /// Walks headings of one level. `look` gets a heading, those after it, and whether it is one of several alternatives; it
    /// says how many of those after it it has used up.
    fn each(&mut self, nodes: &[Node], mut look: impl FnMut(&mut Self, &Node, &[Node], bool) -> usize) {
        let mut group: Option<String> = None;
        let mut used = 0;
        for (place, node) in nodes.iter().enumerate() {
            if used > 0 {
                used -= 1;
                continue;
            }
            let option = match node.tab {
                Some(tabs) => {
                    if place.checked_sub(1).is_none_or(|before| nodes[before].tab != Some(tabs)) {
                        group = None;
                    }
                    Some((letter(nodes, place, tabs), node.title.clone()))
                }
                None => heading::option(&node.title).filter(|_| self.has_alternative(nodes, place)),
            };
            if option.is_none() && !is_label(node) {
                group = None;
            }
            let outer = self.under.option.clone();
            let is_option = option.is_some();
            if let Some((key, title)) = option {
                self.under.option = Some(Choice { group: group.take(), key, title });
            }
            used = look(self, node, &nodes[place + 1..], is_option);
            if is_option {
                group = std::mem::replace(&mut self.under.option, outer).and_then(|choice| choice.group);
            }
        }
    }

    /// Whether an option stands in a row with another one. One that stands alone is a step like any other.
    fn has_alternative(&mut self, nodes: &[Node], place: usize) -> bool {
        let others = |node: &&Node| !is_label(node);
        let before = nodes[..place].iter().rev().find(others);
        let after = nodes[place + 1..].iter().find(others);
        let is_option = |node: &Node| node.tab.is_none() && heading::option(&node.title).is_some();
        let found = [before, after].into_iter().flatten().any(is_option);
        if !found {
            let message = "there is no other option next to this one, so it is taken as a step like any other";
            self.notes.warning(nodes[place].span.clone(), message, None);
        }
        found
    }

    /// What is found inside may take the heading's own text with it, when that belongs to no step.
    fn opened(&mut self, node: &Node, inside: impl FnOnce(&mut Self)) {
        let gap = self.gap;
        let before = self.steps.len();
        self.gap.get_or_insert(node.span.start);
        inside(self);
        if self.steps.len() == before {
            self.gap = gap;
        }
    }

    fn has_work(&self, range: &Range<usize>) -> bool {
        step::has_work(&self.blocks[range.clone()])
    }

    /// Where a step's heading starts, or its body when that starts earlier.
    fn starts(&self, step: &Step) -> usize {
        self.notes.text.line_span(step.line).start.min(step.body.start)
    }

    /// Adds a step with these blocks. Its body reaches to the next step's.
    fn step(&mut self, title: &str, node: &Node, ranges: Vec<Range<usize>>) {
        let (number, name) = heading::number(title);
        let is_option = node.tab.is_some() || heading::option(title).is_some();
        let name = match &self.under.option {
            Some(choice) if is_option && !choice.title.is_empty() => choice.title.clone(),
            _ => name.to_owned(),
        };
        let above = self.under.path.last().map_or_else(|| self.under.section.clone(), |parent| heading::slug(parent));
        let slug = heading::slug(&name);
        let slug = if above.is_empty() || slug == above { slug } else { format!("{above}-{slug}") };
        let id = StepId(self.slugs.unique(slug));
        let option = self.under.option.as_mut().map(|choice| OptionKey {
            group: choice.group.get_or_insert_with(|| id.0.clone()).clone(),
            key: choice.key.clone(),
            title: choice.title.clone(),
        });
        // The gap starts at a heading above, or at this step's own.
        let gap = self.gap.take().filter(|gap| *gap < node.span.start);
        let start = gap.unwrap_or(node.span.end);
        if let Some(last) = self.steps.last_mut() {
            last.body.end = gap.unwrap_or(node.span.start).max(last.body.start);
        }
        // What stands in the section itself is what rolls the run back, and no undo of one of its steps.
        let label = heading::label(name.as_str()).filter(|_| !self.under.rollback);
        let content = step::read(self.blocks, &ranges, label, &id, self.notes);
        self.scripts.extend(content.scripts);
        // A number in the middle of a title stays in the title.
        let (number, last) = match number {
            Some(number) if !self.under.path.is_empty() => (None, format!("{number}. {name}")),
            number => (number, name),
        };
        let path = self.under.path.iter().map(String::as_str).chain([last.as_str()]);
        self.steps.push(Step {
            id,
            number,
            title: path.collect::<Vec<_>>().join(" › "),
            option,
            body: start..start,
            line: self.notes.text.line(node.span.start),
            checks: content.checks,
            actions: content.actions,
            if_it_fails: content.if_it_fails,
            remedies: content.remedies,
            undo: content.undo,
        });
    }
}

/// The key of a tab: `A` for the first of its group.
fn letter(nodes: &[Node], place: usize, tabs: usize) -> String {
    let before = nodes[..place].iter().filter(|node| node.tab == Some(tabs)).count();
    match u8::try_from(before).ok().filter(|number| *number < 26) {
        Some(number) => char::from(b'A' + number).to_string(),
        None => (before + 1).to_string(),
    }
}

fn is_label(node: &Node) -> bool {
    heading::label(heading::number(&node.title).1).is_some()
}

fn has_options(node: &Node) -> bool {
    node.children
        .iter()
        .any(|child| child.tab.is_some() || heading::option(&child.title).is_some() || has_options(child))
}

/// How many labels stand before any other heading.
fn labels(nodes: &[Node]) -> usize {
    nodes.iter().take_while(|node| is_label(node)).count()
}

/// The blocks of a heading, with those of so many labels right below it and of these after it.
fn with_labels(node: &Node, below: usize, after: &[Node]) -> Vec<Range<usize>> {
    // The label's own heading says what the blocks are.
    let labels = node.children[..below].iter().chain(after).map(|label| label.all.start - 1..label.all.end);
    std::iter::once(node.own.clone()).chain(labels).collect()
}
