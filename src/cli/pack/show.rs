//! `warroom pack show`: what a pack says of its platform.

use anyhow::Result;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::{
    Exit, open,
    output::Output,
    painted::Painted,
    table::{self, Cell},
};
use warroom_host::clock;
use warroom_room::{card::card, settings::Settings};

pub(super) fn run(wanted: Option<&str>, json: bool, settings: &Settings, output: &Output) -> Result<Exit> {
    let pack = open::pack(&open::find_pack(wanted, settings)?)?;
    let sections = card(&pack, clock::now().to_zoned(TimeZone::UTC).date());
    if json {
        let whole = json!({ "name": pack.name, "title": pack.title, "sections": sections });
        output.json(&format!("{whole}\n"))?;
        return Ok(Exit::Ok);
    }
    let mut text = Painted::new();
    text.push_str(&format!(
        "{}  {}\n",
        warroom_domain::text::line(&pack.name),
        warroom_domain::text::line(&pack.title)
    ));
    for section in sections {
        let mut rows = table::new(output, &[]);
        for line in section.lines {
            rows.add_row([Cell::new(line.name), Cell::new(line.value)]);
        }
        text.push_str(&format!("\n{}\n", section.title));
        text.push(&table::text(rows));
    }
    output.paint(&text)?;
    Ok(Exit::Ok)
}
