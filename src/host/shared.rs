//! Folders that a Unix group shares: how one is told from a private one, and what is made in each.
//!
//! A shared folder has mode 3770: members add files and read all of them; the sticky bit keeps each one's from being removed by
//! the others (but for whoever made the folder, as it is everywhere), and the set-group-id bit gives what is made in it the folder's group. One that only its maker adds to has mode
//! 3750. Everything made with this module is as the folder is that it lies in: the group's (files 0640) in a shared one, its
//! maker's alone (folders 0700, files 0600) elsewhere. The umask has no say.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// The mode of a shared folder.
pub const FOLDER: u32 = 0o3770;
/// The mode of a shared folder that only its maker adds to.
const READ_ONLY_FOLDER: u32 = 0o3750;
/// The mode of a file in either.
pub const FILE: u32 = 0o640;
/// What makes a folder a shared one: set-group-id, sticky, and its group may read. The two bits are never there together by
/// chance.
const MARKS: u32 = 0o3050;

/// Whether a folder is a group's.
pub fn is_shared(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|found| found.is_dir() && found.mode() & MARKS == MARKS)
}

/// Makes a folder to which every member adds, and those above it that are missing. One that is there is left as it is.
pub fn make_folder(path: &Path) -> io::Result<()> {
    make(path, FOLDER)
}

/// Makes a folder that every member reads and only this user adds to, and those above it that are missing (see [`make_folder`]).
pub fn make_read_only_folder(path: &Path) -> io::Result<()> {
    make(path, READ_ONLY_FOLDER)
}

/// Makes a folder that nobody but this user sees, wherever it lies. One that is there must be so.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    make_folder(above(path))?;
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        other => return other,
    }
    let found = fs::symlink_metadata(path)?;
    let private = found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o077 == 0;
    if private { Ok(()) } else { Err(io::Error::other("it is there, and it is not this user's alone: remove it")) }
}

fn make(path: &Path, mode: u32) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = above(path);
    make_folder(parent)?;
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {
            // What the folder above gives it of its own stays.
            let inherited = fs::metadata(path)?.mode() & 0o7000;
            let mode = if is_shared(parent) { mode } else { inherited | 0o700 };
            fs::set_permissions(path, Permissions::from_mode(mode))
        }
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
    fn a_private_folder_that_somebody_else_could_look_into_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let planted = root.path().join("7");
        fs::create_dir(&planted).unwrap();
        fs::set_permissions(&planted, Permissions::from_mode(0o755)).unwrap();
        assert!(make_private_folder(&planted).unwrap_err().to_string().contains("not this user's alone"));
    }

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
            let own = inner.join("own/7");
            make_private_folder(&own).unwrap();
            make_private_folder(&own).unwrap();
            assert_eq!(mode(&own) & 0o777, 0o700, "{parent:o}");
            open(OpenOptions::new().write(true).create(true), &own.join("secret")).unwrap();
            assert_eq!(mode(&own.join("secret")), 0o600, "{parent:o}");
        }
    }
}
