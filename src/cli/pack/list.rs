//! `warroom pack list`: every pack that can be named.

use anyhow::Result;
use serde_json::json;

use crate::{
    Exit,
    output::Output,
    painted::Painted,
    table::{self, Cell},
};
use warroom_domain::{platform, platform::Loaded};
use warroom_host::packs::{self, MANIFEST, PackFolder, Place};
use warroom_room::settings::Settings;

pub(super) fn run(json: bool, settings: &Settings, output: &Output) -> Result<Exit> {
    let found: Vec<(PackFolder, Option<Loaded>)> = packs::list(&settings.pack_dirs)
        .into_iter()
        .map(|folder| {
            let loaded = folder
                .read(MANIFEST)
                .ok()
                .map(|text| platform::parse(&folder.display(MANIFEST), &text, &folder.files()));
            (folder, loaded)
        })
        .collect();
    if json {
        output.json(&as_json(&found)?)?;
    } else {
        output.paint(&as_table(&found, output))?;
    }
    Ok(Exit::Ok)
}

fn place(folder: &PackFolder) -> String {
    match &folder.place {
        Place::Disk(path) => path.display().to_string(),
        Place::Embedded => "embedded".to_owned(),
        Place::Machine(_) => "built in".to_owned(),
    }
}

fn as_table(found: &[(PackFolder, Option<Loaded>)], output: &Output) -> Painted {
    let mut rows = table::new(output, &["PACK", "TITLE", "ENVIRONMENTS", "PROBES", "WHERE"]);
    for (folder, loaded) in found {
        let pack = loaded.as_ref().and_then(|l| l.pack.as_ref());
        let title = pack.map_or("cannot be used, see `warroom pack check`", |p| p.title.as_str());
        let environments = pack.map(|p| p.environments.keys().cloned().collect::<Vec<_>>().join(", "));
        rows.add_row([
            Cell::new(&folder.name),
            Cell::new(title),
            Cell::new(environments.unwrap_or_default()),
            table::number(pack.map(|p| p.probes.len().to_string()).unwrap_or_default()),
            Cell::new(place(folder)),
        ]);
    }
    table::text(rows)
}

fn as_json(found: &[(PackFolder, Option<Loaded>)]) -> Result<String> {
    let packs: Vec<_> = found
        .iter()
        .map(|(folder, loaded)| {
            let pack = loaded.as_ref().and_then(|l| l.pack.as_ref());
            json!({
                "name": folder.name,
                "title": pack.map(|p| &p.title),
                "usable": pack.is_some(),
                "environments": pack.map(|p| p.environments.keys().collect::<Vec<_>>()),
                "probes": pack.map(|p| p.probes.len()),
                "runbooks": folder.files().runbooks().count(),
                "place": place(folder),
            })
        })
        .collect();
    Ok(serde_json::to_string(&packs)? + "\n")
}
