//! What an update wants done outside the model. The loop does it; answers come back as messages.

use super::output::Look;
use warroom_probe::Inquiry;
use warroom_room::{incident::station, run};

/// One wish.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Leave the console.
    Quit,
    /// Give the terminal back and stop, until the shell continues us.
    Suspend,
    /// Draw every cell again, whatever is on the screen.
    Redraw,
    /// Look at a probe now.
    LookNow(String),
    /// Ask a probe; the answer carries the ticket.
    Ask { ticket: u64, probe: String, inquiry: Inquiry },
    /// Something about runbooks and runs.
    Run(run::Command),
    /// Something about incidents.
    Incident(station::Command),
    /// Ring the terminal's bell.
    Ring,
    /// Read a part of an action's output; the answer carries the ticket.
    ReadOutput { ticket: u64, look: Look },
    /// Put a text on the clipboard of the person's terminal.
    Copy(String),
    /// Show a page in a browser; on the clipboard where this machine has none.
    OpenLink(String),
}
