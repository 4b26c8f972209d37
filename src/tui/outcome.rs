//! How an action ended, in a word and in a sentence.

use std::time::Duration;

use super::text::clean;
use warroom_runbook::run::{ActionOutcome, Ending, ExpectationResult};

/// One word or two, for the checklist.
pub fn word(outcome: &ActionOutcome) -> String {
    match &outcome.ending {
        Ending::Exited { code: 0 } if outcome.succeeded() => "ok".to_owned(),
        Ending::Exited { code: 0 } => "not as expected".to_owned(),
        Ending::Exited { code } => format!("exit {code}"),
        Ending::Killed { signal } => format!("signal {signal}"),
        Ending::TimedOut => "timed out".to_owned(),
        Ending::Cancelled => "cancelled".to_owned(),
        Ending::NotStarted { .. } => "not started".to_owned(),
        Ending::Unknown { .. } => "unknown".to_owned(),
    }
}

/// One sentence: how it ended, after how long, and what was not as expected.
pub fn sentence(outcome: &ActionOutcome) -> String {
    let after = took(Duration::from_millis(outcome.duration_ms));
    let missed = outcome.expected.iter().find_map(|e| match e {
        ExpectationResult::Missed { why } => Some(clean(why)),
        ExpectationResult::Met => None,
    });
    let mut text = match &outcome.ending {
        Ending::Exited { code: 0 } => format!("It ended well after {after}"),
        Ending::Exited { code } => format!("It ended with exit code {code} after {after}"),
        Ending::Killed { signal } => format!("It was ended by signal {signal} after {after}"),
        Ending::TimedOut => format!("It took longer than it may and was ended after {after}"),
        Ending::Cancelled => format!("It was cancelled after {after}"),
        Ending::NotStarted { why } => format!("It was not started: {}", clean(why)),
        Ending::Unknown { why } => format!("Nobody can know how it ended: {}", clean(why)),
    };
    if let Some(missed) = missed {
        text.push_str(&format!(", but {missed}"));
    }
    text
}

/// A time as a stopwatch shows it: `0:12`, `4:11`, `1:02:03`.
pub fn took(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}
