//! The help: every action of the registry with its keys, to scroll and to search.

use super::Input;
use crate::{
    action::{Context, Entry, REGISTRY},
    keymap::Keymap,
};

/// The state of the help overlay.
#[derive(Debug, Clone, Default)]
pub struct Help {
    pub filter: Input,
    pub scroll: usize,
}

/// One line of the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelpLine {
    Heading(&'static str),
    Action { keys: String, name: &'static str, description: &'static str },
    Blank,
}

impl Help {
    /// The lines for these keys; an action that works everywhere stands once, under the first heading.
    pub fn lines(&self, keymap: &Keymap) -> Vec<HelpLine> {
        let mut lines = Vec::new();
        for (heading, entries) in groups() {
            let mut group = Vec::new();
            for (context, entry) in entries {
                let keys: Vec<String> = keymap.chords(entry.action, context).map(|c| c.to_string()).collect();
                let keys = keys.join(" ");
                if self.filter.matches(&format!("{keys} {} {} {}", entry.id, entry.name, entry.description)) {
                    group.push(HelpLine::Action { keys, name: entry.name, description: entry.description });
                }
            }
            if !group.is_empty() {
                if !lines.is_empty() {
                    lines.push(HelpLine::Blank);
                }
                lines.push(HelpLine::Heading(heading));
                lines.extend(group);
            }
        }
        lines
    }
}

/// Headings with their entries: what works in several places first, then what belongs to one.
fn groups() -> Vec<(&'static str, Vec<(Context, &'static Entry)>)> {
    let everywhere = |entry: &Entry| entry.contexts.len() >= 4;
    let mut groups = vec![("Everywhere", Vec::new())];
    groups[0].1.extend(REGISTRY.iter().filter(|e| everywhere(e)).map(|e| (e.contexts[0], e)));
    for context in Context::ALL {
        let own = REGISTRY.iter().filter(|e| !everywhere(e) && e.contexts[0] == context);
        let own: Vec<_> = own.map(|e| (context, e)).collect();
        if !own.is_empty() {
            groups.push((context.title(), own));
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_stands_in_the_help_once_with_its_keys() {
        let lines = Help::default().lines(&Keymap::default());
        for entry in REGISTRY {
            let found = lines.iter().filter(|line| {
                matches!(line, HelpLine::Action { keys, description, .. }
                    if *description == entry.description && keys.is_empty() == entry.keys.is_empty())
            });
            assert_eq!(found.count(), 1, "{}", entry.id);
        }
    }

    #[test]
    fn the_help_shows_remapped_keys_and_can_be_searched() {
        let keymap = Keymap::remapped([("zoom", "f11")]).unwrap();
        let mut help = Help::default();
        help.filter.fill("zoom");
        let lines = help.lines(&keymap);
        assert!(matches!(&lines[1], HelpLine::Action { keys, name: "Zoom", .. } if keys == "f11"), "{lines:?}");
        assert_eq!(lines.len(), 2);
    }
}
