//! From the settings to an opened platform: which pack, which environment.

use std::path::Path;

use anyhow::Result;

use super::{ConfigError, NoFileError, UnusableError, UsageError, diagnostics};
use warroom_domain::{
    platform,
    platform::{Diagnostic, DiagnosticSeverity, Loaded, Pack, nearest},
};
use warroom_host::packs::{self, MANIFEST, PackFolder, Place};
use warroom_room::{Room, settings::Settings};

/// Opens the pack and the environment that the settings ask for.
pub fn room(settings: &Settings) -> Result<Room> {
    Ok(room_and_folder(settings)?.0)
}

/// The same, and the folder that the pack came from.
pub fn room_and_folder(settings: &Settings) -> Result<(Room, PackFolder)> {
    room_of(find_pack(settings.pack.as_deref(), settings)?, settings)
}

/// The same for commands that work without a pack: if none is chosen and none is installed, the platform is this machine, with
/// the runbooks in `folder`.
pub(super) fn room_or_machine(settings: &Settings, folder: &Path) -> Result<(Room, PackFolder)> {
    room_of(pack_or_machine(settings, folder)?, settings)
}

/// The pack of [`room_or_machine`].
pub(super) fn pack_or_machine(settings: &Settings, folder: &Path) -> Result<PackFolder> {
    match &settings.pack {
        None if own(&packs::list(&settings.pack_dirs)).is_empty() => Ok(PackFolder::machine(folder)),
        wanted => find_pack(wanted.as_deref(), settings),
    }
}

/// The folder of a file; the current one without.
pub(super) fn folder_of(file: Option<&str>) -> &Path {
    let folder = file.and_then(|file| Path::new(file).parent()).filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

fn room_of(folder: PackFolder, settings: &Settings) -> Result<(Room, PackFolder)> {
    let pack = pack(&folder)?;
    let environment = choose_environment(&pack, settings.environment.as_deref())?;
    let room = Room::new(pack, &environment, folder.base());
    Ok((if settings.protected { room.protected() } else { room }, folder))
}

/// Reads a pack that has to be right.
pub(super) fn pack(folder: &PackFolder) -> Result<Pack> {
    let loaded = read_pack(folder)?;
    loaded.pack.ok_or_else(|| {
        let errors: Vec<&Diagnostic> =
            loaded.diagnostics.iter().filter(|d| d.severity == DiagnosticSeverity::Error).collect();
        let check = format!("warroom pack check {}", folder.name);
        UnusableError(diagnostics::first_of(&errors, &check)).into()
    })
}

/// The pack that is meant: a folder, else a name, else the only one that is not part of the program.
pub(super) fn find_pack(wanted: Option<&str>, settings: &Settings) -> Result<PackFolder> {
    let known = packs::list(&settings.pack_dirs);
    match wanted {
        Some(wanted) => named(wanted, &known),
        None => only(&known),
    }
}

/// Those that are not part of the program.
fn own(known: &[PackFolder]) -> Vec<&PackFolder> {
    known.iter().filter(|pack| pack.place != Place::Embedded).collect()
}

fn only(known: &[PackFolder]) -> Result<PackFolder> {
    if let [only] = own(known).as_slice() {
        return Ok((*only).clone());
    }
    let names = known.iter().map(|pack| pack.name.as_str()).collect::<Vec<_>>().join(", ");
    let choice = if names.is_empty() { "there is none yet".to_owned() } else { format!("there is {names}") };
    let message = format!(
        "no platform pack is chosen: name one with --pack ({choice}), write one with `warroom pack init`, try `warroom demo`, \
         or open a Markdown document with `warroom FILE.md`"
    );
    Err(ConfigError(message).into())
}

fn named(wanted: &str, known: &[PackFolder]) -> Result<PackFolder> {
    let path = Path::new(wanted);
    // A path to the manifest itself is what completion offers.
    let folder = if path.ends_with(MANIFEST) { path.parent().unwrap_or(path) } else { path };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    // A bare name means a pack that is known by it, before a folder of that name that happens to be here.
    if let Some(pack) = known.iter().find(|pack| pack.name == wanted) {
        return Ok(pack.clone());
    }
    if wanted == packs::MACHINE {
        return Ok(PackFolder::machine(Path::new(".")));
    }
    match PackFolder::on_disk(folder) {
        Ok(pack) => Ok(pack),
        Err(_) if folder.is_dir() => {
            let folder = folder.display();
            let message = format!("there is no {MANIFEST} in {folder} (`warroom pack init {folder}` writes one)");
            Err(NoFileError(message).into())
        }
        Err(_) => {
            let hint = match nearest(wanted, known.iter().map(|pack| pack.name.as_str())) {
                Some(name) => format!("did you mean {name}?"),
                None => "see `warroom pack list`".to_owned(),
            };
            Err(ConfigError(format!("there is no pack {wanted}, neither as a folder nor by name ({hint})")).into())
        }
    }
}

/// Reads a pack's files.
pub(super) fn read_pack(folder: &PackFolder) -> Result<Loaded> {
    let file = folder.display(MANIFEST);
    let text = folder.read(MANIFEST).map_err(|error| NoFileError(format!("cannot read {file}: {error}")))?;
    Ok(platform::parse(&file, &text, &folder.files()))
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
