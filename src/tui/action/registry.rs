//! The rows of the registry.

use super::{
    Action,
    Context::{self, Details, Filter, Help, Log, Palette, Panes, Pods},
    Entry,
};

const READING: &[Context] = &[Panes, Details, Pods, Log, Help];
const SCROLLING: &[Context] = &[Panes, Details, Pods, Log, Help, Palette];
const OVERLAYS: &[Context] = &[Details, Pods, Log, Help];
const DETAILS: &[Context] = &[Details, Pods];
const TYPING: &[Context] = &[Palette, Filter];

macro_rules! entry {
    ($action:ident, $id:literal, $name:literal, [$($key:literal),*], $contexts:expr, $hint:literal, $description:literal) => {
        Entry {
            action: Action::$action,
            id: $id,
            name: $name,
            description: $description,
            keys: &[$($key),*],
            contexts: $contexts,
            hint: $hint,
        }
    };
}

/// Every action, in the order of the help; the footer hints in this order, too.
#[rustfmt::skip]
pub static REGISTRY: &[Entry] = &[
    entry!(Open, "open", "Open", ["enter"], &[Panes, Pods], "open", "Open the details of the selected panel, or the log of the selected pod"),
    entry!(Close, "close", "Close", ["esc", "q", "backspace"], OVERLAYS, "close", "Close what is on top and go back"),
    entry!(Accept, "accept", "Accept", ["enter"], TYPING, "accept", "Run the selected command, or keep the filter"),
    entry!(Cancel, "cancel", "Cancel", ["esc", "ctrl-c"], TYPING, "cancel", "Close the palette, or drop the filter"),
    entry!(LookNow, "look", "Look now", ["r"], &[Panes, Details, Pods, Log], "look now", "Look again now at the selected panel, or fetch the log again"),
    entry!(LookAtAll, "look-all", "Look at everything now", ["R"], &[Panes, Details], "", "Look again now at every probe"),
    entry!(NextTab, "next-tab", "Next tab", ["tab", "l", "right"], DETAILS, "next tab", "Go to the next tab of the details"),
    entry!(PreviousTab, "previous-tab", "Previous tab", ["shift-tab", "h", "left"], DETAILS, "", "Go to the previous tab of the details"),
    entry!(NextProbe, "next-probe", "Next probe", ["]", "n"], DETAILS, "next probe", "Show the next probe of the panel"),
    entry!(PreviousProbe, "previous-probe", "Previous probe", ["[", "N"], DETAILS, "", "Show the previous probe of the panel"),
    entry!(Filter, "filter", "Filter", ["/"], &[Details, Pods, Log, Help], "filter", "Keep only the rows that contain what you type"),
    entry!(Sort, "sort", "Sort by the next column", ["s"], DETAILS, "sort", "Sort tables by the next column, and at last not at all"),
    entry!(ReverseSort, "reverse-sort", "Reverse the sort", ["S"], DETAILS, "", "Turn the order of the sorted column around"),
    entry!(PreviousContainer, "previous-container", "Log before the last restart", ["p"], &[Log], "before restart", "Switch between the running container's log and the one before its last restart"),
    entry!(Follow, "follow", "Follow the log", ["f"], &[Log], "follow", "Fetch new log lines every two seconds and stay at the end"),
    entry!(Palette, "palette", "Command palette", [":", "ctrl-p"], READING, "palette", "Find any command by a few of its letters"),
    entry!(NextPane, "next-pane", "Next pane", ["tab", "l", "right"], &[Panes], "next pane", "Move the focus to the next pane"),
    entry!(PreviousPane, "previous-pane", "Previous pane", ["shift-tab", "h", "left"], &[Panes], "", "Move the focus to the previous pane"),
    entry!(FocusHealth, "health", "Go to Health", ["1"], &[Panes], "", "Move the focus to the Health pane"),
    entry!(FocusActivity, "activity", "Go to Activity", ["2"], &[Panes], "", "Move the focus to the Activity pane"),
    entry!(FocusRunbook, "runbook", "Go to Runbook", ["3"], &[Panes], "", "Move the focus to the Runbook pane"),
    entry!(Zoom, "zoom", "Zoom", ["z", "+"], &[Panes, Details, Pods, Log], "zoom", "Give the pane the whole screen, or take it back"),
    entry!(DismissAlerts, "dismiss", "Dismiss the alert banner", ["x"], &[Panes, Details, Pods, Log], "dismiss", "Hide the banner of the alerts that fire now; they stay in Activity"),
    entry!(NextTheme, "theme", "Next theme", ["t"], READING, "theme", "Switch to the next theme"),
    entry!(LocalTime, "local-time", "UTC or local time", ["u"], READING, "", "Show times in UTC or in this machine's time zone"),
    entry!(Help, "help", "Help", ["?", "f1"], &[Panes, Details, Pods, Log], "help", "Show every key"),
    entry!(Quit, "quit", "Quit", ["q", "ctrl-c"], READING, "", "Leave the console; nothing on the platform is changed by leaving"),
    entry!(Down, "down", "Down", ["j", "down"], SCROLLING, "", "Next row, or one line down"),
    entry!(Up, "up", "Up", ["k", "up"], SCROLLING, "", "Previous row, or one line up"),
    entry!(PageDown, "page-down", "Page down", ["pgdn", "ctrl-f", "ctrl-d"], SCROLLING, "", "One page down"),
    entry!(PageUp, "page-up", "Page up", ["pgup", "ctrl-b", "ctrl-u"], SCROLLING, "", "One page up"),
    entry!(First, "first", "First", ["g", "home"], SCROLLING, "", "Go to the first row"),
    entry!(Last, "last", "Last", ["G", "end"], SCROLLING, "", "Go to the last row"),
    entry!(Suspend, "suspend", "Suspend", ["ctrl-z"], READING, "", "Stop the console and go back to the shell; `fg` brings it back"),
    entry!(Redraw, "redraw", "Redraw", ["ctrl-l"], READING, "", "Draw the whole screen anew"),
];
