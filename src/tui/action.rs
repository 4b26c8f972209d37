//! The registry of actions: name, description, default keys, and where each can be used.
//!
//! Help, palette, footer, `[keys]` validation and the README's key table are made from [`REGISTRY`]. To add an action: add a
//! variant, its row here, and its arm in `update`.

mod registry;

pub use registry::REGISTRY;

use super::chord::Chord;

/// Something a person can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Quit,
    Help,
    Palette,
    Suspend,
    Redraw,
    NextTheme,
    LocalTime,
    Down,
    Up,
    PageDown,
    PageUp,
    First,
    Last,
    NextPane,
    PreviousPane,
    FocusHealth,
    FocusActivity,
    FocusRunbook,
    Zoom,
    Open,
    Close,
    LookNow,
    LookAtAll,
    DismissAlerts,
    NextTab,
    PreviousTab,
    NextProbe,
    PreviousProbe,
    Filter,
    Sort,
    ReverseSort,
    PreviousContainer,
    Follow,
    Accept,
    Cancel,
    PickRunbook,
    Links,
    Platform,
    RunNext,
    RunAgain,
    Tick,
    Skip,
    Undo,
    RollBack,
    AdHoc,
    ShowOutput,
    CancelStep,
    CopyCommand,
    Variables,
    DryRun,
    CheckRunbook,
    CloseRunbook,
    NextMatch,
    PreviousMatch,
    ScrollDown,
    ScrollUp,
    Agree,
    RunAsked,
    Refuse,
    CopyAsked,
    Choose,
    NextField,
    PreviousField,
    NextChoice,
    PreviousChoice,
    ListChoices,
    NextValue,
    PreviousValue,
    TickRow,
    Submit,
    Incident,
    PickIncident,
    Declare,
    AddNote,
    SetPhase,
    SetSeverity,
    SetTitle,
    Verify,
    Export,
    SetRole,
    SetComponents,
    SetImpact,
    AssessLoss,
    SayRestored,
    Escalate,
    Inform,
    AddToDo,
    FinishToDo,
    AnswerSecond,
    NextCategory,
    NextResponder,
    KeyOnly,
    ClearFilters,
    MarkKey,
    Correct,
    GoToStep,
}

impl Action {
    /// True for what only shows, moves, or changes how something is shown. Whatever is not listed does something: it runs,
    /// writes, or answers.
    pub fn only_looks(self) -> bool {
        use Action::{
            CheckRunbook, ClearFilters, Close, Down, Filter, First, FocusActivity, FocusHealth, FocusRunbook, Follow,
            GoToStep, Help, KeyOnly, Last, Links, LocalTime, LookAtAll, LookNow, NextCategory, NextMatch, NextPane,
            NextProbe, NextResponder, NextTab, NextTheme, Open, PageDown, PageUp, Palette, PickIncident, PickRunbook,
            Platform, PreviousContainer, PreviousMatch, PreviousPane, PreviousProbe, PreviousTab, Redraw, ReverseSort,
            ScrollDown, ScrollUp, ShowOutput, Sort, Up, Verify, Zoom,
        };
        matches!(
            self,
            CheckRunbook
                | ClearFilters
                | Close
                | Down
                | Filter
                | First
                | FocusActivity
                | FocusHealth
                | FocusRunbook
                | Follow
                | GoToStep
                | Help
                | KeyOnly
                | Last
                | Links
                | LocalTime
                | LookAtAll
                | LookNow
                | NextCategory
                | NextMatch
                | NextPane
                | NextProbe
                | NextResponder
                | NextTab
                | NextTheme
                | Open
                | PageDown
                | PageUp
                | Palette
                | PickIncident
                | PickRunbook
                | Platform
                | PreviousContainer
                | PreviousMatch
                | PreviousPane
                | PreviousProbe
                | PreviousTab
                | Redraw
                | ReverseSort
                | ScrollDown
                | ScrollUp
                | ShowOutput
                | Sort
                | Up
                | Verify
                | Zoom
        )
    }
}

/// What has the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// The panes of the console.
    Panes,
    /// Details of a panel.
    Details,
    /// The pods table in the details.
    Pods,
    /// The log of a pod.
    Log,
    Help,
    Palette,
    /// A filter being typed.
    Filter,
    /// The Runbook pane, with a runbook open.
    Runbook,
    /// The Timeline pane: an incident is open.
    Timeline,
    /// An entry of the timeline, opened.
    TimelineEntry,
    /// The list of runbooks.
    Picker,
    /// The question before an action, answered by one key.
    Ask,
    /// The question before an action, answered by a text.
    AskText,
    /// A few things to choose from.
    Menu,
    /// One line that is asked for.
    Prompt,
    /// The variables of a runbook.
    Form,
    /// What is said about an incident: a choice, a tick, or the row that says it.
    Sheet,
    /// What is said about an incident: a text.
    SheetText,
}

impl Context {
    pub const ALL: [Context; 18] = [
        Context::Panes,
        Context::Details,
        Context::Pods,
        Context::Log,
        Context::Help,
        Context::Palette,
        Context::Filter,
        Context::Runbook,
        Context::Timeline,
        Context::TimelineEntry,
        Context::Picker,
        Context::Ask,
        Context::AskText,
        Context::Menu,
        Context::Prompt,
        Context::Form,
        Context::Sheet,
        Context::SheetText,
    ];

    /// The heading in the help.
    pub fn title(self) -> &'static str {
        match self {
            Context::Panes => "Panes",
            Context::Details => "Details of a panel",
            Context::Pods => "Pods",
            Context::Log => "Log of a pod",
            Context::Help => "Help",
            Context::Palette => "Command palette",
            Context::Filter => "Typing a filter",
            Context::Runbook => "Runbook",
            Context::Timeline => "Timeline",
            Context::TimelineEntry => "Entry of the timeline",
            Context::Picker => "List of runbooks",
            Context::Ask => "Question before a step",
            Context::AskText => "Question with an answer to type",
            Context::Menu => "Choice",
            Context::Prompt => "Typing a line",
            Context::Form => "Variables",
            Context::Sheet => "Sheet about an incident",
            Context::SheetText => "Text on a sheet",
        }
    }

    /// True where keys without an action are text.
    pub fn is_typing(self) -> bool {
        use Context::{AskText, Filter, Form, Palette, Picker, Prompt, SheetText};
        matches!(self, Palette | Filter | Picker | AskText | Prompt | Form | SheetText)
    }
}

/// One row of the registry.
#[derive(Debug)]
pub struct Entry {
    pub action: Action,
    /// As `[keys]` in the settings names it.
    pub id: &'static str,
    /// As the palette shows it.
    pub name: &'static str,
    /// One sentence for the help.
    pub description: &'static str,
    /// Default keys, as [`Chord`] reads them; what has none is in a menu and in the palette. Where two entries have the same key in a context, the earlier one gets it.
    pub keys: &'static [&'static str],
    pub contexts: &'static [Context],
    /// The word in the footer's hints; empty for actions that are not hinted at.
    pub hint: &'static str,
}

/// The row of an action.
pub fn entry(action: Action) -> Option<&'static Entry> {
    REGISTRY.iter().find(|entry| entry.action == action)
}

/// Looks an action up by the id that settings use.
pub fn by_id(id: &str) -> Option<Action> {
    REGISTRY.iter().find(|entry| entry.id == id).map(|entry| entry.action)
}

/// The default keys of an entry that can be used in `context`. In a context where text is typed, plain letters are text.
pub fn default_chords(entry: &Entry, context: Context) -> impl Iterator<Item = Chord> + '_ {
    entry.keys.iter().filter_map(|key| key.parse::<Chord>().ok()).filter(move |c| !context.is_typing() || !c.is_text())
}

/// The key table of the README, in Markdown.
pub fn key_table() -> String {
    let mut table = String::from("| keys | action | where | what it does |\n| --- | --- | --- | --- |\n");
    for entry in REGISTRY {
        let keys: Vec<String> = entry.keys.iter().map(|key| format!("`{key}`")).collect();
        let places: Vec<String> = entry.contexts.iter().map(|c| c.title().to_lowercase()).collect();
        table.push_str(&format!(
            "| {} | `{}` | {} | {} |\n",
            keys.join(" "),
            entry.id,
            places.join(", "),
            entry.description
        ));
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_context() {
        for context in Context::ALL {
            let mut seen: HashMap<Chord, &str> = HashMap::new();
            for entry in REGISTRY.iter().filter(|e| e.contexts.contains(&context)) {
                for chord in default_chords(entry, context) {
                    let other = seen.insert(chord, entry.id);
                    // `q` closes what lies over the panes, and quits where nothing does.
                    let meant = other == Some("close") && entry.id == "quit";
                    assert!(other.is_none() || meant, "{chord} is both {other:?} and {} in {context:?}", entry.id);
                }
            }
        }
    }

    #[test]
    fn every_entry_is_complete_and_every_default_key_parses() {
        let mut ids = HashSet::new();
        for entry in REGISTRY {
            assert!(ids.insert(entry.id), "{} stands twice", entry.id);
            assert!(!entry.contexts.is_empty(), "{}", entry.id);
            assert!(!entry.description.ends_with('.'), "{}", entry.id);
            for key in entry.keys {
                key.parse::<Chord>().unwrap();
            }
            assert_eq!(by_id(entry.id), Some(entry.action));
        }
    }

    #[test]
    fn the_key_table_has_a_row_for_every_action() {
        assert_eq!(key_table().lines().count(), REGISTRY.len() + 2);
    }
}
