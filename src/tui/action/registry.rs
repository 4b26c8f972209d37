//! The rows of the registry.

use super::{
    Action,
    Context::{
        self, Ask, AskText, Details, Filter, Form, Help, Log, Menu, Palette, Panes, Picker, Pods, Prompt, Runbook,
        Sheet, SheetText, Timeline, TimelineEntry,
    },
    Entry,
};

/// Where nothing is typed and nothing waits for an answer.
const READING: &[Context] = &[Panes, Runbook, Timeline, TimelineEntry, Details, Pods, Log, Help];
const SCROLLING: &[Context] =
    &[Panes, Runbook, Timeline, TimelineEntry, Details, Pods, Log, Help, Palette, Picker, Ask, AskText, Menu];
/// Where a text is typed, the ends of the line are the text's.
const JUMPING: &[Context] =
    &[Panes, Runbook, Timeline, TimelineEntry, Details, Pods, Log, Help, Palette, Picker, Ask, Menu];
const OVERLAYS: &[Context] = &[TimelineEntry, Details, Pods, Log, Help, Menu];
const DETAILS: &[Context] = &[Details, Pods];
const PANES: &[Context] = &[Panes, Runbook, Timeline];
/// Where there is an entry of the timeline.
const ENTRIES: &[Context] = &[Timeline, TimelineEntry];
const TYPING: &[Context] = &[Palette, Filter, Picker, Prompt, Form, AskText, Sheet, SheetText];
const SHEETS: &[Context] = &[Sheet, SheetText];
const FIELDS: &[Context] = &[Form, Sheet, SheetText];

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
    entry!(Open, "open", "Open", ["enter"], &[Panes, Timeline, Pods], "open", "Open the details of the selected panel, the entry of the timeline, or the log of the selected pod"),
    entry!(RunNext, "run", "Run the next action", ["enter"], &[Runbook], "run", "Run the next action of the selected step; after a failure, choose how to go on"),
    entry!(RunAgain, "run-again", "Run again", ["r"], &[Runbook], "", "Run the selected action again, although it has ended"),
    entry!(Tick, "check", "Check off", ["space"], &[Runbook], "check", "Check the selected step or sub-check off, or take that back"),
    entry!(Skip, "skip", "Skip the step", ["s"], &[Runbook], "skip", "Leave the selected step out, with a reason"),
    entry!(Undo, "undo", "Undo the step", ["u"], &[Runbook], "undo", "Run the selected step's own rollback, or restore what was saved before it"),
    entry!(ShowOutput, "output", "Step or output", ["v"], &[Runbook, TimelineEntry], "output", "Show the selected step's output below the list, or its text; the output that an entry refers to"),
    entry!(CancelStep, "cancel-step", "Cancel what runs", ["c"], &[Runbook], "cancel", "End the running action after a question, and at once what has not started yet"),
    entry!(MarkKey, "mark-key", "Mark as key", ["m"], ENTRIES, "key", "Say that the entry belongs to the story that is told afterwards, or does not"),
    entry!(Correct, "correct", "Correct", ["E"], ENTRIES, "correct", "Say the entry anew, or take it back; the original is kept"),
    entry!(GoToStep, "go-to-step", "Go to the step", ["s"], &[TimelineEntry], "step", "Open the run that the entry is about, at its step"),
    entry!(Filter, "filter", "Filter", ["/"], &[Details, Pods, Log, Help, Timeline, Runbook, TimelineEntry], "filter", "Keep only the rows that contain what you type; in an output, search"),
    entry!(AdHoc, "command", "Run a command", ["!"], PANES, "command", "Run a command that is in no runbook, under the same rules"),
    entry!(Incident, "incident", "Incident", ["i"], PANES, "incident", "Everything that can be done to the incident, or which one to open"),
    entry!(Declare, "declare", "Declare an incident", ["D"], PANES, "declare", "Declare an incident; what fires is filled in"),
    entry!(AddNote, "note", "Write down", ["a"], PANES, "note", "Write into the timeline what was seen, decided or done"),
    entry!(AnswerSecond, "second", "Be the second person", ["S"], PANES, "second", "Look at what somebody else wants to run and needs a second person for"),
    entry!(SetPhase, "phase", "Change the phase", ["P"], PANES, "", "Say that the incident is identified, monitored, resolved or closed, or goes back"),
    entry!(SetSeverity, "severity", "Reclassify", [], PANES, "", "Change the incident's severity, with the reason"),
    entry!(SetTitle, "title", "Retitle", [], PANES, "", "Change the incident's title"),
    entry!(SetRole, "role", "Take a role", [], PANES, "", "Take a role, hand it over, or give it back"),
    entry!(SetComponents, "components", "Affected components", [], PANES, "", "Say which components are affected"),
    entry!(SetImpact, "impact", "Impact", [], PANES, "", "Say what the impact is"),
    entry!(Inform, "inform", "An audience was informed", [], PANES, "", "Write down that an audience was told how it stands"),
    entry!(Escalate, "escalate", "Escalation", [], PANES, "", "Write down who was told, or why they were not"),
    entry!(SayRestored, "restored", "Service restored", [], PANES, "", "Say since when users have their service again"),
    entry!(AssessLoss, "data-loss", "Data loss", [], PANES, "", "Say what is lost"),
    entry!(AddToDo, "to-do", "Add a to-do", [], PANES, "", "Write down what has to be done afterwards"),
    entry!(FinishToDo, "to-do-done", "A to-do is done", [], PANES, "", "Say that something that had to be done is done"),
    entry!(Export, "export", "Export the incident", [], PANES, "", "Write the incident to a file: a document, the post-mortem draft, or everything"),
    entry!(Verify, "verify", "Verify the incident", [], PANES, "", "Check that nothing in the incident's journal and evidence was changed"),
    entry!(PickIncident, "incidents", "Open an incident", ["I"], PANES, "", "Find an incident and open it"),
    entry!(PickRunbook, "runbooks", "Open a runbook", ["o"], PANES, "runbooks", "Find a runbook, or a run from before, and open it"),
    entry!(Links, "links", "Links", ["l"], PANES, "", "Open a dashboard or another page of the platform in a browser"),
    entry!(Platform, "platform", "Platform", [], PANES, "", "Show what the pack says: document, environments, components and their restart order, backups, roles, links"),
    entry!(Agree, "yes", "Yes", ["y"], &[Ask], "yes", "Agree to what is asked"),
    entry!(RunAsked, "go", "Go on", ["enter"], &[Ask], "go on", "Start what only reads; anything else needs more than this key"),
    entry!(Refuse, "no", "No", ["n", "esc", "q", "ctrl-c"], &[Ask], "no", "Start nothing"),
    entry!(CopyAsked, "copy-asked", "Copy the command in question", ["c"], &[Ask], "copy", "Copy the command in question to the clipboard"),
    entry!(Choose, "choose", "Choose", ["enter", "space"], &[Menu], "choose", "Take the selected line"),
    entry!(NextField, "next-field", "Next field", ["tab"], FIELDS, "next", "Go to the next field"),
    entry!(PreviousField, "previous-field", "Previous field", ["shift-tab"], FIELDS, "", "Go to the field before"),
    entry!(NextChoice, "next-choice", "Next choice", ["down"], FIELDS, "choices", "Take the next choice over; on a sheet and without choices, go to the next field"),
    entry!(PreviousChoice, "previous-choice", "Previous choice", ["up"], FIELDS, "", "Take the choice before over; on a sheet and without choices, go to the field before"),
    entry!(ListChoices, "list-choices", "List the choices", ["ctrl-l"], &[Form], "list", "Run the read-only command that lists what can be chosen"),
    entry!(TickRow, "tick-row", "Tick", ["space"], &[Sheet], "tick", "Tick the row of the sheet, or take that back"),
    entry!(NextValue, "next-value", "Next value", ["right", "l"], &[Sheet], "change", "Take the next value of the row"),
    entry!(PreviousValue, "previous-value", "Previous value", ["left", "h"], &[Sheet], "", "Take the value before"),
    entry!(Submit, "submit", "Say it", ["ctrl-s"], SHEETS, "say it", "Do what the sheet is for, from any row"),
    entry!(Close, "close", "Close", ["esc", "q", "backspace"], OVERLAYS, "close", "Close what is on top and go back"),
    entry!(Accept, "accept", "Accept", ["enter"], TYPING, "accept", "Take what is typed or selected"),
    entry!(Cancel, "cancel", "Cancel", ["esc", "ctrl-c"], TYPING, "cancel", "Drop what is typed and go back"),
    entry!(LookNow, "look", "Look now", ["r"], &[Panes, Timeline, Details, Pods, Log], "look now", "Look again now at the selected panel, or fetch the log again"),
    entry!(LookAtAll, "look-all", "Look at everything now", ["R"], &[Panes, Timeline, Details], "", "Look again now at every probe"),
    entry!(NextTab, "next-tab", "Next tab", ["tab", "l", "right"], DETAILS, "next tab", "Go to the next tab of the details"),
    entry!(PreviousTab, "previous-tab", "Previous tab", ["shift-tab", "h", "left"], DETAILS, "", "Go to the previous tab of the details"),
    entry!(NextProbe, "next-probe", "Next probe", ["]", "n"], DETAILS, "next probe", "Show the next probe of the panel"),
    entry!(PreviousProbe, "previous-probe", "Previous probe", ["[", "N"], DETAILS, "", "Show the previous probe of the panel"),
    entry!(NextCategory, "category", "Filter by category", ["f"], &[Timeline], "category", "Show the entries of the next category only, and at last all"),
    entry!(NextResponder, "responder", "Filter by responder", ["w"], &[Timeline], "who", "Show what the next of those who occur has written only, and at last all"),
    entry!(KeyOnly, "key-only", "Key entries only", ["*"], &[Timeline], "", "Show only what belongs to the story, or all"),
    entry!(ClearFilters, "clear-filters", "Clear the filters", ["esc"], &[Timeline], "show all", "Show all entries again"),
    entry!(Sort, "sort", "Sort by the next column", ["s"], DETAILS, "sort", "Sort tables by the next column, and at last not at all"),
    entry!(ReverseSort, "reverse-sort", "Reverse the sort", ["S"], DETAILS, "", "Turn the order of the sorted column around"),
    entry!(PreviousContainer, "previous-container", "Log before the last restart", ["p"], &[Log], "before restart", "Switch between the running container's log and the one before its last restart"),
    entry!(Follow, "follow", "Follow the log", ["f"], &[Log, Runbook], "follow", "Stay at the end of the log or of the output as it grows"),
    entry!(Palette, "palette", "Command palette", [":", "ctrl-p"], READING, "palette", "Find any command by a few of its letters"),
    entry!(NextPane, "next-pane", "Next pane", ["tab", "right"], PANES, "next pane", "Move the focus to the next pane"),
    entry!(PreviousPane, "previous-pane", "Previous pane", ["shift-tab", "h", "left"], PANES, "", "Move the focus to the previous pane"),
    entry!(FocusHealth, "health", "Go to Health", ["1"], PANES, "", "Move the focus to the Health pane"),
    entry!(FocusActivity, "activity", "Go to Activity", ["2"], PANES, "", "Move the focus to the Activity pane, with an incident open the Timeline pane"),
    entry!(FocusRunbook, "runbook", "Go to Runbook", ["3"], PANES, "", "Move the focus to the Runbook pane"),
    entry!(Zoom, "zoom", "Zoom", ["z", "+"], &[Panes, Runbook, Timeline, Details, Pods, Log], "zoom", "Give the pane the whole screen, or take it back"),
    entry!(DismissAlerts, "dismiss", "Dismiss the alert banner", ["x"], &[Panes, Runbook, Timeline, Details, Pods, Log], "dismiss", "Hide the banner of the alerts that fire now; they stay in Activity"),
    entry!(Variables, "variables", "Variables", ["e"], &[Runbook], "", "Fill in the runbook's variables"),
    entry!(CopyCommand, "copy", "Copy the command", ["y"], &[Runbook], "", "Copy the selected step's command to the clipboard"),
    entry!(RollBack, "roll-back", "Roll the runbook back", ["U"], &[Runbook], "", "Run the rollback of the whole runbook, step by step"),
    entry!(DryRun, "dry-run", "Dry run", ["d"], &[Runbook], "", "Show and check everything and start nothing, or leave that mode"),
    entry!(CheckRunbook, "check-runbook", "Check the runbook's needs", [], &[Runbook], "", "Look whether its programs, credentials and places are there, and change nothing"),
    entry!(NextMatch, "next-match", "Next match", ["n"], &[Runbook, TimelineEntry], "", "Go to the next place in the output that the search finds"),
    entry!(PreviousMatch, "previous-match", "Previous match", ["N"], &[Runbook, TimelineEntry], "", "Go to the place before that the search finds"),
    entry!(ScrollDown, "scroll-down", "Scroll down", ["J", "ctrl-e"], &[Runbook], "", "Scroll the step's text or output one line down"),
    entry!(ScrollUp, "scroll-up", "Scroll up", ["K", "ctrl-y"], &[Runbook], "", "Scroll the step's text or output one line up"),
    entry!(CloseRunbook, "close-runbook", "Close the runbook", ["ctrl-w"], &[Runbook], "", "Close the open runbook; its run stays and can be opened again"),
    entry!(NextTheme, "theme", "Next theme", ["t"], READING, "theme", "Switch to the next theme"),
    entry!(LocalTime, "local-time", "UTC or local time", ["u"], &[Panes, Timeline, TimelineEntry, Details, Pods, Log, Help], "", "Show times in UTC or in this machine's time zone"),
    entry!(Help, "help", "Help", ["?", "f1"], &[Panes, Runbook, Timeline, TimelineEntry, Details, Pods, Log], "help", "Show every key"),
    entry!(Quit, "quit", "Quit", ["q", "ctrl-c"], READING, "", "Leave the console; a running step goes on without it"),
    entry!(Down, "down", "Down", ["j", "down"], SCROLLING, "", "Next row, or one line down"),
    entry!(Up, "up", "Up", ["k", "up"], SCROLLING, "", "Previous row, or one line up"),
    entry!(PageDown, "page-down", "Page down", ["pgdn", "ctrl-f", "ctrl-d"], SCROLLING, "", "One page down"),
    entry!(PageUp, "page-up", "Page up", ["pgup", "ctrl-b", "ctrl-u"], SCROLLING, "", "One page up"),
    entry!(First, "first", "First", ["g", "home"], JUMPING, "", "Go to the first row"),
    entry!(Last, "last", "Last", ["G", "end"], JUMPING, "", "Go to the last row"),
    entry!(Suspend, "suspend", "Suspend", ["ctrl-z"], READING, "", "Stop the console and go back to the shell; `fg` brings it back"),
    entry!(Redraw, "redraw", "Redraw", ["ctrl-l"], READING, "", "Draw the whole screen anew"),
];
