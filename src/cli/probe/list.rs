//! `warroom probe list`: every probe of the pack with its pace and thresholds.

use anyhow::Result;
use serde_json::json;

use crate::{
    output::Output,
    table::{self, Cell},
};
use warroom_domain::{health::duration, platform::Expression};
use warroom_room::Room;

pub(super) fn run(room: &Room, json: bool, output: &Output) -> Result<()> {
    if json {
        return Ok(output.json(&as_json(room)?)?);
    }
    let mut rows = table::new(output, &["PROBE", "PANEL", "KIND", "COMPONENT", "EVERY", "TIMEOUT", "WARN", "DOWN"]);
    for spec in &room.pack.probes {
        let source = |threshold: &Option<Expression>| threshold.as_ref().map_or("", Expression::source).to_owned();
        rows.add_row([
            Cell::new(&spec.id),
            Cell::new(&spec.panel),
            Cell::new(spec.target.kind()),
            Cell::new(spec.component.as_deref().unwrap_or_default()),
            table::number(duration(spec.every)),
            table::number(duration(spec.timeout)),
            Cell::new(source(&spec.warn)),
            Cell::new(source(&spec.down)),
        ]);
    }
    Ok(output.paint(&table::text(rows))?)
}

fn as_json(room: &Room) -> Result<String> {
    let probes: Vec<_> = room
        .pack
        .probes
        .iter()
        .map(|spec| {
            json!({
                "id": spec.id,
                "title": spec.title,
                "panel": spec.panel,
                "kind": spec.target.kind(),
                "component": spec.component,
                "every_seconds": spec.every.as_secs_f64(),
                "timeout_seconds": spec.timeout.as_secs_f64(),
                "connect_timeout_seconds": spec.connect_timeout.as_secs_f64(),
                "warn": spec.warn.as_ref().map(Expression::source),
                "down": spec.down.as_ref().map(Expression::source),
            })
        })
        .collect();
    Ok(serde_json::to_string(&probes)? + "\n")
}
