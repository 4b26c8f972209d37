//! Everything that can happen to the console.

use crossterm::event::{KeyEvent, MouseEvent};

use super::output::Seen;
use warroom_domain::health::details::Table;
use warroom_probe::Signal;
use warroom_room::{incident::station, run::News};

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Message {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(String),
    /// The terminal has another size; the next frame asks for it.
    Resize,
    Signal(Signal),
    /// The answer to an [`super::effect::Effect::Ask`] of the same ticket.
    Answer {
        ticket: u64,
        result: Result<Answer, String>,
    },
    /// Something about runbooks and runs.
    Run(Box<News>),
    /// Something about incidents.
    Incident(Box<station::News>),
    /// The answer to an [`super::effect::Effect::ReadOutput`] of the same ticket.
    Output {
        ticket: u64,
        result: Result<Seen, String>,
    },
    /// An output on the screen may have grown.
    OutputDue,
    /// A second has passed.
    Tick,
    /// The spinner is due.
    Spin,
}

/// What a probe answered, made ready to show.
#[derive(Debug, Clone)]
pub enum Answer {
    Pods(Table),
    /// Lines of a log, safe to draw.
    Log(Vec<String>),
}
