//! The parts of a pack that are about people: severities, escalations, roles, contacts, audiences, drills.

use super::{
    Due, Reading,
    names::Noun,
    section::{Section, Text},
};
use crate::platform::{
    Audience, Contact, DrillPlan, Escalation, PhaseBudgets, Role, SeverityLevel,
    period::{next_due, parse_period},
};

const PERSON: &[Noun] = &[Noun::Role, Noun::Contact];

fn owned(text: Option<Text<'_>>) -> Option<String> {
    text.map(|t| t.value.to_owned())
}

/// A key that names a role or a contact.
fn person(section: &Section<'_, '_>, reading: &Reading<'_, '_>, key: &'static str) -> Option<String> {
    let text = section.text(key)?;
    if super::unfilled::placeholder(text.value).is_none() {
        reading.names.refer(PERSON, &text);
    }
    Some(text.value.to_owned())
}

/// A key that lists severity levels.
fn severities(section: &Section<'_, '_>, reading: &Reading<'_, '_>) -> Vec<String> {
    let texts = section.texts("severities");
    for text in &texts {
        reading.names.refer(&[Noun::Severity], text);
    }
    texts.iter().map(|t| t.value.to_owned()).collect()
}

pub(super) fn severity(section: Section<'_, '_>, reading: &Reading<'_, '_>) -> Option<SeverityLevel> {
    let level = section.id("level");
    if let Some(level) = &level {
        reading.names.define(Noun::Severity, level);
        for key in ["respond_within", "recover_within"] {
            reading.remember("severities", level.value, key, section.at(key));
        }
    }
    let title = section.owned("title");
    let criteria = section.texts("criteria");
    if let Some(level) = &level {
        for (index, criterion) in criteria.iter().enumerate() {
            reading.remember("severities", &format!("{} {index}", level.value), "criteria", criterion.at.clone());
        }
    }
    let criteria = criteria.iter().map(|criterion| criterion.value.to_owned()).collect();
    let (respond_within, recover_within) = (section.duration("respond_within"), section.duration("recover_within"));
    let phases = section.table("phases").map(phase_budgets).unwrap_or_default();
    section.finish();
    let level = level?.value.to_owned();
    Some(SeverityLevel {
        title: title.unwrap_or_else(|| level.clone()),
        level,
        criteria,
        respond_within,
        recover_within,
        phases,
    })
}

fn phase_budgets(section: Section<'_, '_>) -> PhaseBudgets {
    let budgets = PhaseBudgets {
        investigating: section.duration("investigating"),
        identified: section.duration("identified"),
        monitoring: section.duration("monitoring"),
    };
    section.finish();
    budgets
}

pub(super) fn escalation(section: Section<'_, '_>, reading: &Reading<'_, '_>) -> Option<Escalation> {
    if !section.has("after") {
        section.missing("after", "\"30m\"");
    }
    let after = section.duration("after");
    let unfilled = section.text("after").is_some_and(|t| super::unfilled::placeholder(t.value).is_some());
    if !section.has("to") {
        section.missing("to", "\"engineering-manager\"");
    }
    let to = person(&section, reading, "to");
    let severities = severities(&section, reading);
    let condition = section.owned("condition");
    let at = section.at("after");
    section.finish();
    // A time still to be filled in must not ring anybody at once: the escalation is left out.
    let after = if unfilled { None } else { after };
    let escalation = Escalation { after: after?, to: to?, severities, condition };
    reading.remember_next("escalations", "after", at);
    Some(escalation)
}

pub(super) fn role(section: Section<'_, '_>, reading: &Reading<'_, '_>) -> Option<Role> {
    let id = section.id("id");
    if let Some(id) = &id {
        reading.names.define(Noun::Role, id);
    }
    let title = section.owned("title");
    let duties = section.owned_list("duties");
    let holder = |key| {
        let text: Text<'_> = section.text(key)?;
        if super::unfilled::placeholder(text.value).is_none() {
            reading.names.refer(&[Noun::Contact], &text);
        }
        Some(text.value.to_owned())
    };
    let (primary, backup) = (holder("primary"), holder("backup"));
    section.finish();
    let id = id?.value.to_owned();
    Some(Role { title: title.unwrap_or_else(|| id.clone()), id, duties, primary, backup })
}

pub(super) fn contact(section: Section<'_, '_>, reading: &Reading<'_, '_>) -> Option<Contact> {
    let id = section.id("id");
    if let Some(id) = &id {
        reading.names.define(Noun::Contact, id);
    }
    let roles = section.texts("roles");
    for role in &roles {
        reading.names.refer(&[Noun::Role], role);
    }
    let contact = Contact {
        id: id.as_ref().map(|t| t.value.to_owned()).unwrap_or_default(),
        name: owned(section.required_text("name", "\"First Last\"")).unwrap_or_default(),
        roles: roles.iter().map(|t| t.value.to_owned()).collect(),
        phone: section.owned("phone"),
        email: section.owned("email"),
        chat: section.owned("chat"),
        backup: person(&section, reading, "backup"),
        rotation: section.owned("rotation"),
        verified: section.date("verified"),
    };
    section.finish();
    id.is_some().then_some(contact)
}

pub(super) fn audience(section: Section<'_, '_>, reading: &Reading<'_, '_>) -> Option<Audience> {
    let id = section.id("id");
    if let Some(id) = &id {
        reading.names.define(Noun::Audience, id);
    }
    let template = section.text("template");
    if let Some(template) = &template {
        reading.names.mention(&[Noun::Template], template);
    }
    let title = section.owned("title");
    let audience = Audience {
        id: id.as_ref().map(|t| t.value.to_owned()).unwrap_or_default(),
        title: title.or_else(|| owned(id.clone())).unwrap_or_default(),
        severities: severities(&section, reading),
        first_within: section.duration("first_within"),
        update_every: section.duration("update_every"),
        channel: section.owned("channel"),
        template: owned(template),
        approver: person(&section, reading, "approver"),
    };
    section.finish();
    id.is_some().then_some(audience)
}

pub(super) fn drill(section: Section<'_, '_>, reading: &Reading<'_, '_>) -> Option<DrillPlan> {
    let id = section.id("id");
    if let Some(id) = &id {
        reading.names.define(Noun::Drill, id);
    }
    let kind = section.required_text("kind", "\"tabletop\"");
    if !section.has("every") {
        section.missing("every", "\"quarterly\"");
    }
    let every = section.period("every");
    let last_run = section.date("last_run");
    if let (Some(id), Some(every), Some(last)) = (&id, &every, last_run)
        && let Some(on) = parse_period(every.value).ok().and_then(|span| next_due(last, &span))
    {
        let position = section.findings.position(section.at("last_run"));
        reading.due.borrow_mut().push(Due { what: format!("the drill `{}`", id.value), on, position });
    }
    let duration = section.positive_duration("duration");
    let participants = section.texts("participants");
    for text in participants.iter().filter(|text| super::unfilled::placeholder(text.value).is_none()) {
        reading.names.refer(PERSON, text);
    }
    let scenario = section.text("scenario");
    if let Some(scenario) = &scenario {
        reading.names.mention(&[Noun::Scenario], scenario);
    }
    let title = section.owned("title");
    let criteria = section.owned_list("criteria");
    let unfilled = section.owned("every");
    section.finish();
    let id = id?.value.to_owned();
    Some(DrillPlan {
        title: title.unwrap_or_else(|| id.clone()),
        id,
        kind: kind?.value.to_owned(),
        every: owned(every).or(unfilled)?,
        last_run,
        duration,
        participants: participants.iter().map(|t| t.value.to_owned()).collect(),
        criteria,
        scenario: owned(scenario),
    })
}
