//! `warroom probe run ID`: one look, with every detail.

use std::fmt::Write;

use anyhow::Result;

use crate::{
    Exit, UsageError,
    output::Output,
    painted::Painted,
    sweep,
    table::{self, Cell},
};
use warroom_domain::{
    health::{
        Reading, Unit,
        details::{Body, sections},
        quantity,
    },
    platform::ProbeSpec,
};
use warroom_room::Room;

pub(super) async fn run(id: &str, json: bool, room: &Room, output: &Output) -> Result<Exit> {
    if room.pack.probe(id).is_none() {
        let error: UsageError = sweep::no_such_probe(id, room);
        return Err(error.into());
    }
    let swept = room.sweep(|spec| spec.id == id).await;
    let Some((spec, reading)) = swept.probes.first() else {
        return Err(sweep::no_such_probe(id, room).into());
    };
    if json {
        output.json(&(serde_json::to_string(&sweep::ProbeJson::new(spec, reading))? + "\n"))?;
    } else {
        output.paint(&render(spec, reading, output))?;
    }
    Ok(reading.status.into())
}

fn render(spec: &ProbeSpec, reading: &Reading, output: &Output) -> Painted {
    let mut text = Painted::new();
    let mut head = table::new(output, &[]);
    let mut row = |label: &str, cell: Cell| {
        head.add_row([Cell::new(label), cell]);
    };
    row("status", table::status(output, reading.status));
    row("what", Cell::new(&reading.summary));
    if let Some(value) = reading.value {
        row("value", Cell::new(quantity(value, reading.unit.as_ref())));
    }
    if let Some(threshold) = &reading.threshold {
        row("because", Cell::new(threshold));
    }
    row("took", Cell::new(quantity(reading.latency.as_secs_f64() * 1000.0, Some(&Unit::Milliseconds))));
    row("at", Cell::new(reading.at.strftime("%F %TZ")));
    row("probe", Cell::new(format!("{} ({}, panel {})", spec.id, spec.target.kind(), spec.panel)));
    if let Some(exposure) = &reading.exposure {
        let loss = format!("{} from {}", warroom_domain::health::age(exposure.loss), exposure.source);
        row("data at risk", Cell::new(loss));
    }
    text.push(&table::text(head));
    for section in sections(&reading.details) {
        let title = if section.title.is_empty() { "details" } else { &section.title };
        let _ = writeln!(text, "\n{}", warroom_domain::text::line(title));
        let mut rows = match &section.body {
            Body::Pairs(_) => table::new(output, &[]),
            Body::Table(content) => {
                let titles: Vec<String> = content.columns.iter().map(|c| c.title.to_uppercase()).collect();
                table::new(output, &titles.iter().map(String::as_str).collect::<Vec<_>>())
            }
        };
        match section.body {
            Body::Pairs(pairs) => {
                for (label, value) in pairs {
                    rows.add_row([Cell::new(label), Cell::new(value)]);
                }
            }
            Body::Table(content) => {
                for row in content.rows {
                    rows.add_row(row.into_iter().zip(&content.columns).map(|(cell, column)| {
                        if column.numeric { table::number(cell.text) } else { Cell::new(cell.text) }
                    }));
                }
            }
        }
        for line in table::lines(rows) {
            text.push_str("  ");
            text.push(&line);
            text.push_str("\n");
        }
    }
    text
}
