//! What people do to an incident, checked against the platform and against where the incident stands; both front ends use it.

use jiff::{Timestamp, civil::Date};
use uuid::Uuid;

use warroom_domain::platform::{Pack, nearest};
use warroom_incident::{EventRef, Exposure, ImpactField, IncidentEvent, IncidentState, NoteKind, Phase};
use warroom_runbook::run::Mode;

/// A new incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    pub environment: String,
    /// It is an exercise. On a simulated platform every incident is one.
    pub drill: bool,
    pub title: String,
    pub severity: String,
    /// Ids of the platform's components.
    pub components: Vec<String>,
    /// May lie in the past.
    pub detected_at: Timestamp,
    pub alert: Option<String>,
    /// Criteria of the severity that were found to hold.
    pub criteria: Vec<String>,
    pub exposures: Vec<Exposure>,
}

/// What somebody does.
#[derive(Debug, Clone, PartialEq)]
pub enum Verb {
    Note {
        kind: NoteKind,
        text: String,
        /// The time it speaks of, when that is not now.
        about: Option<Timestamp>,
        /// Whose words it is, when a scribe writes.
        author: Option<String>,
    },
    Retitle(String),
    Severity {
        level: String,
        reason: String,
    },
    /// Resolving, closing and reopening are phases, too.
    Phase {
        phase: Phase,
        reason: Option<String>,
    },
    Components(Vec<String>),
    /// `who` has the role from now on.
    TakeRole {
        role: String,
        who: String,
    },
    ReleaseRole {
        role: String,
    },
    Impact {
        field: ImpactField,
        value: String,
    },
    DataLoss {
        restored_to: Option<Timestamp>,
        last_write: Option<Timestamp>,
        statement: String,
    },
    /// Users have their service again.
    Restored {
        at: Timestamp,
    },
    /// Says an entry anew; `None` takes it back.
    Correct {
        of: EventRef,
        text: Option<String>,
    },
    MarkKey {
        of: EventRef,
        key: bool,
    },
    /// Who had to be told was told, or is not told for a reason.
    Escalate {
        to: String,
        dismissed_because: Option<String>,
    },
    Inform {
        audience: String,
        text: String,
    },
    AddActionItem {
        text: String,
        owner: Option<String>,
        due: Option<Date>,
    },
    /// By its id, or by a beginning of it that is the only one.
    DoActionItem {
        id: String,
    },
    Exposures(Vec<Exposure>),
    /// The word of a second person about what somebody else wants to run.
    AnswerSecond {
        of: EventRef,
        agreed: bool,
    },
}

/// The event that declares an incident. The error is one sentence.
pub fn declare(declaration: Declaration, pack: &Pack, now: Timestamp) -> Result<IncidentEvent, String> {
    let title = text(&declaration.title, "a title")?;
    let severity = severity(pack, &declaration.severity)?;
    let components = components(pack, &declaration.components)?;
    past(declaration.detected_at, now)?;
    Ok(IncidentEvent::Declared {
        platform: pack.name.clone(),
        environment: declaration.environment,
        mode: if declaration.drill || pack.is_simulated() { Mode::Drill } else { Mode::Live },
        title,
        severity,
        components,
        detected_at: declaration.detected_at,
        alert: declaration.alert,
        criteria: declaration.criteria,
        exposures: declaration.exposures,
    })
}

/// The events that a verb means now. The error is one sentence.
pub fn events(verb: Verb, state: &IncidentState, pack: &Pack, now: Timestamp) -> Result<Vec<IncidentEvent>, String> {
    let closed = state.phase() == Phase::Closed;
    let event = match verb {
        Verb::Note { kind, text: words, about, author } => {
            if let Some(about) = about {
                past(about, now)?;
            }
            let author = author.map(|author| text(&author, "the author's name")).transpose()?;
            IncidentEvent::Noted { kind, text: text(&words, "the text of a note")?, about, author }
        }
        Verb::Severity { .. } | Verb::Components(_) | Verb::TakeRole { .. } if closed => {
            return Err("the incident is closed: reopen it first".to_owned());
        }
        Verb::Retitle(title) => {
            let title = text(&title, "a title")?;
            if title == state.title {
                return Err(format!("the title is already “{title}”"));
            }
            IncidentEvent::Retitled { title }
        }
        Verb::Severity { level, reason } => {
            let severity = severity(pack, &level)?;
            if severity == state.severity() {
                return Err(format!("the incident is {severity} already"));
            }
            IncidentEvent::Reclassified { severity, reason: text(&reason, "a reason")? }
        }
        Verb::Phase { phase, reason } => return Ok(vec![change_phase(state, phase, reason)?]),
        Verb::Components(ids) => IncidentEvent::ComponentsChanged { components: components(pack, &ids)? },
        Verb::TakeRole { role: wanted, who } => {
            let (role, who) = (role(pack, &wanted)?, text(&who, "a name")?);
            if state.roles.get(&role).is_some_and(|holder| holder.value == who) {
                return Err(format!("{who} is {role} already"));
            }
            IncidentEvent::RoleTaken { role, who }
        }
        Verb::ReleaseRole { role: wanted } => {
            let role = role(pack, &wanted)?;
            let holder = state.roles.get(&role).ok_or_else(|| format!("nobody is {role}"))?;
            IncidentEvent::RoleReleased { who: holder.value.clone(), role }
        }
        Verb::Impact { field, value } => IncidentEvent::ImpactSet { field, value: text(&value, "what the impact is")? },
        Verb::DataLoss { restored_to, last_write, statement } => {
            if let (Some(restored), Some(last)) = (restored_to, last_write)
                && restored > last
            {
                return Err(
                    "what was restored is newer than the last write before the failure: check the two times".to_owned()
                );
            }
            let statement = text(&statement, "a sentence about what was lost")?;
            IncidentEvent::DataLossAssessed { restored_to, last_write, statement }
        }
        Verb::Restored { at } => {
            past(at, now)?;
            if state.detected_at.is_some_and(|detected| at < detected) {
                return Err("the service cannot have been restored before the incident was detected".to_owned());
            }
            IncidentEvent::ServiceRestored { at }
        }
        Verb::Correct { of, text: words } => {
            let words = words.map(|words| text(&words, "the corrected text")).transpose()?;
            IncidentEvent::Corrected { of, text: words }
        }
        Verb::MarkKey { of, key } => IncidentEvent::MarkedKey { of, key },
        Verb::Escalate { to, dismissed_because } => {
            let reason = dismissed_because.map(|reason| text(&reason, "a reason")).transpose()?;
            let step = pack.escalations.iter().filter(|step| step.to == to);
            let done = |after: u64| {
                state.escalations.iter().any(|made| made.value.to == to && made.value.after_seconds == after)
            };
            let due = step.map(|step| step.after.as_secs()).find(|after| !done(*after));
            let known = pack.escalations.iter().map(|step| step.to.as_str());
            let Some(after_seconds) = due else {
                return Err(unknown("escalation to", &to, known));
            };
            IncidentEvent::Escalated { to, after_seconds, dismissed_because: reason }
        }
        Verb::Inform { audience, text: words } => {
            let Some(known) = pack.audiences.iter().find(|known| known.id == audience) else {
                return Err(unknown("audience", &audience, pack.audiences.iter().map(|known| known.id.as_str())));
            };
            let channel = known.channel.clone();
            IncidentEvent::UpdateSent { audience, channel, text: text(&words, "what was said")? }
        }
        Verb::AddActionItem { text: words, owner, due } => {
            let id = Uuid::new_v4().simple().to_string().chars().take(8).collect();
            IncidentEvent::ActionItemAdded { id, text: text(&words, "what is to be done")?, owner, due }
        }
        Verb::DoActionItem { id } => {
            let mut found = state.action_items.iter().filter(|item| item.id.starts_with(&id) && !id.is_empty());
            match (found.next(), found.next()) {
                (Some(item), None) if item.done.is_some() => return Err(format!("{} is done already", item.text)),
                (Some(item), None) => IncidentEvent::ActionItemDone { id: item.id.clone() },
                (Some(_), Some(_)) => return Err(format!("more than one action item begins with {id}")),
                (None, _) => return Err(format!("there is no action item {id}")),
            }
        }
        Verb::AnswerSecond { of, agreed } => {
            if !state.open_seconds().iter().any(|(open, _)| **open == of) {
                return Err("this question is not asked any more".to_owned());
            }
            IncidentEvent::SecondAnswered { of, agreed }
        }
        Verb::Exposures(exposures) => IncidentEvent::ExposuresFrozen { exposures },
    };
    Ok(vec![event])
}

/// Phases go forward; going back says why. A closed incident is reopened first.
fn change_phase(state: &IncidentState, phase: Phase, reason: Option<String>) -> Result<IncidentEvent, String> {
    let now = state.phase();
    let reason = reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    if phase == now {
        return Err(format!("the incident is {} already", now.word()));
    }
    if phase == Phase::Closed && now != Phase::Resolved {
        return Err("resolve the incident before it is closed".to_owned());
    }
    if phase < now && reason.is_none() {
        return Err(format!("going back from {} to {} takes a reason", now.word(), phase.word()));
    }
    Ok(IncidentEvent::PhaseChanged { phase, reason })
}

fn text(words: &str, what: &str) -> Result<String, String> {
    let words = words.trim();
    if words.is_empty() { Err(format!("{what} is needed")) } else { Ok(words.to_owned()) }
}

fn past(at: Timestamp, now: Timestamp) -> Result<(), String> {
    if at > now { Err(format!("{at:.0} lies in the future")) } else { Ok(()) }
}

/// The level as the pack spells it. A pack without severities takes any.
fn severity(pack: &Pack, wanted: &str) -> Result<String, String> {
    let wanted = text(wanted, "a severity")?;
    if pack.severities.is_empty() {
        return Ok(wanted);
    }
    let found = pack.severities.iter().find(|known| known.level.eq_ignore_ascii_case(&wanted));
    found
        .map(|known| known.level.clone())
        .ok_or_else(|| unknown("severity", &wanted, pack.severities.iter().map(|known| known.level.as_str())))
}

fn components(pack: &Pack, wanted: &[String]) -> Result<Vec<String>, String> {
    let mut found: Vec<String> = Vec::new();
    for id in wanted {
        if pack.component(id).is_none() {
            return Err(unknown("component", id, pack.components.iter().map(|known| known.id.as_str())));
        }
        if !found.contains(id) {
            found.push(id.clone());
        }
    }
    Ok(found)
}

/// A role by its id or title. A pack without roles takes any.
fn role(pack: &Pack, wanted: &str) -> Result<String, String> {
    let wanted = text(wanted, "a role")?;
    if pack.roles.is_empty() {
        return Ok(wanted);
    }
    let is = |known: &str| known.eq_ignore_ascii_case(&wanted);
    let found = pack.roles.iter().find(|known| is(&known.id) || is(&known.title));
    found
        .map(|known| known.id.clone())
        .ok_or_else(|| unknown("role", &wanted, pack.roles.iter().map(|known| known.id.as_str())))
}

fn unknown<'k>(what: &str, wanted: &str, known: impl Iterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.collect();
    match nearest(wanted, known.iter().copied()) {
        Some(near) => format!("the platform has no {what} {wanted}: did you mean {near}?"),
        None if known.is_empty() => format!("the platform has no {what} {wanted}: it has none at all"),
        None => format!("the platform has no {what} {wanted}: it has {}", known.join(", ")),
    }
}
