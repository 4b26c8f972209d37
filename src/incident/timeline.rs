//! The events of an incident as people read them: one entry each, with corrections beside the original.

use std::{fmt, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    event::{EventRef, Exposure, IncidentEvent, NoteKind, Versioned},
    journal::{Item, JournalEvent},
    state::{Correction, IncidentState},
};
use warroom_domain::health::Status;
use warroom_runbook::run::{
    ActionOutcome, Confirmation, Ending, EventKind, Evidence, ExpectationResult, Mode, Names, RunId,
};

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Declared, reclassified, phases, impact.
    Incident,
    /// Probes and alerts.
    Health,
    /// Runbooks and commands.
    Step,
    Note,
    Decision,
    /// Escalations and updates.
    Message,
    /// Roles, presence, claims.
    People,
    /// The journal about itself, and what this program does not know.
    Journal,
}

impl Category {
    pub const ALL: [Category; 8] = [
        Category::Incident,
        Category::Health,
        Category::Step,
        Category::Note,
        Category::Decision,
        Category::Message,
        Category::People,
        Category::Journal,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Category::Incident => "incident",
            Category::Health => "health",
            Category::Step => "step",
            Category::Note => "note",
            Category::Decision => "decision",
            Category::Message => "message",
            Category::People => "people",
            Category::Journal => "journal",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineEntry {
    pub of: EventRef,
    /// When it was written.
    pub at: Timestamp,
    /// The time that it speaks of, when that is another.
    pub about: Option<Timestamp>,
    /// Who wrote it, as in the log.
    pub by: Arc<str>,
    /// Whose words it is, when a scribe wrote it.
    pub author: Option<String>,
    /// What noticed it by itself: `probe`, `alert`, `clock`. No person said it.
    pub noticed_by: Option<&'static str>,
    pub category: Category,
    /// One line; a note may have several.
    pub text: String,
    /// It belongs to the story.
    pub key: bool,
    /// Every correction, the newest last.
    pub corrections: Vec<Correction>,
    /// Found after a console had come back, not when it happened.
    pub late: bool,
    /// Output that is kept, by its way from the incident's folder.
    pub evidence: Option<(RunId, Evidence)>,
    /// False when its line does not fit its chain.
    pub intact: bool,
}

impl TimelineEntry {
    /// What it says now: the newest correction, or the original. `None` when it was taken back.
    pub fn current(&self) -> Option<&str> {
        match self.corrections.last() {
            Some(correction) => correction.text.as_deref(),
            None => Some(&self.text),
        }
    }

    /// What noticed it, else who wrote it.
    pub fn source(&self) -> &str {
        self.noticed_by.unwrap_or(&self.by)
    }

    /// Whose words it is, else where it comes from.
    pub fn who(&self) -> &str {
        self.author.as_deref().unwrap_or(self.source())
    }

    /// The time that it speaks of.
    pub fn time(&self) -> Timestamp {
        self.about.unwrap_or(self.at)
    }
}

/// Every entry of an incident, in the order in which it was written.
pub fn timeline(items: &[Arc<Item>], state: &IncidentState) -> Vec<TimelineEntry> {
    items.iter().filter_map(|item| entry(item, state)).collect()
}

/// One event as an entry. Corrections, marks and what is withdrawn are part of what they are about, and no entries of their own.
pub fn entry(item: &Item, state: &IncidentState) -> Option<TimelineEntry> {
    made(item, known(item), state)
}

/// Takes an event into the state, and makes its entry: it is decoded once for both.
pub fn take(item: &Item, state: &mut IncidentState) -> Option<TimelineEntry> {
    let known = known(item);
    if let Some(event) = &known {
        state.apply_known(item, event.clone());
    }
    made(item, known, state)
}

fn known(item: &Item) -> Option<IncidentEvent> {
    item.entry.event::<Versioned>().map(|versioned| versioned.event).ok()
}

fn made(item: &Item, known: Option<IncidentEvent>, state: &IncidentState) -> Option<TimelineEntry> {
    let of = EventRef { log: item.log.clone(), seq: item.entry.seq };
    let said = match &known {
        Some(event) => say(event, state)?,
        None => say_unknown(item),
    };
    let mut entry = TimelineEntry {
        key: state.key.get(&of).copied().unwrap_or(said.key),
        corrections: state.corrections.get(&of).cloned().unwrap_or_default(),
        of,
        at: item.entry.at,
        about: None,
        by: item.entry.by.clone(),
        author: None,
        noticed_by: known.as_ref().and_then(IncidentEvent::noticed_by),
        category: said.category,
        text: said.text,
        late: false,
        evidence: None,
        intact: item.intact,
    };
    match known {
        Some(IncidentEvent::Noted { about, author, .. }) => {
            entry.about = another(about, entry.at);
            entry.author = author;
        }
        Some(IncidentEvent::ServiceRestored { at }) => entry.about = another(Some(at), entry.at),
        Some(IncidentEvent::ProbeChanged { since, .. } | IncidentEvent::AlertFired { since, .. }) => {
            entry.about = another(since, entry.at);
        }
        Some(IncidentEvent::Run { run, kind: EventKind::ActionEnded { outcome, late, .. } }) => {
            entry.late = late;
            entry.evidence = outcome.evidence.map(|evidence| (run, evidence));
        }
        Some(IncidentEvent::Run { run, kind: EventKind::PriorStateSaved { evidence, .. } }) => {
            entry.evidence = Some((run, evidence));
        }
        _ => {}
    }
    Some(entry)
}

/// The time that an entry speaks of, when it is another than that of its writing: not what lies between a key and the disk.
fn another(about: Option<Timestamp>, written: Timestamp) -> Option<Timestamp> {
    about.filter(|about| about.duration_since(written).abs() >= SignedDuration::from_secs(1))
}

struct Said {
    category: Category,
    text: String,
    key: bool,
}

fn said(category: Category, key: bool, text: impl Into<String>) -> Said {
    Said { category, text: text.into(), key }
}

/// `None` for what is part of another entry.
fn say(event: &IncidentEvent, state: &IncidentState) -> Option<Said> {
    use IncidentEvent as E;
    let because = |reason: &str| if reason.is_empty() { String::new() } else { format!(": {reason}") };
    Some(match event {
        E::Corrected { .. } | E::MarkedKey { .. } | E::SecondWithdrawn { .. } => return None,
        E::Declared { title, severity, mode, .. } => {
            said(Category::Incident, true, format!("declared {severity}: {title}{}", marked(*mode)))
        }
        E::ExposuresFrozen { exposures } => {
            let one = |exposure: &Exposure| match exposure.recovery_point {
                Some(point) => format!("restore point of {}: {point:.0}", exposure.component),
                None => format!("restore point of {} unknown", exposure.component),
            };
            let all: Vec<String> = exposures.iter().map(one).collect();
            said(Category::Health, false, all.join("; "))
        }
        E::Retitled { title } => said(Category::Incident, false, format!("title is now {title}")),
        E::Reclassified { severity, reason } => {
            said(Category::Incident, true, format!("reclassified as {severity}{}", because(reason)))
        }
        E::PhaseChanged { phase, reason } => {
            let reason = reason.as_deref().unwrap_or_default();
            said(Category::Incident, true, format!("phase {}{}", phase.word(), because(reason)))
        }
        E::ComponentsChanged { components } => {
            said(Category::Incident, false, format!("affected: {}", components.join(", ")))
        }
        E::ImpactSet { field, value } => said(Category::Incident, false, format!("{}: {value}", field.word())),
        E::DataLossAssessed { statement, .. } => said(Category::Incident, true, format!("data loss: {statement}")),
        E::ServiceRestored { .. } => said(Category::Incident, true, "service restored"),
        E::RoleTaken { role, who } => said(Category::People, false, format!("{who} is {role}")),
        E::RoleReleased { role, who } => said(Category::People, false, format!("{who} is no longer {role}")),
        E::Joined { read_only: true } => said(Category::People, false, "looks on (read-only)"),
        E::Joined { .. } => said(Category::People, false, "joined"),
        E::Left {} => said(Category::People, false, "left"),
        E::StepClaimed { run, step } => {
            said(Category::People, false, format!("works on {}", names(state, run).step(step)))
        }
        E::SecondAsked { title, .. } => {
            said(Category::People, false, format!("asks for a second person before {title}"))
        }
        E::SecondAnswered { agreed, of } => {
            let title = state.seconds.get(of).map_or("the action", |request| request.title.as_str());
            let word = if *agreed { "agreed to" } else { "did not agree to" };
            said(Category::People, true, format!("{word} {title}"))
        }
        E::Noted { kind: NoteKind::Decision, text, .. } => said(Category::Decision, true, text.as_str()),
        E::Noted { text, .. } => said(Category::Note, false, text.as_str()),
        E::ProbeChanged { probe, from, to, summary, .. } => {
            let from = from.map_or_else(String::new, |from| format!("{} → ", from.word()));
            said(Category::Health, *to == Status::Down, format!("{probe} {from}{}{}", to.word(), because(summary)))
        }
        E::AlertFired { title, severity, .. } => said(Category::Health, true, format!("alert {severity}: {title}")),
        E::AlertCleared { alert } => said(Category::Health, false, format!("alert {alert} cleared")),
        E::ClockOverdue { text, .. } => said(Category::Message, true, format!("overdue: {text}")),
        E::Escalated { to, dismissed_because: Some(reason), .. } => {
            said(Category::Message, true, format!("{to} not told: {reason}"))
        }
        E::Escalated { to, .. } => said(Category::Message, true, format!("escalated to {to}")),
        E::UpdateSent { audience, channel, text } => {
            let channel = channel.as_ref().map_or_else(String::new, |channel| format!(" by {channel}"));
            said(Category::Message, true, format!("{audience} informed{channel}: {text}"))
        }
        E::ActionItemAdded { text, owner, .. } => {
            let owner = owner.as_ref().map_or_else(String::new, |owner| format!(" ({owner})"));
            said(Category::Incident, false, format!("to do: {text}{owner}"))
        }
        E::ActionItemDone { id } => {
            let text = state.action_items.iter().find(|item| item.id == *id).map_or(id.as_str(), |item| &item.text);
            said(Category::Incident, false, format!("done: {text}"))
        }
        E::Run { run, kind } => say_run(kind, names(state, run)),
    })
}

/// What the steps of a run are called.
fn names<'s>(state: &'s IncidentState, run: &RunId) -> Names<'s> {
    state.runs.get(run).map_or_else(Names::default, |events| Names::of(events))
}

/// ` (DRILL)`.
fn marked(mode: Mode) -> String {
    mode.mark().map_or_else(String::new, |mark| format!(" ({mark})"))
}

fn say_run(kind: &EventKind, names: Names<'_>) -> Said {
    let step = |key, text: String| said(Category::Step, key, text);
    match kind {
        EventKind::RunStarted { title, mode, .. } => step(true, format!("runbook begun: {title}{}", marked(*mode))),
        EventKind::VariableSet { name, value: Some(value) } => step(false, format!("{name} = {value}")),
        EventKind::VariableSet { name, value: None } => step(false, format!("{name} was given (secret)")),
        EventKind::OptionChosen { group, key } => step(
            true,
            names
                .option(group, key)
                .map_or_else(|| format!("chose {key} of {group}"), |option| format!("chose {option}")),
        ),
        EventKind::CheckTicked { step: id, check, ticked } => {
            let word = if *ticked { "checked" } else { "unchecked" };
            step(false, format!("{}: {word} {}", names.step(id), check + 1))
        }
        EventKind::StepTicked { step: id, ticked: true } => step(false, format!("{} done", names.step(id))),
        EventKind::StepTicked { step: id, .. } => step(false, format!("{} is not done after all", names.step(id))),
        EventKind::Confirmed { action, confirmation, .. } => match confirmation {
            Confirmation::Second { by } => step(true, format!("{by} agreed to {}", names.action(action))),
            Confirmation::Override { of, reason } => {
                step(true, format!("{} goes on without a {of}: {reason}", names.action(action)))
            }
            Confirmation::Typed { name } => step(false, format!("{} confirmed by typing {name}", names.action(action))),
            Confirmation::Enter | Confirmation::Yes => step(false, format!("{} confirmed", names.action(action))),
            Confirmation::Allowed { up_to } => step(false, format!("{} allowed up to {up_to}", names.action(action))),
        },
        EventKind::ActionIntended { action, attempt, risk, lowered, .. } => {
            let again = if *attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
            let lowered = lowered.as_ref().map(|lowered| format!("; {lowered}")).unwrap_or_default();
            step(false, format!("{} started, {risk}{again}{lowered}", names.action(action)))
        }
        EventKind::ActionEnded { action, outcome, .. } => {
            step(!outcome.succeeded(), format!("{} {}", names.action(action), ended(outcome)))
        }
        EventKind::StepSkipped { step: id, reason } => step(true, format!("{} skipped: {reason}", names.step(id))),
        EventKind::FailureAccepted { step: id, reason } => {
            step(true, format!("went on after {} failed: {reason}", names.step(id)))
        }
        EventKind::RollbackStarted { step: Some(id) } => step(true, format!("{} is rolled back", names.step(id))),
        EventKind::RollbackStarted { step: None } => step(true, "the run is rolled back".to_owned()),
        EventKind::PriorStateSaved { what, .. } => step(false, format!("saved before the change: {what}")),
        EventKind::RunEnded { outcome, reason } => {
            let word = outcome.word();
            let reason = reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
            step(true, format!("runbook {word}{reason}"))
        }
    }
}

/// `succeeded in 4.1 s`, `failed after 2.0 s with exit code 3`.
fn ended(outcome: &ActionOutcome) -> String {
    let seconds = Duration::from_millis(outcome.duration_ms).as_secs_f64();
    let missed = outcome.expected.iter().find_map(|result| match result {
        ExpectationResult::Missed { why } => Some(why),
        ExpectationResult::Met => None,
    });
    match (&outcome.ending, missed) {
        (Ending::Exited { code: 0 }, None) => format!("succeeded in {seconds:.1} s"),
        (Ending::Exited { code: 0 }, Some(why)) => format!("failed after {seconds:.1} s: {why}"),
        (Ending::Exited { code }, _) => format!("failed after {seconds:.1} s with exit code {code}"),
        (Ending::Killed { signal }, _) => format!("was killed by signal {signal} after {seconds:.1} s"),
        (Ending::TimedOut, _) => format!("took too long and was ended after {seconds:.1} s"),
        (Ending::Cancelled, _) => format!("was cancelled after {seconds:.1} s"),
        (Ending::NotStarted { why }, _) => format!("did not start: {why}"),
        (Ending::Unknown { why }, _) => format!("has an unknown outcome: {why}"),
    }
}

/// An event that this program does not know, or one of the journal itself.
fn say_unknown(item: &Item) -> Said {
    let text = match item.entry.event::<JournalEvent>() {
        Ok(JournalEvent::LogStarted { responder, .. }) => format!("log of {responder} begun"),
        Ok(JournalEvent::Checkpoint { .. }) => "checkpoint of the other logs".to_owned(),
        Err(_) => format!("{} (unknown to this version): {}", item.entry.kind, item.entry.json()),
    };
    said(Category::Journal, false, text)
}
