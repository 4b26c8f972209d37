//! Filling in a sheet, and sending what it says.

use std::{path::PathBuf, str::FromStr};

use jiff::{Timestamp, civil::Date};

use crate::{
    effect::Effect,
    model::{Model, Overlay, Sheet, SheetKind, SheetPurpose},
};
use warroom_incident::{Exposure, ImpactField, NoteKind, Phase};
use warroom_room::incident::{Declaration, Verb, export::Format, station::Command as Wish, when};

fn sheet(model: &mut Model) -> Option<&mut Sheet> {
    match model.overlays.last_mut() {
        Some(Overlay::Sheet(sheet)) => Some(sheet),
        _ => None,
    }
}

/// Goes to another row.
pub(in crate::update) fn step(model: &mut Model, by: isize) {
    if let Some(sheet) = sheet(model) {
        sheet.step(by);
    }
}

/// Takes another choice of the row.
pub(in crate::update) fn change(model: &mut Model, by: isize) {
    let Some(sheet) = sheet(model) else { return };
    let Some(row) = sheet.rows.get_mut(sheet.at) else { return };
    if let SheetKind::Choice { options, at } = &mut row.kind {
        *at = at.saturating_add_signed(by).min(options.len().saturating_sub(1));
        row.touched = true;
        sheet.problem = None;
    } else {
        tick(model);
    }
}

/// Ticks the row, or takes that back; on the last row it does what the sheet is for.
pub(in crate::update) fn tick(model: &mut Model) {
    let Some(sheet) = sheet(model) else { return };
    if let Some(SheetKind::Tick(on)) = sheet.rows.get_mut(sheet.at).map(|row| &mut row.kind) {
        *on = !*on;
        sheet.problem = None;
        suggest_severity(sheet);
    }
}

/// A severity one of whose criteria holds is suggested: the gravest.
fn suggest_severity(sheet: &mut Sheet) {
    let ticked = sheet.ticked("criterion:");
    let level = ticked.first().and_then(|criterion| criterion.split_once(':')).map(|(level, _)| level.to_owned());
    if let Some(level) = level {
        sheet.suggest("severity", &level);
    }
}

/// Enter: to the next row, and on the last one what the sheet is for. `now` sends from anywhere.
pub(in crate::update) fn submit(model: &mut Model, now: bool) -> Vec<Effect> {
    let Some(sheet) = sheet(model) else { return vec![] };
    if sheet.sent {
        return vec![];
    }
    if !now && !sheet.is_last() {
        sheet.step(1);
        return vec![];
    }
    let sheet = sheet.clone();
    match wish(model, &sheet) {
        Ok(wish) => {
            if let Some(Overlay::Sheet(sheet)) = model.overlays.last_mut() {
                (sheet.sent, sheet.problem) = (true, None);
            }
            vec![Effect::Incident(wish)]
        }
        Err(problem) => {
            if let Some(Overlay::Sheet(sheet)) = model.overlays.last_mut() {
                sheet.problem = Some(problem);
            }
            vec![]
        }
    }
}

/// What the sheet says, as something to want. The error is one sentence.
fn wish(model: &Model, sheet: &Sheet) -> Result<Wish, String> {
    let now = model.now;
    let time = |key: &str| -> Result<Option<Timestamp>, String> {
        sheet.said(key).map(|text| when::past(&text, now)).transpose()
    };
    let value = |key: &str| sheet.value(key).to_owned();
    let verb = match &sheet.purpose {
        SheetPurpose::Declare { alert } => {
            let declaration = declaration(model, sheet, alert.clone(), time("detected")?.unwrap_or(now));
            // What is wrong with the words is said before anything is written.
            warroom_room::incident::verb::declare(declaration.clone(), &model.facts.pack, now)?;
            return Ok(Wish::Declare(Box::new(declaration)));
        }
        SheetPurpose::Note => Verb::Note {
            kind: match sheet.value("kind") {
                "decision" => NoteKind::Decision,
                "finding" => NoteKind::Finding,
                _ => NoteKind::Note,
            },
            text: value("text"),
            about: time("about")?,
            author: sheet.said("author"),
        },
        SheetPurpose::Export => {
            let format = Format::named(sheet.value("format")).unwrap_or(Format::Md);
            return Ok(Wish::Export { format, file: sheet.said("file").map(PathBuf::from) });
        }
        SheetPurpose::Title => Verb::Retitle(value("title")),
        SheetPurpose::Severity => Verb::Severity { level: value("severity"), reason: value("reason") },
        SheetPurpose::Phase => {
            let phase = Phase::ALL.into_iter().find(|phase| phase.word() == sheet.value("phase")).unwrap_or_default();
            Verb::Phase { phase, reason: sheet.said("reason") }
        }
        SheetPurpose::Role => match sheet.said("who") {
            Some(who) => Verb::TakeRole { role: value("role"), who },
            None => Verb::ReleaseRole { role: value("role") },
        },
        SheetPurpose::Components => Verb::Components(sheet.ticked("component:")),
        SheetPurpose::Impact => {
            let field = ImpactField::ALL.into_iter().find(|field| field.word() == sheet.value("field"));
            Verb::Impact { field: field.unwrap_or(ImpactField::Other), value: value("value") }
        }
        SheetPurpose::DataLoss => Verb::DataLoss {
            restored_to: time("restored_to")?,
            last_write: time("last_write")?,
            statement: value("statement"),
        },
        SheetPurpose::Restored => Verb::Restored { at: time("at")?.unwrap_or(now) },
        SheetPurpose::Correct(of) => Verb::Correct { of: of.clone(), text: sheet.said("text") },
        SheetPurpose::Escalate => Verb::Escalate { to: value("to"), dismissed_because: sheet.said("reason") },
        SheetPurpose::Inform => Verb::Inform { audience: value("audience"), text: value("text") },
        SheetPurpose::AddToDo => {
            let due = sheet
                .said("due")
                .map(|text| Date::from_str(&text).map_err(|_| format!("{text:?} is no date: write 2026-02-03")));
            Verb::AddActionItem { text: value("text"), owner: sheet.said("owner"), due: due.transpose()? }
        }
        SheetPurpose::FinishToDo => Verb::DoActionItem { id: value("item") },
    };
    super::wish(model, verb).ok_or_else(|| "no incident is open".to_owned())
}

fn declaration(model: &Model, sheet: &Sheet, alert: Option<String>, detected_at: Timestamp) -> Declaration {
    let criteria = sheet.ticked("criterion:");
    let words = |criterion: &String| {
        let (level, index) = criterion.split_once(':')?;
        let severity = model.facts.pack.severities.iter().find(|known| known.level == level)?;
        severity.criteria.get(index.parse::<usize>().ok()?).cloned()
    };
    Declaration {
        environment: model.facts.environment.clone(),
        drill: !sheet.ticked("drill").is_empty(),
        title: sheet.value("title").to_owned(),
        severity: sheet.value("severity").to_owned(),
        components: sheet.ticked("component:"),
        detected_at,
        alert,
        criteria: criteria.iter().filter_map(words).collect(),
        exposures: model.board.restore_points(detected_at).into_iter().map(Exposure::from).collect(),
    }
}
