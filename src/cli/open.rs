//! From the command line to an opened platform: which pack, which environment.

use std::path::Path;

use anyhow::Result;

use super::{ConfigError, UsageError, args::Global};
use crate::{
    host::packs::{self, MANIFEST, PackFolder, Place},
    platform::{self, Loaded, Pack, nearest},
    room::Room,
};

/// Opens the pack and the environment that the command line asks for.
pub(super) fn room(global: &Global) -> Result<Room> {
    let folder = find_pack(global.pack.as_deref())?;
    let (_, loaded) = read_pack(&folder)?;
    let errors = loaded.errors().count();
    let first = loaded.errors().next().map(ToString::to_string);
    let Some(pack) = loaded.pack else {
        let first = first.unwrap_or_default();
        let more = if errors > 1 { format!("; {} more: see `warroom pack check`", errors - 1) } else { String::new() };
        return Err(ConfigError(format!("{first}{more}")).into());
    };
    let environment = choose_environment(&pack, global.environment.as_deref())?;
    Ok(Room::new(pack, &environment, folder.base()))
}

/// The pack that is meant: a folder, else a name, else the only one that is not part of the program.
pub(super) fn find_pack(wanted: Option<&str>) -> Result<PackFolder> {
    let known = packs::list(&[]);
    let names = || known.iter().map(|pack| pack.name.as_str()).collect::<Vec<_>>();
    let Some(wanted) = wanted else {
        let own: Vec<&PackFolder> = known.iter().filter(|pack| pack.place != Place::Embedded).collect();
        if let [only] = own.as_slice() {
            return Ok((*only).clone());
        }
        let choice = if known.is_empty() {
            "there are none yet".to_owned()
        } else {
            format!("there are {}", names().join(", "))
        };
        let message = format!(
            "no platform pack is chosen: name one with --pack ({choice}), write one with `warroom pack init`, or try `warroom demo`"
        );
        return Err(ConfigError(message).into());
    };
    if let Some(pack) = known.iter().find(|pack| pack.name == wanted) {
        return Ok(pack.clone());
    }
    let path = Path::new(wanted);
    // A path to the manifest itself is what completion offers.
    let folder = if path.ends_with(MANIFEST) { path.parent().unwrap_or(path) } else { path };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match PackFolder::on_disk(folder) {
        Ok(pack) => Ok(pack),
        Err(_) if folder.is_dir() => {
            let message = format!("there is no {MANIFEST} in {wanted} (`warroom pack init {wanted}` writes one)");
            Err(ConfigError(message).into())
        }
        Err(_) => {
            let hint = match nearest(wanted, names()) {
                Some(name) => format!("did you mean {name}?"),
                None => "see `warroom pack list`".to_owned(),
            };
            Err(ConfigError(format!("there is no pack {wanted}, neither as a folder nor by name ({hint})")).into())
        }
    }
}

/// The manifest's text and what became of it.
pub(super) fn read_pack(folder: &PackFolder) -> Result<(String, Loaded)> {
    let file = folder.display(MANIFEST);
    let text = folder.read(MANIFEST).map_err(|error| ConfigError(format!("cannot read {file}: {error}")))?;
    let loaded = platform::parse(&file, &text, &folder.files());
    Ok((text, loaded))
}

/// The name of the environment to act in; empty when the pack has none.
fn choose_environment(pack: &Pack, wanted: Option<&str>) -> Result<String> {
    let names: Vec<&str> = pack.environments.keys().map(String::as_str).collect();
    match (wanted, names.as_slice()) {
        (Some(wanted), _) if names.contains(&wanted) => Ok(wanted.to_owned()),
        (Some(wanted), []) => {
            let message = format!("the pack {} has no environments, so there is no {wanted}", pack.name);
            Err(UsageError(message).into())
        }
        (Some(wanted), _) => {
            let message =
                format!("the pack {} has no environment {wanted} (there are {})", pack.name, names.join(", "));
            Err(UsageError(message).into())
        }
        (None, []) => Ok(String::new()),
        (None, [only]) => Ok((*only).to_owned()),
        (None, _) => {
            let message = format!(
                "the pack {} has several environments: choose one with --environment ({})",
                pack.name,
                names.join(", ")
            );
            Err(UsageError(message).into())
        }
    }
}
