//! What a reading says, as lines to scroll through: for the overview and the history tab of the details.

use jiff::Timestamp;

use super::{
    model::{Details, Model, Tab},
    text::clean,
};
use warroom_domain::health::{
    ProbeHealth, Reading, age,
    details::{Body, Cell, Column, Section, SortKey, Table, sections},
    quantity,
};

/// The reading that the overview shows: the verdict's, or the last good one when that has measured nothing.
pub fn shown(probe: &ProbeHealth, now: Timestamp) -> Option<&Reading> {
    probe.verdict(now).reading.filter(|reading| !reading.details.is_empty()).or(probe.last_good())
}

/// What a reading has measured, safe to draw.
pub fn sections_of(reading: &Reading) -> Vec<Section> {
    let mut sections = sections(&reading.details);
    for section in &mut sections {
        section.title = clean(&section.title);
        match &mut section.body {
            Body::Pairs(pairs) => {
                for (label, text) in pairs {
                    (*label, *text) = (clean(label), clean(text));
                }
            }
            Body::Table(table) => clean_table(table),
        }
    }
    sections
}

/// Makes every text of a table safe to draw.
pub fn clean_table(table: &mut Table) {
    for column in &mut table.columns {
        column.title = clean(&column.title);
    }
    for cell in table.rows.iter_mut().flatten() {
        cell.text = clean(&cell.text);
    }
}

/// Brings the pods that are not well to the top; otherwise the order stays.
pub fn trouble_first(pods: &mut Table) {
    let column = |title: &str| pods.columns.iter().position(|column| column.title == title);
    let (status, ready) = (column("status"), column("ready"));
    let well = |row: &Vec<Cell>| {
        let text = |column: Option<usize>| column.map_or("", |at| row[at].text.as_str());
        match text(status) {
            "Succeeded" | "Completed" => true,
            "Running" => text(ready).split_once('/').is_none_or(|(ready, wanted)| ready == wanted),
            _ => false,
        }
    };
    pods.rows.sort_by_key(well);
}

/// The history of a probe, newest first.
pub fn history(model: &Model, probe: &ProbeHealth) -> Table {
    let unit = probe.latest().and_then(|r| r.unit.clone()).or(probe.last_good().and_then(|r| r.unit.clone()));
    let column = |title: &str, numeric| Column { title: title.to_owned(), numeric };
    let columns = vec![
        column("time", false),
        column("age", true),
        column("status", false),
        column("value", true),
        column("took", true),
        column("summary", false),
    ];
    let cell = |text: String, sort| Cell { text, sort };
    let rows = probe.history().iter().rev().map(|sample| {
        let old = model.now.duration_since(sample.at).unsigned_abs();
        let took = sample.latency.as_secs_f64() * 1000.0;
        vec![
            cell(model.appearance.clock(sample.at), SortKey::Number(sample.at.as_millisecond() as f64)),
            cell(age(old), SortKey::Number(old.as_secs_f64())),
            cell(sample.status.word().to_owned(), SortKey::Number(f64::from(sample.status as u8))),
            sample.value.map_or(cell(String::new(), SortKey::Empty), |value| {
                cell(clean(&quantity(value, unit.as_ref())), SortKey::Number(value))
            }),
            cell(quantity(took, Some(&warroom_domain::health::Unit::Milliseconds)), SortKey::Number(took)),
            cell(clean(&sample.summary), SortKey::Text(sample.summary.to_lowercase())),
        ]
    });
    Table { rows: rows.collect(), columns }
}

/// The tables on the shown tab.
pub fn tables(model: &Model, details: &Details) -> Vec<Table> {
    let Some(probe) = model.board.probe(&details.probe) else { return vec![] };
    match details.tab {
        Tab::Overview => {
            let sections = shown(probe, model.now).map(sections_of).unwrap_or_default();
            let tables = sections.into_iter().filter_map(|section| match section.body {
                Body::Table(table) => Some(table),
                Body::Pairs(_) => None,
            });
            tables.collect()
        }
        Tab::Pods => vec![details.pods.table.clone()],
        Tab::History => vec![history(model, probe)],
    }
}
