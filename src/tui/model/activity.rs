//! The activity list: what happened since the console was opened, newest first.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::text::clean;
use warroom_domain::health::{Happening, Status, duration};

/// How many events are kept.
const CAPACITY: usize = 2000;

/// One line of the activity pane.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub at: Timestamp,
    /// A probe or an alert.
    pub who: String,
    pub kind: EventKind,
    pub text: String,
    /// The panel that shows more about it.
    pub panel: Option<String>,
    /// The runbook that an alert names.
    pub runbook: Option<String>,
}

/// What sort of event it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    Transition {
        from: Option<Status>,
        to: Status,
    },
    Fired {
        severity: String,
    },
    Cleared {
        severity: String,
    },
    /// Something about the console itself.
    Note,
}

/// Events, newest first.
#[derive(Debug, Clone, Default)]
pub struct Activity {
    events: VecDeque<Event>,
}

impl Activity {
    pub fn iter(&self) -> impl Iterator<Item = &Event> {
        self.events.iter()
    }

    pub fn get(&self, index: usize) -> Option<&Event> {
        self.events.get(index)
    }

    pub fn len(&self) -> usize {
        self.events.len()
    }

    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Adds what happened and says whether it is shown: that a probe's first reading is ok is no news.
    pub fn add(&mut self, happening: Happening) -> bool {
        let event = match happening {
            Happening::Transition { from: None, to: Status::Ok, .. } => return false,
            Happening::Transition { at, probe, panel, from, to, summary, .. } => Event {
                at,
                who: probe,
                kind: EventKind::Transition { from, to },
                text: clean(&summary),
                panel: Some(panel),
                runbook: None,
            },
            Happening::AlertFired { at, since, alert, title, severity, runbook } => {
                let held = at.duration_since(since).unsigned_abs();
                let mut text = clean(&title);
                if held.as_secs() > 0 {
                    text.push_str(&format!(", true for {}", duration(held)));
                }
                if let Some(runbook) = &runbook {
                    text.push_str(&format!(" · runbook {}", clean(runbook)));
                }
                Event { at, who: alert, kind: EventKind::Fired { severity }, text, panel: None, runbook }
            }
            Happening::AlertCleared { at, alert, title, severity, lasted } => Event {
                at,
                who: alert,
                kind: EventKind::Cleared { severity },
                text: format!("{}, after {}", clean(&title), duration(lasted)),
                panel: None,
                runbook: None,
            },
        };
        self.push(event);
        true
    }

    /// Adds a line about the console itself.
    pub fn note(&mut self, at: Timestamp, text: impl Into<String>) {
        self.push(Event {
            at,
            who: "console".to_owned(),
            kind: EventKind::Note,
            text: text.into(),
            panel: None,
            runbook: None,
        });
    }

    fn push(&mut self, event: Event) {
        self.events.push_front(event);
        self.events.truncate(CAPACITY);
    }
}
