//! The command palette: every command, found by a few of its letters.

use super::{Cursor, Input, Model};
use crate::{
    action::{Action, Context, REGISTRY},
    fuzzy,
};

/// What choosing an item does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Act(Action),
    Theme(String),
    /// Open the details of a panel.
    Panel(String),
}

/// A line of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub name: String,
    pub description: String,
    /// The keys that do the same without the palette.
    pub keys: String,
    pub command: Command,
    /// Further words that find it.
    words: String,
    /// Which characters of the name the query matched.
    pub matched: Vec<u32>,
}

/// The state of the palette.
#[derive(Debug, Clone)]
pub struct Palette {
    pub query: Input,
    pub cursor: Cursor,
    all: Vec<Item>,
    /// What the query keeps, best first.
    pub items: Vec<Item>,
}

impl Palette {
    /// The palette over what the model shows now: actions of that context first, then panels, then themes.
    pub fn open(model: &Model) -> Self {
        let context = model.context_below();
        let mut all = Vec::new();
        for entry in REGISTRY.iter().filter(|e| e.contexts.contains(&context) && e.action != Action::Palette) {
            all.push(item(model, context, entry));
        }
        // Actions of the main screen can be called from everywhere; what lies over it is closed first.
        for entry in REGISTRY.iter().filter(|e| e.contexts.contains(&Context::Panes) && e.action != Action::Palette) {
            if !entry.contexts.contains(&context) && !is_movement(entry.action) {
                all.push(item(model, Context::Panes, entry));
            }
        }
        for panel in model.board.panels(model.now) {
            all.push(Item {
                name: format!("panel: {}", panel.title),
                description: format!("Open the details, now {}", panel.status),
                keys: String::new(),
                command: Command::Panel(panel.id.to_owned()),
                words: panel.id.to_owned(),
                matched: Vec::new(),
            });
        }
        for (name, title) in model.appearance.themes.list() {
            let on = if name == model.appearance.name { ", on now" } else { "" };
            all.push(Item {
                name: format!("theme: {name}"),
                description: format!("{title}{on}"),
                keys: String::new(),
                command: Command::Theme(name.to_owned()),
                words: title.to_owned(),
                matched: Vec::new(),
            });
        }
        let mut palette = Palette { query: Input::default(), cursor: Cursor::default(), items: Vec::new(), all };
        palette.query.editing = true;
        palette.search();
        palette
    }

    /// Finds and ranks again, and goes to the best.
    pub fn search(&mut self) {
        self.cursor = Cursor::default();
        let rows = self.all.iter().map(|item| {
            let acts = matches!(item.command, Command::Act(action) if !action.only_looks());
            fuzzy::Row { name: &item.name, words: &item.words, acts }
        });
        let found = fuzzy::rank(self.query.text(), rows);
        self.items = found.into_iter().map(|f| Item { matched: f.matched, ..self.all[f.index].clone() }).collect();
    }

    pub fn chosen(&self) -> Option<&Command> {
        self.items.get(self.cursor.selected).map(|item| &item.command)
    }
}

fn is_movement(action: Action) -> bool {
    use Action::{Down, First, Last, PageDown, PageUp, Up};
    matches!(action, Down | First | Last | PageDown | PageUp | Up)
}

fn item(model: &Model, context: Context, entry: &crate::action::Entry) -> Item {
    let keys: Vec<String> = model.keymap.chords(entry.action, context).map(|c| c.to_string()).collect();
    Item {
        name: entry.name.to_owned(),
        description: entry.description.to_owned(),
        keys: keys.join(" "),
        command: Command::Act(entry.action),
        // The id is the word that settings and documents use: `note`, `undo`.
        words: format!("{} {}", entry.id, entry.description),
        matched: Vec::new(),
    }
}
