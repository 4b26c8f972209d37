//! Folders that a Unix group shares: how one is told from a private one, and what is made in each.
//!
//! A shared folder has mode 3770: members add files and read all of them; the sticky bit keeps each one's from being removed by
//! the others, and the set-group-id bit gives what is made in it the folder's group. Everything made with this module is as the
//! folder is that it lies in: the group's (folders 3770, files 0640) in a shared one, its maker's alone (0700, 0600) elsewhere.
//! The umask has no say.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// The mode of a shared folder.
pub const FOLDER: u32 = 0o3770;
/// The mode of a file in one.
pub const FILE: u32 = 0o640;
/// What makes a folder a shared one: set-group-id, sticky, and its group may do everything.
const MARKS: u32 = 0o3070;

/// Whether a folder is a group's. Neither bit that marks it is ever there by chance.
pub fn is_shared(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|found| found.is_dir() && found.mode() & MARKS == MARKS)
}

/// Makes a folder, and those above it that are missing. One that is there is left as it is.
pub fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = above(path);
    make_folder(parent)?;
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) if is_shared(parent) => fs::set_permissions(path, Permissions::from_mode(FOLDER)),
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Opens a file that may have to be made.
pub fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.mode(0o600).open(path)?;
    let found = file.metadata()?;
    let ours = found.uid() == rustix::process::geteuid().as_raw();
    if ours && found.mode() & 0o777 != FILE && is_shared(above(path)) {
        file.set_permissions(Permissions::from_mode(FILE))?;
    }
    Ok(file)
}

fn above(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_shared_in_a_shared_folder_and_private_elsewhere() {
        let root = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
        for (parent, folder, file) in [(0o3770, 0o3770, 0o640), (0o2770, 0o2700, 0o600), (0o777, 0o700, 0o600)] {
            let top = root.path().join(format!("{parent:o}"));
            fs::create_dir(&top).unwrap();
            fs::set_permissions(&top, Permissions::from_mode(parent)).unwrap();
            let inner = top.join("runs/one");
            make_folder(&inner).unwrap();
            make_folder(&inner).unwrap();
            assert_eq!((mode(&top.join("runs")), mode(&inner)), (folder, folder), "{parent:o}");
            open(OpenOptions::new().write(true).create(true), &inner.join("file")).unwrap();
            assert_eq!(mode(&inner.join("file")), file, "{parent:o}");
        }
    }
}
