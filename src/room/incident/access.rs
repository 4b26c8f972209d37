//! Who may read the incidents of a data directory, as the setting `data_group` says, and whether its folders are so.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

use crate::settings::Settings;
use warroom_host::{
    group::{self, Group},
    shared,
};
use warroom_incident::journal::Access;

/// Who may read what is kept in the data directory. A directory that a group shares is made when there is none.
///
/// # Errors
/// One sentence that says what to do: there is no such group, this user is not in it, or the folders are not as the group needs
/// them.
pub fn access(settings: &Settings) -> Result<Access, String> {
    let access = resolve(settings)?;
    if access != Access::Owner {
        make(access, &settings.data_dir)?;
    }
    Ok(access)
}

/// [`access`], without making anything.
pub fn resolve(settings: &Settings) -> Result<Access, String> {
    let folders = [settings.data_dir.clone(), settings.data_dir.join("incidents")];
    let Some(wanted) = settings.data_group.as_deref().map(str::trim).filter(|name| !name.is_empty()) else {
        return private(&folders[1]);
    };
    let group = group::find(wanted).ok_or_else(|| {
        format!("there is no group {wanted:?} on this machine, which `data_group` names: make it with groupadd")
    })?;
    if !group::is_member(group.gid) {
        return Err(format!(
            "you are not in the group {}, which `data_group` names: have yourself added to it and log in again",
            group.name
        ));
    }
    folders.iter().try_for_each(|folder| is_the_groups(folder, &group))?;
    Ok(Access::Group { gid: group.gid })
}

/// Whether nobody but who should can write to the data directory: its owner, or the members of the group that shares it. Whoever
/// can write there can put another journal in the place of one.
///
/// # Errors
/// One sentence that says what to do.
pub fn guarded(settings: &Settings, access: Access) -> Result<(), String> {
    let Ok(found) = fs::metadata(&settings.data_dir) else { return Ok(()) };
    let path = settings.data_dir.display();
    let group_may = found.mode() & 0o020 != 0 && access == Access::Owner;
    match found.mode() & 0o002 != 0 {
        true => Err(format!("everybody on this machine may write to {path}: take that away with `chmod o-w {path}`")),
        false if group_may => Err(format!(
            "the group {} may write to {path}: take that away with `chmod g-w {path}`, or share it with `data_group`",
            group::name(found.gid())
        )),
        false => Ok(()),
    }
}

/// Nobody else may add or take away incidents, and nobody writes what the others of a group cannot read.
fn private(incidents: &Path) -> Result<Access, String> {
    let Ok(found) = fs::metadata(incidents) else { return Ok(Access::Owner) };
    let path = incidents.display();
    if found.mode() & 0o002 != 0 {
        return Err(format!("everybody on this machine may write to {path}: take that away with `chmod o-w {path}`"));
    }
    if shared::is_shared(incidents) {
        let group = group::name(found.gid());
        return Err(format!(
            "the group {group} shares {path}: set `data_group = \"{group}\"`, best in /etc/warroom/config.toml for everybody"
        ));
    }
    Ok(Access::Owner)
}

fn make(access: Access, data_dir: &Path) -> Result<(), String> {
    if data_dir.is_dir() {
        return Ok(());
    }
    let made = match data_dir.parent() {
        Some(parent) => fs::create_dir_all(parent).and_then(|()| access.make_folder(data_dir)),
        None => Ok(()),
    };
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(format!("cannot make {}: {error}", data_dir.display()))
        }
        _ => Ok(()),
    }
}

fn is_the_groups(folder: &Path, group: &Group) -> Result<(), String> {
    let (path, name) = (folder.display(), &group.name);
    let found = match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(format!("cannot look at {path}: {error}")),
        Ok(found) => found,
    };
    if shared::is_shared(folder) && found.gid() == group.gid && found.mode() & 0o022 == 0o020 {
        return Ok(());
    }
    Err(format!(
        "{path} is not shared by the group {name}, as `data_group` asks: its owner makes it so with \
         `chgrp {name} {path} && chmod 3770 {path}`"
    ))
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, HashMap},
        fs::Permissions,
        os::unix::fs::PermissionsExt,
    };

    use super::*;
    use crate::settings::{Layers, Places, load};

    fn settings(data_dir: &Path, group: Option<&str>) -> Settings {
        let variables = group.map(|group| ("WARROOM__DATA_GROUP".to_owned(), group.to_owned()));
        let absent = data_dir.join("absent");
        let layers = Layers {
            places: Places {
                system_config: absent.clone(),
                user_config: absent.clone(),
                pack_dirs: Vec::new(),
                themes: absent,
                data_dir: data_dir.to_owned(),
            },
            file: None,
            environment: HashMap::from_iter(variables),
            flags: BTreeMap::new(),
        };
        load(&layers).unwrap().0
    }

    #[test]
    fn the_group_is_the_one_that_is_set_and_its_folder_is_made_shared() {
        let root = tempfile::tempdir().unwrap();
        let data_dir = root.path().join("new/warroom");
        assert_eq!(access(&settings(&data_dir, None)), Ok(Access::Owner));
        assert!(!data_dir.exists());
        let gid = rustix::process::getegid().as_raw();
        assert_eq!(access(&settings(&data_dir, Some(&gid.to_string()))), Ok(Access::Group { gid }));
        assert_eq!(fs::metadata(&data_dir).unwrap().mode() & 0o7777, 0o3770);
        let error = access(&settings(&data_dir, Some("no-such-group"))).unwrap_err();
        assert!(error.contains("no group \"no-such-group\"") && error.contains("`data_group`"), "{error}");
    }

    #[test]
    fn folders_that_do_not_fit_are_told_with_what_to_do() {
        let root = tempfile::tempdir().unwrap();
        let incidents = root.path().join("incidents");
        fs::create_dir(&incidents).unwrap();
        let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        let ours = settings(root.path(), Some(&rustix::process::getegid().as_raw().to_string()));
        mode(root.path(), 0o3770);
        mode(&incidents, 0o700);
        let error = access(&ours).unwrap_err();
        assert!(error.contains(&format!("chmod 3770 {}", incidents.display())), "{error}");
        mode(&incidents, 0o3770);
        assert!(access(&ours).is_ok());
        let mine = settings(root.path(), None);
        assert!(access(&mine).unwrap_err().contains("set `data_group = "), "{:?}", access(&mine));
        mode(&incidents, 0o777);
        assert!(access(&mine).unwrap_err().contains("chmod o-w"), "{:?}", access(&mine));
        mode(&incidents, 0o755);
        assert_eq!(access(&mine), Ok(Access::Owner));
        for (of_folder, problem) in [(0o777, "chmod o-w"), (0o770, "chmod g-w"), (0o755, "")] {
            mode(root.path(), of_folder);
            let found = guarded(&mine, Access::Owner).err().unwrap_or_default();
            assert!(found.contains(problem) && found.is_empty() == problem.is_empty(), "{of_folder:o}: {found}");
        }
    }
}
