//! The sheets for what people do to an incident, filled in with what is known.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use crate::{
    model::{Model, OpenIncident, Overlay, Sheet, SheetOption, SheetPurpose, SheetRow},
    text::clean,
};
use warroom_domain::{
    health::{Status, firing},
    platform::Audience,
};
use warroom_incident::{ImpactField, Phase};
use warroom_room::incident::{
    export::Format,
    proposal::{Proposal, missing_roles, proposal},
};

/// How a time is typed.
const TIME: &str = "14:02 (UTC), 10m (so long ago), or a time with its zone";

fn show(model: &mut Model, sheet: Sheet) {
    model.overlays.push(Overlay::Sheet(Box::new(sheet)));
}

/// The open incident, or a word to the user; and a word that a console that looks on writes nothing.
pub(super) fn open(model: &mut Model) -> Option<&OpenIncident> {
    if model.facts.read_only {
        model.say("this console is read-only: it looks on, and writes nothing to an incident");
        return None;
    }
    if model.incidents.open.is_none() {
        model.say("no incident is open: i opens one, D declares one");
        return None;
    }
    model.incidents.open.as_deref()
}

fn option(value: &str, label: &str, detail: &str) -> SheetOption {
    SheetOption { value: value.to_owned(), label: clean(label), detail: clean(detail) }
}

/// Declares an incident; what fires, and what is down, is filled in.
pub(in crate::update) fn declare(model: &mut Model) {
    if model.facts.read_only {
        model.say("this console is read-only: it declares nothing");
        return;
    }
    let pack = model.facts.pack.clone();
    let mut alerts: Vec<_> = firing(model.board.alerts()).collect();
    alerts.sort_by_key(|(alert, _)| model.facts.rank(&alert.rule.severity));
    let alert = alerts.first().map(|(alert, since)| (alert.rule.clone(), *since));
    let rule = alert.as_ref().map(|(rule, _)| rule);
    let opened = model.runbooks.open.as_ref().map(|o| &*o.document).filter(|d| d.steps().next().is_some());
    let runbook = match rule {
        Some(rule) => model.runbooks.library.for_alert(rule).map(|known| (known.title.as_str(), &known.front)),
        None => opened.map(|document| (document.title.as_str(), &document.front)),
    };
    let Proposal { title, severity: level, components: affected } =
        proposal(rule, runbook, affected_now(model).into_iter().collect());
    let source = match (rule, runbook) {
        (Some(rule), _) => Some(format!("the alert {} ({})", clean(&rule.id), clean(&rule.severity))),
        (None, Some((title, _))) => Some(format!("the open runbook {}", clean(title))),
        (None, None) => None,
    };
    // The alert holds since then; without one, what is down is down since then.
    let verdicts = model.board.probes().map(|probe| probe.verdict(model.now));
    let down = || verdicts.filter(|verdict| verdict.status == Status::Down).filter_map(|verdict| verdict.since).min();
    let since = alert.as_ref().map(|(_, since)| *since).or_else(down);
    let detected = since.map_or_else(
        || "now".to_owned(),
        |since| since.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    );
    let mut rows = vec![
        SheetRow::text("title", "Title", &title, "What it is, in a few words."),
        SheetRow::text("detected", "Detected", &detected, TIME),
    ];
    // What people see decides the severity: the criteria come before it.
    for severity in &pack.severities {
        for (index, criterion) in severity.criteria.iter().enumerate() {
            let row = SheetRow::tick(&format!("criterion:{}:{index}", severity.level), criterion, false);
            let heading = format!("{} {}: which of these hold?", severity.level, severity.title);
            rows.push(if index == 0 { row.under(&heading) } else { row });
        }
    }
    let options: Vec<_> = pack.severities.iter().map(|s| option(&s.level, &s.level, &s.title)).collect();
    if options.is_empty() {
        rows.push(SheetRow::text("severity", "Severity", &level, "The platform pack has no levels: any word will do."));
    } else {
        let help = "The gravest of which a criterion holds; ←→ takes another.";
        let unsaid = level.is_empty().then(|| option("", "not said yet", "Tick what holds above, or choose."));
        let options = unsaid.into_iter().chain(options).collect();
        rows.push(SheetRow::choice("severity", "Severity", options, &level, help).under("How severe is it?"));
    }
    for (index, component) in pack.components.iter().enumerate() {
        let on = affected.contains(&component.id);
        let row = SheetRow::tick(&format!("component:{}", component.id), &component.title, on);
        rows.push(if index == 0 { row.under("Which components are affected?") } else { row });
    }
    rows.push(SheetRow::tick("drill", "This is a drill", false).under("Exercise"));
    let mut sheet = Sheet::new(
        SheetPurpose::Declare { alert: alert.as_ref().map(|(rule, _)| rule.id.clone()) },
        "Declare an incident",
        "declare",
        rows,
    );
    if let Some(source) = source {
        sheet = sheet.saying(format!("Filled in from {source}."));
    }
    let already: Vec<String> = model.incidents.worked_on(&model.facts).map(|listed| listed.id.clone()).collect();
    if !already.is_empty() {
        sheet = sheet.saying(format!("People work on {} already: this would be another one.", already.join(", ")));
    }
    show(model, sheet);
}

/// Components that a probe says are down.
fn affected_now(model: &Model) -> BTreeSet<String> {
    let down = model.board.probes().filter(|probe| probe.status(model.now) == Status::Down);
    down.filter_map(|probe| probe.spec.component.clone()).collect()
}

/// Writes something down.
pub(in crate::update) fn add_note(model: &mut Model) {
    if open(model).is_none() {
        return;
    }
    let kinds = vec![
        option("note", "note", ""),
        option("decision", "decision", "Kept as part of the story."),
        option("finding", "finding", "What was seen or measured."),
    ];
    let rows = vec![
        SheetRow::lines("text", "Text", "", "What happened, was seen, or was decided."),
        SheetRow::choice("kind", "Kind", kinds, "note", "←→ chooses."),
        SheetRow::text("about", "When", "", &format!("Empty for now. {TIME}")),
        SheetRow::text("author", "Who", "", "Empty for yourself; a name when you write for somebody."),
    ];
    show(model, Sheet::new(SheetPurpose::Note, "Write down", "write", rows));
}

pub(in crate::update) fn set_severity(model: &mut Model) {
    let pack = model.facts.pack.clone();
    let Some(incident) = open(model) else { return };
    let now = incident.state.severity().to_owned();
    let words = |criteria: &[String]| criteria.join("; ");
    let options: Vec<_> = pack
        .severities
        .iter()
        .map(|s| option(&s.level, &format!("{} {}", s.level, s.title), &words(&s.criteria)))
        .collect();
    let severity = match options.is_empty() {
        true => SheetRow::text("severity", "Severity", &now, "The platform pack has no levels: any word will do."),
        false => SheetRow::choice("severity", "Severity", options, &now, ""),
    };
    let rows = vec![severity, SheetRow::text("reason", "Reason", "", "Why it is this now.")];
    let sheet = Sheet::new(SheetPurpose::Severity, "Reclassify", "reclassify", rows);
    show(model, sheet.saying(format!("It is {} now.", clean(&now))));
}

pub(in crate::update) fn set_title(model: &mut Model) {
    let Some(incident) = open(model) else { return };
    let rows = vec![SheetRow::text("title", "Title", &incident.state.title, "What is wrong, in a few words")];
    show(model, Sheet::new(SheetPurpose::Title, "Retitle", "save", rows));
}

/// Asks in which form the incident is to be written, and where.
pub(in crate::update) fn export(model: &mut Model) {
    let Some(incident) = open(model) else { return };
    let id = incident.id.to_string();
    let options =
        Format::ALL.map(|format| option(format.word(), format.title(), &format.file(&id).display().to_string()));
    let rows = vec![
        SheetRow::choice("format", "Format", options.to_vec(), "md", ""),
        SheetRow::text("file", "File", "", "Empty: the name above, in the folder where warroom was started"),
    ];
    show(model, Sheet::new(SheetPurpose::Export, "Export", "write", rows));
}

pub(in crate::update) fn set_phase(model: &mut Model) {
    let Some(incident) = open(model) else { return };
    let now = incident.state.phase();
    let next = Phase::ALL.into_iter().find(|phase| *phase > now).unwrap_or(now);
    let meaning = |phase| match phase {
        Phase::Investigating => "Nobody knows yet what it is.",
        Phase::Identified => "What it is is known; it is being mended.",
        Phase::Monitoring => "It is mended, and watched.",
        Phase::Resolved => "It is over.",
        Phase::Closed => "All that had to be said about it is said.",
    };
    let options: Vec<_> = Phase::ALL.map(|phase| option(phase.word(), phase.word(), meaning(phase))).to_vec();
    let rows = vec![
        SheetRow::choice("phase", "Phase", options, next.word(), ""),
        SheetRow::text("reason", "Reason", "", "Needed to go back, welcome otherwise."),
    ];
    let sheet = Sheet::new(SheetPurpose::Phase, "Phase", "change", rows);
    show(model, sheet.saying(format!("It is {} now.", now.word())));
}

pub(in crate::update) fn set_role(model: &mut Model) {
    let (pack, by) = (model.facts.pack.clone(), model.facts.by.clone());
    let document = model.runbooks.open.as_ref().map(|opened| opened.document.clone());
    let Some(incident) = open(model) else { return };
    let holder = |id: &str| incident.state.roles.get(id).map(|holder| holder.value.clone());
    let options: Vec<_> = pack
        .roles
        .iter()
        .map(|role| {
            let held = holder(&role.id).map_or_else(|| "nobody yet".to_owned(), |who| format!("now {who}"));
            let holders = [&role.primary, &role.backup].into_iter().flatten();
            let people: Vec<&str> = holders.map(|id| pack.person(id)).collect();
            let people = if people.is_empty() { String::new() } else { format!(" · {}", people.join(", then ")) };
            option(&role.id, &role.title, &format!("{held}{people}"))
        })
        .collect();
    let missing = document.map(|document| missing_roles(&document.front, &incident.state, &pack));
    let first = missing.and_then(|missing| missing.into_iter().next()).unwrap_or_default();
    let role = match options.is_empty() {
        true => SheetRow::text("role", "Role", &first, "The platform pack has no roles: any word will do."),
        false => SheetRow::choice("role", "Role", options, &first, ""),
    };
    let who = SheetRow::text("who", "Who", &by, "Who has it from now on; empty to give it back.");
    let mut sheet = Sheet::new(SheetPurpose::Role, "Role", "say so", vec![role, who]);
    for (person, roles) in incident.state.double_roles() {
        sheet = sheet.saying(format!("{} has several roles: {}.", clean(person), clean(&roles.join(", "))));
    }
    show(model, sheet);
}

pub(in crate::update) fn affected(model: &mut Model) {
    let pack = model.facts.pack.clone();
    let Some(incident) = open(model) else { return };
    let rows = pack.components.iter().map(|component| {
        let on = incident.state.components.contains(&component.id);
        SheetRow::tick(&format!("component:{}", component.id), &component.title, on)
    });
    let rows = rows.collect();
    show(model, Sheet::new(SheetPurpose::Components, "Affected components", "say so", rows));
}

pub(in crate::update) fn set_impact(model: &mut Model) {
    let Some(incident) = open(model) else { return };
    let said = |field: &ImpactField| incident.state.impact.get(field).map_or("nothing yet", |value| &value.value);
    let options = ImpactField::ALL.map(|field| option(field.word(), field.word(), said(&field))).to_vec();
    let rows = vec![
        SheetRow::choice("field", "Impact on", options, "", ""),
        SheetRow::text("value", "What", "", "In words: 1,200 of 3,000 customers; all payments."),
    ];
    show(model, Sheet::new(SheetPurpose::Impact, "Impact", "say so", rows));
}

pub(in crate::update) fn assess_loss(model: &mut Model) {
    if open(model).is_none() {
        return;
    }
    let rows = vec![
        SheetRow::text("restored_to", "Restored to", "", TIME),
        SheetRow::text("last_write", "Last write", "", TIME),
        SheetRow::text("statement", "What is lost", "", "One sentence; “nothing” is one, too."),
    ];
    show(model, Sheet::new(SheetPurpose::DataLoss, "Data loss", "say so", rows));
}

pub(in crate::update) fn restored(model: &mut Model) {
    if open(model).is_none() {
        return;
    }
    let rows = vec![SheetRow::text("at", "Restored", "now", TIME)];
    let sheet = Sheet::new(SheetPurpose::Restored, "Service restored", "say so", rows);
    show(model, sheet.saying("Users have their service again. The clocks of recovery stop at that time."));
}

pub(in crate::update) fn escalate(model: &mut Model) {
    let pack = model.facts.pack.clone();
    if open(model).is_none() {
        return;
    }
    let mut options: Vec<SheetOption> = Vec::new();
    for step in &pack.escalations {
        let detail = format!("after {}", warroom_domain::health::duration(step.after));
        match options.iter_mut().find(|known| known.value == step.to) {
            Some(known) => known.detail = format!("{}, {detail}", known.detail),
            None => options.push(option(&step.to, &step.to, &detail)),
        }
    }
    if options.is_empty() {
        model.say("the platform pack says nothing about escalation");
        return;
    }
    let due = model.incidents.open.as_ref().and_then(|open| {
        let clock = open.clocks.iter().find(|clock| clock.id.starts_with("escalation:"))?;
        clock.id.split(':').nth(1).map(str::to_owned)
    });
    let rows = vec![
        SheetRow::choice("to", "Told", options, &due.unwrap_or_default(), ""),
        SheetRow::text("reason", "Not told", "", "Empty when they were told; else the reason why not."),
    ];
    show(model, Sheet::new(SheetPurpose::Escalate, "Escalation", "say so", rows));
}

pub(in crate::update) fn inform(model: &mut Model) {
    let pack = model.facts.pack.clone();
    if open(model).is_none() {
        return;
    }
    let shown =
        |audience: &Audience| option(&audience.id, &audience.title, audience.channel.as_deref().unwrap_or_default());
    let options: Vec<_> = pack.audiences.iter().map(shown).collect();
    if options.is_empty() {
        model.say("the platform pack has no audiences");
        return;
    }
    let due = model.incidents.open.as_ref().and_then(|open| {
        let updates = open.clocks.iter().filter(|clock| clock.id.starts_with("update:"));
        updates.min_by_key(|clock| clock.due)?.id.split(':').nth(1).map(str::to_owned)
    });
    let rows = vec![
        SheetRow::choice("audience", "Audience", options, &due.unwrap_or_default(), ""),
        SheetRow::lines("text", "Told", "", "What they were told, in a sentence."),
    ];
    show(model, Sheet::new(SheetPurpose::Inform, "An audience was informed", "write", rows));
}

pub(in crate::update) fn add_to_do(model: &mut Model) {
    if open(model).is_none() {
        return;
    }
    let rows = vec![
        SheetRow::text("text", "What", "", "What has to be done afterwards."),
        SheetRow::text("owner", "Who", "", "May stay empty."),
        SheetRow::text("due", "Until", "", "A date such as 2026-02-03; may stay empty."),
    ];
    show(model, Sheet::new(SheetPurpose::AddToDo, "To do", "write", rows));
}

pub(in crate::update) fn finish_to_do(model: &mut Model) {
    let Some(incident) = open(model) else { return };
    let undone = incident.state.action_items.iter().filter(|item| item.done.is_none());
    let options: Vec<_> =
        undone.map(|item| option(&item.id, &item.text, item.owner.as_deref().unwrap_or_default())).collect();
    if options.is_empty() {
        model.say("nothing is to be done");
        return;
    }
    let rows = vec![SheetRow::choice("item", "Done", options, "", "")];
    show(model, Sheet::new(SheetPurpose::FinishToDo, "Done", "say so", rows));
}
